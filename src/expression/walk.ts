// What an expression names: fields, functions and lists. Used to check a stored expression before it is needed, to decide what a
// request must be read for, and to compare rules.

import type { Argument, Expression, TestExpression, Value } from "./ast.ts";

/** Called for each name, in the order of the text; a name that occurs twice is visited twice. */
export interface NameVisitor {
  field?(name: string): void;
  function?(name: string): void;
  list?(name: string): void;
}

/** Goes through all names of an expression or a value. */
export function visitNames(node: Expression | Argument, visitor: NameVisitor): void {
  switch (node.kind) {
    case "or":
    case "xor":
    case "and":
      for (const operand of node.operands) visitNames(operand, visitor);
      return;
    case "not":
    case "any":
    case "all":
      visitNames(node.operand, visitor);
      return;
    case "test":
      visitNames(node.subject, visitor);
      if (node.test.op === "in-list") visitor.list?.(node.test.list);
      return;
    case "field":
      visitor.field?.(node.name);
      return;
    case "call":
      visitor.function?.(node.name);
      for (const argument of node.args) visitNames(argument, visitor);
      return;
    case "index":
    case "each":
      visitNames(node.of, visitor);
      return;
    case "literal":
    case "regex":
      return;
    default:
      node satisfies never;
  }
}

/** Goes through all tests of an expression. */
export function visitTests(node: Expression, visit: (test: TestExpression) => void): void {
  if (node.kind === "test") visit(node);
  else if ("operand" in node) visitTests(node.operand, visit);
  else for (const operand of node.operands) visitTests(operand, visit);
}

/** Whether an expression or a value reads one of the fields that a test is true for. */
export function readsField(node: Expression | Argument, isMeant: (name: string) => boolean): boolean {
  switch (node.kind) {
    case "or":
    case "xor":
    case "and":
      return node.operands.some((operand) => readsField(operand, isMeant));
    case "not":
    case "any":
    case "all":
      return readsField(node.operand, isMeant);
    case "test":
      return readsField(node.subject, isMeant);
    case "field":
      return isMeant(node.name);
    case "call":
      return node.args.some((argument) => readsField(argument, isMeant));
    case "index":
    case "each":
      return readsField(node.of, isMeant);
    case "literal":
    case "regex":
      return false;
    default:
      return node satisfies never;
  }
}

/** A call of a function with one literal string behind its subject, such as `starts_with(path, "/a")`, used as a condition. */
export function literalCall(test: TestExpression, name: string): { readonly of: Value; readonly bytes: string } | null {
  const { subject } = test;
  if (test.test.op !== "is-true" || subject.kind !== "call" || subject.name !== name) return null;
  const [of, literal] = subject.args;
  if (of === undefined || of.kind === "literal" || of.kind === "regex") return null;
  return literal?.kind === "literal" && literal.literal.type === "Bytes" ? { of, bytes: literal.literal.value } : null;
}
