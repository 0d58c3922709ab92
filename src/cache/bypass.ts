// Whether a request passes by the cache: neither looked up nor stored. Pure, decided before any I/O from the request and the
// route alone. What only the response can tell is decided in `storable.ts`.

import type { CachePolicySnapshot } from "../config/snapshot.ts";
import type { Facts } from "../facts.ts";
import { cookieValues, parseCookies } from "../http/cookies.ts";
import { nameMatches } from "./names.ts";

/** Why a request is not looked up in the cache at all. */
export type CacheBypassReason =
  | "route" // the route's policy says bypass
  | "method" // not GET or HEAD
  | "upgrade" // a WebSocket
  | "body" // a GET or HEAD with a body, which no key covers
  | "ambiguous-path" // raw and canonical path differ in more than unreserved encoding
  | "cookie"; // one of the route's bypass cookies is present, or they can be read in two ways

export function cacheBypass(facts: Facts, policy: Pick<CachePolicySnapshot, "mode" | "bypassCookies" | "key">): CacheBypassReason | null {
  if (policy.mode === "bypass") return "route";
  if (facts.isUpgrade) return "upgrade";
  // Other methods are never answered from store; unsafe ones invalidate (RFC 9111 4, 4.4).
  if (facts.method !== "GET" && facts.method !== "HEAD") return "method";
  // The body of a GET is not in the key, and an origin may read it: a way to poison.
  if (facts.hasBody) return "body";
  if (facts.pathIsAmbiguous) return "ambiguous-path";
  const cookie = facts.headers.get("cookie");
  if (policy.key.cookies.some((name) => readsInTwoWays(cookie, name))) return "cookie";
  if (policy.bypassCookies.length === 0) return null;
  return cookieNames(cookie).some((name) => nameMatches(name, policy.bypassCookies)) ? "cookie" : null;
}

/**
 * Two Cookie lines arrive joined by a comma: `a=1, currency=EUR`. Whether an origin then sees a currency is its own affair, so no
 * key can tell what its answer is for.
 */
function readsInTwoWays(header: string | null, name: string): boolean {
  if (header === null || !header.includes(",")) return false;
  return cookieValues(header, name).join(";") !== cookieValues(withCommasAsEnds(header), name).join(";");
}

function withCommasAsEnds(header: string): string {
  return header.replaceAll(",", ";");
}

/** Read widely, since a name too many costs a miss: some runtimes join Cookie lines by a comma, some servers take a bare name. */
function cookieNames(header: string | null): readonly string[] {
  return parseCookies(header === null ? null : withCommasAsEnds(header)).map(([name, value]) => (name === "" ? value : name));
}
