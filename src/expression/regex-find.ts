// Where a pattern matches first, and what its groups hold: threads in order of priority, each with its captures. The match is the
// leftmost one, and of those the one that prefers earlier alternatives, as a backtracking engine would find it.

import { holds } from "./regex-program.ts";
import type { Program } from "./regex-program.ts";

/** Start and end of the whole match, then of each group; -1 for a group that took no part. */
export type Captures = readonly number[];

/** Threads that stand in front of one position, the preferred first. */
interface Threads {
  readonly states: number[];
  readonly captures: Captures[];
  /** The position in which an instruction was last entered. */
  readonly seen: Int32Array;
}

interface Run {
  readonly program: Program;
  readonly value: string;
  /** Instructions still to be entered, with their captures: one stack for all, since entering is the inner loop. */
  readonly stack: number[];
  readonly stackCaptures: Captures[];
}

/** The leftmost match with its groups, or null. */
export function findMatch(program: Program, value: string, groups: number): Captures | null {
  const run: Run = { program, value, stack: [], stackCaptures: [] };
  const none = Array.from({ length: 2 * groups + 2 }, () => -1);
  let current = noThreads(program);
  let next = noThreads(program);
  let found: Captures | null = null;
  for (let at = 0; at <= value.length; at += 1) {
    // A match that starts later can no longer win.
    if (found === null) enter(run, current, at, { state: 0, captures: withSlot(none, 0, at) });
    else if (current.states.length === 0) break;
    found = step(run, current, next, at) ?? found;
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
    const captures = current.captures[index] ?? [];
    if (instruction?.op === "match") return withSlot(captures, 1, at);
    const moves = instruction?.op === "byte" && at < run.value.length && instruction.set[byte] === 1;
    if (moves) enter(run, next, at + 1, { state: state + 1, captures });
  }
  return null;
}

/** Adds an instruction and all that it leads to without consuming a byte, in order of priority. */
function enter(run: Run, threads: Threads, at: number, start: { readonly state: number; readonly captures: Captures }): void {
  const { program, stack, stackCaptures } = run;
  stack.push(start.state);
  stackCaptures.push(start.captures);
  for (;;) {
    const state = stack.pop();
    const captures = stackCaptures.pop();
    if (state === undefined || captures === undefined) return;
    const instruction = program[state];
    if (instruction === undefined || threads.seen[state] === at) continue;
    threads.seen[state] = at;
    if (instruction.op === "split") {
      stack.push(instruction.second, instruction.first);
      stackCaptures.push(captures, captures);
    } else if (instruction.op === "jump") {
      stack.push(instruction.to);
      stackCaptures.push(captures);
    } else if (instruction.op === "save") {
      stack.push(state + 1);
      stackCaptures.push(withSlot(captures, instruction.slot, at));
    } else if (instruction.op === "assert") {
      if (!holds(instruction.what, run.value, at)) continue;
      stack.push(state + 1);
      stackCaptures.push(captures);
    } else {
      threads.states.push(state);
      threads.captures.push(captures);
    }
  }
}

function noThreads(program: Program): Threads {
  return { states: [], captures: [], seen: new Int32Array(program.length).fill(-1) };
}

function withSlot(captures: Captures, slot: number, value: number): Captures {
  const copy = captures.slice();
  copy[slot] = value;
  return copy;
}
