import fc from "fast-check";
import { expect, test } from "vitest";
import { analyze, areEquivalent, extentOf, implies, presenceIn } from "../../../src/expression/analysis.ts";
import { compileExpression } from "../../../src/expression/compile.ts";
import { FUNCTIONS } from "../../../src/expression/functions.ts";
import { parseExpression } from "../../../src/expression/parse.ts";
import { printExpression } from "../../../src/expression/print.ts";
import { makeScheme, withLists } from "../../../src/expression/scheme.ts";
import { contexts, expressions } from "./generate.ts";
import { compiled, FIELDS, scheme as plainScheme } from "./scheme.ts";
import type { Expression } from "../../../src/expression/ast.ts";
import type { Field } from "../../../src/expression/scheme.ts";
import type { Context } from "./scheme.ts";

/** `path`, `size` and `src` are never missing; all other fields may be. */
const always = (name: string, type: "Bytes" | "Int" | "Ip"): Field<Context> => ({
  name,
  type,
  description: `The field ${name}, which always has a value.`,
  get: (context) => context[name],
  always: true,
});
const scheme = withLists(
  makeScheme([...FIELDS, always("path", "Bytes"), always("size", "Int"), always("src", "Ip")], FUNCTIONS),
  plainScheme.lists,
);

const parse = (source: string): Expression => {
  const parsed = parseExpression(source, scheme);
  if (!parsed.ok) throw new Error(`${source}: ${parsed.error.map(({ message }) => message).join(", ")}`);
  return parsed.value.expression;
};

const impliesSource = (first: string, second: string): boolean =>
  implies(analyze(parse(first), scheme), analyze(parse(second), scheme), presenceIn(scheme));

test.each([
  'path ne "a" or path ne "b"',
  'not path eq "a" or not path eq "b"',
  'not text eq "a" or not text eq "b"',
  "not number eq 1 or not number eq 2",
  'path wildcard "*"',
  'path contains ""',
  'starts_with(path, "")',
  'path matches ".*"',
  'path matches ""',
  'lower(path) contains ""',
  "size lt 5 or size ge 5",
  "size lt 9 or size gt 3",
  "len(path) ge 0",
  "not size in {1..3} or size in {0..9}",
  "src in {0.0.0.0/0 ::/0}",
  "src in {0.0.0.0/1 128.0.0.0/1} or src in {::/0}",
  "flag or not flag",
  'not (path eq "a" and path eq "b")',
  'not (starts_with(text, "/a") and starts_with(text, "/b"))',
  'all(texts[*] contains "")',
  'not any(texts[*] eq "a") or any(texts[*] contains "a")',
  "flag xor not flag",
])("%s holds for everything", (source) => {
  expect(extentOf(parse(source), scheme)).toBe("always");
});

test.each([
  'text ne "a" or text ne "b"',
  'text contains ""',
  "number lt 5 or number ge 5",
  'lower(text) wildcard "*"',
  "address in {0.0.0.0/0 ::/0}",
  'text eq "a" or text ne "a"',
  "flag or number lt 3 or number gt 1",
])("%s holds for everything that has the values", (source) => {
  expect(extentOf(parse(source), scheme)).toBe("always-when-present");
});

