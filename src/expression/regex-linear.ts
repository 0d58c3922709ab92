// The linear-time engine: runs a pattern as a set of states that advance together over the value, so that the time is at most
// (bytes x states) for any pattern and any value. It gives the same answers as backtracking (leftmost match, earlier
// alternatives first), only slower, and is used wherever backtracking is not proved to be cheap.

import { isWordByte } from "./regex-class.ts";
import type { ByteSet } from "./regex-class.ts";
import type { Assertion, RegexNode, RegexTree } from "./regex-syntax.ts";

export type Program = readonly Instruction[];

type Instruction =
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

/** Start and end of the whole match, then of each group; -1 for a group that took no part. */
export type Captures = readonly number[];

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

interface Threads {
  /** Instructions in order of priority; only `byte` and `match` are kept. */
  readonly states: number[];
  readonly captures: Captures[];
  /** The position in which an instruction was last entered. */
  readonly seen: Int32Array;
}

interface Run {
  readonly program: Program;
  readonly value: string;
}

/** A thread's next instruction and what it captured; null where captures are not asked for. */
interface Thread {
  readonly state: number;
  readonly slots: Captures | null;
}

/** Whether the pattern matches anywhere in the value. */
export function linearTest(program: Program, value: string): boolean {
  return search({ program, value }, null) !== null;
}

/** The leftmost match with its groups, or null. */
export function linearFind(program: Program, value: string, groups: number): Captures | null {
  return search(
    { program, value },
    Array.from({ length: 2 * groups + 2 }, () => -1),
  );
}

/** With `slots` null only whether there is a match: the first one found ends the search. */
function search(run: Run, slots: Captures | null): Captures | null {
  const { program, value } = run;
  const anchored = program[0]?.op === "assert" && program[0].what === "start";
  let current = noThreads(program);
  let next = noThreads(program);
  let found: Captures | null = null;
  for (let at = 0; at <= value.length; at += 1) {
    if (found === null && (at === 0 || !anchored))
      enter(run, current, at, { state: 0, slots: slots === null ? null : withSlot(slots, 0, at) });
    if (current.states.length === 0 && (found !== null || anchored)) break;
    const match = step(run, current, next, at);
    if (match !== null && slots === null) return [];
    found = match ?? found;
    [current, next] = [next, current];
    next.states.length = 0;
    next.captures.length = 0;
  }
  return found;
}

/** Moves all threads over the byte at `at`. Returns the captures of a thread that matched; those of lower priority are dropped. */
function step(run: Run, current: Threads, next: Threads, at: number): Captures | null {
  const byte = run.value.charCodeAt(at);
  for (const [index, state] of current.states.entries()) {
    const instruction = run.program[state];
    const slots = current.captures[index] ?? null;
    if (instruction?.op === "match") return slots === null ? [] : withSlot(slots, 1, at);
    if (instruction?.op === "byte" && at < run.value.length && instruction.set[byte] === 1)
      enter(run, next, at + 1, { state: state + 1, slots });
  }
  return null;
}

/** Adds an instruction and all that it leads to without consuming a byte, in order of priority. */
function enter(run: Run, threads: Threads, at: number, start: Thread): void {
  const stack: Thread[] = [start];
  for (let thread = stack.pop(); thread !== undefined; thread = stack.pop()) {
    const { state, slots } = thread;
    const instruction = run.program[state];
    if (instruction === undefined || threads.seen[state] === at) continue;
    threads.seen[state] = at;
    if (instruction.op === "split") stack.push({ state: instruction.second, slots }, { state: instruction.first, slots });
    else if (instruction.op === "jump") stack.push({ state: instruction.to, slots });
    else if (instruction.op === "save")
      stack.push({ state: state + 1, slots: slots === null ? null : withSlot(slots, instruction.slot, at) });
    else if (instruction.op === "assert") {
      if (holds(instruction.what, run.value, at)) stack.push({ state: state + 1, slots });
    } else {
      threads.states.push(state);
      if (slots !== null) threads.captures.push(slots);
    }
  }
}

function noThreads(program: Program): Threads {
  return { states: [], captures: [], seen: new Int32Array(program.length).fill(-1) };
}

function holds(what: Assertion, value: string, at: number): boolean {
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

function withSlot(slots: Captures, slot: number, value: number): Captures {
  const copy = slots.slice();
  copy[slot] = value;
  return copy;
}
