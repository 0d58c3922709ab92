// What an expression requires: conditions that are necessary for it to hold and that an index can look up for many expressions at
// once. Never a sufficient one: what passes is evaluated. Called by `matcher.ts` when rules are loaded.

import { hasEach } from "./compile-value.ts";
import { parseAddress, parseRange } from "./ip.ts";
import { printExpression, printValue } from "./print.ts";
import { combineNeeds, needOfRegex, needOfWildcard } from "./requirement-text.ts";
import { literalCall } from "./walk.ts";
import type { Expression, Literal, SetLiteral, TestExpression, Value } from "./ast.ts";
import type { Address } from "./ip.ts";
import type { TextNeed } from "./requirement-text.ts";

export type Requirement =
  | Condition
  /** Each of these is necessary: any one may be looked up. Or: at least one of them holds. */
  | { readonly kind: "all" | "any"; readonly of: readonly Requirement[] };

export type Condition =
  | { readonly kind: "is"; readonly subject: Subject; readonly values: readonly (string | number | boolean)[] }
  | { readonly kind: "prefix" | "contains"; readonly subject: Subject; readonly bytes: string }
  /** Inclusive. */
  | { readonly kind: "within"; readonly subject: Subject; readonly from: Address; readonly to: Address }
  /** A test that is worth evaluating once for all expressions with it. */
  | { readonly kind: "test"; readonly expression: Expression; readonly key: string };

/** A value that conditions are about, one object for equal ones. With `[*]`, a condition is about at least one of its elements. */
export interface Subject {
  readonly value: Value;
  /** Conditions are about the value, about the value in lower case, or about any key of the map that the value is. */
  readonly aspect: "value" | "lower case" | "keys";
}

/** What is the same for all expressions of one matcher. */
export interface Extraction {
  /** Whether a value may change during an evaluation: then no condition is about it. */
  readonly isVolatile: (value: Value) => boolean;
  /** Subjects by key, so that equal ones are one object. */
  readonly subjects: Map<string, Subject>;
}

/** What an expression requires; null when nothing is known. */
export function requirementOf(expression: Expression, extraction: Extraction): Requirement | null {
  return needOf(expression, true, extraction);
}

/** What is necessary for an expression to be true, or (`wanted` false) to be false. Also for one element inside any and all. */
function needOf(expression: Expression, wanted: boolean, extraction: Extraction): Requirement | null {
  switch (expression.kind) {
    case "and":
    case "or":
      return combineNeeds<Requirement>(
        (expression.kind === "and") === wanted ? "all" : "any",
        expression.operands.map((operand) => needOf(operand, wanted, extraction)),
      );
    case "xor":
      // At least one operand of an exclusive or that is true is true.
      if (!wanted) return null;
      return combineNeeds<Requirement>(
        "any",
        expression.operands.map((operand) => needOf(operand, true, extraction)),
      );
    case "not":
      return needOf(expression.operand, !wanted, extraction);
    case "any":
      return wanted ? needOf(expression.operand, true, extraction) : null;
    case "all":
      // True over nothing; false only where there is an element for which the operand is false.
      return wanted ? null : needOf(expression.operand, false, extraction);
    case "test":
      if (!wanted || extraction.isVolatile(expression.subject)) return null;
      return bothOf(needOfTest(expression, extraction), needOfKey(expression.subject, extraction));
    default:
      return expression satisfies never;
  }
}

function bothOf(left: Requirement | null, right: Requirement | null): Requirement | null {
  return left === null ? right : right === null ? left : { kind: "all", of: [left, right] };
}

function needOfTest(expression: TestExpression, extraction: Extraction): Requirement | null {
  const { subject, test } = expression;
  switch (test.op) {
    case "eq":
      return { kind: "is", subject: subjectOf(extraction, subject), values: [keyOfLiteral(test.value)] };
    case "in":
      return needOfSet(subjectOf(extraction, subject), test.set);
    case "lt":
    case "le":
    case "gt":
    case "ge":
      return test.value.type === "Int" ? needOfOrder(subjectOf(extraction, subject), test.op, Number(test.value.value)) : null;
    case "contains":
      return needOfText(extraction, subject, { kind: "contains", bytes: test.bytes, fold: false });
    case "wildcard":
      return needOfText(extraction, subject, needOfWildcard(test.pattern, test.strict));
    case "matches":
      return needOfText(extraction, subject, needOfRegex(test.pattern.source));
    case "in-list":
      return needOfList(expression);
    case "is-true":
      return needOfBool(expression, extraction);
    case "ne":
    case "bitwise_and":
      return null;
    default:
      return test satisfies never;
  }
}

