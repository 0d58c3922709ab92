// The way in for text: source -> checked expression or checked value, or everything that is wrong with it.

import { checkTree } from "./check.ts";
import { checkScalarSource } from "./check-scalar.ts";
import { parse, parseValueSource } from "./parser.ts";
import type { Expression, ScalarSource } from "./ast.ts";
import type { Checker } from "./checker.ts";
import type { ExpressionDiagnostic } from "./diagnostics.ts";
import type { Scheme } from "./scheme.ts";

export type ParsedExpression =
  | { readonly ok: true; readonly value: { readonly expression: Expression; readonly warnings: readonly ExpressionDiagnostic[] } }
  | { readonly ok: false; readonly error: readonly ExpressionDiagnostic[] };

export type ParsedValue =
  | { readonly ok: true; readonly value: { readonly value: ScalarSource; readonly warnings: readonly ExpressionDiagnostic[] } }
  | { readonly ok: false; readonly error: readonly ExpressionDiagnostic[] };

/** Parses and type-checks an expression. Never throws; reports everything that is wrong, in the order of the source. */
export function parseExpression(source: string, scheme: Scheme<never>): ParsedExpression {
  const { trees, errors } = parse(source);
  const checker: Checker = { scheme, errors: [...errors], warnings: [] };
  const [expression] = trees.map((tree) => checkTree(checker, tree));
  if (expression !== null && expression !== undefined && checker.errors.length === 0)
    return { ok: true, value: { expression, warnings: checker.warnings } };
  return { ok: false, error: inOrder(checker.errors) };
}

/**
 * Parses and type-checks a value: `concat("/de", http.request.uri.path)`, `http.host`, or a literal such as `"/new"`. It has one of
 * the types Bytes, Int, Ip and Bool. Never throws; reports everything that is wrong, in the order of the source.
 */
export function parseValueExpression(source: string, scheme: Scheme<never>): ParsedValue {
  const { argument, errors } = parseValueSource(source);
  const checker: Checker = { scheme, errors: [...errors], warnings: [] };
  const value = argument === null ? null : checkScalarSource(checker, argument);
  if (value !== null && checker.errors.length === 0) return { ok: true, value: { value, warnings: checker.warnings } };
  return { ok: false, error: inOrder(checker.errors) };
}

function inOrder(errors: readonly ExpressionDiagnostic[]): readonly ExpressionDiagnostic[] {
  return errors.toSorted((left, right) => left.start - right.start || left.end - right.end);
}
