// What can be said about an expression while some of its fields are not known yet: a request's body, the response. A rule whose
// known part is false cannot hold, so nothing needs to be read for it. Also which fields and lists an expression names.

import { readsField, visitNames } from "./walk.ts";
import type { Expression, LogicalExpression, ScalarSource } from "./ast.ts";

/** Names of the fields that an expression or a value reads. */
export function fieldsOf(node: Expression | ScalarSource): ReadonlySet<string> {
  const names = new Set<string>();
  visitNames(node, { field: (name) => names.add(name) });
  return names;
}

/** Names of the lists that an expression looks into. */
export function listsOf(expression: Expression): ReadonlySet<string> {
  const names = new Set<string>();
  visitNames(expression, { list: (name) => names.add(name) });
  return names;
}

/**
 * A condition on known fields that holds whenever the expression holds for some values of the unknown ones. `false`: the
 * expression never holds. `true`: nothing is known against it. It reads known fields only, and has the form that the checker gives.
 *
 * A part with an unknown field counts as true where the expression wants it true, and as false where it wants it false.
 */
export function mayHold(expression: Expression, isKnown: (fieldName: string) => boolean): Expression | boolean {
  return bound(expression, isKnown, true);
}

/** The tightest condition above the expression (`above`), or the loosest below it. */
function bound(expression: Expression, isKnown: (fieldName: string) => boolean, above: boolean): Expression | boolean {
  switch (expression.kind) {
    case "and":
    case "or":
      return boundLogical(expression, isKnown, above);
    case "not":
      return negate(bound(expression.operand, isKnown, !above));
    // One unknown operand decides an exclusive or, and one unknown element any and all.
    case "xor":
    case "any":
    case "all":
    case "test":
      return readsField(expression, (name) => !isKnown(name)) ? above : expression;
    default:
      return expression satisfies never;
  }
}

function boundLogical(expression: LogicalExpression, isKnown: (fieldName: string) => boolean, above: boolean): Expression | boolean {
  const decisive = expression.kind === "or";
  const operands: Expression[] = [];
  for (const operand of expression.operands) {
    const bounded = bound(operand, isKnown, above);
    if (bounded === decisive) return decisive;
    if (typeof bounded === "boolean") continue;
    if (bounded.kind === expression.kind) operands.push(...bounded.operands);
    else operands.push(bounded);
  }
  const [only] = operands;
  if (only === undefined) return !decisive;
  return operands.length === 1 ? only : { kind: expression.kind, operands };
}

function negate(expression: Expression | boolean): Expression | boolean {
  return typeof expression === "boolean" ? !expression : { kind: "not", operand: expression };
}
