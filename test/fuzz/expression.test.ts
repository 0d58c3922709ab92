import fc from "fast-check";
import { expect, test } from "vitest";
import { FUNCTIONS } from "../../src/expression/functions.ts";
import { compileExpression } from "../../src/expression/compile.ts";
import { renderDiagnostic } from "../../src/expression/diagnostics.ts";
import { EXPRESSION_LENGTH_MAX } from "../../src/expression/limits.ts";
import { parseExpression } from "../../src/expression/parse.ts";
import { printExpression } from "../../src/expression/print.ts";
import { compileRegex, readRegex } from "../../src/expression/regex.ts";
import { expressions } from "../unit/expression/generate.ts";
import { scheme } from "../unit/expression/scheme.ts";

const WORDS = [
  ...[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    "*",
    "$",
    "!",
    "&&",
    "||",
    "^^",
    "==",
    "!=",
    "<",
    ">",
    "~",
    "&",
    '"',
    "\\",
    "r#",
    '"a"',
    'r"a"',
    "..",
    "/8",
    "-",
  ],
  ...[
    "and",
    "or",
    "xor",
    "not",
    "any",
    "all",
    "eq",
    "in",
    "contains",
    "matches",
    "strict",
    "wildcard",
    "bitwise_and",
    "text",
    "number",
    "flag",
    "texts",
    "map",
    "headers",
  ],
  ...[
    "1",
    "0x",
    "10.0.0.1",
    "::1",
    "$numbers_list",
    " ",
    "\n",
    "\t",
    "é",
    "\ud83d",
    "len",
    "lower",
    "concat",
    "regex_replace",
    "split",
    '"*"',
    "61:62",
  ],
];

/** Whatever the source is: an answer or diagnostics that can be shown, never an exception. */
function check(source: string): void {
  const parsed = parseExpression(source, scheme);
  if (parsed.ok) {
    const { expression } = parsed.value;
    const matches = compileExpression(expression, scheme, new Map([...scheme.lists.keys()].map((name) => [name, () => false])));
    expect(typeof matches({})).toBe("boolean");
    const printed = printExpression(expression);
    if (printed.length <= EXPRESSION_LENGTH_MAX)
      expect(parseExpression(printed, scheme)).toMatchObject({ ok: true, value: { expression } });
    return;
  }
  expect(parsed.error.length).toBeGreaterThan(0);
  for (const diagnostic of parsed.error) {
    expect(diagnostic.start).toBeGreaterThanOrEqual(0);
    expect(diagnostic.end).toBeGreaterThanOrEqual(diagnostic.start);
    expect(diagnostic.end).toBeLessThanOrEqual(source.length + 1);
    expect(renderDiagnostic(source, diagnostic)).toContain("^");
  }
}

test("any text is parsed or refused", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 60 }), check), { numRuns: 3_000 });
});

test("any sequence of the language's words is parsed or refused", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...WORDS), { maxLength: 25 }).map((words) => words.join("")),
      check,
    ),
    { numRuns: 6_000 },
  );
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...WORDS), { maxLength: 25 }).map((words) => words.join(" ")),
      check,
    ),
    { numRuns: 6_000 },
  );
});

test("a correct expression with a piece cut out, doubled or replaced is parsed or refused", () => {
  const edits = fc.tuple(expressions, fc.nat(200), fc.nat(6), fc.constantFrom("", ...WORDS));
  fc.assert(
    fc.property(edits, ([expression, at, length, word]) => {
      const source = printExpression(expression);
      const from = at % (source.length + 1);
      check(source.slice(0, from) + word + source.slice(from + length));
    }),
    { numRuns: 6_000 },
  );
});

test("the deepest and longest sources are parsed or refused", () => {
  for (const piece of [
    "(",
    "!",
    "not ",
    "any(",
    "lower(",
    "texts[",
    "flag and ",
    '"',
    "{",
    "[*]",
    "text eq ",
    "\\",
    "r#",
    "flag xor (",
    "-1 ",
  ]) {
    check(piece.repeat(Math.floor(EXPRESSION_LENGTH_MAX / piece.length)));
  }
});

test("any text is a regular expression or refused, and one that is accepted runs in both engines", () => {
  const piece = fc.constantFrom(
    "a",
    "b",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "*",
    "+",
    "?",
    "|",
    "^",
    "$",
    ".",
    "\\",
    "-",
    "&&",
    "1",
    ",",
    ":",
    "(?i)",
    "(?:",
    "\\d",
    "\\b",
    "é",
    "#",
    " ",
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(piece, { maxLength: 14 }).map((pieces) => pieces.join("")),
        fc.string({ unit: "binary", maxLength: 20 }),
      ),
      (source) => {
        const read = readRegex(source);
        if ("problem" in read) {
          expect(read.problem.at).toBeLessThanOrEqual(source.length);
          return;
        }
        const fast = compileRegex({ source, maxLength: null });
        const safe = compileRegex({ source, maxLength: 0 });
        for (const value of ["", "a", "ab-a1", "\u00ff\n"]) expect(safe.test(value), source).toBe(fast.test(value));
      },
    ),
    { numRuns: 5_000 },
  );
});

test("functions get every kind of bytes and throw nothing", () => {
  const bytes = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 60 });
  const unary = FUNCTIONS.filter(
    ({ parameters }) =>
      parameters.filter(({ optional }) => optional !== true).length === 1 && parameters[0]?.accepts.includes("Bytes") === true,
  );
  expect(unary.length).toBeGreaterThan(5);
  fc.assert(
    fc.property(bytes, (text) => {
      for (const { prepare } of unary) prepare({ values: [], matcher: null, types: ["Bytes"] })([text]);
      expect(unary.map(({ name }) => name)).toContain("url_decode");
    }),
  );
});
