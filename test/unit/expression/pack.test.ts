import fc from "fast-check";
import { expect, test } from "vitest";
import { packExpressions, unpackExpressions, type PackedExpressions } from "../../../src/expression/pack.ts";
import { expressions } from "./generate.ts";
import { expressionOf } from "./scheme.ts";

/** As a release stores it. */
const stored = (packed: PackedExpressions): PackedExpressions => JSON.parse(JSON.stringify(packed)) as PackedExpressions;

test("what is packed and stored comes back as it was, whatever the expressions are", () => {
  fc.assert(
    fc.property(fc.array(expressions, { maxLength: 20 }), (given) => {
      expect(unpackExpressions(stored(packExpressions(given)))).toEqual(given);
    }),
    { numRuns: 1_000 },
  );
});

test("what expressions look at is stored once, and is one object when it is loaded", () => {
  const packed = packExpressions([expressionOf('method eq "A" or method eq "B"'), expressionOf('not method eq "A"')]);
  expect(packed.subjects).toHaveLength(1);
  expect(packed.expressions).toEqual([
    ["or", [0, "eq", "A"], [0, "eq", "B"]],
    ["not", [0, "eq", "A"]],
  ]);
  const [first, second] = unpackExpressions(stored(packed));
  const subjectOf = (expression: unknown): unknown => (expression as { readonly subject: unknown }).subject;
  expect(first?.kind === "or" && second?.kind === "not" && subjectOf(first.operands[0]) === subjectOf(second.operand)).toBe(true);
});

test("a subject that is not there is a damaged release", () => {
  expect(() => unpackExpressions({ subjects: [], expressions: [[0]] })).toThrow(/the subject 0/);
});
