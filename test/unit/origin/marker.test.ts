import fc from "fast-check";
import { expect, test } from "vitest";
import { MARKER_CHARS_MAX, MARKER_ECHO_MS, MARKER_SKEW_MS_MAX, POOL_ORIGINS_MAX } from "../../../src/limits.ts";
import { closedCircuit } from "../../../src/origin/circuit.ts";
import type { Circuit } from "../../../src/origin/circuit.ts";
import { currentEntries, heldOutUntilMs, mergeMarkers, markerText, parseMarker, wordOf } from "../../../src/origin/marker.ts";
import type { MarkerEntries, MarkerEntry } from "../../../src/origin/marker.ts";

const OPEN: Circuit = { ...closedCircuit(), state: "open", openedAtMs: 100, openUntilMs: 1100.4, openedBy: "connection" };
const CLOSED: Circuit = { ...closedCircuit(), closedAtMs: 2000 };

test.each<[string, Circuit, Circuit, MarkerEntry | null]>([
  ["a circuit that opened", closedCircuit(), OPEN, { state: "open", atMs: 100, untilMs: 1101, by: "connection" }],
  [
    "one that opened anew after a failed try",
    OPEN,
    { ...OPEN, openedAtMs: 1200, openUntilMs: 3200, openedBy: "failures" },
    { state: "open", atMs: 1200, untilMs: 3200, by: "failures" },
  ],
  ["one that closed", OPEN, CLOSED, { state: "closed", atMs: 2000 }],
  ["one that stays open", OPEN, { ...OPEN, probeSuccesses: 1 }, null],
  ["one that stays closed", CLOSED, { ...CLOSED, failures: 1 }, null],
])("what is told of %s", (_, before, after, expected) => {
  expect(wordOf(before, after)).toEqual(expected);
});

test.each<[string, MarkerEntry, number, number]>([
  [
    "as long as the circuit, and until its next try is heard of",
    { state: "open", atMs: 0, untilMs: 1000, by: "failures" },
    10_000,
    1000 + MARKER_ECHO_MS,
  ],
  ["at most as long as the pool shares it", { state: "open", atMs: 0, untilMs: 30_000, by: "failures" }, 10_000, 10_000],
  ["no time at all when it closed", { state: "closed", atMs: 5 }, 10_000, 5],
])("a word holds %s", (_, entry, shareMs, expected) => {
  expect(heldOutUntilMs(entry, shareMs)).toBe(expected);
});

test("words that hold no longer and those of a broken clock are dropped, at the limit and one past it", () => {
  const at = (atMs: number): boolean => {
    const marker = { a: { state: "closed", atMs } } as const;
    return Object.hasOwn(currentEntries(marker, { nowMs: 100_000, shareMs: 10_000 }), "a");
  };
  expect([at(90_001), at(90_000)]).toEqual([true, false]);
  expect([at(100_000 + MARKER_SKEW_MS_MAX), at(100_001 + MARKER_SKEW_MS_MAX)]).toEqual([true, false]);
});

test("the later word wins, and at the same time the one that keeps nobody out", () => {
  const open = (atMs: number): MarkerEntries => ({ a: { state: "open", atMs, untilMs: atMs + 1000, by: "failures" } });
  const closed = (atMs: number): MarkerEntries => ({ a: { state: "closed", atMs } });
  expect(mergeMarkers(open(5), closed(4))).toEqual(open(5));
  expect(mergeMarkers(open(5), closed(6))).toEqual(closed(6));
  expect(mergeMarkers(open(5), closed(5))).toEqual(closed(5));
});

const ENTRY: fc.Arbitrary<MarkerEntry> = fc.oneof(
  fc.record({
    state: fc.constant("open" as const),
    atMs: fc.nat({ max: 5 }),
    untilMs: fc.nat({ max: 5 }),
    by: fc.constantFrom("connection" as const, "failures" as const, "success-rate" as const),
  }),
  fc.record({ state: fc.constant("closed" as const), atMs: fc.nat({ max: 5 }) }),
);
const MARKER = fc.dictionary(fc.oneof(fc.constantFrom("a", "b", "__proto__"), fc.string()), ENTRY, { maxKeys: 5 });

test("whatever the order of words, and however often one is heard, the same is known in the end", () => {
  fc.assert(
    fc.property(MARKER, MARKER, MARKER, (a, b, c) => {
      const once = mergeMarkers(a, b, c);
      expect(mergeMarkers(c, b, a)).toEqual(once);
      expect(mergeMarkers(mergeMarkers(a, b), c)).toEqual(mergeMarkers(a, mergeMarkers(b, c)));
      expect(mergeMarkers(once, a, b)).toEqual(once);
    }),
  );
});

test("what is written is read again", () => {
  fc.assert(
    fc.property(MARKER, (marker) => {
      expect(parseMarker(markerText(marker))).toEqual({ ok: true, value: marker });
    }),
  );
});

const ONE = { state: "closed", atMs: 1 };
const many = (count: number): string =>
  JSON.stringify({ format: 1, origins: Object.fromEntries(Array.from({ length: count }, (_, index) => [`o${index}`, ONE])) });

test.each([
  ["no JSON", "garbage", "not-json"],
  ["a list", "[]", "bad-field"],
  ["a newer format", '{"format":2,"origins":{}}', "unknown-format"],
  ["no origins", '{"format":1}', "bad-field"],
  ["an unknown state", '{"format":1,"origins":{"a":{"state":"ajar","atMs":1}}}', "bad-field"],
  ["no time", '{"format":1,"origins":{"a":{"state":"closed"}}}', "bad-field"],
  ["no end", '{"format":1,"origins":{"a":{"state":"open","atMs":1,"by":"failures"}}}', "bad-field"],
  ["an unknown cause", '{"format":1,"origins":{"a":{"state":"open","atMs":1,"untilMs":2,"by":"rumour"}}}', "bad-field"],
  ["more entries than a pool has origins", many(POOL_ORIGINS_MAX + 1), "bad-field"],
  ["too many characters", `{"format":1,"origins":{}}${" ".repeat(MARKER_CHARS_MAX - 24)}`, "too-large"],
])("%s is refused", (_, text, kind) => {
  expect(parseMarker(text)).toMatchObject({ ok: false, error: { kind } });
});

test("as much as is allowed is read", () => {
  expect(parseMarker(many(POOL_ORIGINS_MAX)).ok).toBe(true);
  expect(parseMarker(`{"format":1,"origins":{}}${" ".repeat(MARKER_CHARS_MAX - 25)}`).ok).toBe(true);
});

test("whatever the text, parsing it is a value", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      expect(typeof parseMarker(text).ok).toBe("boolean");
    }),
  );
});
