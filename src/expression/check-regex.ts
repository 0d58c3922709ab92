// Checks a regular expression and puts its problem at the right place of the rule's source.

import { diagnose } from "./diagnostics.ts";
import { readRegex } from "./regex.ts";
import type { RegexLiteral } from "./ast.ts";
import type { Checker } from "./checker.ts";
import type { Token } from "./lexer.ts";

/** The pattern in its stored form, or null after reporting what is wrong. `source` is what the token says, escapes resolved. */
export function checkRegex(checker: Checker, token: Token, source: string): RegexLiteral | null {
  const read = readRegex(source);
  if ("literal" in read) return read.literal;
  // Offsets into the pattern are offsets into the rule only where no escape was resolved; else the whole string is shown.
  const hashes = token.raw ? (token.end - token.start - token.text.length - 3) / 2 : 0;
  const inside = token.start + (token.raw ? 2 + hashes : 1) + read.problem.at;
  const span = source === token.text ? { start: inside, end: inside + 1 } : token;
  checker.errors.push(diagnose(span, read.problem.message));
  return null;
}
