// The arithmetic of the fault table: which requests count as under way during the fault, and what follows from them.

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { executedTwice, figuresOf, parseJournal, percentile } from "../../faults/figures.ts";
import type { Observed, Seen } from "../../faults/figures.ts";
import type { Sent } from "../../faults/load.ts";
import { planned } from "../../faults/traffic.ts";

function sent(number: number, atMs: number, more: Partial<Sent> = {}): Sent {
  const answer = { ms: 5, status: 200, intact: true, hasRetryAfter: false, error: null, requestId: null };
  return { ...planned("small", "row", number), atMs, ...answer, ...more };
}

function seen(number: number, atMs: number): Seen {
  return { atMs, id: `row-${number}` };
}

function observed(more: Partial<Observed>): Observed {
  return { sent: [], seen: [[], [], []], beganAtMs: 10_000, endedAtMs: 15_000, backAtMs: null, ...more };
}

describe("percentiles", () => {
  test.each([
    { share: 0.5, of: [1, 2, 3, 4], is: 2 },
    { share: 0.99, of: Array.from({ length: 100 }, (_, i) => i + 1), is: 99 },
    { share: 0.99, of: Array.from({ length: 101 }, (_, i) => i + 1), is: 100 },
    { share: 1, of: [3, 1, 2], is: 3 },
    { share: 0.99, of: [7], is: 7 },
  ])("$share of $of.length numbers", ({ share, of, is }) => {
    expect(percentile(of, share)).toBe(is);
  });

  test("of nothing there is none", () => {
    expect(percentile([], 0.5)).toBeNaN();
  });

  test("is one of the numbers, and at least that share does not exceed it", () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), fc.double({ min: 0.01, max: 1, noNaN: true }), (numbers, share) => {
        const value = percentile(numbers, share);
        expect(numbers).toContain(value);
        expect(numbers.filter((number) => number <= value).length).toBeGreaterThanOrEqual(share * numbers.length);
      }),
    );
  });
});

describe("which requests count", () => {
  test.each([
    { what: "ended before the fault", one: sent(0, 9_000, { ms: 999 }), counts: false },
    { what: "due before the fault and under way when it began", one: sent(0, 9_000, { ms: 1000 }), counts: true },
    { what: "due at the last moment", one: sent(0, 14_999), counts: true },
    { what: "due when the fault was over", one: sent(0, 15_000), counts: false },
  ])("$what", ({ one, counts }) => {
    const failing = { ...one, status: 502 };
    const { requests, failed, failedOutside } = figuresOf(observed({ sent: [failing] }));
    expect([requests, failed, failedOutside]).toEqual(counts ? [1, 1, 0] : [0, 0, 1]);
  });

  test("a 200 that ends early or differs is broken and failed; another status is failed only", () => {
    const all = [sent(0, 11_000, { intact: false }), sent(1, 11_000, { status: 503, intact: false }), sent(2, 11_000)];
    expect(figuresOf(observed({ sent: all }))).toMatchObject({ requests: 3, failed: 2, broken: 1 });
  });

  test("slow is above 0.9 s, from the time that the request was due", () => {
    expect(figuresOf(observed({ sent: [sent(0, 11_000, { ms: 900 }), sent(1, 11_000, { ms: 901 })] })).slow).toBe(1);
  });

  test("the time before leaves the cold start out, and is not known where there was none", () => {
    const before = [sent(0, 8_000, { ms: 400 }), sent(1, 8_499, { ms: 400 }), sent(2, 8_500, { ms: 7 }), sent(3, 10_000, { ms: 100 })];
    expect(figuresOf(observed({ sent: before })).p99BeforeMs).toBe(7);
    expect(figuresOf(observed({ sent: [sent(0, 10_000)] })).p99BeforeMs).toBeNaN();
  });
});

describe("what the origins saw", () => {
  test("load counts every attempt for the requests of the fault, whenever it arrived, and no others", () => {
    const two = [sent(0, 9_000), sent(1, 11_000, { ms: 5000 }), sent(2, 12_000)];
    const journals = [[seen(0, 9_001), seen(1, 11_001)], [seen(1, 15_900)], [seen(2, 12_001)]];
    expect(figuresOf(observed({ sent: two, seen: journals }))).toMatchObject({ requests: 2, load: 1.5, faulty: 1 });
  });

  test("twice counts orders, not executions", () => {
    expect(executedTwice([seen(1, 1), seen(1, 2), seen(1, 3), seen(2, 1), seen(3, 1), seen(3, 1)])).toBe(2);
  });

  test("a line that an origin was killed over does not count", () => {
    expect(parseJournal("12 row-1\n13 row-2\n14 ro")).toEqual([seen(1, 12), seen(2, 13)]);
    expect(parseJournal("")).toEqual([]);
  });

  test.each([
    { requests: 9, backMs: null },
    { requests: 10, backMs: 900 },
  ])("$requests requests after its return: back after $backMs ms", ({ requests, backMs }) => {
    const journal = [seen(0, 9_000), ...Array.from({ length: requests }, (_, i) => seen(i + 1, 15_000 + i * 100))];
    expect(figuresOf(observed({ seen: [journal, [], []], backAtMs: 15_000 }))).toMatchObject({ returned: requests, backMs });
  });

  test.each([
    { everyMs: 1_250, inUseMs: 5_000 },
    { everyMs: 1_251, inUseMs: null },
  ])("in use is five requests in five seconds: one each $everyMs ms", ({ everyMs, inUseMs }) => {
    const journal = Array.from({ length: 20 }, (_, i) => seen(i, 10_000 + i * everyMs));
    expect(figuresOf(observed({ seen: [journal, [], []] })).inUseMs).toBe(inUseMs);
  });
});

describe("when all are gone", () => {
  const stored = {
    ...planned("half-stored", "row", 0),
    atMs: 11_000,
    ms: 5,
    status: 200,
    intact: true,
    hasRetryAfter: false,
    error: null,
    requestId: null,
  };
  const refused = (number: number, ms: number, hasRetryAfter: boolean): Sent =>
    sent(number, 12_000, { status: 503, intact: false, ms, hasRetryAfter });

  test("stored pages and others are told apart", () => {
    const all = [stored, { ...stored, status: 503 }, refused(1, 10, true), refused(3, 30, false), refused(5, 20, true)];
    expect(figuresOf(observed({ sent: all }))).toMatchObject({ storedFailed: 1, withoutRetryAfter: 1, errorP50Ms: 20 });
  });

  test("the first success is of a page that is not stored, and counts from the first return", () => {
    const all = [{ ...stored, atMs: 15_050 }, refused(1, 10, true), sent(3, 15_100, { ms: 20 }), sent(5, 15_300)];
    expect(figuresOf(observed({ sent: all, backAtMs: 15_040 })).firstSuccessMs).toBe(80);
    expect(figuresOf(observed({ sent: all.slice(0, 2), backAtMs: 15_040 })).firstSuccessMs).toBeNull();
  });
});
