import fc from "fast-check";
import { expect, test } from "vitest";
import type { Failure, FailureKind } from "../../../src/origin/classify.ts";
import { decideRetry } from "../../../src/origin/retry.ts";
import type { RetryInput } from "../../../src/origin/retry.ts";
import { verdictOf } from "../../../src/origin/verdict.ts";
import { RETRY } from "./fixtures.ts";

function failure(kind: FailureKind, more: Partial<Failure> = {}): Failure {
  return { kind, status: null, mayHaveExecuted: true, ...more };
}

const status = (code: number): Failure => failure("status", { status: code });

function given(more: Partial<RetryInput> = {}): RetryInput {
  return {
    failure: failure("reset"),
    settings: RETRY,
    method: "GET",
    hasIdempotencyKey: false,
    isUpgrade: false,
    attemptsMade: 1,
    hasOtherOrigin: true,
    bodyReplayable: true,
    remainingMs: null,
    nextIsFailing: false,
    budgetLeft: true,
    ...more,
  };
}

test.each<[string, Partial<RetryInput>, string]>([
  ["a GET after a broken connection", {}, "retry"],
  ["a PUT after a broken connection", { method: "PUT" }, "retry"],
  ["a POST that may have been carried out", { method: "POST" }, "not-idempotent"],
  ["a PATCH that may have been carried out", { method: "PATCH" }, "not-idempotent"],
  ["a method nobody knows", { method: "PROPFIND" }, "not-idempotent"],
  ["a POST with an idempotency key", { method: "POST", hasIdempotencyKey: true }, "retry"],
  ["a POST on a route that may run twice", { method: "POST", settings: { ...RETRY, unsafeMethods: true } }, "retry"],
  [
    "a POST that cannot have arrived",
    { method: "POST", failure: failure("connect-error", { status: 521, mayHaveExecuted: false }) },
    "retry",
  ],
  ["a POST whose connection may have been made", { method: "POST", failure: failure("connect-error", { status: 522 }) }, "not-idempotent"],
  ["a GET after 503", { failure: status(503) }, "retry"],
  ["a GET after 500", { failure: status(500) }, "retry"],
  ["a PUT after 500", { method: "PUT", failure: status(500) }, "kind-not-retried"],
  ["a status that the route does not name", { failure: status(503), settings: { ...RETRY, onStatus: [502] } }, "kind-not-retried"],
  ["a timeout", { failure: failure("timeout") }, "retry"],
  [
    "a timeout on a route that does not retry those",
    { failure: failure("timeout"), settings: { ...RETRY, onTimeout: false } },
    "kind-not-retried",
  ],
  ["a connection error on a route that does not retry those", { settings: { ...RETRY, onConnectError: false } }, "kind-not-retried"],
  ["a visitor who left", { failure: failure("client-gone") }, "client-gone"],
  ["a WebSocket handshake", { isUpgrade: true }, "upgrade"],
  ["the last attempt but one", { attemptsMade: 2 }, "retry"],
  ["the last attempt", { attemptsMade: 3 }, "attempts-spent"],
  ["nobody left to ask", { hasOtherOrigin: false }, "no-other-origin"],
  ["a body that is gone", { bodyReplayable: false }, "body-not-kept"],
  ["a millisecond before the deadline", { remainingMs: 1 }, "retry"],
  ["the deadline", { remainingMs: 0 }, "deadline"],
  ["a spent budget", { budgetLeft: false }, "budget-spent"],
  ["a next origin that mostly fails as well", { nextIsFailing: true }, "next-failing"],
])("retry: %s", (_, more, expected) => {
  const decision = decideRetry(given(more));
  expect(decision.retry ? "retry" : decision.reason).toBe(expected);
});

test("nothing that may have been carried out is sent twice without a licence", () => {
  const input = fc.record({
    failure: fc.record({
      kind: fc.constantFrom<FailureKind>("reset", "timeout", "connect-error", "dns", "tls", "status"),
      status: fc.constantFrom(500, 502, 503, 504),
      mayHaveExecuted: fc.constant(true),
    }),
    method: fc.constantFrom("POST", "PATCH", "LOCK"),
    attemptsMade: fc.integer({ min: 1, max: 4 }),
  });
  fc.assert(
    fc.property(input, (more) => {
      expect(decideRetry(given(more)).retry).toBe(false);
    }),
  );
});

test.each<[FailureKind, string]>([
  ["connect-error", "connection-failure"],
  ["dns", "connection-failure"],
  ["tls", "connection-failure"],
  ["reset", "connection-failure"],
  ["timeout", "if-another-answers"],
  ["status", "if-another-answers"],
  ["client-gone", "neutral"],
])("%s counts against the origin as %s", (kind, expected) => {
  const verdict = verdictOf(failure(kind));
  expect(verdict.kind === "now" ? verdict.outcome : verdict.kind).toBe(expected);
});
