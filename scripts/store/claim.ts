// Moving the pointer without a compare-and-set. A publisher writes its claim under `history/<number>`, waits longer than another
// publisher needs between reading and writing, and goes on only when the claim is still its own (Fischer's algorithm for mutual
// exclusion with timed registers). After the pointer is written it is read back, which catches what timing could not.

import { historyKey, POINTER_KEY } from "../../src/release/keys.ts";
import { encodePointer, POINTER_FORMAT, type Pointer } from "../../src/release/pointer.ts";
import { failure } from "../output/failure.ts";
import {
  encodeHistory,
  historyNumbers,
  parseHistory,
  readHistory,
  readPointer,
  type HistoryEntry,
  type PointerState,
} from "./documents.ts";
import type { KvStore } from "./kv.ts";

export interface PublishTiming {
  readonly settleMs: number;
  nowMs(): number;
  sleep(ms: number): Promise<void>;
}

export interface MoveInput {
  readonly store: KvStore;
  /** What was in force when publishing began. */
  readonly from: PointerState;
  /** A random text of this publisher. */
  readonly claim: string;
  readonly changes: readonly string[];
  readonly release: string;
  readonly author: string;
  readonly message: string;
  readonly timing: PublishTiming;
}

export type MoveResult =
  | { readonly kind: "moved"; readonly pointer: Pointer; readonly confirmed: boolean }
  | { readonly kind: "lost"; readonly winner: Pointer | null };

/** Numbers that earlier publishers claimed and never used; more in a row means that something else is wrong. */
const ABANDONED_MAX = 20;
/** Reads after a write that may still show what was there before. */
const READ_BACK_TRIES = 5;
const READ_BACK_PAUSE_MS = 200;

export async function movePointer(input: MoveInput): Promise<MoveResult> {
  const { store, timing } = input;
  const first = await nextNumber(input);
  for (let number = first; number < first + ABANDONED_MAX; number += 1) {
    const taken = (await store.get(historyKey(number))) !== null;
    if (taken) {
      // A publisher in the middle of its work moves the pointer within the settling time; an abandoned claim never does.
      await timing.sleep(timing.settleMs);
      const moved = await movedMeanwhile(input);
      if (moved !== null) return moved;
      continue;
    }
    const entry = newEntry(input, number);
    await store.put(historyKey(number), encodeHistory(entry));
    await timing.sleep(timing.settleMs);
    const held = await readBackHistory(input, number);
    if (held.claim !== input.claim) return lostTo(input, held);
    const moved = await movedMeanwhile(input);
    return moved ?? writePointer(input, entry);
  }
  throw failure({
    what: "publishing stopped before anything was changed",
    why: `the numbers ${first} to ${first + ABANDONED_MAX - 1} are all claimed, but none of them was published`,
    fix: "run the command again; if it stays so, delete the keys history/<number> above the current number",
  });
}

/** One above the pointer's; where that cannot be read, one above everything that was ever published. */
async function nextNumber(input: MoveInput): Promise<number> {
  if (input.from.kind === "pointer") return input.from.pointer.number + 1;
  const [highest = 0] = await historyNumbers(input.store);
  return highest + 1;
}

function newEntry(input: MoveInput, number: number): HistoryEntry {
  const before = input.from.kind === "pointer" ? input.from.pointer : null;
  const { release, author, message, changes, claim } = input;
  const publishedAtMs = input.timing.nowMs();
  const predecessor = before?.release ?? null;
  const pointer: Pointer = { format: POINTER_FORMAT, number, release, candidate: null, predecessor, publishedAtMs, author, message };
  return { claim, from: before?.number ?? null, changes, pointer };
}

/** The claim as it stands. A store that does not show it yet is asked again; without an answer nothing may be published. */
async function readBackHistory(input: MoveInput, number: number): Promise<HistoryEntry> {
  for (let attempt = 0; attempt < READ_BACK_TRIES; attempt += 1) {
    if (attempt > 0) await input.timing.sleep(READ_BACK_PAUSE_MS);
    const text = await input.store.get(historyKey(number));
    const entry = text === null ? null : parseHistory(text);
    if (entry !== null) return entry;
  }
  throw failure({
    what: "publishing stopped before anything was changed",
    why: `${input.store.label} does not show "${historyKey(number)}" after it was written`,
    fix: "run the command again in a minute",
  });
}

/** Another publisher's result, when the pointer is not the one that this publication began from. */
async function movedMeanwhile(input: MoveInput): Promise<MoveResult | null> {
  const now = await readPointer(input.store);
  if (now.kind !== "pointer") return null;
  const { from } = input;
  if (from.kind === "pointer" && now.pointer.number <= from.pointer.number) return null;
  return { kind: "lost", winner: now.pointer };
}

/** Someone else holds the claim: what they publish is the answer, whether or not their pointer is there yet. */
async function lostTo(input: MoveInput, held: HistoryEntry): Promise<MoveResult> {
  await input.timing.sleep(input.timing.settleMs);
  const moved = await movedMeanwhile(input);
  return moved ?? { kind: "lost", winner: held.pointer };
}

async function writePointer(input: MoveInput, entry: HistoryEntry): Promise<MoveResult> {
  const { store, timing } = input;
  await store.put(POINTER_KEY, encodePointer(entry.pointer));
  for (let attempt = 0; attempt < READ_BACK_TRIES; attempt += 1) {
    if (attempt > 0) await timing.sleep(READ_BACK_PAUSE_MS);
    const now = await readPointer(store);
    if (now.kind !== "pointer" || now.pointer.number < entry.pointer.number) continue;
    if (now.pointer.number > entry.pointer.number || !samePublication(now.pointer, entry.pointer))
      return { kind: "lost", winner: now.pointer };
    await repairHistory(input, entry);
    return { kind: "moved", pointer: entry.pointer, confirmed: true };
  }
  return { kind: "moved", pointer: entry.pointer, confirmed: false };
}

function samePublication(a: Pointer, b: Pointer): boolean {
  return encodePointer(a) === encodePointer(b);
}

/** The winner's own entry belongs in the history, even if the loser wrote over it last. */
async function repairHistory(input: MoveInput, entry: HistoryEntry): Promise<void> {
  const held = await readHistory(input.store, entry.pointer.number);
  if (held !== null && held.claim !== input.claim) await input.store.put(historyKey(entry.pointer.number), encodeHistory(entry));
}
