// Ranges that may overlap and may expire, to ranges that do not overlap, each with the latest expiry of all that hold it. Also which
// of the ranges could be left out, since another holds all of it for as long. One pass over the sorted ranges.

import type { Address } from "../expression/ip.ts";

export interface TimedRange<T extends Address> {
  readonly from: T;
  readonly to: T;
  /** Milliseconds since the epoch at which it ends; infinity for never. */
  readonly untilMs: number;
  /** Position among the entries as written. */
  readonly index: number;
}

export type Segment<T extends Address> = Omit<TimedRange<T>, "index">;

export interface Swept<T extends Address> {
  /** Sorted and disjoint. */
  readonly segments: readonly Segment<T>[];
  readonly redundant: readonly Redundant[];
}

export interface Redundant {
  readonly index: number;
  /** The entry that makes it so. */
  readonly by: number;
}

/** Addresses of one family in their order. */
export interface Steps<T extends Address> {
  next(address: T): T;
  previous(address: T): T;
}

export const V4_STEPS: Steps<number> = { next: (address) => address + 1, previous: (address) => address - 1 };

export const V6_STEPS: Steps<string> = {
  next: (address) => digits(BigInt(`0x${address}`) + 1n),
  previous: (address) => digits(BigInt(`0x${address}`) - 1n),
};

/** @param ranges - In any order. */
export function sweepRanges<T extends Address>(ranges: readonly TimedRange<T>[], steps: Steps<T>): Swept<T> {
  const segments: Segment<T>[] = [];
  const redundant: Redundant[] = [];
  // Of the ranges that reach the cursor those that count: none of them ends later and expires later than another. The last ends first.
  const open: TimedRange<T>[] = [];
  let cursor: T | null = null;
  const emit = (from: T, { untilMs }: TimedRange<T>, to: T): void => void segments.push({ from, to, untilMs });
  const closeBefore = (limit: T | null): void => {
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      if (limit !== null && top.to >= limit) return;
      if (cursor !== null && cursor <= top.to) {
        emit(cursor, top, top.to);
        if (open.length > 1) cursor = steps.next(top.to);
      }
      open.pop();
    }
  };
  for (const range of ranges.toSorted(inOrder)) {
    closeBefore(range.from);
    const place = open.findLastIndex((other) => other.to >= range.to) + 1;
    const cover = open[place - 1];
    if (cover !== undefined && cover.untilMs >= range.untilMs) {
      redundant.push({ index: range.index, by: cover.index });
      continue;
    }
    const top = open.at(-1);
    if (top === undefined) cursor = range.from;
    else if (range.untilMs > top.untilMs && cursor !== null) {
      if (cursor < range.from) emit(cursor, top, steps.previous(range.from));
      cursor = range.from;
    }
    const start = cover?.to === range.to ? place - 1 : place;
    let end = start;
    while (end < open.length && (open[end]?.untilMs ?? 0) <= range.untilMs) end += 1;
    open.splice(start, end - start, range);
  }
  closeBefore(null);
  return { segments, redundant };
}

/** The widest and the longest lived first, so that what they cover comes after them. */
function inOrder<T extends Address>(left: TimedRange<T>, right: TimedRange<T>): number {
  if (left.from !== right.from) return left.from < right.from ? -1 : 1;
  if (left.to !== right.to) return left.to > right.to ? -1 : 1;
  if (left.untilMs !== right.untilMs) return left.untilMs > right.untilMs ? -1 : 1;
  return left.index - right.index;
}

function digits(value: bigint): string {
  return value.toString(16).padStart(32, "0");
}
