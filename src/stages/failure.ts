// The last rungs when no origin answers and nothing stored may stand in: what the route's `failure` says, else an error page.
// Neither is ever stored, here or in a browser. Called by the proxy stage; it asks nobody.

import { errorAnswer, type Answer } from "../answer.ts";
import type { EdgeError } from "../errors.ts";
import { retryAfterMs } from "../origin/retry-after.ts";
import type { RouteMatch } from "../ruleset.ts";
import { ownAnswer } from "../transform/own-answer.ts";
import { templateValues } from "../transform/template.ts";
import type { FetchOutcome } from "./fetch-outcome.ts";
import { discard } from "./found.ts";
import { answerResponse } from "./respond.ts";
import type { Run } from "./run.ts";

type Failed = Extract<FetchOutcome, { kind: "failed" }>;

/** An answer with a status that the route calls no answer is none, whatever comes of that. */
export function asAnswered({ plan, ports }: Run, outcome: FetchOutcome): FetchOutcome {
  const { failure } = plan.action;
  if (outcome.kind === "failed" || failure === null || !failure.onStatus.includes(outcome.response.status)) return outcome;
  const waitMs = retryAfterMs(outcome.response.headers, ports.clock.nowMs());
  discard(outcome.response);
  return { kind: "failed", reason: "reset", retryAfterSeconds: waitMs === null ? null : Math.ceil(waitMs / 1000) };
}

export interface FailureResponse {
  readonly response: Response;
  readonly end: "redirect" | "page" | "error";
}

/** In place of the origin. */
export function failureResponse(run: Run, outcome: Failed): FailureResponse {
  const { exchange, plan } = run;
  const retryAfterSeconds = outcome.retryAfterSeconds ?? RETRY_AFTER_SECONDS;
  const { failure } = plan.action;
  if (failure === null) return { response: ended(run, originError(outcome, retryAfterSeconds)), end: "error" };
  const values = templateValues(exchange.facts, { requestId: exchange.id, params: plan.params });
  const answer = ownAnswer(failure.answer, { query: exchange.facts.query, values, why: "failure" });
  const response = respond(run, answer, { kind: "route", route: plan.route, params: plan.params });
  // After the route's own rules: a failure that a browser keeps lasts longer than the failure.
  response.headers.set("cache-control", "no-store");
  if (response.status === 503) response.headers.set("retry-after", String(Math.ceil(retryAfterSeconds)));
  return { response, end: failure.answer.kind === "redirect" ? "redirect" : "page" };
}

/** Ends a request with an error page. */
export function ended(run: Run, error: EdgeError): Response {
  run.exchange.digest.error = error.code;
  return respond(run, errorAnswer(error), null);
}

/** Ends a request with an answer of a rule. */
export function answered(run: Run, answer: Answer): Response {
  if (answer.kind === "error") run.exchange.digest.error = answer.error.code;
  return respond(run, answer, null);
}

function respond({ exchange, plan }: Run, answer: Answer, match: RouteMatch | null): Response {
  const { facts, id } = exchange;
  const context = { requestId: id, facts, site: plan.site, method: facts.method, accept: facts.headers.get("accept"), match };
  return answerResponse(answer, context);
}

function originError({ reason }: Failed, retryAfterSeconds: number): EdgeError {
  switch (reason) {
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
