// KV behind the ConfigStore port. Reads text only: a value that is not JSON must not cost the others of a bulk read.

import type { ConfigStore } from "../ports.ts";

/** A read or write that KV failed, with what KV said as its cause. */
export interface ConfigStoreError extends Error {
  readonly name: "ConfigStoreError";
  readonly operation: "get" | "put";
  readonly keys: readonly string[];
}

/**
 * Seconds that KV may answer from its own cache in a data centre: its minimum. It holds for misses too, so a longer time for
 * releases would make one that has not arrived yet stay away that much longer.
 */
const CACHE_TTL_SECONDS = 30;

export function createConfigStore(kv: KVNamespace): ConfigStore {
  return {
    get: (key) => attempt("get", [key], () => kv.get(key, { type: "text", cacheTtl: CACHE_TTL_SECONDS })),
    getAll: (keys) => attempt("get", keys, () => kv.get([...keys], { type: "text", cacheTtl: CACHE_TTL_SECONDS })),
    put: (key, value) => attempt("put", [key], () => kv.put(key, value)),
  };
}

async function attempt<T>(operation: "get" | "put", keys: readonly string[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw storeError(operation, keys, cause);
  }
}

function storeError(operation: "get" | "put", keys: readonly string[], cause: unknown): ConfigStoreError {
  const said = cause instanceof Error ? cause.message : String(cause);
  const error = new Error(`KV ${operation} of ${keys.join(", ")} failed: ${said}`, { cause });
  return Object.assign(error, { name: "ConfigStoreError" as const, operation, keys });
}
