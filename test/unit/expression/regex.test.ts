import fc from "fast-check";
import { expect, test } from "vitest";
import { REGEX_BYTE_COST_MAX, REGEX_FIND_STATES_MAX, REGEX_STATES_MAX } from "../../../src/expression/limits.ts";
import { compileRegex, readRegex } from "../../../src/expression/regex.ts";
import { toJavaScript } from "../../../src/expression/regex-source.ts";
import { classifyRegex, proveRegexes } from "../../../src/expression/regex-safety.ts";
import { compileProgram, countStates } from "../../../src/expression/regex-program.ts";
import { tablesOf } from "../../../src/expression/regex-tables.ts";
import { parseRegex } from "../../../src/expression/regex-syntax.ts";
import { regexesOf } from "../../../src/expression/regexes.ts";
import { errorsOf, expressionOf } from "./scheme.ts";

const matches = (source: string, value: string): boolean => {
  const fast = compileRegex({ source, maxLength: null }).test(value);
  expect(compileRegex({ source, maxLength: 0 }).test(value), "the linear engine agrees").toBe(fast);
  return fast;
};

test.each([
  ["abc", "xabcx", true],
  ["^abc$", "abc", true],
  ["^abc$", "abc\n", false],
  ["a.c", "a\nc", false],
  ["a.c", "a\rc", true],
  ["(?s)a.c", "a\nc", true],
  ["(?m)^b$", "a\nb\nc", true],
  ["(?m)^b$", "a\rb\rc", false],
  ["^b$", "a\nb\nc", false],
  ["(?i)AbC", "aBc", true],
  ["a(?i)b", "aB", true],
  ["a(?i)b", "AB", false],
  ["a(?i:b)c", "aBc", true],
  ["a(?i:b)c", "aBC", false],
  ["(?i)a(?-i)b", "Ab", true],
  ["(?i)a(?-i)b", "AB", false],
  ["(?i)[^a]", "A", false],
  ["(?i)\u00e9", "\u00c3\u0089", false],
  ["(?i)[k-m]", "L", true],
  ["\\d+", "٣", false],
  ["^\\D$", "x", true],
  ["^\\w$", "_", true],
  ["^\\w$", "\u00e9", false],
  ["^\\s$", "\u000b", true],
  ["^\\s$", "\u00a0", false],
  ["^\\S$", "\u00a0", true],
  ["\\bfoo\\b", "a foo.", true],
  ["\\bfoo\\b", "afoo", false],
  ["\\Boo", "foo", true],
  ["\\Afoo\\z", "foo", true],
  ["é", "\u00c3\u00a9", true],
  ["^é{2}$", "\u00c3\u00a9\u00c3\u00a9", true],
  ["^.$", "\u00c3\u00a9", false],
  ["^[^a]$", "\u00ff", true],
  ["\\xe9", "\u00e9", true],
  ["\\x{e9}", "\u00c3\u00a9", true],
  ["\\u00e9", "\u00c3\u00a9", true],
  ["\\u{1F600}", "\u00f0\u009f\u0098\u0080", true],
  ["\\x41\\t\\n\\r\\f\\v\\a", "A\t\n\r\f\v\u0007", true],
  ['\\/\\.\\-\\#\\ \\"', '/.-# "', true],
  ["[]a]", "]", true],
  ["[^]a]", "]", false],
  ["[a-]", "-", true],
  ["[-a]", "-", true],
  ["[a\\-z]", "b", false],
  ["[\\d\\s]", "5", true],
  ["[[:alpha:][:digit:]]", "_", false],
  ["[[:^alpha:]]", "a", false],
  ["[[:punct:]]", "!", true],
  ["[a-z&&[^aeiou]]", "e", false],
  ["[a-z&&[^aeiou]]", "f", true],
  ["[a-z--b]", "b", false],
  ["[a-c~~b-d]", "b", false],
  ["[a-c~~b-d]", "d", true],
  ["[x[^xyz]]", "y", false],
  ["[\\x00-\\xff]", "\u0000", true],
  ["^[^\\x00-\\xff]?$", "", true],
  ["a{3}", "aa", false],
  ["^a{2,}$", "aaa", true],
  ["^a{1,2}$", "aaa", false],
  ["^a{,2}$", "", true],
  ["^(a|b)*c$", "ababc", true],
  ["^(?:)$", "", true],
  ["a||b", "", true],
  ["^a**$", "aaa", true],
  ["^(?P<name>a)(?<other>b)$", "ab", true],
  ["(?x) a b # comment\n c", "abc", true],
  ["(?x)[ a ]\\ b", "a b", true],
  ["(?U)a+", "aaa", true],
  ["(^)*a", "a", true],
])("%s on %j is %s, with both engines", (source, value, answer) => {
  expect(readRegex(source)).toHaveProperty("literal");
  expect(matches(source, value)).toBe(answer);
});

