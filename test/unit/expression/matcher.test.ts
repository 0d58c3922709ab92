import fc from "fast-check";
import { expect, test } from "vitest";
import { compileExpression } from "../../../src/expression/compile.ts";
import { FUNCTIONS } from "../../../src/expression/functions.ts";
import { createMatcher } from "../../../src/expression/matcher.ts";
import { parseExpression } from "../../../src/expression/parse.ts";
import { printExpression } from "../../../src/expression/print.ts";
import { makeScheme, withLists } from "../../../src/expression/scheme.ts";
import { contexts, expressions } from "./generate.ts";
import { FIELDS, scheme } from "./scheme.ts";
import type { Membership } from "../../../src/expression/compilation.ts";
import type { Expression } from "../../../src/expression/ast.ts";
import type { Field, FunctionDefinition } from "../../../src/expression/scheme.ts";
import type { Context } from "./scheme.ts";

const lists: ReadonlyMap<string, Membership> = new Map<string, Membership>([
  ["numbers_list", (value) => value === 1 || value === 2],
  ["texts.list", (value) => value === "a"],
  ["addresses_list", (value) => value === 0x0a000001],
]);

const parse = (source: string, where = scheme): Expression => {
  const parsed = parseExpression(source, where);
  if (!parsed.ok) throw new Error(`${source}: ${parsed.error.map(({ message }) => message).join(", ")}`);
  return parsed.value.expression;
};

/** Positions of the sources that are tried for a context, and of those that hold. */
function run(sources: readonly string[], context: Context): { readonly tried: readonly number[]; readonly held: readonly number[] } {
  const matcher = createMatcher({ expressions: sources.map((source) => parse(source)), scheme, lists });
  const evaluation = matcher.begin(context);
  const tried = matcher.candidates(evaluation);
  return { tried, held: tried.filter((position) => matcher.holds(position, evaluation)) };
}

test("for 150,000 pairs of expression and context the matcher gives what single closures give, in order", () => {
  let held = 0;
  let tried = 0;
  let pairs = 0;
  fc.assert(
    fc.property(
      fc.array(expressions, { minLength: 1, maxLength: 25 }),
      fc.array(contexts, { minLength: 10, maxLength: 10 }),
      (rules, samples) => {
        const matcher = createMatcher({ expressions: rules, scheme, lists });
        const closures = rules.map((rule) => compileExpression(rule, scheme, lists));
        for (const context of samples) {
          const evaluation = matcher.begin(context);
          const candidates = matcher.candidates(evaluation);
          expect(candidates, "ascending, each once").toEqual([...new Set(candidates)].toSorted((left, right) => left - right));
          const answers = candidates.filter((position) => matcher.holds(position, evaluation));
          const wanted = closures.flatMap((closure, position) => (closure(context) ? [position] : []));
          expect(answers, rules.map(printExpression).join("\n")).toEqual(wanted);
          // The order of asking, and asking again, changes nothing: what is remembered is right.
          const again = matcher.begin(context);
          for (const position of rules.keys())
            expect(matcher.holds(rules.length - 1 - position, again)).toBe(wanted.includes(rules.length - 1 - position));
          held += wanted.length;
          tried += candidates.length;
          pairs += rules.length;
        }
      },
    ),
    { numRuns: 2_600, seed: 20_261_125 },
  );
  expect(pairs).toBeGreaterThan(150_000);
  expect(held / pairs).toBeGreaterThan(0.2);
  expect(held / pairs).toBeLessThan(0.8);
  expect(tried).toBeLessThan(pairs);
}, 120_000);

/** Texts around few letters, so that patterns and literals of rules meet values often. */
const word = fc.string({ unit: fc.constantFrom("a", "b", "A", "B", "."), maxLength: 6 });
const wild = fc.string({ unit: fc.constantFrom("a", "b", "A", "*"), maxLength: 6 }).map((text) => text.replaceAll(/\*+/g, "*"));
const regex = fc
  .array(
    fc.constantFrom(
      "a",
      "b",
      "A",
      "(a|bb)",
      "(?:ab|B)",
      "a+",
      "b*",
      "[aA]b",
      "(?i)ab",
      "(?i:b)",
      ".",
      "^",
      "$",
      "\\b",
      "(?:^a|b)",
      "a{2}",
      "(ab){1,2}",
    ),
    {
      maxLength: 5,
    },
  )
  .map((parts) => parts.join(""));
