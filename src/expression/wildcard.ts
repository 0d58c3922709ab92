// Wildcard patterns: `*` is any run of bytes, the pattern covers the whole value. Matching is greedy from left to right with the
// pieces between the stars, which needs no backtracking. Captures are the shortest possible, from left to right.

import { lowerAscii } from "./bytes.ts";
import { WILDCARD_STARS_MAX } from "./limits.ts";

/** The literal pieces between the stars: one more than there are stars. */
export type WildcardPieces = readonly string[];

/** Splits a pattern at its stars. `\*` and `\\` are literal characters. The problem is a sentence for the user. */
export function parseWildcard(pattern: string): { readonly pieces: WildcardPieces } | { readonly problem: string } {
  const pieces: string[] = [""];
  let afterStar = false;
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern[at] ?? "";
    if (character === "*") {
      if (afterStar) return { problem: "** has no meaning; one * already stands for any run" };
      pieces.push("");
      afterStar = true;
      continue;
    }
    afterStar = false;
    if (character === "\\") {
      at += 1;
      if (pattern[at] !== "*" && pattern[at] !== "\\")
        return { problem: "in a wildcard a backslash comes before * or another backslash only" };
    }
    pieces[pieces.length - 1] += pattern[at] ?? "";
  }
  if (pieces.length - 1 > WILDCARD_STARS_MAX) return { problem: `a wildcard has ${WILDCARD_STARS_MAX} stars at most` };
  return { pieces };
}

/** A function that gives what each star stands for, or null when the value does not match. Throws on an invalid pattern. */
export function compileWildcard(pattern: string, strict: boolean): (value: string) => readonly string[] | null {
  const parsed = parseWildcard(pattern);
  if ("problem" in parsed) throw new Error(`invalid wildcard in a release: ${parsed.problem}`);
  const pieces = strict ? parsed.pieces : parsed.pieces.map(lowerAscii);
  const first = pieces[0] ?? "";
  const last = pieces.at(-1) ?? "";
  return (value) => {
    const folded = strict ? value : lowerAscii(value);
    if (pieces.length === 1) return folded === first ? [] : null;
    if (folded.length < first.length + last.length || !folded.startsWith(first) || !folded.endsWith(last)) return null;
    const captures: string[] = [];
    const end = value.length - last.length;
    let from = first.length;
    for (const piece of pieces.slice(1, -1)) {
      const found = folded.indexOf(piece, from);
      if (found === -1 || found + piece.length > end) return null;
      captures.push(value.slice(from, found));
      from = found + piece.length;
    }
    captures.push(value.slice(from, end));
    return captures;
  };
}
