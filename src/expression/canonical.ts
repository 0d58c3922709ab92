// One text for expressions that say the same with their parts in another order. Used to find duplicates when publishing.

import { printExpression } from "./print.ts";
import type { Expression, SetLiteral } from "./ast.ts";

/** The printed form with operands and set items in order and without repetition. */
export function canonicalText(expression: Expression): string {
  return printExpression(ordered(expression));
}

function ordered(expression: Expression): Expression {
  switch (expression.kind) {
    case "and":
    case "or":
    case "xor": {
      const operands = expression.operands.map(ordered).map((operand) => ({ operand, text: printExpression(operand) }));
      operands.sort((left, right) => (left.text < right.text ? -1 : left.text > right.text ? 1 : 0));
      // `a xor a` is not `a`; and inside any and all a repeated operand is dropped like anywhere.
      const kept =
        expression.kind === "xor" ? operands : operands.filter(({ text }, index) => index === 0 || text !== operands[index - 1]?.text);
      return kept.length === 1 && kept[0] !== undefined
        ? kept[0].operand
        : { kind: expression.kind, operands: kept.map(({ operand }) => operand) };
    }
    case "not":
      return expression.operand.kind === "not"
        ? ordered(expression.operand.operand)
        : { kind: "not", operand: ordered(expression.operand) };
    case "any":
    case "all":
      return { kind: expression.kind, operand: ordered(expression.operand) };
    case "test":
      return expression.test.op === "in" ? { ...expression, test: { op: "in", set: orderedSet(expression.test.set) } } : expression;
    default:
      return expression satisfies never;
  }
}

function orderedSet(set: SetLiteral): SetLiteral {
  if (set.type === "Bytes") return { type: "Bytes", values: [...new Set(set.values)].toSorted() };
  if (set.type === "Ip") return { type: "Ip", ranges: [...new Set(set.ranges)].toSorted() };
  const texts = new Map(set.ranges.map((range) => [range.join(".."), range]));
  return { type: "Int", ranges: [...texts].toSorted(([left], [right]) => (left < right ? -1 : 1)).map(([, range]) => range) };
}
