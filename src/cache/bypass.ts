// Whether a request passes by the cache: neither looked up nor stored. Pure, decided before any I/O from the request and the
// route alone. What only the response can tell is decided in `storable.ts`.

import type { CachePolicySnapshot } from "../config/snapshot.ts";
import type { Facts } from "../facts.ts";
import { parseCookies } from "../http/cookies.ts";
import type { CacheBypassReason } from "../plan.ts";
import { nameMatches } from "./names.ts";

export function cacheBypass(facts: Facts, policy: Pick<CachePolicySnapshot, "mode" | "bypassCookies">): CacheBypassReason | null {
  if (policy.mode === "bypass") return "route";
  if (facts.isUpgrade) return "upgrade";
  // Other methods are never answered from store; unsafe ones invalidate (RFC 9111 4, 4.4).
  if (facts.method !== "GET" && facts.method !== "HEAD") return "method";
  // The body of a GET is not in the key, and an origin may read it: a way to poison.
  if (facts.hasBody) return "body";
  if (facts.pathIsAmbiguous) return "ambiguous-path";
  if (policy.bypassCookies.length === 0) return null;
  return cookieNames(facts.headers.get("cookie")).some((name) => nameMatches(name, policy.bypassCookies)) ? "cookie" : null;
}

/** Read widely, since a name too many costs a miss: some runtimes join Cookie lines by a comma, some servers take a bare name. */
function cookieNames(header: string | null): readonly string[] {
  return parseCookies(header?.replaceAll(",", ";") ?? null).map(([name, value]) => (name === "" ? value : name));
}
