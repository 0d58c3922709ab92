import { expect, test } from "vitest";
import { compareDiagnostics, describeValue, formatDiagnostic } from "../../../src/config/diagnostic.ts";
import type { Diagnostic } from "../../../src/config/diagnostic.ts";

const base: Diagnostic = {
  severity: "error",
  code: "unknown-key",
  path: ["sties"],
  file: "a.yaml",
  line: 2,
  column: 3,
  message: "Unknown key.",
};

test("position, source line with caret, expectation and fix are shown", () => {
  const text = formatDiagnostic({ ...base, expected: "sites", found: "sties", fix: "Write sites." }, "x: 1\n  sties: 2\n");
  expect(text).toBe(
    [
      "a.yaml:2:3: error: Unknown key. [unknown-key]",
      "  2 |   sties: 2",
      "    |   ^",
      "  expected: sites",
      "  found:    sties",
      "  fix:      Write sites.",
    ].join("\n"),
  );
});

test("without the source there is no source line", () => {
  expect(formatDiagnostic(base, null)).toBe("a.yaml:2:3: error: Unknown key. [unknown-key]");
  expect(formatDiagnostic({ ...base, line: 99 }, "x")).toBe("a.yaml:99:3: error: Unknown key. [unknown-key]");
});

test("a long line is cut around the caret, which still stands under its column", () => {
  const line = `${"a".repeat(500)}X${"b".repeat(500)}`;
  const [, source = "", caret = ""] = formatDiagnostic({ ...base, line: 1, column: 501 }, line).split("\n");
  expect(source.charAt(caret.indexOf("^"))).toBe("X");
  expect(source.length).toBeLessThan(140);
});

test("control characters of the source do not reach the terminal", () => {
  const text = formatDiagnostic({ ...base, line: 1, column: 9 }, "a\tb\u001b[31mc\u202e");
  expect(text).not.toMatch(/[\u001b\u202e\t]/);
});

test("a column past the end of the line puts the caret at its end", () => {
  const [, source = "", caret = ""] = formatDiagnostic({ ...base, line: 1, column: 50 }, "abc").split("\n");
  expect(caret.indexOf("^")).toBe(source.length);
});

test("a report reads from top to bottom", () => {
  const sorted = [{ ...base, line: 3 }, { ...base, column: 9 }, base, { ...base, file: "A.yaml" }].toSorted(compareDiagnostics);
  expect(sorted.map(({ file, line, column }) => `${file}:${line}:${column}`)).toEqual([
    "A.yaml:2:3",
    "a.yaml:2:3",
    "a.yaml:2:9",
    "a.yaml:3:3",
  ]);
});

test.each([
  [undefined, "nothing"],
  [null, "an empty value"],
  [[], "an empty list"],
  [[1, 2], "a list of 2"],
  [{}, "a mapping"],
  ["x", '"x"'],
  ["x".repeat(100), `"${"x".repeat(60)}…"`],
  [5, "the number 5"],
  [true, "the value true"],
])("%j is described as %s", (value, expected) => {
  expect(describeValue(value)).toBe(expected);
});
