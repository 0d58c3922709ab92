// A pattern as a program for the linear-time engine. The engine runs all states of a program together over the value, so that the
// time is at most (bytes x states) for any pattern and any value. `regex-scan.ts` asks whether there is a match, `regex-find.ts`
// where; both give the answer that backtracking gives.

import { isWordByte } from "./regex-class.ts";
import type { ByteSet } from "./regex-class.ts";
import type { Assertion, RegexNode, RegexTree } from "./regex-syntax.ts";

export type Program = readonly Instruction[];

export type Instruction =
  | { readonly op: "byte"; readonly set: ByteSet }
  | Split
  | { readonly op: "jump"; to: number }
  | { readonly op: "save"; readonly slot: number }
  | { readonly op: "assert"; readonly what: Assertion }
  | { readonly op: "match" };

/** Tries `first`, then `second`. */
interface Split {
  readonly op: "split";
  first: number;
  second: number;
}

/** Instructions that a node needs: repetitions count as often as they are written out. */
export function countStates(node: RegexNode): number {
  switch (node.kind) {
    case "empty":
      return 0;
    case "set":
    case "assert":
      return 1;
    case "group":
      return countStates(node.of) + 2;
    case "concat":
      return node.parts.reduce((sum, part) => sum + countStates(part), 0);
    case "alternation":
      return node.options.reduce((sum, option) => sum + countStates(option) + 2, -2);
    case "repeat":
      if (node.max === null) return countStates(node.of) * Math.max(1, node.min) + (node.min === 0 ? 2 : 1);
      return countStates(node.of) * node.max + node.max - node.min;
    default:
      return node satisfies never;
  }
}

/** Compiles a tree to a program. */
export function compileProgram(tree: RegexTree): Program {
  const program: Instruction[] = [];
  emit(program, tree.root);
  program.push({ op: "match" });
  return program;
}

function emit(program: Instruction[], node: RegexNode): void {
  switch (node.kind) {
    case "empty":
      return;
    case "set":
      program.push({ op: "byte", set: node.set });
      return;
    case "assert":
      program.push({ op: "assert", what: node.what });
      return;
    case "group":
      program.push({ op: "save", slot: 2 * node.index });
      emit(program, node.of);
      program.push({ op: "save", slot: 2 * node.index + 1 });
      return;
    case "concat":
      for (const part of node.parts) emit(program, part);
      return;
    case "alternation":
      emitAlternation(program, node.options);
      return;
    case "repeat":
      emitRepeat(program, node);
      return;
    default:
      node satisfies never;
  }
}

function emitAlternation(program: Instruction[], options: readonly RegexNode[]): void {
  const jumps: { op: "jump"; to: number }[] = [];
  for (const [index, option] of options.entries()) {
    if (index === options.length - 1) {
      emit(program, option);
      break;
    }
    const split: Split = { op: "split", first: program.length + 1, second: 0 };
    program.push(split);
    emit(program, option);
    const jump = { op: "jump" as const, to: 0 };
    jumps.push(jump);
    program.push(jump);
    split.second = program.length;
  }
  for (const jump of jumps) jump.to = program.length;
}

/**
 * A loop is written as "once or more", in a branch when it may be left out: in the shorter form, a body that can match nothing
 * would be entered a second time before the way out, and the first match would not be the one that backtracking finds.
 */
function emitRepeat(program: Instruction[], node: RegexNode & { readonly kind: "repeat" }): void {
  const { of, min, max, greedy } = node;
  const fixed = max === null ? Math.max(0, min - 1) : min;
  for (let count = 0; count < fixed; count += 1) emit(program, of);
  const ways: { readonly split: Split; readonly inside: number }[] = [];
  const branch = (): void => {
    const split: Split = { op: "split", first: 0, second: 0 };
    ways.push({ split, inside: program.push(split) });
  };
  if (max === null) {
    if (min === 0) branch();
    const body = program.length;
    emit(program, of);
    const split: Split = { op: "split", first: 0, second: 0 };
    program.push(split);
    ways.push({ split, inside: body });
  } else {
    for (let count = min; count < max; count += 1) {
      branch();
      emit(program, of);
    }
  }
  for (const { split, inside } of ways) {
    split.first = greedy ? inside : program.length;
    split.second = greedy ? program.length : inside;
  }
}

/** Whether an assertion holds in front of position `at`. */
export function holds(what: Assertion, value: string, at: number): boolean {
  switch (what) {
    case "start":
      return at === 0;
    case "end":
      return at === value.length;
    case "line-start":
      return at === 0 || value.charCodeAt(at - 1) === 10;
    case "line-end":
      return at === value.length || value.charCodeAt(at) === 10;
    case "word":
    case "not-word": {
      const before = at > 0 && isWordByte(value.charCodeAt(at - 1));
      const after = at < value.length && isWordByte(value.charCodeAt(at));
      return (before !== after) === (what === "word");
    }
    default:
      return what satisfies never;
  }
}
