// How many retries a pool bears. A retry helps while one origin of several fails; when most fail, retries only add load to
// servers that already have too much (a retry storm). Pure; the state of a pool lives in the origin table.

import { POOL_SUCCESS_ATTEMPTS, POOL_SUCCESS_ATTEMPTS_MIN, POOL_SUCCESS_RATE_MIN } from "../limits.ts";
import { RETRY_BUDGET_FREE_PER_SECOND, RETRY_BUDGET_RATIO, RETRY_BUDGET_WINDOW_MS } from "../limits.ts";
import { addRecent, countRecent } from "./recent.ts";
import type { Recent } from "./recent.ts";
import { addToSlices, sumSlices } from "./slices.ts";
import type { Slice } from "./slices.ts";

export interface Budget {
  /** `good` counts visitors' requests, `bad` their retries. */
  readonly slices: readonly Slice[];
  /** Outcomes of the pool's last attempts. */
  readonly recent: Recent;
}

export function emptyBudget(): Budget {
  return { slices: [], recent: [] };
}

export function countRequest(budget: Budget, nowMs: number): Budget {
  return { ...budget, slices: addToSlices(budget.slices, { good: 1 }, windowAt(nowMs)) };
}

export function countRetry(budget: Budget, nowMs: number): Budget {
  return { ...budget, slices: addToSlices(budget.slices, { bad: 1 }, windowAt(nowMs)) };
}

export function countOutcome(budget: Budget, good: boolean, nowMs: number): Budget {
  return { ...budget, recent: addRecent(budget.recent, { atMs: nowMs, good }, POOL_SUCCESS_ATTEMPTS) };
}

/** Whether one more retry may be made now. `pool-failing`: the rest of the pool is no better, a retry would only add load. */
export function retryBudget(budget: Budget, nowMs: number): "allowed" | "budget-spent" | "pool-failing" {
  const { total, good } = countRecent(budget.recent, nowMs - RETRY_BUDGET_WINDOW_MS);
  if (total >= POOL_SUCCESS_ATTEMPTS_MIN && good < POOL_SUCCESS_RATE_MIN * total) return "pool-failing";
  const { good: requests, bad: retries } = sumSlices(budget.slices, windowAt(nowMs));
  return retries < retriesMax(requests) ? "allowed" : "budget-spent";
}

/** Retries that so many requests within one window allow. */
export function retriesMax(requests: number): number {
  return Math.max(RETRY_BUDGET_RATIO * requests, (RETRY_BUDGET_FREE_PER_SECOND * RETRY_BUDGET_WINDOW_MS) / 1000);
}

function windowAt(nowMs: number): { nowMs: number; windowMs: number } {
  return { nowMs, windowMs: RETRY_BUDGET_WINDOW_MS };
}
