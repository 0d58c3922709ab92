// JSON documents from outside: one form of error for all, whatever the text.

import fc from "fast-check";
import { expect, test } from "vitest";
import { badField, isCount, parseDocument, parseEntries, parseJson, shown, type DocumentForm } from "../../src/json-document.ts";
import { ok } from "../../src/result.ts";

const FORM: DocumentForm<number> = {
  name: "counter",
  format: 3,
  charsMax: 40,
  read: ({ count }) => (isCount(count) ? ok(count) : badField("/count", `is ${shown(count)}, expected a count`)),
};

test.each([
  ["", "not-json", "/", "counter: / is not JSON"],
  ["{", "not-json", "/", "counter: / is not JSON"],
  ["null", "bad-field", "/", "counter: / is not an object"],
  ["[3]", "bad-field", "/", "counter: / is not an object"],
  ["{}", "unknown-format", "/format", "counter: /format is missing, this Worker reads 3"],
  ['{"format":"3"}', "unknown-format", "/format", 'counter: /format is "3", this Worker reads 3'],
  ['{"format":4,"count":1}', "unknown-format", "/format", "counter: /format is 4, this Worker reads 3"],
  ['{"format":3,"count":-1}', "bad-field", "/count", "counter: /count is -1, expected a count"],
])("%s is refused as %s at %s", (text, kind, path, message) => {
  expect(parseDocument(text, FORM)).toEqual({ ok: false, error: { kind, path, message } });
});

test("a document is read up to its limit and not one character past it", () => {
  const text = '{"format":3,"count":7}';
  expect(parseDocument(text.padEnd(FORM.charsMax), FORM)).toEqual({ ok: true, value: 7 });
  expect(parseDocument(text.padEnd(FORM.charsMax + 1), FORM)).toEqual({
    ok: false,
    error: { kind: "too-large", path: "/", message: "counter: / has 41 characters, at most 40 are read" },
  });
});

test("entries are read under their own names, names of the language's own included", () => {
  const value: unknown = JSON.parse('{"__proto__":1,"b":2}');
  const parsed = parseEntries(value, "/counts", (entry) => ok(entry));
  expect(parsed.ok && Object.entries(parsed.value)).toEqual([
    ["__proto__", 1],
    ["b", 2],
  ]);
});

test.each([
  ["a list in place of the object", [1], "/counts"],
  ["nothing", undefined, "/counts"],
  ["the first bad entry", { a: 1, b: "x", c: null }, "/counts/b"],
])("%s is the error, with its place", (_, value, path) => {
  const parsed = parseEntries(value, "/counts", (entry, at) => (isCount(entry) ? ok(entry) : badField(at, "is no count")));
  expect(parsed).toMatchObject({ ok: false, error: { path } });
});

test.each([
  [0, true],
  [Number.MAX_SAFE_INTEGER, true],
  [Number.MAX_SAFE_INTEGER + 1, false],
  [-1, false],
  [1.5, false],
  [Number.NaN, false],
  ["1", false],
])("%s is a count: %s", (value, expected) => {
  expect(isCount(value)).toBe(expected);
});

test("what is not JSON is undefined, and what is JSON is its value", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(parseJson(JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
  expect(parseJson("undefined")).toBeUndefined();
});

test("a value is shown in 60 characters at most", () => {
  expect(shown("a".repeat(58))).toBe(`"${"a".repeat(58)}"`);
  expect(shown("a".repeat(59))).toBe(`"${"a".repeat(59)}`);
  expect(shown(undefined)).toBe("missing");
});
