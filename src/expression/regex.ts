// Regular expressions of the language: checked against the linear-time syntax, then run by V8 where that is proved to be cheap
// and by the linear engine otherwise. Both give the same answer, so which one runs is a question of speed, never of safety.
// All objects are made when a rule is loaded; nothing is compiled per request.

import { REGEX_PATHS_MAX, REGEX_STATES_MAX } from "./limits.ts";
import { findMatch } from "./regex-find.ts";
import { compileProgram, countStates } from "./regex-program.ts";
import { compileScan } from "./regex-scan.ts";
import { parseRegex } from "./regex-syntax.ts";
import type { RegexLiteral } from "./ast.ts";
import type { ByteSet } from "./regex-class.ts";
import type { Captures } from "./regex-find.ts";
import type { RegexProblem } from "./regex-reader.ts";
import type { Assertion, RegexNode } from "./regex-syntax.ts";

export interface Matcher {
  readonly test: (value: string) => boolean;
  /**
   * Leftmost match: start and end of the whole, then of each group; -1 where a group took no part. Always by the linear engine:
   * where a loop's body can match nothing, JavaScript has its own idea of which match comes first.
   */
  readonly find: (value: string) => Captures | null;
}

/** Checks a pattern and says how long values may be for V8. The problem is a sentence with an offset into the pattern. */
export function readRegex(
  source: string,
): { readonly literal: RegexLiteral; readonly groups: number } | { readonly problem: RegexProblem } {
  const tree = parseRegex(source);
  if ("problem" in tree) return tree;
  const states = countStates(tree.root);
  if (states > REGEX_STATES_MAX) {
    return {
      problem: {
        at: 0,
        message: `this pattern is too large: it has ${states} states when its repetitions are written out, the limit is ${REGEX_STATES_MAX}`,
      },
    };
  }
  return { literal: { source, maxLength: isPlainlyLinear(tree.root) ? null : 0 }, groups: tree.groups };
}

/** The same pattern for a JavaScript RegExp without flags, over byte strings. Null when the pattern is not valid. */
export function toJavaScript(source: string): string | null {
  const tree = parseRegex(source);
  return "problem" in tree ? null : write(tree.root);
}

/** Makes the objects that match. Throws on an invalid pattern, which no checked expression has. */
export function compileRegex(literal: RegexLiteral): Matcher {
  const tree = parseRegex(literal.source);
  if ("problem" in tree) throw new Error(`invalid regular expression in a release: ${tree.problem.message}`);
  const program = compileProgram(tree);
  const find = (value: string): Captures | null => findMatch(program, value, tree.groups);
  const { maxLength } = literal;
  const regex = maxLength === 0 ? null : new RegExp(write(tree.root));
  if (regex !== null && maxLength === null) return { test: (value) => regex.test(value), find };
  const safe = compileScan(program);
  if (regex === null || maxLength === null) return { test: safe, find };
  const test =
    maxLength === null
      ? (value: string) => regex.test(value)
      : (value: string) => (value.length <= maxLength ? regex.test(value) : safe(value));
  return { test, find };
}

/**
 * True where backtracking is linear beyond doubt: no loops and few ways through, or an anchored pattern with a single loop over
 * one byte class. `regex-safety.ts` proves more, when publishing.
 */
function isPlainlyLinear(root: RegexNode): boolean {
  const loops = countLoops(root);
  if (countPaths(root) > REGEX_PATHS_MAX) return false;
  return loops === 0 || (loops === 1 && isAnchored(root));
}

/**
 * Ways to go through the pattern. A loop over one byte class counts once. Any other loop is infinite, or as one round of its
 * body with `loops-once`.
 */
export function countPaths(node: RegexNode, loops: "infinite" | "loops-once" = "infinite"): number {
  switch (node.kind) {
    case "empty":
    case "set":
    case "assert":
      return 1;
    case "group":
      return countPaths(node.of, loops);
    case "concat":
      return node.parts.reduce((product, part) => product * countPaths(part, loops), 1);
    case "alternation":
      return node.options.reduce((sum, option) => sum + countPaths(option, loops), 0);
    case "repeat": {
      if (node.max === 0) return 1;
      if (node.of.kind === "set" && node.max !== 1) return 1;
      const body = countPaths(node.of, loops);
      if (node.max === 1) return body + 1 - node.min;
      if (node.max === node.min) return body ** node.min;
      return loops === "infinite" ? Number.POSITIVE_INFINITY : body ** (node.max ?? 1);
    }
    default:
      return node satisfies never;
  }
}

function countLoops(node: RegexNode): number {
  switch (node.kind) {
    case "group":
      return countLoops(node.of);
    case "concat":
      return node.parts.reduce((sum, part) => sum + countLoops(part), 0);
    case "alternation":
      return node.options.reduce((sum, option) => sum + countLoops(option), 0);
    case "repeat":
      return node.max === node.min || node.max === 1 ? countLoops(node.of) * (node.max ?? 1) : 1 + countLoops(node.of);
    default:
      return 0;
  }
}

function isAnchored(node: RegexNode): boolean {
  if (node.kind === "assert") return node.what === "start";
  if (node.kind === "group") return isAnchored(node.of);
  if (node.kind === "alternation") return node.options.every(isAnchored);
  return node.kind === "concat" && node.parts[0] !== undefined && isAnchored(node.parts[0]);
}

function write(node: RegexNode): string {
  switch (node.kind) {
    case "empty":
      return "";
    case "set":
      return writeSet(node.set);
    case "assert":
      return ASSERTIONS[node.what];
    case "group":
      return `(${write(node.of)})`;
    case "concat":
      return node.parts
        .map((part) => (part.kind === "alternation" || part.kind === "concat" ? `(?:${write(part)})` : write(part)))
        .join("");
    case "alternation":
      return node.options.map(write).join("|");
    case "repeat":
      return `${node.of.kind === "set" || node.of.kind === "group" ? write(node.of) : `(?:${write(node.of)})`}${writeBounds(node)}`;
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
