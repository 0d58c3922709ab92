// Stage "lookup": what the store has for the plan's key, and what may be done with it. Reads the store and decides by the pure
// functions of `cache/`; asks no origin and stores nothing. Before it everything is the same for hits and misses; after it
// come fetch and admit, unless the answer is here.

import type { CacheBypassReason } from "../cache/bypass.ts";
import { conditionalHeaders, isAskedAsHead, unconditionalHeaders } from "../cache/revalidate.ts";
import { requestControl } from "../cache/control.ts";
import { decideStored, type CacheDecision } from "../cache/decide.ts";
import { answersRequest, canBeCompleted, completingHeaders } from "../cache/part.ts";
import { purgedAt } from "../cache/purge.ts";
import type { CacheDetail, CacheDigest, Exchange } from "../exchange.ts";
import { CACHE_RANGE_FILL_BYTES_MAX } from "../limits.ts";
import { parseCacheControl } from "../http/cache-control.ts";
import type { CachePlan, Plan } from "../plan.ts";
import type { Run } from "./run.ts";
import { respondFrom } from "./content.ts";
import { discard, findStored, type Found, type Search, type StoredAt } from "./found.ts";

export type Lookup =
  | { readonly kind: "bypass"; readonly reason: CacheBypassReason }
  | { readonly kind: "hit"; readonly response: Response }
  /** The response is past its lifetime and may be served while `refresh` is asked about (RFC 5861 3). */
  | { readonly kind: "stale"; readonly response: Response; readonly refresh: StoredAt }
  /** The origin decides whether it may be used. */
  | { readonly kind: "revalidate"; readonly found: Found }
  /** A part is stored that the visitor's answer begins with: the origin is asked for the rest. */
  | { readonly kind: "complete"; readonly found: Found }
  /** pass: the request goes on as the visitor made it; of its answer no more than a part is stored. */
  | {
      readonly kind: "miss";
      readonly pass: boolean;
      /** Of the key, where its index says what tells variants apart; "" without, and where that is not known. */
      readonly variant: string;
      /** Parts of a small whole are asked for one after the other: the whole is fetched besides. */
      readonly fill: boolean;
    }
  /** The visitor wants a stored answer only (only-if-cached): 504. */
  | { readonly kind: "not-in-cache" };

type Cached = Extract<CachePlan, { use: "cache" }>;

export async function lookup(run: Run): Promise<Lookup> {
  const { exchange, ports, plan } = run;
  if (plan.cache.use === "bypass") return bypass(exchange, plan.cache.reason);
  // RFC 9111 4.3.2: these two are for the origin; a cache can neither judge nor ignore them.
  const { headers } = exchange.facts;
  if (headers.has("if-match") || headers.has("if-unmodified-since")) {
    note(exchange, { status: "MISS", fwd: "request" });
    return { kind: "miss", pass: true, variant: "", fill: false };
  }
  const search = await findStored(run, plan.cache.key);
  if (search.kind === "absent") return absent(exchange, search, null);
  const { found } = search;
  const nowMs = ports.clock.nowMs();
  const decision = decideFound(run, found, plan.cache, nowMs);
  if (decision.kind === "miss") {
    discard(found.body);
    return absent(exchange, { fwd: "uri-miss", variant: found.stored.variant }, decision.why);
  }
  // Of a part no more than fresh bytes are of use: whatever else there is to ask is asked about the whole.
  const isUsable = found.stored.part === null || (decision.kind === "hit" && answersRequest(found.stored, exchange.facts, nowMs));
  if (!isUsable) return incomplete(exchange, found, decision);
  return await use(run, { found, decision, policy: plan.cache.policy });
}

/** Method and headers of the fetch that follows. What is to be stored is asked for whole, whatever part this visitor wants. */
export function originRequest(plan: Plan, found: Lookup, nowMs: number): { readonly method: string; readonly headers: Headers } {
  const { method, headers } = plan.originRequest;
  switch (found.kind) {
    case "revalidate":
      return {
        method: isAskedAsHead(method, found.found.stored) ? "HEAD" : "GET",
        headers: conditionalHeaders(headers, found.found.stored),
      };
    case "stale":
      return { method: "GET", headers: conditionalHeaders(headers, found.refresh.stored) };
    case "complete":
      return { method, headers: completingHeaders(headers, found.found.stored, nowMs) };
    case "miss":
      // The answer to HEAD would fill nothing: the next visitor wants the content too.
      return found.pass ? { method, headers } : { method: "GET", headers: unconditionalHeaders(headers) };
    case "bypass":
    case "hit":
    case "not-in-cache":
      return { method, headers };
    default:
      return found satisfies never;
  }
}

