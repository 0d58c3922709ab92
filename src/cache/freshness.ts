// How long a response is fresh, how old it is, and how long it may be used after that (RFC 9111 4.2, RFC 5861). Pure; the time is
// a parameter. Nothing of it is stored: a stored response is judged by the route's policy of today.

import type { CachePolicySnapshot } from "../config/snapshot.ts";
import { parseAge } from "../http/age.ts";
import { parseHttpDate } from "../http/date.ts";
import { CACHE_LIFETIME_SECONDS_MAX } from "../limits.ts";
import { governingControl, isSet, type GoverningControl } from "./control.ts";

/** What freshness is computed from: a response that has just arrived, or a stored one. */
export interface Datable {
  readonly status: number;
  readonly headers: Headers;
  readonly requestedAtMs: number;
  readonly respondedAtMs: number;
  /** False with a query or a Cookie in the request: no heuristic freshness. */
  readonly guessable: boolean;
}

/** What of its headers freshness and age are computed from. Parsed once where a response is judged a thousand times a second. */
export interface FreshnessFields {
  readonly governing: GoverningControl;
  /** RFC 9110 6.6.1: without a Date, the time of arrival. */
  readonly dateMs: number;
  readonly ageSeconds: number;
}

export function readFreshnessFields({ headers, respondedAtMs }: Datable): FreshnessFields {
  return {
    governing: governingControl(headers),
    dateMs: parseHttpDate(headers.get("date"), respondedAtMs) ?? respondedAtMs,
    ageSeconds: parseAge(headers.get("age")) ?? 0,
  };
}

export type FreshnessPolicy = Pick<
  CachePolicySnapshot,
  "mode" | "edgeTtlSeconds" | "edgeTtlByStatus" | "staleWhileRevalidateSeconds" | "staleIfErrorSeconds"
>;

export interface Lifetime {
  readonly seconds: number;
  readonly from: "override" | "targeted" | "s-maxage" | "max-age" | "expires" | "route" | "heuristic" | "none";
}

export interface StaleWindows {
  /** Seconds after the end of the lifetime in which a stale response may be served. */
  readonly whileRevalidate: number;
  readonly ifError: number;
}

/** Statuses that a route's single edge lifetime is meant for; errors have lifetimes by status. */
const ROUTE_LIFETIME_STATUSES: readonly number[] = [200, 203, 204, 300, 301, 308];

/**
 * What a lifetime for the class 4xx is for: errors of the resource. The others are about a visitor's own request (bad, without
 * credentials, too large), which the key does not hold; who wants one of them stored names it.
 */
const RESOURCE_ERRORS: readonly number[] = [404, 405, 410, 451];

/** RFC 9110 15.1, without 206, which is not stored. */
const HEURISTIC_STATUSES: readonly number[] = [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501];

/** RFC 9111 4.2.2 suggests a tenth of the time since the last change. */
const HEURISTIC_SHARE = 0.1;

/**
 * RFC 9111 4.2.1, with what a route adds: an override before all of it, a default after the explicit, before a guess.
 *
 * @param fields - Of the same response, where the caller has read them already.
 */
export function freshnessLifetime(response: Datable, policy: FreshnessPolicy, fields = readFreshnessFields(response)): Lifetime {
  const lifetime = uncappedLifetime(response, policy, fields);
  return { ...lifetime, seconds: Math.min(Math.max(lifetime.seconds, 0), CACHE_LIFETIME_SECONDS_MAX) };
}

function uncappedLifetime(response: Datable, policy: FreshnessPolicy, fields: FreshnessFields): Lifetime {
  const configured = configuredSeconds(response.status, policy);
  if (policy.mode === "override" && configured !== null) return { seconds: configured, from: "override" };
  const explicit = explicitLifetime(response, fields);
  if (explicit !== null) return explicit;
  // No-cache without a lifetime must be asked about each time, whatever the route's default.
  if (isSet(fields.governing.control.noCache)) return { seconds: 0, from: "none" };
  if (configured !== null) return { seconds: configured, from: "route" };
  return heuristicLifetime(response, fields);
}

