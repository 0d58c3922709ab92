// Values outside of conditions: what a redirect goes to, what a header is set to, what a rate limit counts by.

import fc from "fast-check";
import { expect, test } from "vitest";
import { parseValueExpression } from "../../../src/expression/parse.ts";
import { printValueExpression } from "../../../src/expression/print.ts";
import { scheme } from "./scheme.ts";

const errorsOf = (source: string): readonly string[] => {
  const parsed = parseValueExpression(source, scheme);
  return parsed.ok ? [] : parsed.error.map(({ start, end, message }) => `${source.slice(start, end)}: ${message}`);
};

const valueOf = (source: string): unknown => {
  const parsed = parseValueExpression(source, scheme);
  return parsed.ok ? parsed.value.value : errorsOf(source);
};

test.each([
  ["text", "text"],
  [" number\n", "number"],
  ["flag", "flag"],
  ["address", "address"],
  ['"/new"', '"/new"'],
  ['r#"a"b"#', '"a\\"b"'],
  ["301", "301"],
  ["-1", "-1"],
  ["0x10", "16"],
  ["9223372036854775807", "9223372036854775807"],
  ["10.0.0.1", "10.0.0.1"],
  ["2001:DB8::1", "2001:db8::1"],
  ["61:62", '"ab"'],
  ["texts[0]", "texts[0]"],
  ['headers["a"][0]', 'headers["a"][0]'],
  ['concat("/de", text)', 'concat("/de", text)'],
  ['regex_replace(text, "^/a/(.*)$", "/b/${1}")', 'regex_replace(text, r"^/a/(.*)$", "/b/${1}")'],
  ['join(split(text, "/", 3), "-")', 'join(split(text, "/", 3), "-")'],
  ["len(texts)", "len(texts)"],
  ['starts_with(text, "a")', 'starts_with(text, "a")'],
  ["to_string(address)", "to_string(address)"],
  ['join(lower(texts[*]), ",")', 'join(lower(texts[*]), ",")'],
])("%s is a value", (source, canonical) => {
  expect(errorsOf(source)).toEqual([]);
  const parsed = parseValueExpression(source, scheme);
  expect(parsed.ok && printValueExpression(parsed.value.value)).toBe(canonical);
  expect(valueOf(canonical)).toEqual(valueOf(source));
});

test.each([
  ["", [": the value is empty"]],
  ["texts", ["texts: this is Array(Bytes), and one value is needed here"]],
  ["map", ["map: this is Map(Bytes), and one value is needed here"]],
  ['headers["a"]', ['headers["a"]: this is Array(Bytes), and one value is needed here']],
  ["texts[*]", ["texts[*]: [*] stands for each element, and one value is needed here"]],
  ["lower(texts[*])", ["lower(texts[*]): this is Array(Bytes), and one value is needed here"]],
  ['split(text, ",", 2)', ['split(text, ",", 2): this is Array(Bytes), and one value is needed here']],
  ["any(flags)", ["any: this is a condition, and a value is needed here"]],
  ["not flag", ["not: this is a condition, and a value is needed here"]],
  ["(text)", ["(: this is a condition, and a value is needed here"]],
  ['text eq "a"', ["eq: this is a condition, and a value is needed here"]],
  ["flag and flag", ["and: this is a condition, and a value is needed here"]],
  ['text strict wildcard "a"', ["strict: this is a condition, and a value is needed here"]],
  ["text text", ['text: "text" does not fit here']],
  ["https://example.com/", ["https://example.com/: https://example.com/ is not a string"]],
  ["'a'", ["'a': strings are written in double quotes"]],
  ['"a', ['"a: this string has no closing quote (")']],
  ["txet", ["txet: there is no field named txet"]],
  ['concat("a", txet, texst)', ["txet: there is no field named txet", "texst: there is no field named texst"]],
  ['concat("a"', [': the expression ends before the ) that "concat(" needs']],
  ["99999999999999999999", ["99999999999999999999: 99999999999999999999 does not fit into 64 bits"]],
])("%s is refused", (source, expected) => {
  expect(errorsOf(source)).toEqual(expected);
});

test.each([
  ["texts", /such as \[0\], or join/],
  ["numbers", /such as \[0\]$/],
  ["map", /^name an entry: \["\.\.\."\]$/],
  ["headers", /^name an entry and an element: \["\.\.\."\]\[0\]$/],
])("the fix for %s is %s", (source, fix) => {
  const parsed = parseValueExpression(source, scheme);
  expect(parsed.ok ? "" : parsed.error[0]?.fix).toMatch(fix);
});

test("every error about the kind of a value has a fix", () => {
  for (const source of ["texts", "map", "headers", "numbers", "texts[*]", "text eq 1", "text text"]) {
    const parsed = parseValueExpression(source, scheme);
    expect(parsed.ok ? [source] : parsed.error.filter(({ fix }) => fix === undefined)).toEqual([]);
  }
});

test("a field that cannot be known is a warning", () => {
  const parsed = parseValueExpression("to_string(hidden)", scheme);
  expect(parsed.ok && parsed.value.warnings).toHaveLength(1);
});

test("a literal of any bytes survives being printed and parsed", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 20 }), (value) => {
      const literal = { kind: "literal", literal: { type: "Bytes", value } } as const;
      expect(valueOf(printValueExpression(literal))).toEqual(literal);
    }),
  );
});
