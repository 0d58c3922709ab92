// Whether a failed attempt is followed by another one. Pure: a flat list of early returns, each with its reason, which the log
// and the docs name. It never picks the next origin (select.ts does).

import type { RetrySnapshot } from "../config/snapshot.ts";
import type { Failure } from "./classify.ts";

export type RetryRefusal =
  | "client-gone" // nobody waits for the answer
  | "upgrade" // a WebSocket handshake is not repeated
  | "attempts-spent" // the route's number of attempts
  | "no-other-origin" // every origin that may be used was tried
  | "kind-not-retried" // the route does not retry this kind of failure or this status
  | "not-idempotent" // the origin may have carried it out, and twice could do harm
  | "body-not-kept" // the body went out and was too large to keep
  | "deadline" // the route's total time is over
  | "next-failing" // the origin that would be next mostly fails as well: a retry would only add load
  | "budget-spent"; // the pool's share of retries

export type RetryDecision = { readonly retry: true } | { readonly retry: false; readonly reason: RetryRefusal };

export interface RetryInput {
  readonly failure: Failure;
  readonly settings: RetrySnapshot;
  readonly method: string;
  readonly hasIdempotencyKey: boolean;
  readonly isUpgrade: boolean;
  /** Attempts made so far, the failed one included. */
  readonly attemptsMade: number;
  readonly hasOtherOrigin: boolean;
  readonly bodyReplayable: boolean;
  /** Until the route's total time is over; null without one. */
  readonly remainingMs: number | null;
  /** The origin that would be next mostly fails as well. */
  readonly nextIsFailing: boolean;
  readonly budgetLeft: boolean;
}

/** RFC 9110 9.2.2. CONNECT never gets here. */
const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/** A 500 may be the end of work that was half done, so only methods that do no work are sent again. */
const SAFE: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE"]);

export function isIdempotent(method: string): boolean {
  return IDEMPOTENT.has(method);
}

/** RFC 9110 9.2.1. */
export function isSafe(method: string): boolean {
  return SAFE.has(method);
}

export function decideRetry(input: RetryInput): RetryDecision {
  const { failure, settings } = input;
  if (failure.kind === "client-gone") return no("client-gone");
  if (input.isUpgrade) return no("upgrade");
  if (input.attemptsMade >= settings.attempts) return no("attempts-spent");
  if (!isRetriedKind(failure, settings, input.method)) return no("kind-not-retried");
  if (failure.mayHaveExecuted && !mayRunTwice(input)) return no("not-idempotent");
  if (!input.bodyReplayable) return no("body-not-kept");
  if (!input.hasOtherOrigin) return no("no-other-origin");
  if (input.remainingMs !== null && input.remainingMs <= 0) return no("deadline");
  if (input.nextIsFailing) return no("next-failing");
  if (!input.budgetLeft) return no("budget-spent");
  return { retry: true };
}

function isRetriedKind(failure: Failure, settings: RetrySnapshot, method: string): boolean {
  switch (failure.kind) {
    case "connect-error":
    case "reset":
    case "dns":
    case "tls":
      return settings.onConnectError;
    case "timeout":
      return settings.onTimeout;
    case "status":
      if (failure.status === null || !settings.onStatus.includes(failure.status)) return false;
      return failure.status !== 500 || isSafe(method) || settings.unsafeMethods;
    case "client-gone":
      return false;
  }
}

/** A client that sends Idempotency-Key says that the origin recognises a repetition (draft-ietf-httpapi-idempotency-key-header). */
function mayRunTwice(input: RetryInput): boolean {
  return isIdempotent(input.method) || input.hasIdempotencyKey || input.settings.unsafeMethods;
}

function no(reason: RetryRefusal): RetryDecision {
  return { retry: false, reason };
}
