// Tokens to a syntax tree, by recursive descent. Stops at the first error: what follows a syntax error is guesswork.
// Precedence from loose to tight: or, xor, and, not. A `not` binds to the comparison after it.

import { EXPRESSION_LENGTH_MAX, NESTING_DEPTH_MAX } from "./limits.ts";
import { diagnose, nearestName } from "./diagnostics.ts";
import { lex } from "./lexer.ts";
import type { ExpressionDiagnostic, Span } from "./diagnostics.ts";
import type { Token } from "./lexer.ts";
import type { OperatorName, SyntaxArgument, SyntaxIndex, SyntaxNode, SyntaxOperand, SyntaxOperator, SyntaxValue } from "./syntax.ts";

export type ParseResult = { readonly tree: SyntaxNode } | { readonly diagnostic: ExpressionDiagnostic };

type LogicalName = "or" | "xor" | "and";

/** Loosest first. */
const LOGICAL: readonly { readonly name: LogicalName; readonly symbol: string }[] = [
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

/** Words that cannot be a field's name, so that a missing operand is reported as such. */
const RESERVED = new Set([
  "or",
  "xor",
  "and",
  "not",
  "in",
  "contains",
  "matches",
  "wildcard",
  "eq",
  "ne",
  "lt",
  "le",
  "gt",
  "ge",
  "bitwise_and",
  "strict",
]);

const NAME = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*$/;

interface Cursor {
  readonly tokens: readonly Token[];
  at: number;
  depth: number;
}

/** Leaves the recursive descent at the first error; caught by `parse` below and nowhere else. */
interface Stop {
  readonly stop: ExpressionDiagnostic;
}

/** Parses a source. Never throws. */
export function parse(source: string): ParseResult {
  if (source.length > EXPRESSION_LENGTH_MAX) {
    const span = { start: EXPRESSION_LENGTH_MAX, end: source.length };
    const message = `an expression has ${EXPRESSION_LENGTH_MAX} characters at most; this one has ${source.length}`;
    return { diagnostic: diagnose(span, message, { fix: "move long sets to a list, or split the rule" }) };
  }
  const lexed = lex(source);
  if ("diagnostic" in lexed) return lexed;
  const cursor: Cursor = { tokens: lexed.tokens, at: 0, depth: 0 };
  try {
    const tree = parseLogical(cursor, 0);
    if (peek(cursor).kind !== "end") stopAt(peek(cursor), ...strayToken(peek(cursor)));
    return { tree };
  } catch (error) {
    if (isStop(error)) return { diagnostic: error.stop };
    throw error;
  }
}

function parseLogical(cursor: Cursor, level: number): SyntaxNode {
  const operator = LOGICAL[level];
  if (operator === undefined) return parseSimple(cursor);
  const operands = [parseLogical(cursor, level + 1)];
  while (takeOperator(cursor, operator.name, operator.symbol)) operands.push(parseLogical(cursor, level + 1));
  const [first, ...rest] = operands as [SyntaxNode, ...SyntaxNode[]];
  return rest.length === 0 ? first : { kind: operator.name, operands, start: first.start, end: rest.at(-1)?.end ?? first.end };
}

function parseSimple(cursor: Cursor): SyntaxNode {
  const token = peek(cursor);
  if (isSymbol(token, "(")) {
    cursor.at += 1;
    const inner = nested(cursor, token, () => parseLogical(cursor, 0));
    const close = expectSymbol(cursor, ")", token);
    return { ...inner, start: token.start, end: close.end };
  }
  if (isSymbol(token, "!") || isWord(token, "not")) {
    cursor.at += 1;
    const operand = nested(cursor, token, () => parseSimple(cursor));
    return { kind: "not", operand, start: token.start, end: operand.end };
  }
  if ((isWord(token, "any") || isWord(token, "all")) && isSymbol(peek(cursor, 1), "(")) return parseQuantifier(cursor, token);
  return parseComparison(cursor);
}

function parseQuantifier(cursor: Cursor, name: Token): SyntaxNode {
  cursor.at += 2;
  const operand = nested(cursor, name, () => parseLogical(cursor, 0));
  const close = expectSymbol(cursor, ")", name);
  return { kind: name.text === "any" ? "any" : "all", operand, start: name.start, end: close.end };
}

function parseComparison(cursor: Cursor): SyntaxNode {
  const subject = parseValue(cursor);
  const operator = parseOperator(cursor);
  return { kind: "comparison", subject, operator, start: subject.start, end: operator?.end ?? subject.end };
}

function parseOperator(cursor: Cursor): SyntaxOperator | null {
  const token = peek(cursor);
  const strict = isWord(token, "strict") && isWord(peek(cursor, 1), "wildcard");
  const name = strict ? "strict wildcard" : token.kind === "string" ? undefined : OPERATORS.get(token.text);
  if (name === undefined) return null;
  cursor.at += strict ? 2 : 1;
  const right = name === "in" ? parseMembers(cursor) : parseLiteral(cursor, name);
  return { name, right, start: token.start, end: right.end };
}

function parseLiteral(cursor: Cursor, operator: OperatorName): SyntaxOperand {
  const token = peek(cursor);
  if (isSymbol(token, "{")) stopAt(token, `${operator} takes one value, not a set`, { fix: "write in before a set" });
  if (token.kind !== "string" && token.kind !== "word") stopAt(token, `${operator} needs a value after it`, { expected: "a literal" });
  cursor.at += 1;
  return { kind: "literal", token, start: token.start, end: token.end };
}

function parseMembers(cursor: Cursor): SyntaxOperand {
  const open = peek(cursor);
  cursor.at += 1;
  if (isSymbol(open, "$")) {
    const name = peek(cursor);
    if (name.kind !== "word" || name.spaced || !/^[a-z0-9_.]+$/.test(name.text)) {
      stopAt(name, "after $ comes the name of a list", { expected: "lower-case letters, digits, _ and ." });
    }
    cursor.at += 1;
    return { kind: "list", name: name.text, start: open.start, end: name.end };
  }
  if (!isSymbol(open, "{")) stopAt(open, "in needs a set or a list after it", { expected: "{...} or $name" });
  const items: Token[] = [];
  while (peek(cursor).kind === "word" || peek(cursor).kind === "string") {
    items.push(peek(cursor));
    cursor.at += 1;
  }
  if (isSymbol(peek(cursor), ",")) stopAt(peek(cursor), "the items of a set are separated by spaces", { fix: "remove the comma" });
  const close = expectSymbol(cursor, "}", open);
  if (items.length === 0)
    stopAt({ start: open.start, end: close.end }, "this set is empty, so nothing is in it", { expected: "one item or more" });
  return { kind: "set", items, start: open.start, end: close.end };
}

function parseValue(cursor: Cursor): SyntaxValue {
  const token = peek(cursor);
  if (token.kind === "end") stopAt(token, "the expression ends too early", { expected: "a field or a function" });
  if (token.kind !== "word" || !NAME.test(token.text) || RESERVED.has(token.text)) {
    stopAt(token, `${token.kind === "string" ? "a literal" : token.text} cannot stand here`, {
      expected: "a field or a function, on the left of the operator",
    });
  }
  cursor.at += 1;
  const args = isSymbol(peek(cursor), "(") ? nested(cursor, token, () => parseArguments(cursor)) : null;
  const indexes: SyntaxIndex[] = [];
  while (isSymbol(peek(cursor), "[")) indexes.push(parseIndex(cursor));
  const end = cursor.tokens[cursor.at - 1]?.end ?? token.end;
  return { name: token.text, nameSpan: { start: token.start, end: token.end }, args, indexes, start: token.start, end };
}

function parseArguments(cursor: Cursor): readonly SyntaxArgument[] {
  const open = peek(cursor);
  cursor.at += 1;
  const args: SyntaxArgument[] = [];
  while (!isSymbol(peek(cursor), ")")) {
    if (args.length > 0) expectSymbol(cursor, ",", open);
    args.push(parseArgument(cursor));
  }
  cursor.at += 1;
  return args;
}

function parseArgument(cursor: Cursor): SyntaxArgument {
  const token = peek(cursor);
  const isLiteral = token.kind === "string" || (token.kind === "word" && !NAME.test(token.text));
  if (!isLiteral) {
    const value = parseValue(cursor);
    const next = peek(cursor);
    if (next.kind !== "string" && OPERATORS.has(next.text)) {
      stopAt(next, "a function takes values, not comparisons", { fix: "only any() and all() take a comparison" });
    }
    return { kind: "value", value, start: value.start, end: value.end };
  }
  cursor.at += 1;
  return { kind: "literal", token, start: token.start, end: token.end };
}

function parseIndex(cursor: Cursor): SyntaxIndex {
  const open = peek(cursor);
  const token = peek(cursor, 1);
  const isKey = token.kind === "string" || (token.kind === "word" && /^[0-9]+$/.test(token.text));
  if (!isKey && !isSymbol(token, "*"))
    stopAt(token, "this is no index", { expected: 'a position such as [0], a key such as ["name"], or [*] for each element' });
  cursor.at += 2;
  const close = expectSymbol(cursor, "]", open);
  const span = { start: open.start, end: close.end };
  return isKey ? { kind: "key", token, ...span } : { kind: "each", ...span };
}

function nested<T>(cursor: Cursor, token: Token, inner: () => T): T {
  cursor.depth += 1;
  if (cursor.depth > NESTING_DEPTH_MAX) stopAt(token, `nested more than ${NESTING_DEPTH_MAX} deep`, { fix: "split the rule" });
  const result = inner();
  cursor.depth -= 1;
  return result;
}

function strayToken(token: Token): [string, { expected?: string; fix?: string }] {
  const expected = "and, or, xor, a comparison operator, or the end of the expression";
  if (isSymbol(token, ")")) return ["this ) closes nothing", { fix: "remove it" }];
  if (token.kind !== "word") return [`"${token.text}" does not fit here`, { expected }];
  const words = [...OPERATORS.keys(), "and", "or", "xor", "strict wildcard"].filter((word) => /^[a-z]/.test(word));
  const near = nearestName(token.text, words);
  if (token.text === "starts_with" || token.text === "ends_with") {
    return [`${token.text} is a function, not an operator`, { fix: `write ${token.text}(field, "text")` }];
  }
  return [`"${token.text}" is not an operator`, near === null ? { expected } : { expected, fix: `did you mean ${near}?` }];
}

function expectSymbol(cursor: Cursor, symbol: string, opened: Token): Token {
  const token = peek(cursor);
  if (isSymbol(token, symbol)) {
    cursor.at += 1;
    return token;
  }
  if (token.kind === "end") stopAt(token, `the expression ends before the ${symbol} that "${opened.text}" needs`, { expected: symbol });
  const [message, more] = symbol === ")" ? strayToken(token) : [`"${token.text}" does not fit here`, {}];
  return stopAt(token, message, { ...more, expected: `${symbol}${more.expected === undefined ? "" : `, ${more.expected}`}` });
}

function takeOperator(cursor: Cursor, name: string, symbol: string): boolean {
  if (!isWord(peek(cursor), name) && !isSymbol(peek(cursor), symbol)) return false;
  cursor.at += 1;
  return true;
}

function peek(cursor: Cursor, ahead = 0): Token {
  const token = cursor.tokens[Math.min(cursor.at + ahead, cursor.tokens.length - 1)];
  if (token === undefined) throw new Error("a token list ends with an end token");
  return token;
}

function isWord(token: Token, text: string): boolean {
  return token.kind === "word" && token.text === text;
}

function isSymbol(token: Token, text: string): boolean {
  return token.kind === "symbol" && token.text === text;
}

function stopAt(span: Span, message: string, more: { expected?: string; fix?: string } = {}): never {
  const stop: Stop = { stop: diagnose(span, message, more) };
  throw stop;
}

function isStop(error: unknown): error is Stop {
  return typeof error === "object" && error !== null && "stop" in error;
}
