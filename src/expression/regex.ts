// Regular expressions of the language: checked against the linear-time syntax, then run by V8 where that is proved to be cheap
// and by the linear engine otherwise. Both give the same answer, so which one runs is a question of speed, never of safety.
// All objects are made when a rule is loaded; nothing is compiled per request.

import { REGEX_BYTE_COST_MAX, REGEX_FIND_STATES_MAX, REGEX_STATES_MAX, REGEX_STEPS_MAX } from "./limits.ts";
import { backtrackCost } from "./regex-cost.ts";
import { findMatch } from "./regex-find.ts";
import { compileProgram, countStates } from "./regex-program.ts";
import { compileScan } from "./regex-scan.ts";
import { tablesOf } from "./regex-tables.ts";
import { toSource } from "./regex-source.ts";
import { parseRegex } from "./regex-syntax.ts";
import type { RegexLiteral } from "./ast.ts";
import type { Captures } from "./regex-find.ts";
import type { Work } from "./regex-scan.ts";
import type { RegexProblem } from "./regex-reader.ts";
import type { RegexNode, RegexTree } from "./regex-syntax.ts";

export interface Matcher {
  readonly test: (value: string) => boolean;
  /** Leftmost match: start and end of the whole, then of each group; -1 where a group took no part. */
  readonly find: (value: string) => Captures | null;
}

/**
 * Checks a pattern and says how long values may be for V8. `finds`: the groups are needed too. The problem is a sentence with an
 * offset into the pattern.
 */
export function readRegex(
  source: string,
  finds = false,
): { readonly literal: RegexLiteral; readonly groups: number } | { readonly problem: RegexProblem } {
  const tree = parseRegex(source);
  if ("problem" in tree) return tree;
  const isPlain = isPlainlyLinear(tree.root);
  const message = tooLarge(tree, isPlain, finds);
  return message === null ? { literal: { source, maxLength: isPlain ? null : 0 }, groups: tree.groups } : { problem: { at: 0, message } };
}

/** What is too large about a pattern for the engine that has to run it; null when nothing is. */
function tooLarge(tree: RegexTree, isPlain: boolean, finds: boolean): string | null {
  const states = countStates(tree.root);
  const most = finds && !(isPlain && v8FindsTheSame(tree.root)) ? REGEX_FIND_STATES_MAX : REGEX_STATES_MAX;
  if (states > most)
    return `this pattern is too large: it has ${states} states when its repetitions are written out, the limit is ${most}; use smaller counts in {...}, or two patterns`;
  if (isPlain || states <= REGEX_BYTE_COST_MAX / 32) return null;
  const cost = tablesOf(compileProgram(tree)).highestCost();
  return cost <= REGEX_BYTE_COST_MAX
    ? null
    : `this pattern is too complex: each byte of a value may take ${cost} operations, the limit is ${REGEX_BYTE_COST_MAX}; use smaller counts in {...}`;
}

/** Makes the objects that match. `work` counts what the linear engine does. Throws on an invalid pattern, which no checked expression has. */
export function compileRegex(literal: RegexLiteral, work: Work = { steps: 0 }): Matcher {
  const tree = parseRegex(literal.source);
  if ("problem" in tree) throw new Error(`invalid regular expression in a release: ${tree.problem.message}`);
  const { maxLength } = literal;
  const regex = maxLength === 0 ? null : new RegExp(toSource(tree.root));
  const find = v8FindsTheSame(tree.root) && maxLength === null ? v8Find(tree) : linearFind(tree, work);
  // Where there is no match nothing has to be kept track of, which is what finding costs.
  const matcherOf = (test: (value: string) => boolean): Matcher => ({ test, find: (value) => (test(value) ? find(value) : null) });
  if (regex !== null && maxLength === null) return matcherOf((value) => regex.test(value));
  const safe = compileScan(tablesOf(compileProgram(tree)), work);
  if (regex === null || maxLength === null) return matcherOf(safe);
  return matcherOf((value) => (value.length <= maxLength ? regex.test(value) : safe(value)));
}

function linearFind(tree: RegexTree, work: Work): (value: string) => Captures | null {
  const program = compileProgram(tree);
  return (value) => findMatch(program, value, tree.groups, work);
}

function v8Find(tree: RegexTree): (value: string) => Captures | null {
  const regex = new RegExp(toSource(tree.root), "d");
  return (value) => {
    const indices = regex.exec(value)?.indices;
    return indices === undefined ? null : Array.from(indices).flatMap((pair) => pair ?? [-1, -1]);
  };
}

/**
 * Where the body of a repetition can match nothing, JavaScript has its own idea of which match comes first; and it forgets what a
 * group inside of a loop held in an earlier round. Elsewhere it finds what the language means.
 */
function v8FindsTheSame(node: RegexNode): boolean {
  switch (node.kind) {
    case "repeat":
      return !canBeEmpty(node.of) && (node.max === 1 ? v8FindsTheSame(node.of) : !hasGroup(node.of));
    case "group":
      return v8FindsTheSame(node.of);
    case "concat":
      return node.parts.every(v8FindsTheSame);
    case "alternation":
      return node.options.every(v8FindsTheSame);
    default:
      return true;
  }
}

function hasGroup(node: RegexNode): boolean {
  if (node.kind === "group") return true;
  if (node.kind === "repeat") return hasGroup(node.of);
  if (node.kind === "concat") return node.parts.some(hasGroup);
  return node.kind === "alternation" && node.options.some(hasGroup);
}

function canBeEmpty(node: RegexNode): boolean {
  if (node.kind === "repeat") return node.min === 0 || canBeEmpty(node.of);
  if (node.kind === "concat") return node.parts.every(canBeEmpty);
  if (node.kind === "alternation") return node.options.some(canBeEmpty);
  return node.kind === "group" ? canBeEmpty(node.of) : node.kind !== "set";
}

/**
 * True where backtracking is linear beyond doubt: no endless loops and few steps from each position, or an anchored pattern with a
 * single loop over one byte class. `regex-safety.ts` proves more, when publishing.
 */
function isPlainlyLinear(root: RegexNode): boolean {
  const loops = countLoops(root);
  if (backtrackCost(root).steps > REGEX_STEPS_MAX) return false;
  return loops === 0 || (loops === 1 && isAnchored(root));
}

/** Loops without an end; as often as they are written out. */
function countLoops(node: RegexNode): number {
  switch (node.kind) {
    case "group":
      return countLoops(node.of);
    case "concat":
      return node.parts.reduce((sum, part) => sum + countLoops(part), 0);
    case "alternation":
      return node.options.reduce((sum, option) => sum + countLoops(option), 0);
    case "repeat":
      return node.max === null ? 1 + countLoops(node.of) : countLoops(node.of) * node.max;
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
