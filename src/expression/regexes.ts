// Walks an expression for its regular expressions: to list them, and to store what was proved about them.

import type { Argument, Expression, RegexLiteral, Value } from "./ast.ts";

/** All regular expressions of an expression, in the order of its text. */
export function regexesOf(expression: Expression): readonly RegexLiteral[] {
  const found: RegexLiteral[] = [];
  mapRegexes(expression, (pattern) => {
    found.push(pattern);
    return pattern;
  });
  return found;
}

/** The expression with each of its regular expressions replaced. */
export function mapRegexes(expression: Expression, change: (pattern: RegexLiteral) => RegexLiteral): Expression {
  switch (expression.kind) {
    case "or":
    case "xor":
    case "and":
      return { ...expression, operands: expression.operands.map((operand) => mapRegexes(operand, change)) };
    case "not":
    case "any":
    case "all":
      return { ...expression, operand: mapRegexes(expression.operand, change) };
    case "test": {
      const subject = mapValue(expression.subject, change);
      const { test } = expression;
      return { ...expression, subject, test: test.op === "matches" ? { ...test, pattern: change(test.pattern) } : test };
    }
    default:
      return expression satisfies never;
  }
}

function mapValue(value: Value, change: (pattern: RegexLiteral) => RegexLiteral): Value {
  if (value.kind === "field") return value;
  if (value.kind === "call") return { ...value, args: value.args.map((argument) => mapArgument(argument, change)) };
  return { ...value, of: mapValue(value.of, change) };
}

function mapArgument(argument: Argument, change: (pattern: RegexLiteral) => RegexLiteral): Argument {
  if (argument.kind === "literal") return argument;
  return argument.kind === "regex" ? { ...argument, pattern: change(argument.pattern) } : mapValue(argument, change);
}
