// THE order of the stages. Nothing else decides order.
//
//   request
//     | drill      a signed header puts faults on this one request
//     | control    paths under /_breakwater/ and PURGE: the operator's API, or an ordinary 404
//     | state      the release, overrides, purges and health that this request is decided with
//     | receive    Request -> Facts                               400 414 431 508
//     | judge      route -> protect -> rewrite -> plan, all pure   404 405 403 3xx 503 413, fixed responses
//     |            what rules want besides is brought: lists, the beginning of the body
//     | limits     rate limits                                     429
//     | lookup     Plan -> hit, stale, revalidate, miss, bypass    504 (only-if-cached)
//     | collapse   of those that would ask for the same, one does
//     | guard      rules before an origin is asked                 403 429
//     | fetch      origins: select, attempt, retry                 502 503 504
//     | admit      what is stored, and what the visitor gets       stale where an origin fails
//     | deliver    the route's header rules and status headers, for hits too
//     | answer     rules on the answer, for hits too               any
//     | record     rules for the log line, and the line
//   response
//
// What runs before lookup holds for stored answers too. What admit changes is stored. What deliver changes never is.

import { errorAnswer, type Answer } from "./answer.ts";
import type { Drill } from "./drill/signature.ts";
import type { EdgeError } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import type { PhaseVerdict } from "./firewall/evaluate.ts";
import type { RuleReporter } from "./observe/rule-reporter.ts";
import { isSafe } from "./origin/retry.ts";
import type { Log, Ports } from "./ports.ts";
import type { EdgeState } from "./release/state.ts";
import type { RouteMatch } from "./ruleset.ts";
import { applyAnswerRules } from "./stages/answer-rules.ts";
import { control, isControlRequest, type ControlSettings } from "./stages/control.ts";
import { drilledIsolate, drilledPorts, drillText, readDrill, tellDrill, withoutDrill, type DrilledIsolate } from "./stages/drill.ts";
import { countByAnswer, holdLimits } from "./stages/hold-limits.ts";
import { judge, type Judged } from "./stages/judge.ts";
import { evaluateLater } from "./stages/later-rules.ts";
import { proxy } from "./stages/proxy.ts";
import { receive, type Connection } from "./stages/receive.ts";
import { record } from "./stages/record.ts";
import { answerResponse, type AnswerContext } from "./stages/respond.ts";

/** What an isolate keeps between requests, made once by `index.ts`. */
export interface Isolate extends DrilledIsolate {
  readonly control: ControlSettings;
  /** Where the line of each request goes; null when there is none. */
  readonly accessLog: Log | null;
  /** Where what rules did is counted. */
  readonly ruleReporter: RuleReporter;
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
  if (exchange !== null) evaluateLater(exchange, "log", response);
  if (isolate.accessLog !== null) {
    const { method, url } = request;
    const told = { error, drill: drill === null ? null : drillText(drill), startedAtMs, endedAtMs: ports.clock.nowMs() };
    record({ id, method, url, exchange, response, ...told }, isolate.accessLog);
  }
  // After the rules of the phase log. What an operator tries is nothing that visitors did.
  if (exchange !== null && drill === null) isolate.ruleReporter.note({ exchange, status: response.status }, ports);
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

  const { holder, memory } = isolate;
  const judged = await judge({ id, request, facts: received.value, ruleset: state.ruleset, ports, holder, inspecting: memory.inspecting });
  try {
    return await judgedStages(incoming, judged, { isolate, ports, state });
  } finally {
    judged.giveBack();
  }
}

interface Surroundings {
  readonly isolate: Isolate;
  readonly ports: Ports;
  readonly state: EdgeState;
}

async function judgedStages(incoming: Incoming, judged: Judged, { isolate, ports, state }: Surroundings): Promise<Handled> {
  const { id, request } = incoming;
  const { decision, body, seen } = judged;
  const { facts, verdict, outcome, site, match } = decision;
  const exchange: Exchange = {
    id,
    facts,
    route: match?.route.id ?? null,
    state,
    request,
    body,
    firewall: { latest: verdict, body: seen, isRefused: false, headers: [], counting: [] },
    plan: outcome.kind === "proxy" ? outcome.plan : null,
    digest: newDigest(verdict),
  };
  const { method, headers } = request;
  const context: AnswerContext = { requestId: id, facts, site, method, accept: headers.get("accept"), match: null };
  const answered = (answer: Answer, own: RouteMatch | null): Handled => {
    exchange.digest.error = answer.kind === "error" ? answer.error.code : null;
    return { response: answerResponse(answer, { ...context, match: own }), exchange, error: exchange.digest.error };
  };
  if (judged.error !== null) return answered(errorAnswer(judged.error), null);
  if (outcome.kind === "answer" && outcome.stage !== "rewrite") return answered(outcome.answer, null);
  const counting = { ports, memory: isolate.memory.rates };
  const refusal = await holdLimits(exchange, { limits: verdict.limits, ...counting });
  if (refusal !== null) return withLimitHeaders(answered(refusal, null));
  const answer =
    outcome.kind === "answer"
      ? answered(outcome.answer, match).response
      : await proxy({ ...isolate.memory, exchange, plan: outcome.plan, ports });
  // By what the origin said: a rule on the answer may say something else to the visitor.
  countByAnswer(exchange, answer, counting);
  const response = applyAnswerRules(exchange, answer, context);
  return withLimitHeaders({ response, exchange, error: exchange.digest.error });
}

/** Those of both phases. An origin's own say nothing about limits here. A 101 passes untouched: a changed one breaks the WebSocket. */
function withLimitHeaders(handled: Handled): Handled {
  const { response, exchange } = handled;
  const headers = exchange?.firewall.headers ?? [];
  if (response.status === 101 || headers.length === 0) return handled;
  for (const [name] of headers) response.headers.delete(name);
  for (const [name, value] of headers) response.headers.append(name, value);
  return handled;
}

/** A first release takes some seconds to publish. */
const NO_RELEASE_RETRY_SECONDS = 5;

function refused({ id, request }: Incoming, error: EdgeError): Handled {
  const context = { requestId: id, facts: null, site: null, method: request.method, accept: request.headers.get("accept") };
  return { response: answerResponse(errorAnswer(error), context), exchange: null, error: error.code };
}

function newDigest({ matched, logged }: PhaseVerdict): Exchange["digest"] {
  const cache = { status: "NONE", ttlSeconds: null, fwd: null, fwdStatus: null, stored: false, collapsed: false, detail: null } as const;
  return { rules: [...matched], logged: { ...logged }, cache, attempts: [], ladder: [], error: null };
}
