// How many requests of one key were counted in the last so many seconds: a sliding window in parts. A count stays until its part of
// the window is over as a whole, so no span of the limit's length ever holds more than was counted in it. Pure; time is a parameter.
// A fixed window would let twice the limit pass around its border; a list of moments would be as long as the limit is high.

import { RATE_WINDOW_PARTS } from "../limits.ts";

/** Parts that have a count: number of the part since the epoch and the count in turn, in order. At most RATE_WINDOW_PARTS + 1. */
export type RateWindow = number[];

/** Milliseconds of one part. */
export function partMs(periodSeconds: number): number {
  return (periodSeconds * 1000) / RATE_WINDOW_PARTS;
}

/** What is still counted at a time. */
export function countIn(window: RateWindow, ms: number, nowMs: number): number {
  const oldest = oldestPart(ms, nowMs);
  let count = 0;
  for (let at = 0; at < window.length; at += 2) if (valueAt(window, at) >= oldest) count += valueAt(window, at + 1);
  return count;
}

/** Counts one request, and forgets what is over. Changes the window. */
export function addTo(window: RateWindow, ms: number, nowMs: number): void {
  const oldest = oldestPart(ms, nowMs);
  while (window.length > 0 && valueAt(window, 0) < oldest) window.splice(0, 2);
  // A clock that went back counts in the newest part: the order stays.
  const part = Math.max(Math.floor(nowMs / ms), window.at(-2) ?? 0);
  if (window.at(-2) === part) window[window.length - 1] = valueAt(window, window.length - 1) + 1;
  else window.push(part, 1);
}

/** Milliseconds until at most so many are counted, if none is added. 0 when that is so already. */
export function waitUntil(window: RateWindow, count: number, ms: number, nowMs: number): number {
  const oldest = oldestPart(ms, nowMs);
  let left = countIn(window, ms, nowMs);
  for (let at = 0; at < window.length && left > count; at += 2) {
    if (valueAt(window, at) < oldest) continue;
    left -= valueAt(window, at + 1);
    if (left <= count) return Math.max(0, overAtMs(valueAt(window, at), ms) - nowMs);
  }
  return 0;
}

/** When nothing of it is counted any more. */
export function windowOverAtMs(window: RateWindow, ms: number): number {
  return window.length === 0 ? 0 : overAtMs(valueAt(window, window.length - 2), ms);
}

function overAtMs(part: number, ms: number): number {
  return Math.ceil((part + RATE_WINDOW_PARTS + 1) * ms);
}

/** The one that the beginning of the span lies in is counted whole. */
function oldestPart(ms: number, nowMs: number): number {
  return Math.floor(nowMs / ms) - RATE_WINDOW_PARTS;
}

function valueAt(window: RateWindow, at: number): number {
  return window[at] ?? 0;
}
