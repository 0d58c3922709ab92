// A pattern for V8: the tree over bytes as the source of a JavaScript RegExp without flags.

import { parseRegex } from "./regex-syntax.ts";
import type { ByteSet } from "./regex-class.ts";
import type { Assertion, RegexNode } from "./regex-syntax.ts";

/** The same pattern for a JavaScript RegExp without flags, over byte strings. Null when the pattern is not valid. */
export function toJavaScript(source: string): string | null {
  const tree = parseRegex(source);
  return "problem" in tree ? null : toSource(tree.root);
}

/** A tree as the source of a JavaScript RegExp without flags, over byte strings. */
export function toSource(node: RegexNode): string {
  switch (node.kind) {
    case "empty":
      return "";
    case "set":
      return writeSet(node.set);
    case "assert":
      return ASSERTIONS[node.what];
    case "group":
      return `(${toSource(node.of)})`;
    case "concat":
      return node.parts
        .map((part) => (part.kind === "alternation" || part.kind === "concat" ? `(?:${toSource(part)})` : toSource(part)))
        .join("");
    case "alternation":
      return node.options.map(toSource).join("|");
    case "repeat":
      return `${node.of.kind === "set" || node.of.kind === "group" ? toSource(node.of) : `(?:${toSource(node.of)})`}${writeBounds(node)}`;
    default:
      return node satisfies never;
  }
}

function writeBounds(node: RegexNode & { readonly kind: "repeat" }): string {
  const { min, max } = node;
  const bounds =
    max === null
      ? min === 0
        ? "*"
        : min === 1
          ? "+"
          : `{${min},}`
      : min === 0 && max === 1
        ? "?"
        : min === max
          ? `{${min}}`
          : `{${min},${max}}`;
  return node.greedy ? bounds : `${bounds}?`;
}

/** In JavaScript `m` would also break lines at CR and U+2028, hence the look-around. */
const ASSERTIONS: Readonly<Record<Assertion, string>> = {
  start: "^",
  end: "$",
  "line-start": "(?<![^\\n])",
  "line-end": "(?![^\\n])",
  word: "\\b",
  "not-word": "\\B",
};

function writeSet(set: ByteSet): string {
  const members = set.reduce((sum, flag) => sum + flag, 0);
  if (members === 256) return "[^]";
  if (members === 1) return writeByte(set.indexOf(1));
  const negate = members > 128;
  const wanted = negate ? 0 : 1;
  let ranges = "";
  for (let from = 0; from < 256; from += 1) {
    if (set[from] !== wanted) continue;
    let to = from;
    while (set[to + 1] === wanted) to += 1;
    ranges += to === from ? writeByte(from) : `${writeByte(from)}-${writeByte(to)}`;
    from = to;
  }
  return `[${negate ? "^" : ""}${ranges}]`;
}

function writeByte(byte: number): string {
  const character = String.fromCharCode(byte);
  return /[A-Za-z0-9/_]/.test(character) ? character : `\\x${byte.toString(16).padStart(2, "0")}`;
}
