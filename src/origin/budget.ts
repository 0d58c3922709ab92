// How many requests a pool's origins bear beyond those of visitors: retries and hedges. A retry helps while one origin of several
// fails; when all fail, retries only add load to servers that already have too much (a retry storm). Pure; the state of a pool
// lives in the origin table.

import type { BudgetSnapshot } from "../config/pool-snapshot.ts";
import { HEDGE_BUDGET_SHARE, NEXT_ATTEMPTS_MIN, NEXT_SUCCESS_RATE_MIN, RETRY_BUDGET_WINDOW_MS } from "../limits.ts";
import { countRecent } from "./recent.ts";
import type { Recent } from "./recent.ts";
import { addToSlices, sumSlices } from "./slices.ts";
import type { Slice } from "./slices.ts";

export interface Budget {
  /** `good` counts visitors' requests, `bad` the retries and hedges made for them. */
  readonly slices: readonly Slice[];
}

export function emptyBudget(): Budget {
  return { slices: [] };
}

export function countRequest(budget: Budget, nowMs: number): Budget {
  return { slices: addToSlices(budget.slices, { good: 1 }, windowAt(nowMs)) };
}

/** A retry or a hedge. */
export function countExtra(budget: Budget, nowMs: number): Budget {
  return { slices: addToSlices(budget.slices, { bad: 1 }, windowAt(nowMs)) };
}

/** Whether the pool bears one more retry now. */
export function mayRetry(budget: Budget, settings: BudgetSnapshot, nowMs: number): boolean {
  const { requests, extras } = budgetUse(budget, nowMs);
  return extras < extrasMax(requests, settings);
}

/** Whether the pool bears one more hedge now. Retries come first: without one a visitor would get an error. */
export function mayHedge(budget: Budget, settings: BudgetSnapshot, nowMs: number): boolean {
  const { requests, extras } = budgetUse(budget, nowMs);
  return extras < HEDGE_BUDGET_SHARE * extrasMax(requests, settings);
}

/** Within the window: visitors' requests, and the retries and hedges made for them. */
export function budgetUse(budget: Budget, nowMs: number): { readonly requests: number; readonly extras: number } {
  const { good, bad } = sumSlices(budget.slices, windowAt(nowMs));
  return { requests: good, extras: bad };
}

/**
 * Whether an origin itself mostly fails, so that sending it what failed elsewhere is pointless. Judged by origin and not by
 * pool: when one server dies with a hundred requests in flight, the pool's last attempts are all failures and the rest is well.
 */
export function isFailing(recent: Recent, nowMs: number): boolean {
  const { total, good } = countRecent(recent, nowMs - RETRY_BUDGET_WINDOW_MS);
  return total >= NEXT_ATTEMPTS_MIN && good < NEXT_SUCCESS_RATE_MIN * total;
}

/** Retries and hedges that so many requests within one window allow. */
export function extrasMax(requests: number, { ratio, perSecond }: BudgetSnapshot): number {
  return Math.max(ratio * requests, (perSecond * RETRY_BUDGET_WINDOW_MS) / 1000);
}

function windowAt(nowMs: number): { nowMs: number; windowMs: number } {
  return { nowMs, windowMs: RETRY_BUDGET_WINDOW_MS };
}
