import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import { FUNCTIONS } from "../../src/expression/functions.ts";
import { compileExpression } from "../../src/expression/compile.ts";
import { renderDiagnostic } from "../../src/expression/diagnostics.ts";
import { EXPRESSION_LENGTH_MAX } from "../../src/expression/limits.ts";
import { parseExpression, parseValueExpression } from "../../src/expression/parse.ts";
import { printExpression, printValueExpression } from "../../src/expression/print.ts";
import { compileRegex, readRegex } from "../../src/expression/regex.ts";
import { expressions } from "../unit/expression/generate.ts";
import { scheme } from "../unit/expression/scheme.ts";
import type { Expression } from "../../src/expression/ast.ts";
import type { ExpressionDiagnostic } from "../../src/expression/diagnostics.ts";

const WORDS = [
  '( ) [ ] { } , * $ ! && || ^^ == != < > ~ & " \\ r# "a" r"a" .. /8 - "*" 61:62'.split(" "),
  "and or xor not any all eq in contains matches strict wildcard bitwise_and text number flag texts map headers".split(" "),
  "1 0x 10.0.0.1 ::1 $numbers_list len lower concat regex_replace split".split(" "),
  "= | ^ === <> AND Not strict any( lower( starts_with( ' “ ” # ; @ % is like 1..2 ::/0 10.0.0.0/8 $texts.list {1 {} [0] [*]".split(" "),
  [" ", "\n", "\t", "é", "\ud83d", "\u200b", "\u00a0", "\u202e"],
].flat();

const NO_LISTS = new Map(Array.from(scheme.lists.keys(), (name) => [name, (): boolean => false] as const));

/** What is wrong with how a source was treated: it must give a boolean or diagnostics that can be shown, never an exception. */
function faultsOf(source: string): readonly string[] {
  return [...faultsOfCondition(source), ...faultsOfValue(source)];
}

function faultsOfCondition(source: string): readonly string[] {
  let lookUps = 0;
  const counting = {
    ...scheme,
    fields: Object.assign(new Map(scheme.fields), { get: (name: string) => ((lookUps += 1), scheme.fields.get(name)) }),
  };
  const parsed = parseExpression(source, counting);
  const work = lookUps > 3 * source.length + 3 ? [`${lookUps} look-ups for ${source.length} characters`] : [];
  return parsed.ok ? [...work, ...faultsOfExpression(parsed.value.expression)] : [...work, ...faultsOfErrors(source, parsed.error)];
}

function faultsOfValue(source: string): readonly string[] {
  const parsed = parseValueExpression(source, scheme);
  if (!parsed.ok) return faultsOfErrors(source, parsed.error);
  const printed = printValueExpression(parsed.value.value);
  if (printed.length > EXPRESSION_LENGTH_MAX) return [];
  const again = parseValueExpression(printed, scheme);
  return again.ok && isDeepStrictEqual(again.value.value, parsed.value.value) ? [] : [`printed as ${printed}`];
}

function faultsOfErrors(source: string, errors: readonly ExpressionDiagnostic[]): readonly string[] {
  if (errors.length === 0) return ["refused without a reason"];
  const faults = errors.flatMap((diagnostic, index) => {
    const { start, end, message } = diagnostic;
    const [line = "", carets = "", ...rest] = renderDiagnostic(source, diagnostic).split("\n");
    return [
      start >= 0 && end >= start && end <= source.length ? null : `span ${start} to ${end} of ${source.length}`,
      start >= (errors[index - 1]?.start ?? 0) ? null : "out of order",
      errors.slice(0, index).some((other) => other.start === start && other.message === message) ? `twice: ${message}` : null,
      /^ *\^+$/.test(carets) && carets.length <= Math.max(line.length, carets.indexOf("^") + 1) && line.length <= 122
        ? null
        : `carets: ${carets}`,
      // oxlint-disable-next-line no-control-regex -- what must not reach a terminal.
      rest.length > 0 && !/[\u0000-\u001f\u007f\u202e]/.test(line + rest.join("")) ? null : "not fit to be shown",
    ].filter((fault) => fault !== null);
  });
  return errors.length <= 2 * source.length + 1 ? faults : [...faults, `${errors.length} errors in ${source.length} characters`];
}

function faultsOfExpression(expression: Expression): readonly string[] {
  const answer: unknown = compileExpression(expression, scheme, NO_LISTS)({});
  if (typeof answer !== "boolean") return [`the answer is ${typeof answer}`];
  const printed = printExpression(expression);
  if (printed.length > EXPRESSION_LENGTH_MAX) return [];
  const again = parseExpression(printed, scheme);
  return again.ok && isDeepStrictEqual(again.value.expression, expression) ? [] : [`printed as ${printed}`];
}

test("any text is parsed or refused", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 60 }), (source) => {
      expect(faultsOf(source)).toEqual([]);
    }),
    { numRuns: 3_000 },
  );
});

test.each(["", " "])("any sequence of the language's words joined by %j is parsed or refused", (between) => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...WORDS), { maxLength: 25 }), (words) => {
      expect(faultsOf(words.join(between))).toEqual([]);
    }),
    { numRuns: 5_000 },
  );
});

test("a correct expression with a piece cut out, doubled or replaced is parsed or refused", () => {
  const edits = fc.tuple(expressions, fc.nat(200), fc.nat(6), fc.constantFrom("", ...WORDS));
  fc.assert(
    fc.property(edits, ([expression, at, length, word]) => {
      const source = printExpression(expression);
      const from = at % (source.length + 1);
      expect(faultsOf(source.slice(0, from) + word + source.slice(from + length))).toEqual([]);
    }),
    { numRuns: 5_000 },
  );
});

test.each([
  "(",
  ")",
  "!",
  "not ",
  "any(",
  "flag flag ",
  "= ",
  "; ",
  "# \n",
  "'",
  "txet and ",
  "(txet ",
  "texts[x] ",
  ") and ",
  "AND ",
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
])("%j as often as it fits is parsed or refused", (piece) => {
  expect(faultsOf(piece.repeat(Math.floor(EXPRESSION_LENGTH_MAX / piece.length)))).toEqual([]);
});

test("any text is a regular expression or refused, and one that is accepted has one answer in both engines", () => {
  const piece = fc.constantFrom(..."a b ( ) [ ] { } * + ? | ^ $ . \\ - && 1 , : (?i) (?: \\d \\b é #".split(" "), " ");
  const pieces = fc.array(piece, { maxLength: 14 }).map((list) => list.join(""));
  let accepted = 0;
  fc.assert(
    fc.property(
      fc.oneof({ weight: 3, arbitrary: pieces }, { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 20 }) }),
      (source) => {
        const read = readRegex(source);
        const answers = (maxLength: number | null): readonly boolean[] =>
          ["", "a", "ab-a1", "\u00ff\n"].map(compileRegex({ source, maxLength }).test);
        if ("literal" in read) accepted += 1;
        const faults =
          "literal" in read
            ? isDeepStrictEqual(answers(0), answers(null))
              ? []
              : [source]
            : read.problem.at <= source.length
              ? []
              : [read.problem];
        expect(faults).toEqual([]);
      },
    ),
    { numRuns: 5_000 },
  );
  expect(accepted).toBeGreaterThan(500);
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
      for (const definition of unary) definition.prepare({ values: [], matcher: null, types: ["Bytes"] })([text]);
      expect(unary.map(({ name }) => name)).toContain("url_decode");
    }),
  );
});