const indexable = fc.oneof(
  word.map((text) => `text eq "${text}"`),
  word.map((text) => `lower(text) contains "${text}"`),
  word.map((text) => `starts_with(text, "${text}")`),
  word.map((text) => `ends_with(text, "${text}")`),
  word.map((text) => `any(texts[*] contains "${text}")`),
  word.map((text) => `any(lower(texts[*])[*] contains "${text}" or texts[*] eq "b")`),
  word.map((text) => `all(not texts[*] contains "${text}")`),
  word.map((text) => `not all(texts[*] ne "${text}")`),
  wild.map((text) => `text wildcard "${text}"`),
  wild.map((text) => `text strict wildcard "${text}"`),
  regex.map((text) => `text matches r"${text}"`),
  regex.map((text) => `any(texts[*] matches r"${text}")`),
  fc.integer({ min: -3, max: 4 }).map((int) => `number gt ${int}`),
  fc.tuple(fc.integer({ min: -3, max: 4 }), fc.nat(3)).map(([from, size]) => `number in {${from}..${from + size} 9}`),
  fc.integer({ min: 0, max: 5 }).map((int) => `len(text) le ${int}`),
  fc.constantFrom(
    "address in {10.0.0.0/30}",
    "address in {10.0.0.3 10.0.0.4..10.0.0.6 2001:db8::/126}",
    "address in $addresses_list",
    "flag",
  ),
);
const rule = fc.oneof(
  indexable,
  fc.array(indexable, { minLength: 2, maxLength: 3 }).map((parts) => parts.join(" and ")),
  fc.array(indexable, { minLength: 2, maxLength: 3 }).map((parts) => parts.join(" or ")),
  fc.tuple(indexable, indexable).map(([left, right]) => `(${left}) xor (${right})`),
  fc.tuple(indexable, indexable).map(([left, right]) => `not (not (${left}) or ${right})`),
);
const values: fc.Arbitrary<Context> = fc.record({
  text: fc.option(word, { nil: undefined }),
  texts: fc.array(word, { maxLength: 3 }),
  number: fc.option(fc.integer({ min: -4, max: 9 }), { nil: undefined }),
  address: fc.oneof(
    fc.integer({ min: 0x0a000000, max: 0x0a000007 }),
    fc.integer({ min: 0, max: 7 }).map((last) => `20010db8${last.toString(16).padStart(24, "0")}`),
  ),
  flag: fc.boolean(),
});

test("no expression that holds is missing among the candidates, for patterns and literals of all kinds", () => {
  let held = 0;
  fc.assert(
    fc.property(
      fc.array(rule, { minLength: 10, maxLength: 30 }),
      fc.array(values, { minLength: 10, maxLength: 10 }),
      (sources, samples) => {
        const parsed = sources.map((source) => parse(source));
        const matcher = createMatcher({ expressions: parsed, scheme, lists });
        const closures = parsed.map((expression) => compileExpression(expression, scheme, lists));
        for (const context of samples) {
          const evaluation = matcher.begin(context);
          const answers = matcher.candidates(evaluation).filter((position) => matcher.holds(position, evaluation));
          const wanted = closures.flatMap((closure, position) => (closure(context) ? [position] : []));
          held += wanted.length;
          expect(answers, sources.join("\n")).toEqual(wanted);
        }
      },
    ),
    { numRuns: 600, seed: 7 },
  );
  expect(held).toBeGreaterThan(10_000);
}, 120_000);

const REQUEST: Context = {
  text: "/wp-admin/Setup.php",
  "other.text": "Mozilla/5.0 sqlmap",
  number: 5,
  flag: true,
  address: 0x0a000005,
  texts: ["one", "UNION select"],
  map: new Map([["k", "v"]]),
};

