// The stores of one drilled request. The data centre's cache is read as always, or not at all, and never changed; KV is as always,
// or down. What is not stored is taken in all the same, since whoever stores waits for that.

import { byteReader } from "../http/byte-stream.ts";
import type { CacheStore, ConfigStore } from "../ports.ts";

/** @param isOff - Nothing is found in it. */
export function unchangedCache(cache: CacheStore, isOff: boolean): CacheStore {
  return {
    match: async (key, range) => (isOff ? undefined : await cache.match(key, range)),
    put: (_key, response) => takeIn(response),
    delete: () => Promise.resolve(true),
  };
}

/** True when the whole body came, as a store says. */
async function takeIn({ body }: Response): Promise<boolean> {
  if (body === null) return true;
  const reader = byteReader(body);
  try {
    while ((await reader.read()) !== null);
    return true;
  } catch {
    return false;
  }
}

/** Fails as KV does when it is not there: at once and for every key. */
export const deadConfigStore: ConfigStore = { get: lost, getAll: lost, put: lost };

function lost(): Promise<never> {
  return Promise.reject(new Error("KV cannot be reached: a drill says that it is down"));
}
