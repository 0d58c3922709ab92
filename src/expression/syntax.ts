// The tree that the parser builds: names and literals as written, with spans and without types. `check.ts`
// gives it meaning.

import type { Span } from "./diagnostics.ts";
import type { Token } from "./lexer.ts";

/** A hole stands for what could not be read and was reported; what is around it is checked all the same. */
export type SyntaxNode = SyntaxLogical | SyntaxNot | SyntaxQuantifier | SyntaxComparison | SyntaxHole;

export interface SyntaxHole extends Span {
  readonly kind: "hole";
}

export interface SyntaxLogical extends Span {
  readonly kind: "or" | "xor" | "and";
  readonly operands: readonly SyntaxNode[];
}

export interface SyntaxNot extends Span {
  readonly kind: "not";
  readonly operand: SyntaxNode;
}

export interface SyntaxQuantifier extends Span {
  readonly kind: "any" | "all";
  readonly operand: SyntaxNode;
}

export interface SyntaxComparison extends Span {
  readonly kind: "comparison";
  readonly subject: SyntaxValue;
  readonly operator: SyntaxOperator | SyntaxHole | null;
}

export type OrderName = "eq" | "ne" | "lt" | "le" | "gt" | "ge";
export type OperatorName = OrderName | "in" | "bitwise_and" | "contains" | "matches" | "wildcard" | "strict wildcard";

export interface SyntaxOperator extends Span {
  readonly kind: "operator";
  readonly name: OperatorName;
  readonly right: SyntaxOperand;
}

export type SyntaxOperand =
  | ({ readonly kind: "literal"; readonly token: Token } & Span)
  | ({ readonly kind: "set"; readonly items: readonly Token[] } & Span)
  | ({ readonly kind: "list"; readonly name: string } & Span)
  | SyntaxHole;

/** A field, or a call, with its indexes. */
export interface SyntaxValue extends Span {
  readonly name: string;
  readonly nameSpan: Span;
  /** Null for a field. */
  readonly args: readonly SyntaxArgument[] | null;
  readonly indexes: readonly SyntaxIndex[];
}

export type SyntaxArgument =
  | ({ readonly kind: "value"; readonly value: SyntaxValue } & Span)
  | ({ readonly kind: "literal"; readonly token: Token } & Span)
  | SyntaxHole;

export type SyntaxIndex = Span & ({ readonly kind: "each" } | { readonly kind: "key"; readonly token: Token });
