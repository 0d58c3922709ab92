import fc from "fast-check";
import { expect, test } from "vitest";
import { FUNCTIONS } from "../../../src/expression/functions.ts";
import { printExpression } from "../../../src/expression/print.ts";
import { mapRegexes } from "../../../src/expression/regexes.ts";
import { contexts, expressions } from "./generate.ts";
import { interpret } from "./reference.ts";
import { compiled, expressionOf } from "./scheme.ts";
import type { Expression, Test, Value } from "../../../src/expression/ast.ts";
import type { Context } from "./scheme.ts";

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

const EXPRESSIONS = 20_000;
const CONTEXTS_EACH = 50;
const CONTEXT_POOL = 5_000;

test("closures and the reference interpreter agree on a million pairs of expression and context", { timeout: 120_000 }, () => {
  const pool = fc.sample(contexts, { seed: 1, numRuns: CONTEXT_POOL });
  const names = new Set<string>();
  const ops = new Set<string>();
  let held = 0;
  const differences = fc.sample(expressions, { seed: 2, numRuns: EXPRESSIONS }).flatMap((expression, index) => {
    visit(
      expression,
      ({ op }) => ops.add(op),
      (name) => names.add(name),
    );
    const closure = compiled(expression);
    for (let turn = 0; turn < CONTEXTS_EACH; turn += 1) {
      const context = pool[(index * CONTEXTS_EACH + turn * 7) % CONTEXT_POOL] as Context;
      const answer = closure(context);
      if (answer) held += 1;
      if (answer !== interpret(expression, context)) return [{ source: printExpression(expression), context }];
    }
    return [];
  });
  expect(differences.slice(0, 3)).toEqual([]);
  // It would show little if nearly all answers were the same, or if a part of the language did not occur.
  expect(held / (EXPRESSIONS * CONTEXTS_EACH)).toBeGreaterThan(0.2);
  expect(held / (EXPRESSIONS * CONTEXTS_EACH)).toBeLessThan(0.8);
  expect([...names].toSorted()).toEqual(FUNCTIONS.map(({ name }) => name));
  expect(ops.size).toBe(13);
});

function visit(expression: Expression, onTest: (test: Test) => void, onCall: (name: string) => void): void {
  if (expression.kind === "test") {
    onTest(expression.test);
    visitValue(expression.subject, onCall);
  } else if ("operands" in expression) for (const operand of expression.operands) visit(operand, onTest, onCall);
  else visit(expression.operand, onTest, onCall);
}

function visitValue(value: Value, onCall: (name: string) => void): void {
  if (value.kind === "index" || value.kind === "each") visitValue(value.of, onCall);
  if (value.kind !== "call") return;
  onCall(value.name);
  for (const arg of value.args) if (arg.kind !== "literal" && arg.kind !== "regex") visitValue(arg, onCall);
}

test("V8 and the linear engine give the same answer inside expressions", () => {
  fc.assert(
    fc.property(expressions, contexts, (expression, context) => {
      const fast = mapRegexes(expression, ({ source }) => ({ source, maxLength: null }));
      expect(compiled(fast)(context)).toBe(compiled(expression)(context));
    }),
    { numRuns: 1_000 },
  );
});
