// A program as tables of bits, one bit for each instruction that takes a byte. Between two bytes stands a boundary; its kind (is it
// an edge of the value, does a word or a line end here) decides every assertion, so each kind has its own table of what follows
// what. Most instructions are followed by the next one, which one shift does for all of them; the others are grouped by what
// follows them. So a byte costs a few operations for 32 states each, whatever the states are.

import { isWordByte } from "./regex-class.ts";
import type { Program } from "./regex-program.ts";
import type { Assertion } from "./regex-syntax.ts";

/** What is on one side of a boundary. */
const EDGE = 0;
const OTHER = 1;
const WORD = 2;
const LINE_FEED = 3;

/** The words of `bits` that are not zero: index, bits, index, bits, ... */
type SparseBits = Int32Array;

/** States with the same followers besides the next state. */
interface Group {
  readonly states: SparseBits;
  readonly followers: SparseBits;
}

/** What one kind of boundary leads to. */
export interface BoundaryTable {
  /** The pattern matches here without a byte. */
  readonly isMatch: boolean;
  /** Where a match that starts here waits. */
  readonly starts: Int32Array;
  /** States after which the pattern has matched. */
  readonly matching: Int32Array;
  /** States that the next state follows. */
  readonly chain: Int32Array;
  readonly groups: readonly Group[];
  /** Operations for one byte, at most. */
  readonly cost: number;
}

export interface Tables {
  /** 32-bit words of a set of states. */
  readonly words: number;
  /** States that take a byte, by byte. */
  reach(byte: number): Int32Array;
  /** The table for the boundary between two bytes; -1 is an edge of the value. */
  between(before: number, after: number): BoundaryTable;
  /** The highest cost of any boundary. */
  highestCost(): number;
}

/** Makes the tables of a program; each is filled when it is needed first. */
export function tablesOf(program: Program): Tables {
  const states = program.flatMap((instruction, at) => (instruction.op === "byte" ? [at] : []));
  const words = Math.max(1, Math.ceil(states.length / 32));
  const stateAt = new Map(states.map((at, state) => [at, state]));
  const layout: Layout = { program, states, stateAt, words, known: new Map(), walk: { seen: new Int32Array(program.length), mark: 0 } };
  const reach: (Int32Array | undefined)[] = [];
  const tables: (BoundaryTable | undefined)[] = [];
  const sides = sidesOf(program);
  const edges = edgesOf(program);
  const tableOf = (kind: number): BoundaryTable => (tables[kind] ??= boundaryTable(layout, kind));
  return {
    words,
    reach: (byte) => (reach[byte] ??= reachOf(layout, byte)),
    between: (before, after) =>
      tableOf((before < 0 ? edges.before : (sides[before] as number)) * 4 + (after < 0 ? edges.after : (sides[after] as number))),
    highestCost: () => {
      const inner = new Set(sides);
      const kinds = [edges.before, ...inner].flatMap((before) => [edges.after, ...inner].map((after) => before * 4 + after));
      return Math.max(...Array.from(new Set(kinds), (kind) => tableOf(kind).cost));
    },
  };
}

interface Layout {
  readonly program: Program;
  /** The instruction of each state. */
  readonly states: readonly number[];
  readonly stateAt: ReadonlyMap<number, number>;
  readonly words: number;
  /** Followers that are the same for every kind of boundary, by the instruction that leads to them. */
  readonly known: Map<number, Followers>;
  /** Marks the instructions that the present walk has seen. */
  readonly walk: { readonly seen: Int32Array; mark: number };
}

/** The side that each byte makes; without assertions about words and lines they are all alike. */
function sidesOf(program: Program): Uint8Array {
  const asserts = new Set(program.map((instruction) => (instruction.op === "assert" ? instruction.what : null)));
  const aboutWords = asserts.has("word") || asserts.has("not-word");
  const aboutLines = asserts.has("line-start") || asserts.has("line-end");
  return Uint8Array.from({ length: 256 }, (_, byte) =>
    aboutWords && isWordByte(byte) ? WORD : aboutLines && byte === 10 ? LINE_FEED : OTHER,
  );
}

/** An edge that no assertion asks about is like any other side, and needs no table of its own. */
function edgesOf(program: Program): { readonly before: number; readonly after: number } {
  const asserts = new Set(program.map((instruction) => (instruction.op === "assert" ? instruction.what : null)));
  const asks = (...what: readonly Assertion[]): boolean => what.some((assertion) => asserts.has(assertion));
  return {
    before: asks("start", "line-start", "word", "not-word") ? EDGE : OTHER,
    after: asks("end", "line-end", "word", "not-word") ? EDGE : OTHER,
  };
}

function reachOf({ program, states, words }: Layout, byte: number): Int32Array {
  const bits = new Int32Array(words);
  for (const [state, at] of states.entries()) {
    const instruction = program[at];
    if (instruction?.op === "byte" && instruction.set[byte] === 1) setBit(bits, state);
  }
  return bits;
}

