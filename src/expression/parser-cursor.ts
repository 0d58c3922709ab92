// What the parts of the parser share: where reading stands, the words of the language, and how an error is reported. An error
// either lets the parser go on, or leaves the operand that it is in.

import { NESTING_DEPTH_MAX } from "./limits.ts";
import { diagnose } from "./diagnostics.ts";
import type { ExpressionDiagnostic, Span } from "./diagnostics.ts";
import type { LexResult, Token } from "./lexer.ts";
import type { OperatorName } from "./syntax.ts";

export interface Cursor {
  readonly tokens: readonly Token[];
  readonly errors: ExpressionDiagnostic[];
  /** Where errors stand: the second one at a place would only say that the first was there. */
  readonly reported: Set<number>;
  at: number;
  depth: number;
}

export interface Advice {
  readonly expected?: string;
  readonly fix?: string;
}

/** Leaves the operand after an error. `fatal`: leaves the parser. Caught in `parser.ts` only. */
interface Stop {
  readonly stop: "operand" | "fatal";
}

export type LogicalName = "or" | "xor" | "and";

/** Loosest first. */
export const LOGICAL: readonly { readonly name: LogicalName; readonly symbol: string }[] = [
  { name: "or", symbol: "||" },
  { name: "xor", symbol: "^^" },
  { name: "and", symbol: "&&" },
];

const OPERATORS: ReadonlyMap<string, OperatorName> = new Map([
  ...(["eq", "ne", "lt", "le", "gt", "ge", "in", "bitwise_and", "contains", "matches", "wildcard"] as const).map(
    (name) => [name, name] as const,
  ),
  ["==", "eq"],
  ["!=", "ne"],
  ["<", "lt"],
  ["<=", "le"],
  [">", "gt"],
  [">=", "ge"],
  ["&", "bitwise_and"],
  ["~", "matches"],
]);

/** Words that are operators, for suggestions. */
export const OPERATOR_WORDS = ["and", "or", "xor", "not", "strict wildcard", ...OPERATORS.keys()].filter((word) => /^[a-z]/.test(word));

/** What a field, a function or `any` may be called. */
export const NAME = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*$/;

export function startCursor(lexed: LexResult): Cursor {
  return { tokens: lexed.tokens, errors: [...lexed.errors], reported: new Set(lexed.errors.map(({ start }) => start)), at: 0, depth: 0 };
}

export function peek(cursor: Cursor, ahead = 0): Token {
  const token = cursor.tokens[Math.min(cursor.at + ahead, cursor.tokens.length - 1)];
  if (token === undefined) throw new Error("a token list ends with an end token");
  return token;
}

export function isWord(token: Token, text: string): boolean {
  return token.kind === "word" && token.text === text;
}

export function isSymbol(token: Token, text: string): boolean {
  return token.kind === "symbol" && token.text === text;
}

/** The logical operator that a token is, in whatever case it is written; null when it is none. */
export function logicalOf(token: Token): LogicalName | null {
  const text = token.kind === "word" ? token.text.toLowerCase() : token.text;
  const found = LOGICAL.find(({ name, symbol }) => (token.kind === "word" ? name === text : token.kind === "symbol" && symbol === text));
  return found?.name ?? null;
}

/** The comparison operator that a token is, in whatever case it is written. */
export function operatorOf(token: Token): OperatorName | null {
  if (token.kind === "word") return OPERATORS.get(token.text.toLowerCase()) ?? null;
  return token.kind === "symbol" ? (OPERATORS.get(token.text) ?? null) : null;
}

/** Words that cannot be a field's name, so that a missing operand is reported as such. */
export function isReserved(token: Token): boolean {
  return token.kind === "word" && (OPERATOR_WORDS.includes(token.text) || token.text === "strict");
}

/** Reports an error at a token, unless it only follows from something that was reported there. */
export function report(cursor: Cursor, token: Token, message: string, advice: Advice = {}): void {
  if (token.kind === "hole" || token.skipped) return;
  reportSpan(cursor, token, message, advice);
}

export function reportSpan(cursor: Cursor, span: Span, message: string, advice: Advice = {}): void {
  if (cursor.reported.has(span.start)) return;
  cursor.reported.add(span.start);
  cursor.errors.push(diagnose(span, message, advice));
}

/** Reports a word of the language that is not in lower case. */
export function reportCase(cursor: Cursor, token: Token): void {
  const lower = token.text.toLowerCase();
  if (token.kind !== "word" || token.text === lower) return;
  report(cursor, token, `"${token.text}" is not an operator: operators are in lower case`, { fix: `write ${lower}` });
}

/** Reports and leaves the operand. */
export function stopAt(cursor: Cursor, token: Token, message: string, advice: Advice = {}): never {
  report(cursor, token, message, advice);
  const stop: Stop = { stop: "operand" };
  throw stop;
}

/** Whether something thrown is the end of an operand or of the parsing, and no bug. */
export function isStop(error: unknown): error is Stop {
  return typeof error === "object" && error !== null && "stop" in error;
}

/** Reads what is inside of something; too deep ends the parsing. */
export function nested<T>(cursor: Cursor, token: Token, inner: () => T): T {
  cursor.depth += 1;
  if (cursor.depth > NESTING_DEPTH_MAX) {
    report(cursor, token, `this is nested more than ${NESTING_DEPTH_MAX} deep`, { fix: "split the rule" });
    const stop: Stop = { stop: "fatal" };
    throw stop;
  }
  const result = inner();
  cursor.depth -= 1;
  return result;
}

/** The closing symbol; null after reporting that it is missing. */
export function takeClosing(cursor: Cursor, symbol: string, opened: Token): Token | null {
  const token = peek(cursor);
  if (isSymbol(token, symbol)) {
    cursor.at += 1;
    return token;
  }
  const message =
    token.kind === "end" ? `the expression ends before the ${symbol} that "${opened.text}" needs` : `"${token.text}" does not fit here`;
  report(cursor, token, message, { expected: symbol, fix: `add ${symbol}` });
  return null;
}
