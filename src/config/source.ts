// Where things stand in a parsed file: from a path of keys and indexes, or a place inside a text value, to line and column.
// Made by `parse.ts`, asked by everything that reports a problem. A path that is not in the file leads to its nearest parent,
// so that long forms made from short ones still point at what the user wrote.

import { isAlias, isMap, isScalar, isSeq } from "yaml";
import type { Alias, LineCounter, Node, Pair } from "yaml";
import type { Diagnostic } from "./diagnostic.ts";
import { sourceOffset } from "./scalar-offset.ts";

export type Path = readonly (string | number)[];

export type Problem = Omit<Diagnostic, "file" | "line" | "column">;

export interface Source {
  readonly file: string;
  readonly text: string;
  /** At the value of `problem.path`. */
  diagnostic(problem: Problem): Diagnostic;
  /** At the last key of `problem.path`. */
  diagnosticAtKey(problem: Problem): Diagnostic;
  /** Inside the text value of `problem.path`, `index` UTF-16 units from its start. */
  diagnosticInside(index: number, problem: Problem): Diagnostic;
  /** Whether the user wrote a value at this path. */
  has(path: Path): boolean;
  /** Whether a comment ends the value on its line: to YAML, ` #` begins one in text without quotes. */
  endsWithComment(path: Path): boolean;
  /** Where `text` stands for the last time before an offset in the file; -1 for nowhere. */
  lastBefore(text: string, offset: number): number;
  /** At an offset in the file. */
  diagnosticAt(offset: number, problem: Problem): Diagnostic;
}

export interface SourceInput {
  readonly file: string;
  readonly text: string;
  readonly lines: LineCounter;
  readonly root: unknown;
  /** Filled while the document is converted. */
  readonly aliases: ReadonlyMap<Alias, Node | null>;
}

export function createSource(input: SourceInput): Source {
  const { file, text, lines } = input;
  const at = (offset: number, problem: Problem): Diagnostic => {
    const { line, col } = lines.lineStarts.length === 0 ? { line: 1, col: 1 } : lines.linePos(offset);
    return { ...problem, file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  return {
    file,
    text,
    has: (path) => find(input, path).isWhole,
    diagnosticAt: at,
    diagnostic: (problem) => at(find(input, problem.path).value, problem),
    diagnosticAtKey: (problem) => at(find(input, problem.path).key, problem),
    endsWithComment: (path) => {
      const { node } = find(input, path);
      const end = isScalar(node) && node.type === "PLAIN" ? node.range?.[1] : undefined;
      return end !== undefined && /^[ \t]+#/.test(text.slice(end, end + 80));
    },
    lastBefore: (wanted, offset) => text.lastIndexOf(wanted, offset),
    diagnosticInside: (index, problem) => {
      const { node, value } = find(input, problem.path);
      return at(isScalar(node) ? sourceOffset(node, text, index) : value, problem);
    },
  };
}

/** A key as text: `503:` is the key "503". */
export function keyText(key: unknown): string {
  if (!isScalar(key)) return "";
  return typeof key.value === "string" ? key.value : (key.source ?? String(key.value));
}

interface Found {
  readonly node: unknown;
  /** Offsets in the file. */
  readonly key: number;
  readonly value: number;
  /** False where the path leads out of the file, and this is its nearest parent. */
  readonly isWhole: boolean;
}

function find(input: SourceInput, path: Path): Found {
  let found: Found = { node: input.root, key: 0, value: startOf(input.root, 0), isWhole: true };
  for (const step of path) {
    const next = child(input, resolve(input, found.node), step);
    if (next === null) return { ...found, isWhole: false };
    const key = startOf(next.key, startOf(next.node, found.value));
    found = { node: next.node, key, value: startOf(next.node, key), isWhole: true };
  }
  return { ...found, node: resolve(input, found.node) };
}

function resolve(input: SourceInput, node: unknown): unknown {
  return isAlias(node) ? input.aliases.get(node) : node;
}

function child(input: SourceInput, node: unknown, step: string | number): { readonly key: unknown; readonly node: unknown } | null {
  if (isSeq(node)) {
    const item: unknown = typeof step === "number" ? node.items[step] : undefined;
    return item === undefined ? null : { key: null, node: item };
  }
  if (!isMap(node)) return null;
  const pair = node.items.find((candidate) => keyText(candidate.key) === String(step)) ?? mergedPair(input, node.items, step);
  return pair === undefined ? null : { key: pair.key, node: pair.value };
}

function mergedPair(input: SourceInput, items: readonly Pair[], step: string | number): Pair | undefined {
  for (const item of items.filter((candidate) => keyText(candidate.key) === "<<")) {
    const value = resolve(input, item.value);
    for (const source of isSeq(value) ? value.items : [value]) {
      const map = resolve(input, source);
      const pair = isMap(map) ? map.items.find((candidate) => keyText(candidate.key) === String(step)) : undefined;
      if (pair !== undefined) return pair;
    }
  }
  return undefined;
}

function startOf(node: unknown, otherwise: number): number {
  return (node as { range?: readonly number[] } | null | undefined)?.range?.[0] ?? otherwise;
}