// Each row: what makes the rule impossible is looked up, so it is not even tried; and what makes it possible is found.
test.each([
  ["a whole value", 'text eq "/"', 'text eq "/wp-admin/Setup.php"'],
  ["a set", 'text in {"/" "/a"}', 'text in {"/" "/wp-admin/Setup.php"}'],
  ["an entry of a map", 'map["k"] eq "w"', 'map["k"] eq "v"'],
  ["a prefix", 'starts_with(text, "/admin")', 'starts_with(text, "/wp-")'],
  ["a suffix", 'ends_with(text, ".asp")', 'ends_with(text, ".php")'],
  ["a wildcard's head", 'text wildcard "/ADMIN*"', 'text wildcard "/WP-ADMIN*"'],
  ["a wildcard's end", 'text wildcard "*.asp"', 'text wildcard "*.PHP"'],
  ["a strict wildcard's head", 'text strict wildcard "/WP*"', 'text strict wildcard "/wp*"'],
  ["a wildcard without stars", 'text wildcard "/WP"', 'text wildcard "/WP-admin/setup.php"'],
  ["a literal", 'other.text contains "nikto"', 'other.text contains "sqlmap"'],
  ["a literal in lower case", 'lower(other.text) contains "nikto"', 'lower(other.text) contains "mozilla"'],
  ["a pattern's head", 'text matches "^/admin/.*"', 'text matches "^/wp-admin/.*"'],
  ["a pattern's literal", 'other.text matches r"\\w+nikto"', 'other.text matches r"\\w+/5"'],
  ["a pattern's literal without case", 'other.text matches "(?i)NIKTO"', 'other.text matches "(?i)SQLMAP"'],
  ["a pattern's alternatives", 'other.text matches "nikto|nmap"', 'other.text matches "nikto|sqlmap"'],
  ["an element", 'any(texts[*] eq "two")', 'any(texts[*] eq "one")'],
  ["a literal in an element", 'any(lower(texts[*])[*] contains "insert")', 'any(lower(texts[*])[*] contains "union")'],
  ["an integer", "number eq 4", "number eq 5"],
  ["a range of integers", "number in {6..9}", "number in {4..9}"],
  ["an order", "number gt 5", "number ge 5"],
  ["an address", "address eq 10.0.0.4", "address eq 10.0.0.5"],
  ["a block", "address in {10.0.0.0/30 ::/0}", "address in {10.0.0.4/30}"],
  ["a list", "address in $addresses_list", null],
  ["a Bool", "other.flag", "flag"],
  ["one of both sides", 'text eq "/" or number eq 4', 'text eq "/" or number eq 5'],
  ["the part of an and that is known", 'not flag and text eq "/"', null],
])("%s is looked up", (_name, impossible, possible) => {
  expect(run([impossible], REQUEST).tried).toEqual([]);
  if (possible !== null) expect(run([impossible, possible], REQUEST)).toEqual({ tried: [1], held: [1] });
});

test.each([
  "not flag",
  'text ne "a"',
  "number & 2",
  'all(texts[*] eq "x")',
  'text eq "/" or not flag',
  'text matches "."',
  'text contains ""',
])("%s cannot be looked up and is always tried", (source) => {
  expect(run([source], REQUEST).tried).toEqual([0]);
});

test("a rule is filed under what few others require", () => {
  const shop = Array.from({ length: 500 }, (_, index) => `text eq "shop.test" and starts_with(other.text, "/page-${index}/")`);
  const { tried, held } = run(shop, { text: "shop.test", "other.text": "/page-77/x" });
  expect(tried.length).toBeLessThan(5);
  expect(held).toEqual([77]);
});

test("rules that each look at an entry of their own are found by the entries that there are", () => {
  let reads = 0;
  const entries = new Map(Array.from({ length: 3 }, (_, index) => [`name-${300 + index}`, "v"]));
  const own = makeScheme(
    [
      {
        name: "counted",
        type: { map: "Bytes" },
        description: "Counts how often it is read.",
        get: () => {
          reads += 1;
          return entries;
        },
      },
    ],
    FUNCTIONS,
  );
  const rules = Array.from({ length: 2_000 }, (_, index) => parse(`counted["name-${index}"] ${index % 2 === 0 ? "eq" : "ne"} "v"`, own));
  const matcher = createMatcher({ expressions: rules, scheme: own, lists: new Map() });
  const evaluation = matcher.begin({});
  const candidates = matcher.candidates(evaluation);
  expect(candidates).toEqual([300, 301, 302]);
  expect(reads).toBeLessThan(100);
  expect(candidates.filter((position) => matcher.holds(position, evaluation))).toEqual([300, 302]);
});

test("candidates come in the order of the rules, whatever finds them", () => {
  const sources = ['ends_with(text, "php")', "number & 1", "number eq 5", 'text contains "admin"', "number & 4", "address eq 10.0.0.5"];
  expect(run(sources, REQUEST)).toEqual({ tried: [0, 1, 2, 3, 4, 5], held: [0, 1, 2, 3, 4, 5] });
});

/** A scheme that counts how often a field and a list are read. */
function counting(more: Partial<Field<Context>> = {}) {
  const reads = { field: 0, list: 0 };
  const counted: Field<Context> = {
    name: "counted",
    type: "Bytes",
    description: "Counts.",
    get: () => {
      reads.field += 1;
      return `value ${reads.field}`;
    },
    ...more,
  };
  const own = withLists(makeScheme([...FIELDS, counted], FUNCTIONS), new Map([["l", "Bytes"]]));
  const membership: Membership = () => {
    reads.list += 1;
    return true;
  };
  const begin = (sources: readonly string[]) => {
    const matcher = createMatcher({
      expressions: sources.map((source) => parse(source, own)),
      scheme: own,
      lists: new Map([["l", membership]]),
    });
    return (context: Context): readonly number[] => {
      const evaluation = matcher.begin(context);
      return matcher.candidates(evaluation).filter((position) => matcher.holds(position, evaluation));
    };
  };
  return { reads, begin };
}

