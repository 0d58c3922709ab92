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
import { HEDGE_LOOK_MS, STEP_DOWNS_MAX } from "../limits.ts";
import { poolChain, serverAt } from "../origin/select.ts";
import type { Selection } from "../origin/select.ts";
import { routePool, select, tierOf, type Asking } from "./asking.ts";
import type { FetchInput, FetchOutcome, FetchedResponse } from "./fetch-outcome.ts";
import { hedgeAtMs, hedgeSelection, settle } from "./hedge.ts";
import { discard, land, launch, type GoodLanding, type Landing, type Launched } from "./launch.ts";
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
  const asking: Asking = { ...testimony, input, body, authKeys, deadlineMs, hold: true, tried: new Set(), tiers: new Set(), best: null };
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
  let lookAtMs = 0;
  for (;;) {
    const event = await nextEvent(flying, silenceMs(asking, latest, lookAtMs));
    if (event.kind === "silence") {
      const besides = hedgeSelection(asking, latest);
      if (besides === null) lookAtMs = nextLookMs(asking, latest);
      else latest = another(asking, besides, flying);
      continue;
    }
    const { launched, landing } = event;
    flying.delete(launched);
    if (landing.kind === "good") {
      settle(asking, { launched, landing }, flying);
      return answered(asking, landing.answer, { launched, ahead: landing.ahead });
    }
    land(asking, launched, landing);
    // Whoever is still under way is the retry.
    if (flying.size > 0) continue;
    const next = retrySelection(asking, landing.failure);
    if (next === null) return gaveUp(asking, landing.failure);
    latest = another(asking, next, flying);
  }
}

/** A retry or a hedge. A step down costs no budget: who is asked there had no part in the failure. */
function another(asking: Asking, selection: Selection, flying: Set<Launched>): Launched {
  if (!isStepDown(asking, selection)) asking.table.countExtra(asking.input.plan.pool, asking.ports.clock.nowMs());
  const launched = launch(asking, selection);
  flying.add(launched);
  return launched;
}

/** Until the next look at whether another origin should be asked besides; null for never. */
function silenceMs(asking: Asking, latest: Launched, lookAtMs: number): number | null {
  const atMs = hedgeAtMs(asking, latest);
  if (atMs === null) return null;
  const nowMs = asking.ports.clock.nowMs();
  // Another request may learn meanwhile what is usual.
  return Math.max(0, Math.min(Math.max(atMs, lookAtMs), Math.max(nowMs + HEDGE_LOOK_MS, lookAtMs)) - nowMs);
}

/** The longer it is silent, the rarer: a request of a minute is looked at some twenty times. */
function nextLookMs({ ports }: Asking, { beganAtMs }: Launched): number {
  const nowMs = ports.clock.nowMs();
  return nowMs + Math.max(HEDGE_LOOK_MS, (nowMs - beganAtMs) / 4);
}

/** Who is asked after a failure: an equal that does not mostly fail itself, else a tier that was not asked yet. */
function retrySelection(asking: Asking, failure: Failure): Selection | null {
  const isWorthIt = (selection: Selection | null): boolean => decideRetry(retryInput(asking, failure, selection)).retry;
  const next = select(asking, { tried: new Set([...asking.tried, ...failingServers(asking)]) }) ?? select(asking);
  if (next !== null && isWorthIt(next)) return next;
  const lower = select(asking, { isStepDown: true });
  return lower !== null && isWorthIt(lower) ? lower : null;
}

function failingServers({ exchange, table, ports, input }: Asking): readonly string[] {
  const nowMs = ports.clock.nowMs();
  const isBad = (pool: string, id: string): boolean => isFailing(table.local(originKey(pool, id)).recent, nowMs);
  return poolChain(exchange.state.ruleset.pools, input.plan.pool).flatMap(({ name, origins }) =>
    origins.filter(({ id }) => isBad(name, id)).map(serverAt),
  );
}

function isStepDown({ tiers }: Asking, { standing }: Selection): boolean {
  return !tiers.has(tierOf(standing));
}

type FetchEvent = { readonly kind: "landed"; readonly launched: Launched; readonly landing: Landing } | { readonly kind: "silence" };

/** @param waitMs - Null waits for a landing however long it takes. */
async function nextEvent(flying: ReadonlySet<Launched>, waitMs: number | null): Promise<FetchEvent> {
  const landings = [...flying].map(async (launched): Promise<FetchEvent> => ({
    kind: "landed",
    launched,
    landing: await launched.landing,
  }));
  if (waitMs === null) return await Promise.race(landings);
  let timer: ReturnType<typeof setTimeout> | null = null;
  const silence = new Promise<FetchEvent>((resolve) => {
    timer = setTimeout(() => resolve({ kind: "silence" }), waitMs);
  });
  try {
    return await Promise.race([...landings, silence]);
  } finally {
    if (timer !== null) clearTimeout(timer);
  }
}

function retryInput(asking: Asking, failure: Failure, next: Selection | null): RetryInput {
  const { input, exchange, table, ports, tried } = asking;
  const nowMs = ports.clock.nowMs();
  const settings = input.plan.action.retry;
  const isStep = next !== null && isStepDown(asking, next) && settings.attempts > 1 && tried.size < settings.attempts + STEP_DOWNS_MAX;
  return {
    failure,
    settings,
    method: input.method,
    hasIdempotencyKey: input.headers.has("idempotency-key"),
    isUpgrade: exchange.facts.isUpgrade,
    // The attempts are those among equals; a step down comes on top.
    attemptsMade: isStep ? Math.min(tried.size, settings.attempts - 1) : tried.size,
    hasOtherOrigin: next !== null,
    bodyReplayable: asking.body === null || asking.body.replayable(),
    remainingMs: asking.deadlineMs === null ? null : asking.deadlineMs - nowMs,
    nextIsFailing: next !== null && isFailing(table.local(next.standing.key).recent, nowMs),
    budgetLeft: isStep || table.mayRetry(routePool(asking), nowMs),
  };
}

function answered(asking: Asking, answer: FetchedResponse, from: AnswerSource): FetchOutcome {
  if (asking.best !== null) discard(asking.best.response);
  return guarded(asking, answer, from);
}

interface AnswerSource {
  readonly launched: Launched;
  readonly ahead: GoodLanding["ahead"];
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
