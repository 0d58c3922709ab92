// Stage "fetch": the plan's request, carried to an origin that answers it. Selects, attempts, classifies, asks another origin
// besides while one is silent, and goes on to another while the retry rules allow it. All decisions are pure functions of `origin/`;
// this file puts them in order. It never looks into the cache and never makes an error page.

import { guardBody } from "../origin/body.ts";
import { isFailing } from "../origin/budget.ts";
import { declaredLength } from "../http/byte-stream.ts";
import type { Failure } from "../origin/classify.ts";
import { originKey } from "../origin/health.ts";
import { NO_ROOM, createReplayBody, takeReplayRoom } from "../origin/replay.ts";
import { nextTrySeconds } from "../origin/retry-after.ts";
import { decideRetry } from "../origin/retry.ts";
import type { RetryInput } from "../origin/retry.ts";
import { HEDGE_LOOK_MS } from "../limits.ts";
import { poolChain } from "../origin/select.ts";
import type { Selection } from "../origin/select.ts";
import { select, type Asking } from "./asking.ts";
import type { FetchInput, FetchOutcome, FetchedResponse } from "./fetch-outcome.ts";
import { hedgeAtMs, hedgeSelection, settle } from "./hedge.ts";
import { discard, land, launch, type Landing, type Launched } from "./launch.ts";
import { resumeFor } from "./resume.ts";
import type { Run } from "./run.ts";
import { settleSuspects, type Testimony } from "./testimony.ts";

export type FetchRun = Pick<Run, "exchange" | "ports" | "origins" | "markers" | "authKeys">;

export async function fetchFromOrigin(
  { exchange, ports, origins: table, markers, authKeys }: FetchRun,
  input: FetchInput,
): Promise<FetchOutcome> {
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
  const testimony: Testimony = { exchange, ports, table, markers, routeId: input.plan.route.id, suspects: [] };
  const asking: Asking = { ...testimony, input, body, authKeys, deadlineMs, hold: true, tried: new Set(), best: null };
  try {
    return await attempts(asking);
  } finally {
    settleSuspects(asking);
    room.giveBack();
  }
}

async function attempts(asking: Asking): Promise<FetchOutcome> {
  const { table, ports, input } = asking;
  const selection = select(asking);
  if (selection === null) return { kind: "failed", reason: "no-origin", retryAfterSeconds: null };
  table.countRequest(input.plan.pool, ports.clock.nowMs());
  let latest = launch(asking, selection);
  const flying = new Set([latest]);
  let mayHedge = true;
  for (;;) {
    const event = await nextEvent(flying, mayHedge ? hedgeLookMs(hedgeInMs(asking, latest)) : null);
    if (event.kind === "silence") {
      if ((hedgeInMs(asking, latest) ?? 0) > 0) continue;
      const besides = hedgeSelection(asking, latest);
      mayHedge = besides !== null;
      if (besides !== null) latest = another(asking, besides, flying);
      continue;
    }
    const { launched, landing } = event;
    flying.delete(launched);
    if (landing.answer !== null && landing.failure === null) {
      settle(asking, event, flying);
      return answered(asking, landing.answer, { launched, ahead: landing.ahead });
    }
    land(asking, launched, landing);
    // Whoever is still under way is the retry.
    if (flying.size > 0) continue;
    const failure = landing.failure ?? UNANSWERED;
    const { size } = asking.tried;
    const next = select(asking, { isLast: size >= 2 && size === input.plan.action.retry.attempts - 1 });
    const decision = decideRetry(retryInput(asking, failure, next));
    if (!decision.retry || next === null) return gaveUp(asking, failure);
    latest = another(asking, next, flying);
  }
}

/** For the type's sake: what has neither answer nor failure does not exist. */
const UNANSWERED: Failure = { kind: "reset", status: null, mayHaveExecuted: true };

/** A retry or a hedge. */
function another(asking: Asking, selection: Selection, flying: Set<Launched>): Launched {
  asking.table.countExtra(asking.input.plan.pool, asking.ports.clock.nowMs());
  const launched = launch(asking, selection);
  flying.add(launched);
  return launched;
}

