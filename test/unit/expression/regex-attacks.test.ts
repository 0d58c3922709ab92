// No known attack on a regular expression costs more than a bounded amount of work. The product's path: the pattern is checked,
// what can be proved is proved, and V8 gets it only as far as that is cheap; everything else runs on the linear engine.

import { describe, expect, test } from "vitest";
import { REGEX_BYTE_COST_MAX, REGEX_FIND_STATES_MAX, REGEX_STEPS_MAX } from "../../../src/expression/limits.ts";
import { compileRegex, readRegex } from "../../../src/expression/regex.ts";
import { backtrackCost } from "../../../src/expression/regex-cost.ts";
import { proveRegexes } from "../../../src/expression/regex-safety.ts";
import { parseRegex } from "../../../src/expression/regex-syntax.ts";
import { regexesOf } from "../../../src/expression/regexes.ts";
import { ATTACK_BYTES, ATTACKS } from "./regex-attacks.ts";
import type { Expression, RegexLiteral } from "../../../src/expression/ast.ts";
import type { RegexClass } from "../../../src/expression/regex-safety.ts";

/** What V8 may do for one value. */
const V8_STEPS_MAX = 10_000_000;

const kinds = Map.groupBy(ATTACKS, ({ kind }) => kind);

test("there are eight attacks or more of each of eleven kinds, each of 8 KB", () => {
  expect(kinds.size).toBe(11);
  for (const attacks of kinds.values()) expect(attacks.length).toBeGreaterThanOrEqual(8);
  expect(ATTACKS.filter(({ value }) => value.length !== ATTACK_BYTES)).toEqual([]);
});

function prove(literal: RegexLiteral): { readonly literal: RegexLiteral; readonly regexClass: RegexClass } {
  const subject = { kind: "field", name: "value", type: "Bytes" } as const;
  const expression: Expression = { kind: "test", subject, test: { op: "matches", pattern: literal } };
  const proved = proveRegexes(expression);
  return { literal: regexesOf(proved.expression)[0] ?? literal, regexClass: [...proved.classes.values()][0] ?? { kind: "linear" } };
}

/** Steps that backtracking may take for a value of this length; a loop that was judged linear counts as one round. */
function v8Steps(pattern: string, length: number, regexClass: RegexClass): number {
  const tree = parseRegex(pattern);
  if ("problem" in tree) return Number.POSITIVE_INFINITY;
  const degree = regexClass.kind === "linear" ? 1 : regexClass.kind === "polynomial" ? regexClass.degree : Number.POSITIVE_INFINITY;
  return backtrackCost(tree.root, "once").steps * length ** degree;
}

describe.each([...kinds.keys()])("%s", (kind) => {
  test("is refused, or costs a bounded amount of work", { timeout: 120_000 }, () => {
    for (const { pattern, value } of kinds.get(kind) ?? []) {
      const read = readRegex(pattern);
      if ("problem" in read) {
        expect(read.problem.message).toMatch(/too (large|complex)/);
        continue;
      }
      const { literal, regexClass } = prove(read.literal);
      const work = { steps: 0 };
      compileRegex(literal, work).test(value);
      if (literal.maxLength === null)
        expect(v8Steps(pattern, value.length, regexClass), pattern).toBeLessThanOrEqual(REGEX_STEPS_MAX * ATTACK_BYTES);
      else {
        expect(work.steps, pattern).toBeGreaterThan(0);
        expect(work.steps, pattern).toBeLessThanOrEqual(REGEX_BYTE_COST_MAX * (ATTACK_BYTES + 1));
      }
      if (literal.maxLength !== null && literal.maxLength > 0)
        expect(v8Steps(pattern, literal.maxLength, regexClass), pattern).toBeLessThanOrEqual(V8_STEPS_MAX);
    }
  });

  test("finds its match in a bounded amount of work too", () => {
    for (const { pattern, value } of kinds.get(kind) ?? []) {
      const read = readRegex(pattern, true);
      if ("problem" in read) continue;
      const work = { steps: 0 };
      compileRegex(read.literal, work).find(value);
      const mostSteps = REGEX_BYTE_COST_MAX + REGEX_FIND_STATES_MAX + 1;
      expect(work.steps, pattern).toBeLessThanOrEqual(mostSteps * (ATTACK_BYTES + 1));
    }
  });
});

test("both engines agree on every attack, shortened so that backtracking ends", () => {
  for (const { pattern, value } of ATTACKS) {
    if ("problem" in readRegex(pattern)) continue;
    for (const sample of [value.slice(0, 7), value.slice(-7), value.slice(0, 4) + value.slice(-3), ""]) {
      const [fast, safe] = [null, 0].map((maxLength) => compileRegex({ source: pattern, maxLength }).test(sample));
      expect(safe, `${pattern} on ${JSON.stringify(sample)}`).toBe(fast);
    }
  }
});
