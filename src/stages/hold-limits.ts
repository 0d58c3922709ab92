// Rate limits of one phase, asked for a request: what comes of them goes to the digest and to the headers of whatever answer there
// will be. And, after the answer, the counts that depend on it.

import type { Answer } from "../answer.ts";
import type { Exchange } from "../exchange.ts";
import { ruleContext } from "../firewall/context.ts";
import type { MatchedLimit } from "../firewall/evaluate.ts";
import type { RateMemory } from "../firewall/rate-memory.ts";
import type { Ports } from "../ports.ts";
import { responseFacts } from "./later-rules.ts";
import { countAnswer, limitRequest } from "./limit.ts";

export interface HoldInput {
  readonly limits: readonly MatchedLimit[];
  readonly ports: Ports;
  readonly memory: RateMemory;
}

/** The answer to a visitor over a limit; null lets the request go on. */
export async function holdLimits(exchange: Exchange, input: HoldInput): Promise<Answer | null> {
  if (input.limits.length === 0) return null;
  const { answer, headers, matched } = await limitRequest(input);
  exchange.digest.rules.push(...matched);
  exchange.firewall.headers = [...exchange.firewall.headers, ...headers];
  exchange.firewall.counting = [...exchange.firewall.counting, ...input.limits.filter(({ limit }) => limit.action.countsAnswers)];
  return answer;
}

/** Counts the request where that depends on its answer, under the key that it was checked under. Nobody waits for it. */
export function countByAnswer(exchange: Exchange, response: Response, { ports, memory }: Pick<HoldInput, "ports" | "memory">): void {
  const { firewall, digest } = exchange;
  const { counting, body, latest } = firewall;
  // Who was refused is not counted: a limit on errors would else count its own.
  if (counting.length === 0 || digest.rules.some(({ did }) => did === "rate-limit")) return;
  const seen = responseFacts(exchange, response);
  for (const asked of new Set(counting.map(({ context }) => context))) {
    const limits = counting.flatMap(({ limit, context }) => (context === asked ? [limit] : []));
    const { facts, route } = asked;
    countAnswer({ limits, context: ruleContext({ facts, route, body, response: seen, score: latest.score }), ports, memory });
  }
}
