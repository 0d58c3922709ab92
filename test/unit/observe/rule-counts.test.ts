import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  RULE_COUNT_ROWS_MAX,
  RULE_COUNT_SAMPLES_MAX,
  RULE_SAMPLE_AGENT_CHARS_MAX,
  RULE_SAMPLE_EVERY_MS,
  RULE_SAMPLE_HOST_CHARS_MAX,
  RULE_SAMPLE_METHOD_CHARS_MAX,
  RULE_SAMPLE_PATH_CHARS_MAX,
} from "../../../src/limits.ts";
import { createRuleCounts, hourOf, type MatchedRequest, type RuleBatch, type RuleDid } from "../../../src/observe/rule-counts.ts";
import { factsOf, type FactsInput } from "../../support/facts.ts";

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 0, 1);

type Matches = readonly (readonly [id: string, did: RuleDid])[];

function request(rules: Matches, facts: FactsInput = {}, id = "r1"): MatchedRequest {
  const digest = { rules: rules.map(([rule, did]) => ({ id: rule, did })) };
  const sent = { url: facts.url ?? "http://shop.test/", headers: new Headers(facts.headers) };
  return { exchange: { id, facts: factsOf(facts), request: sent, digest }, status: 403 };
}

function countsOf(...requests: readonly MatchedRequest[]): RuleBatch {
  const counts = createRuleCounts();
  for (const each of requests) counts.add(each);
  const batch = counts.take("batch");
  if (batch === null) throw new Error("nothing was counted");
  return batch;
}

describe("counting", () => {
  test("a request that no rule matched is nothing", () => {
    const counts = createRuleCounts();
    counts.add(request([]));
    expect(counts.isEmpty()).toBe(true);
    expect(counts.take("b")).toBeNull();
  });

  test("each rule that matched is counted by what it did", () => {
    const batch = countsOf(
      request([
        ["a", "log"],
        ["b", "would-block"],
        ["c", "block"],
      ]),
      request([
        ["a", "log"],
        ["b", "block"],
      ]),
    );
    expect(batch.id).toBe("batch");
    expect(batch.counts.map(({ rule, did, count }) => [rule, did, count])).toEqual([
      ["a", "log", 2],
      ["b", "would-block", 1],
      ["c", "block", 1],
      ["b", "block", 1],
    ]);
  });

  test("an hour ends on the hour", () => {
    const at = (nowMs: number): MatchedRequest => request([["a", "block"]], { nowMs });
    const { counts } = countsOf(at(START_MS), at(START_MS + HOUR_MS - 1), at(START_MS + HOUR_MS));
    expect(counts.map(({ hourMs, count, lastAtMs }) => [hourMs, count, lastAtMs])).toEqual([
      [START_MS, 2, START_MS + HOUR_MS - 1],
      [START_MS + HOUR_MS, 1, START_MS + HOUR_MS],
    ]);
  });

  test("what was taken is counted no more", () => {
    const counts = createRuleCounts();
    counts.add(request([["a", "block"]]));
    const taken = counts.take("first");
    counts.add(request([["a", "block"]]));
    expect(taken?.counts[0]?.count).toBe(1);
    expect(counts.take("second")?.counts[0]?.count).toBe(1);
    expect(counts.isEmpty()).toBe(true);
  });

  test("as many rows as an isolate keeps, and one more is only told of", () => {
    const matches = (from: number, to: number): Matches => Array.from({ length: to - from }, (_, index) => [`r${from + index}`, "log"]);
    expect(countsOf(request(matches(0, RULE_COUNT_ROWS_MAX)))).toMatchObject({ uncounted: 0 });
    const full = countsOf(request(matches(0, RULE_COUNT_ROWS_MAX + 1)), request([["r0", "log"]]));
    expect(full.counts).toHaveLength(RULE_COUNT_ROWS_MAX);
    expect(full.uncounted).toBe(1);
    expect(full.counts[0]?.count).toBe(2);
  });

  test("no match is lost or counted twice, wherever batches end", () => {
    const did = fc.constantFrom<RuleDid>("block", "log", "would-block");
    const rules = fc.uniqueArray(fc.tuple(fc.constantFrom("a", "b", "c"), did), { selector: ([id]) => id });
    const step = fc.record({ rules, hour: fc.nat(2), takes: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const counts = createRuleCounts();
        const batches: RuleBatch[] = [];
        const take = (): void => void batches.push(...[counts.take("b")].filter((batch) => batch !== null));
        for (const { rules: matched, hour, takes } of steps) {
          counts.add(request(matched, { nowMs: START_MS + hour * HOUR_MS }));
          if (takes) take();
        }
        take();
        const expected = tally(steps.flatMap(({ rules: matched, hour }) => matched.map(([id, what]) => [`${hour} ${what} ${id}`, 1])));
        const got = batches.flatMap((batch) => batch.counts);
        expect(tally(got.map(({ rule, did: what, hourMs, count }) => [`${(hourMs - START_MS) / HOUR_MS} ${what} ${rule}`, count]))).toEqual(
          expected,
        );
        for (const { samples, count } of got) expect(samples.length).toBe(Math.min(count, RULE_COUNT_SAMPLES_MAX));
      }),
    );
  });
});

