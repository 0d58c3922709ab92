// The parts of a comparison: values (fields, calls, indexes), the operator, and the literals, sets and lists to its right.

import {
  isReserved,
  isSymbol,
  isWord,
  logicalOf,
  NAME,
  nested,
  operatorOf,
  peek,
  report,
  reportCase,
  reportSpan,
  stopAt,
  takeClosing,
} from "./parser-cursor.ts";
import type { Token } from "./lexer.ts";
import type { Advice, Cursor } from "./parser-cursor.ts";
import type { OperatorName, SyntaxArgument, SyntaxHole, SyntaxIndex, SyntaxOperand, SyntaxOperator, SyntaxValue } from "./syntax.ts";

/** A field or a call, with its indexes. */
export function parseValue(cursor: Cursor): SyntaxValue {
  const token = peek(cursor);
  if (token.kind === "end") stopAt(cursor, token, "the expression ends too early", { expected: "a field or a function" });
  if (token.kind !== "word" || !NAME.test(token.text) || isReserved(token)) stopAt(cursor, token, ...noValue(cursor));
  cursor.at += 1;
  const args = isSymbol(peek(cursor), "(") ? nested(cursor, token, () => parseArguments(cursor, token)) : null;
  const indexes: SyntaxIndex[] = [];
  while (isSymbol(peek(cursor), "[")) indexes.push(parseIndex(cursor));
  const end = cursor.tokens[cursor.at - 1]?.end ?? token.end;
  return { name: token.text, nameSpan: { start: token.start, end: token.end }, args, indexes, start: token.start, end };
}

/** What to say where a field or a function must stand. */
function noValue(cursor: Cursor): [message: string, advice: Advice] {
  const token = peek(cursor);
  const expected = "a field or a function";
  if (token.kind === "word" && logicalOf(token) !== null) return [`a condition is missing before "${token.text}"`, { expected }];
  if (token.kind !== "string" && (token.kind !== "word" || isReserved(token))) return [`"${token.text}" cannot stand here`, { expected }];
  const next = peek(cursor, 1);
  if (operatorOf(next) === null) return ["a literal cannot stand here", { expected }];
  return ["a literal cannot stand here", { expected, fix: `write the field on the left: field ${next.text} literal` }];
}

function parseArguments(cursor: Cursor, name: Token): readonly SyntaxArgument[] {
  cursor.at += 1;
  const args: SyntaxArgument[] = [];
  while (!isSymbol(peek(cursor), ")")) {
    if (args.length > 0) takeComma(cursor, name);
    args.push(parseArgument(cursor));
    const next = peek(cursor);
    if (operatorOf(next) !== null || logicalOf(next) !== null) {
      stopAt(cursor, next, "a function takes values, not conditions", { fix: "only any() and all() take a condition" });
    }
  }
  cursor.at += 1;
  return args;
}

function takeComma(cursor: Cursor, name: Token): void {
  const token = peek(cursor);
  if (!isSymbol(token, ",")) {
    if (token.kind === "end") stopAt(cursor, token, `the expression ends before the ) that "${name.text}(" needs`, { expected: ") or ," });
    stopAt(cursor, token, `"${token.text}" does not fit here`, { expected: ", or )" });
  }
  cursor.at += 1;
}

/** A literal, a field or a call. */
export function parseArgument(cursor: Cursor): SyntaxArgument {
  const token = peek(cursor);
  if (token.kind === "hole") return takeHole(cursor);
  const isLiteral = token.kind === "string" || (token.kind === "word" && !NAME.test(token.text));
  if (!isLiteral) {
    const value = parseValue(cursor);
    return { kind: "value", value, start: value.start, end: value.end };
  }
  cursor.at += 1;
  return { kind: "literal", token, start: token.start, end: token.end };
}

function parseIndex(cursor: Cursor): SyntaxIndex {
  const open = peek(cursor);
  const token = peek(cursor, 1);
  const isKey = token.kind === "string" || (token.kind === "word" && /^[0-9]+$/.test(token.text));
  if (!isKey && !isSymbol(token, "*")) {
    const expected = 'a position such as [0], a key such as ["name"], or [*] for each element';
    stopAt(
      cursor,
      token,
      "this is no index",
      token.kind === "word" && NAME.test(token.text) ? { expected, fix: `write ["${token.text}"]` } : { expected },
    );
  }
  cursor.at += 2;
  const close = peek(cursor);
  if (!isSymbol(close, "]")) stopAt(cursor, close, `the ] that "[" needs is missing`, { expected: "]" });
  cursor.at += 1;
  const span = { start: open.start, end: close.end };
  return isKey ? { kind: "key", token, ...span } : { kind: "each", ...span };
}

