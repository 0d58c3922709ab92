// Gives a syntax tree its meaning: resolves names, checks types, reads literals, and collects every problem instead of stopping
// at the first. What comes out is the expression that is stored.

import { diagnose } from "./diagnostics.ts";
import { checkTest, checkUntyped } from "./check-test.ts";
import { checkValue } from "./check-value.ts";
import { typeName } from "./types.ts";
import type { Expression } from "./ast.ts";
import type { Checker } from "./checker.ts";
import type { Span } from "./diagnostics.ts";
import type { SyntaxComparison, SyntaxLogical, SyntaxNode } from "./syntax.ts";

/** A checked node: `array` when it gives an array of Bools. */
interface Checked {
  readonly expression: Expression;
  readonly array: boolean;
}

/** Checks a tree. Null when something is wrong: what it is stands with the checker, or was reported by the parser. Never throws. */
export function checkTree(checker: Checker, tree: SyntaxNode): Expression | null {
  const root = checkNode(checker, tree);
  if (root?.array !== true) return root?.expression ?? null;
  checker.errors.push(
    diagnose(tree, "this gives one answer for each element, and a rule needs one", { fix: "put it into any(...) or all(...)" }),
  );
  return null;
}

function checkNode(checker: Checker, node: SyntaxNode): Checked | null {
  switch (node.kind) {
    case "or":
    case "xor":
    case "and":
      return checkLogical(checker, node);
    case "not": {
      const operand = checkNode(checker, node.operand);
      return operand === null ? null : { expression: { kind: "not", operand: operand.expression }, array: operand.array };
    }
    case "any":
    case "all": {
      const operand = checkNode(checker, node.operand);
      if (operand === null) return null;
      if (operand.array) return { expression: { kind: node.kind, operand: operand.expression }, array: false };
      const fix = `put [*] behind the array inside ${node.kind}(...), or leave ${node.kind} out`;
      checker.errors.push(
        diagnose(node.operand, `${node.kind} needs one answer for each element of an array; this is a single one`, { fix }),
      );
      return null;
    }
    case "comparison":
      return checkComparison(checker, node);
    case "hole":
      return null;
    default:
      return node satisfies never;
  }
}

function checkLogical(checker: Checker, node: SyntaxLogical): Checked | null {
  const checked = node.operands.map((operand) => checkNode(checker, operand));
  const first = checked.find((operand) => operand !== null);
  const odd = checked.findIndex((operand) => operand !== null && operand.array !== first?.array);
  if (odd !== -1) {
    const fix = "put any(...) or all(...) around the part with [*]";
    checker.errors.push(
      diagnose(node.operands[odd] as Span, `${node.kind} cannot combine a single answer with one for each element`, { fix }),
    );
    return null;
  }
  const operands: Expression[] = [];
  for (const operand of checked) {
    if (operand === null) return null;
    // `a and (b and c)` means the same as `a and b and c`, and is kept in that form.
    if (operand.expression.kind === node.kind) operands.push(...operand.expression.operands);
    else operands.push(operand.expression);
  }
  return { expression: { kind: node.kind, operands }, array: first?.array ?? false };
}

function checkComparison(checker: Checker, node: SyntaxComparison): Checked | null {
  const subject = checkValue(checker, node.subject);
  if (node.operator?.kind === "hole") return null;
  if (subject === null) {
    if (node.operator !== null) checkUntyped(checker, node.operator);
    return null;
  }
  const { value, each } = subject;
  if (node.operator !== null) {
    const test = checkTest(checker, subject, node.subject, node.operator);
    return test === null ? null : { expression: { kind: "test", subject: value, test }, array: each };
  }
  const isBool = value.type === "Bool";
  const isArray = !each && typeof value.type === "object" && "array" in value.type && value.type.array === "Bool";
  if (isBool || isArray) return { expression: { kind: "test", subject: value, test: { op: "is-true" } }, array: each || isArray };
  const after = { start: node.end, end: node.end };
  checker.errors.push(
    diagnose(after, `${node.subject.name} is ${typeName(value.type)}, so a comparison must follow`, {
      expected: operatorsFor(typeName(value.type)),
    }),
  );
  return null;
}

function operatorsFor(type: string): string {
  if (type === "Bytes") return "eq, ne, lt, le, gt, ge, in, contains, matches, wildcard, or strict wildcard";
  if (type === "Int") return "eq, ne, lt, le, gt, ge, in, or bitwise_and";
  if (type === "Ip") return "eq, ne, lt, le, gt, ge, or in";
  return 'an index such as [0], ["name"] or [*]';
}
