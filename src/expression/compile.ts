// A checked expression as closures. All preparation (sets, patterns, list look-ups by name) happens here, once; what is returned
// only reads the context. A closure never throws: a missing value makes its comparison false. `compileExpression` is the simple
// way, for one expression; `matcher.ts` compiles many with the same code and shares what they have in common.

import { plainCompilation } from "./compilation.ts";
import { compileTest } from "./compile-test.ts";
import { compileElements, compileValue, hasEach } from "./compile-value.ts";
import type { Compilation, Membership } from "./compilation.ts";
import type { Expression, LogicalExpression, TestExpression } from "./ast.ts";
import type { Scheme } from "./scheme.ts";
import type { RuntimeValue } from "./types.ts";

export type { Membership } from "./compilation.ts";

export type Predicate<Context> = (context: Context) => boolean;

/**
 * Compiles a checked expression. Throws when it names a field, function or list that is not there, or holds an invalid pattern:
 * that is a damaged or newer release, not a user's mistake.
 */
export function compileExpression<Context>(
  expression: Expression,
  scheme: Scheme<Context>,
  lists: ReadonlyMap<string, Membership<NoInfer<Context>>>,
): Predicate<Context> {
  return compileBool(plainCompilation(scheme, lists), expression);
}

/** Compiles an expression that is a Bool. */
export function compileBool<Context>(compilation: Compilation<Context>, expression: Expression): Predicate<Context> {
  switch (expression.kind) {
    case "or":
    case "xor":
    case "and":
      return compileLogical(compilation, expression);
    case "not": {
      const operand = compileBool(compilation, expression.operand);
      return (context) => !operand(context);
    }
    case "any":
    case "all":
      return compilation.share(expression, () => compileQuantifier(compilation, expression.kind, expression.operand));
    case "test":
      return isCostly(expression)
        ? compilation.share(expression, () => compileComparison(compilation, expression))
        : compileComparison(compilation, expression);
    default:
      return expression satisfies never;
  }
}

function compileComparison<Context>(compilation: Compilation<Context>, expression: TestExpression): Predicate<Context> {
  const get = compileValue(compilation, expression.subject);
  const test = compileTest(compilation, expression.test);
  return (context) => {
    const value = get(context);
    return value !== undefined && test(value, context);
  };
}

/** Whether a test takes longer than remembering its answer. */
function isCostly({ test }: TestExpression): boolean {
  return test.op === "matches" || test.op === "in-list" || test.op === "contains" || test.op === "wildcard";
}

function compileLogical<Context>(compilation: Compilation<Context>, expression: LogicalExpression): Predicate<Context> {
  const operands = expression.operands.map((operand) => compileBool(compilation, operand));
  if (expression.kind === "xor") return (context) => operands.reduce((odd, operand) => odd !== operand(context), false);
  // The first operand that decides ends the evaluation.
  const decisive = expression.kind === "or";
  return (context) => {
    for (const operand of operands) {
      if (operand(context) === decisive) return decisive;
    }
    return !decisive;
  };
}

function compileQuantifier<Context>(compilation: Compilation<Context>, kind: "any" | "all", operand: Expression): Predicate<Context> {
  const decisive = kind === "any";
  if (operand.kind === "test") {
    // The common case: no array of answers is built.
    const elements = compileSubject(compilation, operand);
    const test = compileTest(compilation, operand.test);
    return (context) => {
      for (const element of elements(context)) {
        if (test(element, context) === decisive) return decisive;
      }
      return !decisive;
    };
  }
  const answers = compileArray(compilation, operand);
  return (context) => (decisive ? answers(context).includes(true) : !answers(context).includes(false));
}

type Answers<Context> = (context: Context) => readonly boolean[];

/** One answer for each element. Arrays of different lengths are combined up to the shorter one's end, as in Cloudflare's engine. */
function compileArray<Context>(compilation: Compilation<Context>, expression: Expression): Answers<Context> {
  switch (expression.kind) {
    case "not": {
      const operand = compileArray(compilation, expression.operand);
      return (context) => operand(context).map((answer) => !answer);
    }
    case "or":
    case "xor":
    case "and": {
      const { kind } = expression;
      const operands = expression.operands.map((operand) => compileArray(compilation, operand));
      const combine = (left: boolean, right: boolean): boolean =>
        kind === "or" ? left || right : kind === "and" ? left && right : left !== right;
      return (context) =>
        operands
          .map((operand) => operand(context))
          .reduce((left, right) => left.slice(0, right.length).map((answer, index) => combine(answer, right[index] === true)));
    }
    case "test": {
      const elements = compileSubject(compilation, expression);
      const test = compileTest(compilation, expression.test);
      return (context) => elements(context).map((element) => test(element, context));
    }
    case "any":
    case "all":
      throw new Error("any and all give no array");
    default:
      return expression satisfies never;
  }
}

/** The elements that a test inside any or all goes over; none when the array is missing. */
function compileSubject<Context>(
  compilation: Compilation<Context>,
  expression: TestExpression,
): (context: Context) => readonly RuntimeValue[] {
  const { subject } = expression;
  if (hasEach(subject)) {
    const elements = compileElements(compilation, subject);
    return (context) => elements(context) ?? [];
  }
  const get = compileValue(compilation, subject);
  return (context) => (get(context) as readonly RuntimeValue[] | undefined) ?? [];
}
