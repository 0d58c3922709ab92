// A config's problems as lines for a terminal: position, message, the source line with a caret, and the fix. The form is that of
// src/config/diagnostic.ts; this adds colours and a closing count.

import { compareDiagnostics, formatDiagnostic, isError, type Diagnostic } from "../../src/config/diagnostic.ts";
import type { Painter } from "./paint.ts";
import { printable } from "./paint.ts";

/** Shown in full; a broken file of thousands of rules would otherwise bury its first problem. */
const SHOWN_MAX = 50;

export function diagnosticLines(
  diagnostics: readonly Diagnostic[],
  files: Readonly<Record<string, string>>,
  paint: Painter,
): readonly string[] {
  const sorted = diagnostics.toSorted(compareDiagnostics);
  const lines = sorted.slice(0, SHOWN_MAX).flatMap((diagnostic) => one(diagnostic, files, paint));
  const left = sorted.length - SHOWN_MAX;
  return left > 0 ? [...lines, `... and ${left} more; --json has them all`, ""] : lines;
}

function one(diagnostic: Diagnostic, files: Readonly<Record<string, string>>, paint: Painter): readonly string[] {
  const text = Object.hasOwn(files, diagnostic.file) ? (files[diagnostic.file] ?? null) : null;
  const [first = "", ...rest] = formatDiagnostic(diagnostic, text).split("\n");
  const colour = isError(diagnostic) ? "red" : "yellow";
  return [
    paint("bold", printable(first).replace(`${diagnostic.severity}:`, paint(colour, `${diagnostic.severity}:`))),
    ...rest.map(printable),
    "",
  ];
}

/** `2 errors and 1 warning`. */
export function countProblems(diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter(isError).length;
  const warnings = diagnostics.length - errors;
  const parts = [errors > 0 || warnings === 0 ? counted(errors, "error") : "", warnings > 0 ? counted(warnings, "warning") : ""];
  return parts.filter((part) => part !== "").join(" and ");
}

export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
