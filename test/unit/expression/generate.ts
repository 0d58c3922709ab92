// Random expressions and contexts for the property tests. Small alphabets, so that comparisons hold about as often as not.

import fc from "fast-check";
import type { Expression, IntLiteral, Literal, Test, Value } from "../../../src/expression/ast.ts";
import { formatAddress } from "../../../src/expression/ip.ts";
import type { Address } from "../../../src/expression/ip.ts";
import { mapRegexes } from "../../../src/expression/regexes.ts";
import { expressionOf } from "./scheme.ts";
import type { Context } from "./scheme.ts";

/** What functions can do something with: JSON, Base64, encoded text, a query string, a token (of key `k`, for any time). */
const SPECIAL = [
  '{"a":1}',
  '{"a":"b","b":[1,"a",{"a":-3}]}',
  '{"a":1.5,"b":["a"],"a":"a"}',
  '["a",1]',
  "YWI",
  "YWI=",
  "%61b",
  "%2561+",
  "%u0061%uD800%",
  "a=b&b=a&a",
  "b",
  "a/b/a",
  "0123456789abcdefg",
  "a9999999999-qZwp6N6kivtPMJqQ9qQVXlPY5Qx4W7hKMZrpA6jSxW4%3D",
];

const bytes = fc.oneof(
  { weight: 6, arbitrary: fc.string({ unit: fc.constantFrom("a", "b", "A", "*", "/"), maxLength: 4 }) },
  { weight: 1, arbitrary: fc.constantFrom(...SPECIAL) },
  { weight: 1, arbitrary: fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 4 }) },
);
const int = fc.oneof({ weight: 6, arbitrary: fc.integer({ min: -4, max: 8 }) }, { weight: 1, arbitrary: fc.maxSafeInteger() });
const wideInt: fc.Arbitrary<IntLiteral> = fc.oneof(
  { weight: 8, arbitrary: int },
  {
    weight: 1,
    arbitrary: fc
      .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
      .map((value) => (Number.isSafeInteger(Number(value)) ? Number(value) : value.toString())),
  },
);
const address: fc.Arbitrary<Address> = fc.oneof(
  fc.integer({ min: 0x0a000000, max: 0x0a000007 }),
  fc.integer({ min: 0, max: 7 }).map((last) => `20010db8${last.toString(16).padStart(24, "0")}`),
);

/** Patterns whose meaning is the same for JavaScript. */
const pattern = fc.constantFrom(
  "a",
  "^a",
  "b$",
  "a.b",
  "[ab]+$",
  "^(?:a|ab)*b",
  "a|^B",
  "(a|b)(b|/)",
  "",
  "^$",
  "\\*",
  "[^a]",
  "a{2}",
  "b?A",
);

const literals = {
  Int: wideInt.map((value): Literal => ({ type: "Int", value })),
  Bytes: bytes.map((value): Literal => ({ type: "Bytes", value })),
  Ip: address.map((value): Literal => ({ type: "Ip", value: formatAddress(value) })),
};

const orders = fc.constantFrom("eq", "ne", "lt", "le", "gt", "ge");

function order(type: "Int" | "Bytes" | "Ip"): fc.Arbitrary<Test> {
  return fc.tuple(orders, literals[type]).map(([op, value]) => ({ op, value }));
}

const tests = {
  Int: fc.oneof(
    order("Int"),
    wideInt.map((mask): Test => ({ op: "bitwise_and", mask })),
    fc.array(fc.tuple(int, fc.nat(3)), { minLength: 1, maxLength: 3 }).map((ranges): Test => ({
      op: "in",
      set: { type: "Int", ranges: ranges.map(([from, size]) => [from, Math.min(from + size, Number.MAX_SAFE_INTEGER)] as const) },
    })),
    fc.constant<Test>({ op: "in-list", list: "numbers_list", type: "Int" }),
  ),
  Bytes: fc.oneof(
    order("Bytes"),
    bytes.map((value): Test => ({ op: "contains", bytes: value })),
    pattern.map((source): Test => ({ op: "matches", pattern: { source, maxLength: 0 } })),
    fc
      .tuple(fc.string({ unit: fc.constantFrom("a", "b", "/", "*"), maxLength: 5 }), fc.boolean())
      .map(([text, strict]): Test => ({ op: "wildcard", pattern: text.replaceAll(/\*+/g, "*"), strict })),
    fc.array(bytes, { minLength: 1, maxLength: 3 }).map((values): Test => ({ op: "in", set: { type: "Bytes", values } })),
    fc.constant<Test>({ op: "in-list", list: "texts.list", type: "Bytes" }),
  ),
  Ip: fc.oneof(
    order("Ip"),
    fc
      .array(address, { minLength: 1, maxLength: 3 })
      .map((values): Test => ({ op: "in", set: { type: "Ip", ranges: values.map(formatAddress) } })),
    fc.constant<Test>({ op: "in", set: { type: "Ip", ranges: ["10.0.0.2/31", "2001:db8::1..2001:db8::4"] } }),
    fc.constant<Test>({ op: "in-list", list: "addresses_list", type: "Ip" }),
  ),
};

