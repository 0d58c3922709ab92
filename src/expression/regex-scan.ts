// Whether a pattern matches anywhere: all states that a match can be in are kept as bits and moved over the value together, so that
// the time is (bytes x a constant of the pattern) for every value. Nothing is remembered from one value to the next.

import type { BoundaryTable, Tables } from "./regex-tables.ts";

/** What the linear engines did, so that a test can say that it is bounded without a clock. */
export interface Work {
  steps: number;
}

/** Makes the test of a program. `work` counts the operations. */
export function compileScan(tables: Tables, work: Work): (value: string) => boolean {
  const { words } = tables;
  const active = new Int32Array(words);
  const waiting = new Int32Array(words);
  return (value) => {
    active.fill(0);
    let before = -1;
    for (let at = 0; ; at += 1) {
      const byte = at < value.length ? value.charCodeAt(at) : -1;
      const table = tables.between(before, byte);
      work.steps += table.cost;
      if (cross(table, active, waiting)) return true;
      if (byte === -1) return false;
      const reach = tables.reach(byte);
      for (let word = 0; word < words; word += 1) active[word] = (waiting[word] as number) & (reach[word] as number);
      before = byte;
    }
  };
}

/** Moves the active states over a boundary to where they wait for a byte. True when one of them is a match. */
function cross(table: BoundaryTable, active: Int32Array, waiting: Int32Array): boolean {
  if (table.isMatch) return true;
  const { starts, matching, chain, groups } = table;
  let carry = 0;
  for (let word = 0; word < active.length; word += 1) {
    const bits = active[word] as number;
    if ((bits & (matching[word] as number)) !== 0) return true;
    const chained = bits & (chain[word] as number);
    waiting[word] = (starts[word] as number) | (chained << 1) | carry;
    carry = chained >>> 31;
  }
  for (const { states, followers } of groups) {
    if (!meets(states, active)) continue;
    for (let index = 0; index < followers.length; index += 2) {
      const word = followers[index] as number;
      waiting[word] = (waiting[word] as number) | (followers[index + 1] as number);
    }
  }
  return false;
}

function meets(states: Int32Array, active: Int32Array): boolean {
  for (let index = 0; index < states.length; index += 2) {
    if (((active[states[index] as number] as number) & (states[index + 1] as number)) !== 0) return true;
  }
  return false;
}
