// The last outcomes of an origin or of a pool, newest last, each with its time: a short memory that forgets by number, where
// slices.ts forgets by time. Pure. It answers "how well did it go lately", for merge.ts and budget.ts.

export interface Outcome {
  readonly atMs: number;
  readonly good: boolean;
}

export type Recent = readonly Outcome[];

/** Adds an outcome and keeps the last `keep`. */
export function addRecent(recent: Recent, outcome: Outcome, keep: number): Recent {
  return [...recent.slice(Math.max(0, recent.length - keep + 1)), outcome];
}

/** How many of the outcomes since `sinceMs` there are, and how many were good. */
export function countRecent(recent: Recent, sinceMs: number): { readonly total: number; readonly good: number } {
  let total = 0;
  let good = 0;
  for (const outcome of recent) {
    if (outcome.atMs < sinceMs) continue;
    total += 1;
    if (outcome.good) good += 1;
  }
  return { total, good };
}
