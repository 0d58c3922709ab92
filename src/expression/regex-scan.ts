// Whether a pattern matches anywhere. The sets of program states that occur while scanning are remembered with what each byte makes
// of them (a deterministic automaton, built on demand), so that most bytes cost one look-up. When too many different sets
// occur the automaton is given up for that value, and the program is run state by state.

import { holds } from "./regex-program.ts";
import type { Program } from "./regex-program.ts";

/** A set of program states in front of a position. */
interface Configuration {
  /** Instructions that wait for a byte or for the end, in ascending order. */
  readonly members: readonly number[];
  /** Whether the pattern has matched when the value ends here. */
  readonly matchesAtEnd: boolean;
  /** By byte: the next configuration, or null for a match. Absent until a value needs it. */
  readonly next: (Configuration | null | undefined)[];
}

/** Configurations that one pattern keeps; about 100 KB at most. */
const CONFIGURATIONS_MAX = 128;

/** Makes the test of a program. What it remembers changes its speed, never its answers. */
export function compileScan(program: Program): (value: string) => boolean {
  const depends = program.some((instruction) => instruction.op === "assert" && instruction.what !== "start" && instruction.what !== "end");
  // Whether a word or a line ends here depends on two bytes, which a configuration does not know.
  if (depends) return (value) => simulate(program, value);
  let automaton = newAutomaton(program);
  return (value) => {
    const answer = scan(automaton, value);
    if (answer !== null) return answer;
    automaton = newAutomaton(program);
    return simulate(program, value);
  };
}

interface Automaton {
  readonly program: Program;
  readonly initial: Configuration | null;
  /** By their members. */
  readonly known: Map<string, Configuration>;
}

function newAutomaton(program: Program): Automaton {
  const members = closure(program, [0], true);
  const initial = members === null ? null : { members, matchesAtEnd: matchesAtEnd(program, members, true), next: [] };
  return { program, initial, known: new Map() };
}

/** Null when there are too many configurations. */
function scan(automaton: Automaton, value: string): boolean | null {
  let current = automaton.initial;
  for (let at = 0; at < value.length; at += 1) {
    if (current === null) return true;
    // No state is left, and none can start: the pattern is bound to the value's start.
    if (current.members.length === 0) return false;
    const byte = value.charCodeAt(at);
    let next = current.next[byte];
    if (next === undefined) {
      if (automaton.known.size >= CONFIGURATIONS_MAX) return null;
      next = move(automaton, current, byte);
      current.next[byte] = next;
    }
    current = next;
  }
  return current === null || current.matchesAtEnd;
}

function move(automaton: Automaton, from: Configuration, byte: number): Configuration | null {
  const { program } = automaton;
  const starts = [0];
  for (const member of from.members) {
    const instruction = program[member];
    if (instruction?.op === "byte" && instruction.set[byte] === 1) starts.push(member + 1);
  }
  const reached = closure(program, starts, false);
  if (reached === null) return null;
  const key = reached.join();
  const known = automaton.known.get(key);
  if (known !== undefined) return known;
  const made: Configuration = { members: reached, matchesAtEnd: matchesAtEnd(program, reached, false), next: [] };
  automaton.known.set(key, made);
  return made;
}

/** Whether the states that wait for the end lead to a match when it comes. */
function matchesAtEnd(program: Program, members: readonly number[], atStart: boolean): boolean {
  const behindEnd = members.filter((member) => program[member]?.op === "assert").map((member) => member + 1);
  return closure(program, behindEnd, atStart, true) === null;
}

/** All that is reached without a byte, in ascending order; null when that is a match. */
function closure(program: Program, starts: readonly number[], atStart: boolean, atEnd = false): readonly number[] | null {
  const seen = new Set<number>();
  const members: number[] = [];
  const stack = [...starts];
  for (let state = stack.pop(); state !== undefined; state = stack.pop()) {
    const instruction = program[state];
    if (instruction === undefined || seen.has(state)) continue;
    seen.add(state);
    if (instruction.op === "match") return null;
    if (instruction.op === "split") stack.push(instruction.second, instruction.first);
    else if (instruction.op === "jump") stack.push(instruction.to);
    else if (instruction.op === "save") stack.push(state + 1);
    else if (instruction.op === "byte") members.push(state);
    else if (instruction.what === "start" ? atStart : atEnd) stack.push(state + 1);
    else if (instruction.what === "end") members.push(state);
  }
  return members.sort((left, right) => left - right);
}

/** The same answer without remembering anything: every state is moved over every byte. */
function simulate(program: Program, value: string): boolean {
  let current: number[] = [];
  let next: number[] = [];
  const stack: number[] = [];
  const seen = new Int32Array(program.length).fill(-1);
  for (let at = 0; at <= value.length; at += 1) {
    stack.push(0);
    const byte = value.charCodeAt(at - 1);
    for (const state of current) {
      const instruction = program[state];
      if (instruction?.op === "byte" && instruction.set[byte] === 1) stack.push(state + 1);
    }
    next.length = 0;
    for (let state = stack.pop(); state !== undefined; state = stack.pop()) {
      const instruction = program[state];
      if (instruction === undefined || seen[state] === at) continue;
      seen[state] = at;
      if (instruction.op === "match") return true;
      if (instruction.op === "split") stack.push(instruction.second, instruction.first);
      else if (instruction.op === "jump") stack.push(instruction.to);
      else if (instruction.op === "byte") next.push(state);
      else if (instruction.op === "save" || holds(instruction.what, value, at)) stack.push(state + 1);
    }
    [current, next] = [next, current];
  }
  return false;
}