test.each([
  ["(?=a)", /look-around/],
  ["(?!a)", /look-around/],
  ["(?<=a)", /look-around/],
  ["(?<!a)", /look-around/],
  ["(a)\\1", /back-reference/],
  ["\\k<a>", /back-reference/],
  ["(?>a)", /atomic/],
  ["a++", /possessive/],
  ["a*+", /possessive/],
  ["\\pL", /Unicode/],
  ["\\p{Greek}", /Unicode/],
  ["(?u)a", /Unicode/],
  ["(?R)a", /not a flag/],
  ["(?#a)", /comments/],
  ["(?P=a)", /no kind of group/],
  ["(?", /no kind of group/],
  ["(?)", /no kind of group/],
  ["(a", /not closed/],
  ["a)", /closes no group/],
  ["[a", /not closed/],
  ["[", /not closed/],
  ["[]", /not closed/],
  ["[z-a]", /ends before it starts/],
  ["[a-\\d]", /not with a class/],
  ["[a-[b]]", /not with a class/],
  ["[é]", /several/],
  ["[[:nope:]]", /not a class/],
  ["*a", /nothing before \*/],
  ["a|+", /nothing before \+/],
  ["{2}", /nothing before {/],
  ["a{", /after {/],
  ["a{x}", /after {/],
  ["a{,}", /after {/],
  ["a{2,1}", /ends before it starts/],
  ["a{1001}", /1000 at most/],
  ["\\", /ends with a backslash/],
  ["\\y", /not an escape/],
  ["\\é", /ASCII/],
  ["\\Z", /\\z or \$/],
  ["\\b{start}", /not supported/],
  ["\\x4", /hexadecimal/],
  ["\\u{d800}", /not a character/],
])("%s is refused", (source, message) => {
  const read = readRegex(source);
  expect("problem" in read && read.problem.message).toMatch(message);
});

test("a pattern may have exactly the largest number of states", () => {
  // A repetition of n of one byte that may be left out takes 2 n states.
  const pattern = (states: number): string =>
    `${"a".repeat(states % 2)}${"(?:a{0,500})".repeat(Math.floor(states / 1_000))}a{0,${(states % 1_000) >> 1}}`;
  expect(readRegex(pattern(REGEX_STATES_MAX))).toHaveProperty("literal");
  expect(readRegex(pattern(REGEX_STATES_MAX + 1))).toHaveProperty("problem");
});

test("where groups are needed a pattern with loops may have exactly its own largest number of states", () => {
  // A loop over one byte class takes 3 states.
  const pattern = (states: number): string => `[ab]*${"c".repeat(states - 3)}`;
  expect(readRegex(pattern(REGEX_FIND_STATES_MAX), true)).toHaveProperty("literal");
  expect(readRegex(pattern(REGEX_FIND_STATES_MAX + 1), true)).toHaveProperty("problem");
  expect(readRegex(pattern(REGEX_FIND_STATES_MAX + 1))).toHaveProperty("literal");
  expect(errorsOf(`regex_replace(text, "${pattern(REGEX_FIND_STATES_MAX + 1)}", "") eq ""`).join("")).toMatch(/too large/);
});

test("what a byte may cost in the linear engine is bounded", () => {
  const costOf = (source: string): number => {
    const tree = parseRegex(source);
    if ("problem" in tree) throw new Error(tree.problem.message);
    return tablesOf(compileProgram(tree)).highestCost();
  };
  const pattern = (rounds: number): string => `(?:[a-z]{0,9}){0,${rounds}}!`;
  const most =
    Array.from({ length: 100 }, (_, index) => index + 1).findLast((rounds) => costOf(pattern(rounds)) <= REGEX_BYTE_COST_MAX) ?? 0;
  expect(most).toBeGreaterThan(10);
  expect(most).toBeLessThan(100);
  expect(readRegex(pattern(most))).toHaveProperty("literal");
  const tooMuch = readRegex(pattern(most + 1));
  expect("problem" in tooMuch && tooMuch.problem.message).toMatch(/too complex/);
});

test("nested repetitions count as often as they are written out", () => {
  expect(readRegex("(?:(?:a{1000}){1000}){1000}")).toHaveProperty("problem");
});

test.each([
  ["abc", null],
  ["^/wp-(admin|login)", null],
  ["\\.(env|git|php)$", null],
  ["colou?r", null],
  ["^/[a-z]+$", null],
  ["^/api/.*$", null],
  ["a*b", 0],
  ["^[a-z]+-[a-z]+$", 0],
  ["(?:a|b)*", 0],
  ["(a|a)".repeat(6), null],
  ["(a|a)".repeat(7), 0],
  ["(?:a|a){6}", null],
  ["(?:a|a){7}", 0],
  ["a{250}", null],
  ["a{251}", 0],
  ["a{1,9}b", null],
  ["^(a{1,30}){1,30}$", 0],
])("%s: without a proof V8 gets values up to %s", (source, maxLength) => {
  expect(readRegex(source)).toMatchObject({ literal: { maxLength } });
});

test.each([
  ["^/[a-z]+-[0-9]+$", { kind: "linear" }],
  ["a*b", { kind: "polynomial", degree: 2 }],
  [".*a.*b", { kind: "polynomial", degree: 3 }],
  ["^(a|a)*$", { kind: "exponential" }],
  ["^([a-z]+)+$", { kind: "exponential" }],
  ["(?m)^a+b", { kind: "unknown" }],
  ["(", { kind: "unknown" }],
  [`^${"(a|a)".repeat(30)}$`, { kind: "unknown" }],
])("%s is classed", (source, regexClass) => {
  expect(classifyRegex(source)).toEqual(regexClass);
});

test("what is proved is stored with the patterns, and changes no answer", () => {
  const expression = expressionOf(
    'text matches "^[a-z]+-[0-9]+$" or text matches "a*b" and regex_replace(text, "^(a|a)*$", "x") matches ".*a.*b"',
  );
  expect(regexesOf(expression).map(({ maxLength }) => maxLength)).toEqual([0, 0, 0, 0]);
  const { expression: proved, classes } = proveRegexes(expression);
  expect(regexesOf(proved).map(({ source, maxLength }) => [source, maxLength])).toEqual([
    ["^[a-z]+-[0-9]+$", null],
    ["a*b", 1_024],
    ["^(a|a)*$", 0],
    [".*a.*b", 128],
  ]);
  expect([...classes.values()].map(({ kind }) => kind)).toEqual(["linear", "polynomial", "exponential", "polynomial"]);
});

test("a value longer than V8 may have gets the same answer from the linear engine", () => {
  const matcher = compileRegex({ source: "a*b", maxLength: 4 });
  expect(matcher.test("aaab")).toBe(true);
  expect(matcher.test("aaaab")).toBe(true);
  expect(matcher.test("aaaac")).toBe(false);
  expect(matcher.find("xaaaab")).toEqual([1, 6]);
});

test("a pattern whose sets of states are too many to remember keeps its answers", () => {
  // Every value of nine bytes leaves another set behind: which of the last nine were an a.
  const safe = compileRegex({ source: "a[ab]{9}c", maxLength: 0 });
  const fast = compileRegex({ source: "a[ab]{9}c", maxLength: null });
  for (let seed = 1; seed < 300; seed += 1) {
    const value =
      Array.from({ length: 40 }, (_, index) => (((seed * 7_919) >> (index % 17)) & 1 ? "a" : "b")).join("") + (seed % 2 === 0 ? "c" : "");
    expect(safe.test(value)).toBe(fast.test(value));
  }
});

test("an exponential pattern ends on the value that would hang a backtracking engine", () => {
  const matcher = compileRegex({ source: "^([a-z]+)+$", maxLength: 0 });
  expect(matcher.test(`${"a".repeat(20_000)}!`)).toBe(false);
});

/** Patterns of all constructs over a small alphabet; every one is valid. */
const patterns: fc.Arbitrary<string> = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom("a", "b", ".", "[ab]", "[^a]", "\\w", "\\b", "^", "$", "", "(?m:^)", "(?m:$)", "\\B", "(?s:.)", "(?i:A)"),
    fc.tuple(tie("node"), tie("node")).map(([left, right]) => `${left}${right}`),
    fc.tuple(tie("node"), tie("node")).map(([left, right]) => `(?:${left}|${right})`),
    tie("node").map((inner) => `(${inner})`),
    fc
      .tuple(tie("node"), fc.constantFrom("*", "+", "?", "{2}", "{0,2}", "{1,}", "*?", "+?", "??"))
      .map(([inner, bounds]) => `(?:${inner})${bounds}`),
  ),
})).node;

