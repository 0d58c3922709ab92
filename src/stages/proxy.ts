// The way of a request that has a plan: lookup, fetch, admit, deliver. Orchestrates only: each step is a stage of its own.

import type { Flight } from "../cache/flights.ts";
import type { Exchange } from "../exchange.ts";
import { parseAge } from "../http/age.ts";
import { stripHopByHop } from "../http/hop-by-hop.ts";
import { ladder, type LadderEnd, type LadderInput } from "../observe/ladder.ts";
import { poolChain } from "../origin/select.ts";
import type { Plan } from "../plan.ts";
import { hideOrigin } from "../transform/origin-names.ts";
import { admit } from "./admit.ts";
import { collapse, backgroundFlight } from "./collapse.ts";
import type { RuleChanges } from "../firewall/changes.ts";
import { askAndComplete } from "./complete.ts";
import { deliver } from "./deliver.ts";
import { answered, asAnswered, ended, failureResponse } from "./failure.ts";
import { fetchFromOrigin } from "./fetch.ts";
import type { FetchInput, FetchOutcome } from "./fetch-outcome.ts";
import { discard, type StoredAt } from "./found.ts";
import { changedRequest, guardOrigin } from "./guard-origin.ts";
import { holdLimits } from "./hold-limits.ts";
import { lookup, originRequest, type Lookup } from "./lookup.ts";
import { admitRefresh } from "./refresh.ts";
import type { Run } from "./run.ts";
import { mayHavePins, NO_PINS, pinnedOrigins, readPins, stickyCookie } from "./stick.ts";
import { countBody, type CountedBody } from "./request-body.ts";

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
  const { answer, limits, changes } = guardOrigin(exchange);
  // Nothing is waited for where there is no limit: the visitor's own request goes out before what is fetched besides.
  const refusal = answer ?? (limits.length === 0 ? null : await holdLimits(exchange, { limits, ports, memory: run.rates }));
  if (refusal !== null) {
    exchange.firewall.isRefused = true;
    if (found.kind === "revalidate" || found.kind === "complete") discard(found.found.body);
    return answered(run, refusal);
  }
  const body = requestBody(exchange, plan);
  const pins = mayHavePins(run) ? await readPins(run) : NO_PINS;
  const asking = { body: body?.stream ?? null, pins: pinnedOrigins(pins), flight, changes };
  const { lookup: asked, outcome: brought } = await askAndComplete(found, ports, (each) => askOrigin(run, each, asking));
  if (body?.exceeded() === true) return ended(run, { code: "body-too-large" });
  const outcome = asAnswered(run, brought);
  const admitted = await admit(exchange, ports, plan, { lookup: asked, outcome, flight });
  if (admitted !== null) {
    noteLadder(run, { hadStored: found.kind === "revalidate", end: endOf(run, outcome) });
    return deliver(exchange, admitted, await stickyCookie(run, pins, outcome));
  }
  if (outcome.kind !== "failed") throw new Error("the admit stage gave no answer to a response");
  const { response, end } = failureResponse(run, outcome);
  noteLadder(run, { hadStored: found.kind === "revalidate", end });
  return response;
}

/** A failing answer of an origin, by the measure by which others were asked. */
function endOf({ exchange, plan }: Run, outcome: FetchOutcome): LadderEnd {
  const { status, detail } = exchange.digest.cache;
  if (status === "STALE" && detail === "origin-error") return "stale";
  const isFailing = outcome.kind === "response" && plan.action.retry.onStatus.includes(outcome.response.status);
  return isFailing ? "origin-answer" : "answered";
}

function noteLadder({ exchange, plan }: Run, { hadStored, end }: Pick<LadderInput, "hadStored" | "end">): void {
  const { attempts } = exchange.digest;
  // Nearly always: the chain of pools need not be walked.
  if (end === "answered" && attempts.length === 1 && attempts[0]?.pool === plan.pool) return;
  const pools = poolChain(exchange.state.ruleset.pools, plan.pool).map(({ name }) => name);
  exchange.digest.ladder = ladder({ pools, attempts, hadStored, end });
}

/** Asks for what the store should have, unless another request does. The visitor has left this behind, or never needed it. */
function inBackground(run: Run, found: Lookup, refresh: StoredAt | null): void {
  const { plan, ports } = run;
  const place = backgroundFlight(run, found);
  if (place === null) return;
  const { flight } = place;
  // What comes of it is not part of what happened to the visitor.
  const exchange: Exchange = { ...run.exchange, digest: structuredClone(run.exchange.digest), firewall: { ...run.exchange.firewall } };
  const work = async (): Promise<void> => {
    // Nobody is refused anything here, so nobody is counted either; what no visitor may ask the origin, neither may we.
    const { answer, changes } = guardOrigin(exchange);
    if (answer !== null) return;
    const outcome = await askOrigin({ ...run, exchange }, found, { body: null, pins: pinnedOrigins(NO_PINS), flight, changes });
    await admitRefresh(exchange, ports, plan, { refresh, outcome, flight });
  };
  ports.defer(work().finally(() => flight?.leave()));
}

type AskedWith = Pick<FetchInput, "body" | "pins"> & { readonly flight: Flight | null; readonly changes: RuleChanges };

/** The fetch stage, with the origin's name and connection taken out of its answer: what is stored is as visitors may see it. */
async function askOrigin(run: Run, found: Lookup, { body, pins, flight, changes }: AskedWith): Promise<FetchOutcome> {
  const { plan, ports } = run;
  const planned = originRequest(plan, found, ports.clock.nowMs());
  const { method, target, headers } = changedRequest({ ...planned, target: plan.originRequest.target }, run.exchange, changes);
  // What others may wait for is wanted without this visitor too.
  const abortWithVisitor = flight === null || found.kind === "bypass" || (found.kind === "miss" && found.pass);
  const outcome = await fetchFromOrigin(run, {
    plan,
    method,
    target,
    headers,
    body,
    pins,
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
  const {
    body,
    request: { method },
  } = exchange;
  if (body === null || method === "GET" || method === "HEAD") return null;
  if (exchange.facts.contentLength !== null) return { stream: body, exceeded: () => false };
  return countBody(body, plan.route.bodyBytesMax);
}