function tally(pairs: readonly (readonly [string, number])[]): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const [key, count] of pairs) sums[key] = (sums[key] ?? 0) + count;
  return sums;
}

describe("samples", () => {
  const sampleOf = (facts: FactsInput) => countsOf(request([["a", "block"]], facts)).counts[0]?.samples[0];

  test("a sample says who asked for what, and leaves the query and all other headers out", () => {
    const facts: FactsInput = {
      method: "POST",
      url: "https://shop.test:8443/a%2Fb?token=secret",
      headers: { "user-agent": "curl/8", cookie: "session=secret", authorization: "Bearer secret" },
      address: "198.51.100.7",
      connection: { country: "JP", asn: 64500 },
      nowMs: START_MS,
    };
    expect(sampleOf(facts)).toEqual({
      atMs: START_MS,
      id: "r1",
      method: "POST",
      host: "shop.test:8443",
      path: "/a%2Fb",
      status: 403,
      address: "198.51.100.7",
      country: "JP",
      asn: 64500,
      userAgent: "curl/8",
    });
  });

  test("a rule that changes the request changes nothing about what the visitor asked for", () => {
    const { exchange } = request([["a", "block"]], { url: "http://shop.test/asked?x", headers: { "user-agent": "visitor" } });
    const facts = factsOf({ url: "http://shop.test/changed", headers: { "user-agent": "rule" } });
    expect(countsOf({ exchange: { ...exchange, facts }, status: 200 }).counts[0]?.samples[0]).toMatchObject({
      path: "/asked",
      userAgent: "visitor",
    });
  });

  test("without a user agent it is empty", () => expect(sampleOf({})?.userAgent).toBe(""));

  const sampled = (...atMs: readonly number[]): readonly string[] => {
    const requests = atMs.map((ms, index) => request([["a", "block"]], { nowMs: START_MS + ms }, `r${index}`));
    return countsOf(...requests).counts[0]?.samples.map(({ id }) => id) ?? [];
  };

  test("the newest samples stay, as many as there is room for", () => {
    const all = Array.from({ length: RULE_COUNT_SAMPLES_MAX + 1 }, (_, index) => index * RULE_SAMPLE_EVERY_MS);
    expect(sampled(...all.slice(1))).toEqual(["r0", "r1", "r2"]);
    expect(sampled(...all)).toEqual(["r1", "r2", "r3"]);
  });

  test("of many matches in a moment the first are samples, and a next one when some time has passed", () => {
    expect(sampled(0, 0, 0, RULE_SAMPLE_EVERY_MS - 1)).toEqual(["r0", "r1", "r2"]);
    expect(sampled(0, 0, 0, RULE_SAMPLE_EVERY_MS)).toEqual(["r1", "r2", "r3"]);
    const requests = Array.from({ length: 10 }, () => request([["a", "block"]]));
    expect(countsOf(...requests).counts[0]?.count).toBe(10);
  });

  const cut: readonly (readonly [name: "method" | "host" | "path" | "userAgent", max: number, facts: (text: string) => FactsInput])[] = [
    ["path", RULE_SAMPLE_PATH_CHARS_MAX, (text) => ({ url: `http://shop.test/${text.slice(1)}` })],
    ["userAgent", RULE_SAMPLE_AGENT_CHARS_MAX, (text) => ({ headers: { "user-agent": text } })],
    ["method", RULE_SAMPLE_METHOD_CHARS_MAX, (text) => ({ method: text.toUpperCase() })],
  ];
  test.each(cut)("a long %s is cut at %i characters", (name, max, facts) => {
    expect(sampleOf(facts("x".repeat(max)))?.[name]).toHaveLength(max);
    expect(sampleOf(facts("x".repeat(max + 1)))?.[name]).toHaveLength(max);
  });

  test("a host is cut as well", () => {
    const sample = (host: string) =>
      countsOf({
        exchange: { ...request([]).exchange, facts: { ...factsOf(), host }, digest: { rules: [{ id: "a", did: "block" }] } },
        status: 200,
      }).counts[0]?.samples[0]?.host;
    expect(sample("h".repeat(RULE_SAMPLE_HOST_CHARS_MAX))).toHaveLength(RULE_SAMPLE_HOST_CHARS_MAX);
    expect(sample("h".repeat(RULE_SAMPLE_HOST_CHARS_MAX + 1))).toHaveLength(RULE_SAMPLE_HOST_CHARS_MAX);
  });
});

test("the hour of a time is where it began", () => {
  fc.assert(
    fc.property(fc.nat(2 ** 42), (atMs) => {
      const hourMs = hourOf(atMs);
      expect(hourMs % HOUR_MS).toBe(0);
      expect(atMs - hourMs).toBeGreaterThanOrEqual(0);
      expect(atMs - hourMs).toBeLessThan(HOUR_MS);
    }),
  );
});