const values = fc.string({ unit: fc.constantFrom("a", "b", "A", "\n", "-", "\u00ff"), maxLength: 8 });

test("V8 and the linear engine agree on whether there is a match", () => {
  fc.assert(
    fc.property(patterns, fc.array(values, { minLength: 1, maxLength: 5 }), (source, samples) => {
      const fast = compileRegex({ source, maxLength: null });
      const safe = compileRegex({ source, maxLength: 0 });
      for (const value of samples) expect(safe.test(value), `${source} as ${toJavaScript(source)}`).toBe(fast.test(value));
    }),
    { numRuns: 3_000 },
  );
});

/** Without loops whose body can match nothing: there JavaScript and the language mean the same first match. */
const plainPatterns: fc.Arbitrary<string> = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom("a", "b", ".", "[ab]", "a*", "a+?", "[^b]?", "b??", "(a){1,2}", "\\b", "^", "$", "(?:ab)*?", "(b|ba)+"),
    fc.tuple(tie("node"), tie("node")).map(([left, right]) => `${left}${right}`),
    fc.tuple(tie("node"), tie("node")).map(([left, right]) => `(?:${left}|${right})`),
    tie("node").map((inner) => `(${inner})`),
  ),
})).node;

test("the linear engine finds the match and the groups that backtracking finds first", () => {
  fc.assert(
    fc.property(plainPatterns, fc.array(values, { minLength: 1, maxLength: 5 }), (source, samples) => {
      const matcher = compileRegex({ source, maxLength: 0 });
      const regex = new RegExp(toJavaScript(source) ?? "", "d");
      for (const value of samples) {
        const indices = regex.exec(value)?.indices;
        const expected = indices === undefined ? null : Array.from(indices).flatMap((pair) => pair ?? [-1, -1]);
        expect(matcher.find(value), source).toEqual(expected);
      }
    }),
    { numRuns: 3_000 },
  );
});