function configuredSeconds(status: number, policy: FreshnessPolicy): number | null {
  const byStatus = policy.edgeTtlByStatus[String(status)];
  if (byStatus !== undefined) return byStatus;
  const byClass = policy.edgeTtlByStatus[`${Math.floor(status / 100)}xx`];
  if (byClass !== undefined && (status < 400 || status > 499 || RESOURCE_ERRORS.includes(status))) return byClass;
  return ROUTE_LIFETIME_STATUSES.includes(status) ? policy.edgeTtlSeconds : null;
}

/** s-maxage, then max-age, then Expires minus Date. Null: the origin says nothing. */
function explicitLifetime(response: Datable, { governing: { source, control }, dateMs }: FreshnessFields): Lifetime | null {
  const targeted = source === "targeted";
  if (control.sMaxage !== null) return { seconds: control.sMaxage, from: targeted ? "targeted" : "s-maxage" };
  if (control.maxAge !== null) return { seconds: control.maxAge, from: targeted ? "targeted" : "max-age" };
  const expires = targeted ? null : response.headers.get("expires");
  if (expires === null) return null;
  // RFC 9111 5.3: an invalid date, "0" above all, lies in the past.
  const expiresMs = parseHttpDate(expires, response.respondedAtMs);
  if (expiresMs === null) return { seconds: 0, from: "expires" };
  return { seconds: Math.floor((expiresMs - dateMs) / 1000), from: "expires" };
}

function heuristicLifetime(response: Datable, { governing: { control }, dateMs }: FreshnessFields): Lifetime {
  const none: Lifetime = { seconds: 0, from: "none" };
  // RFC 9111 4.2.2: only where the status allows it, or `public` does.
  if (!response.guessable || !(HEURISTIC_STATUSES.includes(response.status) || control.public)) return none;
  const modifiedMs = parseHttpDate(response.headers.get("last-modified"), response.respondedAtMs);
  const sinceMs = modifiedMs === null ? 0 : dateMs - modifiedMs;
  return sinceMs <= 0 ? none : { seconds: Math.floor((sinceMs / 1000) * HEURISTIC_SHARE), from: "heuristic" };
}

/** RFC 9111 4.2.3, in seconds, rounded down. A clock that went backwards adds nothing. */
export function currentAgeSeconds(response: Datable, nowMs: number, { dateMs, ageSeconds } = readFreshnessFields(response)): number {
  const apparentMs = Math.max(0, response.respondedAtMs - dateMs);
  const delayMs = Math.max(0, response.respondedAtMs - response.requestedAtMs);
  const correctedMs = ageSeconds * 1000 + delayMs;
  const residentMs = Math.max(0, nowMs - response.respondedAtMs);
  return Math.floor((Math.max(apparentMs, correctedMs) + residentMs) / 1000);
}

/**
 * RFC 9111 4.2.4: no staleness where a directive forbids it. s-maxage forbids it in a shared cache (5.2.2.10), unless the route
 * replaces the lifetime that it gives.
 */
export function forbidsStale(response: Datable, policy: FreshnessPolicy, fields = readFreshnessFields(response)): boolean {
  const { control } = fields.governing;
  if (control.mustRevalidate || control.proxyRevalidate) return true;
  const restrains = control.sMaxage !== null || isSet(control.noCache);
  return restrains && freshnessLifetime(response, policy, fields).from !== "override";
}

export function staleWindows(response: Datable, policy: FreshnessPolicy, fields = readFreshnessFields(response)): StaleWindows {
  if (forbidsStale(response, policy, fields)) return { whileRevalidate: 0, ifError: 0 };
  const { control } = fields.governing;
  const lifetime = freshnessLifetime(response, policy, fields);
  return {
    // The route's window prolongs a lifetime. It does not turn "ask each time" into one.
    whileRevalidate: control.staleWhileRevalidate ?? (lifetime.seconds > 0 ? policy.staleWhileRevalidateSeconds : 0),
    ifError: control.staleIfError ?? policy.staleIfErrorSeconds,
  };
}
