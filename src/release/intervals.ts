// How often an isolate looks whether its state is still the newest, and sends what it counted of its rules, as variables of the
// Worker, so that a local one can do so every second. Read once per isolate by `index.ts`.

/** All in milliseconds. */
export interface Intervals {
  /** State older than this is refreshed after the response; also the least time between two refreshes. */
  readonly pollMs: number;
  /** An isolate that has not looked for this long refreshes before it plans. */
  readonly quietMs: number;
  /** The longest that a request waits for that; then it is planned with what there is. */
  readonly blockMs: number;
  /** A data centre's copy of the polled documents is used instead of KV for this long. */
  readonly copyMs: number;
  /** The least time between two batches of what rules did. */
  readonly ruleStatsMs: number;
}

/** What production runs with. */
export const DEFAULT_INTERVALS: Intervals = { pollMs: 10_000, quietMs: 60_000, blockMs: 150, copyMs: 30_000, ruleStatsMs: 20_000 };

/**
 * From the Worker's variables STATE_POLL_MS, STATE_QUIET_MS, STATE_BLOCK_MS, STATE_COPY_MS and RULE_STATS_MS, whole milliseconds.
 * One that is missing or not a number of 0 to an hour keeps its default; the admin API's status shows what holds.
 */
export function readIntervals(vars: Readonly<Record<string, unknown>>): Intervals {
  return {
    pollMs: milliseconds(vars["STATE_POLL_MS"], DEFAULT_INTERVALS.pollMs),
    quietMs: milliseconds(vars["STATE_QUIET_MS"], DEFAULT_INTERVALS.quietMs),
    blockMs: milliseconds(vars["STATE_BLOCK_MS"], DEFAULT_INTERVALS.blockMs),
    copyMs: milliseconds(vars["STATE_COPY_MS"], DEFAULT_INTERVALS.copyMs),
    ruleStatsMs: milliseconds(vars["RULE_STATS_MS"], DEFAULT_INTERVALS.ruleStatsMs),
  };
}

const HOUR_MS = 3_600_000;

function milliseconds(value: unknown, otherwise: number): number {
  const text = typeof value === "number" ? String(value) : value;
  if (typeof text !== "string" || !/^\d{1,7}$/.test(text)) return otherwise;
  const number = Number(text);
  return number <= HOUR_MS ? number : otherwise;
}
