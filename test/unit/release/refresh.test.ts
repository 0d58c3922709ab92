import fc from "fast-check";
import { expect, test } from "vitest";
import { REFRESH_COLD_RETRY_MS, REFRESH_COLD_WAIT_MS_MAX, REFRESH_RUN_MS_MAX } from "../../../src/limits.ts";
import { DEFAULT_INTERVALS, readIntervals } from "../../../src/release/intervals.ts";
import { decideRefresh, type RefreshDecision, type RefreshFacts } from "../../../src/release/refresh.ts";

const nothing: RefreshDecision = { kind: "nothing" };
const background: RefreshDecision = { kind: "background" };
const HOURS = 3 * 3_600_000;

const cases: readonly (readonly [string, RefreshFacts, RefreshDecision])[] = [
  ["young state is left alone", { ageMs: 9_999, sinceStartMs: 9_999, running: null }, nothing],
  ["state of the poll's age is refreshed after the response", { ageMs: 10_000, sinceStartMs: 10_000, running: null }, background],
  ["state below a minute is never waited for", { ageMs: 59_999, sinceStartMs: 59_999, running: null }, background],
  [
    "a quiet isolate refreshes before it plans",
    { ageMs: 60_000, sinceStartMs: 60_000, running: null },
    { kind: "block", start: true, waitMs: 150 },
  ],
  [
    "an isolate quiet for hours does so too",
    { ageMs: HOURS, sinceStartMs: HOURS, running: null },
    { kind: "block", start: true, waitMs: 150 },
  ],
  ["old state is not waited for when a look for newer has just failed", { ageMs: HOURS, sinceStartMs: 10_000, running: null }, background],
  ["a failed refresh is not repeated before the next poll", { ageMs: HOURS, sinceStartMs: 9_999, running: null }, nothing],
  [
    "a second request waits for the rest of the cap only",
    { ageMs: HOURS, sinceStartMs: 100, running: "waited" },
    { kind: "block", start: false, waitMs: 50 },
  ],
  ["after the cap nobody waits for the running refresh", { ageMs: HOURS, sinceStartMs: 150, running: "waited" }, nothing],
  ["a refresh in the background is not waited for", { ageMs: HOURS, sinceStartMs: 100, running: "background" }, nothing],
  ["a running refresh is not started twice", { ageMs: 30_000, sinceStartMs: 15_000, running: "background" }, nothing],
  [
    "a refresh that ran for too long counts as dead",
    { ageMs: 30_000, sinceStartMs: REFRESH_RUN_MS_MAX, running: "background" },
    background,
  ],
  ["a copy of 25 s age does not cause a refresh per request", { ageMs: 25_000, sinceStartMs: 1, running: null }, nothing],
  [
    "an isolate without state waits",
    { ageMs: null, sinceStartMs: null, running: null },
    { kind: "block", start: true, waitMs: REFRESH_COLD_WAIT_MS_MAX },
  ],
  [
    "its second request waits for the same refresh",
    { ageMs: null, sinceStartMs: 5, running: "waited" },
    { kind: "block", start: false, waitMs: REFRESH_COLD_WAIT_MS_MAX },
  ],
  ["its failure is not repeated by every request", { ageMs: null, sinceStartMs: REFRESH_COLD_RETRY_MS - 1, running: null }, nothing],
  [
    "but soon",
    { ageMs: null, sinceStartMs: REFRESH_COLD_RETRY_MS, running: null },
    { kind: "block", start: true, waitMs: REFRESH_COLD_WAIT_MS_MAX },
  ],
];

test.each(cases)("%s", (_rule, facts, decision) => {
  expect(decideRefresh(facts, DEFAULT_INTERVALS)).toEqual(decision);
});

test("with state, no request ever waits longer than the cap, and two refreshes are a poll apart", () => {
  const facts = fc.record({
    ageMs: fc.nat(HOURS),
    sinceStartMs: fc.option(fc.nat(HOURS)),
    running: fc.constantFrom("background" as const, "waited" as const, null),
  });
  fc.assert(
    fc.property(facts, (value) => {
      const decision = decideRefresh(value, DEFAULT_INTERVALS);
      const waitMs = decision.kind === "block" ? decision.waitMs : 0;
      const starts = decision.kind === "background" || (decision.kind === "block" && decision.start);
      expect(waitMs).toBeLessThanOrEqual(DEFAULT_INTERVALS.blockMs);
      expect(starts ? (value.sinceStartMs ?? HOURS) : HOURS).toBeGreaterThanOrEqual(DEFAULT_INTERVALS.pollMs);
    }),
  );
});

const intervals: readonly (readonly [string, unknown, number])[] = [
  ["a whole number", "1000", 1000],
  ["zero", "0", 0],
  ["an hour", "3600000", 3_600_000],
  ["more than an hour", "3600001", 10_000],
  ["a unit", "1s", 10_000],
  ["a negative number", "-1", 10_000],
  ["nothing", "", 10_000],
  ["no variable", undefined, 10_000],
  ["a number from a JSON config", 2000, 2000],
];

test.each(intervals)("a poll interval of %s", (_what, value, expected) => {
  expect(readIntervals({ STATE_POLL_MS: value })).toEqual({ ...DEFAULT_INTERVALS, pollMs: expected });
});
