// How loaded an origin seems, and what the choice of two makes of it.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PEAK_DECAY_MS } from "../../../src/limits.ts";
import { observeLatency } from "../../../src/origin/latency.ts";
import { costOf, loadOf, type Load } from "../../../src/origin/load.ts";
import { twoChoices } from "../../../src/origin/policy.ts";
import { seeded } from "./seeded.ts";

interface Server {
  readonly id: string;
  readonly weight: number;
  readonly load: Load;
}

const cost = ({ load, weight }: Server): number => costOf(load, weight);

describe("the cost of one more request", () => {
  test.each<[string, Load, number, Load, number]>([
    ["a faster origin is cheaper", { ewmaMs: 10, inFlight: 0 }, 1, { ewmaMs: 11, inFlight: 0 }, 1],
    ["an idle origin is cheaper", { ewmaMs: 10, inFlight: 0 }, 1, { ewmaMs: 10, inFlight: 1 }, 1],
    ["a fast busy origin may be cheaper than a slow idle one", { ewmaMs: 10, inFlight: 3 }, 1, { ewmaMs: 50, inFlight: 0 }, 1],
    ["of two alike the heavier is cheaper", { ewmaMs: 10, inFlight: 2 }, 3, { ewmaMs: 10, inFlight: 2 }, 1],
    ["one that recovers has a tenth of its weight, and is dearer", { ewmaMs: 10, inFlight: 3 }, 1, { ewmaMs: 10, inFlight: 0 }, 0.1],
    ["a new origin is tried at once", { ewmaMs: null, inFlight: 0 }, 1, { ewmaMs: 0.1, inFlight: 0 }, 1],
    ["but with one request at a time", { ewmaMs: 30_000, inFlight: 100 }, 1, { ewmaMs: null, inFlight: 1 }, 1],
    ["of two new ones the less busy is cheaper", { ewmaMs: null, inFlight: 1 }, 1, { ewmaMs: null, inFlight: 2 }, 1],
  ])("%s", (_, cheap, cheapWeight, dear, dearWeight) => {
    expect(costOf(cheap, cheapWeight)).toBeLessThan(costOf(dear, dearWeight));
  });

  test("a peak fades while the origin is not asked, so that one that was slow is asked again", () => {
    const slow = observeLatency(null, 1000, 0);
    expect(loadOf(slow, 2, 0)).toEqual({ ewmaMs: 1000, inFlight: 2 });
    expect(loadOf(slow, 0, PEAK_DECAY_MS).ewmaMs).toBeCloseTo(1000 / Math.E, 6);
    expect(loadOf(slow, 0, -5).ewmaMs).toBe(1000);
    expect(loadOf(null, 0, 0)).toEqual({ ewmaMs: null, inFlight: 0 });
  });
});

describe("the power of two choices", () => {
  const load = fc.record({ ewmaMs: fc.option(fc.integer({ min: 1, max: 1000 })), inFlight: fc.nat(20) });
  const servers = fc
    .array(fc.tuple(load, fc.integer({ min: 1, max: 9 })), { minLength: 1, maxLength: 8 })
    .map((each) => each.map(([own, weight], index): Server => ({ id: String(index), weight, load: own })));

  test("never the dearest of three or more, and of two always the cheaper one", () => {
    fc.assert(
      fc.property(servers, fc.nat(), (all, seed) => {
        const chosen = twoChoices(all, cost, seeded(seed));
        expect(all).toContain(chosen);
        const dearer = all.filter((other) => other !== chosen && cost(other) >= cost(chosen));
        expect(all.length === 1 || dearer.length > 0).toBe(true);
      }),
    );
  });

  test("of equals the first drawn is taken, by weight", () => {
    const all = [1, 3].map((weight, index): Server => ({ id: String(index), weight, load: { ewmaMs: null, inFlight: 0 } }));
    const random = seeded(7);
    const heavier = Array.from({ length: 4000 }, () => twoChoices(all, cost, random)).filter(({ weight }) => weight === 3).length;
    expect(heavier / 4000).toBeGreaterThan(0.72);
    expect(heavier / 4000).toBeLessThan(0.78);
  });

  /** Requests that begin one after the other and last as long as their origin takes: in flight are the last `atOnce`. */
  function shares(input: { weights: readonly number[]; tookMs: readonly number[]; atOnce: number }): readonly number[] {
    const random = seeded(11);
    const all = input.weights.map((weight, index) => ({ id: String(index), weight, index }));
    const inFlight = all.map(() => 0);
    const counts = all.map(() => 0);
    const ends: { atMs: number; index: number }[] = [];
    let nowMs = 0;
    for (let request = 0; request < 20_000; request += 1) {
      while (ends.length >= input.atOnce) {
        ends.sort((a, b) => a.atMs - b.atMs);
        const end = ends.shift();
        if (end === undefined) break;
        nowMs = end.atMs;
        inFlight[end.index] = (inFlight[end.index] ?? 0) - 1;
      }
      const chosen = twoChoices(
        all,
        ({ index, weight }) => costOf({ ewmaMs: input.tookMs[index] ?? 0, inFlight: inFlight[index] ?? 0 }, weight),
        random,
      );
      counts[chosen.index] = (counts[chosen.index] ?? 0) + 1;
      inFlight[chosen.index] = (inFlight[chosen.index] ?? 0) + 1;
      ends.push({ atMs: nowMs + (input.tookMs[chosen.index] ?? 0) * (0.5 + random()), index: chosen.index });
    }
    return counts.map((count) => count / 20_000);
  }

  test.each<[string, readonly number[], readonly number[], readonly number[]]>([
    ["alike", [1, 1, 1], [20, 20, 20], [1 / 3, 1 / 3, 1 / 3]],
    ["of weights 1 and 3", [1, 3], [20, 20], [0.25, 0.75]],
    ["of weights 1, 1, 8", [1, 1, 8], [20, 20, 20], [0.1, 0.1, 0.8]],
  ])("under load, origins %s get their shares", (_, weights, tookMs, expected) => {
    const found = shares({ weights, tookMs, atOnce: 60 });
    for (const [index, share] of expected.entries()) expect(Math.abs((found[index] ?? 0) - share)).toBeLessThan(0.06);
  });

  test("an origin that takes ten times as long gets next to nothing", () => {
    const [fast = 0, slow = 1] = shares({ weights: [1, 1], tookMs: [10, 100], atOnce: 4 });
    expect(fast).toBeGreaterThan(0.9);
    expect(slow).toBeLessThan(0.1);
  });
});
