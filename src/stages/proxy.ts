// The way of a request that has a plan: lookup, fetch, admit, deliver. Orchestrates only: each step is a stage of its own.

import { errorAnswer } from "../answer.ts";
import type { EdgeError } from "../errors.ts";
import type { Exchange } from "../exchange.ts";
import type { OriginTable } from "../origin/table.ts";
import type { Plan } from "../plan.ts";
import type { Ports } from "../ports.ts";
import { hideOrigin } from "../transform/origin-names.ts";
import { admit, admitRefresh } from "./admit.ts";
import { askAndComplete } from "./complete.ts";
import { deliver } from "./deliver.ts";
import { fetchFromOrigin, type FetchOutcome } from "./fetch.ts";
import { lookup, originRequest, type Lookup } from "./lookup.ts";
import { countBody, type CountedBody } from "./request-body.ts";
import { answerResponse } from "./respond.ts";

/** What the steps of one request share. */
interface Run {
  readonly exchange: Exchange;
  readonly plan: Plan;
  readonly table: OriginTable;
  readonly ports: Ports;
}

export async function proxy(exchange: Exchange, plan: Plan, table: OriginTable, ports: Ports): Promise<Response> {
  const run: Run = { exchange, plan, table, ports };
  const found = await lookup(exchange, ports, plan);
  switch (found.kind) {
    case "hit":
      return deliver(exchange, found.response);
    case "stale":
      ports.defer(refresh(run, found));
      return deliver(exchange, found.response);
    case "not-in-cache":
      return ended(run, { code: "not-in-cache" });
    case "miss":
    case "complete":
    case "revalidate":
    case "bypass":
      return await fromOrigin(run, found);
    default:
      return found satisfies never;
  }
}

async function fromOrigin(run: Run, found: Lookup): Promise<Response> {
  const { exchange, plan, ports } = run;
  const body = requestBody(exchange, plan);
  const answered = await askAndComplete(found, ports, (asked) => askOrigin(run, asked, body?.stream ?? null));
  if (body?.exceeded() === true) return ended(run, { code: "body-too-large" });
  const admitted = await admit(exchange, ports, plan, answered);
  if (admitted !== null) return deliver(exchange, admitted);
  return ended(run, originError(answered.outcome));
}

/** Asks about a stale response after it was served. The visitor has left this behind. */
async function refresh(run: Run, found: Extract<Lookup, { kind: "stale" }>): Promise<void> {
  const { exchange, plan, ports } = run;
  await admitRefresh(exchange, ports, plan, { refresh: found.refresh, outcome: await askOrigin(run, found, null) });
}

/** The fetch stage, with the origin's name taken out of its answer: what is stored is as visitors may see it. */
async function askOrigin(run: Run, found: Lookup, body: ReadableStream<Uint8Array> | null): Promise<FetchOutcome> {
  const { exchange, plan, table, ports } = run;
  const { method, headers } = originRequest(plan, found, ports.clock.nowMs());
  // What fills the cache is wanted by the next visitor too.
  const abortWithVisitor = found.kind === "bypass" || (found.kind === "miss" && found.pass);
  const outcome = await fetchFromOrigin(exchange, ports, table, {
    plan,
    method,
    target: plan.originRequest.target,
    headers,
    body,
    abortWithVisitor,
  });
  if (outcome.kind === "failed" || outcome.response.status === 101) return outcome;
  return { ...outcome, response: withoutOriginNames(run, outcome.response, outcome.origin.basePath) };
}

function withoutOriginNames({ exchange, plan }: Run, response: Response, basePath: string): Response {
  const headers = new Headers(response.headers);
  const { scheme, host } = exchange.facts;
  hideOrigin(headers, { bases: exchange.state.ruleset.originBases, basePath, rewrite: plan.action.rewrite, scheme, host });
  const { status, statusText, body } = response;
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
