// Which literals must occur in a value for a regular expression or a wildcard to match it. Never more than is certain: what is
// not obvious is left out, and a pattern that says nothing gives null. Used by `requirement.ts` only.

import { lowerAscii } from "./bytes.ts";
import { parseRegex } from "./regex-syntax.ts";
import { parseWildcard } from "./wildcard.ts";
import type { ByteSet } from "./regex-class.ts";
import type { RegexNode } from "./regex-syntax.ts";

/** A literal at the start of a value or anywhere in it; or all, or at least one, of several needs. */
export type TextNeed =
  | {
      readonly kind: "prefix" | "contains" | "is";
      readonly bytes: string;
      /** The literal is in lower case, and so must be the value. */
      readonly fold: boolean;
    }
  | { readonly kind: "all" | "any"; readonly of: readonly TextNeed[] };

/** Alternatives of one alternation: above that, looking for all of them costs more than it saves. */
const OPTIONS_MAX = 64;

/** What a wildcard requires: its head, and each piece. Throws on an invalid one, which no checked expression has. */
export function needOfWildcard(pattern: string, strict: boolean): TextNeed | null {
  const parsed = parseWildcard(pattern);
  if ("problem" in parsed) throw new Error(`invalid wildcard in a release: ${parsed.problem}`);
  const { pieces } = parsed;
  const literal = (kind: "prefix" | "contains" | "is", piece: string): TextNeed => ({
    kind,
    bytes: strict ? piece : lowerAscii(piece),
    fold: !strict,
  });
  const [head = "", ...rest] = pieces;
  if (rest.length === 0) return literal("is", head);
  const needs = rest.filter((piece) => piece !== "").map((piece) => literal("contains", piece));
  return combineNeeds("all", head === "" ? needs : [literal("prefix", head), ...needs]);
}

/** What a regular expression requires. Throws on an invalid one. */
export function needOfRegex(source: string): TextNeed | null {
  const tree = parseRegex(source);
  if ("problem" in tree) throw new Error(`invalid regular expression in a release: ${tree.problem.message}`);
  return needOfNode(tree.root, false);
}

/** All: those that say something. Any: null as soon as one says nothing. */
export function combineNeeds<T>(kind: "all" | "any", needs: readonly (T | null)[]): T | { kind: "all" | "any"; of: readonly T[] } | null {
  const known: T[] = [];
  for (const need of needs) {
    if (need !== null) known.push(need);
    else if (kind === "any") return null;
  }
  return known.length === 0 ? null : known.length === 1 ? (known[0] as T) : { kind, of: known };
}

/** A run of literal bytes that is being read. */
interface Run {
  bytes: string;
  fold: boolean;
  /** It stands at the start of the value. */
  first: boolean;
}

function needOfNode(root: RegexNode, anchored: boolean): TextNeed | null {
  const needs: (TextNeed | null)[] = [];
  let run: Run = { bytes: "", fold: false, first: anchored };
  const flush = (): void => {
    if (run.bytes !== "")
      needs.push({ kind: run.first ? "prefix" : "contains", bytes: run.fold ? lowerAscii(run.bytes) : run.bytes, fold: run.fold });
    run = { bytes: "", fold: false, first: false };
  };
  for (const [index, node] of flatten(root).entries()) {
    // An assertion takes no bytes, so the bytes around it are neighbours.
    if (node.kind === "assert") {
      if (node.what === "start" && index === 0) run.first = true;
      continue;
    }
    const literal = node.kind === "set" ? literalOf(node.set) : null;
    if (literal !== null) {
      run.bytes += literal.byte;
      run.fold ||= literal.fold;
      continue;
    }
    const atStart = run.first && run.bytes === "";
    flush();
    if (node.kind === "alternation" && node.options.length <= OPTIONS_MAX)
      needs.push(
        combineNeeds<TextNeed>(
          "any",
          node.options.map((option) => needOfNode(option, atStart)),
        ),
      );
    else if (node.kind === "repeat" && node.min > 0) needs.push(needOfNode(node.of, atStart));
  }
  flush();
  return combineNeeds<TextNeed>("all", needs);
}

/** The nodes that follow each other, without groups around them. */
function flatten(node: RegexNode): readonly RegexNode[] {
  if (node.kind === "concat") return node.parts.flatMap(flatten);
  if (node.kind === "group") return flatten(node.of);
  return node.kind === "empty" ? [] : [node];
}

/** The byte that a set stands for, or the letter when it has both cases of it. */
function literalOf(set: ByteSet): { readonly byte: string; readonly fold: boolean } | null {
  const first = set.indexOf(1);
  const last = set.lastIndexOf(1);
  if (first === -1) return null;
  const byte = String.fromCharCode(last);
  if (first === last) return { byte, fold: false };
  const isLetter = last >= 97 && last <= 122 && first === last - 32;
  return isLetter && set.indexOf(1, first + 1) === last ? { byte, fold: true } : null;
}
