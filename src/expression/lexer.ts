// Text to tokens. The lexer knows no types: a run of letters, digits and `. : / _ -` is one word, whether it will be read as a
// name, an integer, an address or bytes. White space is space, CR and LF, as in Cloudflare's engine; a tab is an error.
// It never stops: what has no meaning is reported and becomes a hole, or the token that was meant, so that the rest is checked too.

import { diagnose } from "./diagnostics.ts";
import { adviceFor, REPAIRS, strangeCharacter, strangeSpace } from "./lexer-advice.ts";
import type { ExpressionDiagnostic, Span } from "./diagnostics.ts";

export interface Token extends Span {
  /** A hole stands where something unreadable was reported. */
  readonly kind: "word" | "string" | "symbol" | "hole" | "end";
  /** A word or symbol as written; of a string what is between its quotes, escapes untouched. */
  readonly text: string;
  /** The string was written r"...". */
  readonly raw: boolean;
  /** White space stands before it. */
  readonly spaced: boolean;
  /** Something that was reported was left out before it: a comment, a semicolon, the rest of a string that does not end. */
  readonly skipped: boolean;
}

export interface LexResult {
  /** The last is always `end`. */
  readonly tokens: readonly Token[];
  readonly errors: readonly ExpressionDiagnostic[];
}

/** Longest first. */
const SYMBOLS = ["==", "!=", ">=", "<=", "&&", "||", "^^", ">", "<", "~", "&", "!", "(", ")", "{", "}", "[", "]", ",", "*", "$"];

const WORD = /[A-Za-z0-9_.:/-]+/y;

