// The way in for text: source -> checked expression, or everything that is wrong with it.

import { check } from "./check.ts";
import { parse } from "./parser.ts";
import type { Expression } from "./ast.ts";
import type { ExpressionDiagnostic } from "./diagnostics.ts";
import type { Scheme } from "./scheme.ts";

export type ParsedExpression =
  | { readonly ok: true; readonly value: { readonly expression: Expression; readonly warnings: readonly ExpressionDiagnostic[] } }
  | { readonly ok: false; readonly error: readonly ExpressionDiagnostic[] };

/** Parses and type-checks an expression. Never throws; errors are in the order of the source. */
export function parseExpression(source: string, scheme: Scheme<never>): ParsedExpression {
  const parsed = parse(source);
  if ("diagnostic" in parsed) return { ok: false, error: [parsed.diagnostic] };
  const { expression, errors, warnings } = check(parsed.tree, scheme);
  if (expression !== null) return { ok: true, value: { expression, warnings } };
  return { ok: false, error: errors.toSorted((left, right) => left.start - right.start) };
}
