// A KV that is as bad as the real one can be, in virtual time: what was written shows late, reads go backwards, misses stick,
// writes are refused when they come too fast, answers are slow, or nothing works at all.

import type { ConfigStore } from "../../../src/ports.ts";

export interface FaultyKv extends ConfigStore {
  /** What this location reads is as it was that long ago. Raising it makes reads go backwards. */
  behindMs: number;
  /** Time until an answer; Infinity never answers. */
  latencyMs: number;
  /** Total outage: every read and write fails. */
  down: boolean;
  /** Keys that read as missing, as a cached miss does. */
  readonly missing: Set<string>;
  /** Keys of every read operation, in order. */
  readonly reads: (readonly string[])[];
  /** Writes without the limit of one per second and key, as the test's own set-up. */
  seed(entries: Readonly<Record<string, string>>): void;
}

interface Written {
  readonly value: string;
  readonly atMs: number;
}

export function createFaultyKv(): FaultyKv {
  const written = new Map<string, Written[]>();
  const reads: (readonly string[])[] = [];
  const missing = new Set<string>();
  const write = (key: string, value: string): void => {
    written.set(key, [...(written.get(key) ?? []), { value, atMs: Date.now() }]);
  };
  const visible = (key: string): string | null => {
    if (missing.has(key)) return null;
    return written.get(key)?.findLast(({ atMs }) => atMs <= Date.now() - kv.behindMs)?.value ?? null;
  };
  const answer = async <T>(make: () => T): Promise<T> => {
    if (kv.latencyMs === Number.POSITIVE_INFINITY) return new Promise<T>(() => {});
    if (kv.latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, kv.latencyMs));
    if (kv.down) throw new Error("KV GET failed: 500 Internal Server Error");
    return make();
  };
  const kv: FaultyKv = {
    behindMs: 0,
    latencyMs: 0,
    down: false,
    missing,
    reads,
    get: (key) => {
      reads.push([key]);
      return answer(() => visible(key));
    },
    getAll: (keys) => {
      reads.push(keys);
      return answer(() => new Map(keys.map((key) => [key, visible(key)])));
    },
    put: (key, value) =>
      answer(() => {
        const last = written.get(key)?.at(-1)?.atMs;
        if (last !== undefined && Date.now() - last < 1000) throw new Error("KV PUT failed: 429 Too Many Requests");
        write(key, value);
      }),
    seed: (entries) => {
      for (const [key, value] of Object.entries(entries)) write(key, value);
    },
  };
  return kv;
}