function hedgeInMs(asking: Asking, latest: Launched): number | null {
  const atMs = hedgeAtMs(asking, latest);
  return atMs === null ? null : Math.max(0, atMs - asking.ports.clock.nowMs());
}

/** Another request may learn meanwhile what is usual. */
function hedgeLookMs(inMs: number | null): number | null {
  return inMs === null ? null : Math.min(inMs, HEDGE_LOOK_MS);
}

type FetchEvent = { readonly kind: "landed"; readonly launched: Launched; readonly landing: Landing } | { readonly kind: "silence" };

/** @param silenceMs - Null waits for a landing however long it takes. */
async function nextEvent(flying: ReadonlySet<Launched>, silenceMs: number | null): Promise<FetchEvent> {
  const landings = [...flying].map(async (launched): Promise<FetchEvent> => ({
    kind: "landed",
    launched,
    landing: await launched.landing,
  }));
  if (silenceMs === null) return await Promise.race(landings);
  let timer: ReturnType<typeof setTimeout> | null = null;
  const silence = new Promise<FetchEvent>((resolve) => {
    timer = setTimeout(() => resolve({ kind: "silence" }), silenceMs);
  });
  try {
    return await Promise.race([...landings, silence]);
  } finally {
    if (timer !== null) clearTimeout(timer);
  }
}

function retryInput(asking: Asking, failure: Failure, next: Selection | null): RetryInput {
  const { input, exchange, table, ports } = asking;
  const nowMs = ports.clock.nowMs();
  const pool = exchange.state.ruleset.pools.get(input.plan.pool);
  return {
    failure,
    settings: input.plan.action.retry,
    method: input.method,
    hasIdempotencyKey: input.headers.has("idempotency-key"),
    isUpgrade: exchange.facts.isUpgrade,
    attemptsMade: asking.tried.size,
    hasOtherOrigin: next !== null,
    bodyReplayable: asking.body === null || asking.body.replayable(),
    remainingMs: asking.deadlineMs === null ? null : asking.deadlineMs - nowMs,
    nextIsFailing: next !== null && isFailing(table.local(next.standing.key).recent, nowMs),
    budgetLeft: pool === undefined || table.mayRetry(pool, nowMs),
  };
}

function answered(asking: Asking, answer: FetchedResponse, from: AnswerSource): FetchOutcome {
  if (asking.best !== null) discard(asking.best.response);
  return guarded(asking, answer, from);
}

interface AnswerSource {
  readonly launched: Launched;
  readonly ahead: Landing["ahead"];
}

/** The last real answer, if any origin gave one: what an origin says about its trouble is better than what we could say. */
function gaveUp(asking: Asking, failure: Failure): FetchOutcome {
  const gone = failure.kind === "client-gone";
  if (asking.best !== null && !gone) return guarded(asking, asking.best, null);
  if (asking.best !== null) discard(asking.best.response);
  return {
    kind: "failed",
    reason: failure.kind === "status" ? "reset" : failure.kind,
    retryAfterSeconds: gone ? null : retryAfterSeconds(asking),
  };
}

/** @param from - Null for a failing answer, which is not worth another origin's trouble. */
function guarded(asking: Asking, answer: FetchedResponse, from: AnswerSource | null): FetchOutcome {
  const { exchange, ports, input } = asking;
  // A handshake's answer must be returned as it came: the socket hangs on it.
  if (answer.response.status === 101 || exchange.facts.isUpgrade) return answer;
  const ahead = from?.ahead ?? null;
  if (ahead === "whole") return answer;
  const resume = from === null ? null : resumeFor(asking, answer, from.launched.standing);
  const { idleMs } = input.plan.action.timeouts;
  return { ...answer, response: guardBody(answer.response, { idleMs, clock: ports.clock, begun: ahead, resume }) };
}

function retryAfterSeconds({ exchange, table, ports, input }: Asking): number | null {
  const keys = poolChain(exchange.state.ruleset.pools, input.plan.pool).flatMap((pool) =>
    pool.origins.map(({ id }) => originKey(pool.name, id)),
  );
  const circuits = keys.map((key) => table.local(key).circuit);
  return nextTrySeconds(circuits, ports.clock.nowMs());
}
