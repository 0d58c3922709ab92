import fc from "fast-check";
import { expect, test } from "vitest";
import { printExpression } from "../../../src/expression/print.ts";
import { mapRegexes } from "../../../src/expression/regexes.ts";
import { contexts, expressions } from "./generate.ts";
import { interpret } from "./reference.ts";
import { compiled, expressionOf } from "./scheme.ts";
import type { Expression } from "../../../src/expression/ast.ts";

/** What was proved about patterns is not part of the text. */
const withoutProofs = (expression: Expression): Expression => mapRegexes(expression, ({ source }) => ({ source, maxLength: 0 }));

test("parsing what was printed gives the same expression", () => {
  fc.assert(
    fc.property(expressions, (expression) => {
      const source = printExpression(expression);
      fc.pre(source.length <= 4_096);
      expect(withoutProofs(expressionOf(source)), source).toEqual(expression);
    }),
    { numRuns: 3_000 },
  );
});

test("an expression survives being stored as JSON", () => {
  fc.assert(
    fc.property(expressions, (expression) => {
      expect(JSON.parse(JSON.stringify(expression))).toEqual(expression);
    }),
  );
});

test("closures and the reference interpreter agree on 20,000 pairs of expression and context", () => {
  let held = 0;
  fc.assert(
    fc.property(expressions, fc.array(contexts, { minLength: 10, maxLength: 10 }), (expression, samples) => {
      const closure = compiled(expression);
      for (const context of samples) {
        const answer = closure(context);
        if (answer) held += 1;
        expect(answer, printExpression(expression)).toBe(interpret(expression, context));
      }
    }),
    { numRuns: 2_000 },
  );
  // The property would be empty if nearly all answers were the same.
  expect(held).toBeGreaterThan(4_000);
  expect(held).toBeLessThan(16_000);
});

test("V8 and the linear engine give the same answer inside expressions", () => {
  fc.assert(
    fc.property(expressions, contexts, (expression, context) => {
      const fast = mapRegexes(expression, ({ source }) => ({ source, maxLength: null }));
      expect(compiled(fast)(context)).toBe(compiled(expression)(context));
    }),
    { numRuns: 1_000 },
  );
});
