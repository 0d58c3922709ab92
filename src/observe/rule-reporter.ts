// Sends what an isolate counted of its rules to the one place that keeps it, in the background: the first match at once, then one
// batch in each interval for all that came meanwhile. No request waits for it, and nothing is thrown. A batch that was not taken is
// sent again, later each time, and given up after an hour; what comes meanwhile stays in the bounded table. Kept in the isolate; told
// by pipeline.ts.

import { RULE_FLUSH_DEFER_MS_MAX, RULE_FLUSH_KEEP_MS_MAX, RULE_FLUSH_RETRY_MS_MAX, RULE_FLUSH_WAIT_MS_MAX } from "../limits.ts";
import type { Ports, RuleStats } from "../ports.ts";
import { causeText } from "../release/problem.ts";
import { within } from "../release/within.ts";
import { createRuleCounts, type MatchedRequest, type RuleBatch, type RuleCounts } from "./rule-counts.ts";

export interface RuleReporter {
  /** A request is over, whether rules matched it or not. */
  note(request: MatchedRequest, ports: ReporterPorts): void;
}

export type ReporterPorts = Pick<Ports, "clock" | "random" | "log" | "defer" | "ruleStats">;

export interface ReporterInput {
  /** The least time between two batches. */
  readonly everyMs: number;
  readonly sleep: (ms: number) => Promise<void>;
}

export function createRuleReporter({ everyMs, sleep }: ReporterInput): RuleReporter {
  const state: ReporterState = { counts: createRuleCounts(), everyMs, outgoing: null, notBeforeMs: 0, leaseUntilMs: 0, failures: 0 };
  return {
    note(request, ports) {
      const { ruleStats } = ports;
      if (ruleStats === null || ruleStats === undefined) return;
      state.counts.add(request);
      if (state.counts.isEmpty() && state.outgoing === null) return;
      const waitMs = turnOf(state, ports.clock.nowMs());
      if (waitMs !== null) ports.defer(sleep(waitMs).then(() => flush(state, ruleStats, ports)));
    },
  };
}

interface ReporterState {
  readonly counts: RuleCounts;
  readonly everyMs: number;
  /** On its way, or to be sent again. */
  outgoing: { readonly batch: RuleBatch; readonly takenAtMs: number } | null;
  notBeforeMs: number;
  /** Until then a request waits to send. The platform may end that request without running its last lines, so it is no flag. */
  leaseUntilMs: number;
  /** In a row. */
  failures: number;
}

/** In how many milliseconds this request is to send what there is; null when another does, or it is too early to wait for it. */
function turnOf(state: ReporterState, nowMs: number): number | null {
  const waitMs = Math.max(0, state.notBeforeMs - nowMs);
  if (nowMs < state.leaseUntilMs || waitMs > RULE_FLUSH_DEFER_MS_MAX) return null;
  state.leaseUntilMs = nowMs + waitMs + RULE_FLUSH_WAIT_MS_MAX;
  return waitMs;
}

async function flush(state: ReporterState, ruleStats: RuleStats, ports: ReporterPorts): Promise<void> {
  const startedAtMs = ports.clock.nowMs();
  // From here on the next match takes its own turn: what comes while this batch is on its way is not in it.
  state.leaseUntilMs = 0;
  // Another attempt failed while this one waited.
  if (state.failures > 0 && startedAtMs < state.notBeforeMs) return;
  state.notBeforeMs = startedAtMs + state.everyMs;
  state.outgoing ??= taken(state, ports);
  const sent = state.outgoing;
  if (sent === null) return;
  const problem = await send(sent.batch, ruleStats);
  if (problem !== null) return failed(state, { problem, nowMs: ports.clock.nowMs() }, ports);
  if (state.outgoing === sent) state.outgoing = null;
  state.failures = 0;
}

function taken({ counts }: ReporterState, { random, clock, log }: ReporterPorts): ReporterState["outgoing"] {
  const batch = counts.take(random.id());
  if (batch === null) return null;
  if (batch.uncounted > 0) log.write({ event: "rule-stats-full", uncounted: batch.uncounted });
  return { batch, takenAtMs: clock.nowMs() };
}

/** Null when it was taken, else why not. */
async function send(batch: RuleBatch, ruleStats: RuleStats): Promise<string | null> {
  try {
    return (await within(ruleStats.add(batch), RULE_FLUSH_WAIT_MS_MAX)) === null ? `no answer in ${RULE_FLUSH_WAIT_MS_MAX} ms` : null;
  } catch (cause) {
    return causeText(cause);
  }
}

/** The batch stays for the next attempt. The log has one line for a time of failures, and one for each batch that is given up. */
function failed(state: ReporterState, why: { readonly problem: string; readonly nowMs: number }, { log }: ReporterPorts): void {
  const { problem, nowMs } = why;
  state.failures += 1;
  state.notBeforeMs = nowMs + Math.min(state.everyMs * 2 ** state.failures, RULE_FLUSH_RETRY_MS_MAX);
  if (state.failures === 1) log.write({ event: "rule-stats-failed", message: problem });
  if (state.outgoing === null || nowMs - state.outgoing.takenAtMs < RULE_FLUSH_KEEP_MS_MAX) return;
  log.write({ event: "rule-stats-dropped", matches: matchesOf(state.outgoing.batch), message: problem });
  state.outgoing = null;
}

function matchesOf({ counts }: RuleBatch): number {
  return counts.reduce((sum, { count }) => sum + count, 0);
}