/** A test of an entry holds only where a map has the entry. */
function needOfKey(value: Value, extraction: Extraction): Requirement | null {
  if (value.kind !== "index" && value.kind !== "each") return null;
  const { of } = value;
  if (value.kind === "each" || typeof value.key === "number" || hasEach(of)) return needOfKey(of, extraction);
  return { kind: "is", subject: subjectOf(extraction, of, "keys"), values: [value.key] };
}

function needOfBool(expression: TestExpression, extraction: Extraction): Requirement | null {
  const starts = literalCall(expression, "starts_with");
  if (starts !== null) return needOfText(extraction, starts.of, { kind: "prefix", bytes: starts.bytes, fold: false });
  const ends = literalCall(expression, "ends_with");
  if (ends !== null) return needOfText(extraction, ends.of, { kind: "contains", bytes: ends.bytes, fold: false });
  // An array of Bools has no `[*]`, and is not looked into.
  return expression.subject.type === "Bool" ? { kind: "is", subject: subjectOf(extraction, expression.subject), values: [true] } : null;
}

function needOfList(expression: TestExpression): Requirement {
  const whole: Expression = hasEach(expression.subject) ? { kind: "any", operand: expression } : expression;
  return { kind: "test", expression: whole, key: printExpression(whole) };
}

function needOfSet(subject: Subject, set: SetLiteral): Requirement | null {
  if (set.type === "Bytes") return { kind: "is", subject, values: set.values };
  const singles: Address[] = [];
  const ranges: Requirement[] = [];
  const add = (from: Address, to: Address): void => {
    if (from === to) singles.push(from);
    else ranges.push({ kind: "within", subject, from, to });
  };
  if (set.type === "Int") for (const [from, to] of set.ranges) add(Number(from), Number(to));
  else
    for (const text of set.ranges) {
      const parsed = parseRange(text);
      if ("problem" in parsed) throw new Error("a release holds an address that is none");
      add(parsed.range.from, parsed.range.to);
    }
  return combineNeeds<Requirement>("any", singles.length === 0 ? ranges : [{ kind: "is", subject, values: singles }, ...ranges]);
}

function needOfText(extraction: Extraction, value: Value, need: TextNeed | null): Requirement | null {
  if (need === null) return null;
  if ("of" in need)
    return combineNeeds<Requirement>(
      need.kind,
      need.of.map((part) => needOfText(extraction, value, part)),
    );
  const subject = subjectOf(extraction, value, need.fold ? "lower case" : "value");
  if (need.kind === "is") return { kind: "is", subject, values: [need.bytes] };
  return need.bytes === "" ? null : { kind: need.kind, subject, bytes: need.bytes };
}

function needOfOrder(subject: Subject, op: "lt" | "le" | "gt" | "ge", bound: number): Requirement {
  const isBelow = op === "lt" || op === "le";
  // A bound beyond 2^53 is rounded, and so is the next integer; values never reach them.
  const end = op === "lt" ? bound - 1 : op === "gt" ? bound + 1 : bound;
  return isBelow
    ? { kind: "within", subject, from: Number.NEGATIVE_INFINITY, to: end }
    : { kind: "within", subject, from: end, to: Number.POSITIVE_INFINITY };
}

function subjectOf({ subjects }: Extraction, value: Value, aspect: Subject["aspect"] = "value"): Subject {
  const printed = value.kind === "field" ? value.name : printValue(value);
  const key = aspect === "value" ? printed : `${printed} by ${aspect}`;
  const known = subjects.get(key);
  if (known !== undefined) return known;
  const subject = { value, aspect };
  subjects.set(key, subject);
  return subject;
}

/** As values are at run time. */
function keyOfLiteral(literal: Literal): string | number {
  if (literal.type === "Int") return Number(literal.value);
  if (literal.type === "Bytes") return literal.value;
  const address = parseAddress(literal.value);
  if (address === null) throw new Error("a release holds an address that is none");
  return address;
}
