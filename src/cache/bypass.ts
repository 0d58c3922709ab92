// Whether a request passes by the cache: neither looked up nor stored. Pure, decided before any I/O from the request and the
// route alone. What only the response can tell is decided in `storable.ts`.

import type { CachePolicySnapshot } from "../config/snapshot.ts";
import type { Facts } from "../facts.ts";
import type { CacheBypassReason } from "../plan.ts";
import { cookiePairs, nameMatches } from "./cookies.ts";

export function cacheBypass(facts: Facts, policy: Pick<CachePolicySnapshot, "mode" | "bypassCookies">): CacheBypassReason | null {
  if (policy.mode === "bypass") return "route";
  if (facts.isUpgrade) return "upgrade";
  // Other methods are never answered from store; unsafe ones invalidate (RFC 9111 4, 4.4).
  if (facts.method !== "GET" && facts.method !== "HEAD") return "method";
  // The body of a GET is not in the key, and an origin may read it: a way to poison.
  if (facts.hasBody) return "body";
  if (facts.pathIsAmbiguous) return "ambiguous-path";
  const cookies = policy.bypassCookies.length === 0 ? [] : cookiePairs(facts.headers.get("cookie"));
  return cookies.some(([name]) => nameMatches(name, policy.bypassCookies)) ? "cookie" : null;
}
