import fc from "fast-check";
import { expect, test } from "vitest";
import { WILDCARD_STARS_MAX } from "../../../src/expression/limits.ts";
import { compileWildcard, parseWildcard } from "../../../src/expression/wildcard.ts";

test.each([
  ["https://example.com/a/*", "https://example.com/a/", [""]],
  ["https://example.com/a/*", "https://example.com/a/b?c=d", ["b?c=d"]],
  ["https://example.com/a/*", "https://example.com/ab/", null],
  ["*.example.com/*/page.html", "http://sub.example.com/f/page.html", ["http://sub", "f"]],
  ["*.example.com/*/page.html", "http://sub.example.com/f/page.html?x", null],
  ["abc", "ABC", []],
  ["abc", "abcd", null],
  ["", "", []],
  ["", "a", null],
  ["*", "", [""]],
  ["a*a", "a", null],
  ["a*a", "aa", [""]],
  ["*a*b*", "xAyaBz", ["x", "ya", "z"]],
  ["\\*\\\\", "*\\", []],
  ["a?c", "abc", null],
  ["É*", "é", null],
])("%s on %s", (pattern, value, captures) => {
  expect(compileWildcard(pattern, false)(value)).toEqual(captures);
});

test("strict tells cases apart", () => {
  expect(compileWildcard("aB*", true)("aBc")).toEqual(["c"]);
  expect(compileWildcard("aB*", true)("abc")).toBeNull();
});

test.each([
  ["**", /\*\*/],
  ["a**b", /\*\*/],
  ["\\a", /backslash/],
  ["a\\", /backslash/],
])("%s is refused", (pattern, message) => {
  const parsed = parseWildcard(pattern);
  expect("problem" in parsed && parsed.problem).toMatch(message);
});

test("a wildcard may have exactly the largest number of stars", () => {
  expect(parseWildcard("a*".repeat(WILDCARD_STARS_MAX))).toHaveProperty("pieces");
  expect(parseWildcard("a*".repeat(WILDCARD_STARS_MAX + 1))).toHaveProperty("problem");
});

test("matching agrees with a lazy regular expression, captures included", () => {
  const pattern = fc.string({ unit: fc.constantFrom("a", "b", "*"), maxLength: 7 }).map((text) => text.replaceAll(/\*+/g, "*"));
  fc.assert(
    fc.property(pattern, fc.string({ unit: fc.constantFrom("a", "b", "A"), maxLength: 9 }), (source, value) => {
      const regex = new RegExp(`^${source.replaceAll("*", "(.*?)")}$`, "i");
      expect(compileWildcard(source, false)(value)).toEqual(regex.exec(value)?.slice(1) ?? null);
    }),
    { numRuns: 3_000 },
  );
});
