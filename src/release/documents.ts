// The four small documents that an isolate polls, each parsed alone and each kept at its last good form: garbage in one never
// costs another, and a read that went backwards changes nothing. Pure; the holder reads and merges, and shows the problems.
//
// The versions are inside the documents and not in the pointer, because their writers differ: the purge ledger cannot raise a
// number in a pointer that only the command line writes.

import { emptyPurgeGenerations, parsePurgeGenerations, type PurgeGenerations } from "../cache/purge.ts";
import { parseHealthDocument, type HealthDocument } from "../origin/health.ts";
import { emptyOverrides, parseOverrides, type Overrides } from "../origin/overrides.ts";
import { STATE_RESTART_MS } from "../limits.ts";
import type { Result } from "../result.ts";
import { HEALTH_KEY, OVERRIDES_KEY, POINTER_KEY, PURGES_KEY } from "./keys.ts";
import { parsePointer, type Pointer } from "./pointer.ts";
import type { StateProblem, StateProblemReason } from "./problem.ts";

export type DocumentName = "pointer" | "health" | "overrides" | "purges";

/** The KV key of each document; also the order in which they are shown. */
export const DOCUMENT_KEYS: Readonly<Record<DocumentName, string>> = {
  pointer: POINTER_KEY,
  health: HEALTH_KEY,
  overrides: OVERRIDES_KEY,
  purges: PURGES_KEY,
};

/** The texts of one read; null is a key that is not there. */
export type DocumentTexts = Readonly<Record<DocumentName, string | null>>;

export interface Held<T> {
  /** The last good one, or what holds without any. */
  readonly value: T;
  /** What it was parsed from; null when none was ever read. */
  readonly text: string | null;
  /** When it was last read and found good; null when it never was. */
  readonly confirmedAtMs: number | null;
  /** Why the last read was not taken; null when it was. */
  readonly problem: StateProblem | null;
}

export interface Documents {
  readonly pointer: Held<Pointer | null>;
  readonly health: Held<HealthDocument | null>;
  readonly overrides: Held<Overrides>;
  readonly purges: Held<PurgeGenerations>;
}

export function noDocuments(): Documents {
  return { pointer: nothing(null), health: nothing(null), overrides: nothing(emptyOverrides()), purges: nothing(emptyPurgeGenerations()) };
}

/** The documents after a read that was made at `readAtMs`, by this isolate or by the one that left the copy. */
export function mergeDocuments(held: Documents, texts: DocumentTexts, readAtMs: number): Documents {
  return {
    pointer: merge(held.pointer, { text: texts.pointer, readAtMs, parse: parsePointer, isOlder: isOlderPointer }),
    health: merge(held.health, { text: texts.health, readAtMs, parse: parseHealthDocument, isOlder: isOlderHealth }),
    overrides: merge(held.overrides, { text: texts.overrides, readAtMs, parse: parseOverrides, isOlder: isOlderOverrides }),
    purges: merge(held.purges, { text: texts.purges, readAtMs, parse: parsePurgeGenerations, isOlder: isOlderPurges }),
  };
}

/** The last good texts: what a copy of these documents holds, so that garbage is never copied. */
export function textsOf(documents: Documents): DocumentTexts {
  const { pointer, health, overrides, purges } = documents;
  return { pointer: pointer.text, health: health.text, overrides: overrides.text, purges: purges.text };
}

interface DocumentRead<T> {
  readonly text: string | null;
  readonly readAtMs: number;
  readonly parse: (text: string) => Result<NonNullable<T>, { readonly kind: StateProblemReason; readonly message: string }>;
  /** @param unseenMs - Since the one held was last seen. */
  readonly isOlder: (next: NonNullable<T>, held: T, unseenMs: number) => boolean;
}

function merge<T>(held: Held<T>, read: DocumentRead<T>): Held<T> {
  const { text, readAtMs } = read;
  // A key that was there and is not: a cached miss of KV, or somebody deleted it. Neither takes the last good one away.
  if (text === null) return held.text === null ? held : refused(held, readAtMs, "missing", "is not in the store, though it was before");
  const confirmedAtMs = Math.max(readAtMs, held.confirmedAtMs ?? 0);
  if (text === held.text) return { ...held, confirmedAtMs, problem: null };
  const parsed = read.parse(text);
  if (!parsed.ok) return refused(held, readAtMs, parsed.error.kind, parsed.error.message);
  if (read.isOlder(parsed.value, held.value, readAtMs - (held.confirmedAtMs ?? 0)))
    return refused(held, readAtMs, "went-backwards", "is an older version than the one held");
  return { value: parsed.value, text, confirmedAtMs, problem: null };
}

function refused<T>(held: Held<T>, atMs: number, reason: StateProblemReason, message: string): Held<T> {
  return { ...held, problem: { reason, message, atMs } };
}

/**
 * Numbers never go backwards. An equal number is taken: of two publishers at once the store keeps one, and every isolate ends
 * at that one whichever it saw first. A lower number that was published later, while the one held was not seen for longer than
 * any read can be late, is a namespace that was made anew: without this an old copy would keep it out for ever.
 */
function isOlderPointer(next: Pointer, held: Pointer | null, unseenMs: number): boolean {
  if (held === null || next.number >= held.number) return false;
  return next.publishedAtMs <= held.publishedAtMs || unseenMs < STATE_RESTART_MS;
}

/** The same for what operators said, which has no time of its own. */
function isOlderOverrides(next: Overrides, held: Overrides, unseenMs: number): boolean {
  return next.version < held.version && unseenMs < STATE_RESTART_MS;
}

/** A cron that lost its document begins again at a low generation; its time shows that it is not an old read. */
function isOlderHealth(next: HealthDocument, held: HealthDocument | null): boolean {
  return held !== null && next.generation < held.generation && next.asOfMs <= held.asOfMs;
}

/** The ledger keeps its document in its own storage, so its versions never begin again. */
function isOlderPurges(next: PurgeGenerations, held: PurgeGenerations): boolean {
  return next.version < held.version;
}

function nothing<T>(value: T): Held<T> {
  return { value, text: null, confirmedAtMs: null, problem: null };
}
