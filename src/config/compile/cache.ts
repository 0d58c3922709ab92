// The cache policy of a route, in seconds and bytes.

import type { NormalRoute } from "../normalize.ts";
import type { CacheKeySnapshot, CachePolicySnapshot, CacheVarySnapshot } from "../snapshot.ts";
import { parseDurationMs, parseDurationSeconds, parseSizeBytes } from "../units.ts";
import { promised, sortedUnique } from "./order.ts";

type Cache = NonNullable<NormalRoute["cache"]>;

export function compileCache(cache: Cache): CachePolicySnapshot {
  return {
    ...compileMode(cache),
    edgeTtlByStatus: Object.fromEntries(Object.entries(cache.statuses).map(([status, ttl]) => [status, seconds(ttl, "statuses")])),
    browserTtlSeconds: cache.browser === "respect" ? null : seconds(cache.browser, "browser"),
    staleWhileRevalidateSeconds: seconds(cache.stale.revalidate, "stale.revalidate"),
    staleIfErrorSeconds: seconds(cache.stale.error, "stale.error"),
    key: compileKey(cache.key),
    bypassCookies: sortedUnique(cache.bypass.cookie),
    setCookie: cache.setCookie,
    requestCookies: cache.requestCookies,
    tags: sortedUnique(cache.tags),
    objectBytesMax: promised(parseSizeBytes(cache.maxObject), "cache.maxObject"),
    vary: compileVary(cache.vary),
    requestDirectives: cache.requestDirectives,
    collapseMs: promised(parseDurationMs(cache.collapse), "cache.collapse"),
  };
}

function compileMode(cache: Cache): Pick<CachePolicySnapshot, "mode" | "edgeTtlSeconds"> {
  if (cache.edge === "bypass") return { mode: "bypass", edgeTtlSeconds: null };
  if (cache.edge !== "respect") return { mode: "override", edgeTtlSeconds: seconds(cache.edge, "edge") };
  return { mode: "respect", edgeTtlSeconds: cache.default === undefined ? null : seconds(cache.default, "default") };
}

function seconds(text: string, what: string): number {
  return promised(parseDurationSeconds(text), `cache.${what}`);
}

function compileKey(key: Cache["key"]): CacheKeySnapshot {
  return {
    query: compileKeyQuery(key.query),
    sortQuery: key.sort,
    headers: sortedUnique(key.header.map((name) => name.toLowerCase())),
    cookies: sortedUnique(key.cookie),
    country: key.country,
    device: key.device,
    languages: key.language,
  };
}

/** The order of types and languages has meaning, that of the ignored fields has none. */
function compileVary({ ignore, accept, language }: Cache["vary"]): CacheVarySnapshot {
  return {
    ignore: sortedUnique(ignore.map((name) => name.toLowerCase())),
    accept: accept.map((type) => type.toLowerCase()),
    languages: language,
  };
}

function compileKeyQuery(query: Cache["key"]["query"]): CacheKeySnapshot["query"] {
  if (query === "all") return { kind: "all" };
  if (query === "none") return { kind: "none" };
  return query.only === undefined
    ? { kind: "ignore", names: sortedUnique(query.ignore ?? []) }
    : { kind: "only", names: sortedUnique(query.only) };
}
