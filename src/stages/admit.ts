// Stage "admit": what an origin's answer means for the store, and what the visitor gets. Takes in a 304, keeps a stale response in
// service while origins fail, stores what may be stored while it streams to the visitor, and forgets what an unsafe request
// changed. What it changes is stored; what must not be stored is changed later, in deliver. Decisions are those of `cache/`.

import { mayServeOnError } from "../cache/decide.ts";
import { declaredPart } from "../cache/part.ts";
import { purgedAt } from "../cache/purge.ts";
import { isNotModified, notModified } from "../cache/serve.ts";
import type { Exchange } from "../exchange.ts";
import { describes, isAskedAsHead } from "../cache/revalidate.ts";
import type { Flight } from "../cache/flights.ts";
import { validatorsOf } from "../http/conditional.ts";
import type { Plan } from "../plan.ts";
import type { Ports } from "../ports.ts";
import { contradicts, datable, isFailure, judge, note, refuse, shown, ttlOf, type Admission, type Answered } from "./admission.ts";
import { confirm } from "./confirm.ts";
import type { FetchOutcome } from "./fetch-outcome.ts";
import { respondFrom } from "./content.ts";
import { discard, type Found } from "./found.ts";
import { invalidateTargets } from "./invalidate.ts";
import type { Lookup } from "./lookup.ts";
import { storePosted } from "./posted.ts";
import { streamAndStore } from "./stream-store.ts";

/** What was found before the origin was asked, and what came of asking. */
export interface AnsweredLookup {
  readonly lookup: Lookup;
  readonly outcome: FetchOutcome;
  /** Those who wait for the outcome; null when nobody does. Whoever called ends it. */
  readonly flight: Flight | null;
}

/** Null when the fetch failed and nothing stored may stand in: the caller answers with an error page. */
export async function admit(exchange: Exchange, ports: Ports, plan: Plan, answered: AnsweredLookup): Promise<Response | null> {
  const { lookup, outcome, flight } = answered;
  const { cache } = plan;
  const found = lookup.kind === "revalidate" ? lookup.found : null;
  if (cache.use === "bypass") {
    if (outcome.kind === "failed") return null;
    note(exchange, { fwdStatus: outcome.response.status });
    const invalidatedAtMs = await invalidateTargets(exchange, ports, plan, outcome.response);
    return storePosted({ exchange, ports, plan, flight }, outcome, invalidatedAtMs) ?? shown(outcome.response, plan);
  }
  const admission: Admission = { exchange, ports, plan, cached: cache, flight };
  if (outcome.kind === "failed") return found === null ? null : await staleOnError(admission, found, null);
  if (found !== null) return await revalidated(admission, found, outcome);
  if (lookup.kind === "miss" && !lookup.pass) return await fresh(admission, outcome);
  // Where the whole is fetched besides, a part would only come in its way.
  return lookup.kind === "miss" && lookup.fill ? passed(admission, outcome) : passedOrPart(admission, outcome);
}

async function revalidated(admission: Admission, found: Found, outcome: Answered): Promise<Response> {
  const { exchange, ports } = admission;
  const { status } = outcome.response;
  if (status === 304) return await notChanged(admission, found, outcome);
  const isHead = isAskedAsHead(exchange.facts.method, found.stored);
  if (isFailure(status)) {
    const stale = await staleOnError(admission, found, status);
    if (stale === null) return isHead ? passed(admission, outcome) : await fresh(admission, outcome);
    discard(outcome.response);
    return stale;
  }
  if (isHead) return await headAnswered(admission, found, outcome);
  discard(found.body);
  const answer = await fresh(admission, outcome);
  const { stored, detail } = exchange.digest.cache;
  // What it said before is no answer any more, not even when the origin fails. A store that is under way takes its place. An
  // answer that is not stored for what the request carries says nothing about what others get.
  if (!stored && contradicts(status, detail)) await ports.cache.delete(found.entryUrl);
  return answer;
}

