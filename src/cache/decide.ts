// What to do with a stored response and a request for it: serve, serve stale and refresh, ask the origin, or forget it
// (RFC 9111 4). Pure; no body and no store. The stage `lookup` carries the decision out.

import type { CacheControl } from "../http/cache-control.ts";
import { CACHE_LIFETIME_SECONDS_MAX } from "../limits.ts";
import { isSet } from "./control.ts";
import {
  type Datable,
  type FreshnessFields,
  type FreshnessPolicy,
  currentAgeSeconds,
  forbidsStale,
  freshnessLifetime,
  readFreshnessFields,
  staleWindows,
} from "./freshness.ts";
import type { Generation } from "./purge.ts";

export interface DecideInput {
  readonly response: Datable;
  /** Of the response, where the caller has read them already. */
  readonly fields?: FreshnessFields;
  readonly policy: FreshnessPolicy;
  /** When what covers this response was purged. */
  readonly purged: Generation;
  /** When an unsafe request invalidated its URL; 0 for never. */
  readonly invalidatedAtMs: number;
  /** What the request asks of caches, where the route honours it; null where it does not. */
  readonly request: CacheControl | null;
  readonly nowMs: number;
}

export type CacheDecision =
  | { readonly kind: "hit"; readonly ttlSeconds: number }
  /** Serve it now and refresh it in the background (RFC 5861 3). */
  | { readonly kind: "stale"; readonly ttlSeconds: number }
  /** Serve it as it is: the visitor takes it so (RFC 9111 5.2.1.2). */
  | { readonly kind: "accepted"; readonly ttlSeconds: number }
  /** Ask the origin first. `request`: the response is fresh, the visitor wants it checked. */
  | { readonly kind: "revalidate"; readonly ttlSeconds: number; readonly why: "stale" | "no-cache" | "request" }
  | { readonly kind: "miss"; readonly why: "purged" | "invalidated" | "too-old" };

export function decideStored(input: DecideInput): CacheDecision {
  const { response, policy, purged, nowMs } = input;
  // At the same millisecond the order is unknown: what may be older is treated as older.
  if (response.requestedAtMs <= purged.hardMs) return { kind: "miss", why: "purged" };
  if (response.requestedAtMs <= input.invalidatedAtMs) return { kind: "miss", why: "invalidated" };
  const fields = input.fields ?? readFreshnessFields(response);
  const age = currentAgeSeconds(response, nowMs, fields);
  // Purges are remembered for so long; an older response might have missed one.
  if (age > CACHE_LIFETIME_SECONDS_MAX || nowMs - response.requestedAtMs > CACHE_LIFETIME_SECONDS_MAX * 1000) {
    return { kind: "miss", why: "too-old" };
  }
  const lifetime = freshnessLifetime(response, policy, fields);
  const ttlSeconds = Math.min(lifetime.seconds - age, softLimit(response, purged, nowMs));
  // RFC 9111 5.2.2.4: never without the origin's word, unless the route replaces what the origin says about freshness.
  if (isSet(fields.governing.control.noCache) && lifetime.from !== "override") return { kind: "revalidate", ttlSeconds, why: "no-cache" };
  const unwanted = wantsCheck(input.request, age, ttlSeconds);
  if (ttlSeconds > 0) return unwanted ? { kind: "revalidate", ttlSeconds, why: "request" } : { kind: "hit", ttlSeconds };
  if (!unwanted && !wantsFresh(input.request) && -ttlSeconds < staleWindows(response, policy, fields).whileRevalidate) {
    return { kind: "stale", ttlSeconds };
  }
  if (!unwanted && acceptsStale(input, ttlSeconds)) return { kind: "accepted", ttlSeconds };
  return { kind: "revalidate", ttlSeconds, why: "stale" };
}

/** Whether a stale response may stand in for an origin that failed or answered 500, 502, 503 or 504 (RFC 5861 4). */
export function mayServeOnError(input: Omit<DecideInput, "request">): boolean {
  const decision = decideStored({ ...input, request: null });
  switch (decision.kind) {
    case "miss":
      return false;
    case "hit":
    case "stale":
    case "accepted":
      return true;
    case "revalidate":
      return decision.why === "stale" && -decision.ttlSeconds < staleWindows(input.response, input.policy).ifError;
    default:
      return decision satisfies never;
  }
}

/** After a soft purge it is stale, as if its lifetime had ended then. */
function softLimit(response: Datable, purged: Generation, nowMs: number): number {
  if (response.requestedAtMs > purged.softMs) return Number.POSITIVE_INFINITY;
  return Math.min(0, Math.floor((purged.softMs - nowMs) / 1000));
}

/** RFC 9111 5.2.1: no-cache, max-age and min-fresh of a request. */
function wantsCheck(request: CacheControl | null, age: number, ttlSeconds: number): boolean {
  if (request === null) return false;
  if (isSet(request.noCache)) return true;
  if (request.maxAge !== null && age > request.maxAge) return true;
  return request.minFresh !== null && ttlSeconds < request.minFresh;
}

/** RFC 9111 5.2.1.1: who gives a max-age takes nothing stale, however young, unless max-stale says so. */
function wantsFresh(request: CacheControl | null): boolean {
  return request !== null && request.maxAge !== null && request.maxStale === null;
}

/** RFC 9111 5.2.1.2, within what 4.2.4 leaves to it. A purge is the operator's word, which no visitor overrules. */
function acceptsStale({ request, response, policy, purged }: DecideInput, ttlSeconds: number): boolean {
  const maxStale = request?.maxStale ?? 0;
  const isPurged = response.requestedAtMs <= purged.softMs;
  // 0 accepts nothing stale; a value that is no number was read as 0.
  return maxStale > 0 && -ttlSeconds <= maxStale && !isPurged && !forbidsStale(response, policy);
}
