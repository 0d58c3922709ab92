// Rise and fall: what a row of checks makes of an origin's state. Pure. An origin that was never checked counts as up, so that
// a new origin takes traffic at once and has to fail before it is taken out.

import type { HealthCheckSnapshot } from "../config/pool-snapshot.ts";
import type { CheckResult } from "./check.ts";
import { ALERT_DETAIL_CHARS_MAX } from "../limits.ts";
import type { HealthDocument, OriginHealth, Transition } from "./health.ts";

export function uncheckedOrigin(nowMs: number): OriginHealth {
  return { state: "up", sinceMs: nowMs, why: "ok", detail: "not checked yet", rttMs: null, checkedAtMs: 0, passes: 0, failures: 0 };
}

export function afterCheck(before: OriginHealth, result: CheckResult, of: { health: HealthCheckSnapshot; nowMs: number }): OriginHealth {
  const passes = result.passed ? before.passes + 1 : 0;
  const failures = result.passed ? 0 : before.failures + 1;
  const seen = { why: result.why, detail: result.detail, rttMs: result.rttMs, checkedAtMs: of.nowMs, passes, failures };
  if (before.state === "up" && failures >= of.health.fall) return { ...seen, state: "down", sinceMs: of.nowMs };
  if (before.state === "down" && passes >= of.health.rise) return { ...seen, state: "up", sinceMs: of.nowMs };
  return { ...seen, state: before.state, sinceMs: before.sinceMs };
}

/**
 * The change between two states of an origin, under an id that follows from the state that ended: a run that was shown an older
 * document finds the same change again and names it the same. An origin without a past is known by the day.
 */
export function transitionOf(origin: string, before: OriginHealth, after: OriginHealth): Transition {
  const known = before.checkedAtMs > 0;
  const endedSinceMs = known ? before.sinceMs : after.sinceMs - (after.sinceMs % DAY_MS);
  return {
    id: `${origin}/${after.state}/${endedSinceMs}`,
    origin,
    from: before.state,
    to: after.state,
    sinceMs: after.sinceMs,
    why: after.why,
    detail: after.detail.slice(0, ALERT_DETAIL_CHARS_MAX),
    previousMs: known ? Math.max(0, after.sinceMs - before.sinceMs) : null,
  };
}

const DAY_MS = 86_400_000;

/** Checks towards a change of state that has not come yet: failures while up, passes while down. */
export function pendingChecks({ state, passes, failures }: OriginHealth): number {
  return state === "up" ? failures : passes;
}

/** Without the checks towards a change that has not come: for runs that are long enough to decide by themselves. */
export function withoutPending(health: OriginHealth): OriginHealth {
  return health.state === "up" ? { ...health, failures: 0 } : { ...health, passes: 0 };
}

/**
 * Whether the document must be written. KV is written on a change of state, on a change of what is on its way to one, when
 * origins came or left, when a webhook took what it had not taken before, and now and then so that readers see that the checks
 * are alive.
 */
export function healthWriteNeeded(previous: HealthDocument | null, next: HealthDocument, heartbeatMs: number): boolean {
  if (previous === null) return true;
  if (next.asOfMs - previous.asOfMs >= heartbeatMs) return true;
  if (idsOf(previous) !== idsOf(next)) return true;
  const keys = Object.keys(next.origins);
  if (keys.length !== Object.keys(previous.origins).length) return true;
  return keys.some((key) => {
    const before = Object.hasOwn(previous.origins, key) ? previous.origins[key] : undefined;
    const after = next.origins[key];
    if (before === undefined || after === undefined) return true;
    return before.state !== after.state || pendingChecks(before) !== pendingChecks(after);
  });
}

function idsOf({ undelivered = [] }: HealthDocument): string {
  return undelivered.map(({ id }) => id).join("\n");
}

/** How often a plan bears a write: `atOnce` times in a row after a quiet time, and in the long run once in `everyMs`. */
export interface WriteAllowance {
  readonly everyMs: number;
  readonly atOnce: number;
}

/**
 * Writes that the allowance has left at this time. An origin that comes and goes with every run would otherwise spend a day's
 * writes in half a day, and then nobody would hear of anything. With less than 1 left, what a run found waits for the next run.
 */
export function writesLeft(previous: HealthDocument | null, nowMs: number, { everyMs, atOnce }: WriteAllowance): number {
  if (previous?.writesLeft === undefined) return atOnce;
  return Math.min(atOnce, previous.writesLeft + Math.max(0, nowMs - previous.asOfMs) / everyMs);
}
