// A row of a counter object's storage: many keys with what is known of them, as one text. Short, since a row has a greatest size. Pure.

import { RATE_COUNTER_PAGE_KEYS_MAX } from "../limits.ts";
import type { RateRecord } from "./rate-table.ts";

/** Of the object's limit: it has one for ever, since a changed limit has other objects. */
export interface RateTimes {
  readonly periodSeconds: number;
  readonly blockSeconds: number | null;
}

export interface RatePage extends RateTimes {
  readonly records: readonly RateRecord[];
}

/** Key, time that it is out until, and its window, where each part but the first is told by its distance from the one before. */
type Packed = readonly [key: string, outUntilMs: number, ...window: number[]];

/** The newest as far as they fit: keys can be chosen so that all are of one page, and the others are still known in memory. */
export function encodeRatePage({ records, ...times }: RatePage): string {
  return JSON.stringify({ ...times, packed: records.slice(-RATE_COUNTER_PAGE_KEYS_MAX).map(pack) });
}

/** Null for a page of another Worker's: its keys count anew, where an object that does not open would count nothing. */
export function decodeRatePage(text: string): RatePage | null {
  const { periodSeconds, blockSeconds, packed } = JSON.parse(text) as Partial<RateTimes> & { readonly packed?: readonly Packed[] };
  if (periodSeconds === undefined || blockSeconds === undefined || packed === undefined) return null;
  return { periodSeconds, blockSeconds, records: packed.map(unpack) };
}

function pack({ key, window, outUntilMs }: RateRecord): Packed {
  return [key, outUntilMs, ...window.map((value, at) => (at % 2 === 0 && at > 0 ? value - (window[at - 2] ?? 0) : value))];
}

function unpack([key, outUntilMs, ...window]: Packed): RateRecord {
  for (let at = 2; at < window.length; at += 2) window[at] = (window[at] ?? 0) + (window[at - 2] ?? 0);
  return { key, outUntilMs, window };
}
