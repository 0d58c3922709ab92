// The right side of comparisons as closures over one value. Sets become hash sets or sorted ranges, so their size does not matter.

import { addressInRanges, compareAddresses, compileRanges, parseAddress } from "./ip.ts";
import { compileRegex } from "./regex.ts";
import { compileWildcard } from "./wildcard.ts";
import type { IntLiteral, Literal, SetLiteral, Test } from "./ast.ts";
import type { Compilation } from "./compilation.ts";
import type { Address } from "./ip.ts";
import type { RuntimeValue } from "./types.ts";

type Order = "eq" | "ne" | "lt" | "le" | "gt" | "ge";

/** Compiles a test. The value that the closure gets has the type that the checker saw; the context is for lists. */
export function compileTest<Context>(
  compilation: Pick<Compilation<Context>, "list">,
  test: Test,
): (value: RuntimeValue, context: Context) => boolean {
  switch (test.op) {
    case "is-true":
      return (value) => value === true;
    case "eq":
    case "ne":
    case "lt":
    case "le":
    case "gt":
    case "ge":
      return compileOrder(test.op, test.value);
    case "bitwise_and":
      return compileMask(test.mask);
    case "contains":
      return (value) => (value as string).includes(test.bytes);
    case "matches": {
      const matcher = compileRegex(test.pattern);
      return (value) => matcher.test(value as string);
    }
    case "wildcard": {
      const match = compileWildcard(test.pattern, test.strict);
      return (value) => match(value as string) !== null;
    }
    case "in":
      return compileSet(test.set);
    case "in-list":
      return compilation.list(test.list);
    default:
      return test satisfies never;
  }
}

function compileOrder(op: Order, literal: Literal): (value: RuntimeValue) => boolean {
  if (literal.type === "Ip") {
    const right = parseAddress(literal.value) ?? "";
    return (value) => {
      const order = compareAddresses(value as Address, right);
      // Addresses of two families have no order: they are unequal and nothing else.
      return order === null ? op === "ne" : holds(op, order);
    };
  }
  // A literal beyond 2^53 is rounded, which changes no answer: values of the language are safe integers.
  const right = literal.type === "Int" ? Number(literal.value) : literal.value;
  if (op === "eq") return (value) => value === right;
  if (op === "ne") return (value) => value !== right;
  return (value) => holds(op, (value as number | string) < right ? -1 : value === right ? 0 : 1);
}

function holds(op: Order, order: number): boolean {
  switch (op) {
    case "eq":
      return order === 0;
    case "ne":
      return order !== 0;
    case "lt":
      return order < 0;
    case "le":
      return order <= 0;
    case "gt":
      return order > 0;
    case "ge":
      return order >= 0;
    default:
      return op satisfies never;
  }
}

/** True when any bit is common, in 64-bit two's complement, by halves since JavaScript's bits end at 32. */
function compileMask(mask: IntLiteral): (value: RuntimeValue) => boolean {
  const bits = BigInt.asUintN(64, BigInt(mask));
  const [high, low] = [Number(bits >> 32n), Number(bits & 0xffffffffn)];
  return (value) => {
    const int = value as number;
    return ((Math.floor(int / 0x100000000) & high) | (int & low)) !== 0;
  };
}

function compileSet(set: SetLiteral): (value: RuntimeValue) => boolean {
  if (set.type === "Bytes") {
    const members = new Set<RuntimeValue>(set.values);
    return (value) => members.has(value);
  }
  if (set.type === "Ip") {
    const { ranges } = compileRanges(set.ranges);
    return (value) => addressInRanges(value as Address, ranges);
  }
  const singles = new Set<RuntimeValue>(set.ranges.filter(([from, to]) => from === to).map(([from]) => Number(from)));
  const spans = set.ranges.filter(([from, to]) => from !== to).map(([from, to]) => [Number(from), Number(to)] as const);
  return (value) => singles.has(value) || spans.some(([from, to]) => (value as number) >= from && (value as number) <= to);
}
