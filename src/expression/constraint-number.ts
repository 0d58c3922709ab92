// Whether an integer or an address can satisfy several constraints at once, by arithmetic on intervals. Part of the analysis.

import { compileTest } from "./compile-test.ts";
import { intersect, subtract, unionOf } from "./interval-set.ts";
import { parseAddress, parseRange } from "./ip.ts";
import type { SetLiteral, Value } from "./ast.ts";
import type { IntervalSet } from "./interval-set.ts";
import type { Address } from "./ip.ts";
import type { Constraint, Predicate } from "./normal-form.ts";

/** IPv6 addresses come behind the IPv4 addresses on one line. */
const V6_START = 2n ** 32n;
const V4: IntervalSet = [[0n, V6_START - 1n]];
const V6: IntervalSet = [[V6_START, V6_START + 2n ** 128n - 1n]];
const ADDRESSES: IntervalSet = [...V4, ...V6];

/** Integers of the language at run time. */
const INTEGERS: IntervalSet = [[BigInt(Number.MIN_SAFE_INTEGER), BigInt(Number.MAX_SAFE_INTEGER)]];
const LENGTHS: IntervalSet = [[0n, BigInt(Number.MAX_SAFE_INTEGER)]];

/** Integers that are left and are tried one by one, for what is no interval. */
const TRIED_MAX = 64n;

/** True when no integer, or no address, satisfies all constraints on the subject. */
export function contradictNumbers(subject: Value, constraints: readonly Constraint[]): boolean {
  const universe = subject.type === "Ip" ? ADDRESSES : subject.kind === "call" && subject.name === "len" ? LENGTHS : INTEGERS;
  let left = universe;
  const others: Constraint[] = [];
  for (const constraint of constraints) {
    const set = setOf(constraint.predicate, universe);
    if (set === null) others.push(constraint);
    else left = constraint.holds ? intersect(left, set) : subtract(left, set);
  }
  if (left.length === 0) return true;
  return subject.type === "Int" && !someIsLeft(left, others);
}

/** Whether one of few integers passes the masks; with many, one is taken to. */
function someIsLeft(left: IntervalSet, others: readonly Constraint[]): boolean {
  const masks = others.flatMap(({ predicate, holds }) =>
    predicate.op === "bitwise_and" ? [{ passes: compileTest({ list: () => () => true }, predicate), holds, mask: predicate.mask }] : [],
  );
  if (masks.some(({ mask, holds }) => holds && Number(mask) === 0)) return false;
  if (left.reduce((sum, [from, to]) => sum + to - from + 1n, 0n) > TRIED_MAX) return true;
  return left.some(([from, to]) => {
    for (let value = from; value <= to; value += 1n)
      if (masks.every(({ passes, holds }) => passes(Number(value), null) === holds)) return true;
    return false;
  });
}

/** The values for which a predicate holds; null when they are no intervals. */
function setOf(predicate: Predicate, universe: IntervalSet): IntervalSet | null {
  switch (predicate.op) {
    case "eq":
    case "ne":
    case "lt":
    case "le":
    case "gt":
    case "ge": {
      const { value } = predicate;
      if (value.type === "Bytes") return null;
      const point = value.type === "Int" ? BigInt(value.value) : pointOf(parseAddress(value.value) ?? 0);
      // An order holds within the family of the address; addresses of two families are unequal.
      const family = value.type === "Int" ? universe : point < V6_START ? V4 : V6;
      return predicate.op === "ne" ? subtract(universe, [[point, point]]) : intersect(family, ordered(predicate.op, point));
    }
    case "in":
      return predicate.set.type === "Bytes" ? null : unionOf(intervalsOf(predicate.set));
    default:
      return null;
  }
}

function ordered(op: "eq" | "lt" | "le" | "gt" | "ge", point: bigint): IntervalSet {
  const [lowest, highest] = [-(2n ** 200n), 2n ** 200n];
  if (op === "eq") return [[point, point]];
  if (op === "lt") return [[lowest, point - 1n]];
  if (op === "le") return [[lowest, point]];
  return op === "gt" ? [[point + 1n, highest]] : [[point, highest]];
}

function intervalsOf(set: Exclude<SetLiteral, { readonly type: "Bytes" }>): IntervalSet {
  if (set.type === "Int") return set.ranges.map(([from, to]) => [BigInt(from), BigInt(to)] as const);
  return set.ranges.flatMap((text) => {
    const parsed = parseRange(text);
    return "range" in parsed ? [[pointOf(parsed.range.from), pointOf(parsed.range.to)] as const] : [];
  });
}

function pointOf(address: Address): bigint {
  return typeof address === "number" ? BigInt(address) : V6_START + BigInt(`0x${address}`);
}
