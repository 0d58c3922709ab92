// What of a response's caching headers the visitor gets to see. Pure. Applied on the way out to hits and misses alike; what is
// stored keeps the origin's own fields.

import type { CachePolicySnapshot } from "../config/snapshot.ts";
import { parseAge } from "../http/age.ts";
import { formatCacheControl, parseCacheControl } from "../http/cache-control.ts";
import { CONSUMED_FIELDS, isSet } from "./control.ts";

/** Fields that were addressed to this cache and end here (RFC 9213 2, Surrogate-Control of the ESI architecture). */
export function withoutConsumedFields(headers: Headers): Headers {
  if (!CONSUMED_FIELDS.some((name) => headers.has(name))) return headers;
  const kept = new Headers(headers);
  for (const name of CONSUMED_FIELDS) kept.delete(name);
  return kept;
}

/**
 * Gives browsers the route's lifetime in place of the origin's. Never where the origin forbids storing or wants each use
 * checked, and never for errors. A browser subtracts Age from max-age (RFC 9111 4.2), so Age is added: its lifetime is
 * independent of how long the answer lay here.
 */
export function clientCacheControl(headers: Headers, status: number, policy: Pick<CachePolicySnapshot, "browserTtlSeconds">): Headers {
  const { browserTtlSeconds } = policy;
  if (browserTtlSeconds === null || status >= 400) return headers;
  const control = parseCacheControl(headers.get("cache-control"));
  if (control.noStore || isSet(control.private) || isSet(control.noCache)) return headers;
  const age = parseAge(headers.get("age")) ?? 0;
  const changed = new Headers(headers);
  changed.delete("expires");
  changed.set("cache-control", formatCacheControl({ ...control, maxAge: browserTtlSeconds + age }));
  return changed;
}
