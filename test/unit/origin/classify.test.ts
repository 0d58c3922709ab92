import { expect, test } from "vitest";
import { classifyError, classifyStatus, failureText } from "../../../src/origin/classify.ts";

const NEITHER = { timedOut: false, clientGone: false };

test.each([
  ["Network connection lost.", "reset"],
  ["internal error; reference = fr0a3579ql1bqgs73qv1peea", "connect-error"],
  ["Connection refused", "connect-error"],
  ["Could not connect", "connect-error"],
  ["The operation timed out", "timeout"],
  ["DNS lookup failed", "dns"],
  ["failed to lookup address information", "dns"],
  ["TLS handshake failed", "tls"],
  ["certificate has expired", "tls"],
  ["something that nobody ever saw", "reset"],
])("the thrown error %j is %s and never proves that nothing was carried out", (message, kind) => {
  expect(classifyError(new Error(message), NEITHER)).toEqual({ kind, status: null, mayHaveExecuted: true });
});

test("what the caller knows of the end goes before what the error says", () => {
  const abort = new DOMException("The operation was aborted", "AbortError");
  expect(classifyError(abort, { timedOut: true, clientGone: false }).kind).toBe("timeout");
  expect(classifyError(abort, { timedOut: true, clientGone: true }).kind).toBe("client-gone");
  expect(classifyError("not even an error", NEITHER).kind).toBe("reset");
});

test.each([
  [520, "reset", true],
  [521, "connect-error", false],
  [522, "connect-error", true],
  [523, "connect-error", false],
  [524, "timeout", true],
  [525, "tls", false],
  [526, "tls", false],
  [527, "reset", true],
  [530, "dns", false],
] as const)("the platform's own %i is %s, may have been carried out: %s", (status, kind, mayHaveExecuted) => {
  expect(classifyStatus(status, new Set())).toEqual({ kind, status, mayHaveExecuted });
});

test("an origin's own status is a failure only where the route says so", () => {
  const named = new Set([502, 503]);
  expect(classifyStatus(503, named)).toEqual({ kind: "status", status: 503, mayHaveExecuted: true });
  for (const status of [200, 101, 304, 404, 429, 500, 501, 504, 519, 531]) expect(classifyStatus(status, named)).toBeNull();
});

test("the log names the status of what the platform made up", () => {
  expect(failureText({ kind: "tls", status: 526, mayHaveExecuted: false })).toBe("tls 526");
  expect(failureText({ kind: "status", status: 503, mayHaveExecuted: true })).toBe("503");
  expect(failureText({ kind: "timeout", status: null, mayHaveExecuted: true })).toBe("timeout");
});
