// Which field of a response governs this cache: a targeted one (RFC 9213) where there is one, else Cache-Control. The one that
// governs replaces the others whole, Expires included; nothing is mixed. And what of a request's Cache-Control is heard. Pure.
// Freshness, storing and the lookup ask here.

import type { CachePolicySnapshot } from "../config/snapshot.ts";
import { parseCacheControl, type CacheControl } from "../http/cache-control.ts";
import { splitList } from "../http/list.ts";
import { parseSurrogateControl } from "../http/surrogate-control.ts";
import { targetedCacheControl } from "../http/targeted.ts";

export interface GoverningControl {
  /** targeted: addressed to CDNs (RFC 9213, Surrogate-Control). general: Cache-Control and Expires. */
  readonly source: "targeted" | "general";
  readonly control: CacheControl;
}

/** Most specific first (RFC 9213 2.2): the platform's own name, then that of every CDN. */
const TARGETED_FIELDS = ["cloudflare-cdn-cache-control", "cdn-cache-control"] as const;

/** Fields that are addressed to this cache and end here, beside `cdn-cache-control`, which a CDN in front may want too. */
export const CONSUMED_FIELDS = ["cloudflare-cdn-cache-control", "surrogate-control", "surrogate-key", "cache-tag"] as const;

export function governingControl(headers: Headers): GoverningControl {
  for (const field of TARGETED_FIELDS) {
    // RFC 9213 2.1: empty or not a valid dictionary is as if it were not there.
    const control = targetedCacheControl(headers.get(field));
    if (control !== null) return { source: "targeted", control };
  }
  const surrogate = headers.get("surrogate-control");
  const control = surrogate === null ? null : parseSurrogateControl(surrogate);
  if (control !== null) return { source: "targeted", control };
  return { source: "general", control: parseCacheControl(headers.get("cache-control")) };
}

/** True for the directive without field names and with them: both are read in the stronger sense (RFC 9111 5.2.2.4, 5.2.2.7). */
export function isSet(directive: boolean | readonly string[]): boolean {
  return directive !== false;
}

/**
 * What a request asks of caches (RFC 9111 5.2.1). `Pragma: no-cache` counts where there is no Cache-Control (RFC 9111 5.4).
 *
 * @returns null where the route does not listen: a visitor's no-cache is a lever to reach the origin at will.
 */
export function requestControl(
  headers: Headers,
  { requestDirectives }: Pick<CachePolicySnapshot, "requestDirectives">,
): CacheControl | null {
  switch (requestDirectives) {
    case "ignore":
      return null;
    case "obey": {
      const own = headers.get("cache-control");
      const isPragma = own === null && splitList(headers.get("pragma") ?? "").some((member) => member.toLowerCase() === "no-cache");
      return parseCacheControl(isPragma ? "no-cache" : own);
    }
    default:
      return requestDirectives satisfies never;
  }
}