test.each([
  'text eq "x" and text eq "y"',
  'text eq "x" and text ne "x"',
  'text in {"a" "b"} and text in {"c"}',
  'text in {"a" "b"} and not text in {"a" "b" "c"}',
  'text eq "/a" and starts_with(text, "/b")',
  'text eq "/a" and not starts_with(text, "/")',
  'text eq "abc" and text matches "^b"',
  'text in {"ab" "ac"} and not text wildcard "A*"',
  'starts_with(text, "/a") and starts_with(text, "/b")',
  'starts_with(text, "/admin/x") and not starts_with(text, "/admin")',
  'text wildcard "/admin/*" and starts_with(text, "/b")',
  'text wildcard "*.php" and ends_with(text, ".asp")',
  'text contains "abc" and not text contains "b"',
  'text strict wildcard "/a*b" and not text contains "a"',
  'text wildcard "/A*" and not text wildcard "/a*"',
  'text matches "^/login" and not starts_with(text, "/log")',
  'text matches "x" and not text matches "x"',
  'text lt "a" and text gt "b"',
  'text ge "b" and text lt "b"',
  'text lt ""',
  "number gt 5 and number lt 3",
  "number gt 5 and number lt 6",
  "number eq 1 and number eq 2",
  "number in {1..5} and number in {6..9}",
  "number in {2 4} and number & 1",
  "number & 0",
  "number eq 9223372036854775807",
  "len(text) lt 0",
  "address eq 10.0.0.1 and address in {10.0.1.0/24}",
  "address in {10.0.0.0/25} and not address in {10.0.0.0/24}",
  "address lt 10.0.0.0 and address in {::/0}",
  "flag and not flag",
  'flag and (number eq 1 and number eq 2 or text eq "a" and text eq "b")',
  'not (path ne "a" or path ne "b")',
  'any(texts[*] eq "a") and not any(texts[*] in {"a" "b"})',
  'any(texts[*] eq "a") and all(texts[*] eq "b")',
  'any(starts_with(texts[*], "ab")) and all(not texts[*] contains "b")',
  "text in $texts.list and not text in $texts.list",
])("%s holds for nothing", (source) => {
  expect(extentOf(parse(source), scheme)).toBe("never");
});

test.each([
  'text eq "a"',
  'text ne "a"',
  'not text eq "a"',
  'text eq "a" or text eq "b"',
  'text contains "a" and not text contains "ab"',
  'text contains "a" and text contains "b"',
  'starts_with(text, "/a") and not starts_with(text, "/ab")',
  'text wildcard "*a*" and not text contains "a"',
  'text wildcard "ab" and not text in {"ab" "AB"}',
  'text matches "a|b" and not text contains "a"',
  'text wildcard "/A*" and starts_with(text, "/a")',
  'text ge "b" and text le "b"',
  'text matches "(?i)a" and not text contains "a"',
  'text matches "(?m)^a" and not starts_with(text, "a")',
  'not text eq "a" and not text ne "a"',
  "number gt 5 and number lt 7",
  "number in {2 3} and number & 1",
  "not number lt 5 and not number ge 5",
  "address ne 10.0.0.1 and address in {::/0}",
  "not address lt 10.0.0.1 and not address ge 10.0.0.1",
  'all(texts[*] eq "a") and all(texts[*] eq "b")',
  'any(texts[*] eq "a") and any(texts[*] eq "b")',
  "text in $texts.list",
  "flag xor other.flag",
  'map["a"] eq "x" and map["b"] eq "y"',
])("of %s nothing is said", (source) => {
  expect(extentOf(parse(source), scheme)).toBe("unknown");
});

// Each implies the other way round only where the last column says so.
test.each([
  ['text eq "/admin/x"', 'starts_with(text, "/admin")', false],
  ['starts_with(text, "/admin/")', 'starts_with(text, "/admin")', false],
  ['text wildcard "/admin/*"', 'text wildcard "/ADMIN*"', false],
  ['text strict wildcard "/admin/*"', 'starts_with(text, "/admin/")', true],
  ['text in {"a" "b"}', 'text in {"c" "b" "a"}', false],
  ['text in {"a" "b"}', 'text eq "b" or text eq "a"', true],
  ['text eq "a" and number eq 1', 'text eq "a"', false],
  ['number eq 1 and text eq "a"', 'text eq "a" and number eq 1', true],
  ['text eq "a"', 'text eq "a" or flag', false],
  ["number gt 5", "number gt 4", false],
  ["number gt 5", "number ge 6", true],
  ["address in {10.1.0.0/16}", "address in {10.0.0.0/8}", false],
  ["address in {10.0.0.0/25 10.0.0.128/25}", "address in {10.0.0.0/24}", true],
  ["address eq 10.0.0.1 or address eq 10.0.0.2", "address in {10.0.0.0/24}", false],
  ['text contains "abc"', 'text contains "b"', false],
  ['any(texts[*] contains "abc")', 'any(texts[*] contains "b")', false],
  ["not (flag or other.flag)", "not other.flag and not flag", true],
  ['text ne "a"', 'not text eq "a"', false],
  ['path ne "a"', 'not path eq "a"', true],
  ['text matches "^/wp-login\\\\.php"', 'starts_with(text, "/wp-")', false],
  ["flag xor other.flag", "flag and not other.flag or other.flag and not flag", true],
])("%s implies %s", (first, second, both) => {
  expect(impliesSource(first, second)).toBe(true);
  expect(impliesSource(second, first)).toBe(both);
  expect(areEquivalent(parse(first), parse(second), scheme)).toBe(both ? "yes" : "unknown");
});

