// Goals of the fault table: bounds are inclusive, and a figure that is not there reaches nothing.

import { expect, test } from "vitest";

import { figuresOf } from "../../faults/figures.ts";
import type { Figures } from "../../faults/figures.ts";
import { describeGoal, figuresOfGoal, isDuration, isWorthAgain, missed } from "../../faults/goals.ts";
import type { Bound } from "../../faults/goals.ts";
import { ROWS } from "../../faults/rows.ts";

function figures(more: Partial<Figures>): Figures {
  return { ...figuresOf({ sent: [], seen: [], beganAtMs: 0, endedAtMs: 1, backAtMs: null }), ...more };
}

const ABOVE: Bound = { figure: "p99Ms", atMost: 30, above: "p99BeforeMs", says: "p99" };

test.each<{ what: string; bound: Bound; of: Partial<Figures>; reached: boolean }>([
  { what: "at the most", bound: { figure: "failed", atMost: 2, says: "" }, of: { failed: 2 }, reached: true },
  { what: "above the most", bound: { figure: "failed", atMost: 2, says: "" }, of: { failed: 3 }, reached: false },
  { what: "at the least", bound: { figure: "faulty", atLeast: 1, says: "" }, of: { faulty: 1 }, reached: true },
  { what: "below the least", bound: { figure: "faulty", atLeast: 1, says: "" }, of: { faulty: 0 }, reached: false },
  { what: "so much above another figure", bound: ABOVE, of: { p99Ms: 42, p99BeforeMs: 12 }, reached: true },
  { what: "more above another figure", bound: ABOVE, of: { p99Ms: 42.1, p99BeforeMs: 12 }, reached: false },
  { what: "above a figure that is not known", bound: ABOVE, of: { p99Ms: 1, p99BeforeMs: Number.NaN }, reached: false },
  { what: "not known", bound: { figure: "p99Ms", atMost: 150, says: "" }, of: { p99Ms: Number.NaN }, reached: false },
  { what: "not there", bound: { figure: "backMs", atMost: 150, says: "" }, of: { backMs: null }, reached: false },
])("$what: reached is $reached", ({ bound, of, reached }) => {
  expect(missed([bound], figures(of)).length === 0).toBe(reached);
});

test("what is missed says the bound and the figure", () => {
  const goal: Bound[] = [
    { figure: "failed", atMost: 0, says: "0 failed" },
    { figure: "load", atMost: 1.1, says: "load" },
  ];
  expect(missed(goal, figures({ failed: 7, load: 1.1001 }))).toEqual(["0 failed: failed is 7", "load: load is 1.100"]);
  expect(describeGoal(goal)).toBe("0 failed, load");
});

test.each([
  { what: "times missed on a busy machine", of: { p99Ms: 151, p99BeforeMs: 101 }, again: true },
  { what: "times missed on a quiet one", of: { p99Ms: 151, p99BeforeMs: 100 }, again: false },
  { what: "nothing missed", of: { p99Ms: 150, p99BeforeMs: 101 }, again: false },
  { what: "failures on a busy machine", of: { failed: 1, p99Ms: 151, p99BeforeMs: 101 }, again: false },
  { what: "no time before the fault", of: { p99Ms: 151, p99BeforeMs: Number.NaN }, again: false },
])("$what: measuring again is worth it: $again", ({ of, again }) => {
  const goal: Bound[] = [
    { figure: "failed", atMost: 0, says: "" },
    { figure: "p99Ms", atMost: 150, says: "" },
  ];
  expect(isWorthAgain(goal, figures(of))).toBe(again);
});

test("a bound above a time before that was slow already is worth measuring again, though it was reached", () => {
  expect(isWorthAgain([ABOVE], figures({ p99Ms: 101, p99BeforeMs: 101 }))).toBe(true);
  expect(isWorthAgain([ABOVE], figures({ p99Ms: 100, p99BeforeMs: 100 }))).toBe(false);
});

test("figures that the table does not show are named", () => {
  const goal: Bound[] = [
    { figure: "failed", atMost: 0, says: "" },
    { figure: "inUseMs", atMost: 1, says: "" },
    { figure: "faultyShare", atMost: 1, says: "" },
  ];
  expect(figuresOfGoal(goal, figures({ inUseMs: 104_000, faultyShare: 0.0123 }))).toBe("inUseMs 104000, faultyShare 0.012");
});

test("rows have names of their own, and each of the short form has something to say without a clock", () => {
  const names = ROWS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  const silent = ROWS.filter(({ short, goal }) => short && goal.every(isDuration)).map(({ name }) => name);
  expect(silent).toEqual([]);
});
