import fc from "fast-check";
import { expect, test } from "vitest";
import { hedgeDelayMs, observeLatency, observeLoss } from "../../../src/origin/latency.ts";
import type { Latency } from "../../../src/origin/latency.ts";
import { createRouteTimes } from "../../../src/origin/route-times.ts";
import {
  EVIDENCE_MS,
  HEDGE_MS_MIN,
  HEDGE_PATIENCE_HALF_MS,
  HEDGE_PATIENCE_MAX,
  HEDGE_UNKNOWN_MS,
  PEAK_DECAY_MS,
} from "../../../src/limits.ts";

function after(samples: readonly number[], everyMs = 10): Latency {
  let latency: Latency | null = null;
  for (const [index, ms] of samples.entries()) latency = observeLatency(latency, ms, index * everyMs);
  if (latency === null) throw new Error("no samples");
  return latency;
}

const steady = (ms: number, count = 50): Latency => after(Array.from({ length: count }, () => ms));

// RFC 6298 2.2 and 2.3 with R = 100 ms, then 200 ms.
test("mean and deviation are smoothed as TCP smooths its round trips", () => {
  expect(after([100])).toMatchObject({ meanMs: 100, deviationMs: 50 });
  expect(after([100, 200])).toMatchObject({ meanMs: 112.5, deviationMs: 62.5 });
});

test.each([
  ["a fast route: the least time", steady(2), HEDGE_MS_MIN],
  ["a steady route of 100 ms: three times that", steady(100), 300],
  ["a route of 20 s: a minute", steady(20_000), 60_000],
])("hedging on %s", (_, latency, expected) => {
  expect(Math.round(hedgeDelayMs(latency, []))).toBe(expected);
});

test("on a route whose times differ much, four deviations above the mean are waited for", () => {
  const mixed = after(Array.from({ length: 100 }, (_, index) => (index % 4 === 0 ? 400 : 10)));
  expect(hedgeDelayMs(mixed, [])).toBe(mixed.meanMs + 4 * mixed.deviationMs);
  expect(hedgeDelayMs(mixed, [])).toBeGreaterThan(400);
});

test("of an origin that is not known, the slowest of its peers is expected; without any, the default", () => {
  expect(hedgeDelayMs(null, [steady(100), steady(200)])).toBeCloseTo(600, 3);
  expect(hedgeDelayMs(null, [])).toBe(HEDGE_UNKNOWN_MS);
});

test("a request that lost raises the peak at once and changes nothing of what is usual", () => {
  const before = steady(5);
  const lost = observeLoss(before, 60, 1000);
  expect(lost).toMatchObject({ meanMs: before.meanMs, deviationMs: before.deviationMs, peakMs: 60 });
});

test("a peak falls to a third in its decay time", () => {
  const risen = observeLatency(steady(10), 1000, 1000);
  const fallen = observeLatency(risen, 10, 1000 + PEAK_DECAY_MS);
  expect(fallen.peakMs).toBeCloseTo(10 + 990 / Math.E, 3);
});

test("whatever the samples: mean and peak lie between the least and the greatest, and no clock makes them otherwise", () => {
  const samples = fc.array(fc.record({ ms: fc.integer({ min: 0, max: 60_000 }), atMs: fc.integer({ min: -1000, max: 1_000_000 }) }), {
    minLength: 1,
  });
  fc.assert(
    fc.property(samples, (all) => {
      let latency: Latency | null = null;
      for (const { ms, atMs } of all) latency = observeLatency(latency, ms, atMs);
      const [least, greatest] = [Math.min(...all.map(({ ms }) => ms)), Math.max(...all.map(({ ms }) => ms))];
      for (const value of [latency?.meanMs ?? -1, latency?.peakMs ?? -1]) {
        expect(value).toBeGreaterThanOrEqual(least - 1e-6);
        expect(value).toBeLessThanOrEqual(greatest + 1e-6);
      }
    }),
  );
});

test("as many pairs of route and origin are remembered as there is room for; the oldest route goes first", () => {
  const times = createRouteTimes(4);
  for (const route of ["r1", "r2"]) for (const key of ["web/a", "web/b"]) times.answered(route, key, { ms: 5, nowMs: 0 });
  expect(times.latency("r1", "web/a")).not.toBeNull();
  times.answered("r3", "web/a", { ms: 5, nowMs: 0 });
  expect([times.latency("r1", "web/a"), times.latency("r2", "web/a")?.meanMs, times.latency("r3", "web/a")?.meanMs]).toEqual([null, 5, 5]);
});

test("one route with more origins than there is room for is kept", () => {
  const times = createRouteTimes(2);
  for (const key of ["web/a", "web/b", "web/c"]) times.answered("r1", key, { ms: 5, nowMs: 0 });
  expect(times.latency("r1", "web/a")?.meanMs).toBe(5);
  expect(times.anotherIsWell("r1", "web/a", EVIDENCE_MS)).toBe(true);
});

test("a loss on a route that the origin never answered teaches nothing", () => {
  const times = createRouteTimes();
  times.lost("r1", "web/a", { ms: 60, nowMs: 0 });
  expect(times.latency("r1", "web/a")).toBeNull();
});

test("hedges in vain make the next one on that route wait longer, up to a limit; one that won, or time, makes it sooner again", () => {
  const times = createRouteTimes();
  times.answered("r1", "web/a", { ms: 5, nowMs: 0 });
  const factors: number[] = [];
  for (let n = 0; n < 8; n += 1) {
    times.hedged("r1", false, 0);
    factors.push(times.patience("r1", 0));
  }
  expect(factors).toEqual([2, 4, 8, 16, 32, HEDGE_PATIENCE_MAX, HEDGE_PATIENCE_MAX, HEDGE_PATIENCE_MAX]);
  expect(times.patience("r1", HEDGE_PATIENCE_HALF_MS)).toBe(HEDGE_PATIENCE_MAX / 2);
  expect(times.patience("r2", 0)).toBe(1);
  times.hedged("r1", true, 0);
  expect(times.patience("r1", 0)).toBe(1);
});
