// The checked form of a rule: a tree of plain JSON that is stored in a release. Every node carries what evaluating it needs, so
// loading does no type inference. Made by `check.ts` only; read by `compile.ts` (to closures) and `print.ts` (to text).
//
// A Bytes value is a byte string: a JavaScript string with one character, U+0000 to U+00FF, for each byte. Text in other
// encodings is encoded as UTF-8 before it gets here, so comparing, counting and matching go by bytes, as the language says.

/** Types of the language. An array or a map has elements of one type; map keys are Bytes. */
export type ValueType = "Bool" | "Int" | "Bytes" | "Ip" | { readonly array: ValueType } | { readonly map: ValueType };

/** A 64-bit integer: a number while a number is exact, above that decimal digits. */
export type IntLiteral = number | string;

/** A Bool; or, as the operand of `any` and `all`, an array of Bools. */
export type Expression = LogicalExpression | NotExpression | QuantifierExpression | TestExpression;

/** Two operands or more. No operand is itself a logical expression of the same operator: those are merged. */
export interface LogicalExpression {
  readonly kind: "or" | "xor" | "and";
  readonly operands: readonly Expression[];
}

export interface NotExpression {
  readonly kind: "not";
  readonly operand: Expression;
}

export interface QuantifierExpression {
  readonly kind: "any" | "all";
  /** An array of Bools. */
  readonly operand: Expression;
}

/** Compares a value with literals. A subject with `[*]` gives an array of Bools. */
export interface TestExpression {
  readonly kind: "test";
  readonly subject: Value;
  readonly test: Test;
}

export type Test =
  /** The subject itself: a Bool, or an array of Bools. */
  | { readonly op: "is-true" }
  | { readonly op: "eq" | "ne" | "lt" | "le" | "gt" | "ge"; readonly value: Literal }
  | { readonly op: "bitwise_and"; readonly mask: IntLiteral }
  | { readonly op: "contains"; readonly bytes: string }
  | { readonly op: "matches"; readonly pattern: RegexLiteral }
  | { readonly op: "wildcard"; readonly pattern: string; readonly strict: boolean }
  | { readonly op: "in"; readonly set: SetLiteral }
  | { readonly op: "in-list"; readonly list: string; readonly type: "Int" | "Bytes" | "Ip" };

export type Literal =
  | { readonly type: "Int"; readonly value: IntLiteral }
  | { readonly type: "Bytes"; readonly value: string }
  /** Canonical text. */
  | { readonly type: "Ip"; readonly value: string };

export interface RegexLiteral {
  /** The pattern as text, as written. */
  readonly source: string;
  /**
   * The longest value that V8's backtracking engine is given; longer ones go to the linear-time engine, which gives the same
   * answer. Null: any length, since the pattern is proved to backtrack in linear time. 0: always the linear-time engine.
   */
  readonly maxLength: number | null;
}

/** The items of `{...}`, in the order written. */
export type SetLiteral =
  | { readonly type: "Int"; readonly ranges: readonly (readonly [from: IntLiteral, to: IntLiteral])[] }
  | { readonly type: "Bytes"; readonly values: readonly string[] }
  /** An address, a CIDR block, or `from..to`, in canonical text. */
  | { readonly type: "Ip"; readonly ranges: readonly string[] };

export type Value = FieldValue | CallValue | IndexValue | EachValue;

export interface FieldValue {
  readonly kind: "field";
  readonly name: string;
  readonly type: ValueType;
}

/** With an argument that has `[*]`, the function is applied to each element and `type` is the array of results. */
export interface CallValue {
  readonly kind: "call";
  readonly name: string;
  readonly args: readonly Argument[];
  readonly type: ValueType;
}

/** `of[3]` or `of["name"]`. */
export interface IndexValue {
  readonly kind: "index";
  readonly of: Value;
  readonly key: number | string;
  readonly type: ValueType;
}

/** `of[*]`: each element of an array, or each value of a map. `type` is the element's. */
export interface EachValue {
  readonly kind: "each";
  readonly of: Value;
  readonly type: ValueType;
}

export type Argument =
  | Value
  | { readonly kind: "literal"; readonly literal: Literal }
  /** A pattern that is compiled when loading. */
  | { readonly kind: "regex"; readonly pattern: RegexLiteral };

/**
 * What gives a single value outside a condition: the target of a redirect, a header's value, a rate limit's key. A `Value` here is a
 * Bytes, an Int, an Ip or a Bool, without `[*]` in its own indexes.
 */
export type ScalarSource = { readonly kind: "literal"; readonly literal: Literal } | Value;
