// Random expressions and contexts for the property tests. Small alphabets, so that comparisons hold about as often as not.

import fc from "fast-check";
import type { Argument, Expression, IntLiteral, Literal, Test, Value } from "../../../src/expression/ast.ts";
import { formatAddress } from "../../../src/expression/ip.ts";
import type { Address } from "../../../src/expression/ip.ts";
import type { Context } from "./scheme.ts";

const bytes = fc.oneof(
  { weight: 6, arbitrary: fc.string({ unit: fc.constantFrom("a", "b", "A", "*", "/"), maxLength: 4 }) },
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

const TEXT: Value = { kind: "field", name: "text", type: "Bytes" };
const TEXTS: Value = { kind: "field", name: "texts", type: { array: "Bytes" } };
const HEADERS: Value = { kind: "field", name: "headers", type: { map: { array: "Bytes" } } };
const MAP: Value = { kind: "field", name: "map", type: { map: "Bytes" } };
const GRID: Value = { kind: "field", name: "grid", type: { array: { array: "Bytes" } } };

const index = (of: Value, key: number | string, type: Value["type"]): Value => ({ kind: "index", of, key, type });
const each = (of: Value, type: Value["type"]): Value => ({ kind: "each", of, type });
const call = (name: string, args: readonly Argument[], type: Value["type"]): Value => ({ kind: "call", name, args, type });
const literal = (value: string): Argument => ({ kind: "literal", literal: { type: "Bytes", value } });

const scalars = fc.constantFrom<Value>(
  TEXT,
  { kind: "field", name: "other.text", type: "Bytes" },
  { kind: "field", name: "number", type: "Int" },
  { kind: "field", name: "address", type: "Ip" },
  index(TEXTS, 0, "Bytes"),
  index(TEXTS, 9, "Bytes"),
  index(MAP, "a", "Bytes"),
  index(index(HEADERS, "a", { array: "Bytes" }), 1, "Bytes"),
  call("lower", [TEXT], "Bytes"),
  call("len", [TEXT], "Int"),
  call("len", [TEXTS], "Int"),
  call("concat", [TEXT, literal("b"), index(MAP, "b", "Bytes")], "Bytes"),
);

const elements = fc.constantFrom<Value>(
  each(TEXTS, "Bytes"),
  each(MAP, "Bytes"),
  each({ kind: "field", name: "numbers", type: { array: "Int" } }, "Int"),
  each({ kind: "field", name: "addresses", type: { array: "Ip" } }, "Ip"),
  each(index(HEADERS, "a", { array: "Bytes" }), "Bytes"),
  each(each(HEADERS, { array: "Bytes" }), "Bytes"),
  each(each(GRID, { array: "Bytes" }), "Bytes"),
  index(each(GRID, { array: "Bytes" }), 1, "Bytes"),
  each(call("upper", [each(TEXTS, "Bytes")], { array: "Bytes" }), "Bytes"),
  each(call("len", [each(each(GRID, { array: "Bytes" }), "Bytes")], { array: "Int" }), "Int"),
);

const testOf = (subject: Value): fc.Arbitrary<Expression> =>
  tests[subject.type as "Int" | "Bytes" | "Ip"].map((test): Expression => ({ kind: "test", subject, test }));

const isTrue = (subject: Value): Expression => ({ kind: "test", subject, test: { op: "is-true" } });

/** Arrays of answers, for inside any and all. */
const arrays = fc.letrec<{ node: Expression }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 2 },
    elements.chain(testOf),
    fc.constantFrom(
      isTrue({ kind: "field", name: "flags", type: { array: "Bool" } }),
      isTrue(each({ kind: "field", name: "flags", type: { array: "Bool" } }, "Bool")),
      isTrue(call("starts_with", [each(TEXTS, "Bytes"), literal("a")], { array: "Bool" })),
    ),
    tie("node").map((operand): Expression => ({ kind: "not", operand })),
    logical(tie("node")),
  ),
})).node;

/** Expressions in the form that the checker gives: no operand of its parent's own operator. */
export const expressions: fc.Arbitrary<Expression> = fc.letrec<{ node: Expression }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    scalars.chain(testOf),
    fc.constantFrom("flag", "other.flag").map((name) => isTrue({ kind: "field", name, type: "Bool" })),
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
  numbers: maybe(array(int)),
  flags: maybe(array(fc.boolean())),
  addresses: maybe(array(address)),
  map: maybe(mapOf(bytes)),
  headers: maybe(mapOf(array(bytes))),
  grid: maybe(array(array(bytes))),
});