test("what would have too many alternatives is left alone", () => {
  const pair = (index: number): string => `(text eq "${index}" or other.text eq "${index}")`;
  const wide = Array.from({ length: 40 }, (_, index) => pair(index)).join(" and ");
  expect(extentOf(parse(wide), scheme)).toBe("unknown");
  const xor = Array.from({ length: 100 }, (_, index) => `number eq ${index}`).join(" xor ");
  expect(extentOf(parse(xor), scheme)).toBe("unknown");
  expect(impliesSource(wide, wide)).toBe(false);
  const nested = Array.from({ length: 50 }).reduce<string>((inner) => `(flag xor (other.flag and ${inner}))`, "flag");
  expect(extentOf(parse(nested), scheme)).toBe("unknown");
});

/** Tests about few values, so that they imply and contradict each other often. */
const word = fc.string({ unit: fc.constantFrom("a", "b", "A"), maxLength: 3 });
const wild = fc.string({ unit: fc.constantFrom("a", "b", "A", "*"), maxLength: 4 }).map((text) => text.replaceAll(/\*+/g, "*"));
const order = fc.constantFrom("eq", "ne", "lt", "le", "gt", "ge");
const int = fc.integer({ min: -2, max: 4 });
const last = fc.integer({ min: 0, max: 6 });
const leaf = fc.oneof(
  fc
    .tuple(
      fc.constantFrom("text", "path", "lower(text)"),
      fc.oneof(
        fc.tuple(order, word).map(([op, text]) => `${op} "${text}"`),
        word.map((text) => `contains "${text}"`),
        wild.map((text) => `wildcard "${text}"`),
        wild.map((text) => `strict wildcard "${text}"`),
        fc.array(word, { minLength: 1, maxLength: 3 }).map((texts) => `in {${texts.map((text) => `"${text}"`).join(" ")}}`),
        fc.constantFrom("^a", "a|b", "(?i)ab", "", "b$", "a+b", "^(?:a|A)").map((pattern) => `matches r"${pattern}"`),
        fc.constant("in $texts.list"),
      ),
    )
    .map(([subject, rest]) => `${subject} ${rest}`),
  fc
    .tuple(fc.constantFrom("starts_with", "ends_with"), fc.constantFrom("text", "path"), word)
    .map(([name, subject, text]) => `${name}(${subject}, "${text}")`),
  fc
    .tuple(
      fc.constantFrom("number", "size", "len(text)"),
      fc.oneof(
        fc.tuple(order, int).map(([op, value]) => `${op} ${value}`),
        fc.tuple(int, fc.nat(3)).map(([from, size]) => `in {${from}..${from + size}}`),
        fc.nat(3).map((mask) => `& ${mask}`),
      ),
    )
    .map(([subject, rest]) => `${subject} ${rest}`),
  fc
    .tuple(
      fc.constantFrom("address", "src"),
      fc.oneof(
        fc.tuple(order, last).map(([op, value]) => `${op} 10.0.0.${value}`),
        fc.tuple(last, fc.nat(3)).map(([from, size]) => `in {10.0.0.${from}..10.0.0.${from + size}}`),
        fc.constantFrom("in {::/0}", "in {0.0.0.0/0}", "ne 2001:db8::1", "ge 2001:db8::2"),
      ),
    )
    .map(([subject, rest]) => `${subject} ${rest}`),
  fc
    .tuple(fc.constantFrom("any", "all"), fc.constantFrom("", "not "), fc.constantFrom("contains", "eq", "ne", "wildcard"), word)
    .map(([quantifier, not, op, text]) => `${quantifier}(${not}texts[*] ${op} "${text}")`),
  fc.constantFrom("flag", "other.flag"),
);
const source: fc.Arbitrary<string> = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3 },
    { weight: 3, arbitrary: leaf },
    tie("node").map((inner) => `not (${inner})`),
    fc
      .tuple(fc.constantFrom("and", "or", "and", "or", "xor"), fc.array(tie("node"), { minLength: 2, maxLength: 3 }))
      .map(([op, parts]) => parts.map((part) => `(${part})`).join(` ${op} `)),
  ),
})).node;
const anyAddress = fc.oneof(
  fc.integer({ min: 0x0a000000, max: 0x0a000007 }),
  fc.integer({ min: 0, max: 3 }).map((end) => `20010db8${end.toString(16).padStart(24, "0")}`),
);
const maybe = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(values, { nil: undefined, freq: 4 });
const context: fc.Arbitrary<Context> = fc.record({
  text: maybe(word),
  path: word,
  number: maybe(int),
  size: int,
  address: maybe(anyAddress),
  src: anyAddress,
  texts: maybe(fc.array(word, { maxLength: 2 })),
  flag: maybe(fc.boolean()),
  "other.flag": maybe(fc.boolean()),
});