function boundaryTable(layout: Layout, kind: number): BoundaryTable {
  const { program, states, words } = layout;
  const start = followersOf(layout, 0, kind);
  const starts = bitsOf(start.states, words);
  const matching = new Int32Array(words);
  const chain = new Int32Array(words);
  const branching: Branch[] = [];
  for (const [state, at] of states.entries()) {
    if (program[at + 1]?.op === "byte") {
      setBit(chain, state);
      continue;
    }
    const { isMatch, states: followers } = knownFollowers(layout, at + 1, kind);
    if (isMatch) setBit(matching, state);
    if (followers.length > 0) branching.push({ state, followers, key: followers.join() });
  }
  const groups = groupsOf(branching, chain, words);
  const cost = groups.reduce((sum, group) => sum + (group.states.length + group.followers.length) / 2, words);
  return { isMatch: start.isMatch, starts, matching, chain, groups, cost };
}

/** A state that something else than the next state may follow. */
interface Branch {
  readonly state: number;
  readonly followers: readonly number[];
  readonly key: string;
}

/**
 * States with the same followers are one group. Where a state's followers are its own, the next state is left to the chain: what
 * remains is often shared, as between the states of `a{1,30}`.
 */
function groupsOf(branching: readonly Branch[], chain: Int32Array, words: number): readonly Group[] {
  const uses = new Map<string, number>();
  for (const { key } of branching) uses.set(key, (uses.get(key) ?? 0) + 1);
  const groups = new Map<string, { readonly states: number[]; readonly followers: readonly number[] }>();
  for (const { state, followers, key } of branching) {
    const isOwn = uses.get(key) === 1 && followers.includes(state + 1);
    if (isOwn) setBit(chain, state);
    const rest = isOwn ? followers.filter((follower) => follower !== state + 1) : followers;
    if (rest.length === 0) continue;
    const restKey = isOwn ? rest.join() : key;
    const group = groups.get(restKey) ?? { states: [], followers: rest };
    groups.set(restKey, group);
    group.states.push(state);
  }
  return Array.from(groups.values(), (group) => ({
    states: sparseBits(bitsOf(group.states, words)),
    followers: sparseBits(bitsOf(group.followers, words)),
  }));
}

interface Followers {
  /** Ascending. */
  readonly states: readonly number[];
  readonly isMatch: boolean;
  /** On the kind of the boundary. */
  readonly depends: boolean;
}

/** The followers across a boundary; those that no assertion has a say in are remembered for all kinds. */
function knownFollowers(layout: Layout, from: number, kind: number): Followers {
  let at = from;
  for (let next = layout.program[at]; next?.op === "jump" || next?.op === "save"; next = layout.program[at]) {
    at = next.op === "jump" ? next.to : at + 1;
  }
  const known = layout.known.get(at);
  if (known !== undefined) return known;
  const found = followersOf(layout, at, kind);
  if (!found.depends) layout.known.set(at, found);
  return found;
}

/** All states that an instruction leads to across a boundary, without a byte. */
function followersOf({ program, stateAt, walk }: Layout, from: number, kind: number): Followers {
  const states: number[] = [];
  const stack = [from];
  walk.mark += 1;
  let isMatch = false;
  let depends = false;
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    const instruction = program[at];
    if (instruction === undefined || walk.seen[at] === walk.mark) continue;
    walk.seen[at] = walk.mark;
    if (instruction.op === "match") isMatch = true;
    else if (instruction.op === "byte") states.push(stateAt.get(at) ?? 0);
    else if (instruction.op === "split") stack.push(instruction.second, instruction.first);
    else if (instruction.op === "jump") stack.push(instruction.to);
    else {
      depends = depends || instruction.op === "assert";
      if (instruction.op === "save" || holdsAt(instruction.what, kind >> 2, kind & 3)) stack.push(at + 1);
    }
  }
  return { states: states.sort((left, right) => left - right), isMatch, depends };
}

function holdsAt(what: Assertion, before: number, after: number): boolean {
  switch (what) {
    case "start":
      return before === EDGE;
    case "end":
      return after === EDGE;
    case "line-start":
      return before === EDGE || before === LINE_FEED;
    case "line-end":
      return after === EDGE || after === LINE_FEED;
    case "word":
      return (before === WORD) !== (after === WORD);
    case "not-word":
      return (before === WORD) === (after === WORD);
    default:
      return what satisfies never;
  }
}

function setBit(bits: Int32Array, state: number): void {
  bits[state >> 5] = (bits[state >> 5] as number) | (1 << (state & 31));
}

function bitsOf(states: readonly number[], words: number): Int32Array {
  const bits = new Int32Array(words);
  for (const state of states) setBit(bits, state);
  return bits;
}

function sparseBits(bits: Int32Array): SparseBits {
  const sparse: number[] = [];
  for (let word = 0; word < bits.length; word += 1) if (bits[word] !== 0) sparse.push(word, bits[word] as number);
  return Int32Array.from(sparse);
}
