// Part of the stage admit: the answer to a POST that says of itself that it is what a GET of the same URL would now bring
// (RFC 9110 9.3.3): a lifetime of its own, and a Content-Location that names the URL. It is stored for such a GET, under all rules
// that hold for a GET's answer.

import { cacheBypass } from "../cache/bypass.ts";
import { freshnessLifetime } from "../cache/freshness.ts";
import { isOwnLocation } from "../cache/invalidate.ts";
import { cacheKey, keySource } from "../cache/key.ts";
import { sharedHeaders } from "../cache/shared-headers.ts";
import type { Facts } from "../facts.ts";
import { hasUnkeyedHeaders } from "../transform/origin-headers.ts";
import type { Plan } from "../plan.ts";
import { datable, judge, note, type Admission, type Answered } from "./admission.ts";
import { streamAndStore } from "./stream-store.ts";

/** Null when it is not such an answer. @param invalidatedAtMs - When this POST invalidated the URL. */
export function storePosted(
  { exchange, ports, plan, flight }: Omit<Admission, "cached">,
  outcome: Answered,
  invalidatedAtMs: number,
): Response | null {
  const { response } = outcome;
  if (exchange.facts.method !== "POST" || response.status !== 200 || !isOwnLocation(exchange.facts, response.headers)) return null;
  const cached = planOfGet(exchange.facts, plan);
  if (cached === null) return null;
  const facts: Facts = { ...exchange.facts, method: "GET" };
  const admission: Admission = { exchange: { ...exchange, facts }, ports, plan: { ...plan, cache: cached }, cached, flight };
  const candidate = datable(admission, outcome);
  // Explicit freshness, from the origin: what a route adds is meant for what is asked for by GET.
  if (!["targeted", "s-maxage", "max-age", "expires"].includes(freshnessLifetime(candidate, cached.policy).from)) return null;
  const verdict = judge(admission, candidate);
  if (!verdict.store) return null;
  note(exchange, { fwdStatus: response.status, stored: true });
  return streamAndStore(admission, { outcome, verdict, ownMarkAtMs: invalidatedAtMs, isAwaited: true });
}

/** How a GET of the URL would be cached; null when the same route would not, or would ask the origin for something else. */
function planOfGet(facts: Facts, { route, site, action, split, originRequest, isRuled }: Plan): Admission["cached"] | null {
  if (isRuled) return null;
  const get: Facts = { ...facts, method: "GET", hasBody: false };
  const match = site.routes.match(get);
  if (match.kind !== "route" || match.route !== route || cacheBypass(get, action.cache) !== null) return null;
  const { key, target } = cacheKey(get, action.cache.key, keySource(route, split));
  const { headers } = originRequest;
  if (target.path !== facts.rawPath || target.query !== facts.query || hasUnkeyedHeaders(headers)) return null;
  if (!isSame(sharedHeaders(headers, facts.headers, action.cache), headers)) return null;
  return { use: "cache", key, policy: action.cache };
}

function isSame(one: Headers, other: Headers): boolean {
  return JSON.stringify([...one]) === JSON.stringify([...other]);
}