test("where V8 finds the match, it finds the one that the linear engine finds", () => {
  fc.assert(
    fc.property(fc.oneof(patterns, plainPatterns), fc.array(values, { minLength: 1, maxLength: 5 }), (source, samples) => {
      const fast = compileRegex({ source, maxLength: null });
      const safe = compileRegex({ source, maxLength: 0 });
      for (const value of samples) expect(fast.find(value), source).toEqual(safe.find(value));
    }),
    { numRuns: 3_000 },
  );
});

test.each([
  ["(|a)*", "aa", [0, 0]],
  ["(|a)+", "aa", [0, 0]],
  ["(a|b??)*c", "abc", [0, 3]],
  ["(?U)a+", "aaa", [0, 1]],
  ["(?U)a+?", "aaa", [0, 3]],
])("%s matches %s at %j, whatever JavaScript would say", (source, value, span) => {
  expect(compileRegex({ source, maxLength: null }).find(value)?.slice(0, 2)).toEqual(span);
});

test("the number of states is that of the program", () => {
  fc.assert(
    fc.property(fc.oneof(patterns, plainPatterns), (source) => {
      const tree = parseRegex(source);
      if ("problem" in tree) throw new Error(tree.problem.message);
      expect(compileProgram(tree)).toHaveLength(countStates(tree.root) + 1);
    }),
  );
});
