// What a counter object knows: who passes, who is out and how long, what it keeps and how that is written.

import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeRatePage, encodeRatePage } from "../../../src/firewall/rate-page.ts";
import { createRateTable, type RateQuestion, type RateRecord, type RateTable } from "../../../src/firewall/rate-table.ts";
import { RATE_COUNTER_KEYS_MAX, RATE_COUNTER_PAGE_KEYS_MAX, RATE_LIMIT_REQUESTS_MAX, RATE_WINDOW_PARTS } from "../../../src/limits.ts";
import type { RateVerdict } from "../../../src/ports.ts";

const START_MS = Date.UTC(2026, 0, 1);

const question = (over: Partial<RateQuestion> = {}): RateQuestion => ({
  does: "take",
  key: "visitor",
  requests: 2,
  periodSeconds: 60,
  blockSeconds: null,
  ...over,
});

function asking(table: RateTable = createRateTable()): (over?: Partial<RateQuestion>, atMs?: number) => RateVerdict {
  return (over, atMs = 0) => table.ask(question(over), START_MS + atMs).verdict;
}

test("who is refused is not counted for it: at the limit's pace some always pass", () => {
  const ask = asking();
  const passed = Array.from({ length: 600 }, (_, second) => !ask({}, second * 1000).limited);
  // Ten minutes of a limit of 2 in 60 s, a part longer each.
  expect(passed.filter(Boolean)).toHaveLength(20);
});

test("`for` keeps out from the first request over the limit on, and not from the last one that passed", () => {
  const ask = asking();
  ask({ blockSeconds: 600 });
  ask({ blockSeconds: 600 });
  expect(ask({ blockSeconds: 600 }, 30_000)).toEqual({ limited: true, remaining: 0, waitMs: 600_000 });
  expect(ask({ blockSeconds: 600 }, 629_999)).toMatchObject({ limited: true, waitMs: 1 });
  expect(ask({ blockSeconds: 600 }, 630_000)).toMatchObject({ limited: false, remaining: 1 });
});

test("who asks on while he is out is not out for longer", () => {
  const ask = asking();
  for (let atMs = 0; atMs < 600_000; atMs += 10_000) ask({ blockSeconds: 600 }, atMs);
  // Over the limit at 20 s.
  expect(ask({ blockSeconds: 600 }, 620_000)).toMatchObject({ limited: false });
});

test("a `for` that is shorter than the rest of the time keeps out until that is over", () => {
  const ask = asking();
  ask({ blockSeconds: 1 });
  ask({ blockSeconds: 1 });
  expect(ask({ blockSeconds: 1 }).waitMs).toBeGreaterThanOrEqual(60_000);
});

test("a check finds the limit passed by what was counted, and keeps out from then on", () => {
  const ask = asking();
  expect(ask({ does: "check", blockSeconds: 600 })).toEqual({ limited: false, remaining: 2, waitMs: 0 });
  ask({ does: "count", blockSeconds: 600 });
  ask({ does: "count", blockSeconds: 600 });
  expect(ask({ does: "check", blockSeconds: 600 })).toMatchObject({ limited: true, waitMs: 600_000 });
  expect(ask({ does: "check", blockSeconds: 600 }, 599_999)).toMatchObject({ limited: true });
  expect(ask({ does: "check", blockSeconds: 600 }, 600_000)).toMatchObject({ limited: false, remaining: 2 });
});

test("one that passes is told when the first of those counted is over", () => {
  const ask = asking();
  ask({ requests: 5 });
  const { remaining, waitMs } = ask({ requests: 5 }, 30_000);
  expect(remaining).toBe(3);
  expect(waitMs).toBeGreaterThanOrEqual(30_000);
  expect(waitMs).toBeLessThanOrEqual(31_200);
});

