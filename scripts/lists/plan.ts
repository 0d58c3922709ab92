// What an edit of a list comes to: which entries come, change or go, and which are there already, found by meaning and not by how
// they are written. Pure; nothing is decided about a list with bad entries but that they stay as they are.

import type { WrittenEntry } from "../../src/config/list-lines.ts";
import type { EntryChanges } from "../edit/lists.ts";
import { isOver, keyOf, type WrittenList } from "./read.ts";

/** What somebody asked for. `expires` and `comment` left out: whatever an entry that is there has; null: none. */
export interface WantedEntry {
  readonly value: string;
  readonly expires?: string | null;
  readonly comment?: string | null;
}

export interface ListPlan extends EntryChanges {
  /** Entries that are there as wanted, as the list has them. */
  readonly present: readonly WrittenEntry[];
  readonly gone: readonly WrittenEntry[];
}

/** Adds entries; those that are there get the expiry and the comment that were asked for. Entries must be valid. */
export function planAdd(list: WrittenList, wanted: readonly WantedEntry[], nowMs: number): ListPlan {
  const places = placesOf(list);
  const added = new Map<string, WrittenEntry>();
  const changed = new Map<number, WrittenEntry>();
  const present: WrittenEntry[] = [];
  for (const entry of wanted) {
    const key = keyOf(list.kind, entry.value) ?? entry.value;
    const place = places.get(key)?.[0];
    const held = place === undefined ? added.get(key) : (changed.get(place) ?? list.entries[place]);
    const next =
      held === undefined
        ? { value: entry.value, expires: entry.expires ?? null, comment: entry.comment ?? null }
        : merged(held, entry, nowMs);
    if (held !== undefined && isSame(held, next)) present.push(held);
    else if (place === undefined) added.set(key, next);
    else changed.set(place, next);
  }
  return { added: [...added.values()], changed, removed: new Set(), present, gone: [] };
}

/** Takes entries away, each with all that mean the same. `unknown` are those that the list does not have. */
export function planRemove(list: WrittenList, values: readonly string[]): ListPlan & { readonly unknown: readonly string[] } {
  const places = placesOf(list);
  const removed = new Set<number>();
  const unknown: string[] = [];
  for (const value of values) {
    const written = [...list.entries.keys()].filter((index) => list.entries[index]?.value === value);
    const found = [...written, ...(places.get(keyOf(list.kind, value) ?? "") ?? [])];
    if (found.length === 0) unknown.push(value);
    for (const place of found) removed.add(place);
  }
  return { ...NOTHING, removed, gone: entriesAt(list, removed), unknown };
}

/** Makes the list hold what is wanted and nothing else; what stays keeps its place and, unless told otherwise, its comment. */
export function planReplace(list: WrittenList, wanted: readonly WantedEntry[], nowMs: number): ListPlan {
  const exact = wanted.map((entry) => ({ ...entry, expires: entry.expires ?? null }));
  const plan = planAdd(list, exact, nowMs);
  const keys = new Set(exact.map(({ value }) => keyOf(list.kind, value) ?? value));
  const seen = new Set<string>();
  const removed = new Set<number>();
  for (const [index, { value }] of list.entries.entries()) {
    const key = keyOf(list.kind, value) ?? value;
    if (!keys.has(key) || seen.has(key)) removed.add(index);
    seen.add(key);
  }
  return { ...plan, removed, gone: entriesAt(list, removed) };
}

const NOTHING: ListPlan = { added: [], changed: new Map(), removed: new Set(), present: [], gone: [] };

/** Positions of the entries by what they mean. */
function placesOf(list: WrittenList): ReadonlyMap<string, readonly number[]> {
  const places = new Map<string, number[]>();
  for (const [index, { value }] of list.entries.entries()) {
    const key = keyOf(list.kind, value);
    if (key === null) continue;
    const others = places.get(key);
    if (others === undefined) places.set(key, [index]);
    else others.push(index);
  }
  return places;
}

/** An entry that is over comes back for good when nobody says until when. */
function merged(held: WrittenEntry, { expires, comment }: WantedEntry, nowMs: number): WrittenEntry {
  return {
    value: held.value,
    expires: expires === undefined ? (isOver(held, nowMs) ? null : held.expires) : expires,
    comment: comment === undefined ? held.comment : comment,
  };
}

function isSame(left: WrittenEntry, right: WrittenEntry): boolean {
  return left.expires === right.expires && left.comment === right.comment;
}

function entriesAt(list: WrittenList, places: ReadonlySet<number>): readonly WrittenEntry[] {
  return list.entries.filter((_entry, index) => places.has(index));
}
