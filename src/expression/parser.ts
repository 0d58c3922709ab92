// Tokens to a syntax tree, by recursive descent. Precedence from loose to tight: or, xor, and, not; a `not` binds to the comparison
// after it. An error costs the operand that it is in and no more: reading goes on at the next `and`, `or`, `xor` or `)`, so that
// everything else is checked in the same pass. Values, operators and literals are read in `parser-value.ts`.

import { EXPRESSION_LENGTH_MAX } from "./limits.ts";
import { diagnose, nearestName } from "./diagnostics.ts";
import { lex } from "./lexer.ts";
import {
  isReserved,
  isStop,
  isSymbol,
  isWord,
  LOGICAL,
  logicalOf,
  NAME,
  nested,
  operatorOf,
  OPERATOR_WORDS,
  peek,
  report,
  reportCase,
  startCursor,
  stopAt,
  takeClosing,
} from "./parser-cursor.ts";
import { parseArgument, parseOperator, parseValue } from "./parser-value.ts";
import type { ExpressionDiagnostic } from "./diagnostics.ts";
import type { Token } from "./lexer.ts";
import type { Advice, Cursor } from "./parser-cursor.ts";
import type { SyntaxArgument, SyntaxNode } from "./syntax.ts";

export interface ParseResult {
  /** One; with errors there may be none, or several that belong together somehow. */
  readonly trees: readonly SyntaxNode[];
  readonly errors: readonly ExpressionDiagnostic[];
}

export interface ParseValueResult {
  /** Null when there are errors that leave nothing to check. */
  readonly argument: SyntaxArgument | null;
  readonly errors: readonly ExpressionDiagnostic[];
}

/** Parses a condition. Never throws. */
export function parse(source: string): ParseResult {
  const { parsed, errors } = parseWhole(source, parseTrees);
  return { trees: parsed ?? [], errors };
}

/** Parses a value that is no condition: a literal, a field or a call. Never throws. */
export function parseValueSource(source: string): ParseValueResult {
  const { parsed, errors } = parseWhole(source, parseLoneValue);
  return { argument: parsed, errors };
}

function parseWhole<T>(
  source: string,
  read: (cursor: Cursor) => T,
): { readonly parsed: T | null; readonly errors: readonly ExpressionDiagnostic[] } {
  if (source.length > EXPRESSION_LENGTH_MAX) {
    const span = { start: EXPRESSION_LENGTH_MAX, end: source.length };
    const message = `an expression has ${EXPRESSION_LENGTH_MAX} characters at most; this one has ${source.length}`;
    return { parsed: null, errors: [diagnose(span, message, { fix: "move long sets to a list, or split the rule" })] };
  }
  const cursor = startCursor(lex(source));
  try {
    return { parsed: read(cursor), errors: cursor.errors };
  } catch (error) {
    if (isStop(error)) return { parsed: null, errors: cursor.errors };
    throw error;
  }
}

/** What stands between parentheses that close nothing is read as if they were not there. */
function parseTrees(cursor: Cursor): readonly SyntaxNode[] {
  const trees = [parseLogical(cursor)];
  while (peek(cursor).kind !== "end") {
    report(cursor, peek(cursor), "this ) closes nothing", { fix: "remove it" });
    while (isSymbol(peek(cursor), ")")) cursor.at += 1;
    if (logicalOf(peek(cursor)) !== null) cursor.at += 1;
    else if (peek(cursor).kind === "end") break;
    trees.push(parseLogical(cursor));
  }
  return trees;
}

