// Part of the stage admit: a successful unsafe request makes what is stored for its URL unusable (RFC 9111 4.4). Which keys these are
// is said in `invalidated-keys.ts`.

import type { Exchange } from "../exchange.ts";
import type { Plan } from "../plan.ts";
import type { Ports } from "../ports.ts";
import { invalidatedKeys } from "./invalidated-keys.ts";
import { invalidate } from "./store-response.ts";

/**
 * Resolves when it is done: a visitor who reads back what it wrote must not get the old answer.
 *
 * @returns the time of the invalidation; 0 when there was none.
 */
export async function invalidateTargets(exchange: Exchange, ports: Ports, plan: Plan, response: Response): Promise<number> {
  const keys = invalidatedKeys(exchange.facts, plan, response);
  if (keys.length === 0) return 0;
  const nowMs = ports.clock.nowMs();
  await Promise.all(keys.map((key) => invalidate(ports.cache, key, nowMs)));
  return nowMs;
}
