// The schema's findings as diagnostics: where, what was expected, what was found, how to fix it. Of the branches of a union the
// one that the user meant is reported, by the type of what was written; otherwise all that would have been accepted.

import type { z } from "zod";
import { describeValue } from "./diagnostic.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { nearestName } from "../expression/diagnostics.ts";
import type { Path, Source } from "./source.ts";

type Issue = z.core.$ZodIssue;

/**
 * @param root - The value that was validated.
 */
export function issueDiagnostics(issues: readonly Issue[], root: unknown, source: Source): readonly Diagnostic[] {
  return issues.flatMap((issue) => report(issue, [], root, source));
}

function report(issue: Issue, prefix: Path, root: unknown, source: Source): readonly Diagnostic[] {
  const path = [...prefix, ...issue.path] as Path;
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((name) => unknownKey(name, issue.message.split(" "), path, source));
    case "invalid_union":
      return reportUnion(issue, path, root, source);
    case "invalid_key":
      return [badName(issue, path, source)];
    default:
      return [badValue(expectationOf(issue), path, root, source)];
  }
}

function unknownKey(name: string, known: readonly string[], path: Path, source: Source): Diagnostic {
  const near = nearestName(name, known);
  const fix = near === null ? `Remove it, or use one of: ${known.join(", ")}.` : `Did you mean "${near}"?`;
  const message = `Unknown key "${name}"${path.length === 0 ? "" : ` in ${pathText(path)}`}.`;
  return source.diagnosticAtKey({
    severity: "error",
    code: "unknown-key",
    path: [...path, name],
    message,
    expected: known.join(", "),
    found: name,
    fix,
  });
}

function badName(issue: Extract<Issue, { code: "invalid_key" }>, path: Path, source: Source): Diagnostic {
  const name = String(path.at(-1) ?? "");
  const expected = issue.issues.map(expectationOf).join(" or ");
  const message = `"${name}" cannot be a key in ${pathText(path.slice(0, -1))}.`;
  return source.diagnosticAtKey({
    severity: "error",
    code: "invalid-name",
    path,
    message,
    expected,
    found: JSON.stringify(name),
    fix: `Use ${expected}.`,
  });
}

function reportUnion(issue: Extract<Issue, { code: "invalid_union" }>, path: Path, root: unknown, source: Source): readonly Diagnostic[] {
  const value = valueAt(root, path);
  const branches = issue.errors.filter((errors) => errors.length > 0);
  if (typeof value === "object" && value !== null) {
    const inside = branches.filter((errors) => !errors.some(isWrongKind));
    const meant = inside.toSorted((a, b) => a.length - b.length)[0];
    if (meant !== undefined) return meant.flatMap((inner) => report(inner, path, root, source));
  }
  const expected = branches.map((errors) => errors.filter((error) => error.path.length === 0).flatMap(flatExpectations)).flat();
  return [badValue([...new Set(expected)].join(", or "), path, root, source)];
}

/** The branch takes another kind of value altogether. */
function isWrongKind(issue: Issue): boolean {
  if (issue.path.length > 0) return false;
  if (issue.code === "invalid_union") return issue.errors.every((errors) => errors.some(isWrongKind));
  return issue.code === "invalid_type" || issue.code === "invalid_value" || issue.code === "invalid_format";
}

function flatExpectations(issue: Issue): readonly string[] {
  if (issue.code !== "invalid_union") return [expectationOf(issue)];
  return issue.errors
    .flat()
    .filter((inner) => inner.path.length === 0)
    .flatMap(flatExpectations);
}

function badValue(expected: string, path: Path, root: unknown, source: Source): Diagnostic {
  const value = valueAt(root, path);
  const what = path.length === 0 ? "The file" : pathText(path);
  if (value === undefined) {
    const name = String(path.at(-1) ?? "");
    const parent = path.slice(0, -1);
    const message = `${pathText(parent) || "The file"} has no "${name}".`;
    return source.diagnostic({
      severity: "error",
      code: "missing-key",
      path,
      message,
      expected,
      found: "nothing",
      fix: `Add \`${name}:\` with ${expected}.`,
    });
  }
  const message = value === null ? `${what} is empty.` : `${what} has a value that is not allowed here.`;
  const code = value === null ? "empty-value" : "invalid-value";
  return source.diagnostic({ severity: "error", code, path, message, expected, found: describeValue(value), fix: fixFor(expected, value) });
}

function fixFor(expected: string, value: unknown): string {
  if ((typeof value === "number" || typeof value === "boolean") && /\btext\b|name/.test(expected))
    return `Put it in quotes: "${String(value)}".`;
  if (typeof value === "number" && expected.includes("a duration")) return `Give it a unit: ${value}s or ${value}ms.`;
  if (typeof value === "number" && expected.includes("a size")) return `Give it a unit: ${value}B.`;
  if (typeof value === "string" && expected.startsWith("a list")) return `Put it in brackets: [${value}].`;
  if (typeof value === "string" && expected.includes("true or false") && /^(yes|on|no|off)$/i.test(value))
    return `Write ${/^(yes|on)$/i.test(value) ? "true" : "false"}.`;
  const quoted = [...expected.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? "");
  const near = typeof value === "string" ? nearestName(value, quoted) : null;
  return near === null ? `Use ${expected}.` : `Did you mean "${near}"?`;
}

/** How the library's own messages begin; every other message is one of the schema's expectations. */
const GENERIC = "Invalid input";

const KINDS: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a mapping",
  record: "a mapping",
};

/** Completes "expected ...". */
function expectationOf(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return issue.message.startsWith(GENERIC) ? (KINDS[issue.expected] ?? issue.expected) : issue.message;
    case "invalid_value":
      return `${issue.values.length > 1 ? "one of " : ""}${issue.values.map((value) => `\`${String(value)}\``).join(", ")}`;
    case "too_small":
      return bounded(issue.origin, "at least", issue.minimum);
    case "too_big":
      return bounded(issue.origin, "at most", issue.maximum);
    default:
      return issue.message;
  }
}

function bounded(origin: string, direction: string, bound: number | bigint): string {
  if (origin === "string" && direction === "at least" && Number(bound) === 1) return "text that is not empty";
  if (origin === "string") return `text of ${direction} ${bound} characters`;
  if (origin === "array") return `a list of ${direction} ${bound} ${Number(bound) === 1 ? "entry" : "entries"}`;
  return `a number of ${direction} ${bound}`;
}

function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

/** `sites[0].routes[2].cache`. */
export function pathText(path: Path): string {
  return path.map((step, index) => (typeof step === "number" ? `[${step}]` : index === 0 ? step : `.${step}`)).join("");
}
