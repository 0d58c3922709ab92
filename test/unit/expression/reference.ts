// A second interpreter of expressions, as plain as possible: it walks the tree on every evaluation, uses no sets, no search and
// no compiled form, and does addresses with big integers. Where it and the closures disagree, one of them is wrong.

import { REFERENCE } from "./reference-functions.ts";
import type { Argument, Expression, IntLiteral, Literal, Test, Value } from "../../../src/expression/ast.ts";
import type { RuntimeValue } from "../../../src/expression/types.ts";
import type { Context } from "./scheme.ts";

type Missing = undefined;

export function interpret(expression: Expression, context: Context): boolean {
  switch (expression.kind) {
    case "or":
      return expression.operands.map((operand) => interpret(operand, context)).includes(true);
    case "and":
      return !expression.operands.map((operand) => interpret(operand, context)).includes(false);
    case "xor":
      return expression.operands.filter((operand) => interpret(operand, context)).length % 2 === 1;
    case "not":
      return !interpret(expression.operand, context);
    case "any":
      return answers(expression.operand, context).some(Boolean);
    case "all":
      return answers(expression.operand, context).every(Boolean);
    case "test": {
      const [value] = valuesOf(expression.subject, context);
      return value !== undefined && holds(expression.test, value);
    }
    default:
      return expression satisfies never;
  }
}

function answers(expression: Expression, context: Context): boolean[] {
  switch (expression.kind) {
    case "not":
      return answers(expression.operand, context).map((answer) => !answer);
    case "or":
    case "xor":
    case "and": {
      const all = expression.operands.map((operand) => answers(operand, context));
      const length = Math.min(...all.map((operand) => operand.length));
      return Array.from({ length }, (_, index) => {
        const column = all.map((operand) => operand[index] === true);
        const count = column.filter(Boolean).length;
        return expression.kind === "or" ? count > 0 : expression.kind === "and" ? count === column.length : count % 2 === 1;
      });
    }
    case "test": {
      const values = valuesOf(expression.subject, context);
      const list = isEach(expression.subject) ? values : ((values[0] ?? []) as RuntimeValue[]);
      return list.map((value) => holds(expression.test, value as RuntimeValue));
    }
    case "any":
    case "all":
      throw new Error("not an array");
    default:
      return expression satisfies never;
  }
}

function isEach(value: Value): boolean {
  return value.kind === "each" || (value.kind === "index" && isEach(value.of));
}

/** What a value stands for: one entry (perhaps missing), or all elements. */
function valuesOf(value: Value, context: Context): (RuntimeValue | Missing)[] {
  switch (value.kind) {
    case "field":
      return [context[value.name]];
    case "each": {
      const all: RuntimeValue[] = [];
      for (const collection of valuesOf(value.of, context)) {
        if (collection instanceof Map) for (const element of collection.values()) all.push(element as RuntimeValue);
        else if (Array.isArray(collection)) for (const element of collection) all.push(element as RuntimeValue);
      }
      return all;
    }
    case "index": {
      const found = valuesOf(value.of, context).map((collection) => {
        if (collection instanceof Map) return collection.get(value.key) as RuntimeValue | Missing;
        return Array.isArray(collection) ? (collection[value.key as number] as RuntimeValue | Missing) : undefined;
      });
      return isEach(value.of) ? found.filter((element) => element !== undefined) : found;
    }
    case "call":
      return [callOf(value, context)];
    default:
      return value satisfies never;
  }
}

function callOf(value: Value & { readonly kind: "call" }, context: Context): RuntimeValue | Missing {
  const [first, ...rest] = value.args;
  const tail = rest.map((argument) => argumentOf(argument, context));
  if (first === undefined) throw new Error("every function has arguments");
  if (first.kind === "literal" || first.kind === "regex") return apply(value.name, [argumentOf(first, context), ...tail], "Bytes");
  if (!isEach(first)) return apply(value.name, [argumentOf(first, context), ...tail], first.type);
  // A missing array has a missing result; an empty one has an empty one.
  if (isMissing(first, context)) return undefined;
  return valuesOf(first, context)
    .map((element) => apply(value.name, [element, ...tail], first.type))
    .filter((result) => result !== undefined);
}

/** Whether the array or map that `[*]` goes over is not there. */
function isMissing(value: Value, context: Context): boolean {
  if (value.kind !== "each" && value.kind !== "index") throw new Error("there is no [*]");
  return isEach(value.of) ? isMissing(value.of, context) : valuesOf(value.of, context)[0] === undefined;
}

function argumentOf(argument: Argument, context: Context): RuntimeValue | Missing {
  if (argument.kind === "literal") return argument.literal.value;
  return argument.kind === "regex" ? argument.pattern.source : valuesOf(argument, context)[0];
}

