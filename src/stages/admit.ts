// Stage "admit": what an origin's answer means for the store, and what the visitor gets. Takes in a 304, keeps a stale response in
// service while origins fail, stores what may be stored while it streams to the visitor, and forgets what an unsafe request
// changed. What it changes is stored; what must not be stored is changed later, in deliver. Decisions are those of `cache/`.

import { mayServeOnError } from "../cache/decide.ts";
import { declaredPart } from "../cache/part.ts";
import { purgedAt } from "../cache/purge.ts";
import { datableOf, isNotModified, notModified } from "../cache/serve.ts";
import type { Exchange } from "../exchange.ts";
import { validatorsOf } from "../http/conditional.ts";
import type { Plan } from "../plan.ts";
import type { Ports } from "../ports.ts";
import { datable, judge, note, shown, ttlOf, type Admission, type Answered } from "./admission.ts";
import { confirm, isOwnReason } from "./confirm.ts";
import type { FetchOutcome } from "./fetch.ts";
import { discard, readEntry, respondFrom, type Found, type StoredAt } from "./found.ts";
import { invalidateTargets } from "./invalidate.ts";
import type { Lookup } from "./lookup.ts";
import { storePosted } from "./posted.ts";
import { streamAndStore } from "./stream-store.ts";

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
    const invalidatedAtMs = await invalidateTargets(exchange, ports, plan, outcome.response);
    return storePosted({ exchange, ports, plan }, outcome, invalidatedAtMs) ?? shown(outcome.response, plan);
  }
  const admission: Admission = { exchange, ports, plan, cached: cache };
  if (outcome.kind === "failed") return found === null ? null : await staleOnError(admission, found, null);
  if (found !== null) return await revalidated(admission, found, outcome);
  if (lookup.kind === "miss" && !lookup.pass) return await fresh(admission, outcome);
  return passedOrPart(admission, outcome);
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
  return cached.policy.setCookie === "refuse" ? withCookies(answer, response.headers.getSetCookie()) : answer;
}

/** A cookie that came with a 304 is this visitor's own, and is not stored. */
function withCookies(answer: Response, cookies: readonly string[]): Response {
  if (cookies.length === 0) return answer;
  const headers = new Headers(answer.headers);
  for (const cookie of cookies) headers.append("set-cookie", cookie);
  return new Response(answer.body, { status: answer.status, statusText: answer.statusText, headers, encodeBody: "manual" });
}

/** Null when it may not stand in. @param status - Of the origin's answer; null when there was none. */
async function staleOnError(admission: Admission, found: Found, status: number | null): Promise<Response | null> {
  const { exchange, ports, cached } = admission;
  const nowMs = ports.clock.nowMs();
  const response = datableOf(found.stored);
  const purged = purgedAt(exchange.state.purges, { url: cached.key, tags: found.stored.tags });
  const { invalidatedAtMs } = found;
  if (!mayServeOnError({ response, policy: cached.policy, purged, invalidatedAtMs, nowMs })) {
    discard(found.body);
    return null;
  }
  note(exchange, { status: "STALE", fwdStatus: status, ttlSeconds: ttlOf(response, admission), detail: "origin-error" });
  return await respondFrom(found, exchange.facts, cached.policy, ports);
}

/** A whole answer to a request that was made for the cache. */
async function fresh(admission: Admission, outcome: Answered): Promise<Response> {
  const { exchange } = admission;
  const { response } = outcome;
  const verdict = judge(admission, datable(admission, outcome));
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
  const streamed = streamAndStore(admission, { outcome, verdict, isAwaited: copy === null });
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

/** The answer to a request that went on as the visitor made it: of it, a part may be stored (RFC 9111 3.3). */
function passedOrPart(admission: Admission, outcome: Answered): Response {
  const { response } = outcome;
  const part = declaredPart(admission.exchange.facts, response);
  if (part === null) return passed(admission, outcome);
  // It is stored with the status and fields of the whole that it is of.
  const headers = new Headers(response.headers);
  headers.delete("content-range");
  const whole = { ...datable(admission, outcome), status: 200, headers };
  const verdict = judge(admission, whole);
  if (!verdict.store) return passed(admission, outcome);
  note(admission.exchange, { fwdStatus: response.status, stored: true, ttlSeconds: ttlOf(whole, admission) });
  return streamAndStore(admission, { outcome, verdict, part, isAwaited: true });
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
  const verdict = judge(admission, datable(admission, outcome));
  if (verdict.store) {
    streamAndStore(admission, { outcome, verdict, isAwaited: false });
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
