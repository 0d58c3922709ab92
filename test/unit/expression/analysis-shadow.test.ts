import fc from "fast-check";
import { expect, test } from "vitest";
import { FUNCTIONS } from "../../../src/expression/functions.ts";
import { parseExpression } from "../../../src/expression/parse.ts";
import { makeScheme, withLists } from "../../../src/expression/scheme.ts";
import { findShadowed } from "../../../src/expression/shadow.ts";
import { contexts, expressions } from "./generate.ts";
import { compiled, FIELDS, scheme as plainScheme } from "./scheme.ts";
import type { Expression } from "../../../src/expression/ast.ts";
import type { ShadowOptions } from "../../../src/expression/shadow.ts";
import type { Context } from "./scheme.ts";

const scheme = withLists(
  makeScheme(
    [...FIELDS, { name: "score", type: "Int", description: "Changes.", get: (context: Context) => context["score"], volatile: true }],
    FUNCTIONS,
  ),
  plainScheme.lists,
);

const parse = (source: string): Expression => {
  const parsed = parseExpression(source, scheme);
  if (!parsed.ok) throw new Error(`${source}: ${parsed.error.map(({ message }) => message).join(", ")}`);
  return parsed.value.expression;
};
const shadows = (sources: readonly string[], options?: ShadowOptions) => findShadowed(sources.map(parse), scheme, options);

test.each<[string, readonly string[], readonly string[]]>([
  ["a repetition", ['text eq "a"', "flag", 'text eq "a"'], ["2 by 0, the same"]],
  ["a repetition in another order", ['text in {"a" "b"} and flag', 'flag and text in {"b" "a"}'], ["1 by 0, the same"]],
  ["a path below another", ['starts_with(text, "/admin")', 'starts_with(text, "/admin/users")'], ["1 by 0, contained"]],
  ["a path below another, the other way round", ['starts_with(text, "/admin/users")', 'starts_with(text, "/admin")'], []],
  ["a single path below a prefix", ['starts_with(text, "/a")', 'text in {"/a" "/ab"} and flag'], ["1 by 0, contained"]],
  ["one path of several outside the prefix", ['starts_with(text, "/a")', 'text in {"/a" "/b"}'], []],
  ["a block inside a block", ["address in {10.0.0.0/8 192.168.0.0/16}", "address in {10.1.0.0/16}"], ["1 by 0, contained"]],
  ["a condition more", ['text eq "a"', 'text eq "a" and number gt 3'], ["1 by 0, contained"]],
  ["a condition less", ['text eq "a" and number gt 3', 'text eq "a"'], []],
  ["one of several earlier values", ['text in {"a" "b" "c"}', 'text eq "b"'], ["1 by 0, contained"]],
  ["an alternative", ['text eq "a" or number eq 1', "number eq 1"], ["1 by 0, contained"]],
  ["every alternative", ['text contains "a"', 'text eq "ab" or text eq "ba"'], ["1 by 0, contained"]],
  ["one alternative of two", ['text contains "a"', 'text eq "ab" or text eq "b"'], []],
  ["a wildcard of another case", ['text wildcard "/Admin*"', 'text wildcard "/ADMIN/x*"'], ["1 by 0, contained"]],
  ["a pattern behind a literal", ['text contains "sql"', 'text matches "x.*sqlmap"'], ["1 by 0, contained"]],
  ["an element", ['any(texts[*] contains "a")', 'any(texts[*] eq "ab")'], ["1 by 0, contained"]],
  [
    "all that follows a rule for everything",
    ["flag or not flag", 'text eq "a"', "number eq 1"],
    ["1 by 0, contained", "2 by 0, contained"],
  ],
  ["what never holds hides nothing and is not told", ['text eq "a" and text eq "b"', 'text eq "a"', 'text eq "c" and text eq "d"'], []],
  ["what never holds behind a rule for everything", ["flag or not flag", 'text eq "a" and text eq "b"'], []],
  ["an operand that an exclusive or has twice", ["number eq 1 xor flag", "number eq 1 xor number eq 1 xor flag"], []],
  [
    "the earliest is told",
    ['starts_with(text, "/a")', 'starts_with(text, "/ab")', 'text eq "/abc"'],
    ["1 by 0, contained", "2 by 0, contained"],
  ],
  ["the same list", ["address in $addresses_list", "address in $addresses_list and flag"], ["1 by 0, contained"]],
  ["a score, which changes between two rules", ["score gt 5", "score gt 5", "score gt 6"], []],
])("%s", (_name, sources, wanted) => {
  const { shadowed, complete } = shadows(sources);
  expect(shadowed.map(({ position, by, how }) => `${position} by ${by}, ${how}`)).toEqual(wanted);
  expect(complete).toBe(true);
});

test("a rule that does not end the evaluation hides nothing", () => {
  const sources = ['text eq "a"', 'text eq "a" and flag', 'text eq "a" and flag and number eq 1'];
  expect(shadows(sources, { hides: (position) => position === 1 }).shadowed).toEqual([{ position: 2, by: 1, how: "contained" }]);
});

test("the budget bounds comparisons, and the report says so; repetitions are found all the same", () => {
  const sources = [...Array.from({ length: 50 }, (_, index) => `number gt ${index} and text ne "${index}"`), 'number gt 7 and text ne "7"'];
  const small = shadows(sources, { comparisonsMax: 100 });
  expect(small.complete).toBe(false);
  expect(small.shadowed.at(-1)).toEqual({ position: 50, by: 7, how: "the same" });
  const exact = shadows(['text eq "a"', 'text eq "a" and flag'], { comparisonsMax: 1 });
  expect(exact.complete).toBe(true);
  expect(exact.shadowed).toHaveLength(1);
  expect(shadows(['text eq "a"', 'text eq "a" and flag'], { comparisonsMax: 0 }).complete).toBe(false);
});

test("among thousands of rules on one host one or two earlier ones are compared with each", () => {
  const sources = Array.from({ length: 3_000 }, (_, index) => `text eq "shop.test" and starts_with(other.text, "/p${index}/")`);
  const { shadowed, complete } = shadows([...sources, 'text eq "shop.test" and other.text eq "/p77/x"'], {
    comparisonsMax: 4_000,
  });
  expect(shadowed).toEqual([{ position: 3_000, by: 77, how: "contained" }]);
  expect(complete).toBe(true);
});

test("a hidden expression never holds where the one that hides it does not", () => {
  let found = 0;
  fc.assert(
    fc.property(
      fc.array(expressions, { minLength: 20, maxLength: 40 }),
      fc.array(contexts, { minLength: 30, maxLength: 30 }),
      (rules, samples) => {
        for (const { position, by } of findShadowed(rules, plainScheme).shadowed) {
          found += 1;
          const [hidden, hiding] = [compiled(rules[position] as Expression), compiled(rules[by] as Expression)];
          for (const sample of samples) expect(hidden(sample) && !hiding(sample)).toBe(false);
        }
      },
    ),
    { numRuns: 300, seed: 9 },
  );
  expect(found).toBeGreaterThan(300);
});
