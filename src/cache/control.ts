// Which field of a response governs this cache: a targeted one (RFC 9213) where there is one, else Cache-Control. The one that
// governs replaces the others whole, Expires included; nothing is mixed. Pure. Freshness and storing both ask here.

import { parseCacheControl, type CacheControl } from "../http/cache-control.ts";
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
  if (surrogate !== null) {
    const control = parseCacheControl(surrogate);
    // Without a word about storing (`content="ESI/1.0"`) it governs nothing.
    if (control.noStore || control.maxAge !== null) return { source: "targeted", control };
  }
  return { source: "general", control: parseCacheControl(headers.get("cache-control")) };
}

/** True for the directive without field names and with them: both are read in the stronger sense (RFC 9111 5.2.2.4, 5.2.2.7). */
export function isSet(directive: boolean | readonly string[]): boolean {
  return directive !== false;
}
