import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatDictionary, formatItem, formatList, textItem } from "../../../src/http/structured-fields-format.ts";
import { parseDictionary, parseItem, parseList, type BareItem, type Item, type Member } from "../../../src/http/structured-fields.ts";
import { targetedCacheControl } from "../../../src/http/targeted.ts";
import { STRUCTURED_FIELD_CHARS_MAX } from "../../../src/limits.ts";

function itemOf(value: BareItem, parameters: readonly (readonly [string, BareItem])[] = []): Item {
  return { kind: "item", value, parameters: new Map(parameters) };
}

describe("items (RFC 9651 3.3)", () => {
  test.each<[string, BareItem]>([
    ["42", { type: "integer", value: 42 }],
    ["-0", { type: "integer", value: -0 }],
    ["042", { type: "integer", value: 42 }],
    ["999999999999999", { type: "integer", value: 999_999_999_999_999 }],
    ["4.5", { type: "decimal", value: 4.5 }],
    ["-123456789012.125", { type: "decimal", value: -123_456_789_012.125 }],
    ['"a \\"b\\\\"', { type: "string", value: 'a "b\\' }],
    ['""', { type: "string", value: "" }],
    ["*a/b:c", { type: "token", value: "*a/b:c" }],
    [":aGVsbG8=:", { type: "bytes", value: new TextEncoder().encode("hello") }],
    ["::", { type: "bytes", value: new Uint8Array() }],
    ["?1", { type: "boolean", value: true }],
    ["?0", { type: "boolean", value: false }],
    ["@1659578233", { type: "date", value: 1_659_578_233 }],
    ['%"f%c3%bc"', { type: "display-string", value: "fü" }],
  ])("%s", (text, value) => {
    expect(parseItem(text)).toEqual({ ok: true, value: itemOf(value) });
    expect(parseItem(`  ${text}  `)).toEqual({ ok: true, value: itemOf(value) });
  });

  test.each([
    ["", 0],
    ["-", 0],
    ["1.", 0],
    ["1.2345", 6],
    ["1234567890123456", 16],
    ["1234567890123.1", 15],
    ['"a', 0],
    ['"é"', 0],
    ['"\\a"', 0],
    [":a:b", 3],
    [":a!:", 0],
    ["?2", 0],
    ["?", 0],
    ["@1.5", 4],
    ['%"%C3%BC"', 0],
    ['%"%ff"', 6],
    ["a b", 2],
    ["a,b", 1],
    ["a;A=1", 2],
    ["a;b=", 4],
    ["&&&", 0],
    ["é", 0],
    ["\ta", 0],
  ])("%j is none, at %i", (text, at) => {
    expect(parseItem(text)).toMatchObject({ ok: false, error: { at } });
  });

  test("parameters have keys in lower case, true without a value, and the last of a name", () => {
    expect(parseItem("a;b;c=1;d=?0; b=2")).toEqual({
      ok: true,
      value: itemOf({ type: "token", value: "a" }, [
        ["b", { type: "integer", value: 2 }],
        ["c", { type: "integer", value: 1 }],
        ["d", { type: "boolean", value: false }],
      ]),
    });
  });
});

describe("lists and dictionaries", () => {
  test("a list has items and inner lists", () => {
    const list = parseList('a, (b "c";d);e , 1');
    expect(list).toMatchObject({ ok: true, value: [{ kind: "item" }, { kind: "inner-list", items: [{}, {}] }, { kind: "item" }] });
    expect(parseList("")).toEqual({ ok: true, value: [] });
    expect(parseList("()")).toMatchObject({ ok: true, value: [{ kind: "inner-list", items: [] }] });
  });

  test.each(["a,", ",a", "a,,b", "a b", "(a", "(a,b)", "(a\tb)", "(a)b"])("%j is no list", (text) => {
    expect(parseList(text).ok).toBe(false);
  });

  test("a dictionary keeps the last of a key, in the place of the first", () => {
    const dictionary = parseDictionary("a=1, b, a=2;x, c=(1 2)");
    expect(dictionary.ok && [...dictionary.value.keys()]).toEqual(["a", "b", "c"]);
    expect(dictionary.ok && dictionary.value.get("a")).toMatchObject({ value: { value: 2 } });
  });

  test.each(["a=1,", "A=1", "a = 1", "a=1 b=2", "a==1", "1=a", '"a"=1', "max-age=10000, &&&&&"])("%j is no dictionary", (text) => {
    expect(parseDictionary(text).ok).toBe(false);
  });

  test(`fields end at ${STRUCTURED_FIELD_CHARS_MAX} characters`, () => {
    expect(parseItem("a".repeat(STRUCTURED_FIELD_CHARS_MAX)).ok).toBe(true);
    expect(parseItem("a".repeat(STRUCTURED_FIELD_CHARS_MAX + 1)).ok).toBe(false);
  });
});

