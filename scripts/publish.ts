// Publishing: from a user's files to the release in force. The command line and `npm start` both come through here. KV has no
// compare-and-set, so a publisher claims its number in the history first, waits, and moves the pointer only when the claim
// stood; of two publishers at the same moment one wins and the other is told. Never asks, prints or exits.

import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { BuildOutput } from "../src/config/build.ts";
import { isError, type Diagnostic } from "../src/config/diagnostic.ts";
import { encodeSnapshot, hashSnapshot } from "../src/config/encode.ts";
import type { Snapshot } from "../src/config/snapshot.ts";
import { SOURCE_BYTES_MAX } from "../src/limits.ts";
import { releaseKey, sourceKey } from "../src/release/keys.ts";
import type { Pointer } from "../src/release/pointer.ts";
import { summaryLines } from "./compare/describe.ts";
import { compareReleases } from "./compare/releases.ts";
import type { SnapshotChange } from "./compare/snapshots.ts";
import { EXIT } from "./output/exit-codes.ts";
import { failure } from "./output/failure.ts";
import { movePointer, type PublishTiming } from "./store/claim.ts";
import { encodeSource, readPointer, readRelease, type PointerState, type Source } from "./store/documents.ts";
import type { KvStore } from "./store/kv.ts";
import { requireLists, writeLists } from "./store/lists.ts";

export interface PublishInput {
  readonly store: KvStore;
  /** Texts by relative path. */
  readonly files: Readonly<Record<string, string>>;
  /** The main file's name among them. */
  readonly entry: string;
  readonly mode: BuildMode;
  readonly author: string;
  readonly message: string;
  /** The release this edit started from, null for none. Left out: whatever is in force when publishing begins. */
  readonly expectedBase?: string | null | undefined;
  /** Default: the real clock, and no settling time (nobody else publishes). */
  readonly timing?: PublishTiming | undefined;
}

export type BuildMode = "production" | "local";

export type PublishResult =
  | { readonly kind: "invalid"; readonly diagnostics: readonly Diagnostic[] }
  /** The release in force is the same. `sourceUpdated`: only comments or formatting differed, and were kept. */
  | { readonly kind: "unchanged"; readonly pointer: Pointer; readonly sourceUpdated: boolean; readonly diagnostics: readonly Diagnostic[] }
  | OutdatedResult
  | {
      readonly kind: "published";
      readonly pointer: Pointer;
      readonly changes: readonly SnapshotChange[];
      readonly diagnostics: readonly Diagnostic[];
      /** False: written, but the store still showed the old pointer when it was read back. */
      readonly confirmed: boolean;
    };

export interface OutdatedResult {
  readonly kind: "outdated";
  /** What the edit started from. */
  readonly base: string | null;
  /** What is in force, or is about to be, instead. */
  readonly current: Pointer | null;
  /** True when the other publisher came while this one was writing. */
  readonly raced: boolean;
}

export interface Built {
  readonly output: BuildOutput;
  /** Null when there are errors. */
  readonly release: BuiltRelease | null;
}

export interface BuiltRelease {
  readonly snapshot: Snapshot;
  readonly hash: string;
  /** Documents of its long lists, by their hash. */
  readonly lists: ReadonlyMap<string, string>;
}

/** Compiles a config and names the release that it makes. */
export async function buildRelease(source: Source, mode: BuildMode): Promise<Built> {
  // Loaded when needed: most commands compile nothing, and the compiler is most of the code.
  const { buildConfig } = await import("../src/config/build.ts");
  const output = await buildConfig({ ...source, mode });
  const { snapshot } = output;
  if (snapshot === null || output.diagnostics.some(isError)) return { output, release: null };
  return { output, release: { snapshot, hash: await hashSnapshot(snapshot), lists: output.lists } };
}

