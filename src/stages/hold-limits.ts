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
  return answer;
}

/** Counts the request where that depends on its answer. Nobody waits for it. */
export function countByAnswer(exchange: Exchange, response: Response, { ports, memory }: Pick<HoldInput, "ports" | "memory">): void {
  const { state, firewall, facts, plan, digest } = exchange;
  const { request, origin } = state.ruleset.rules;
  const tables = digest.attempts.length > 0 ? [request, origin] : [request];
  const { skips } = firewall.latest;
  const limits = tables
    .flatMap(({ rules, counting }) => counting.flatMap((position) => rules[position] ?? []))
    .filter(({ id, expiresAtMs }) => !skips.rules.has(id) && (expiresAtMs === null || facts.receivedAtMs < expiresAtMs))
    .flatMap(({ limit }) => (limit?.action.countsAnswers === true ? [limit] : []));
  // Who was refused is not counted: a limit on errors would else count its own.
  if (limits.length === 0 || skips.rateLimits || digest.rules.some(({ did }) => did === "rate-limit")) return;
  const context = ruleContext({
    facts,
    route: plan?.route.id ?? null,
    body: firewall.body,
    response: responseFacts(exchange, response),
    score: firewall.latest.score,
  });
  countAnswer({ limits, context, ports, memory });
}
