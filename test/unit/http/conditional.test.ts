import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { evaluateConditions, rangeApplies, validatorsOf, type Validators } from "../../../src/http/conditional.ts";
import { formatEntityTag, parseEntityTag, parseEntityTagList, strongMatch, weakMatch } from "../../../src/http/etag.ts";

const now = Date.UTC(2026, 0, 1);
const before = "Mon, 01 Dec 2025 00:00:00 GMT";
const modified = "Tue, 02 Dec 2025 00:00:00 GMT";
const after = "Wed, 03 Dec 2025 00:00:00 GMT";
const stored: Validators = { etag: '"a"', lastModified: modified, date: after };

function outcome(headers: Record<string, string>, method = "GET", validators = stored): string {
  return evaluateConditions(method, new Headers(headers), validators, now);
}

describe("entity tags", () => {
  test.each([
    ['"a"', { weak: false, opaque: '"a"' }],
    ['W/"a"', { weak: true, opaque: '"a"' }],
    ['""', { weak: false, opaque: '""' }],
    ['"a,b"', { weak: false, opaque: '"a,b"' }],
    ['w/"a"', null],
    ["a", null],
    ['"a', null],
    ['"a"b', null],
    ['"a b"', null],
    ['"a", "b"', null],
  ])("%s is %o", (text, tag) => {
    expect(parseEntityTag(text)).toEqual(tag);
    expect(tag === null ? text : formatEntityTag(tag)).toBe(text);
  });

  test.each([
    ['"1"', '"1"', true, true],
    ['W/"1"', '"1"', false, true],
    ['W/"1"', 'W/"1"', false, true],
    ['"1"', '"2"', false, false],
  ])("%s and %s match strongly: %s, weakly: %s", (a, b, strong, weak) => {
    expect(strongMatch(parseEntityTag(a), parseEntityTag(b))).toBe(strong);
    expect(weakMatch(parseEntityTag(a), parseEntityTag(b))).toBe(weak);
  });

  test.each([
    ["*", "*"],
    ['"a", W/"b,c" ,"d"', ['"a"', '"b,c"', '"d"']],
    ['a, "b"', ['"b"']],
    ['x"a", "b"', ['"b"']],
    ['"a"x, "b"', ['"b"']],
    [', ,"b",', ['"b"']],
    ["*, *", []],
  ])("the list %s has the tags %o", (text, tags) => {
    const parsed = parseEntityTagList(text);
    expect(parsed === "*" ? parsed : parsed.map((tag) => tag.opaque)).toEqual(tags);
  });
});

describe("precedence (RFC 9110 13.2.2)", () => {
  test.each([
    [{}, "pass"],
    [{ "if-none-match": '"a"' }, "not-modified"],
    [{ "if-none-match": 'W/"a"' }, "not-modified"],
    [{ "if-none-match": '"b"' }, "pass"],
    [{ "if-none-match": "*" }, "not-modified"],
    [{ "if-none-match": "a" }, "pass"],
    [{ "if-modified-since": modified }, "not-modified"],
    [{ "if-modified-since": after }, "not-modified"],
    [{ "if-modified-since": before }, "pass"],
    [{ "if-modified-since": "yesterday" }, "pass"],
    // If-None-Match makes If-Modified-Since mute, in both directions.
    [{ "if-none-match": '"b"', "if-modified-since": after }, "pass"],
    [{ "if-none-match": '"a"', "if-modified-since": before }, "not-modified"],
    [{ "if-match": '"a"' }, "pass"],
    [{ "if-match": '"b"' }, "precondition-failed"],
    [{ "if-match": 'W/"a"' }, "precondition-failed"],
    [{ "if-match": "*" }, "pass"],
    [{ "if-match": "junk" }, "precondition-failed"],
    [{ "if-unmodified-since": before }, "precondition-failed"],
    [{ "if-unmodified-since": modified }, "pass"],
    [{ "if-unmodified-since": "junk" }, "pass"],
    [{ "if-match": '"a"', "if-unmodified-since": before }, "pass"],
    [{ "if-match": '"b"', "if-none-match": '"a"' }, "precondition-failed"],
    [{ "if-match": '"a"', "if-none-match": '"a"' }, "not-modified"],
  ] as const)("%o: %s", (headers, expected) => {
    expect(outcome(headers)).toBe(expected);
  });

  test("for other methods than GET and HEAD a matching If-None-Match fails, and If-Modified-Since is ignored", () => {
    expect(outcome({ "if-none-match": '"a"' }, "HEAD")).toBe("not-modified");
    expect(outcome({ "if-none-match": '"a"' }, "PUT")).toBe("precondition-failed");
    expect(outcome({ "if-modified-since": after }, "PUT")).toBe("pass");
  });

  test("a response without Last-Modified is as old as its Date, and cannot be unmodified since", () => {
    const undated = { etag: null, lastModified: null, date: modified };
    expect(outcome({ "if-modified-since": after }, "GET", undated)).toBe("not-modified");
    expect(outcome({ "if-modified-since": before }, "GET", undated)).toBe("pass");
    expect(outcome({ "if-unmodified-since": before }, "GET", undated)).toBe("pass");
  });

  test("validators are read from a response", () => {
    expect(validatorsOf(new Headers({ etag: '"a"', date: after }))).toEqual({ etag: '"a"', lastModified: null, date: after });
  });
});

describe("If-Range", () => {
  test.each([
    [null, true],
    ['"a"', true],
    ['W/"a"', false],
    ['"b"', false],
    [modified, true],
    [before, false],
    [after, false],
    ["junk", false],
  ])("%s lets a range through: %s", (value, applies) => {
    expect(rangeApplies(value, stored, now)).toBe(applies);
  });

  test("a date counts only when the response was made a second or more after the change", () => {
    const oneLater = "Tue, 02 Dec 2025 00:00:01 GMT";
    expect(rangeApplies(modified, { ...stored, date: oneLater }, now)).toBe(true);
    expect(rangeApplies(modified, { ...stored, date: modified }, now)).toBe(false);
    expect(rangeApplies(modified, { ...stored, date: null }, now)).toBe(false);
  });

  test("a weak stored tag lets no range through", () => {
    expect(rangeApplies('W/"a"', { ...stored, etag: 'W/"a"' }, now)).toBe(false);
  });
});

test("garbage never makes a 304", () => {
  const text = fc.stringMatching(/^[ -~]*$/).filter((value) => !value.includes('"a"') && value.trim() !== "*");
  fc.assert(
    fc.property(text, text, (one, other) => {
      expect(outcome({ "if-none-match": one, "if-modified-since": other })).toBe("pass");
    }),
  );
});
