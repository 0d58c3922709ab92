// Part of the stage admit: a successful unsafe request makes what is stored for its URL unusable (RFC 9111 4.4). The keys are those
// that a GET of the URL would have, by the policy of the route that would answer it, not of the route that took the POST.

import { invalidatedUrls } from "../cache/invalidate.ts";
import { cacheKey, urlOfKey } from "../cache/key.ts";
import type { Exchange } from "../exchange.ts";
import type { Facts } from "../facts.ts";
import type { Plan } from "../plan.ts";
import type { Ports } from "../ports.ts";
import { invalidate } from "./store-response.ts";

/**
 * Resolves when it is done: a visitor who reads back what it wrote must not get the old answer.
 *
 * @returns the time of the invalidation; 0 when there was none.
 */
export async function invalidateTargets(exchange: Exchange, ports: Ports, plan: Plan, response: Response): Promise<number> {
  const urls = invalidatedUrls(exchange.facts, response);
  if (urls.length === 0) return 0;
  const nowMs = ports.clock.nowMs();
  const keys = urls.map(({ path, query }) => keyOfGet({ ...exchange.facts, method: "GET", path, rawPath: path, query }, plan));
  await Promise.all([...new Set(keys)].filter((key) => key !== null).map((key) => invalidate(ports.cache, key, nowMs)));
  return nowMs;
}

function keyOfGet(facts: Facts, { site }: Plan): string | null {
  const match = site.routes.match(facts);
  if (match.kind !== "route" || match.route.action.kind !== "proxy") return null;
  const policy = match.route.action.cache;
  // Without what the route adds: the mark is for all keys of the URL.
  return policy.mode === "bypass" ? null : urlOfKey(cacheKey(facts, policy.key).key);
}
