// One attempt: sends the request to one origin and waits for its headers, no longer than it may. The result is an answer or a
// classified failure, never an exception. Called by the fetch stage; it knows neither circuits nor retries.

import type { TimeoutsSnapshot } from "../config/snapshot.ts";
import type { OriginAuthSnapshot, OriginSnapshot } from "../config/pool-snapshot.ts";

import { authorize, type AuthKeys } from "../origin/auth.ts";
import { classifyError } from "../origin/classify.ts";
import type { Failure } from "../origin/classify.ts";
import type { ReplayBody } from "../origin/replay.ts";
import { isBodiless, originRequest } from "../origin/request.ts";
import { isIdempotent } from "../origin/retry.ts";
import type { Ports } from "../ports.ts";

export interface AttemptInput {
  readonly pool: string;
  readonly origin: OriginSnapshot;
  /** Of the origin's pool; null sends nothing by which the origin knows us. */
  readonly auth: OriginAuthSnapshot | null;
  readonly authKeys: AuthKeys;
  readonly method: string;
  readonly target: string;
  readonly headers: Headers;
  readonly body: ReplayBody | null;
  readonly visitorHostname: string | null;
  readonly timeouts: TimeoutsSnapshot;
  /** When the route's total time is over; null without one. */
  readonly deadlineMs: number | null;
  /** Fires when the visitor leaves; null when the attempt goes on without one. */
  readonly visitor: AbortSignal | null;
  /** Ends the attempt, and its answer's body, for whoever no longer needs it. */
  readonly cancel: AbortController;
}

export type AttemptResult =
  | { readonly kind: "answer"; readonly response: Response }
  | { readonly kind: "failure"; readonly failure: Failure };

export async function attempt(input: AttemptInput, ports: Pick<Ports, "fetcher" | "secrets" | "clock" | "log">): Promise<AttemptResult> {
  const { visitor, body, cancel } = input;
  const leave = (): void => cancel.abort();
  const clientGone = (): boolean => visitor?.aborted === true || body?.broken() === true;
  if (clientGone()) return failureOf(null, { timedOut: false, clientGone: true });
  visitor?.addEventListener("abort", leave);
  body?.onBroken(leave);
  // Not AbortSignal.timeout(): that one would also cut the body off, long after the headers came.
  const timeout = startHeaderTimeout(input, ports, leave);
  try {
    const stream = isBodiless(input.method) ? null : (body?.open() ?? null);
    const timeoutMs = attemptTimeoutMs(input, ports.clock.nowMs());
    const { url, init } = originRequest({ ...input, body: stream, signal: cancel.signal, timeoutMs });
    if (input.auth !== null) await authorize({ url, init }, input.auth, { memory: input.authKeys, ports, nowMs: ports.clock.nowMs() });
    return { kind: "answer", response: readable(await ports.fetcher.fetch(url, init), input.headers) };
  } catch (error) {
    return failureOf(error, { timedOut: timeout.isOver(), clientGone: clientGone() });
  } finally {
    timeout.stop();
    visitor?.removeEventListener("abort", leave);
    // Who answered early has decided without the rest: its answer stands, whatever becomes of the upload.
    body?.onBroken(() => undefined);
  }
}

/** A status that HTTP does not know, or 101 for what was no handshake, is an answer that nobody can read: 502 (RFC 9110 15.6.3). */
function readable(response: Response, requestHeaders: Headers): Response {
  const { status } = response;
  if ((status >= 200 && status <= 599) || (status === 101 && requestHeaders.has("upgrade"))) return response;
  response.body?.cancel().catch(() => undefined);
  return new Response(null, { status: 502 });
}

function failureOf(error: unknown, end: { timedOut: boolean; clientGone: boolean }): AttemptResult {
  return { kind: "failure", failure: classifyError(error, end) };
}

function headersLimitMs({ body, method, timeouts }: AttemptInput): number {
  return body === null && isIdempotent(method) ? timeouts.headersMs : timeouts.headersWithBodyMs;
}

/** How long the origin's answer is waited for: what comes later is work for nobody. */
function attemptTimeoutMs(input: AttemptInput, nowMs: number): number {
  const { deadlineMs } = input;
  return Math.max(0, Math.min(headersLimitMs(input), deadlineMs === null ? Number.POSITIVE_INFINITY : deadlineMs - nowMs));
}

interface HeaderTimeout {
  isOver(): boolean;
  stop(): void;
}

/** With a body, the time counts from the last byte sent, and stands still while the visitor is the one to be waited for. */
function startHeaderTimeout(input: AttemptInput, { clock }: Pick<Ports, "clock">, onOver: () => void): HeaderTimeout {
  const { body, deadlineMs } = input;
  const limitMs = headersLimitMs(input);
  const startedAtMs = clock.nowMs();
  let over = false;
  const leftMs = (): number => {
    const nowMs = clock.nowMs();
    const idleMs = body?.waitsForVisitor() === true ? 0 : nowMs - Math.max(startedAtMs, body?.lastSentAtMs() ?? 0);
    return Math.min(limitMs - idleMs, deadlineMs === null ? Number.POSITIVE_INFINITY : deadlineMs - nowMs);
  };
  const check = (): void => {
    const left = leftMs();
    if (left > 0) {
      timer = setTimeout(check, left);
      return;
    }
    over = true;
    onOver();
  };
  let timer = setTimeout(check, Math.max(0, leftMs()));
  return { isOver: () => over, stop: () => clearTimeout(timer) };
}
