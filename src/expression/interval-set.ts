// Sets of integers as sorted, disjoint, inclusive intervals. Big integers, so that addresses of both families and 64-bit literals
// fit. Used by the analysis of expressions when a config is published, never for a request.

export type IntervalSet = readonly (readonly [from: bigint, to: bigint])[];

/** The set of all that lie in one of the intervals, in any order, overlapping or not; those that end before they start are empty. */
export function unionOf(intervals: IntervalSet): IntervalSet {
  const sorted = intervals.filter(([from, to]) => from <= to).toSorted((left, right) => (left[0] < right[0] ? -1 : 1));
  const merged: [bigint, bigint][] = [];
  for (const [from, to] of sorted) {
    const last = merged.at(-1);
    if (last === undefined || from > last[1] + 1n) merged.push([from, to]);
    else if (to > last[1]) last[1] = to;
  }
  return merged;
}

export function intersect(left: IntervalSet, right: IntervalSet): IntervalSet {
  const common: [bigint, bigint][] = [];
  let [i, j] = [0, 0];
  for (;;) {
    const [a, b] = [left[i], right[j]];
    if (a === undefined || b === undefined) return common;
    const from = a[0] > b[0] ? a[0] : b[0];
    const to = a[1] < b[1] ? a[1] : b[1];
    if (from <= to) common.push([from, to]);
    if (a[1] < b[1]) i += 1;
    else j += 1;
  }
}

/** What of the first set is not in the second. */
export function subtract(left: IntervalSet, right: IntervalSet): IntervalSet {
  let rest = left;
  for (const [from, to] of right) {
    rest = rest.flatMap(([a, b]) => {
      if (b < from || a > to) return [[a, b] as const];
      return [[a, from - 1n] as const, [to + 1n, b] as const].filter(([start, end]) => start <= end);
    });
  }
  return rest;
}
