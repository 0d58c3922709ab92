// The way of a request that has a plan: lookup, fetch, admit, deliver. Orchestrates only: each step is a stage of its own.

import { errorAnswer } from "../answer.ts";
import type { Flight } from "../cache/flights.ts";
import type { EdgeError } from "../errors.ts";
import type { Exchange } from "../exchange.ts";
import { parseAge } from "../http/age.ts";
import { stripHopByHop } from "../http/hop-by-hop.ts";
import type { Plan } from "../plan.ts";
import { hideOrigin } from "../transform/origin-names.ts";
import { admit } from "./admit.ts";
import { collapse, backgroundFlight } from "./collapse.ts";
import { askAndComplete } from "./complete.ts";
import { deliver } from "./deliver.ts";
import { fetchFromOrigin, type FetchOutcome } from "./fetch.ts";
import type { StoredAt } from "./found.ts";
import { lookup, originRequest, type Lookup } from "./lookup.ts";
import { admitRefresh } from "./refresh.ts";
import type { Run } from "./run.ts";
import { countBody, type CountedBody } from "./request-body.ts";
import { answerResponse } from "./respond.ts";

export async function proxy(run: Run): Promise<Response> {
  const { exchange } = run;
  const { found, flight } = await collapse(run, await lookup(run));
  switch (found.kind) {
    case "hit":
      return deliver(exchange, found.response);
    case "stale":
      inBackground(run, found, found.refresh);
      return deliver(exchange, found.response);
    case "not-in-cache":
      return ended(run, { code: "not-in-cache" });
    case "miss":
    case "complete":
    case "revalidate":
    case "bypass": {
      const answer = leading(run, flight, () => fromOrigin(run, found, flight));
      if (found.kind === "miss" && found.fill) inBackground(run, { ...found, pass: false }, null);
      return await answer;
    }
    default:
      return found satisfies never;
  }
}

/** Others may wait for what this request gets, so its work goes on when its own visitor has left. */
async function leading<T>({ ports }: Run, flight: Flight | null, work: () => Promise<T>): Promise<T> {
  if (flight === null) return await work();
  const done = work().finally(() => flight.leave());
  ports.defer(done);
  return await done;
}

async function fromOrigin(run: Run, found: Lookup, flight: Flight | null): Promise<Response> {
  const { exchange, plan, ports } = run;
  const body = requestBody(exchange, plan);
  const answered = await askAndComplete(found, ports, (asked) => askOrigin(run, asked, body?.stream ?? null));
  if (body?.exceeded() === true) return ended(run, { code: "body-too-large" });
  const admitted = await admit(exchange, ports, plan, { ...answered, flight });
  if (admitted !== null) return deliver(exchange, admitted);
  return ended(run, originError(answered.outcome));
}

/** Asks for what the store should have, unless another request does. The visitor has left this behind, or never needed it. */
function inBackground(run: Run, found: Lookup, refresh: StoredAt | null): void {
  const { plan, ports } = run;
  const place = backgroundFlight(run, found);
  if (place === null) return;
  const { flight } = place;
  // What comes of it is not part of what happened to the visitor.
  const exchange: Exchange = { ...run.exchange, digest: structuredClone(run.exchange.digest) };
  const work = async (): Promise<void> => {
    const outcome = await askOrigin({ ...run, exchange }, found, null);
    await admitRefresh(exchange, ports, plan, { refresh, outcome, flight });
  };
  ports.defer(work().finally(() => flight?.leave()));
}

/** The fetch stage, with the origin's name and connection taken out of its answer: what is stored is as visitors may see it. */
async function askOrigin(run: Run, found: Lookup, body: ReadableStream<Uint8Array> | null): Promise<FetchOutcome> {
  const { exchange, plan, origins, ports } = run;
  const { method, headers } = originRequest(plan, found, ports.clock.nowMs());
  // What fills the cache is wanted by the next visitor too.
  const abortWithVisitor = found.kind === "bypass" || (found.kind === "miss" && found.pass);
  const outcome = await fetchFromOrigin(exchange, ports, origins, {
    plan,
    method,
    target: plan.originRequest.target,
    headers,
    body,
    abortWithVisitor,
  });
  if (outcome.kind === "failed" || outcome.response.status === 101) return outcome;
  return { ...outcome, response: asOurs(run, outcome.response, outcome.origin.basePath) };
}

function asOurs({ exchange, plan }: Run, response: Response, basePath: string): Response {
  const headers = stripHopByHop(response.headers);
  // RFC 9111 5.1: what is no age is ignored, by us and by the caches of visitors.
  if (headers.has("age") && parseAge(headers.get("age")) === null) headers.delete("age");
  const { scheme, host } = exchange.facts;
  hideOrigin(headers, { bases: exchange.state.ruleset.originBases, basePath, rewrite: plan.action.rewrite, scheme, host });
  const { status, statusText, body } = response;
  // The bytes are as the origin encoded them.
  return new Response(body, { status, statusText, headers, encodeBody: "manual" });
}

/** A GET or HEAD with a body is asked without it: nobody agrees on what it means, and no cache key holds it (RFC 9110 9.3.1). */
function requestBody(exchange: Exchange, plan: Plan): CountedBody | null {
  const { body, method } = exchange.request;
  if (body === null || method === "GET" || method === "HEAD") return null;
  if (exchange.facts.contentLength !== null) return { stream: body, exceeded: () => false };
  return countBody(body, plan.route.bodyBytesMax);
}

function originError(outcome: FetchOutcome): EdgeError {
  if (outcome.kind !== "failed") throw new Error("the admit stage gave no answer to a response");
  const retryAfterSeconds = outcome.retryAfterSeconds ?? RETRY_AFTER_SECONDS;
  switch (outcome.reason) {
    case "timeout":
      return { code: "origin-timeout", retryAfterSeconds };
    case "no-origin":
      return { code: "pool-unavailable", retryAfterSeconds };
    default:
      return { code: "origin-unreachable", retryAfterSeconds };
  }
}

/** When nothing is known of the next attempt: as long as a circuit stays open at first, and a browser's patience. */
const RETRY_AFTER_SECONDS = 5;

function ended({ exchange, plan }: Run, error: EdgeError): Response {
  exchange.digest.error = error.code;
  const { facts, id } = exchange;
  const context = { requestId: id, facts, site: plan.site, method: facts.method, accept: facts.headers.get("accept") };
  return answerResponse(errorAnswer(error), context);
}