/** The subject of a comparison, as the checker makes it; what is proved about patterns is left out. */
function subjectOf(source: string): Value {
  const expression = mapRegexes(expressionOf(source), (regex) => ({ ...regex, maxLength: 0 }));
  const inner = expression.kind === "any" ? expression.operand : expression;
  if (inner.kind !== "test") throw new Error("this is no comparison");
  return inner.subject;
}

const STRINGS = [
  "text",
  "text",
  "other.text",
  "texts[0]",
  "texts[9]",
  'map["a"]',
  'headers["a"][1]',
  "grid[0][1]",
  "lower(text)",
  "upper(other.text)",
  'concat(text, "b", map["b"])',
  'concat("a", other.text)',
  "substring(text, 1)",
  "substring(text, -2)",
  "substring(text, 0, -1)",
  "substring(text, number, 2)",
  'split(text, "/", 3)[0]',
  'split(text, "a", 2)[1]',
  'remove_bytes(text, "a")',
  "remove_bytes(text, other.text)",
  "to_string(number)",
  "to_string(flag)",
  "to_string(address)",
  'join(texts, ",")',
  "join(concat(texts, more.texts), other.text)",
  "decode_base64(text)",
  "encode_base64(text)",
  'encode_base64(other.text, "up")',
  "url_decode(text)",
  'url_decode(text, "r")',
  'url_decode(text, "ru")',
  'remove_query_args(text, "a")',
  'remove_query_args(text, "b", other.text)',
  'lookup_json_string(text, "a")',
  'lookup_json_string(text, "b", 1)',
  "lookup_json_string(text, 0)",
  'regex_replace(text, "a", "b")',
  'regex_replace(text, "^(a|b)(.*)$", "${2}${1}")',
  'wildcard_replace(text, "a*", "${1}b")',
  'wildcard_replace(text, "*A*", "${2}${1}$$", "s")',
  "substring(sha256(text), 0, 1)",
  "uuidv4(text)",
];

const INTEGERS = [
  "number",
  "number",
  "numbers[1]",
  "len(text)",
  "len(texts)",
  "len(map)",
  "len(uuidv4(text))",
  'len(split(other.text, "a", 128))',
  "len(concat(texts, more.texts))",
  'lookup_json_integer(text, "a")',
  'lookup_json_integer(text, "b", 2, "a")',
];

const ADDRESSES = ["address", "addresses[0]", "cidr(address, 31, 126)", "cidr6(address, 127)"];

const BOOLS = [
  "flag",
  "other.flag",
  "flags[1]",
  'starts_with(text, "a")',
  "starts_with(text, other.text)",
  'ends_with(text, "b")',
  "ends_with(other.text, text)",
  'has_key(map, "a")',
  "has_key(headers, other.text)",
  'has_value(texts, "a")',
  "has_value(map, other.text)",
  'has_value(headers, "a")',
  'is_timed_hmac_valid_v0("k", text, 100, number)',
  'is_timed_hmac_valid_v0("k", text, 1, 9, 1)',
];

const EACH_STRING = [
  "texts[*]",
  "texts[*]",
  "map[*]",
  'headers["a"][*]',
  "headers[*][*]",
  "headers[*][1]",
  "grid[*][*]",
  "grid[*][1]",
  "upper(texts[*])[*]",
  "substring(texts[*], 1)[*]",
  "decode_base64(texts[*])[*]",
  'regex_replace(texts[*], "a", "b")[*]',
  "concat(texts[*], other.text)[*]",
  "concat(texts, more.texts)[*]",
  'split(text, "/", 9)[*]',
  'split(texts[*], "a", 2)[*][0]',
  "to_string(numbers[*])[*]",
  "url_decode(map[*])[*]",
];

