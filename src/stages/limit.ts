// Stage "limit": rate limits, after all other rules of their phase. Asks the counters, in the order of the rules; the first limit
// that is passed answers. A counter that does not answer in time is no counter: then the rule says what becomes of the request.
// Runs before the cache, or before an origin is asked; `countAnswer` when there is an answer.

import type { Answer } from "../answer.ts";
import type { MatchedRule } from "../exchange.ts";
import type { RuleContext } from "../firewall/context.ts";
import { limitedAnswer, rateFields, rateRequest, type RateLimit, type RateStand } from "../firewall/rate-limit.ts";
import type { RateMemory } from "../firewall/rate-memory.ts";
import { RATE_ASK_MS_MAX, RATE_PAUSE_MS, RATE_UNREACHABLE_RETRY_MS } from "../limits.ts";
import type { Ports, RateRequest, RateVerdict } from "../ports.ts";
import { within } from "../release/within.ts";

export type LimitPorts = Pick<Ports, "rates" | "clock" | "log" | "defer">;

export interface LimitedRequest {
  readonly limit: RateLimit;
  readonly context: RuleContext;
  /** The rule's `when` holds. Of others the request is counted at most, where their `count` holds. */
  readonly matches: boolean;
}

export interface LimitInput {
  /** In the order of the rules. */
  readonly limits: readonly LimitedRequest[];
  readonly ports: LimitPorts;
  readonly memory: RateMemory;
}

export interface Limited {
  /** Null when the request goes on. */
  readonly answer: Answer | null;
  /** For whatever the visitor gets, an answer of ours or of an origin: set, not added. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly matched: readonly MatchedRule[];
}

/** Whether a request may go on. Never throws, and takes RATE_ASK_MS_MAX for each limit at most. */
export async function limitRequest(input: LimitInput): Promise<Limited> {
  const stands: RateStand[] = [];
  const matched: MatchedRule[] = [];
  for (const request of input.limits) {
    const verdict = await verdictOn(input, request);
    if (verdict === null) continue;
    const { limit } = request;
    if (limit.mode === "log") {
      if (verdict.limited) matched.push({ id: limit.id, did: "would-rate-limit" });
      continue;
    }
    stands.push({ limit, verdict });
    if (!verdict.limited) continue;
    matched.push({ id: limit.id, did: "rate-limit" });
    return { answer: limitedAnswer(limit, verdict.waitMs ?? limit.action.periodSeconds * 1000), headers: rateFields(stands), matched };
  }
  return { answer: null, headers: rateFields(stands), matched };
}

export interface AnsweredInput {
  readonly limits: readonly RateLimit[];
  /** With the answer. */
  readonly context: RuleContext;
  readonly ports: LimitPorts;
  readonly memory: RateMemory;
}

/** Counts a request by what came of it. Nobody waits for that, so requests that are under way together all pass. */
export function countAnswer({ limits, context, ports, memory }: AnsweredInput): void {
  for (const limit of limits)
    if (limit.action.countsAnswers && limit.counts(context)) ports.defer(ask({ ports, memory }, limit, limit.key(context), "count"));
}

type Asking = Omit<LimitInput, "limits">;

/** Null where no limit was passed that anything follows from. */
async function verdictOn(asking: Asking, { limit, context, matches }: LimitedRequest): Promise<RateVerdict | null> {
  const { count, countsAnswers } = limit.action;
  const isCounted = count === null ? matches : !countsAnswers && limit.counts(context);
  if (!matches) {
    if (isCounted) asking.ports.defer(ask(asking, limit, limit.key(context), "count"));
    return null;
  }
  const verdict = await ask(asking, limit, limit.key(context), isCounted ? "take" : "check");
  if (verdict !== null || limit.mode === "log" || limit.action.unreachable === "allow") return verdict;
  return { limited: true, remaining: null, waitMs: RATE_UNREACHABLE_RETRY_MS };
}

/** Null when the counter did not answer. */
async function ask({ ports, memory }: Asking, limit: RateLimit, key: string, does: RateRequest["does"]): Promise<RateVerdict | null> {
  const nowMs = ports.clock.nowMs();
  const outMs = does === "count" ? 0 : memory.outMs(limit.name, key, nowMs);
  if (outMs > 0) return { limited: true, remaining: 0, waitMs: outMs };
  if (memory.isPaused(limit.name, nowMs)) return null;
  try {
    const answered = await within(counterOf(ports, limit).ask(rateRequest(limit, key, does)), RATE_ASK_MS_MAX);
    if (answered === null) {
      unreachable({ ports, memory }, limit, { why: `no answer in ${RATE_ASK_MS_MAX} ms`, pauseMs: RATE_PAUSE_MS });
      return null;
    }
    memory.answered(limit.name);
    const { limited, waitMs } = answered.value;
    if (limited && waitMs !== null) memory.putOut(limit.name, key, ports.clock.nowMs() + waitMs);
    return answered.value;
  } catch (cause) {
    // It said so at once: the next request loses nothing by asking.
    unreachable({ ports, memory }, limit, { why: String(cause), pauseMs: 0 });
    return null;
  }
}

/** @throws Error where the deployment has none. What stands in for the platform's limiter is exact. */
function counterOf({ rates }: LimitPorts, { action }: RateLimit): NonNullable<NonNullable<Ports["rates"]>["object"]> {
  const counter = (action.counter === "binding" ? rates?.binding : null) ?? rates?.object;
  if (counter === undefined || counter === null) throw new Error("this deployment has no such counter");
  return counter;
}

function unreachable(
  { ports, memory }: Asking,
  limit: RateLimit,
  { why, pauseMs }: { readonly why: string; readonly pauseMs: number },
): void {
  if (!memory.failed(limit.name, ports.clock.nowMs() + pauseMs)) return;
  const { counter, unreachable: meanwhile } = limit.action;
  ports.log.write({ event: "rate-counter-unreachable", rule: limit.id, counter, meanwhile, message: why });
}
