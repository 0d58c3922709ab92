// What an explanation says about the cache: whether it is used and under which key, what of the route's policy is in force, and what
// of this very request decides about storing. Words only: the decisions are those of `src/cache/`.

import type { CacheBypassReason } from "../../src/cache/bypass.ts";
import type { CachePolicySnapshot } from "../../src/config/snapshot.ts";
import type { Plan } from "../../src/plan.ts";
import type { RequestReason } from "./cache-reasons.ts";

const BYPASSED: Readonly<Record<CacheBypassReason, string>> = {
  route: "the route says so",
  method: "only GET and HEAD are answered from the cache",
  upgrade: "a WebSocket",
  body: "a GET or HEAD with a body, which no key holds",
  "ambiguous-path": "the path can be read in two ways",
  cookie: "a bypass cookie of the route, or two readings of a cookie in its key",
};

/** @param reasons - Of the request itself, for a cacheable one. */
export function cacheLines(cache: Plan["cache"], reasons: readonly RequestReason[]): readonly string[] {
  if (cache.use === "bypass") return [`  cache: not used (${cache.reason}): ${BYPASSED[cache.reason]}`];
  const { policy } = cache;
  return [
    `  cache key: ${cache.key}`,
    `  cache policy: ${policyText(policy)}`,
    ...variantLines(policy),
    `  cache stores: ${storesText(policy)}`,
    `  cache wait: ${policy.collapseMs === 0 ? "none for another request's answer" : `up to ${policy.collapseMs} ms for another request's answer`}`,
    `  cache directives of the request: ${policy.requestDirectives === "obey" ? "obeyed" : "ignored, but for no-store and only-if-cached"}`,
    ...reasons.map(({ detail, why }) => `  cache, this request: ${detail}: ${why}`),
  ];
}

function policyText(policy: CachePolicySnapshot): string {
  const lifetime = policy.edgeTtlSeconds === null ? "" : `${policy.mode === "override" ? "" : ", default"} ${policy.edgeTtlSeconds} s`;
  const statuses = Object.entries(policy.edgeTtlByStatus).map(([status, seconds]) => `, ${status} ${seconds} s`);
  const browser = policy.browserTtlSeconds === null ? "" : `, browsers ${policy.browserTtlSeconds} s`;
  const stale = `, stale ${policy.staleWhileRevalidateSeconds} s while revalidating and ${policy.staleIfErrorSeconds} s on errors`;
  return `${policy.mode}${lifetime}${statuses.join("")}${browser}${stale}`;
}

/** One line, or none where nothing is made alike. */
function variantLines({ vary: { ignore, accept, languages } }: CachePolicySnapshot): readonly string[] {
  const parts = [
    ...(ignore.length === 0 ? [] : [`${ignore.join(", ")} not sent and not told apart`]),
    ...(accept.length === 0 ? [] : [`Accept among ${accept.join(", ")}`]),
    ...(languages.length === 0 ? [] : [`Accept-Language one of ${languages.join(", ")}`]),
  ];
  return parts.length === 0 ? [] : [`  cache variants: ${parts.join("; ")}`];
}

function storesText({ objectBytesMax, setCookie, requestCookies, tags }: CachePolicySnapshot): string {
  const cookies = requestCookies === "ignore" ? "as if there were no cookies" : "with cookies only what is declared shared";
  const named = tags.length === 0 ? "" : `, tagged ${tags.join(", ")}`;
  return `up to ${objectBytesMax} bytes, Set-Cookie: ${setCookie}, ${cookies}${named}`;
}
