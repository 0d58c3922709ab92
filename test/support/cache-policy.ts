// The cache policy of a route that says nothing, with what a test changes.

import type { CachePolicySnapshot } from "../../src/config/snapshot.ts";

export function policyOf(changes: Partial<CachePolicySnapshot> = {}): CachePolicySnapshot {
  return {
    mode: "respect",
    edgeTtlSeconds: null,
    edgeTtlByStatus: {},
    browserTtlSeconds: null,
    staleWhileRevalidateSeconds: 0,
    staleIfErrorSeconds: 0,
    key: { query: { kind: "all" }, sortQuery: false, headers: [], cookies: [], country: false, device: false, languages: [] },
    bypassCookies: [],
    setCookie: "refuse",
    requestCookies: "explicit",
    tags: [],
    objectBytesMax: 100 * 1024 * 1024,
    vary: { ignore: [], accept: [], languages: [] },
    requestDirectives: "ignore",
    collapseMs: 0,
    ...changes,
  };
}
