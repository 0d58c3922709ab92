// What of a request alone decides whether its answer is stored, or whether a stored one is served to it. The same facts that the
// Worker looks at, before there is an answer: pure.

import { requestControl, isSet } from "../../src/cache/control.ts";
import type { CachePolicySnapshot } from "../../src/config/snapshot.ts";
import type { CacheDetail, CacheDigest } from "../../src/exchange.ts";
import type { Facts } from "../../src/facts.ts";
import { parseCacheControl } from "../../src/http/cache-control.ts";

export interface RequestReason {
  /** As in Cache-Status: `detail`, `fwd`, or the code of the error. */
  readonly detail: CacheDetail | NonNullable<CacheDigest["fwd"]> | "not-in-cache";
  /** In words, for a person. */
  readonly why: string;
}

const SHARED = "its answer is stored only if the origin declares it shared";

export function requestReasons({ method, headers }: Facts, policy: CachePolicySnapshot): readonly RequestReason[] {
  const { noStore, onlyIfCached } = parseCacheControl(headers.get("cache-control"));
  const candidates: readonly (false | RequestReason)[] = [
    noStore && { detail: "request-no-store", why: "its answer is not stored" },
    headers.has("authorization") && { detail: "authorization", why: `${SHARED} (public, s-maxage, must-revalidate)` },
    headers.has("cookie") && policy.requestCookies === "explicit" && { detail: "request-cookie", why: `${SHARED} (public, s-maxage)` },
    (headers.has("if-match") || headers.has("if-unmodified-since")) && { detail: "request", why: "its conditions are for the origin" },
    method === "GET" && headers.has("range") && { detail: "partial", why: "where nothing is stored it is passed on, and a part is stored" },
    onlyIfCached && { detail: "not-in-cache", why: "504 where nothing usable is stored" },
    ...directives(headers, policy),
  ];
  return candidates.filter((reason) => reason !== false);
}

function directives(headers: Headers, policy: CachePolicySnapshot): readonly (false | RequestReason)[] {
  const control = requestControl(headers, policy);
  if (control === null) return [];
  return [
    isSet(control.noCache) && { detail: "request", why: "no-cache: the origin is asked first" },
    control.maxAge !== null && { detail: "request", why: `max-age: the origin is asked about what is older than ${control.maxAge} s` },
    control.minFresh !== null && {
      detail: "request",
      why: `min-fresh: the origin is asked about what is fresh for less than ${control.minFresh} s`,
    },
    control.maxStale !== null && { detail: "max-stale", why: `taken when stale for up to ${control.maxStale} s` },
  ];
}
