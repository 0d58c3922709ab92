// Part of the stage fetch: one attempt on its way, with its ticket, and what is made of its landing. Several of one request may be
// under way at once (hedging); only those that land are judged here. It decides neither retries nor hedges.

import { classifyStatus, failureText, isEdgeFailure } from "../origin/classify.ts";
import type { Failure } from "../origin/classify.ts";
import { withBody } from "../origin/body.ts";
import type { BegunBody } from "../origin/body.ts";
import { declaredLength } from "../http/byte-stream.ts";
import { holdBody, takeHoldRoom } from "../origin/hold.ts";
import { upSinceMs } from "../origin/merge.ts";
import type { Standing } from "../origin/merge.ts";
import { retryAfterMs } from "../origin/retry-after.ts";
import { serverOf } from "../origin/select.ts";
import type { Selection } from "../origin/select.ts";
import type { Ticket } from "../origin/table.ts";
import { HOLD_MS_MAX } from "../limits.ts";
import { poolOf, tierOf, type Asking } from "./asking.ts";
import { attempt } from "./attempt.ts";
import type { AnsweringOrigin, FetchedResponse } from "./fetch-outcome.ts";
import { report } from "./testimony.ts";

export interface Launched {
  readonly standing: Standing;
  readonly ticket: Ticket;
  readonly beganAtMs: number;
  /** Ends the attempt, its body included. */
  readonly cancel: AbortController;
  /** Never rejects. */
  readonly landing: Promise<Landing>;
}

export type Landing = GoodLanding | BadLanding;

export interface GoodLanding {
  readonly kind: "good";
  readonly answer: FetchedResponse;
  /** When it counted: with its headers, or with the body where that was read ahead. */
  readonly landedAtMs: number;
  /** Whether the body was read ahead: whole, or its beginning. */
  readonly ahead: BegunBody | "whole" | null;
}

export interface BadLanding {
  readonly kind: "bad";
  readonly failure: Failure;
  /** Where the origin's own status is the failure; null when there was no answer, or none that is whole. */
  readonly answer: FetchedResponse | null;
  readonly landedAtMs: number;
}

export function launch(asking: Asking, { standing, credits }: Selection): Launched {
  const { exchange, ports, table, markers, tried } = asking;
  const beganAtMs = ports.clock.nowMs();
  const pool = poolOf(asking, standing);
  markers.look(pool, ports);
  tried.add(serverOf(standing));
  asking.tiers.add(tierOf(standing));
  if (credits !== null) table.setCredits(standing.pool, credits);
  const ticket = table.begin(standing, beganAtMs, upSinceMs(exchange.state.health, standing.key, beganAtMs, pool.trust));
  const cancel = new AbortController();
  const landing = fly(asking, { standing, beganAtMs, cancel });
  // A visitor who leaves would end the request where it stands: its ticket never reported, its room never given back.
  ports.defer(landing);
  return { standing, ticket, beganAtMs, cancel, landing };
}

async function fly(asking: Asking, launched: Pick<Launched, "standing" | "beganAtMs" | "cancel">): Promise<Landing> {
  const { exchange, ports, input, body, deadlineMs, authKeys } = asking;
  const { standing, beganAtMs, cancel } = launched;
  const { originRequest, action } = input.plan;
  const result = await attempt(
    {
      pool: standing.pool,
      origin: standing.origin,
      auth: poolOf(asking, standing).auth,
      authKeys,
      method: input.method,
      target: input.target,
      headers: input.headers,
      body,
      visitorHostname: originRequest.resolveOverride ? exchange.facts.hostname : null,
      timeouts: action.timeouts,
      deadlineMs,
      visitor: input.abortWithVisitor === false ? null : exchange.request.signal,
      cancel,
    },
    ports,
  );
  const respondedAtMs = ports.clock.nowMs();
  if (result.kind === "failure") return { kind: "bad", failure: result.failure, answer: null, landedAtMs: respondedAtMs };
  const { response } = result;
  const answer: FetchedResponse = {
    kind: "response",
    response,
    origin: answeringOrigin(standing),
    requestedAtMs: beganAtMs,
    respondedAtMs,
  };
  const failure = classifyStatus(response.status, new Set(action.retry.onStatus));
  return failure === null ? await held(asking, answer) : { kind: "bad", failure, answer, landedAtMs: respondedAtMs };
}

/** A small answer is read whole before it counts as one. */
async function held({ hold, input, table, ports }: Asking, answer: FetchedResponse): Promise<Landing> {
  const { response } = answer;
  const streamed: GoodLanding = { kind: "good", answer, landedAtMs: answer.respondedAtMs, ahead: null };
  const length = declaredLength(response.headers);
  if (!hold || response.body === null || input.method !== "GET" || response.status === 101) return streamed;
  if (length === null || length === 0 || length > input.plan.action.retry.holdBytesMax) return streamed;
  const giveBack = takeHoldRoom(table.heldBytes, length, ports.clock.nowMs());
  if (giveBack === null) return streamed;
  const body = await holdBody(response.body, { length, maxMs: HOLD_MS_MAX }).finally(giveBack);
  const landedAtMs = ports.clock.nowMs();
  switch (body.kind) {
    case "whole":
      return { ...streamed, landedAtMs, answer: { ...answer, response: withBody(response, body.bytes) }, ahead: "whole" };
    case "begun":
      return { ...streamed, landedAtMs, ahead: body };
    case "broken":
      return { kind: "bad", failure: BROKEN_BODY, answer: null, landedAtMs };
    default:
      return body satisfies never;
  }
}

const BROKEN_BODY: Failure = { kind: "reset", status: null, mayHaveExecuted: true, inBody: true };

/** Tells what the attempt says about its origin. A failing answer that is the origin's own becomes `asking.best`. */
export function land(asking: Asking, { standing, ticket, beganAtMs }: Launched, landing: Landing): void {
  const { exchange, table, routeId } = asking;
  const { answer, landedAtMs } = landing;
  const ms = landedAtMs - beganAtMs;
  const outcome = landing.kind === "good" ? String(landing.answer.response.status) : failureText(landing.failure);
  exchange.digest.attempts.push({ pool: standing.pool, origin: standing.origin.id, outcome, ms });
  if (landing.kind === "good") table.routes.answered(routeId, standing.key, { ms, nowMs: landedAtMs });
  const asked = answer === null ? null : retryAfterMs(answer.response.headers, landedAtMs);
  report(asking, landing.kind === "good" ? null : landing.failure, { ticket, standing, retryAfterMs: asked });
  if (landing.kind === "bad" && answer !== null) keepBest(asking, answer);
}

/** A real answer, though a failing one, takes the place of the one before. What the platform made up is not passed on. */
function keepBest(asking: Asking, answer: FetchedResponse): void {
  const edge = isEdgeFailure(answer.response.status);
  const unwanted = edge ? answer : asking.best;
  if (unwanted !== null) discard(unwanted.response);
  if (!edge) asking.best = answer;
}

export function answeringOrigin({ pool, origin: { id, base, basePath } }: Standing): AnsweringOrigin {
  return { pool, id, base, basePath };
}

/** An unread body keeps one of the six connections that a request may have. */
export function discard(response: Response): void {
  response.body?.cancel().catch(() => undefined);
}
