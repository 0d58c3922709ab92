// Stage "admit": what an origin's answer means for the store, and what the visitor gets. Takes in a 304, keeps a stale response in
// service while origins fail, stores what may be stored while it streams to the visitor, and forgets what an unsafe request
// changed. What it changes is stored; what must not be stored is changed later, in deliver. Decisions are those of `cache/`.

import { clientCacheControl, withoutConsumedFields } from "../cache/client-headers.ts";
import { mayServeOnError } from "../cache/decide.ts";
import { currentAgeSeconds, freshnessLifetime, type Datable } from "../cache/freshness.ts";
import { pump } from "../cache/pump.ts";
import { purgedAt } from "../cache/purge.ts";
import { datableOf, isNotModified, notModified } from "../cache/serve.ts";
import { storable, type Storable } from "../cache/storable.ts";
import { variantKey } from "../cache/variant.ts";
import type { CacheDigest, Exchange } from "../exchange.ts";
import { validatorsOf } from "../http/conditional.ts";
import type { CachePlan, Plan } from "../plan.ts";
import type { Ports } from "../ports.ts";
import { confirm, isOwnReason } from "./confirm.ts";
import type { FetchOutcome } from "./fetch.ts";
import { discard, readEntry, respondFrom, type Found, type StoredAt } from "./found.ts";
import { invalidateTargets } from "./invalidate.ts";
import { sharedHeaders, type Lookup } from "./lookup.ts";
import { storeResponse, type Unplaced } from "./store-response.ts";

type Answered = Extract<FetchOutcome, { kind: "response" }>;
type Cached = Extract<CachePlan, { use: "cache" }>;

/** Everything that the steps of one admission share. */
interface Admission {
  readonly exchange: Exchange;
  readonly ports: Ports;
  readonly plan: Plan;
  readonly cached: Cached;
}

/** What was found before the origin was asked, and what came of asking. */
export interface AnsweredLookup {
  readonly lookup: Lookup;
  readonly outcome: FetchOutcome;
}

export interface AnsweredRefresh {
  readonly refresh: StoredAt;
  readonly outcome: FetchOutcome;
}

/** Null when the fetch failed and nothing stored may stand in: the caller answers with an error page. */
export async function admit(exchange: Exchange, ports: Ports, plan: Plan, answered: AnsweredLookup): Promise<Response | null> {
  const { lookup, outcome } = answered;
  const { cache } = plan;
  const found = lookup.kind === "revalidate" ? lookup.found : null;
  if (cache.use === "bypass") {
    if (outcome.kind === "failed") return null;
    note(exchange, { fwdStatus: outcome.response.status });
    await invalidateTargets(exchange, ports, plan, outcome.response);
    return shown(outcome.response, plan);
  }
  const admission: Admission = { exchange, ports, plan, cached: cache };
  if (outcome.kind === "failed") return found === null ? null : await staleOnError(admission, found, null);
  if (found !== null) return await revalidated(admission, found, outcome);
  if (lookup.kind === "miss" && !lookup.pass) return await fresh(admission, outcome);
  return passed(admission, outcome);
}

/** RFC 5861 4. */
function isFailure(status: number): boolean {
  return status === 500 || status === 502 || status === 503 || status === 504;
}

async function revalidated(admission: Admission, found: Found, outcome: Answered): Promise<Response> {
  const { exchange, ports } = admission;
  const { status } = outcome.response;
  if (status === 304) return await notChanged(admission, found, outcome);
  if (isFailure(status)) {
    const stale = await staleOnError(admission, found, status);
    if (stale === null) return await fresh(admission, outcome);
    discard(outcome.response);
    return stale;
  }
  discard(found.body);
  const answer = exchange.facts.method === "HEAD" ? passed(admission, outcome) : await fresh(admission, outcome);
  const { stored, detail } = exchange.digest.cache;
  // What it said before is no answer any more, not even when the origin fails. A store that is under way takes its place. An
  // answer that is not stored for what the request carries says nothing about what others get.
  if (!stored && !isOwnReason(detail)) await ports.cache.delete(found.entryUrl);
  return answer;
}