/** A word with characters that no token has: anything but white space, symbols and quotes. */
const STRANGE_WORD = /[^\s()[\]{},"$!<>=&|^~*'#;“”]+/y;

interface Lexer {
  readonly source: string;
  readonly tokens: Token[];
  readonly errors: ExpressionDiagnostic[];
  at: number;
  skipped: boolean;
}

/** Splits a source into tokens. Never throws. */
export function lex(source: string): LexResult {
  const lexer: Lexer = { source, tokens: [], errors: [], at: 0, skipped: false };
  for (;;) {
    const spaceStart = lexer.at;
    skipSpace(lexer);
    const start = lexer.at;
    const spaced = start > spaceStart;
    if (start >= source.length) {
      push(lexer, { kind: "end", text: "", raw: false, spaced, start: source.length, end: source.length });
      return { tokens: lexer.tokens, errors: lexer.errors };
    }
    push(lexer, lexToken(lexer, start, spaced));
  }
}

type Part = Omit<Token, "skipped">;

function push(lexer: Lexer, part: Part): void {
  lexer.tokens.push({ ...part, skipped: lexer.skipped });
  lexer.skipped = false;
  lexer.at = part.end;
  // What follows a string that does not end is not missing: it is inside.
  if (part.kind === "hole" && part.end === lexer.source.length) lexer.skipped = true;
}

function lexToken(lexer: Lexer, start: number, spaced: boolean): Part {
  const { source } = lexer;
  const first = source[start] ?? "";
  if (first === '"') return lexQuoted(lexer, start, spaced);
  if (first === "'" || first === "“" || first === "”") return lexOtherQuotes(lexer, start, spaced);
  if (first === "r" && (source[start + 1] === '"' || source[start + 1] === "#")) return lexRaw(lexer, start, spaced);
  const repair = REPAIRS.find(([written]) => source.startsWith(written, start));
  const symbol = SYMBOLS.find((candidate) => source.startsWith(candidate, start));
  if (repair !== undefined && repair[0].length > (symbol?.length ?? 0)) {
    const [written, meant] = repair;
    const span = { start, end: start + written.length };
    lexer.errors.push(adviceFor(written, meant, span));
    return { kind: "symbol", text: meant, raw: false, spaced, ...span };
  }
  if (symbol !== undefined) return { kind: "symbol", text: symbol, raw: false, spaced, start, end: start + symbol.length };
  return lexWord(lexer, start, spaced);
}

function lexWord(lexer: Lexer, start: number, spaced: boolean): Part {
  const word = matchAt(WORD, lexer.source, start);
  const run = matchAt(STRANGE_WORD, lexer.source, start);
  if (word !== "" && run.length <= word.length) return { kind: "word", text: word, raw: false, spaced, start, end: start + word.length };
  lexer.errors.push(strangeCharacter(lexer.source, start + word.length));
  return hole(start, start + Math.max(1, run.length), spaced);
}

function lexQuoted(lexer: Lexer, start: number, spaced: boolean): Part {
  const end = (isPatternNext(lexer) ? closingOfPattern(lexer.source, start) : null) ?? closingQuote(lexer.source, start);
  if (end !== null) return { kind: "string", text: lexer.source.slice(start + 1, end), raw: false, spaced, start, end: end + 1 };
  lexer.errors.push(
    diagnose({ start, end: lexer.source.length }, 'this string has no closing quote (")', {
      fix: 'end it with "; a quote inside is written \\"',
    }),
  );
  return hole(start, lexer.source.length, spaced);
}

function closingQuote(source: string, start: number): number | null {
  for (let at = start + 1; at < source.length; at += 1) {
    if (source[at] === "\\") at += 1;
    else if (source[at] === '"') return at;
  }
  return null;
}

/** In a quoted regular expression a quote inside a class, as in `"[^"]+"`, does not end the string. */
function closingOfPattern(source: string, start: number): number | null {
  let inClass = false;
  for (let at = start + 1; at < source.length; at += 1) {
    if (source[at] === "\\") at += 1;
    else if (source[at] === '"' && !inClass) return at;
    else if (source[at] === "[") inClass = true;
    else if (source[at] === "]") inClass = false;
  }
  return null;
}

function isPatternNext(lexer: Lexer): boolean {
  const before = lexer.tokens.at(-1);
  return (before?.kind === "word" && before.text === "matches") || (before?.kind === "symbol" && before.text === "~");
}

/** 'text' and “text”: reported, and passed over whole. */
function lexOtherQuotes(lexer: Lexer, start: number, spaced: boolean): Part {
  const { source } = lexer;
  const isSingle = source[start] === "'";
  const closing = isSingle ? source.indexOf("'", start + 1) : source.slice(start + 1).search(/[“”"]/) + start + 1;
  const isClosed = closing > start;
  const end = isClosed ? closing + 1 : start + 1 + matchAt(STRANGE_WORD, source, start + 1).length;
  const inner = source.slice(start + 1, isClosed ? closing : end);
  const fix = /["\\]/.test(inner) ? 'put it into "..."' : `write "${inner}"`;
  lexer.errors.push(diagnose({ start, end }, isSingle ? "strings are written in double quotes" : "these are typographic quotes", { fix }));
  return hole(start, end, spaced);
}

function lexRaw(lexer: Lexer, start: number, spaced: boolean): Part {
  const { source } = lexer;
  let quote = start + 1;
  while (source[quote] === "#") quote += 1;
  const closing = `"${"#".repeat(quote - start - 1)}`;
  const end = source[quote] === '"' ? source.indexOf(closing, quote + 1) : -1;
  if (end !== -1) return { kind: "string", text: source.slice(quote + 1, end), raw: true, spaced, start, end: end + closing.length };
  const hashes = closing.slice(1);
  lexer.errors.push(
    diagnose({ start, end: source.length }, "this raw string does not end", {
      expected: `r${hashes}"..."${hashes}`,
      fix: `end it with ${closing}`,
    }),
  );
  return hole(start, source.length, spaced);
}

/** White space, and what stands between tokens by mistake: tabs, comments, semicolons. Each kind is reported once. */
function skipSpace(lexer: Lexer): void {
  const { source } = lexer;
  for (;;) {
    const character = source[lexer.at] ?? "";
    if (character === "#" || character === ";") {
      const lineEnd = source.indexOf("\n", lexer.at);
      const end = character === ";" ? lexer.at + 1 : lineEnd === -1 ? source.length : lineEnd;
      lexer.errors.push(adviceFor(character, "", { start: lexer.at, end }));
      lexer.skipped = true;
      lexer.at = end;
    } else if (character !== "" && /\s/.test(character)) {
      const isPlain = character === " " || character === "\n" || character === "\r";
      if (!isPlain) reportOnce(lexer, strangeSpace(source, lexer.at));
      lexer.at += 1;
    } else return;
  }
}

function reportOnce(lexer: Lexer, diagnostic: ExpressionDiagnostic): void {
  if (!lexer.errors.some(({ message }) => message === diagnostic.message)) lexer.errors.push(diagnostic);
}

function hole(start: number, end: number, spaced: boolean): Part {
  return { kind: "hole", text: "", raw: false, spaced, start, end };
}

function matchAt(pattern: RegExp, source: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0] ?? "";
}
