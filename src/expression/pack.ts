// Checked expressions in a short form for storing: nested arrays, with what they compare named by its place in one table. Ten
// thousand rules look at a dozen things, so most of what a tree says it says thousands of times; read as it is, that alone would
// take longer than everything else that loading does. `unpackExpressions` gives back the same trees, and equal values as one object.

import { printValue } from "./print.ts";
import type { Expression, IntLiteral, Literal, LogicalExpression, SetLiteral, Test, TestExpression, Value } from "./ast.ts";

/** A test is `[place of the subject, operator, operands]`, without both for a Bool itself; its operands have the subject's type. */
export type PackedExpression =
  | readonly ["or" | "xor" | "and", ...PackedExpression[]]
  | readonly ["not" | "any" | "all", PackedExpression]
  | readonly [subject: number]
  | readonly [subject: number, op: Exclude<Test["op"], "is-true">, ...operands: unknown[]];

export interface PackedExpressions {
  /** What the expressions look at, each once. */
  readonly subjects: readonly Value[];
  readonly expressions: readonly PackedExpression[];
}

/** Equal lists of expressions give equal results. */
export function packExpressions(expressions: readonly Expression[]): PackedExpressions {
  const places = new Map<string, number>();
  const subjects: Value[] = [];
  const placeOf = (value: Value): number => {
    const key = printValue(value);
    const known = places.get(key);
    if (known !== undefined) return known;
    places.set(key, subjects.length);
    return subjects.push(value) - 1;
  };
  const packed = expressions.map((expression) => pack(expression, placeOf));
  return { subjects, expressions: packed };
}

function pack(expression: Expression, placeOf: (value: Value) => number): PackedExpression {
  switch (expression.kind) {
    case "or":
    case "xor":
    case "and":
      return [expression.kind, ...expression.operands.map((operand) => pack(operand, placeOf))];
    case "not":
    case "any":
    case "all":
      return [expression.kind, pack(expression.operand, placeOf)];
    case "test":
      return packTest(placeOf(expression.subject), expression.test);
    default:
      return expression satisfies never;
  }
}

function packTest(subject: number, test: Test): PackedExpression {
  switch (test.op) {
    case "is-true":
      return [subject];
    case "bitwise_and":
      return [subject, test.op, test.mask];
    case "contains":
      return [subject, test.op, test.bytes];
    case "matches":
      return [subject, test.op, test.pattern.source, test.pattern.maxLength];
    case "wildcard":
      return [subject, test.op, test.pattern, test.strict];
    case "in":
      return [subject, test.op, test.set.type === "Bytes" ? test.set.values : test.set.ranges];
    case "in-list":
      return [subject, test.op, test.list];
    default:
      return [subject, test.op, test.value.value];
  }
}

/** The trees again. */
export function unpackExpressions({ subjects, expressions }: PackedExpressions): readonly Expression[] {
  return expressions.map((expression) => unpack(expression, subjects));
}

function unpack(packed: PackedExpression, subjects: readonly Value[]): Expression {
  const [head] = packed;
  if (typeof head === "number") return unpackTest(packed as readonly [number, Test["op"]?, ...unknown[]], subjects);
  const operands = (packed.slice(1) as readonly PackedExpression[]).map((operand) => unpack(operand, subjects));
  if (head === "or" || head === "xor" || head === "and") return { kind: head, operands } satisfies LogicalExpression;
  return { kind: head, operand: operands[0] as Expression };
}

function unpackTest([place, op, ...operands]: readonly [number, Test["op"]?, ...unknown[]], subjects: readonly Value[]): TestExpression {
  const subject = subjects[place];
  if (subject === undefined) throw new Error(`a release names the subject ${place}, which it does not have`);
  return { kind: "test", subject, test: testOf(op, operands, subject.type) };
}

type Comparable = "Int" | "Bytes" | "Ip";

/** The checker has made sure that operands have the subject's type. */
function testOf(op: Test["op"] | undefined, [first, second]: readonly unknown[], type: Value["type"]): Test {
  switch (op) {
    case undefined:
    case "is-true":
      return { op: "is-true" };
    case "bitwise_and":
      return { op, mask: first as IntLiteral };
    case "contains":
      return { op, bytes: first as string };
    case "matches":
      return { op, pattern: { source: first as string, maxLength: second as number | null } };
    case "wildcard":
      return { op, pattern: first as string, strict: second as boolean };
    case "in":
      return { op, set: (type === "Bytes" ? { type, values: first } : { type, ranges: first }) as SetLiteral };
    case "in-list":
      return { op, list: first as string, type: type as Comparable };
    default:
      return { op, value: { type, value: first } as Literal };
  }
}
