// One problem of a user's config: where it is, what is wrong and how to put it right. Problems are values that are collected
// and shown together; nothing here throws or prints. Made by the modules of this folder, printed by the command line.

/** `error` stops publishing, `warning` does not. */
export type Severity = "error" | "warning";

export interface Diagnostic {
  readonly severity: Severity;
  /** Stable, kebab-case: `unknown-key`, `dangling-pool`. Safe to match in scripts. */
  readonly code: string;
  /** Keys and indexes from the top of the file; empty for the file as a whole. */
  readonly path: readonly (string | number)[];
  /** As the caller named it: the main file or a file that it refers to. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1, in UTF-16 units. */
  readonly column: number;
  /** One sentence. */
  readonly message: string;
  readonly expected?: string;
  readonly found?: string;
  /** What to write instead, as an instruction. */
  readonly fix?: string;
}

const SOURCE_WIDTH_MAX = 120;
const FOUND_LENGTH_MAX = 60;

export function isError(diagnostic: Diagnostic): boolean {
  return diagnostic.severity === "error";
}

/** Orders by file, line, column, then code, so that a report reads from top to bottom. */
export function compareDiagnostics(a: Diagnostic, b: Diagnostic): number {
  return (
    compareText(a.file, b.file) ||
    a.line - b.line ||
    a.column - b.column ||
    compareText(a.code, b.code) ||
    compareText(a.message, b.message)
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Several lines of plain text without a trailing line break: the position and message, the source line with a caret below it,
 * what was expected and found, and the fix.
 *
 * @param sourceText - The text of `diagnostic.file`; without it the source line is left out.
 */
export function formatDiagnostic(diagnostic: Diagnostic, sourceText: string | null): string {
  const { severity, code, file, line, column, message } = diagnostic;
  const lines = [`${file}:${line}:${column}: ${severity}: ${message} [${code}]`, ...sourceLines(diagnostic, sourceText)];
  if (diagnostic.expected !== undefined) lines.push(`  expected: ${diagnostic.expected}`);
  if (diagnostic.found !== undefined) lines.push(`  found:    ${diagnostic.found}`);
  if (diagnostic.fix !== undefined) lines.push(`  fix:      ${diagnostic.fix}`);
  return lines.join("\n");
}

function sourceLines(diagnostic: Diagnostic, sourceText: string | null): readonly string[] {
  const text = sourceText?.split("\n")[diagnostic.line - 1]?.replace(/\r$/, "");
  if (text === undefined) return [];
  const start = Math.max(0, diagnostic.column - 1 - SOURCE_WIDTH_MAX / 2);
  const shown =
    (start > 0 ? "…" : "") + printable(text.slice(start, start + SOURCE_WIDTH_MAX)) + (text.length > start + SOURCE_WIDTH_MAX ? "…" : "");
  const indent = " ".repeat(Math.min(diagnostic.column - 1, text.length) - start + (start > 0 ? 1 : 0));
  const gutter = String(diagnostic.line);
  return [`  ${gutter} | ${shown}`, `  ${" ".repeat(gutter.length)} | ${indent}^`];
}

/** Control characters would move the caret or command the terminal: each becomes one visible character. */
function printable(text: string): string {
  return text.replace(/\t/g, " ").replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
}

/** A value as it is shown after `found:`, in one line and cut to a readable length. */
export function describeValue(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "an empty value";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : `a list of ${value.length}`;
  if (typeof value === "object") return "a mapping";
  if (typeof value === "string") return JSON.stringify(value.length > FOUND_LENGTH_MAX ? `${value.slice(0, FOUND_LENGTH_MAX)}…` : value);
  return typeof value === "number" ? `the number ${value}` : `the value ${value === true}`;
}