async function notChanged(admission: Admission, found: Found, outcome: Answered): Promise<Response> {
  const { exchange, ports, cached } = admission;
  const { response, requestedAtMs, respondedAtMs } = outcome;
  const bytes = found.stored.bodyKey === null ? new Uint8Array(await found.body.arrayBuffer()) : null;
  const confirmed = confirm({ exchange, ports, cached, at: found, bytes, notModified: response.headers, requestedAtMs, respondedAtMs });
  const held: Found = { ...found, stored: confirmed.stored, body: bytes === null ? found.body : new Response(bytes) };
  const ttlSeconds = ttlOf(datableOf(confirmed.stored), admission);
  note(exchange, { status: "REVALIDATED", fwdStatus: 304, stored: confirmed.isStored, ttlSeconds });
  const answer = await respondFrom(held, exchange.facts, cached.policy, ports);
  return cached.policy.stripSetCookie ? answer : withCookies(answer, response.headers.getSetCookie());
}

/** A cookie that came with a 304 is this visitor's own, and is not stored. */
function withCookies(answer: Response, cookies: readonly string[]): Response {
  if (cookies.length === 0) return answer;
  const headers = new Headers(answer.headers);
  for (const cookie of cookies) headers.append("set-cookie", cookie);
  return new Response(answer.body, { status: answer.status, statusText: answer.statusText, headers, encodeBody: "manual" });
}

/** Null when it may not stand in. @param status - Of the origin's answer; null when there was none. */
async function staleOnError({ exchange, ports, cached }: Admission, found: Found, status: number | null): Promise<Response | null> {
  const nowMs = ports.clock.nowMs();
  const response = datableOf(found.stored);
  const purged = purgedAt(exchange.state.purges, { url: cached.key, tags: found.stored.tags });
  const { invalidatedAtMs } = found;
  if (!mayServeOnError({ response, policy: cached.policy, purged, invalidatedAtMs, nowMs })) {
    discard(found.body);
    return null;
  }
  const ttlSeconds = freshnessLifetime(response, cached.policy).seconds - currentAgeSeconds(response, nowMs);
  note(exchange, { status: "STALE", fwdStatus: status, ttlSeconds, detail: "origin-error" });
  return await respondFrom(found, exchange.facts, cached.policy, ports);
}

/** A whole answer to a request that was made for the cache. */
async function fresh(admission: Admission, outcome: Answered): Promise<Response> {
  const { exchange } = admission;
  const { response } = outcome;
  const verdict = judge(admission, outcome);
  const { status } = exchange.digest.cache;
  if (!verdict.store) {
    note(exchange, {
      status: status === "MISS" ? "DYNAMIC" : status,
      fwdStatus: response.status,
      ttlSeconds: null,
      detail: verdict.reason,
    });
    const copy = visitorsCopy(admission, response);
    if (copy === null) return shown(response, admission.plan);
    discard(response);
    return copy;
  }
  note(exchange, { fwdStatus: response.status, stored: true, ttlSeconds: ttlOf(datable(admission, outcome), admission) });
  const copy = visitorsCopy(admission, response);
  const streamed = startStore(admission, outcome, verdict, copy === null);
  return copy ?? streamed;
}

/** 304 where the visitor has these very bytes: its conditions were kept from the origin, so that the whole could be stored. */
function visitorsCopy({ exchange, ports, plan }: Admission, { status, headers }: Response): Response | null {
  if (!isNotModified(status, exchange.facts, validatorsOf(headers), ports.clock.nowMs())) return null;
  return shown(new Response(null, { status: 304, headers: notModified(headers).headers }), plan);
}

function passed({ exchange, plan }: Admission, { response }: Answered): Response {
  note(exchange, { fwdStatus: response.status });
  return shown(response, plan);
}

function judge(admission: Admission, outcome: Answered): Storable {
  const { exchange, cached } = admission;
  const { method, path, headers } = exchange.facts;
  const verdict = storable({ method, path, requestHeaders: headers, response: datable(admission, outcome), policy: cached.policy });
  if (!verdict.store) return verdict;
  const { hardMs } = purgedAt(exchange.state.purges, { url: cached.key, tags: verdict.tags });
  return outcome.requestedAtMs <= hardMs ? { store: false, reason: "purged" } : verdict;
}

function datable({ exchange }: Admission, { response, requestedAtMs, respondedAtMs }: Answered): Datable {
  const guessable = exchange.facts.query === "" && !exchange.facts.headers.has("cookie");
  return { status: response.status, headers: response.headers, requestedAtMs, respondedAtMs, guessable };
}

