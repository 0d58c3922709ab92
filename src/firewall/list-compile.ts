// The entries of a list as written, to what a release has of it: sorted, without those that others cover, each with the latest of
// its expiries. The order of the entries means nothing. Runs when a config is published; the Worker never loads it.

import type { ListContent, ListKind } from "../config/snapshot.ts";
import type { AddressRange } from "../expression/ip.ts";
import { covers, entryKey, parseListEntry, type EntryValue } from "./list-entries.ts";
import { sweepRanges, V4_STEPS, V6_STEPS, type Redundant, type Segment, type TimedRange } from "./list-sweep.ts";

export interface TimedEntry {
  readonly value: string;
  /** Milliseconds since the epoch; null for never. */
  readonly expiresAtMs: number | null;
}

export interface ListProblem {
  /** Position in the list of entries. */
  readonly index: number;
  readonly entry: string;
  readonly message: string;
}

export interface CompiledList {
  readonly list: ListContent;
  readonly problems: readonly ListProblem[];
  /** Entries that could be left out, by position. */
  readonly redundant: readonly Redundant[];
}

interface ReadEntry<T extends EntryValue> {
  readonly value: T;
  readonly untilMs: number;
  readonly index: number;
}

/**
 * Bad entries are left out and listed, in order.
 *
 * @param entries - A text alone never expires.
 */
export function compileList(kind: ListKind, entries: readonly (string | TimedEntry)[]): CompiledList {
  const problems: ListProblem[] = [];
  const read: ReadEntry<EntryValue>[] = [];
  for (const [index, entry] of entries.entries()) {
    const { value: text, expiresAtMs } = typeof entry === "string" ? { value: entry, expiresAtMs: null } : entry;
    const parsed = parseListEntry(kind, text);
    if (parsed.ok) read.push({ value: parsed.value, untilMs: expiresAtMs ?? Number.POSITIVE_INFINITY, index });
    else problems.push({ index, entry: text, message: parsed.error });
  }
  const compiled = kind === "ip" ? compileAddresses(read as ReadEntry<AddressRange>[]) : compileValues(kind, read);
  return { ...compiled, problems };
}

function compileAddresses(entries: readonly ReadEntry<AddressRange>[]): Omit<CompiledList, "problems"> {
  const v4: TimedRange<number>[] = [];
  const v6: TimedRange<string>[] = [];
  for (const { value, ...rest } of entries) {
    if (typeof value.from === "number" && typeof value.to === "number") v4.push({ ...rest, from: value.from, to: value.to });
    else v6.push({ ...rest, from: String(value.from), to: String(value.to) });
  }
  const [four, six] = [sweepRanges(v4, V4_STEPS), sweepRanges(v6, V6_STEPS)];
  const bounds = <T extends number | string>(segments: readonly Segment<T>[]): T[] => segments.flatMap(({ from, to }) => [from, to]);
  return {
    list: {
      kind: "ip",
      v4: bounds(four.segments),
      v6: bounds(six.segments),
      until: untilOf([...four.segments, ...six.segments].map(({ untilMs }) => untilMs)),
    },
    redundant: [...four.redundant, ...six.redundant].toSorted((left, right) => left.index - right.index),
  };
}

function compileValues(kind: Exclude<ListKind, "ip">, entries: readonly ReadEntry<EntryValue>[]): Omit<CompiledList, "problems"> {
  const kept = new Map<string, ReadEntry<EntryValue>>();
  const redundant: Redundant[] = [];
  for (const entry of entries) {
    const key = entryKey(entry.value);
    const other = kept.get(key);
    if (other !== undefined && other.untilMs >= entry.untilMs) {
      redundant.push({ index: entry.index, by: other.index });
      continue;
    }
    if (other !== undefined) redundant.push({ index: other.index, by: entry.index });
    kept.set(key, entry);
  }
  if (kind === "host") dropCoveredHosts(kept, redundant);
  redundant.sort((left, right) => left.index - right.index);
  const sorted = [...kept.values()].toSorted((left, right) => (left.value < right.value ? -1 : 1));
  const until = untilOf(sorted.map(({ untilMs }) => untilMs));
  const values = sorted.map(({ value }) => value);
  return kind === "asn"
    ? { list: { kind, entries: values as number[], until }, redundant }
    : { list: { kind, entries: values as string[], until }, redundant };
}

/** `*.example.com` covers `a.example.com` and `*.a.example.com` when it holds for as long. */
function dropCoveredHosts(kept: Map<string, ReadEntry<EntryValue>>, redundant: Redundant[]): void {
  for (const [key, entry] of kept) {
    const host = key.replace(/^\*\./, "");
    for (let dot = key === host ? host.indexOf(".") : 0; dot !== -1; dot = host.indexOf(".", dot + 1)) {
      const parent = kept.get(`*.${host.slice(dot === 0 ? 0 : dot + 1)}`);
      if (parent === undefined || parent === entry || parent.untilMs < entry.untilMs || !covers(parent.value, entry.value)) continue;
      kept.delete(key);
      redundant.push({ index: entry.index, by: parent.index });
      break;
    }
  }
}

/** Positions and times of the entries that expire. */
function untilOf(times: readonly number[]): readonly number[] {
  return times.flatMap((untilMs, position) => (untilMs === Number.POSITIVE_INFINITY ? [] : [position, untilMs]));
}
