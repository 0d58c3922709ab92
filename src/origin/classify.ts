// THE module that knows what a failed attempt looks like. Failures come as thrown errors (locally, nearly always the same
// sentence) and as responses with status 520 to 530 (in production); both become one closed union here. It never decides what
// follows from a failure: retry.ts and verdict.ts do. Called for attempts of requests and by the health checks.

/** connect-error: nobody took the connection. reset: it broke. status: the origin itself answered with a failure status. */
export type FailureKind = "connect-error" | "reset" | "timeout" | "dns" | "tls" | "client-gone" | "status";

export interface Failure {
  readonly kind: FailureKind;
  /** Of the response, when there was one. */
  readonly status: number | null;
  /** False only where it is certain that the origin never got the request. A thrown error never proves that. */
  readonly mayHaveExecuted: boolean;
  /** Its headers came; the body broke off, or was not as long as declared. */
  readonly inBody?: boolean;
}

/** What the caller knows about the end of an attempt that the error itself does not tell. */
export interface AttemptEnd {
  readonly timedOut: boolean;
  readonly clientGone: boolean;
}

/**
 * The statuses that Cloudflare answers with in an origin's place, from "Cloudflare 5xx errors" of its documents. 522 covers a
 * connection that was made and then not acknowledged, so the request may have arrived.
 */
const EDGE_FAILURES: ReadonlyMap<number, Failure> = new Map([
  [520, { kind: "reset", status: 520, mayHaveExecuted: true }],
  [521, { kind: "connect-error", status: 521, mayHaveExecuted: false }],
  [522, { kind: "connect-error", status: 522, mayHaveExecuted: true }],
  [523, { kind: "connect-error", status: 523, mayHaveExecuted: false }],
  [524, { kind: "timeout", status: 524, mayHaveExecuted: true }],
  [525, { kind: "tls", status: 525, mayHaveExecuted: false }],
  [526, { kind: "tls", status: 526, mayHaveExecuted: false }],
  [527, { kind: "reset", status: 527, mayHaveExecuted: true }],
  [530, { kind: "dns", status: 530, mayHaveExecuted: false }],
]);

/** Reads what fetch threw. The end as the caller knows it goes first: an abort looks the same whoever asked for it. */
export function classifyError(error: unknown, end: AttemptEnd): Failure {
  if (end.clientGone) return thrown("client-gone");
  if (end.timedOut) return thrown("timeout");
  const text = errorText(error);
  if (/timed? ?out/i.test(text)) return thrown("timeout");
  if (/\b(dns|name resolution|address information|not resolve)\b/i.test(text)) return thrown("dns");
  if (/\b(tls|ssl|certificate|handshake)\b/i.test(text)) return thrown("tls");
  // workerd hides DNS and TLS failures behind this one; either way no connection was usable.
  if (/internal error/i.test(text)) return thrown("connect-error");
  if (/refused|unreachable|connect/i.test(text) && !/connection (lost|reset|closed)/i.test(text)) return thrown("connect-error");
  return thrown("reset");
}

/** Null for an answer that is the origin's own and not a failure. `failureStatuses`: what the route calls a failure. */
export function classifyStatus(status: number, failureStatuses: ReadonlySet<number>): Failure | null {
  const edge = EDGE_FAILURES.get(status);
  if (edge !== undefined) return edge;
  return failureStatuses.has(status) ? { kind: "status", status, mayHaveExecuted: true } : null;
}

/** True for statuses that the platform made up in the origin's place: they are never passed on to a visitor. */
export function isEdgeFailure(status: number): boolean {
  return EDGE_FAILURES.has(status);
}

/** What the log and the digest show of an attempt. */
export function failureText(failure: Failure): string {
  return failure.kind === "status" ? String(failure.status) : failure.status === null ? failure.kind : `${failure.kind} ${failure.status}`;
}

function thrown(kind: FailureKind): Failure {
  return { kind, status: null, mayHaveExecuted: true };
}

function errorText(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
