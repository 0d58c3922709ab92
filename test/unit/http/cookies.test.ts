import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cookieAttribute, cookieValues, formatSetCookie, parseCookies, parseSetCookie, withoutCookies } from "../../../src/http/cookies.ts";
import { isHeaderName, isHeaderValue, toHeaderValue } from "../../../src/http/header-syntax.ts";
import { quote, splitList, unquote } from "../../../src/http/list.ts";

describe("Cookie", () => {
  test.each([
    [null, []],
    ["", []],
    ["a=1", [["a", "1"]]],
    [
      "a=1; b=2;c=3",
      [
        ["a", "1"],
        ["b", "2"],
        ["c", "3"],
      ],
    ],
    ["a=b=c", [["a", "b=c"]]],
    ["a=", [["a", ""]]],
    ["flag", [["", "flag"]]],
    [" a = 1 ;; ", [["a", "1"]]],
    [
      'a="x;y"',
      [
        ["a", '"x'],
        ["", 'y"'],
      ],
    ],
  ])("%s", (header, pairs) => {
    expect(parseCookies(header)).toEqual(pairs);
  });

  test("names are case-sensitive, and a name may come more than once", () => {
    expect(cookieValues("sid=1; SID=2; sid=3", "sid")).toEqual(["1", "3"]);
    expect(cookieValues("xsid=1", "sid")).toEqual([]);
  });
});

describe("Set-Cookie", () => {
  test("attributes keep their order and spelling, unknown ones too", () => {
    const line = "sid=a=b; Path=/; HttpOnly; SameSite=Lax; Partitioned; X-New=1; Expires=Mon, 01 Jan 2035 00:00:00 GMT";
    const cookie = parseSetCookie(line);
    expect(cookie).toMatchObject({
      name: "sid",
      value: "a=b",
      attributes: [["Path", "/"], ["HttpOnly", null], ["SameSite", "Lax"], ["Partitioned", null], ["X-New", "1"], {}],
    });
    expect(cookie === null ? null : formatSetCookie(cookie)).toBe(line);
  });

  test("the last attribute of a name counts", () => {
    const cookie = parseSetCookie("a=1; path=/x; Path=/y; Secure");
    expect(cookie && [cookieAttribute(cookie, "path"), cookieAttribute(cookie, "secure"), cookieAttribute(cookie, "domain")]).toEqual([
      "/y",
      null,
      undefined,
    ]);
  });

  test("a line without name and value is no cookie", () => {
    expect(parseSetCookie("")).toBeNull();
    expect(parseSetCookie("; Path=/")).toBeNull();
    expect(parseSetCookie("=; Path=/")).toBeNull();
  });

  test("a cookie that could end its line is not written", () => {
    expect(formatSetCookie({ name: "a", value: "1\r\nX: y", attributes: [] })).toBeNull();
  });

  test("reading what was written gives the same", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[ -~]*$/), (line) => {
        const cookie = parseSetCookie(line);
        if (cookie === null) return;
        const written = formatSetCookie(cookie);
        expect(written).not.toBeNull();
        expect(parseSetCookie(written ?? "")).toEqual(cookie);
      }),
    );
  });
});

describe("names and values of headers", () => {
  test.each([
    ["X-Name", true],
    ["x_1!#$%&'*+-.^`|~", true],
    ["", false],
    [":path", false],
    ["a b", false],
    ["a:", false],
    ["a\n", false],
    ["é", false],
  ])("the name %j is valid: %s", (name, valid) => {
    expect(isHeaderName(name)).toBe(valid);
  });

  test.each([
    ["", true],
    ["a b\tc", true],
    ["caf\u00e9", true],
    [" a", false],
    ["a ", false],
    ["a\r\nb", false],
    ["a\0", false],
    ["\u20ac", false],
    ["a\x7f", false],
  ])("the value %j is valid: %s", (value, valid) => {
    expect(isHeaderValue(value)).toBe(valid);
  });

  test("any text becomes a valid value, and a valid one stays", () => {
    expect(toHeaderValue("a\r\nSet-Cookie: b")).toBe("a Set-Cookie: b");
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const value = toHeaderValue(text);
        expect(isHeaderValue(value)).toBe(true);
        expect(() => new Headers({ x: value })).not.toThrow();
        expect(value).toBe(isHeaderValue(text) ? text : value);
      }),
    );
  });
});

describe("lists", () => {
  test.each([
    ["a, b ,,c", ["a", "b", "c"]],
    ['"a,b", c', ['"a,b"', "c"]],
    [String.raw`"a\",b", c`, [String.raw`"a\",b"`, "c"]],
    ['"a, b', ['"a', "b"]],
    ['x="a, y="b, c"', ['x="a, y="b', 'c"']],
    ["", []],
  ])("%s", (value, members) => {
    expect(splitList(value)).toEqual(members);
  });

  test("unquote reads what quote wrote", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[ -~]*$/), (text) => {
        expect(unquote(quote(text))).toBe(text);
        expect(splitList(`${quote(text)}, x`)).toEqual([quote(text), "x"]);
      }),
    );
    expect(unquote('"a"b')).toBeNull();
    expect(unquote("a")).toBeNull();
    expect(unquote('"')).toBeNull();
  });
});

describe("taking cookies out", () => {
  const without = (cookie: string, ...names: string[]): string | null => withoutCookies(new Headers({ cookie }), names).get("cookie");

  test.each([
    ["own=1", null],
    ["own=1; own=2", null],
    ["a=1; own=2; b=3", "a=1; b=3"],
    ["own=1; a=1", "a=1"],
    ["a=1; own=1", "a=1"],
    ["a=1, own=2; b=3", "a=1; b=3"],
    ["own=1, a=2; b=3", "a=2; b=3"],
    ["own = 1; a=1", "a=1"],
    ["own=; a=1", "a=1"],
    ["a=own=1", "a=own=1"],
    ["Own=1; owner=2; own", "Own=1; owner=2; own"],
    ["a=1;;b=2", "a=1;;b=2"],
  ])("%s leaves %s", (cookie, left) => {
    expect(without(cookie, "own", "other")).toBe(left);
  });

  test("none of these names is left, and the others stay as they were and in their order", () => {
    const pair = fc.tuple(fc.constantFrom("own", "a", "b"), fc.stringMatching(/^[a-z0-9=.]{0,6}$/));
    fc.assert(
      fc.property(fc.array(pair, { maxLength: 6 }), (pairs) => {
        const cookie = pairs.map(([name, value]) => `${name}=${value}`).join("; ");
        const others = pairs.filter(([name]) => name !== "own");
        expect(parseCookies(without(cookie, "own"))).toEqual(others);
      }),
    );
  });

  test("headers without such a cookie are handed back as they are", () => {
    for (const headers of [new Headers(), new Headers({ cookie: "a=1;b=2" })]) expect(withoutCookies(headers, ["own"])).toBe(headers);
    const headers = new Headers({ cookie: "own=1" });
    expect(withoutCookies(headers, [])).toBe(headers);
  });
});
