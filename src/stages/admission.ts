// What the steps of the stage admit share: the types of one admission, and how an answer looks to the cache and to visitors. Does
// no I/O.

import { clientCacheControl, withoutConsumedFields } from "../cache/client-headers.ts";
import { currentAgeSeconds, freshnessLifetime, type Datable } from "../cache/freshness.ts";
import { purgedAt } from "../cache/purge.ts";
import { storable, type Storable } from "../cache/storable.ts";
import type { CacheDigest, Exchange } from "../exchange.ts";
import type { CachePlan, Plan } from "../plan.ts";
import type { Ports } from "../ports.ts";
import type { FetchOutcome } from "./fetch.ts";

export type Answered = Extract<FetchOutcome, { kind: "response" }>;

/** Everything that the steps of one admission share. */
export interface Admission {
  readonly exchange: Exchange;
  readonly ports: Ports;
  readonly plan: Plan;
  readonly cached: Extract<CachePlan, { use: "cache" }>;
}

/** Whether an answer that looks like this may be stored for the request. */
export function judge({ exchange, cached }: Admission, response: Datable): Storable {
  const { method, path, headers } = exchange.facts;
  const verdict = storable({ method, path, requestHeaders: headers, response, policy: cached.policy });
  if (!verdict.store) return verdict;
  const { hardMs } = purgedAt(exchange.state.purges, { url: cached.key, tags: verdict.tags });
  return response.requestedAtMs <= hardMs ? { store: false, reason: "purged" } : verdict;
}

export function datable({ exchange }: Pick<Admission, "exchange">, { response, requestedAtMs, respondedAtMs }: Answered): Datable {
  const guessable = exchange.facts.query === "" && !exchange.facts.headers.has("cookie");
  return { status: response.status, headers: response.headers, requestedAtMs, respondedAtMs, guessable };
}

/** Seconds of freshness left; negative when stale. */
export function ttlOf(response: Datable, { cached, ports }: Admission): number {
  return freshnessLifetime(response, cached.policy).seconds - currentAgeSeconds(response, ports.clock.nowMs());
}

/** As visitors may see it: with the route's browser lifetime, without what was said to this cache alone. */
export function shown(response: Response, { action }: Plan): Response {
  if (response.status === 101) return response;
  const headers = clientCacheControl(withoutConsumedFields(response.headers), response.status, action.cache);
  if (headers === response.headers) return response;
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers, encodeBody: "manual" });
}

export function note(exchange: Exchange, changes: Partial<CacheDigest>): void {
  exchange.digest.cache = { ...exchange.digest.cache, ...changes };
}
