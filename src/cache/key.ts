// The cache key of a request and the URL that the origin is asked for it. Both are made here from the same parts, so that what
// is stored under a key is always the answer to exactly that URL: a parameter that the key leaves out never reaches the origin.
// Pure. Called when a request is planned, and for the URLs that an unsafe request invalidates.

import type { CacheKeySnapshot, RouteSnapshot } from "../config/snapshot.ts";
import type { Facts } from "../facts.ts";
import { cookieValues } from "../http/cookies.ts";
import { formatQuery, parseQuery } from "../http/url.ts";
import { deviceClass } from "./device.ts";
import { nameMatches } from "./names.ts";
import { keyLanguage } from "./shared-headers.ts";

export interface CacheKey {
  /** `scheme://host/path?query`, then `#` and what the route adds. `#` occurs in no path and no query, so this is unambiguous. */
  readonly key: string;
  /** What the origin must be asked. */
  readonly target: { readonly path: string; readonly query: string };
}

/** What of a route tells its answers from those that others get for the same URL. */
export interface KeySource {
  /** Id of a route with conditions: another route, perhaps with other origins, answers the requests that it does not. */
  readonly route: string | null;
  /** One of the pools that the route shares its visitors among: what a canary answers is for its own visitors. */
  readonly pool: string | null;
  /** What rules tell the origin besides: what one such request is answered is not for those without. */
  readonly changes: string | null;
}

const ANYWHERE: KeySource = { route: null, pool: null, changes: null };

/** The facts that a key may be made of. */
export type KeyFacts = Pick<Facts, "scheme" | "host" | "path" | "query" | "headers"> & {
  readonly client: Pick<Facts["client"], "country">;
};

/**
 * @param from - Where answers come from, if other requests for the URL are answered from elsewhere. Left out where only the URL of the
 *   key matters.
 */
export function cacheKey(facts: KeyFacts, policy: CacheKeySnapshot, from: KeySource = ANYWHERE): CacheKey {
  const query = keyedQuery(facts.query, policy);
  const url = `${facts.scheme}://${facts.host}${facts.path}${query === "" ? "" : `?${query}`}`;
  const { route, pool, changes } = from;
  const added = [
    ...addedParts(facts, policy),
    ...(route === null ? [] : [part("route", "", route)]),
    ...(pool === null ? [] : [part("pool", "", pool)]),
    ...(changes === null ? [] : [part("changes", "", changes)]),
  ].join("&");
  return { key: added === "" ? url : `${url}#${added}`, target: { path: facts.path, query } };
}

/** @param split - The pool of this visitor, where the route shares its visitors out. */
export function keySource(route: Pick<RouteSnapshot, "id" | "conditions">, split: { readonly pool: string } | null): KeySource {
  return { route: route.conditions.length > 0 ? route.id : null, pool: split?.pool ?? null, changes: null };
}

/** The URL of a key, without what the route adds: what a purge or an invalidation names. */
export function urlOfKey(key: string): string {
  const hash = key.indexOf("#");
  return hash === -1 ? key : key.slice(0, hash);
}

/** Parameters keep their bytes and, unless the route sorts, their order; sorting keeps the order of equal names, which has meaning. */
function keyedQuery(query: string, { query: rule, sortQuery }: CacheKeySnapshot): string {
  if (rule.kind === "none" || query === "") return "";
  if (rule.kind === "all" && !sortQuery) return query;
  const pairs = parseQuery(query);
  // Names are compared as the origin will read them, so that `%75tm_source` is found too.
  const kept = rule.kind === "all" ? pairs : pairs.filter(({ name }) => nameMatches(name, rule.names) === (rule.kind === "only"));
  return formatQuery(sortQuery ? kept.toSorted((one, other) => compare(one.name, other.name)) : kept);
}

/** By code units, which is the same on every machine. */
function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** Values are encoded, so that none can pose as another part. A missing one differs from an empty one. */
function addedParts(facts: KeyFacts, policy: CacheKeySnapshot): readonly string[] {
  const { headers } = facts;
  const language = keyLanguage(headers, policy);
  return [
    ...policy.headers.map((name) => part("header", name, headers.get(name))),
    ...policy.cookies.map((name) => part("cookie", name, cookieValue(headers, name))),
    ...(policy.country ? [part("country", "", facts.client.country)] : []),
    ...(policy.device ? [part("device", "", deviceClass(headers.get("user-agent")))] : []),
    ...(language === null ? [] : [part("language", "", language)]),
  ];
}

/** All values of the name: which of several an origin takes is not known here. */
function cookieValue(headers: Headers, name: string): string | null {
  const values = cookieValues(headers.get("cookie"), name);
  return values.length === 0 ? null : values.join("; ");
}

function part(
  kind: "header" | "cookie" | "country" | "device" | "language" | "route" | "pool" | "changes",
  name: string,
  value: string | null,
): string {
  const label = name === "" ? kind : `${kind}:${escape(name)}`;
  return value === null ? label : `${label}=${escape(value)}`;
}

/** Like encodeURIComponent, but total: a lone surrogate becomes the replacement character instead of an exception. */
function escape(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
