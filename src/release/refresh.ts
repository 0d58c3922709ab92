// Whether a request finds its isolate's state new enough: pure, from ages alone. The holder carries it out. An isolate in use
// refreshes after a response, so nobody waits; only one that was quiet, and so may hold state of hours ago, makes a request wait.

import { REFRESH_COLD_RETRY_MS, REFRESH_COLD_WAIT_MS_MAX, REFRESH_RUN_MS_MAX } from "../limits.ts";
import type { Intervals } from "./intervals.ts";

export interface RefreshFacts {
  /** Since the documents held were read from KV, by whoever read them; null when the isolate has nothing to go by yet. */
  readonly ageMs: number | null;
  /** Since this isolate last began a refresh, successful or not; null when it never did. */
  readonly sinceStartMs: number | null;
  /** The refresh that has not ended, if any; `waited` when requests wait for it. */
  readonly running: "background" | "waited" | null;
}

export type RefreshDecision =
  | { readonly kind: "nothing" }
  /** Begin a refresh and plan at once. */
  | { readonly kind: "background" }
  /** Wait this long at most, having begun a refresh or for the one that runs. */
  | { readonly kind: "block"; readonly start: boolean; readonly waitMs: number };

const NOTHING: RefreshDecision = { kind: "nothing" };

export function decideRefresh(facts: RefreshFacts, intervals: Intervals): RefreshDecision {
  const sinceStartMs = facts.sinceStartMs ?? Number.POSITIVE_INFINITY;
  // A request that went away can take the refresh with it, so one that runs for too long counts as dead.
  const running = sinceStartMs < REFRESH_RUN_MS_MAX ? facts.running : null;
  if (facts.ageMs === null) return decideCold(running !== null, sinceStartMs, intervals);
  if (running !== null) {
    const stillWaited = running === "waited" && facts.ageMs >= intervals.quietMs && sinceStartMs < intervals.blockMs;
    return stillWaited ? { kind: "block", start: false, waitMs: intervals.blockMs - sinceStartMs } : NOTHING;
  }
  if (facts.ageMs < intervals.pollMs || sinceStartMs < intervals.pollMs) return NOTHING;
  // Old state alone is no reason to wait: while KV is down it is old at every request. Not having looked is.
  const quiet = facts.ageMs >= intervals.quietMs && sinceStartMs >= intervals.quietMs;
  return quiet ? { kind: "block", start: true, waitMs: intervals.blockMs } : { kind: "background" };
}

/** Without any state there is nothing to plan with, so every request waits; a failure is not repeated by each of them. */
function decideCold(running: boolean, sinceStartMs: number, intervals: Intervals): RefreshDecision {
  if (running) return { kind: "block", start: false, waitMs: REFRESH_COLD_WAIT_MS_MAX };
  const due = sinceStartMs >= Math.min(REFRESH_COLD_RETRY_MS, intervals.pollMs);
  return due ? { kind: "block", start: true, waitMs: REFRESH_COLD_WAIT_MS_MAX } : NOTHING;
}