test("it says whether something changed", () => {
  const table = createRateTable();
  const changed = (over: Partial<RateQuestion>): boolean => table.ask(question({ blockSeconds: 600, ...over }), START_MS).changed;
  expect(changed({ does: "check" })).toBe(false);
  expect([changed({}), changed({ does: "count" })]).toEqual([true, true]);
  expect([changed({}), changed({})]).toEqual([true, false]);
});

test("one key too many, and the one that was longest without a change goes", () => {
  const ask = asking();
  for (let index = 0; index < RATE_COUNTER_KEYS_MAX; index += 1) ask({ key: `key ${index}` });
  ask({ key: "key 0" });
  expect(ask({ key: "key 1", does: "check" }).remaining).toBe(1);
  ask({ key: "one more" });
  expect(ask({ key: "key 1", does: "check" }).remaining).toBe(2);
  expect(ask({ key: "key 0", does: "check" })).toMatchObject({ limited: true });
});

test("who is out stays out, however many keys come to be counted", () => {
  const ask = asking();
  ask({ key: "out", requests: 1, blockSeconds: 600 });
  ask({ key: "out", requests: 1, blockSeconds: 600 });
  for (let index = 0; index < RATE_COUNTER_KEYS_MAX; index += 1) ask({ key: `key ${index}`, requests: 1, blockSeconds: 600 });
  expect(ask({ key: "out", requests: 1, blockSeconds: 600 })).toMatchObject({ limited: true });
});

test("what is over is forgotten", () => {
  const table = createRateTable();
  const ask = asking(table);
  for (let index = 0; index < 5; index += 1) ask({ key: `key ${index}` });
  expect(table.records(60, START_MS)).toHaveLength(5);
  ask({ key: "late" }, 90_000);
  expect(table.records(60, START_MS + 90_000).map(({ key }) => key)).toEqual(["late"]);
  expect(table.records(60, START_MS + 200_000)).toEqual([]);
});

const times = { periodSeconds: 60, blockSeconds: 600 };

test("a table that is written and read again gives the same answers", () => {
  const steps = fc.array(
    fc.record({
      key: fc.constantFrom("a", "b", "c"),
      does: fc.constantFrom("take", "check", "count" as const),
      gapMs: fc.nat(20_000),
    }) as fc.Arbitrary<{ readonly key: string; readonly does: RateQuestion["does"]; readonly gapMs: number }>,
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(steps, steps, fc.constantFrom(null, 5, 300), (before, after, blockSeconds) => {
      const table = createRateTable();
      let nowMs = START_MS;
      const run = (asked: RateTable, each: typeof before): readonly RateVerdict[] =>
        each.map(({ gapMs, ...over }) => asked.ask(question({ ...over, blockSeconds }), (nowMs += gapMs)).verdict);
      run(table, before);
      const page = decodeRatePage(encodeRatePage({ ...times, records: table.records(60, nowMs) }));
      const copy = createRateTable();
      copy.restore(page?.records ?? []);
      const fromMs = nowMs;
      const expected = run(table, after);
      nowMs = fromMs;
      expect(run(copy, after)).toEqual(expected);
    }),
  );
});

test("the fullest page is shorter than a row may be, and one key more is left out", () => {
  const window = Array.from({ length: RATE_WINDOW_PARTS + 1 }, (_, part) => [8_999_999_000 + part, RATE_LIMIT_REQUESTS_MAX]).flat();
  const record = (index: number): RateRecord => ({ key: String(index).padStart(64, "0"), window: [...window], outUntilMs: START_MS });
  const records = Array.from({ length: RATE_COUNTER_PAGE_KEYS_MAX + 1 }, (_, index) => record(index));
  const text = encodeRatePage({ ...times, records });
  expect(text.length).toBeLessThan(2_000_000);
  expect(decodeRatePage(text)?.records).toEqual(records.slice(1));
});

test.each(["{}", '{"version":2,"packed":[]}'])("%s is no page", (text) => {
  expect(decodeRatePage(text)).toBeNull();
});
