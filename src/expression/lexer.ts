// Text to tokens. The lexer knows no types: a run of letters, digits and `. : / _ -` is one word, whether it will be read as a
// name, an integer, an address or bytes. White space is space, CR and LF, as in Cloudflare's engine; a tab is an error.

import { diagnose } from "./diagnostics.ts";
import type { ExpressionDiagnostic, Span } from "./diagnostics.ts";

export interface Token extends Span {
  readonly kind: "word" | "string" | "symbol" | "end";
  /** A word or symbol as written; of a string what is between its quotes, escapes untouched. */
  readonly text: string;
  /** The string was written r"...". */
  readonly raw: boolean;
  /** White space stands before it. */
  readonly spaced: boolean;
}

export type LexResult = { readonly tokens: readonly Token[] } | { readonly diagnostic: ExpressionDiagnostic };

/** Longest first. */
const SYMBOLS = ["==", "!=", ">=", "<=", "&&", "||", "^^", ">", "<", "~", "&", "!", "(", ")", "{", "}", "[", "]", ",", "*", "$"];

const WORD = /[A-Za-z0-9_.:/-]+/y;

/** Splits a source into tokens; the last is always `end`. */
export function lex(source: string): LexResult {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    const start = skipSpace(source, at);
    const spaced = start > at;
    if (start === source.length) {
      tokens.push({ kind: "end", text: "", raw: false, spaced, start, end: start });
      return { tokens };
    }
    const token = lexToken(source, start, spaced);
    if ("diagnostic" in token) return token;
    tokens.push(token);
    at = token.end;
  }
}

function lexToken(source: string, start: number, spaced: boolean): Token | { readonly diagnostic: ExpressionDiagnostic } {
  const first = source[start] ?? "";
  if (first === '"') return lexQuoted(source, start, spaced);
  if (first === "r" && (source[start + 1] === '"' || source[start + 1] === "#")) return lexRaw(source, start, spaced);
  WORD.lastIndex = start;
  const word = WORD.exec(source);
  if (word !== null) return { kind: "word", text: word[0], raw: false, spaced, start, end: start + word[0].length };
  const symbol = SYMBOLS.find((candidate) => source.startsWith(candidate, start));
  if (symbol !== undefined) return { kind: "symbol", text: symbol, raw: false, spaced, start, end: start + symbol.length };
  return { diagnostic: strangeCharacter(source, start) };
}

function lexQuoted(source: string, start: number, spaced: boolean): Token | { readonly diagnostic: ExpressionDiagnostic } {
  for (let at = start + 1; at < source.length; at += 1) {
    if (source[at] === "\\") at += 1;
    else if (source[at] === '"') return { kind: "string", text: source.slice(start + 1, at), raw: false, spaced, start, end: at + 1 };
  }
  return {
    diagnostic: diagnose({ start, end: source.length }, 'this string has no closing quote (")', {
      fix: 'end it with "; a quote inside is written \\"',
    }),
  };
}

function lexRaw(source: string, start: number, spaced: boolean): Token | { readonly diagnostic: ExpressionDiagnostic } {
  let quote = start + 1;
  while (source[quote] === "#") quote += 1;
  const closing = `"${"#".repeat(quote - start - 1)}`;
  const end = source[quote] === '"' ? source.indexOf(closing, quote + 1) : -1;
  if (end === -1) {
    return {
      diagnostic: diagnose({ start, end: source.length }, "this raw string does not end", {
        expected: `r${closing.slice(1)}"..."${closing.slice(1)}`,
      }),
    };
  }
  return { kind: "string", text: source.slice(quote + 1, end), raw: true, spaced, start, end: end + closing.length };
}

function strangeCharacter(source: string, start: number): ExpressionDiagnostic {
  const character = String.fromCodePoint(source.codePointAt(start) ?? 0);
  const span = { start, end: start + character.length };
  const advice = ADVICE[character];
  if (advice !== undefined) return diagnose(span, advice.message, { fix: advice.fix });
  const shown = character < " " ? `the control character U+${character.charCodeAt(0).toString(16).padStart(4, "0")}` : `"${character}"`;
  return diagnose(span, `${shown} has no meaning here`, { expected: "a field, a function, an operator or a literal" });
}

const ADVICE: Readonly<Record<string, { readonly message: string; readonly fix: string }>> = {
  "\t": { message: "a tab is not white space in this language", fix: "use spaces" },
  "'": { message: "strings are written in double quotes", fix: "replace ' by \"" },
  "=": { message: "a single = is not an operator", fix: "write == or eq" },
  "|": { message: "a single | is not an operator", fix: "write || or or" },
  "^": { message: "a single ^ is not an operator", fix: "write ^^ or xor" },
  "#": { message: "there are no comments in expressions", fix: "put it into the rule's description" },
  ";": { message: "a rule is one expression, without a semicolon", fix: "remove it" },
  "“": { message: "this is a typographic quote", fix: 'write "' },
  "”": { message: "this is a typographic quote", fix: 'write "' },
};

function skipSpace(source: string, from: number): number {
  let at = from;
  while (source[at] === " " || source[at] === "\n" || source[at] === "\r") at += 1;
  return at;
}
