// What to say about characters that the language does not have, by what the writer most likely meant.

import { diagnose } from "./diagnostics.ts";
import type { ExpressionDiagnostic, Span } from "./diagnostics.ts";

/** Operators of other languages, and the operator that is meant. Longest first. */
export const REPAIRS: readonly (readonly [written: string, meant: string])[] = [
  ["===", "=="],
  ["!==", "!="],
  ["=~", "~"],
  ["<>", "!="],
  ["=>", ">="],
  ["=<", "<="],
  ["=", "=="],
  ["|", "||"],
  ["^", "^^"],
];

const WORDS: Readonly<Record<string, string>> = { "==": "eq", "!=": "ne", "~": "matches", ">=": "ge", "<=": "le", "||": "or", "^^": "xor" };

/** For an operator of another language, a comment or a semicolon. */
export function adviceFor(written: string, meant: string, span: Span): ExpressionDiagnostic {
  if (written === "#") return diagnose(span, "there are no comments in expressions", { fix: "put it into the rule's description" });
  if (written === ";") return diagnose(span, "a rule is one expression, without a semicolon", { fix: "remove it" });
  const shown = written.length === 1 ? `a single ${written}` : written;
  return diagnose(span, `${shown} is not an operator`, { fix: `write ${meant} or ${WORDS[meant] ?? meant}` });
}

/** For a character that no token has. */
export function strangeCharacter(source: string, start: number): ExpressionDiagnostic {
  const character = String.fromCodePoint(source.codePointAt(start) ?? 0);
  const shown = isHidden(character) ? `the character ${nameOf(character)}` : `"${character}"`;
  return diagnose({ start, end: start + character.length }, `${shown} has no meaning here`, {
    expected: "a field, a function, an operator or a literal",
    fix: isHidden(character) ? "remove it; it cannot be seen" : "remove it, or put the text into quotes",
  });
}

/** For white space that is none in this language. */
export function strangeSpace(source: string, start: number): ExpressionDiagnostic {
  const character = source[start] ?? "";
  const shown = character === "\t" ? "a tab" : `the space ${nameOf(character)}`;
  return diagnose({ start, end: start + 1 }, `${shown} is not white space in this language`, { fix: "use plain spaces" });
}

function isHidden(character: string): boolean {
  return /^[\p{C}\p{Z}]$/u.test(character);
}

function nameOf(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}
