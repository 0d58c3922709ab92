// Stage "fetch": the plan's request, carried to an origin that answers it. Selects, attempts, classifies, and goes on to
// another origin while the retry rules allow it. All decisions are pure functions of `origin/`; this file puts them in order
// and keeps the origin table informed. It never looks into the cache and never makes an error page.

import type { PoolSnapshot } from "../config/snapshot.ts";
import type { Exchange } from "../exchange.ts";
import { isFailing } from "../origin/budget.ts";
import { declaredLength } from "../http/byte-stream.ts";
import { classifyStatus, failureText, isEdgeFailure } from "../origin/classify.ts";
import type { Failure, FailureKind } from "../origin/classify.ts";
import { guardIdle } from "../origin/idle.ts";
import { originKey } from "../origin/health.ts";
import { poolStandings, upSinceMs } from "../origin/merge.ts";
import type { Standing } from "../origin/merge.ts";
import { NO_ROOM, createReplayBody, takeReplayRoom } from "../origin/replay.ts";
import type { ReplayBody } from "../origin/replay.ts";
import { nextTrySeconds, retryAfterMs } from "../origin/retry-after.ts";
import { decideRetry, isSafe } from "../origin/retry.ts";
import type { RetryInput } from "../origin/retry.ts";
import { poolChain, selectOrigin, serverOf } from "../origin/select.ts";
import type { Selection } from "../origin/select.ts";
import type { OriginTable } from "../origin/table.ts";
import type { Plan } from "../plan.ts";
import type { Ports } from "../ports.ts";
import { attempt } from "./attempt.ts";
import type { AttemptResult } from "./attempt.ts";
import { report, settleSuspects, type Testimony } from "./testimony.ts";

export interface FetchInput {
  readonly plan: Plan;
  readonly method: string;
  readonly target: string;
  readonly headers: Headers;
  readonly body: ReadableStream<Uint8Array> | null;
  /** False for work that goes on when the visitor leaves, such as filling the cache. Default true. */
  readonly abortWithVisitor?: boolean;
}

export type FetchOutcome =
  | {
      readonly kind: "response";
      /** Of any status: a 503 here is an origin's own, the last of those that were asked. */
      readonly response: Response;
      readonly origin: AnsweringOrigin;
      /** Of the attempt that was answered (RFC 9111 4.2.3 calls them request_time and response_time). */
      readonly requestedAtMs: number;
      readonly respondedAtMs: number;
    }
  | { readonly kind: "failed"; readonly reason: FetchFailureReason; readonly retryAfterSeconds: number | null };

export interface AnsweringOrigin {
  readonly pool: string;
  readonly id: string;
  readonly base: string;
  readonly basePath: string;
}

/** no-origin: an operator took every origin of the pool and its fallbacks away. Others: how the last attempt failed. */
export type FetchFailureReason = Exclude<FailureKind, "status"> | "no-origin";

type FailedAttempt = Extract<AttemptResult, { kind: "failure" }>;
type ResponseOutcome = Extract<FetchOutcome, { kind: "response" }>;

/** What one request carries through its attempts. */
interface Run extends Testimony {
  readonly input: FetchInput;
  readonly body: ReplayBody | null;
  readonly deadlineMs: number | null;
  readonly tried: Set<string>;
  /** The last real answer of an origin, passed on if nobody does better. Its body is unread. */
  best: ResponseOutcome | null;
}

export async function fetchFromOrigin(exchange: Exchange, ports: Ports, table: OriginTable, input: FetchInput): Promise<FetchOutcome> {
  const { ruleset } = exchange.state;
  table.keepOnly(ruleset.release, ruleset.pools);
  const length = declaredLength(input.headers);
  const { totalMs } = input.plan.action.timeouts;
  const { replayBytesMax } = input.plan.action.retry;
  // A large body gets room too: it may fail before much of it went out.
  const wanted = Math.min(length ?? replayBytesMax, replayBytesMax);
  const room = input.body === null ? NO_ROOM : takeReplayRoom(table.replayBytes, wanted, ports.clock.nowMs());
  const body = input.body === null ? null : createReplayBody(input.body, { bytesMax: room.bytesMax, length, clock: ports.clock });
  const deadlineMs = totalMs === null ? null : ports.clock.nowMs() + totalMs;
  const testimony: Testimony = { exchange, ports, table, routeId: input.plan.route.id, suspects: [] };
  const run: Run = { ...testimony, input, body, deadlineMs, tried: new Set(), best: null };
  try {
    return await attempts(run);
  } finally {
    settleSuspects(run);
    room.giveBack();
  }
}

async function attempts(run: Run): Promise<FetchOutcome> {
  const { table, ports, input } = run;
  let selection = select(run);
  if (selection === null) return { kind: "failed", reason: "no-origin", retryAfterSeconds: null };
  table.countRequest(input.plan.pool, ports.clock.nowMs());
  for (;;) {
    const result = await attemptOn(run, selection);
    if (result.kind === "response") return answered(run, result);
    const next = select(run);
    const decision = decideRetry(retryInput(run, result.failure, next));
    if (!decision.retry || next === null) return gaveUp(run, result.failure);
    table.countRetry(input.plan.pool, ports.clock.nowMs());
    selection = next;
  }
}

