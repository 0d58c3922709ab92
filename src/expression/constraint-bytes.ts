// Whether a byte string can satisfy several constraints at once. Says no only where it is certain. Part of the analysis.

import { lowerAscii, upperAscii } from "./bytes.ts";
import { compileTest } from "./compile-test.ts";
import { parseRegex } from "./regex-syntax.ts";
import { needOfRegex } from "./requirement-text.ts";
import { compileWildcard, parseWildcard } from "./wildcard.ts";
import type { Constraint, Predicate } from "./normal-form.ts";
import type { RegexNode } from "./regex-syntax.ts";

/** Stands for any run of bytes in a word that stands for all values of a pattern; no byte string has it. */
const ANY_RUN = "\u0100";

/** Values that a positive predicate allows, all of them at once. */
interface Words {
  /** Literal bytes with `ANY_RUN` between them. */
  readonly word: string;
  /** Letters stand for both cases. */
  readonly fold: boolean;
}

/** True when no byte string satisfies all constraints. */
export function contradictBytes(constraints: readonly Constraint[]): boolean {
  const plain = constraints.map(positiveOrder);
  const members = allowedMembers(plain);
  if (members !== null) return !members.some((member) => plain.every((constraint) => mayPass(constraint, member)));
  if (plain.some(({ predicate, holds }) => !holds && isUniversal(predicate))) return true;
  const words = plain.flatMap(({ predicate, holds }) => (holds ? wordsOf(predicate) : []));
  const denied = plain.flatMap(({ predicate, holds }) => (holds ? [] : [predicate]));
  return words.some((word) => denied.some((predicate) => allPass(word, predicate))) || endsConflict(words) || isEmptyRange(plain);
}

const OPPOSITE = { lt: "ge", le: "gt", gt: "le", ge: "lt", eq: "ne", ne: "eq" } as const;

/** The value is there, so the negation of an order is the opposite order. Only `eq` stays negated. */
function positiveOrder(constraint: Constraint): Constraint {
  const { predicate, holds } = constraint;
  if (predicate.op === "ne") return { predicate: { ...predicate, op: "eq" }, holds: !holds };
  if (holds || !(predicate.op === "lt" || predicate.op === "le" || predicate.op === "gt" || predicate.op === "ge")) return constraint;
  return { predicate: { ...predicate, op: OPPOSITE[predicate.op] }, holds: true };
}

/** The values that equality and sets leave; null when there is no such constraint. */
function allowedMembers(constraints: readonly Constraint[]): readonly string[] | null {
  for (const { predicate, holds } of constraints) {
    if (!holds) continue;
    if (predicate.op === "eq" && predicate.value.type === "Bytes") return [predicate.value.value];
    if (predicate.op === "in" && predicate.set.type === "Bytes") return predicate.set.values;
  }
  return null;
}

function mayPass({ predicate, holds }: Constraint, value: string): boolean {
  switch (predicate.op) {
    case "in-list":
      return true;
    case "prefix":
      return value.startsWith(predicate.bytes) === holds;
    case "suffix":
      return value.endsWith(predicate.bytes) === holds;
    default:
      return compileTest({ list: () => () => true }, predicate)(value, null) === holds;
  }
}

/** True when every value satisfies the predicate. */
function isUniversal(predicate: Predicate): boolean {
  if (predicate.op === "contains" || predicate.op === "prefix" || predicate.op === "suffix") return predicate.bytes === "";
  if (predicate.op === "wildcard") return predicate.pattern === "*";
  if (predicate.op !== "matches") return false;
  const tree = parseRegex(predicate.pattern.source);
  return "root" in tree && matchesNothing(tree.root);
}

/** Whether a pattern matches the empty string, wherever that stands: then an unanchored search always succeeds. */
function matchesNothing(node: RegexNode): boolean {
  switch (node.kind) {
    case "empty":
      return true;
    case "set":
    case "assert":
      return false;
    case "group":
      return matchesNothing(node.of);
    case "concat":
      return node.parts.every(matchesNothing);
    case "alternation":
      return node.options.some(matchesNothing);
    case "repeat":
      return node.min === 0 || matchesNothing(node.of);
    default:
      return node satisfies never;
  }
}