function parseLoneValue(cursor: Cursor): SyntaxArgument {
  const first = peek(cursor);
  if (first.kind === "end") stopAt(cursor, first, "the value is empty", { expected: 'a field, a function, or text in quotes: "..."' });
  const opensCondition = isWord(first, "not") || isSymbol(first, "!") || isSymbol(first, "(");
  const quantifies = (isWord(first, "any") || isWord(first, "all")) && isSymbol(peek(cursor, 1), "(");
  if (opensCondition || quantifies) stopAt(cursor, first, NO_CONDITION, { expected: "a field, a function or a literal" });
  const argument = parseArgument(cursor);
  const next = peek(cursor);
  if (next.kind === "end") return argument;
  const isCondition = logicalOf(next) !== null || operatorOf(next) !== null || isWord(next, "strict");
  if (isCondition) report(cursor, next, NO_CONDITION, { fix: `remove what starts with ${next.text}` });
  else report(cursor, next, `"${next.text}" does not fit here`, { expected: "the end of the value", fix: "join parts with concat(...)" });
  return argument;
}

const NO_CONDITION = "this is a condition, and a value is needed here";

function parseLogical(cursor: Cursor, level = 0): SyntaxNode {
  const operator = LOGICAL[level];
  if (operator === undefined) return parseOperand(cursor);
  const operands = [parseLogical(cursor, level + 1)];
  while (takeLogical(cursor, operator.name)) operands.push(parseLogical(cursor, level + 1));
  const [first, ...rest] = operands as [SyntaxNode, ...SyntaxNode[]];
  return rest.length === 0 ? first : { kind: operator.name, operands, start: first.start, end: rest.at(-1)?.end ?? first.end };
}

function takeLogical(cursor: Cursor, name: "or" | "xor" | "and"): boolean {
  const token = peek(cursor);
  if (logicalOf(token) === name) {
    reportCase(cursor, token);
    cursor.at += 1;
    return true;
  }
  // Where an operator is missing it is read as an `and`; `parseOperand` has reported it.
  return name === "and" && startsOperand(cursor);
}

/** One operand of and, or, xor. When it cannot be read, a hole; in either case what follows is an operator, a `)`, or the end. */
function parseOperand(cursor: Cursor): SyntaxNode {
  const start = cursor.at;
  const { depth } = cursor;
  try {
    const node = parseSimple(cursor);
    const next = peek(cursor);
    if (endsOperand(next)) return node;
    const takesOperator = operatorOf(next) !== null && (node.kind === "any" || node.kind === "all" || isSymbol(peekAt(cursor, start), "("));
    report(cursor, next, ...strayToken(cursor, node));
    if (!startsOperand(cursor)) recover(cursor, start);
    return takesOperator ? { kind: "hole", start: node.start, end: node.end } : node;
  } catch (error) {
    if (!isStop(error) || error.stop === "fatal") throw error;
    cursor.depth = depth;
    recover(cursor, start);
    return { kind: "hole", start: peekAt(cursor, start).start, end: peek(cursor).start };
  }
}

function parseSimple(cursor: Cursor): SyntaxNode {
  const token = peek(cursor);
  if (isSymbol(token, "(")) {
    cursor.at += 1;
    const inner = nested(cursor, token, () => parseLogical(cursor));
    const close = takeClosing(cursor, ")", token);
    return { ...inner, start: token.start, end: close?.end ?? inner.end };
  }
  const lower = token.kind === "word" ? token.text.toLowerCase() : "";
  if (isSymbol(token, "!") || lower === "not") {
    reportCase(cursor, token);
    cursor.at += 1;
    const operand = nested(cursor, token, () => parseSimple(cursor));
    return { kind: "not", operand, start: token.start, end: operand.end };
  }
  if ((lower === "any" || lower === "all") && isSymbol(peek(cursor, 1), "(")) return parseQuantifier(cursor, lower);
  return parseComparison(cursor);
}

function parseQuantifier(cursor: Cursor, kind: "any" | "all"): SyntaxNode {
  const name = peek(cursor);
  if (name.text !== kind) report(cursor, name, `there is no function named ${name.text}`, { fix: `write ${kind}` });
  cursor.at += 2;
  const operand = nested(cursor, name, () => parseLogical(cursor));
  const close = takeClosing(cursor, ")", name);
  return { kind, operand, start: name.start, end: close?.end ?? operand.end };
}

