// Which of many intervals hold a point: intervals sorted by their start, as an implicit balanced tree in which each node knows the
// furthest end below it. Finding k of n takes about k + log n steps, however they overlap. Works for integers and for addresses.

export interface Interval<T> {
  /** Both ends are inclusive. */
  readonly from: T;
  readonly to: T;
  /** What the interval stands for. */
  readonly position: number;
}

/** Calls `found` for each interval that holds the point. */
export type Stab<T> = (point: T, found: (position: number) => void) => void;

/** Compiles intervals; their order does not matter. */
export function compileIntervals<T extends number | string>(intervals: readonly Interval<T>[]): Stab<T> {
  const sorted = intervals.toSorted((left, right) => (left.from < right.from ? -1 : left.from > right.from ? 1 : 0));
  const furthest = sorted.map(({ to }) => to);
  fillFurthest(sorted, furthest, 0, sorted.length);
  const search = (point: T, found: (position: number) => void, low: number, high: number): void => {
    if (low >= high) return;
    const middle = (low + high) >> 1;
    if ((furthest[middle] as T) < point) return;
    search(point, found, low, middle);
    const interval = sorted[middle] as Interval<T>;
    if (interval.from > point) return;
    if (interval.to >= point) found(interval.position);
    search(point, found, middle + 1, high);
  };
  return (point, found) => search(point, found, 0, sorted.length);
}

/** The furthest end within low to high, stored at the middle, which is that part's root. */
function fillFurthest<T extends number | string>(sorted: readonly Interval<T>[], furthest: T[], low: number, high: number): T | null {
  if (low >= high) return null;
  const middle = (low + high) >> 1;
  let end = (sorted[middle] as Interval<T>).to;
  const before = fillFurthest(sorted, furthest, low, middle);
  const after = fillFurthest(sorted, furthest, middle + 1, high);
  if (before !== null && before > end) end = before;
  if (after !== null && after > end) end = after;
  furthest[middle] = end;
  return end;
}
