// What the steps of the stage admit share: the types of one admission, and how an answer looks to the cache and to visitors. Does
// no I/O.

import { clientCacheControl, withoutConsumedFields } from "../cache/client-headers.ts";
import { isSet } from "../cache/control.ts";
import { currentAgeSeconds, freshnessLifetime, readFreshnessFields, staleWindows, type Datable } from "../cache/freshness.ts";
import { purgedAt } from "../cache/purge.ts";
import { isAboutOneRequest, storable, type Storable } from "../cache/storable.ts";
import type { Flight, FlightVariant } from "../cache/flights.ts";
import type { CacheDetail, CacheDigest, Exchange } from "../exchange.ts";
import { CACHE_COLLAPSE_BYTES_MAX } from "../limits.ts";
import type { CachePlan, Plan } from "../plan.ts";
import type { Ports } from "../ports.ts";
import type { FetchOutcome } from "./fetch-outcome.ts";

export type Answered = Extract<FetchOutcome, { kind: "response" }>;

/** Everything that the steps of one admission share. */
export interface Admission {
  readonly exchange: Exchange;
  readonly ports: Ports;
  readonly plan: Plan;
  readonly cached: Extract<CachePlan, { use: "cache" }>;
  /** What other requests wait for; null when nobody does. */
  readonly flight: Flight | null;
}

/** Whether an answer that looks like this may be stored. It is one to a GET, also where the visitor sent HEAD. */
export function judge({ exchange, cached }: Admission, response: Datable): Storable {
  const { path, headers } = exchange.facts;
  const verdict = storable({ path, requestHeaders: headers, response, policy: cached.policy });
  if (!verdict.store) return verdict;
  const { hardMs } = purgedAt(exchange.state.purges, { url: cached.key, tags: verdict.tags });
  return response.requestedAtMs <= hardMs ? { store: false, reason: "purged" } : verdict;
}

export function datable({ exchange }: Pick<Admission, "exchange">, { response, requestedAtMs, respondedAtMs }: Answered): Datable {
  const guessable = exchange.facts.query === "" && !exchange.facts.headers.has("cookie");
  return { status: response.status, headers: response.headers, requestedAtMs, respondedAtMs, guessable };
}

/** Seconds of freshness left; negative when stale. */
export function ttlOf(response: Datable, { cached, ports }: Admission): number {
  return freshnessLifetime(response, cached.policy).seconds - currentAgeSeconds(response, ports.clock.nowMs());
}

/** RFC 5861 4. */
export function isFailure(status: number): boolean {
  return status === 500 || status === 502 || status === 503 || status === 504;
}

/**
 * Those who wait ask themselves, and the next ones need not wait, unless it may be for this once: an error of the origin's or of one
 * request, a purge that came between.
 */
export function refuse({ flight, ports }: Admission, status: number, reason: CacheDetail): void {
  if (!isFailure(status) && !isAboutOneRequest(status) && reason !== "purged") flight?.refuse(ports.clock.nowMs());
}

/** Reasons that lie in this request alone: what is stored for others stays as it is. */
const OWN_REASONS: readonly CacheDigest["detail"][] = ["authorization", "request-cookie", "request-no-store"];

/** Whether an answer that is not stored takes what is stored with it. */
export function contradicts(status: number, reason: CacheDigest["detail"]): boolean {
  // 400 is what some servers say to a header that is too large.
  return !OWN_REASONS.includes(reason) && !isAboutOneRequest(status) && status !== 400;
}

/**
 * Tells those who wait which variant is being stored. Where it is of no use to them, nothing is said and they ask themselves: an answer
 * that must be asked about each time, and one so large that it arrives no faster than one visitor takes it.
 */
export function announce(admission: Admission, response: Datable, coming: FlightVariant & { readonly bytes: number | null }): void {
  const { flight, cached, ports } = admission;
  if (flight === null || (coming.bytes ?? 0) > CACHE_COLLAPSE_BYTES_MAX) return;
  const fields = readFreshnessFields(response);
  const lifetime = freshnessLifetime(response, cached.policy, fields);
  const isAskedAbout = isSet(fields.governing.control.noCache) && lifetime.from !== "override";
  const usableSeconds = ttlOf(response, admission) + staleWindows(response, cached.policy, fields).whileRevalidate;
  if (usableSeconds > 0 && !isAskedAbout) flight.announce({ vary: coming.vary, variant: coming.variant });
  else flight.refuse(ports.clock.nowMs());
}

/** As visitors may see it: with the route's browser lifetime, without what was said to this cache alone. */
export function shown(response: Response, { action }: Plan): Response {
  if (response.status === 101) return response;
  const headers = clientCacheControl(withoutConsumedFields(response.headers), response.status, action.cache);
  if (headers === response.headers) return response;
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers, encodeBody: "manual" });
}

export function note(exchange: Exchange, changes: Partial<CacheDigest>): void {
  exchange.digest.cache = { ...exchange.digest.cache, ...changes };
}