const LISTS = new Map([["texts.list", (value: unknown): boolean => value === "a"]]);

test("no verdict is contradicted by 200,000 evaluations of generated expressions", () => {
  const found = { always: 0, "always-when-present": 0, never: 0, unknown: 0, implied: 0 };
  fc.assert(
    fc.property(source, source, fc.array(context, { minLength: 50, maxLength: 50 }), (firstSource, secondSource, samples) => {
      const [first, second] = [parse(firstSource), parse(secondSource)];
      const [left, right] = [analyze(first, scheme), analyze(second, scheme)];
      found[left.extent] += 1;
      const implied = implies(left, right, presenceIn(scheme));
      if (implied && left.extent !== "never" && right.extent !== "always") found.implied += 1;
      const [evaluateFirst, evaluateSecond] = [compileExpression(first, scheme, LISTS), compileExpression(second, scheme, LISTS)];
      for (const sample of samples) {
        const answer = evaluateFirst(sample);
        const isFull = Object.values(sample).every((value) => value !== undefined);
        if (left.extent === "always" || (left.extent === "always-when-present" && isFull)) expect(answer, firstSource).toBe(true);
        if (left.extent === "never") expect(answer, firstSource).toBe(false);
        if (implied && answer) expect(evaluateSecond(sample), `${firstSource} => ${secondSource}`).toBe(true);
      }
    }),
    { numRuns: 4_000, seed: 11 },
  );
  // The verdicts that are rare still occur.
  expect(found.always).toBeGreaterThan(50);
  expect(found["always-when-present"]).toBeGreaterThan(50);
  expect(found.never).toBeGreaterThan(100);
  expect(found.implied).toBeGreaterThan(20);
}, 60_000);

test("an expression is seen to imply itself, its weaker form and nothing false", () => {
  let implied = 0;
  fc.assert(
    fc.property(leaf, leaf, (first, second) => {
      expect(impliesSource(`${first} and ${second}`, first)).toBe(true);
      expect(impliesSource(second, `${first} or ${second}`)).toBe(true);
      if (impliesSource(first, second)) implied += 1;
    }),
    { numRuns: 3_000, seed: 5 },
  );
  expect(implied).toBeGreaterThan(50);
});

test("verdicts on expressions of the whole language hold in generated contexts", () => {
  fc.assert(
    fc.property(expressions, fc.array(contexts, { minLength: 20, maxLength: 20 }), (expression, samples) => {
      const extent = extentOf(expression, plainScheme);
      for (const sample of samples) {
        const answer = compiled(expression)(sample);
        if (extent === "always") expect(answer, printExpression(expression)).toBe(true);
        if (extent === "never") expect(answer, printExpression(expression)).toBe(false);
      }
    }),
    { numRuns: 3_000, seed: 6 },
  );
});