/** Words that stand for all values of a predicate; several: each of them does. */
export function wordsOf(predicate: Predicate): readonly Words[] {
  switch (predicate.op) {
    case "prefix":
      return [{ word: predicate.bytes + ANY_RUN, fold: false }];
    case "suffix":
      return [{ word: ANY_RUN + predicate.bytes, fold: false }];
    case "contains":
      return [{ word: ANY_RUN + predicate.bytes + ANY_RUN, fold: false }];
    case "wildcard": {
      const parsed = parseWildcard(predicate.pattern);
      return "pieces" in parsed ? [{ word: parsed.pieces.join(ANY_RUN), fold: !predicate.strict }] : [];
    }
    case "matches":
      return wordsOfRegex(predicate.pattern.source);
    default:
      return [];
  }
}

function wordsOfRegex(source: string): readonly Words[] {
  const need = needOfRegex(source);
  if (need === null || need.kind === "any") return [];
  return ("of" in need ? need.of : [need]).flatMap((part) => {
    if ("of" in part) return [];
    return [{ word: (part.kind === "prefix" ? "" : ANY_RUN) + part.bytes + ANY_RUN, fold: part.fold }];
  });
}

/**
 * Whether all values that the words stand for satisfy a predicate. A literal of the predicate cannot meet `ANY_RUN`, so what
 * passes with it passes with any bytes in its place. With letters of both cases, the word in lower and in upper case pass only
 * a predicate that has no letters, or ignores case.
 */
function allPass({ word, fold }: Words, predicate: Predicate): boolean {
  const variants = fold ? [lowerAscii(word), upperAscii(word)] : [word];
  switch (predicate.op) {
    case "prefix":
      return variants.every((variant) => variant.startsWith(predicate.bytes));
    case "suffix":
      return variants.every((variant) => variant.endsWith(predicate.bytes));
    case "contains":
      return variants.every((variant) => variant.includes(predicate.bytes));
    case "wildcard": {
      const match = compileWildcard(predicate.pattern, predicate.strict);
      return variants.every((variant) => match(variant) !== null);
    }
    default:
      return false;
  }
}

/** Two patterns that want different bytes at the same end. */
function endsConflict(words: readonly Words[]): boolean {
  const fold = words.some((word) => word.fold);
  const texts = words.map(({ word }) => (fold ? lowerAscii(word) : word));
  const conflict = (ends: readonly string[], fits: (left: string, right: string) => boolean): boolean =>
    ends.some((left, index) => ends.slice(index + 1).some((right) => !fits(left, right) && !fits(right, left)));
  const starts = texts.map((text) => text.split(ANY_RUN)[0] ?? "");
  const stops = texts.map((text) => text.split(ANY_RUN).at(-1) ?? "");
  return conflict(starts, (left, right) => left.startsWith(right)) || conflict(stops, (left, right) => left.endsWith(right));
}

/** Orders that leave nothing between them. */
function isEmptyRange(constraints: readonly Constraint[]): boolean {
  let low: { readonly value: string; readonly open: boolean } | null = null;
  let high: { readonly value: string; readonly open: boolean } | null = null;
  for (const { predicate, holds } of constraints) {
    if (!holds || !("value" in predicate) || predicate.value.type !== "Bytes") continue;
    const { op } = predicate;
    const { value } = predicate.value;
    const open = op === "lt" || op === "gt";
    if ((op === "gt" || op === "ge") && (low === null || value > low.value || (value === low.value && open))) low = { value, open };
    if ((op === "lt" || op === "le") && (high === null || value < high.value || (value === high.value && open))) high = { value, open };
  }
  if (high?.value === "" && high.open) return true;
  return low !== null && high !== null && (low.value > high.value || (low.value === high.value && (low.open || high.open)));
}
