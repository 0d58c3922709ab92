// The sliding window: never more in a span of the limit's length than was counted, and not much longer than that.

import fc from "fast-check";
import { expect, test } from "vitest";
import { RATE_WINDOW_PARTS } from "../../../src/limits.ts";
import { addTo, countIn, partMs, waitUntil, windowOverAtMs, type RateWindow } from "../../../src/firewall/rate-window.ts";

const PERIOD_SECONDS = 60;
const PERIOD_MS = PERIOD_SECONDS * 1000;
const PART_MS = partMs(PERIOD_SECONDS);
const START_MS = Date.UTC(2026, 0, 1);

const gaps = fc.array(fc.oneof(fc.nat(50), fc.nat(PERIOD_MS / 10), fc.nat(2 * PERIOD_MS)), { minLength: 1, maxLength: 200 });

/** Moments of the past, ascending. */
const moments = gaps.map((each) => {
  let atMs = START_MS;
  return each.map((gap) => (atMs += gap));
});

test("parts are whole milliseconds", () => {
  for (const seconds of [10, 11, 60, 3_599, 86_400]) expect(Number.isInteger(partMs(seconds))).toBe(true);
});

test("every request of the last span is counted, and none that is more than a part older", () => {
  fc.assert(
    fc.property(moments, fc.nat(2 * PERIOD_MS), (counted, laterMs) => {
      const window: RateWindow = [];
      for (const atMs of counted) addTo(window, PART_MS, atMs);
      const nowMs = (counted.at(-1) ?? START_MS) + laterMs;
      const within = (ms: number): number => counted.filter((atMs) => atMs > nowMs - ms).length;
      const count = countIn(window, PART_MS, nowMs);
      expect(count).toBeGreaterThanOrEqual(within(PERIOD_MS));
      expect(count).toBeLessThanOrEqual(within(PERIOD_MS + PART_MS));
    }),
  );
});

test("of requests that are let pass below a limit no span ever holds more", () => {
  fc.assert(
    fc.property(moments, fc.integer({ min: 1, max: 20 }), (asked, limit) => {
      const window: RateWindow = [];
      const passed = asked.filter((atMs) => {
        if (countIn(window, PART_MS, atMs) >= limit) return false;
        addTo(window, PART_MS, atMs);
        return true;
      });
      for (const fromMs of passed) {
        expect(passed.filter((atMs) => atMs >= fromMs && atMs < fromMs + PERIOD_MS).length).toBeLessThanOrEqual(limit);
      }
    }),
  );
});

test("after the wait as many are counted as was asked for, and a millisecond earlier more", () => {
  fc.assert(
    fc.property(moments, fc.nat(20), (counted, limit) => {
      const window: RateWindow = [];
      for (const atMs of counted) addTo(window, PART_MS, atMs);
      const nowMs = counted.at(-1) ?? START_MS;
      const waitMs = waitUntil(window, limit, PART_MS, nowMs);
      expect(countIn(window, PART_MS, nowMs + waitMs)).toBeLessThanOrEqual(limit);
      if (waitMs > 0) expect(countIn(window, PART_MS, nowMs + waitMs - 1)).toBeGreaterThan(limit);
    }),
  );
});

test("it is over when nothing is counted any more, and holds no more than its parts", () => {
  fc.assert(
    fc.property(moments, (counted) => {
      const window: RateWindow = [];
      for (const atMs of counted) addTo(window, PART_MS, atMs);
      const overAtMs = windowOverAtMs(window, PART_MS);
      expect(countIn(window, PART_MS, overAtMs)).toBe(0);
      expect(countIn(window, PART_MS, overAtMs - 1)).toBeGreaterThan(0);
      expect(window.length).toBeLessThanOrEqual(2 * (RATE_WINDOW_PARTS + 1));
    }),
  );
});

test("a window of one request in each part keeps all parts and no more", () => {
  const window: RateWindow = [];
  for (let part = 0; part < 3 * RATE_WINDOW_PARTS; part += 1) addTo(window, PART_MS, START_MS + part * PART_MS);
  expect(window).toHaveLength(2 * (RATE_WINDOW_PARTS + 1));
});

test("a clock that goes back counts in the newest part", () => {
  const window: RateWindow = [];
  addTo(window, PART_MS, START_MS + 10 * PART_MS);
  addTo(window, PART_MS, START_MS);
  expect(window).toEqual([START_MS / PART_MS + 10, 2]);
});

test("nothing was counted, and nothing is to wait for", () => {
  expect(countIn([], PART_MS, START_MS)).toBe(0);
  expect(waitUntil([], 0, PART_MS, START_MS)).toBe(0);
  expect(windowOverAtMs([], PART_MS)).toBe(0);
});
