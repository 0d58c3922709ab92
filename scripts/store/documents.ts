// The documents in KV as typed values: pointer, releases, sources, history, overrides. Knows their keys and how to tell a broken
// one; never decides what to do about it. The keys and forms are those of the Worker (src/release, src/origin).

import { decodeSnapshot } from "../../src/config/encode.ts";
import type { Snapshot } from "../../src/config/snapshot.ts";
import { parseJson } from "../../src/json-document.ts";
import { HEALTH_KEY, historyKey, OVERRIDES_KEY, POINTER_KEY, releaseKey, sourceKey } from "../../src/release/keys.ts";
import { parseHealthDocument, type HealthDocument } from "../../src/origin/health.ts";
import { emptyOverrides, parseOverrides, type Overrides } from "../../src/origin/overrides.ts";
import { encodePointer, parsePointer, type Pointer } from "../../src/release/pointer.ts";
import { failure } from "../output/failure.ts";
import type { KvStore } from "./kv.ts";
import { field } from "./rest.ts";

/** The files that a release was built from, by relative path. */
export interface Source {
  readonly entry: string;
  readonly files: Readonly<Record<string, string>>;
}

/** One publication as kept under `history/<number>`. */
export interface HistoryEntry {
  readonly pointer: Pointer;
  /** Number of the publication that was in force before; null for the first. */
  readonly from: number | null;
  /** One line for each thing that the publication changed. */
  readonly changes: readonly string[];
  /** Random: tells two publishers of one number apart. */
  readonly claim: string;
}

export type PointerState =
  | { readonly kind: "none" }
  | { readonly kind: "pointer"; readonly pointer: Pointer }
  | { readonly kind: "broken"; readonly why: string };

export async function readPointer(store: KvStore): Promise<PointerState> {
  const text = await store.get(POINTER_KEY);
  if (text === null) return { kind: "none" };
  const parsed = parsePointer(text);
  return parsed.ok ? { kind: "pointer", pointer: parsed.value } : { kind: "broken", why: parsed.error.message };
}

/** The pointer in force. Fails with the way out where there is none. */
export async function requirePointer(store: KvStore): Promise<Pointer> {
  const state = await readPointer(store);
  if (state.kind === "pointer") return state.pointer;
  if (state.kind === "none") {
    throw failure({
      what: "nothing is published yet",
      why: `${store.label} has no release`,
      fix: "write a config with breakwater init, then: breakwater publish",
    });
  }
  throw failure({
    what: "the pointer to the release in force cannot be read",
    why: state.why,
    fix: "breakwater history shows what was published; breakwater rollback NUMBER makes one of them current again",
  });
}

export interface StoredRelease {
  readonly hash: string;
  readonly snapshot: Snapshot;
  readonly text: string;
}

/** A release, verified against its hash. Null when the key is missing. */
export async function readRelease(store: KvStore, hash: string): Promise<StoredRelease | null> {
  const text = await store.get(releaseKey(hash));
  if (text === null) return null;
  const decoded = await decodeSnapshot(text, hash);
  if (decoded.ok) return { hash, snapshot: decoded.value, text };
  const { kind } = decoded.error;
  const why =
    kind === "unknown-format"
      ? "it was written by another version of Breakwater"
      : kind === "hash-mismatch"
        ? "its content does not fit its hash"
        : "it is damaged";
  throw failure({ what: `release ${shortHash(hash)} cannot be used`, why, fix: "publish the config file again: breakwater publish" });
}

export async function requireRelease(store: KvStore, hash: string): Promise<StoredRelease> {
  const found = await readRelease(store, hash);
  if (found !== null) return found;
  throw failure({
    what: `release ${shortHash(hash)} is missing`,
    why: `${store.label} has no value under "${releaseKey(hash)}"; after a recent publish it may take up to a minute to appear`,
    fix: "run the command again, or publish the config file again: breakwater publish",
  });
}

/** The files behind a release; null when they were not kept. */
export async function readSource(store: KvStore, hash: string): Promise<Source | null> {
  const text = await store.get(sourceKey(hash));
  const value = text === null ? null : parseJson(text);
  const entry = field(value, "entry");
  const files = field(value, "files");
  if (typeof entry !== "string" || typeof files !== "object" || files === null) return null;
  const texts = Object.entries(files).filter((pair): pair is [string, string] => typeof pair[1] === "string");
  return texts.some(([path]) => path === entry) ? { entry, files: Object.fromEntries(texts) } : null;
}

export async function requireSource(store: KvStore, hash: string): Promise<Source> {
  const found = await readSource(store, hash);
  if (found !== null) return found;
  throw failure({
    what: `the files of release ${shortHash(hash)} are not in the store`,
    why: "it was published without them, or they were deleted",
    fix: "name the config file with --config FILE",
  });
}

export function encodeSource(source: Source): string {
  const files = Object.fromEntries(Object.entries(source.files).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return JSON.stringify({ entry: source.entry, files });
}

export function encodeHistory(entry: HistoryEntry): string {
  return JSON.stringify(
    { claim: entry.claim, from: entry.from, changes: entry.changes, pointer: JSON.parse(encodePointer(entry.pointer)) as unknown },
    null,
    2,
  );
}

/** Null for a text that is no history entry. */
export function parseHistory(text: string): HistoryEntry | null {
  const value = parseJson(text);
  const pointer = parsePointer(JSON.stringify(field(value, "pointer") ?? null));
  if (!pointer.ok) return null;
  const changes = field(value, "changes");
  const claim = field(value, "claim");
  const lines = Array.isArray(changes) ? changes.filter((line) => typeof line === "string") : [];
  const from = field(value, "from");
  return {
    pointer: pointer.value,
    from: typeof from === "number" ? from : null,
    changes: lines,
    claim: typeof claim === "string" ? claim : "",
  };
}

export async function readHistory(store: KvStore, number: number): Promise<HistoryEntry | null> {
  const text = await store.get(historyKey(number));
  return text === null ? null : parseHistory(text);
}

/** Numbers of all publications, the newest first. */
export async function historyNumbers(store: KvStore): Promise<readonly number[]> {
  const prefix = historyKey(0).slice(0, -1);
  const numbers = (await store.list(prefix)).map((key) => key.slice(prefix.length)).filter((rest) => /^[1-9]\d{0,14}$/.test(rest));
  return numbers.map(Number).toSorted((a, b) => b - a);
}

/** What operators said; empty when nobody ever said anything. A broken document is a failure: it must not be overwritten unseen. */
export async function readOverrides(store: KvStore): Promise<Overrides> {
  const text = await store.get(OVERRIDES_KEY);
  if (text === null) return emptyOverrides();
  const parsed = parseOverrides(text);
  if (parsed.ok) return parsed.value;
  const fix = `look at it with: breakwater show --key ${OVERRIDES_KEY}    then delete or repair it in KV`;
  throw failure({ what: "the operators' overrides cannot be read", why: parsed.error.message, fix });
}

/** The health document, or why there is none. */
export async function readHealth(store: KvStore): Promise<{ readonly document: HealthDocument | null; readonly why: string | null }> {
  const text = await store.get(HEALTH_KEY);
  if (text === null) return { document: null, why: "no check has run yet" };
  const parsed = parseHealthDocument(text);
  return parsed.ok ? { document: parsed.value, why: null } : { document: null, why: parsed.error.message };
}

/** The first 12 digits: enough to tell releases apart, short enough for a line. */
export function shortHash(hash: string): string {
  return hash.slice(0, 12);
}
