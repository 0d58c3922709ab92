// Problems of expressions as diagnostics of the user's file, each at its place inside the text. Also the values of actions: text
// with placeholders, or an expression.

import type { ScalarSource } from "../../expression/ast.ts";
import type { ExpressionDiagnostic } from "../../expression/diagnostics.ts";
import { parseValueExpression } from "../../expression/parse.ts";
import type { Scheme } from "../../expression/scheme.ts";
import type { Path } from "../source.ts";
import { reportInside, sentence } from "./context.ts";
import type { CheckContext } from "./context.ts";

/** @param path - Of the expression's text. */
export function reportExpression(
  context: CheckContext,
  path: Path,
  problems: readonly ExpressionDiagnostic[],
  severity: "error" | "warning",
): void {
  for (const { start, message, expected, fix } of problems) {
    const code = severity === "error" ? "expression" : "expression-warning";
    const finding = { severity, code, message: sentence(message), fix: sentence(fix ?? "see the rules language in docs/rules.md") };
    reportInside(context, path, start, expected === undefined ? finding : { ...finding, expected });
  }
}

/** A value expression as parsed; null where it is wrong. */
export function checkValue(context: CheckContext, scheme: Scheme<never>, path: Path, text: string): ScalarSource | null {
  const parsed = parseValueExpression(text, scheme);
  if (!parsed.ok) {
    reportExpression(context, path, parsed.error, "error");
    return null;
  }
  reportExpression(context, path, parsed.value.warnings, "warning");
  return parsed.value.value;
}
