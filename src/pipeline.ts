// THE order of the stages. Nothing else decides order.
//
//   request
//     | drill      a signed header puts faults on this one request
//     | control    paths under /_breakwater/ and PURGE: the operator's API, or an ordinary 404
//     | state      the release, overrides, purges and health that this request is decided with
//     | receive    Request -> Facts                               400 414 431 508
//     | decide     route -> protect -> rewrite -> plan, all pure   404 405 403 3xx 503 413, fixed responses
//     | lookup     Plan -> hit, stale, revalidate, miss, bypass    504 (only-if-cached)
//     | collapse   of those that would ask for the same, one does
//     | fetch      origins: select, attempt, retry                 502 503 504
//     | admit      what is stored, and what the visitor gets       stale where an origin fails
//     | deliver    response rules and status headers, for hits too
//     | record     one log line
//   response
//
// What runs before lookup holds for stored answers too. What admit changes is stored. What deliver changes never is.

import { errorAnswer } from "./answer.ts";
import { decide } from "./decide.ts";
import type { Drill } from "./drill/signature.ts";
import type { EdgeError } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import { isSafe } from "./origin/retry.ts";
import type { Log, Ports } from "./ports.ts";
import { control, isControlRequest, type ControlSettings } from "./stages/control.ts";
import { drilledIsolate, drilledPorts, drillText, readDrill, tellDrill, withoutDrill, type DrilledIsolate } from "./stages/drill.ts";
import { proxy } from "./stages/proxy.ts";
import { receive, type Connection } from "./stages/receive.ts";
import { record } from "./stages/record.ts";
import { answerResponse } from "./stages/respond.ts";

/** What an isolate keeps between requests, made once by `index.ts`. */
export interface Isolate extends DrilledIsolate {
  readonly control: ControlSettings;
  /** Where the line of each request goes; null when there is none. */
  readonly accessLog: Log | null;
}

export interface Incoming {
  readonly id: string;
  readonly request: Request;
  readonly connection: Connection | null;
}

/** What a request came to, for its log line. */
interface Handled {
  readonly response: Response;
  /** Null when the request ended before there were facts and a state. */
  readonly exchange: Exchange | null;
  readonly error: string | null;
}

export async function handle(incoming: Incoming, isolate: Isolate, ports: Ports): Promise<Response> {
  const { id, request } = incoming;
  const startedAtMs = ports.clock.nowMs();
  const drill = isControlRequest(request) ? null : await readDrill(request, ports);
  const handled = await (drill === null ? stages(incoming, isolate, ports, startedAtMs) : drilled(incoming, isolate, ports, drill));
  const { response, exchange, error } = handled;
  if (isolate.accessLog !== null) {
    const { method, url } = request;
    const told = { error, drill: drill === null ? null : drillText(drill), startedAtMs, endedAtMs: ports.clock.nowMs() };
    record({ id, method, url, exchange, status: response.status, ...told }, isolate.accessLog);
  }
  return response;
}

async function drilled(incoming: Incoming, isolate: Isolate, ports: Ports, drill: Drill): Promise<Handled> {
  const handled = isSafe(incoming.request.method)
    ? await stages(incoming, drilledIsolate(isolate, ports, drill), drilledPorts(ports, drill), ports.clock.nowMs())
    : refused(incoming, { code: "drill-method" });
  tellDrill(handled.response, drill, handled.exchange);
  return handled;
}

async function stages(incoming: Incoming, isolate: Isolate, ports: Ports, nowMs: number): Promise<Handled> {
  const { id, request } = incoming;
  if (isControlRequest(request)) {
    const response = await control(incoming, isolate, ports);
    return response === null ? refused(incoming, { code: "no-route" }) : { response, exchange: null, error: null };
  }
  const state = await isolate.holder.current(ports, nowMs);
  if (state === null) return refused(incoming, { code: "no-release", retryAfterSeconds: NO_RELEASE_RETRY_SECONDS });

  const { method, url } = request;
  const headers = withoutDrill(request.headers);
  const hasBody = request.body !== null;
  const received = receive({ method, url, headers, hasBody, connection: incoming.connection, nowMs }, state.ruleset.client);
  if (!received.ok) return refused(incoming, received.error);

  const facts = received.value;
  const decision = decide(state.ruleset, facts, id);
  const exchange: Exchange = { id, facts, state, request, plan: null, digest: newDigest(decision.rules) };
  if (decision.outcome.kind === "answer") {
    const { answer, stage } = decision.outcome;
    const match = stage === "rewrite" ? decision.match : null;
    const context = { requestId: id, facts, site: decision.site, method, accept: headers.get("accept"), match };
    return { response: answerResponse(answer, context), exchange, error: answer.kind === "error" ? answer.error.code : null };
  }
  exchange.plan = decision.outcome.plan;
  const response = await proxy({ ...isolate.memory, exchange, plan: decision.outcome.plan, ports });
  return { response, exchange, error: exchange.digest.error };
}

/** A first release takes some seconds to publish. */
const NO_RELEASE_RETRY_SECONDS = 5;

function refused({ id, request }: Incoming, error: EdgeError): Handled {
  const context = { requestId: id, facts: null, site: null, method: request.method, accept: request.headers.get("accept") };
  return { response: answerResponse(errorAnswer(error), context), exchange: null, error: error.code };
}

function newDigest(rules: Exchange["digest"]["rules"]): Exchange["digest"] {
  const cache = { status: "NONE", ttlSeconds: null, fwd: null, fwdStatus: null, stored: false, collapsed: false, detail: null } as const;
  return { rules, cache, attempts: [], ladder: [], error: null };
}
