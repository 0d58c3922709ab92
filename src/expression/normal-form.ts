// An expression as alternatives of assertions: it holds when all assertions of one alternative do (disjunctive normal form), and
// the same for when it does not hold. Bounded: what would become too large has no such form. Part of the analysis at publishing.

import { canonicalText } from "./canonical.ts";
import { hasEach } from "./compile-value.ts";
import { printValue } from "./print.ts";
import { literalCall } from "./walk.ts";
import { parseWildcard } from "./wildcard.ts";
import type { Expression, QuantifierExpression, Test, TestExpression, Value } from "./ast.ts";

/** What is said of one value. */
export type Predicate = Test | { readonly op: "prefix" | "suffix"; readonly bytes: string };

export interface Constraint {
  readonly predicate: Predicate;
  /** False: the predicate does not hold for the value. */
  readonly holds: boolean;
}

/** That one test, or one any or all, holds or does not. */
export interface Assertion {
  /** The same for assertions of the same test. */
  readonly key: string;
  readonly holds: boolean;
  /** Null: nothing is known of what it means. */
  readonly about: {
    /** The same for assertions about the same value, or elements. */
    readonly key: string;
    readonly subject: Value;
    /** The value itself; some element; every element. */
    readonly role: "value" | "some" | "every";
    readonly constraint: Constraint;
  } | null;
}

export type Conjunction = readonly Assertion[];

/** Null where there would be too many. An empty list: never. */
export interface NormalForm {
  readonly whenTrue: readonly Conjunction[] | null;
  readonly whenFalse: readonly Conjunction[] | null;
}

/** Conjunctions of one form: a rule that people can read has a handful. */
const CONJUNCTIONS_MAX = 128;

/** The normal form of a checked expression. Both answers are made at once: an exclusive or needs both of each operand. */
export function normalForm(expression: Expression): NormalForm {
  switch (expression.kind) {
    case "and":
    case "or":
    case "xor":
      return expression.operands.map(normalForm).reduce(COMBINE[expression.kind]);
    case "not": {
      const { whenTrue, whenFalse } = normalForm(expression.operand);
      return { whenTrue: whenFalse, whenFalse: whenTrue };
    }
    case "any":
    case "all":
    case "test":
      return { whenTrue: [[assertionOf(expression, true)]], whenFalse: [[assertionOf(expression, false)]] };
    default:
      return expression satisfies never;
  }
}

type Alternatives = readonly Conjunction[] | null;

const COMBINE: Readonly<Record<"and" | "or" | "xor", (left: NormalForm, right: NormalForm) => NormalForm>> = {
  and: (left, right) => ({
    whenTrue: bothOf(left.whenTrue, right.whenTrue),
    whenFalse: eitherOf(left.whenFalse, right.whenFalse),
  }),
  or: (left, right) => ({
    whenTrue: eitherOf(left.whenTrue, right.whenTrue),
    whenFalse: bothOf(left.whenFalse, right.whenFalse),
  }),
  xor: (left, right) => ({
    whenTrue: eitherOf(bothOf(left.whenTrue, right.whenFalse), bothOf(left.whenFalse, right.whenTrue)),
    whenFalse: eitherOf(bothOf(left.whenTrue, right.whenTrue), bothOf(left.whenFalse, right.whenFalse)),
  }),
};

function bothOf(left: Alternatives, right: Alternatives): Alternatives {
  if (left === null || right === null || left.length * right.length > CONJUNCTIONS_MAX) return null;
  return left.flatMap((first) => right.map((second) => [...first, ...second]));
}

function eitherOf(left: Alternatives, right: Alternatives): Alternatives {
  return left === null || right === null || left.length + right.length > CONJUNCTIONS_MAX ? null : [...left, ...right];
}

function assertionOf(expression: TestExpression | QuantifierExpression, holds: boolean): Assertion {
  const key = canonicalText(expression);
  if (expression.kind === "test") return { key, holds, about: aboutOf(expression, "value", holds) };
  const negated = expression.operand.kind === "not";
  const operand = expression.operand.kind === "not" ? expression.operand.operand : expression.operand;
  if (operand.kind !== "test") return { key, holds, about: null };
  // any: some element passes, or none does. all: every element passes, or some does not.
  const isAny = expression.kind === "any";
  return { key, holds, about: aboutOf(operand, isAny === holds ? "some" : "every", holds !== negated) };
}

function aboutOf(expression: TestExpression, role: "value" | "some" | "every", holds: boolean): Assertion["about"] {
  const called = literalCall(expression, "starts_with") ?? literalCall(expression, "ends_with");
  const subject = called === null ? expression.subject : called.of;
  // An array of Bools inside any and all is not looked into.
  if ((role === "value") === hasEach(subject) || typeof subject.type !== "string" || subject.type === "Bool") return null;
  const op = literalCall(expression, "starts_with") === null ? "suffix" : "prefix";
  const predicate: Predicate = called === null ? simplified(expression.test) : { op, bytes: called.bytes };
  return { key: printValue(subject), subject, role, constraint: { predicate, holds } };
}

/** A wildcard without a star is a comparison, where case counts. */
function simplified(test: Test): Test {
  if (test.op !== "wildcard" || !test.strict) return test;
  const parsed = parseWildcard(test.pattern);
  const [only] = "pieces" in parsed && parsed.pieces.length === 1 ? parsed.pieces : [];
  return only === undefined ? test : { op: "eq", value: { type: "Bytes", value: only } };
}
