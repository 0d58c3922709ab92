// Problems of expressions as diagnostics of the user's file, each at its place inside the text. Also the values of actions: text
// with placeholders, or an expression.

import type { ScalarSource } from "../../expression/ast.ts";
import type { ExpressionDiagnostic } from "../../expression/diagnostics.ts";
import { parseValueExpression } from "../../expression/parse.ts";
import type { Scheme } from "../../expression/scheme.ts";
import { ruleScheme } from "../../firewall/fields.ts";
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
  const isCut = problems.some(({ message }) => CUT.test(message)) && context.source.endsWithComment(path);
  for (const { start, message, expected, fix: advice } of problems) {
    const code = severity === "error" ? "expression" : "expression-warning";
    const fix = isCut && CUT.test(message) ? CUT_FIX : (advice ?? "see the rules language in docs/rules.md");
    const finding = { severity, code, message: told(message), fix: sentence(fix) };
    reportInside(context, path, start, expected === undefined ? finding : { ...finding, expected });
  }
}

/** What is said of an expression that a comment of YAML ended too early. */
const CUT = /has no closing quote|ends before|ends too early/;
const CUT_FIX = "to YAML, a space and # begin a comment: put the whole expression in single quotes, or on a line of its own below `>-`";

/** As a sentence; a name of the language at its beginning stays as it is written. */
function told(message: string): string {
  const text = sentence(message);
  const [first = ""] = message.split(/[ (]/, 1);
  return OPERATORS.has(first) || ruleScheme.fields.has(first) || ruleScheme.functions.has(first) ? message.charAt(0) + text.slice(1) : text;
}

const OPERATORS: ReadonlySet<string> = new Set(
  "eq ne lt le gt ge in contains matches wildcard strict bitwise_and and or xor not any all".split(" "),
);

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
