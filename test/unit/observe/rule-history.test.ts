import fc from "fast-check";
import { expect, test } from "vitest";
import { RULE_STATS_KEPT_MS, RULE_STATS_SAMPLES_MAX } from "../../../src/limits.ts";
import type { RuleCount, RuleSample } from "../../../src/observe/rule-counts.ts";
import { countSince, decodeRecord, encodeRecord, withCount, withoutOld, type RuleRecord } from "../../../src/observe/rule-history.ts";

const HOUR_MS = 3_600_000;
const NOW_MS = Date.UTC(2026, 0, 8, 12, 30);
const THIS_HOUR_MS = Date.UTC(2026, 0, 8, 12);

const BASE = {
  id: "r",
  method: "GET",
  host: "shop.test",
  path: "/",
  status: 200,
  address: "192.0.2.1",
  country: null,
  asn: null,
  userAgent: "",
};

function sample(atMs: number, id = "r"): RuleSample {
  return { ...BASE, atMs, id };
}

function count(hourMs: number, matches: number, samples: readonly RuleSample[] = []): RuleCount {
  return { rule: "wp", did: "block", hourMs, count: matches, lastAtMs: hourMs + 1, samples };
}

function recordOf(...counts: readonly RuleCount[]): RuleRecord {
  let record: RuleRecord | null = null;
  for (const each of counts) record = withCount(record, each, NOW_MS);
  if (record === null) throw new Error("a record has counts");
  return record;
}

test("counts of one hour add up, from whichever isolate and in whichever order they come", () => {
  const record = recordOf(count(THIS_HOUR_MS, 2), count(THIS_HOUR_MS - HOUR_MS, 5), count(THIS_HOUR_MS, 3));
  expect(record.hours).toEqual([
    [THIS_HOUR_MS - HOUR_MS, 5],
    [THIS_HOUR_MS, 5],
  ]);
  expect(record).toMatchObject({ rule: "wp", did: "block", lastAtMs: THIS_HOUR_MS + 1 });
});

test("a time that is ahead counts as now, so that it goes when its time is over", () => {
  const ahead = { ...count(THIS_HOUR_MS + 5 * HOUR_MS, 1, [sample(NOW_MS + HOUR_MS)]), lastAtMs: NOW_MS + HOUR_MS };
  const record = withCount(null, ahead, NOW_MS);
  expect(record).toMatchObject({ lastAtMs: NOW_MS, hours: [[THIS_HOUR_MS, 1]], samples: [{ atMs: NOW_MS }] });
  expect(withoutOld(record, NOW_MS + RULE_STATS_KEPT_MS + 1)).toBeNull();
});

test("the newest samples stay, whichever batch they come with", () => {
  const old = Array.from({ length: RULE_STATS_SAMPLES_MAX }, (_, index) => sample(NOW_MS - 100 + index, `old-${index}`));
  const full = recordOf(count(THIS_HOUR_MS, 10, old));
  expect(full.samples.map(({ id }) => id)).toEqual(old.map(({ id }) => id).toReversed());
  const { samples } = withCount(full, count(THIS_HOUR_MS, 2, [sample(NOW_MS - 200, "late"), sample(NOW_MS, "new")]), NOW_MS);
  expect(samples).toHaveLength(RULE_STATS_SAMPLES_MAX);
  expect(samples[0]?.id).toBe("new");
  expect(samples.map(({ id }) => id)).not.toContain("old-0");
  expect(samples.map(({ id }) => id)).not.toContain("late");
});

test("what is as old as it is kept stays, what is older goes", () => {
  const edgeMs = NOW_MS - RULE_STATS_KEPT_MS;
  const edgeHourMs = THIS_HOUR_MS - RULE_STATS_KEPT_MS;
  const record = recordOf(
    count(edgeHourMs - HOUR_MS, 1, [sample(edgeMs - 1, "older")]),
    count(edgeHourMs, 2, [sample(edgeMs, "edge")]),
    count(THIS_HOUR_MS, 4),
  );
  expect(withoutOld(record, NOW_MS)).toMatchObject({
    hours: [
      [edgeHourMs, 2],
      [THIS_HOUR_MS, 4],
    ],
    samples: [{ id: "edge" }],
  });
});

test("a rule that matched nothing for so long is forgotten, and not a moment before", () => {
  const record = { ...recordOf(count(THIS_HOUR_MS, 1)), lastAtMs: NOW_MS };
  expect(withoutOld(record, NOW_MS + RULE_STATS_KEPT_MS)).not.toBeNull();
  expect(withoutOld(record, NOW_MS + RULE_STATS_KEPT_MS + 1)).toBeNull();
});

test("matches are counted from the full hour on", () => {
  const record = recordOf(count(THIS_HOUR_MS - 2 * HOUR_MS, 100), count(THIS_HOUR_MS - HOUR_MS, 10), count(THIS_HOUR_MS, 1));
  expect(countSince(record, NOW_MS)).toBe(1);
  expect(countSince(record, NOW_MS - HOUR_MS)).toBe(11);
  expect(countSince(record, THIS_HOUR_MS - HOUR_MS)).toBe(11);
  expect(countSince(record, THIS_HOUR_MS - HOUR_MS - 1)).toBe(111);
});

test("a record survives its text", () => {
  const hours = fc.array(fc.tuple(fc.nat(), fc.nat()));
  const samples = fc.array(fc.record({ atMs: fc.nat(), path: fc.string({ unit: "binary" }) }).map((some) => ({ ...BASE, ...some })));
  fc.assert(
    fc.property(hours, samples, fc.nat(), (someHours, someSamples, lastAtMs) => {
      const record: RuleRecord = { rule: "wp", did: "block", lastAtMs, hours: someHours, samples: someSamples };
      expect(decodeRecord({ rule: "wp", did: "block" }, encodeRecord(record))).toEqual(record);
    }),
  );
});

test.each([
  ["no JSON", "{"],
  ["another kind of value", "[]"],
  ["no time", '{"hours":[],"samples":[]}'],
  ["no hours", '{"lastAtMs":1,"samples":[]}'],
  ["hours of another form", '{"lastAtMs":1,"hours":[[1]],"samples":[]}'],
  ["hours that are no numbers", '{"lastAtMs":1,"hours":[["1",2]],"samples":[]}'],
  ["samples of another form", '{"lastAtMs":1,"hours":[],"samples":[7]}'],
])("a text that is %s is no record", (_what, text) => {
  expect(decodeRecord({ rule: "wp", did: "block" }, text)).toBeNull();
});