function apply(name: string, args: readonly (RuntimeValue | Missing)[], type: unknown): RuntimeValue | Missing {
  const present = args.filter((arg) => arg !== undefined);
  if (present.length === 0 || (name !== "concat" && present.length < args.length)) return undefined;
  const run = REFERENCE[name];
  if (run === undefined) throw new Error(`the reference does not know ${name}`);
  return run(present, type);
}

function holds(test: Test, value: RuntimeValue): boolean {
  switch (test.op) {
    case "is-true":
      return value === true;
    case "contains":
      return (value as string).split(test.bytes).length > 1 || test.bytes === "";
    case "matches":
      return new RegExp(test.pattern.source, "s").test(value as string) && matchesWithoutNewline(test.pattern.source, value as string);
    case "wildcard":
      return wildcard(test.strict ? test.pattern : fold(test.pattern), test.strict ? (value as string) : fold(value as string));
    case "bitwise_and":
      return (BigInt.asUintN(64, BigInt(value as number)) & BigInt.asUintN(64, BigInt(test.mask))) !== 0n;
    case "in":
      if (test.set.type === "Bytes") return test.set.values.some((member) => member === value);
      if (test.set.type === "Int") return test.set.ranges.some(([from, to]) => between(value as number, from, to));
      return test.set.ranges.some((range) => inRange(range, value as number | string));
    case "in-list":
      return (
        ({ numbers_list: [1, 2], "texts.list": ["a"], addresses_list: [0x0a000001] } as Record<string, unknown[]>)[test.list]?.includes(
          value,
        ) ?? false
      );
    default:
      return compare(test.op, test.value, value);
  }
}

/** In the language `.` is any byte but LF, in JavaScript without `s` it excludes CR too; values here have either rarely. */
function matchesWithoutNewline(source: string, value: string): boolean {
  return new RegExp(source.replaceAll(/(?<!\\)\./g, "[^\\n]")).test(value);
}

function compare(op: string, literal: Literal, value: RuntimeValue): boolean {
  if (literal.type === "Ip") {
    const [left, right] = [bigAddress(value as number | string), bigText(literal.value)];
    if (left.family !== right.family) return op === "ne";
    return ordered(op, left.value < right.value ? -1 : left.value > right.value ? 1 : 0);
  }
  if (literal.type === "Int") {
    const [left, right] = [BigInt(value as number), BigInt(literal.value)];
    return ordered(op, left < right ? -1 : left > right ? 1 : 0);
  }
  return ordered(op, Buffer.compare(Buffer.from(value as string, "latin1"), Buffer.from(literal.value, "latin1")));
}

function ordered(op: string, order: number): boolean {
  return { eq: order === 0, ne: order !== 0, lt: order < 0, le: order <= 0, gt: order > 0, ge: order >= 0 }[op] ?? false;
}

function between(value: number, from: IntLiteral, to: IntLiteral): boolean {
  return BigInt(value) >= BigInt(from) && BigInt(value) <= BigInt(to);
}

interface BigAddress {
  readonly family: 4 | 6;
  readonly value: bigint;
}

function bigAddress(address: number | string): BigAddress {
  return typeof address === "number" ? { family: 4, value: BigInt(address) } : { family: 6, value: BigInt(`0x${address}`) };
}

/** Reads only what the generator writes: dotted decimal, and 2001:db8::N, of one group. */
function bigText(text: string): BigAddress {
  if (text.includes(":"))
    return { family: 6, value: (0x20010db8n << 96n) + BigInt(`0x${text.split("::")[1] === "" ? "0" : text.split("::")[1]}`) };
  return { family: 4, value: text.split(".").reduce((sum, part) => sum * 256n + BigInt(part), 0n) };
}

function inRange(range: string, value: number | string): boolean {
  const address = bigAddress(value);
  const [fromText = "", toText] = range.split("..");
  const [base = "", bits] = fromText.split("/");
  const from = bigText(base);
  const to = toText === undefined ? from.value + (bits === undefined ? 0n : 2n ** BigInt(32 - Number(bits)) - 1n) : bigText(toText).value;
  return address.family === from.family && address.value >= from.value && address.value <= to;
}

function fold(text: string): string {
  return apply("lower", [text], "Bytes") as string;
}

function wildcard(pattern: string, value: string): boolean {
  if (pattern === "") return value === "";
  if (pattern[0] !== "*") return value[0] === pattern[0] && value !== "" && wildcard(pattern.slice(1), value.slice(1));
  return Array.from({ length: value.length + 1 }, (_, index) => index).some((index) => wildcard(pattern.slice(1), value.slice(index)));
}
