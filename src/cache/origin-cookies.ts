// The Cookie that an origin gets with a request that may be stored. Where a route ignores cookies, the origin must not see them
// either: what it makes of one visitor's session would be stored for all. Pure.

import type { CachePolicySnapshot } from "../config/snapshot.ts";
import { parseCookies } from "../http/cookies.ts";

/** Cookies that are part of the key stay; the same headers are given back where nothing is ignored. */
export function withoutIgnoredCookies(headers: Headers, policy: Pick<CachePolicySnapshot, "requestCookies" | "key">): Headers {
  const cookie = headers.get("cookie");
  if (policy.requestCookies !== "ignore" || cookie === null) return headers;
  const kept = parseCookies(cookie).filter(([name]) => policy.key.cookies.includes(name));
  const changed = new Headers(headers);
  changed.delete("cookie");
  if (kept.length > 0) changed.set("cookie", kept.map(([name, value]) => `${name}=${value}`).join("; "));
  return changed;
}