function ttlOf(response: Datable, { cached, ports }: Admission): number {
  return freshnessLifetime(response, cached.policy).seconds - currentAgeSeconds(response, ports.clock.nowMs());
}

/** Begins to store; the response that it returns carries the same bytes to the visitor, or none when nobody waits. */
function startStore(admission: Admission, outcome: Answered, verdict: Extract<Storable, { store: true }>, isAwaited: boolean): Response {
  const { exchange, ports, plan, cached } = admission;
  const { response, requestedAtMs, respondedAtMs } = outcome;
  const { status, statusText } = response;
  const { vary, tags } = verdict;
  const unplaced: Unplaced = {
    key: cached.key,
    vary,
    variant: variantKey(vary, sharedHeaders(plan)),
    status,
    statusText,
    headers: [...verdict.headers],
    requestedAtMs,
    respondedAtMs,
    tags,
    guessable: datable(admission, outcome).guessable,
  };
  const expectedBytes = declaredLength(response.headers);
  const sink = storeResponse(unplaced, expectedBytes, ports);
  const headers = new Headers(response.headers);
  if (cached.policy.stripSetCookie) headers.delete("set-cookie");
  if (response.body === null) {
    ports.defer(sink.close());
    return shown(new Response(null, { status, statusText, headers }), plan);
  }
  const through = expectedBytes === null ? new IdentityTransformStream() : new FixedLengthStream(expectedBytes);
  const client = isAwaited ? through.writable : null;
  const { objectBytesMax } = cached.policy;
  const work = pump({ body: response.body, client, store: sink, expectedBytes, bytesMax: objectBytesMax, clock: ports.clock });
  ports.defer(
    work.then((end) => (end === "stored" ? undefined : ports.log.write({ event: "cache-not-stored", id: exchange.id, reason: end }))),
  );
  return shown(new Response(isAwaited ? through.readable : null, { status, statusText, headers, encodeBody: "manual" }), plan);
}

function declaredLength(headers: Headers): number | null {
  const value = headers.get("content-length");
  return value !== null && /^\d{1,15}$/.test(value) ? Number(value) : null;
}

/** As visitors may see it: with the route's browser lifetime, without what was said to this cache alone. */
function shown(response: Response, { action }: Plan): Response {
  if (response.status === 101) return response;
  const headers = clientCacheControl(withoutConsumedFields(response.headers), response.status, action.cache);
  if (headers === response.headers) return response;
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers, encodeBody: "manual" });
}

function note(exchange: Exchange, changes: Partial<CacheDigest>): void {
  exchange.digest.cache = { ...exchange.digest.cache, ...changes };
}

/**
 * The outcome of a refresh in the background (`Lookup` stale): stored, or not. Never touches the visitor's digest and gives no
 * answer. An origin that fails changes nothing: the next request decides.
 */
export async function admitRefresh(exchange: Exchange, ports: Ports, plan: Plan, answered: AnsweredRefresh): Promise<void> {
  const { refresh, outcome } = answered;
  if (plan.cache.use === "bypass" || outcome.kind === "failed") return;
  const facts = { ...exchange.facts, method: "GET" };
  const own: Exchange = { ...exchange, facts, digest: structuredClone(exchange.digest) };
  const admission: Admission = { exchange: own, ports, plan, cached: plan.cache };
  const { response } = outcome;
  if (response.status === 304) return await refreshed(admission, refresh, outcome);
  if (isFailure(response.status)) return discard(response);
  const verdict = judge(admission, outcome);
  if (verdict.store) {
    startStore(admission, outcome, verdict, false);
    return;
  }
  discard(response);
  if (!isOwnReason(verdict.reason)) await ports.cache.delete(refresh.entryUrl);
}

/** The bytes that share the entry are read again; whoever has replaced the entry meanwhile knows better. */
async function refreshed({ exchange, ports, cached }: Admission, refresh: StoredAt, outcome: Answered): Promise<void> {
  const { requestedAtMs, respondedAtMs } = outcome;
  const read = await readEntry(ports.cache, refresh.entryUrl, refresh.stored.key);
  if (read === null || read.entry.kind !== "response" || read.entry.response.requestedAtMs !== refresh.stored.requestedAtMs) return;
  const bytes = refresh.stored.bodyKey === null ? new Uint8Array(await read.response.arrayBuffer()) : null;
  confirm({ exchange, ports, cached, at: refresh, bytes, notModified: outcome.response.headers, requestedAtMs, respondedAtMs });
}