function select(run: Run): Selection | null {
  const { exchange, table, ports, input } = run;
  return selectOrigin({
    pools: exchange.state.ruleset.pools,
    pool: input.plan.pool,
    tried: run.tried,
    mayProbe: run.tried.size === 0 && isSafe(input.method) && !exchange.facts.isUpgrade && input.plan.action.retry.attempts > 1,
    facts: exchange.facts,
    standings: (pool) => standingsOf(run, pool),
    credits: (pool) => table.credits(pool),
    random: () => ports.random.next(),
  });
}

function standingsOf({ exchange, table, ports }: Run, pool: PoolSnapshot): readonly Standing[] {
  const { overrides, health } = exchange.state;
  return poolStandings({ pool, overrides, health, nowMs: ports.clock.nowMs(), local: (key) => table.local(key) });
}

/** A good answer, or the failure. A failing answer that is the origin's own is held in `run.best`. */
async function attemptOn(run: Run, { standing, credits }: Selection): Promise<ResponseOutcome | FailedAttempt> {
  const { exchange, ports, table, input } = run;
  const requestedAtMs = ports.clock.nowMs();
  run.tried.add(serverOf(standing));
  if (credits !== null) table.setCredits(standing.pool, credits);
  const ticket = table.begin(standing, requestedAtMs, upSinceMs(exchange.state.health, standing.key, requestedAtMs));
  const result = await attempt(
    {
      origin: standing.origin,
      method: input.method,
      target: input.target,
      headers: input.headers,
      body: run.body,
      visitorHostname: input.plan.originRequest.resolveOverride ? exchange.facts.hostname : null,
      timeouts: input.plan.action.timeouts,
      deadlineMs: run.deadlineMs,
      visitor: input.abortWithVisitor === false ? null : exchange.request.signal,
    },
    ports,
  );
  const respondedAtMs = ports.clock.nowMs();
  const failure =
    result.kind === "failure" ? result.failure : classifyStatus(result.response.status, new Set(input.plan.action.retry.onStatus));
  const response = result.kind === "answer" ? result.response : null;
  const outcome = failure === null ? String(response?.status) : failureText(failure);
  exchange.digest.attempts.push({ pool: standing.pool, origin: standing.origin.id, outcome, ms: respondedAtMs - requestedAtMs });
  report(run, failure, { ticket, standing, retryAfterMs: response === null ? null : retryAfterMs(response.headers, respondedAtMs) });
  if (result.kind === "failure") return result;
  const answer: ResponseOutcome = {
    kind: "response",
    response: result.response,
    origin: answeringOrigin(standing),
    requestedAtMs,
    respondedAtMs,
  };
  if (failure === null) return answer;
  hold(run, answer);
  return { kind: "failure", failure };
}

/** A real answer, though a failing one, takes the place of the one before. What the platform made up is not passed on. */
function hold(run: Run, answer: ResponseOutcome): void {
  const edge = isEdgeFailure(answer.response.status);
  const unwanted = edge ? answer : run.best;
  if (unwanted !== null) discard(unwanted.response);
  if (!edge) run.best = answer;
}

function retryInput(run: Run, failure: Failure, next: Selection | null): RetryInput {
  const { input, exchange, table, ports } = run;
  const nowMs = ports.clock.nowMs();
  return {
    failure,
    settings: input.plan.action.retry,
    method: input.method,
    hasIdempotencyKey: input.headers.has("idempotency-key"),
    isUpgrade: exchange.facts.isUpgrade,
    attemptsMade: run.tried.size,
    hasOtherOrigin: next !== null,
    bodyReplayable: run.body === null || run.body.replayable(),
    remainingMs: run.deadlineMs === null ? null : run.deadlineMs - nowMs,
    nextIsFailing: next !== null && isFailing(table.local(next.standing.key).recent, nowMs),
    budgetLeft: table.mayRetry(input.plan.pool, nowMs),
  };
}

function answered(run: Run, answer: ResponseOutcome): FetchOutcome {
  if (run.best !== null) discard(run.best.response);
  return guarded(run, answer);
}

/** The last real answer, if any origin gave one: what an origin says about its trouble is better than what we could say. */
function gaveUp(run: Run, failure: Failure): FetchOutcome {
  const gone = failure.kind === "client-gone";
  if (run.best !== null && !gone) return guarded(run, run.best);
  if (run.best !== null) discard(run.best.response);
  return {
    kind: "failed",
    reason: failure.kind === "status" ? "reset" : failure.kind,
    retryAfterSeconds: gone ? null : retryAfterSeconds(run),
  };
}

function guarded(run: Run, answer: ResponseOutcome): FetchOutcome {
  // A handshake's answer must be returned as it came: the socket hangs on it.
  if (answer.response.status === 101 || run.exchange.facts.isUpgrade) return answer;
  return { ...answer, response: guardIdle(answer.response, { idleMs: run.input.plan.action.timeouts.idleMs, clock: run.ports.clock }) };
}

function retryAfterSeconds({ exchange, table, ports, input }: Run): number | null {
  const keys = poolChain(exchange.state.ruleset.pools, input.plan.pool).flatMap((pool) =>
    pool.origins.map(({ id }) => originKey(pool.name, id)),
  );
  const circuits = keys.map((key) => table.local(key).circuit);
  return nextTrySeconds(circuits, ports.clock.nowMs());
}

function answeringOrigin({ pool, origin: { id, base, basePath } }: Standing): AnsweringOrigin {
  return { pool, id, base, basePath };
}

/** An unread body keeps one of the six connections that a request may have. */
function discard(response: Response): void {
  response.body?.cancel().catch(() => undefined);
}
