// Helpers of the compiler that keep its output canonical, and its one assertion. Pure.

/** By code unit: the same on every machine, unlike a locale's order. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function sortedUnique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].toSorted(compareText);
}

/**
 * The value, which validation promised to be there.
 *
 * @throws Error when it is not: a bug, not a user's mistake.
 */
export function promised<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new Error(`The config was compiled though its check must have failed: ${what}.`);
  return value;
}