/** RFC 9111 4.3.5: only a 200 says something about what is stored for GET, and what it says counts. */
async function headAnswered(admission: Admission, found: Found, outcome: Answered): Promise<Response> {
  const { status, headers } = outcome.response;
  if (status === 200 && describes(headers, found.stored)) return await notChanged(admission, found, outcome);
  discard(found.body);
  if (status === 200) await admission.ports.cache.delete(found.entryUrl);
  return passed(admission, outcome);
}

/** A 304, or the answer to a HEAD that describes what is stored (RFC 9111 4.3.5): its fields and times are new, the content is not. */
async function notChanged(admission: Admission, found: Found, outcome: Answered): Promise<Response> {
  const { exchange, ports, cached } = admission;
  const { response } = outcome;
  const bytes = found.stored.bodyKey === null ? new Uint8Array(await found.body.arrayBuffer()) : null;
  const confirmed = confirm({ admission, at: found, bytes, outcome });
  const held: Found = { ...found, stored: confirmed.stored, body: bytes === null ? found.body : new Response(bytes) };
  const ttlSeconds = ttlOf(confirmed.stored, admission);
  note(exchange, { status: "REVALIDATED", fwdStatus: response.status, stored: confirmed.isStored, ttlSeconds });
  const answer = await respondFrom({ found: held, request: exchange.facts, policy: cached.policy, ports });
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
  const response = found.stored;
  const purged = purgedAt(exchange.state.purges, { url: cached.key, tags: found.stored.tags });
  const { invalidatedAtMs } = found;
  if (!mayServeOnError({ response, policy: cached.policy, purged, invalidatedAtMs, nowMs })) {
    discard(found.body);
    return null;
  }
  note(exchange, { status: "STALE", fwdStatus: status, ttlSeconds: ttlOf(response, admission), detail: "origin-error" });
  return await respondFrom({ found, request: exchange.facts, policy: cached.policy, ports });
}

/** A whole answer to a request that was made for the cache. */
async function fresh(admission: Admission, outcome: Answered): Promise<Response> {
  const { exchange, plan } = admission;
  const { response } = outcome;
  const verdict = judge(admission, datable(admission, outcome));
  const { status } = exchange.digest.cache;
  const isHead = exchange.facts.method === "HEAD";
  if (!verdict.store) {
    refuse(admission, response.status, verdict.reason);
    note(exchange, {
      status: status === "MISS" ? "DYNAMIC" : status,
      fwdStatus: response.status,
      ttlSeconds: null,
      detail: verdict.reason,
    });
    const copy = visitorsCopy(admission, response) ?? (isHead ? shown(withoutContent(response), plan) : null);
    if (copy === null) return shown(response, plan);
    discard(response);
    return copy;
  }
  note(exchange, { fwdStatus: response.status, stored: true, ttlSeconds: ttlOf(datable(admission, outcome), admission) });
  const copy = visitorsCopy(admission, response);
  const streamed = streamAndStore(admission, { outcome, verdict, isAwaited: copy === null && !isHead });
  return copy ?? streamed;
}

/** As the answer to HEAD. */
function withoutContent({ status, statusText, headers }: Response): Response {
  return new Response(null, { status, statusText, headers, encodeBody: "manual" });
}

/** 304 where the visitor has these very bytes: its conditions were kept from the origin, so that the whole could be stored. */
function visitorsCopy({ exchange, ports, plan }: Admission, { status, headers }: Response): Response | null {
  if (!isNotModified(status, exchange.facts, validatorsOf(headers), ports.clock.nowMs())) return null;
  const fields = notModified(headers).headers;
  if (plan.action.cache.setCookie === "strip") fields.delete("set-cookie");
  return shown(new Response(null, { status: 304, headers: fields }), plan);
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
  if (!verdict.store) {
    note(admission.exchange, { detail: verdict.reason });
    return passed(admission, outcome);
  }
  note(admission.exchange, { fwdStatus: response.status, stored: true, ttlSeconds: ttlOf(whole, admission) });
  return streamAndStore(admission, { outcome, verdict, part, isAwaited: true });
}