/** The operator with what is to its right; null when there is none. */
export function parseOperator(cursor: Cursor): SyntaxOperator | null {
  const token = peek(cursor);
  const strict = isWord(token, "strict");
  const whole = strict && isWord(peek(cursor, 1), "wildcard");
  const name = strict ? "strict wildcard" : operatorOf(token);
  if (name === null || isMeantAsAnd(cursor)) return null;
  if (strict && !whole) report(cursor, token, "strict is the beginning of strict wildcard", { fix: "write strict wildcard" });
  reportCase(cursor, token);
  cursor.at += whole ? 2 : 1;
  const right = name === "in" ? parseMembers(cursor) : parseLiteral(cursor, name);
  return { kind: "operator", name, right, start: token.start, end: right.end };
}

/** `a & b` with a field to the right: the writer means `and`, and `&` compares bits. */
function isMeantAsAnd(cursor: Cursor): boolean {
  if (!isSymbol(peek(cursor), "&")) return false;
  const next = peek(cursor, 1);
  const isOperand = (next.kind === "word" && NAME.test(next.text) && !isReserved(next)) || isSymbol(next, "(") || isSymbol(next, "!");
  if (isOperand) stopAt(cursor, peek(cursor), "a single & compares the bits of an integer", { fix: "write && or and" });
  return false;
}

function parseLiteral(cursor: Cursor, operator: OperatorName): SyntaxOperand {
  const token = peek(cursor);
  if (token.kind === "hole") return takeHole(cursor);
  if (isSymbol(token, "{") || isSymbol(token, "$")) {
    const what = isSymbol(token, "{") ? "a set" : "a list";
    report(cursor, token, `${operator} takes one value, not ${what}`, { fix: `write in instead of ${operator}` });
    const { start, end } = parseMembers(cursor);
    return { kind: "hole", start, end };
  }
  const isLogical = logicalOf(token) !== null && token.kind === "word";
  if ((token.kind !== "string" && token.kind !== "word") || isLogical)
    stopAt(cursor, token, `${operator} needs a value after it`, {
      expected: "a literal",
      fix: "write the text, the number or the address to compare with",
    });
  cursor.at += 1;
  if (token.kind === "word" && isSymbol(peek(cursor), "(") && !peek(cursor).spaced)
    stopAt(cursor, token, "on the right of an operator stands a literal, not a call", { fix: "compare the call with a literal" });
  return { kind: "literal", token, start: token.start, end: token.end };
}

/** What is to the right of `in`. */
function parseMembers(cursor: Cursor): SyntaxOperand {
  const open = peek(cursor);
  if (open.kind === "hole") return takeHole(cursor);
  if (isSymbol(open, "$")) return parseListName(cursor);
  if (isSymbol(open, "{")) return parseSet(cursor);
  const isItem = open.kind === "string" || (open.kind === "word" && logicalOf(open) === null);
  if (!isItem) stopAt(cursor, open, "in needs a set or a list after it", { expected: "{...} or $name" });
  report(cursor, open, "in needs a set or a list after it", { expected: "{...} or $name", fix: "put braces around it: {...}" });
  cursor.at += 1;
  return { kind: "set", items: [open], start: open.start, end: open.end };
}

function parseListName(cursor: Cursor): SyntaxOperand {
  const open = peek(cursor);
  cursor.at += 1;
  const name = peek(cursor);
  if (name.kind !== "word" || name.spaced || !/^[a-z0-9_.]+$/.test(name.text)) {
    const at = name.kind === "word" ? name : open;
    stopAt(cursor, at, "after $ comes the name of a list", { expected: "lower-case letters, digits, _ and ." });
  }
  cursor.at += 1;
  return { kind: "list", name: name.text, start: open.start, end: name.end };
}

function parseSet(cursor: Cursor): SyntaxOperand {
  const open = peek(cursor);
  cursor.at += 1;
  const items: Token[] = [];
  let isWhole = true;
  for (;;) {
    const token = peek(cursor);
    if (token.kind === "hole") isWhole = false;
    else if (isSymbol(token, ",")) {
      if (isWhole) report(cursor, token, "the items of a set are separated by spaces", { fix: "remove the commas" });
      isWhole = false;
    } else if ((token.kind === "word" || token.kind === "string") && logicalOf(token) === null) items.push(token);
    else break;
    cursor.at += 1;
  }
  const last = cursor.tokens[cursor.at - 1]?.end ?? open.end;
  const close = takeClosing(cursor, "}", open);
  const span = { start: open.start, end: close?.end ?? last };
  if (items.length > 0) return { kind: "set", items, ...span };
  if (isWhole && close !== null) reportSpan(cursor, span, "this set is empty, so nothing is in it", { expected: "one item or more" });
  return { kind: "hole", ...span };
}

function takeHole(cursor: Cursor): SyntaxHole {
  const { start, end } = peek(cursor);
  cursor.at += 1;
  return { kind: "hole", start, end };
}
