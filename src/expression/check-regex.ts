// Checks a regular expression and puts its problem at the right place of the rule's source.

import { diagnose, splitAdvice } from "./diagnostics.ts";
import { readRegex } from "./regex.ts";
import type { RegexLiteral } from "./ast.ts";
import type { Checker } from "./checker.ts";
import type { Token } from "./lexer.ts";

/**
 * The pattern in its stored form, or null after reporting what is wrong. `source` is what the token says, escapes resolved. `finds`:
 * the place of the match and its groups are needed.
 */
export function checkRegex(checker: Checker, token: Token, source: string, finds: boolean): RegexLiteral | null {
  const read = readRegex(source, finds);
  if ("literal" in read) return read.literal;
  // Offsets into the pattern are offsets into the rule only where no escape was resolved; else the whole string is shown.
  const hashes = token.raw ? (token.end - token.start - token.text.length - 3) / 2 : 0;
  const inside = token.start + (token.raw ? 2 + hashes : 1) + read.problem.at;
  const span = source === token.text ? { start: inside, end: inside + 1 } : token;
  const { problem, fix } = splitAdvice(read.problem.message);
  checker.errors.push(diagnose(span, problem, { fix }));
  return null;
}
