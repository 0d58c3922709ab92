// What this isolate has heard from the other isolates of its data centre about their circuits, and how they hear from it: one
// small entry per pool in the data centre's cache, read and written in the background. No request waits for it and nothing is
// thrown: a word that is lost costs a retry. Kept in the isolate beside the origin table; told and asked by the fetch stage.

import type { PoolSnapshot } from "../config/pool-snapshot.ts";
import { MARKER_LOOK_ALERT_MS, MARKER_LOOK_MS, POOLS_MAX } from "../limits.ts";
import type { Ports } from "../ports.ts";
import { createCopyKey } from "../release/copy-key.ts";
import type { Circuit } from "./circuit.ts";
import { originKey } from "./health.ts";
import { currentEntries, heldOutUntilMs, MARKER_FORMAT, markerText, mergeMarkers, parseMarker, wordOf } from "./marker.ts";
import type { MarkerEntries, MarkerEntry } from "./marker.ts";

export interface Markers {
  /** A request goes to this pool: reads its marker in the background, if it was not read just now. */
  look(pool: MarkedPool, ports: MarkerPorts): void;
  /** The latest word on an origin (`pool/originId`) that was heard or said here; null when there is none. */
  view(key: string): MarkerEntry | null;
  /**
   * A circuit was observed. In the background: tells the others if it opened or closed; after a failure that did not open it, looks
   * whether they know more, since most isolates of a data centre meet a dead origin after another one has.
   */
  tell(pool: MarkedPool, observed: ObservedCircuit, ports: MarkerPorts): void;
}

export type MarkedPool = Pick<PoolSnapshot, "name" | "origins"> & { readonly circuit: Pick<PoolSnapshot["circuit"], "shareMs"> };
export type MarkerPorts = Pick<Ports, "cache" | "clock" | "defer">;

export interface ObservedCircuit {
  readonly originId: string;
  readonly before: Circuit;
  readonly after: Circuit;
}

/** @param scope - Differs between deployments, as that of release/copies.ts. Only its hash is used. */
export function createMarkers(scope: string): Markers {
  const memory: Memory = { lookedAtMs: new Map(), alertUntilMs: new Map(), heard: new Map(), said: new Map() };
  const keyOf = createCopyKey(`m/${MARKER_FORMAT}`, scope);

  const read = async (pool: MarkedPool, { cache, clock }: MarkerPorts): Promise<{ stored: MarkerEntries; known: MarkerEntries }> => {
    const stored = await readEntries(cache, await keyOf(pool.name));
    return { stored, known: learn(memory, pool, { entries: stored, nowMs: clock.nowMs() }) };
  };
  const write = async (pool: MarkedPool, known: MarkerEntries, { cache }: MarkerPorts): Promise<void> => {
    const headers = { "content-type": "application/json", "cache-control": `max-age=${Math.ceil(pool.circuit.shareMs / 1000)}` };
    await cache.put(await keyOf(pool.name), new Response(markerText(known), { headers }));
  };
  const readAndMend = async (pool: MarkedPool, ports: MarkerPorts): Promise<void> => {
    const { stored, known } = await read(pool, ports);
    if (lacksOwnWord(memory, pool, { stored, known })) await write(pool, known, ports);
  };
  const readAndWrite = async (pool: MarkedPool, ports: MarkerPorts): Promise<void> => {
    // What others have said meanwhile stays. Who writes at the same moment and loses notices it at the next look.
    const { known } = await read(pool, ports);
    await write(pool, known, ports);
  };
  const look = (pool: MarkedPool, ports: MarkerPorts): void => {
    if (pool.circuit.shareMs > 0 && isLookDue(memory, pool.name, ports.clock.nowMs())) ports.defer(readAndMend(pool, ports));
  };

  return {
    look,
    view: (key) => memory.heard.get(key) ?? null,
    tell(pool, { originId, before, after }, ports) {
      if (pool.circuit.shareMs <= 0) return;
      const nowMs = ports.clock.nowMs();
      const word = wordOf(before, after);
      if (word !== null) {
        memory.said.set(originKey(pool.name, originId), word);
        learn(memory, pool, { entries: { [originId]: word }, nowMs });
        ports.defer(readAndWrite(pool, ports));
      } else if (after.failures > before.failures) {
        beAlert(memory, pool.name, nowMs + MARKER_LOOK_MS);
        look(pool, ports);
      }
    },
  };
}

