// Every operator on every type: legal or not, and what it means.

import { expect, test } from "vitest";
import { printExpression } from "../../../src/expression/print.ts";
import { errorsOf, evaluate, expressionOf } from "./scheme.ts";

const SUBJECTS = {
  Int: "number",
  Bytes: "text",
  Ip: "address",
  Bool: "flag",
  "Array(Bytes)": "texts",
  "Array(Int)": "numbers",
  "Array(Bool)": "flags",
  "Map(Bytes)": "map",
  "Map(Array(Bytes))": "headers",
} as const;

const LITERALS = { Int: "1", Bytes: '"a"', Ip: "10.0.0.1", set: "", list: "" } as const;

type Kind = keyof typeof SUBJECTS;

const ORDERS = ["eq", "==", "ne", "!=", "lt", "<", "le", "<=", "gt", ">", "ge", ">="] as const;

/** Operator, what is to its right, and the types that it is for. */
const OPERATORS: readonly (readonly [operator: string, right: (kind: Kind) => string, legal: readonly Kind[]])[] = [
  ...ORDERS.map((operator) => [operator, (kind: Kind) => literalFor(kind), ["Int", "Bytes", "Ip"]] as const),
  ["in", (kind: Kind) => `{${literalFor(kind)}}`, ["Int", "Bytes", "Ip"]] as const,
  [
    "in",
    (kind: Kind) => ({ Int: "$numbers_list", Ip: "$addresses_list" })[kind as "Int"] ?? "$texts.list",
    ["Int", "Bytes", "Ip"],
  ] as const,
  ["bitwise_and", () => "1", ["Int"]] as const,
  ["&", () => "1", ["Int"]] as const,
  ["contains", () => '"a"', ["Bytes"]] as const,
  ["matches", () => '"a"', ["Bytes"]] as const,
  ["~", () => '"a"', ["Bytes"]] as const,
  ["wildcard", () => '"a*"', ["Bytes"]] as const,
  ["strict wildcard", () => '"a*"', ["Bytes"]] as const,
];

function literalFor(kind: Kind): string {
  return kind === "Int" || kind === "Bytes" || kind === "Ip" ? LITERALS[kind] : LITERALS.Int;
}

const KINDS = Object.keys(SUBJECTS) as Kind[];

const CELLS = OPERATORS.flatMap(([operator, right, legal]) =>
  KINDS.map((kind) => [`${SUBJECTS[kind]} ${operator} ${right(kind)}`, legal.includes(kind)] as const),
);

test.each(CELLS.filter(([, isLegal]) => isLegal))("%s is legal", (source) => {
  expect(errorsOf(source)).toEqual([]);
  expect(expressionOf(printExpression(expressionOf(source)))).toEqual(expressionOf(source));
});

test.each(CELLS.filter(([, isLegal]) => !isLegal))("%s is refused with one error", (source) => {
  expect(errorsOf(source)).toHaveLength(1);
});

test.each(["Int", "Bytes", "Ip"] as const)("a literal of another type than %s is refused", (kind) => {
  for (const other of ["1", '"a"', "10.0.0.1"]) {
    const source = `${SUBJECTS[kind]} eq ${other}`;
    expect(errorsOf(source), source).toHaveLength(other === LITERALS[kind] ? 0 : 1);
  }
});

test.each(["number", "text", "address"])("the six orders over %s are what they say for less, equal and more", (name) => {
  const values = { number: [0, 1, 2], text: ["", "a", "b"], address: [0x0a000000, 0x0a000001, 0x0a000002] }[name] ?? [];
  const literal = { number: "1", text: '"a"', address: "10.0.0.1" }[name] ?? "";
  const answers = (operator: string): readonly boolean[] =>
    values.map((value) => evaluate(`${name} ${operator} ${literal}`, { [name]: value }));
  expect(answers("eq")).toEqual([false, true, false]);
  expect(answers("ne")).toEqual([true, false, true]);
  expect(answers("lt")).toEqual([true, false, false]);
  expect(answers("le")).toEqual([true, true, false]);
  expect(answers("gt")).toEqual([false, false, true]);
  expect(answers("ge")).toEqual([false, true, true]);
});