const EACH_INTEGER = ["numbers[*]", "len(grid[*][*])[*]", "len(grid[*])[*]", 'lookup_json_integer(texts[*], "a")[*]'];

const EACH_ADDRESS = ["addresses[*]", "cidr(addresses[*], 31, 127)[*]"];

const BOOL_ARRAYS = ["flags", "flags[*]", 'starts_with(texts[*], "a")', "ends_with(texts[*], other.text)[*]", 'has_value(grid[*], "a")'];

const subjects = (sources: readonly string[], write: (source: string) => string): readonly Value[] =>
  sources.map((source) => subjectOf(write(source)));

const scalars = fc.constantFrom(
  ...subjects(STRINGS, (source) => `${source} eq ""`),
  ...subjects(INTEGERS, (source) => `${source} eq 0`),
  ...subjects(ADDRESSES, (source) => `${source} eq ::1`),
);

const elements = fc.constantFrom(
  ...subjects(EACH_STRING, (source) => `any(${source} eq "")`),
  ...subjects(EACH_INTEGER, (source) => `any(${source} eq 0)`),
  ...subjects(EACH_ADDRESS, (source) => `any(${source} eq ::1)`),
);

const bools = fc.constantFrom(...subjects(BOOLS, (source) => source));

const boolArrays = fc.constantFrom(...subjects(BOOL_ARRAYS, (source) => `any(${source})`));

const testOf = (subject: Value): fc.Arbitrary<Expression> =>
  tests[subject.type as "Int" | "Bytes" | "Ip"].map((test): Expression => ({ kind: "test", subject, test }));

const isTrue = (subject: Value): Expression => ({ kind: "test", subject, test: { op: "is-true" } });

/** Arrays of answers, for inside any and all. */
const arrays = fc.letrec<{ node: Expression }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 2 },
    elements.chain(testOf),
    boolArrays.map(isTrue),
    tie("node").map((operand): Expression => ({ kind: "not", operand })),
    logical(tie("node")),
  ),
})).node;

/** Expressions in the form that the checker gives: no operand of its parent's own operator. */
export const expressions: fc.Arbitrary<Expression> = fc.letrec<{ node: Expression }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    scalars.chain(testOf),
    bools.map(isTrue),
    fc.tuple(fc.constantFrom("any" as const, "all" as const), arrays).map(([kind, operand]): Expression => ({ kind, operand })),
    tie("node").map((operand): Expression => ({ kind: "not", operand })),
    logical(tie("node")),
  ),
})).node;

function logical(node: fc.Arbitrary<Expression>): fc.Arbitrary<Expression> {
  return fc
    .tuple(fc.constantFrom("or" as const, "xor" as const, "and" as const), fc.array(node, { minLength: 2, maxLength: 3 }))
    .map(([kind, operands]): Expression => ({
      kind,
      operands: operands.flatMap((operand) => (operand.kind === kind ? operand.operands : [operand])),
    }));
}

const maybe = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(values, { nil: undefined, freq: 6 });
const array = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(values, { maxLength: 3 });
const mapOf = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<Map<string, T>> =>
  fc.array(fc.tuple(fc.constantFrom("a", "b", "c"), values), { maxLength: 3 }).map((entries) => new Map(entries));

/** Values for every field, each missing now and then. */
export const contexts: fc.Arbitrary<Context> = fc.record({
  text: maybe(bytes),
  "other.text": maybe(bytes),
  number: maybe(int),
  flag: maybe(fc.boolean()),
  "other.flag": maybe(fc.boolean()),
  address: maybe(address),
  texts: maybe(array(bytes)),
  "more.texts": maybe(array(bytes)),
  numbers: maybe(array(int)),
  flags: maybe(array(fc.boolean())),
  addresses: maybe(array(address)),
  map: maybe(mapOf(bytes)),
  headers: maybe(mapOf(array(bytes))),
  grid: maybe(array(array(bytes))),
});