test("a list that many rules need is asked once", () => {
  const { reads, begin } = counting();
  const evaluate = begin(Array.from({ length: 50 }, (_, index) => `counted in $l and number ne ${index}`));
  expect(evaluate({ number: 3 })).toHaveLength(49);
  reads.list = 0;
  expect(evaluate({ number: 3 })).toHaveLength(49);
  expect(reads.list).toBe(1);
});

test("an equal call in many rules is computed once", () => {
  const { reads, begin } = counting();
  const evaluate = begin(Array.from({ length: 50 }, (_, index) => `sha256(counted) ne "${index}"`));
  evaluate({});
  reads.field = 0;
  expect(evaluate({})).toHaveLength(50);
  expect(reads.field).toBe(1);
});

test("that a value is missing is remembered too", () => {
  let reads = 0;
  const get = (): undefined => {
    reads += 1;
    return undefined;
  };
  const { begin } = counting({ get });
  const evaluate = begin(Array.from({ length: 50 }, (_, index) => `sha256(counted) ne "${index}"`));
  evaluate({});
  reads = 0;
  expect(evaluate({})).toEqual([]);
  expect(reads).toBe(1);
});

test("a volatile field is read each time, and never before its rule is asked", () => {
  const { reads, begin } = counting({ volatile: true });
  const evaluate = begin(['lower(counted) eq "value 1"', 'lower(counted) eq "value 2"', 'lower(counted) contains "3"', "counted in $l"]);
  expect(evaluate({})).toEqual([0, 1, 2, 3]);
  expect(reads.field).toBe(4);
});

test("a rule is compiled when it is first tried", () => {
  let prepared = 0;
  const counted: FunctionDefinition = {
    name: "counted",
    description: "Counts how often it is prepared.",
    parameters: [{ name: "text", accepts: ["Bytes"], form: "value" }],
    returns: "Bool",
    prepare: () => {
      prepared += 1;
      return () => true;
    },
  };
  const own = makeScheme(FIELDS, [...FUNCTIONS, counted]);
  const rules = Array.from({ length: 20 }, (_, index) => parse(`number eq ${index} and counted(text)`, own));
  const matcher = createMatcher({ expressions: rules, scheme: own, lists });
  expect(prepared).toBe(0);
  const evaluation = matcher.begin({ number: 3, text: "" });
  expect(matcher.candidates(evaluation).filter((position) => matcher.holds(position, evaluation))).toEqual([3]);
  expect(prepared).toBe(1);
});

test.each([
  ["number", "the field gone"],
  ["texts.list", "the list gone"],
  ["lower", "the function gone"],
])("an expression that names an unknown %s is found when rules are loaded", (name, message) => {
  const text = JSON.stringify(parse('number & 1 and text in $texts.list and lower(text) eq "a"'));
  const renamed = JSON.parse(text.replace(`"${name}"`, '"gone"')) as Expression;
  expect(() => createMatcher({ expressions: [renamed], scheme, lists })).toThrow(message);
});

test("two evaluations at once do not see each other's values", () => {
  const source = ['lower(text) eq "a"', 'lower(text) ne "a"'];
  const matcher = createMatcher({ expressions: source.map((text) => parse(text)), scheme, lists });
  for (const round of [1, 2]) {
    const first = matcher.begin({ text: "A" });
    const second = matcher.begin({ text: "B" });
    expect(matcher.holds(0, first), `round ${round}`).toBe(true);
    expect(matcher.holds(0, second)).toBe(false);
    expect(matcher.holds(1, first)).toBe(false);
    expect(matcher.holds(1, second)).toBe(true);
  }
});

test("no expressions: nothing to try", () => {
  expect(run([], REQUEST)).toEqual({ tried: [], held: [] });
});

test("a value that is repeated costs little, however many expressions it makes possible", () => {
  const source = 'any(texts[*] eq "a")';
  const sources = Array.from({ length: 10_000 }, () => source);
  // Each element opens the same drawer: 50 million steps if it was emptied each time.
  const { tried } = run(sources, { texts: Array.from({ length: 5_000 }, () => "a") });
  expect(tried).toHaveLength(10_000);
}, 10_000);
