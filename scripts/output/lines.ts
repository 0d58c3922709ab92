// A textual diff in the unified form, for `diff --text` and to show what an edit does to a file. Pure. Long files that share
// little are shown as removed and added as a whole rather than compared at a quadratic cost.

import type { Painter } from "./paint.ts";

/** Cells of the comparison table; 2,000 by 2,000 changed lines. Above it the middle is shown as one replaced block. */
const CELLS_MAX = 4_000_000;
const CONTEXT_LINES = 3;

interface Change {
  readonly kind: "same" | "removed" | "added";
  readonly text: string;
}

/** The lines of a unified diff without its file header; empty when the texts are equal. */
export function unifiedDiff(before: string, after: string, paint: Painter): readonly string[] {
  if (before === after) return [];
  const changes = compareLines(splitLines(before), splitLines(after));
  const lines: string[] = [];
  let oldLine = 1;
  let newLine = 1;
  let index = 0;
  for (const [from, to] of hunks(changes)) {
    for (; index < from; index += 1) {
      if (changes[index]?.kind !== "added") oldLine += 1;
      if (changes[index]?.kind !== "removed") newLine += 1;
    }
    lines.push(paint("cyan", hunkHeader(changes.slice(from, to), oldLine, newLine)));
    for (const change of changes.slice(from, to)) lines.push(changeLine(change, paint));
  }
  return lines;
}

function splitLines(text: string): readonly string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  else lines.push(`${lines.pop() ?? ""}\n\\ No newline at end of file`);
  return lines;
}

function hunkHeader(changes: readonly Change[], oldLine: number, newLine: number): string {
  const oldCount = changes.filter((change) => change.kind !== "added").length;
  const newCount = changes.filter((change) => change.kind !== "removed").length;
  return `@@ -${oldCount === 0 ? oldLine - 1 : oldLine},${oldCount} +${newCount === 0 ? newLine - 1 : newLine},${newCount} @@`;
}

function changeLine(change: Change, paint: Painter): string {
  if (change.kind === "same") return ` ${change.text}`;
  return change.kind === "removed" ? paint("red", `-${change.text}`) : paint("green", `+${change.text}`);
}

/** Ranges of changes with their context; ranges that touch are one. */
function hunks(changes: readonly Change[]): readonly (readonly [from: number, to: number])[] {
  const ranges: [number, number][] = [];
  changes.forEach((change, index) => {
    if (change.kind === "same") return;
    const from = Math.max(0, index - CONTEXT_LINES);
    const to = Math.min(changes.length, index + 1 + CONTEXT_LINES);
    const last = ranges.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = to;
    else ranges.push([from, to]);
  });
  return ranges;
}

function compareLines(before: readonly string[], after: readonly string[]): readonly Change[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < before.length - head && tail < after.length - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  return [
    ...before.slice(0, head).map((text): Change => ({ kind: "same", text })),
    ...compareMiddle(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...before.slice(before.length - tail).map((text): Change => ({ kind: "same", text })),
  ];
}

/** Longest common subsequence by dynamic programming, read from the start. */
function compareMiddle(before: readonly string[], after: readonly string[]): readonly Change[] {
  const columns = after.length + 1;
  if (before.length * after.length > CELLS_MAX) return replaced(before, after);
  const lengths = new Uint32Array((before.length + 1) * columns);
  for (let row = before.length - 1; row >= 0; row -= 1) {
    for (let column = after.length - 1; column >= 0; column -= 1) {
      const below = lengths[(row + 1) * columns + column] ?? 0;
      const right = lengths[row * columns + column + 1] ?? 0;
      const diagonal = lengths[(row + 1) * columns + column + 1] ?? 0;
      lengths[row * columns + column] = before[row] === after[column] ? diagonal + 1 : Math.max(below, right);
    }
  }
  const changes: Change[] = [];
  let row = 0;
  let column = 0;
  while (row < before.length && column < after.length) {
    const text = before[row] ?? "";
    if (text === after[column]) {
      changes.push({ kind: "same", text });
      row += 1;
      column += 1;
    } else if ((lengths[(row + 1) * columns + column] ?? 0) >= (lengths[row * columns + column + 1] ?? 0)) {
      changes.push({ kind: "removed", text });
      row += 1;
    } else {
      changes.push({ kind: "added", text: after[column] ?? "" });
      column += 1;
    }
  }
  return [...changes, ...replaced(before.slice(row), after.slice(column))];
}

function replaced(before: readonly string[], after: readonly string[]): readonly Change[] {
  return [...before.map((text): Change => ({ kind: "removed", text })), ...after.map((text): Change => ({ kind: "added", text }))];
}