function decideFound({ exchange: { state, facts }, entries }: Run, found: Found, { key, policy }: Cached, nowMs: number): CacheDecision {
  const { fields } = entries.facts(found.stored);
  const purged = purgedAt(state.purges, { url: key, tags: found.stored.tags });
  const request = requestControl(facts.headers, policy);
  return decideStored({ response: found.stored, fields, policy, purged, invalidatedAtMs: found.invalidatedAtMs, request, nowMs });
}

interface Use {
  readonly found: Found;
  readonly decision: Exclude<CacheDecision, { kind: "miss" }>;
  readonly policy: Cached["policy"];
}

async function use({ exchange, ports, entries }: Run, { found, decision, policy }: Use): Promise<Lookup> {
  const { ttlSeconds } = decision;
  const respond = async (): Promise<Response> =>
    await respondFrom({ found, request: exchange.facts, policy, ports, facts: entries.facts(found.stored) });
  switch (decision.kind) {
    case "hit":
      note(exchange, { status: "HIT", ttlSeconds });
      return { kind: "hit", response: await respond() };
    case "accepted":
      note(exchange, { status: "STALE", ttlSeconds, detail: "max-stale" });
      return { kind: "hit", response: await respond() };
    case "stale":
      note(exchange, { status: "UPDATING", ttlSeconds });
      return { kind: "stale", response: await respond(), refresh: found };
    case "revalidate":
      if (onlyIfCached(exchange)) {
        discard(found.body);
        note(exchange, { status: "MISS", ttlSeconds });
        return { kind: "not-in-cache" };
      }
      note(exchange, { status: "EXPIRED", ttlSeconds, fwd: decision.why === "request" ? "request" : "stale" });
      return { kind: "revalidate", found };
    default:
      return decision satisfies never;
  }
}

/** A stored part that does not answer the request. */
function incomplete(exchange: Exchange, found: Found, decision: CacheDecision): Lookup {
  const { method, headers } = exchange.facts;
  const wantsWhole = method === "GET" && !headers.has("range");
  if (decision.kind === "hit" && wantsWhole && canBeCompleted(found.stored) && !onlyIfCached(exchange)) {
    note(exchange, { status: "MISS", fwd: "partial", ttlSeconds: decision.ttlSeconds });
    return { kind: "complete", found };
  }
  discard(found.body);
  const missed = absent(exchange, { fwd: "uri-miss", variant: found.stored.variant }, null);
  const size = found.stored.part?.size ?? Number.POSITIVE_INFINITY;
  return missed.kind === "miss" && missed.pass ? { ...missed, fill: size <= CACHE_RANGE_FILL_BYTES_MAX } : missed;
}

type Absence = Pick<Extract<Search, { kind: "absent" }>, "fwd" | "variant">;

/** A stored response that may not be used is, for the visitor, none. */
function absent(exchange: Exchange, { fwd, variant }: Absence, detail: CacheDetail | null): Lookup {
  const { method, headers } = exchange.facts;
  if (onlyIfCached(exchange)) {
    note(exchange, { status: "MISS", detail });
    return { kind: "not-in-cache" };
  }
  // What Range brings is a part, not the whole (RFC 9111 3.3). With HEAD it has no meaning (RFC 9110 14.2).
  const partial = method === "GET" && headers.has("range");
  note(exchange, { status: "MISS", fwd: partial ? "partial" : fwd, detail });
  return { kind: "miss", pass: partial, variant, fill: false };
}

function bypass(exchange: Exchange, reason: CacheBypassReason): Lookup {
  // As the route decides, nothing here is for the cache; everything else is about this one request.
  note(exchange, { status: reason === "route" ? "DYNAMIC" : "BYPASS", fwd: reason === "method" ? "method" : "bypass", detail: reason });
  return { kind: "bypass", reason };
}

/** RFC 9111 5.2.1.7. */
function onlyIfCached({ facts }: Exchange): boolean {
  return parseCacheControl(facts.headers.get("cache-control")).onlyIfCached;
}

function note(exchange: Exchange, digest: Partial<CacheDigest> & Pick<CacheDigest, "status">): void {
  exchange.digest.cache = { ttlSeconds: null, fwd: null, fwdStatus: null, stored: false, collapsed: false, detail: null, ...digest };
}
