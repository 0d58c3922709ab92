// Gets the long lists that rules look into: from this isolate, from the data centre's copy, then from KV, verified against the hash
// that the release names. One load of a list runs at a time, kept alive after the request that began it; the others wait for it with
// an end. A list that could not be had is told once, and costs later requests nothing. Called through the holder, never rejects.

import { hashText } from "../config/encode.ts";
import type { ListReference } from "../config/snapshot.ts";
import { decodeList } from "../firewall/list-document.ts";
import { lookup } from "../firewall/list-lookup.ts";
import type { ListTable } from "../firewall/list-table.ts";
import type { RuleContext } from "../firewall/context.ts";
import type { Membership } from "../expression/compilation.ts";
import {
  LIST_DOCUMENT_CHARS_MAX,
  LIST_FAILURES_MAX,
  LIST_READ_MS_MAX,
  LIST_RETRY_MS,
  LIST_RUN_MS_MAX,
  LIST_WAIT_MS_MAX,
} from "../limits.ts";
import type { Ports } from "../ports.ts";
import { fail, ok, type Result } from "../result.ts";
import type { Copies } from "./copies.ts";
import { listKey } from "./keys.ts";
import { causeText, type StateProblem, type StateProblemReason } from "./problem.ts";
import { within } from "./within.ts";

/** What an isolate remembers of its loads; by the hashes of the documents. */
export interface ListMemory {
  readonly running: Map<string, Loading>;
  readonly failed: Map<string, ListProblem>;
}

export interface ListProblem extends StateProblem {
  /** Name of the list, in the release that first asked for it. */
  readonly list: string;
}

interface Loading {
  readonly startedAtMs: number;
  /** All that get what is loaded: requests of two releases may wait for the same list. */
  readonly tables: Set<ListTable>;
  readonly done: Promise<void>;
}

export interface ListSources {
  readonly ports: Ports;
  readonly copies: Copies;
  readonly memory: ListMemory;
}

export function createListMemory(): ListMemory {
  return { running: new Map(), failed: new Map() };
}

/** Loads lists that a request needs. Resolves when they are there, cannot be had, or have taken too long; `isLoaded` tells. */
export async function loadWantedLists(table: ListTable, names: readonly string[], sources: ListSources): Promise<void> {
  const nowMs = sources.ports.clock.nowMs();
  const waited = names.flatMap((name) => {
    const reference = table.wanted(name);
    if (reference === null) return [];
    const loading = loadingOf(name, reference, table, sources);
    // Nobody waits for another try at what has failed.
    return loading === null || sources.memory.failed.has(reference.hash) ? [] : [loading];
  });
  if (waited.length === 0) return;
  const waitMs = Math.max(...waited.map(({ startedAtMs }) => startedAtMs + LIST_WAIT_MS_MAX - nowMs));
  if (waitMs > 0) await within(Promise.all(waited.map(({ done }) => done)), waitMs);
}

/** The load that runs, or a new one; null while one that failed is not tried again. */
function loadingOf(name: string, reference: ListReference, table: ListTable, sources: ListSources): Loading | null {
  const { memory, ports } = sources;
  const { hash } = reference;
  const nowMs = ports.clock.nowMs();
  const running = memory.running.get(hash);
  // A request that went away can take its load with it, so one that runs for too long counts as dead.
  if (running !== undefined && nowMs - running.startedAtMs < LIST_RUN_MS_MAX) {
    running.tables.add(table);
    return running;
  }
  const failure = memory.failed.get(hash);
  if (failure !== undefined && nowMs - failure.atMs < LIST_RETRY_MS) return null;
  const tables = new Set([table]);
  const done = load(name, reference, tables, sources).finally(() => {
    if (memory.running.get(hash) === started) memory.running.delete(hash);
  });
  const started: Loading = { startedAtMs: nowMs, tables, done };
  memory.running.set(hash, started);
  ports.defer(done);
  return started;
}

async function load(name: string, reference: ListReference, tables: ReadonlySet<ListTable>, sources: ListSources): Promise<void> {
  const { memory, ports } = sources;
  const found = await findList(reference, sources).catch((cause: unknown) => problem(ports, "list-unreadable", causeText(cause)));
  if (found.ok) {
    for (const table of tables) table.put(reference.hash, found.value);
    const before = memory.failed.get(reference.hash);
    if (before === undefined) return;
    memory.failed.delete(reference.hash);
    ports.log.write({ event: "list-problem", list: name, reason: "none", message: `over: ${before.reason}` });
    return;
  }
  const { reason, message } = found.error;
  if (!memory.failed.has(reference.hash)) ports.log.write({ event: "list-problem", list: name, reason, message });
  remember(memory.failed, reference.hash, { ...found.error, list: name });
}

/** The oldest goes first. */
function remember(failed: Map<string, ListProblem>, hash: string, failure: ListProblem): void {
  failed.delete(hash);
  failed.set(hash, failure);
  for (const oldest of failed.keys()) {
    if (failed.size <= LIST_FAILURES_MAX) return;
    failed.delete(oldest);
  }
}

type Found = Result<Membership<RuleContext>, StateProblem>;

async function findList(reference: ListReference, { ports, copies }: ListSources): Promise<Found> {
  const { hash } = reference;
  const copy = await copies.readList(ports.cache, hash);
  if (copy !== null) {
    const read = await readList(copy, reference, ports);
    if (read.ok) return read;
    ports.defer(copies.dropList(ports.cache, hash));
  }
  const key = listKey(hash);
  let stored: { readonly value: string | null } | null;
  try {
    stored = await within(ports.config.get(key), LIST_READ_MS_MAX);
  } catch (cause) {
    return problem(ports, "store-failed", `KV failed to read ${key}: ${causeText(cause)}`);
  }
  if (stored === null) return problem(ports, "store-timeout", `KV did not answer for ${key} within ${LIST_READ_MS_MAX} ms`);
  if (stored.value === null) return problem(ports, "list-missing", `${key} is not in KV; it may not have arrived here yet`);
  const read = await readList(stored.value, reference, ports);
  if (read.ok) ports.defer(copies.writeList(ports.cache, hash, stored.value));
  return read;
}

async function readList(text: string, { hash, kind }: ListReference, ports: Ports): Promise<Found> {
  if (text.length > LIST_DOCUMENT_CHARS_MAX)
    return problem(ports, "list-corrupt", `list ${hash} has ${text.length} characters, at most ${LIST_DOCUMENT_CHARS_MAX} are read`);
  const found = await hashText(text);
  if (found !== hash) return problem(ports, "list-corrupt", `list ${hash} is corrupt: its content has the hash ${found}`);
  const decoded = decodeList(text);
  if (!decoded.ok) return problem(ports, "list-unreadable", `list ${hash} ${decoded.error}`);
  if (decoded.value.kind !== kind) return problem(ports, "list-unreadable", `list ${hash} is of kind ${decoded.value.kind}, not ${kind}`);
  return ok(lookup(decoded.value));
}

function problem(ports: Ports, reason: StateProblemReason, message: string): { readonly ok: false; readonly error: StateProblem } {
  return fail({ reason, message, atMs: ports.clock.nowMs() });
}
