// The cache of one data centre, as the markers see it: what is put is found a moment later, a share of it is lost, and so is a
// share of what is asked for. Deterministic: nothing here waits for real time.

import type { CacheStore } from "../../src/ports.ts";
import type { RandomSource } from "./random.ts";

/** Of the puts and of the looks, each. */
const LOSS_SHARE = 0.05;
const VISIBLE_AFTER_MS_MAX = 200;

interface Stored {
  readonly text: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface DataCentreCache extends CacheStore {
  puts: number;
  looks: number;
}

export function createDataCentreCache(nowMs: () => number, random: RandomSource): DataCentreCache {
  const stored = new Map<string, Stored[]>();
  const cache: DataCentreCache = {
    puts: 0,
    looks: 0,
    match(key) {
      cache.looks += 1;
      const found = (stored.get(key) ?? []).findLast(({ fromMs, untilMs }) => fromMs <= nowMs() && nowMs() < untilMs);
      return Promise.resolve(found === undefined || random() < LOSS_SHARE ? undefined : new Response(found.text));
    },
    async put(key, response) {
      cache.puts += 1;
      const atMs = nowMs();
      const [lost, delayMs] = [random() < LOSS_SHARE, random() * VISIBLE_AFTER_MS_MAX];
      const lifetimeMs = Number(/max-age=(\d+)/.exec(response.headers.get("cache-control") ?? "")?.[1] ?? 0) * 1000;
      const text = await response.text();
      if (!lost) stored.set(key, [...(stored.get(key) ?? []).slice(-4), { text, fromMs: atMs + delayMs, untilMs: atMs + lifetimeMs }]);
      return !lost;
    },
    delete: (key) => Promise.resolve(stored.delete(key)),
  };
  return cache;
}
