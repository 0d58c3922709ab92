// How many retries a pool bears. A retry helps while one origin of several fails; when all fail, retries only add load to
// servers that already have too much (a retry storm). Pure; the state of a pool lives in the origin table.

import { NEXT_ATTEMPTS_MIN, NEXT_SUCCESS_RATE_MIN } from "../limits.ts";
import { RETRY_BUDGET_FREE_PER_SECOND, RETRY_BUDGET_RATIO, RETRY_BUDGET_WINDOW_MS } from "../limits.ts";
import { countRecent } from "./recent.ts";
import type { Recent } from "./recent.ts";
import { addToSlices, sumSlices } from "./slices.ts";
import type { Slice } from "./slices.ts";

export interface Budget {
  /** `good` counts visitors' requests, `bad` their retries. */
  readonly slices: readonly Slice[];
}

export function emptyBudget(): Budget {
  return { slices: [] };
}

export function countRequest(budget: Budget, nowMs: number): Budget {
  return { slices: addToSlices(budget.slices, { good: 1 }, windowAt(nowMs)) };
}

export function countRetry(budget: Budget, nowMs: number): Budget {
  return { slices: addToSlices(budget.slices, { bad: 1 }, windowAt(nowMs)) };
}

/** Whether the pool bears one more retry now. */
export function mayRetry(budget: Budget, nowMs: number): boolean {
  const { good: requests, bad: retries } = sumSlices(budget.slices, windowAt(nowMs));
  return retries < retriesMax(requests);
}

/**
 * Whether an origin itself mostly fails, so that sending it what failed elsewhere is pointless. Judged by origin and not by
 * pool: when one server dies with a hundred requests in flight, the pool's last attempts are all failures and the rest is well.
 */
export function isFailing(recent: Recent, nowMs: number): boolean {
  const { total, good } = countRecent(recent, nowMs - RETRY_BUDGET_WINDOW_MS);
  return total >= NEXT_ATTEMPTS_MIN && good < NEXT_SUCCESS_RATE_MIN * total;
}

/** Retries that so many requests within one window allow. */
export function retriesMax(requests: number): number {
  return Math.max(RETRY_BUDGET_RATIO * requests, (RETRY_BUDGET_FREE_PER_SECOND * RETRY_BUDGET_WINDOW_MS) / 1000);
}

function windowAt(nowMs: number): { nowMs: number; windowMs: number } {
  return { nowMs, windowMs: RETRY_BUDGET_WINDOW_MS };
}
