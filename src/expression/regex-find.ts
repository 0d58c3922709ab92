// Where a pattern matches first, and what its groups hold: threads in order of priority, each with its captures. The match is the
// leftmost one, and of those the one that prefers earlier alternatives, as a backtracking engine would find it. A thread's captures
// are a chain of what was saved last, so that passing them on costs nothing.

import { holds } from "./regex-program.ts";
import type { Program } from "./regex-program.ts";
import type { Work } from "./regex-scan.ts";

/** Start and end of the whole match, then of each group; -1 for a group that took no part. */
export type Captures = readonly number[];

/** The newest first. */
interface Saved {
  readonly slot: number;
  readonly at: number;
  readonly before: Saved | null;
}

/** Threads that stand in front of one position, the preferred first. Only the first `count` places are in use. */
interface Threads {
  readonly states: Int32Array;
  readonly saved: (Saved | null)[];
  count: number;
}

interface Run {
  readonly program: Program;
  readonly value: string;
  readonly work: Work;
  /** The position in which an instruction was last entered, plus one. */
  readonly seen: Int32Array;
  /** Instructions still to be entered, with their captures: one stack for all, since entering is the inner loop. */
  readonly stack: Int32Array;
  readonly stackSaved: (Saved | null)[];
}

/** The leftmost match with its groups, or null. */
export function findMatch(program: Program, value: string, groups: number, work: Work): Captures | null {
  const size = program.length;
  const run: Run = {
    program,
    value,
    work,
    seen: new Int32Array(size),
    stack: new Int32Array(2 * size + 2),
    stackSaved: noneSaved(2 * size + 2),
  };
  let current: Threads = { states: new Int32Array(size), saved: noneSaved(size), count: 0 };
  let next: Threads = { states: new Int32Array(size), saved: noneSaved(size), count: 0 };
  let found: Saved | null = null;
  for (let at = 0; at <= value.length; at += 1) {
    // A match that starts later can no longer win.
    if (found === null) enter(run, current, at, 0, { slot: 0, at, before: null });
    else if (current.count === 0) break;
    found = step(run, current, next, at) ?? found;
    [current, next] = [next, current];
    next.count = 0;
  }
  return found === null ? null : capturesOf(found, groups);
}

/** Moves all threads over the byte at `at`. Returns the captures of a thread that matched; those of lower priority are dropped. */
function step(run: Run, current: Threads, next: Threads, at: number): Saved | null {
  const byte = at < run.value.length ? run.value.charCodeAt(at) : -1;
  for (let index = 0; index < current.count; index += 1) {
    const state = current.states[index] as number;
    const instruction = run.program[state];
    const saved = current.saved[index] ?? null;
    if (instruction?.op === "match") return { slot: 1, at, before: saved };
    if (byte !== -1 && instruction?.op === "byte" && instruction.set[byte] === 1) enter(run, next, at + 1, state + 1, saved);
  }
  return null;
}

/** Adds an instruction and all that it leads to without consuming a byte, in order of priority. */
// oxlint-disable-next-line max-params -- an object for each call would be most of what the inner loop does.
function enter(run: Run, threads: Threads, at: number, start: number, startSaved: Saved | null): void {
  const { program, seen, stack, stackSaved } = run;
  stack[0] = start;
  stackSaved[0] = startSaved;
  for (let depth = 1; depth > 0;) {
    depth -= 1;
    const state = stack[depth] as number;
    if (seen[state] === at + 1) continue;
    seen[state] = at + 1;
    run.work.steps += 1;
    const saved = stackSaved[depth] ?? null;
    const instruction = program[state];
    if (instruction === undefined) continue;
    if (instruction.op === "byte" || instruction.op === "match") {
      threads.states[threads.count] = state;
      threads.saved[threads.count] = saved;
      threads.count += 1;
      continue;
    }
    if (instruction.op === "assert" && !holds(instruction.what, run.value, at)) continue;
    if (instruction.op === "split") {
      stack[depth] = instruction.second;
      stackSaved[depth] = saved;
      depth += 1;
    }
    stack[depth] = instruction.op === "split" ? instruction.first : instruction.op === "jump" ? instruction.to : state + 1;
    stackSaved[depth] = instruction.op === "save" ? { slot: instruction.slot, at, before: saved } : saved;
    depth += 1;
  }
}

function noneSaved(length: number): (Saved | null)[] {
  return Array.from({ length }, () => null);
}

function capturesOf(saved: Saved, groups: number): Captures {
  const captures = Array.from({ length: 2 * groups + 2 }, () => -1);
  const isFilled = captures.map(() => false);
  for (let link: Saved | null = saved; link !== null; link = link.before) {
    if (isFilled[link.slot] === true) continue;
    isFilled[link.slot] = true;
    captures[link.slot] = link.at;
  }
  return captures;
}