const key = fc.stringMatching(/^[a-z*][a-z0-9_\-.*]{0,6}$/);
const bareItem: fc.Arbitrary<BareItem> = fc.oneof(
  fc.integer({ min: -999_999_999_999_999, max: 999_999_999_999_999 }).map((value): BareItem => ({ type: "integer", value })),
  fc.integer({ min: -999_999_999, max: 999_999_999 }).map((value): BareItem => ({ type: "decimal", value: value / 1000 })),
  fc.stringMatching(/^[ -~]*$/).map((value): BareItem => ({ type: "string", value })),
  fc.stringMatching(/^[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]{0,6}$/).map((value): BareItem => ({ type: "token", value })),
  fc.uint8Array({ maxLength: 9 }).map((value): BareItem => ({ type: "bytes", value: Uint8Array.from(value) })),
  fc.boolean().map((value): BareItem => ({ type: "boolean", value })),
  fc
    .maxSafeNat()
    .filter((value) => value <= 999_999_999_999_999)
    .map((value): BareItem => ({ type: "date", value })),
  fc.string({ unit: "binary" }).map((value): BareItem => ({ type: "display-string", value: value.toWellFormed() })),
);
const parameters = fc.array(fc.tuple(key, bareItem), { maxLength: 3 }).map((entries) => new Map(entries));
const item = fc.record({ kind: fc.constant("item" as const), value: bareItem, parameters });
const member: fc.Arbitrary<Member> = fc.oneof(
  item,
  fc.record({ kind: fc.constant("inner-list" as const), items: fc.array(item, { maxLength: 3 }), parameters }),
);

test("reading what was written gives the same", () => {
  fc.assert(
    fc.property(item, fc.array(member, { maxLength: 4 }), fc.array(fc.tuple(key, member), { maxLength: 4 }), (one, list, entries) => {
      expect(parseItem(formatItem(one))).toEqual({ ok: true, value: one });
      expect(parseList(formatList(list))).toEqual({ ok: true, value: list });
      const dictionary = new Map(entries);
      expect(parseDictionary(formatDictionary(dictionary))).toEqual({ ok: true, value: dictionary });
    }),
  );
});

test("any text can be written as an item, and garbage is read without an exception", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const written = parseItem(formatItem(itemOf(textItem(text))));
      expect(written).toMatchObject({ ok: true, value: { value: { value: text.toWellFormed() } } });
      expect(typeof parseItem(text).ok).toBe("boolean");
      expect(typeof parseList(text).ok).toBe("boolean");
      expect(typeof parseDictionary(text).ok).toBe("boolean");
    }),
  );
});

describe("targeted cache control (RFC 9213)", () => {
  test.each([
    [null, null],
    ["", null],
    ["max-age=10000, &&&&&", null],
    ["max-age= 100", null],
    ["max-age =100", null],
    ["MaX-aGe=3600", null],
    ["max-age=60", { maxAge: 60 }],
    ["max-age=60;x=1, no-store", { maxAge: 60, noStore: true }],
    ["max-age=99999999999", { maxAge: 2_147_483_648 }],
    ['max-age="60"', { maxAge: 0 }],
    ["max-age=60.0", { maxAge: 0 }],
    ["max-age=-5", { maxAge: 0 }],
    ["max-age", { maxAge: 0 }],
    ["max-age=60, max-age=90", { maxAge: 90 }],
    ["private", { private: true, maxAge: null }],
    ['no-cache="set-cookie, x-a"', { noCache: ["set-cookie", "x-a"] }],
    ["no-cache=(a b)", { noCache: ["a", "b"] }],
    ["no-cache=?0", { noCache: true }],
    ["foobar, max-age=3600", { maxAge: 3600 }],
    ["foo", { maxAge: null, noStore: false }],
  ])("%s says %o", (value, expected) => {
    const control = targetedCacheControl(value);
    expect(control).toEqual(expected === null ? null : expect.objectContaining(expected));
  });
});
