import fc from "fast-check";
import { expect, test } from "vitest";
import { compileLiterals, compilePrefixes } from "../../../src/expression/automaton.ts";
import { planIndex } from "../../../src/expression/index-plan.ts";
import { compileIntervals } from "../../../src/expression/intervals.ts";
import { requirementOf } from "../../../src/expression/requirement.ts";
import { needOfRegex, needOfWildcard } from "../../../src/expression/requirement-text.ts";
import { expressionOf } from "./scheme.ts";
import type { TextNeed } from "../../../src/expression/requirement-text.ts";

const few = (maxLength: number): fc.Arbitrary<string> => fc.string({ unit: fc.constantFrom("a", "b", "c"), minLength: 1, maxLength });

test.each([
  ["occur", compileLiterals, (value: string, literal: string): boolean => value.includes(literal)],
  ["a value starts with", compilePrefixes, (value: string, literal: string): boolean => value.startsWith(literal)],
])("exactly the literals that %s are found, each once", (_name, compile, matches) => {
  let found = 0;
  fc.assert(
    fc.property(fc.uniqueArray(few(5), { maxLength: 20 }), fc.array(few(40), { maxLength: 5 }), (literals, values) => {
      const scan = compile(literals);
      for (const value of values) {
        const hits: number[] = [];
        scan(value, (literal) => hits.push(literal));
        found += hits.length;
        const wanted = literals.flatMap((literal, index) => (matches(value, literal) ? [index] : []));
        expect(hits.toSorted((left, right) => left - right)).toEqual(wanted);
      }
    }),
    { numRuns: 2_000, seed: 1 },
  );
  expect(found).toBeGreaterThan(1_000);
});

test("literals may be any bytes, and thousands of them", () => {
  const literals = Array.from({ length: 5_000 }, (_, index) => `\u00ff${index}\u0000`);
  const hits: string[] = [];
  compileLiterals(literals)("x\u00ff77\u0000\u00ff4999\u0000\u00ff5000\u0000", (literal) => hits.push(literals[literal] ?? ""));
  expect(hits).toEqual(["\u00ff77\u0000", "\u00ff4999\u0000"]);
});

test.each([
  ["integers", (value: number): number => value],
  ["texts, as IPv6 addresses are", (value: number): string => value.toString(16).padStart(4, "0")],
])("exactly the intervals that hold a point are found: %s", (_name, convert) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(60), fc.nat(30)), { maxLength: 30 }), fc.array(fc.nat(95), { maxLength: 10 }), (pairs, points) => {
      const stab = compileIntervals<number | string>(
        pairs.map(([from, size], position) => ({ from: convert(from), to: convert(from + size), position })),
      );
      for (const point of points) {
        const hits: number[] = [];
        stab(convert(point), (position) => hits.push(position));
        const wanted = pairs.flatMap(([from, size], position) => (from <= point && point <= from + size ? [position] : []));
        expect(hits.toSorted((left, right) => left - right)).toEqual(wanted);
      }
    }),
    { numRuns: 1_000, seed: 2 },
  );
});

/** In short: `^x` a head, `x` somewhere, `=x` the whole, `~` in lower case. */
function short(need: TextNeed | null): string {
  if (need === null) return "nothing";
  if ("of" in need) return `${need.kind}(${need.of.map(short).join(" ")})`;
  return `${{ prefix: "^", contains: "", is: "=" }[need.kind]}${need.bytes}${need.fold ? "~" : ""}`;
}

test.each([
  ["abc", "abc"],
  ["^abc", "^abc"],
  ["^/a.*b$", "all(^/a b)"],
  ["a|b", "any(a b)"],
  ["^(?:a|b)c", "all(any(^a ^b) c)"],
  ["^a|b", "any(^a b)"],
  ["(ab)+c", "all(ab c)"],
  ["(ab)*c", "c"],
  ["a?bc", "bc"],
  ["ab{2}c", "all(a b c)"],
  ["a{0}b", "b"],
  ["(?i)aB1", "ab1~"],
  ["[aA]b", "ab~"],
  ["[ab]c", "c"],
  ["(?i)a(?-i)B", "ab~"],
  ["x(?:y(?:z))", "xyz"],
  ["a\\bb", "ab"],
  ["(?m)^a", "a"],
  ["a^b", "ab"],
  ["\\x00\\xff", "\u0000\u00ff"],
  [".", "nothing"],
  ["", "nothing"],
  ["a|", "nothing"],
  ["a|.", "nothing"],
  ["\\d+", "nothing"],
  [Array.from({ length: 65 }, (_, index) => `w${index}`).join("|"), "nothing"],
])("the pattern %s requires %s", (pattern, wanted) => {
  expect(short(needOfRegex(pattern))).toBe(wanted);
});

test.each([
  ["/Admin*", true, "^/Admin"],
  ["/Admin*", false, "^/admin~"],
  ["*.php", true, ".php"],
  ["/a*b*c", true, "all(^/a b c)"],
  ["abc", false, "=abc~"],
  ["*", true, "nothing"],
  ["a\\*b", true, "=a*b"],
])("the wildcard %s, strict %s, requires %s", (pattern, strict, wanted) => {
  expect(short(needOfWildcard(pattern, strict))).toBe(wanted);
});

test("an invalid pattern, which only a damaged release has, is found when rules are loaded", () => {
  expect(() => needOfRegex("(")).toThrow("invalid regular expression");
  expect(() => needOfWildcard("**", true)).toThrow("invalid wildcard");
});

test("rules are spread over what tells them apart", () => {
  const extraction = { isVolatile: () => false, subjects: new Map() };
  const sources = [
    ...Array.from({ length: 100 }, (_, index) => `text eq "shop" and other.text eq "/page-${index}"`),
    ...Array.from({ length: 100 }, (_, index) => `text eq "host-${index}.test" and other.text eq "/admin"`),
  ];
  const plan = planIndex(sources.map((source) => requirementOf(expressionOf(source), extraction)));
  const sizes = plan.subjects.flatMap(({ is }) => Array.from(is.values(), (filed) => (typeof filed === "number" ? 1 : filed.length)));
  expect(plan.rest).toEqual([]);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(200);
  expect(Math.max(...sizes)).toBeLessThan(10);
});