function parseComparison(cursor: Cursor): SyntaxNode {
  const subject = parseValue(cursor);
  const operator = parseOperator(cursor);
  const next = peek(cursor);
  // With something else in the operator's place nothing is said about the operator that is missing then.
  const isHole = operator === null && !endsOperand(next);
  const place = isHole ? ({ kind: "hole", start: next.start, end: next.end } as const) : operator;
  return { kind: "comparison", subject, operator: place, start: subject.start, end: operator?.end ?? subject.end };
}

function endsOperand(token: Token): boolean {
  return token.kind === "end" || isSymbol(token, ")") || logicalOf(token) !== null;
}

function startsOperand(cursor: Cursor): boolean {
  const token = peek(cursor);
  if (token.kind === "word") return NAME.test(token.text) && (token.text === "not" || !isReserved(token)) && looksLikeOperand(cursor);
  return isSymbol(token, "(") || isSymbol(token, "!");
}

/** A word where an operator must be is a field only if what follows shows it: it may as well be an operator that does not exist. */
function looksLikeOperand(cursor: Cursor): boolean {
  const token = peek(cursor);
  const next = peek(cursor, 1);
  if (token.text.includes(".") || token.text === "not") return true;
  return operatorOf(next) !== null || isSymbol(next, "(") || isSymbol(next, "[") || isWord(next, "strict");
}

/** Moves to where the operand that began at `start` must be over: `and`, `or`, `xor` or `)` outside of its parentheses, or the end. */
function recover(cursor: Cursor, start: number): void {
  let open = 0;
  for (let at = start; ; at += 1) {
    const token = peekAt(cursor, at);
    if (token.kind === "end" || (at >= cursor.at && open === 0 && endsOperand(token))) {
      cursor.at = at;
      return;
    }
    if (isSymbol(token, "(")) open += 1;
    else if (isSymbol(token, ")")) open -= 1;
  }
}

function peekAt(cursor: Cursor, at: number): Token {
  return peek(cursor, at - cursor.at);
}

/** Operators of other languages that are words. */
const FOREIGN: ReadonlyMap<string, string> = new Map([
  ["is", "eq"],
  ["equals", "eq"],
  ["like", "wildcard"],
  ["regex", "matches"],
  ["match", "matches"],
  ["includes", "contains"],
  ["then", "and"],
]);

/** What to say about a token that stands where an operand is over. */
function strayToken(cursor: Cursor, before: SyntaxNode): [message: string, advice: Advice] {
  const token = peek(cursor);
  if (operatorOf(token) !== null || isWord(token, "strict")) {
    if (before.kind === "any" || before.kind === "all")
      return [`${before.kind}(...) takes no operator`, { fix: `put the comparison inside: ${before.kind}(... ${token.text} ...)` }];
    if (before.kind === "comparison" && before.operator?.kind === "operator")
      return ["a comparison has one operator", { fix: "write two comparisons and join them with and" }];
    return ["a condition in parentheses takes no operator", { fix: "remove the parentheses, or join conditions with and or or" }];
  }
  const text = token.kind === "word" ? token.text.toLowerCase() : "";
  const ends = /^(starts|ends)_?with$/.exec(text)?.[1];
  if (ends !== undefined) return [`${ends}_with is a function, not an operator`, { fix: `write ${ends}_with(field, "text")` }];
  if (startsOperand(cursor)) return [`an operator is missing before "${token.text}"`, { fix: "write and or or before it" }];
  const isBare = before.kind === "comparison" && before.operator?.kind !== "operator";
  const expected = isBare
    ? "and, or, xor, a comparison operator, or the end of the expression"
    : "and, or, xor, or the end of the expression";
  if (token.kind === "string") return ["this text stands by itself", { expected }];
  if (token.kind !== "word") return [`"${token.text}" does not fit here`, { expected }];
  const near = FOREIGN.get(text) ?? nearestName(token.text, OPERATOR_WORDS);
  return [`"${token.text}" is not an operator`, near === null ? { expected } : { expected, fix: `did you mean ${near}?` }];
}
