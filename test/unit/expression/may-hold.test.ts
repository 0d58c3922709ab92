import fc from "fast-check";
import { expect, test } from "vitest";
import { fieldsOf, listsOf, mayHold } from "../../../src/expression/may-hold.ts";
import { printExpression } from "../../../src/expression/print.ts";
import { contexts, expressions } from "./generate.ts";
import { compiled, expressionOf } from "./scheme.ts";
import type { Context } from "./scheme.ts";

/** Unknown: `text` and `texts`, as a request's body would be. */
const isKnown = (name: string): boolean => name !== "text" && name !== "texts";

test.each<[string, string | boolean]>([
  ["number eq 1", "number eq 1"],
  ['text eq "a"', true],
  ['not text eq "a"', true],
  ['number eq 1 and text contains "a"', "number eq 1"],
  ['number eq 1 and flag and not text contains "a"', "number eq 1 and flag"],
  ['number eq 1 or text contains "a"', true],
  ['not (number eq 1 or text contains "a")', "not number eq 1"],
  ['not (number eq 1 and text contains "a")', true],
  ['flag and (number eq 1 or (number eq 2 and text eq "a"))', "flag and (number eq 1 or number eq 2)"],
  [
    'flag and (number eq 1 and text eq "b" and other.flag or other.flag and text eq "a")',
    "flag and (number eq 1 and other.flag or other.flag)",
  ],
  ['flag xor text eq "a"', true],
  ["flag xor other.flag", "flag xor other.flag"],
  ['any(texts[*] eq "a")', true],
  ['all(texts[*] eq "a") and flag', "flag"],
  ['any(numbers[*] eq 1 and texts[*] eq "a")', true],
  ["any(numbers[*] eq 1)", "any(numbers[*] eq 1)"],
  ['lower(text) eq "a" and flag', "flag"],
  ['concat(other.text, text) eq "a" and flag', "flag"],
])("what is known of %s is %s", (source, wanted) => {
  const known = mayHold(expressionOf(source), isKnown);
  expect(typeof known === "boolean" ? known : printExpression(known)).toBe(wanted);
});

test("with all fields known the expression stays as it is, with none only a yes is left", () => {
  fc.assert(
    fc.property(expressions, (expression) => {
      expect(mayHold(expression, () => true)).toEqual(expression);
      expect(mayHold(expression, () => false)).toBe(true);
    }),
  );
});

test("an expression that holds for some values of the unknown fields may hold, and what is left reads known fields only", () => {
  let refused = 0;
  fc.assert(
    fc.property(expressions, fc.array(fc.tuple(contexts, contexts), { minLength: 10, maxLength: 10 }), (expression, samples) => {
      const known = mayHold(expression, isKnown);
      if (typeof known !== "boolean") expect([...fieldsOf(known)].filter((name) => !isKnown(name))).toEqual([]);
      for (const [context, other] of samples) {
        const before: Context = { ...context, text: undefined, texts: undefined };
        const after: Context = { ...context, text: other["text"], texts: other["texts"] };
        const may = typeof known === "boolean" ? known : compiled(known)(before);
        if (!may) refused += 1;
        if (compiled(expression)(after)) expect(may, printExpression(expression)).toBe(true);
      }
    }),
    { numRuns: 3_000, seed: 4 },
  );
  // It would prove nothing if everything might hold.
  expect(refused).toBeGreaterThan(2_000);
});

test("the names of an expression", () => {
  const expression = expressionOf(
    'number in $numbers_list and any(lower(texts[*])[*] eq "a") and not address in $addresses_list and number eq 1',
  );
  expect([...fieldsOf(expression)]).toEqual(["number", "texts", "address"]);
  expect([...listsOf(expression)]).toEqual(["numbers_list", "addresses_list"]);
  expect([...fieldsOf({ kind: "literal", literal: { type: "Bytes", value: "a" } })]).toEqual([]);
});