export async function publishFiles(input: PublishInput): Promise<PublishResult> {
  const source: Source = { entry: input.entry, files: input.files };
  const { output, release } = await buildRelease(source, input.mode);
  const { diagnostics } = output;
  if (release === null) return { kind: "invalid", diagnostics };
  const result = await publishSnapshot({ ...input, source, ...release });
  return result.kind === "outdated" ? result : { ...result, diagnostics };
}

export interface PublishSnapshotInput extends Omit<PublishInput, "files" | "entry" | "mode"> {
  readonly snapshot: Snapshot;
  readonly hash: string;
  /** Null: they must be in the store (a rollback). */
  readonly lists: ReadonlyMap<string, string> | null;
  /** Null: what is stored under the hash stays (a rollback). */
  readonly source: Source | null;
}

type SnapshotResult =
  | Omit<Extract<PublishResult, { readonly kind: "unchanged" }>, "diagnostics">
  | OutdatedResult
  | Omit<Extract<PublishResult, { readonly kind: "published" }>, "diagnostics">;

/** Makes a compiled config the release in force. */
export async function publishSnapshot(input: PublishSnapshotInput): Promise<SnapshotResult> {
  const { store, hash } = input;
  requireSmall(input.source);
  const state = await readPointer(store);
  const current = pointerOf(state);
  const base = input.expectedBase === undefined ? (current?.release ?? null) : input.expectedBase;
  if (base !== (current?.release ?? null)) return { kind: "outdated", base, current, raced: false };
  // Before anything that names them; also when the release is the same, so that publishing again mends what is missing.
  if (input.lists === null) await requireLists(store, input.snapshot);
  else await writeLists(store, input.lists);
  if (current?.release === hash) return { kind: "unchanged", pointer: current, sourceUpdated: await updateSource(input) };

  const before = current === null ? null : await readableRelease(store, current.release);
  const changes = await compareReleases({ store, before, after: input.snapshot, ...(input.lists !== null && { documents: input.lists }) });
  await writeRelease(input);
  const moved = await movePointer({
    store,
    from: state,
    claim: randomUUID(),
    changes: summaryLines(changes),
    release: hash,
    author: input.author,
    message: input.message,
    timing: input.timing ?? DEFAULT_TIMING,
  });
  if (moved.kind === "lost") return { kind: "outdated", base, current: moved.winner, raced: true };
  return { kind: "published", pointer: moved.pointer, changes, confirmed: moved.confirmed };
}

const DEFAULT_TIMING: PublishTiming = { settleMs: 0, nowMs: () => Date.now(), sleep: (ms) => pause(ms) };

function pointerOf(state: PointerState): Pointer | null {
  return state.kind === "pointer" ? state.pointer : null;
}

/** A broken predecessor must not keep a good release from replacing it. */
async function readableRelease(store: KvStore, hash: string): Promise<Snapshot | null> {
  try {
    return (await readRelease(store, hash))?.snapshot ?? null;
  } catch (error) {
    if (error instanceof Error && error.name === "CliFailure") return null;
    throw error;
  }
}

/** The release before anything that names it. Written even when the key exists: a damaged value is thereby repaired. */
async function writeRelease(input: PublishSnapshotInput): Promise<void> {
  const text = encodeSnapshot(input.snapshot);
  if ((await input.store.get(releaseKey(input.hash))) !== text) await input.store.put(releaseKey(input.hash), text);
  await updateSource(input);
}

function requireSmall(source: Source | null): void {
  const bytes = source === null ? 0 : Buffer.byteLength(encodeSource(source));
  if (bytes <= SOURCE_BYTES_MAX) return;
  throw failure({
    what: `the config and its files have ${bytes} bytes`,
    why: `at most ${SOURCE_BYTES_MAX} are kept beside a release`,
    fix: "shorten the lists; comments count, too",
    exit: EXIT.invalid,
  });
}

async function updateSource(input: PublishSnapshotInput): Promise<boolean> {
  if (input.source === null) return false;
  const text = encodeSource(input.source);
  if ((await input.store.get(sourceKey(input.hash))) === text) return false;
  await input.store.put(sourceKey(input.hash), text);
  return true;
}