/** What it holds of a pool is bounded by the pool's origins. */
interface Memory {
  /** By pool. */
  readonly lookedAtMs: Map<string, number>;
  /** By pool: until when it is looked at more often. */
  readonly alertUntilMs: Map<string, number>;
  /** By `pool/originId`: the latest word, and the latest one of this isolate. */
  readonly heard: Map<string, MarkerEntry>;
  readonly said: Map<string, MarkerEntry>;
}

function isLookDue({ lookedAtMs, alertUntilMs, heard, said }: Memory, pool: string, nowMs: number): boolean {
  const lastMs = lookedAtMs.get(pool);
  const everyMs = nowMs < (alertUntilMs.get(pool) ?? 0) ? MARKER_LOOK_ALERT_MS : MARKER_LOOK_MS;
  if (lastMs !== undefined && Math.abs(nowMs - lastMs) < everyMs) return false;
  // More pools than a release can have: those of earlier ones. Forgetting all costs a look each.
  if (lastMs === undefined && lookedAtMs.size >= POOLS_MAX) for (const each of [lookedAtMs, alertUntilMs, heard, said]) each.clear();
  lookedAtMs.set(pool, nowMs);
  return true;
}

function beAlert({ alertUntilMs }: Memory, pool: string, untilMs: number): void {
  alertUntilMs.set(pool, Math.max(untilMs, alertUntilMs.get(pool) ?? 0));
}

/** Merges what was read or said into what is held, and returns all that there is to know of the pool now. */
function learn(memory: Memory, pool: MarkedPool, of: { readonly entries: MarkerEntries; readonly nowMs: number }): MarkerEntries {
  const { shareMs } = pool.circuit;
  const known: [string, MarkerEntry][] = [];
  for (const { id } of pool.origins) {
    const key = originKey(pool.name, id);
    const words = [memory.heard.get(key), Object.hasOwn(of.entries, id) ? of.entries[id] : undefined];
    const merged = mergeMarkers(...words.flatMap((word) => (word === undefined ? [] : [{ [id]: word }])));
    const entry = Object.values(currentEntries(merged, { nowMs: of.nowMs, shareMs }))[0];
    if (entry === undefined) {
      memory.heard.delete(key);
      memory.said.delete(key);
      continue;
    }
    memory.heard.set(key, entry);
    known.push([id, entry]);
    if (entry.state === "open") beAlert(memory, pool.name, heldOutUntilMs(entry, shareMs));
  }
  return Object.fromEntries(known);
}

/** Whether the latest word on an origin is this isolate's own and the cache does not have it: the write was lost, or another came after it. */
function lacksOwnWord(
  { said }: Memory,
  pool: MarkedPool,
  marker: { readonly stored: MarkerEntries; readonly known: MarkerEntries },
): boolean {
  return Object.entries(marker.known).some(([id, { atMs }]) => {
    const stored = Object.hasOwn(marker.stored, id) ? marker.stored[id] : undefined;
    return said.get(originKey(pool.name, id))?.atMs === atMs && stored?.atMs !== atMs;
  });
}

/** Empty when there is nothing that can be read; the body may break too, since the platform may drop an entry while it is read. */
async function readEntries(cache: Ports["cache"], key: string): Promise<MarkerEntries> {
  try {
    const text = await (await cache.match(key))?.text();
    const parsed = text === undefined ? null : parseMarker(text);
    return parsed?.ok === true ? parsed.value : {};
  } catch {
    return {};
  }
}
