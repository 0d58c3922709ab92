// One active check of one origin: a request, and whether its answer is what was expected. Reads at most the first 64 KiB of
// the body and cancels the rest. The result is a value, never an exception. Called by scheduled.ts.

import type { HealthCheckSnapshot, OriginSnapshot } from "../config/snapshot.ts";
import { CHECK_BODY_BYTES_MAX } from "../limits.ts";
import type { Ports } from "../ports.ts";
import { classifyError, classifyStatus } from "./classify.ts";
import type { FailureKind } from "./classify.ts";
import type { HealthReason } from "./health.ts";
import { originRequest } from "./request.ts";

/** Resolves after that time, or at once when the signal fires. */
export type Sleep = (ms: number, signal: AbortSignal | null) => Promise<void>;

export interface CheckResult {
  readonly passed: boolean;
  readonly why: HealthReason;
  readonly detail: string;
  /** To the headers; null when none came. */
  readonly rttMs: number | null;
}

export interface CheckInput {
  readonly origin: OriginSnapshot;
  readonly health: HealthCheckSnapshot;
  readonly ports: Pick<Ports, "fetcher" | "clock">;
  readonly sleep: Sleep;
}

export async function checkOrigin(input: CheckInput): Promise<CheckResult> {
  const request = new AbortController();
  const finished = new AbortController();
  const { timeoutMs } = input.health;
  const timeout = input.sleep(timeoutMs, finished.signal).then((): CheckResult => ({
    passed: false,
    why: "timeout",
    detail: `no answer in ${timeoutMs} ms`,
    rttMs: null,
  }));
  try {
    return await Promise.race([ask(input, request.signal), timeout]);
  } finally {
    finished.abort();
    request.abort();
  }
}

async function ask(input: CheckInput, signal: AbortSignal): Promise<CheckResult> {
  const { origin, health, ports } = input;
  const headers = new Headers({ "user-agent": "breakwater-health-check", "accept-encoding": "identity" });
  for (const [name, value] of health.headers) headers.set(name, value);
  const { url, init } = originRequest({
    origin,
    method: health.method,
    target: health.path,
    headers,
    body: null,
    signal,
    visitorHostname: null,
  });
  const startedAtMs = ports.clock.nowMs();
  try {
    const response = await ports.fetcher.fetch(url, init);
    const rttMs = Math.max(0, ports.clock.nowMs() - startedAtMs);
    return { ...(await judge(response, health)), rttMs };
  } catch (error) {
    const { kind } = classifyError(error, { timedOut: false, clientGone: false });
    return failed(reasonOf(kind), FAILED_DETAIL[reasonOf(kind)]);
  }
}

async function judge(response: Response, health: HealthCheckSnapshot): Promise<CheckResult> {
  const { status } = response;
  const expected = health.expectStatus.some(([from, to]) => status >= from && status <= to);
  if (!expected || health.expectBody === null) {
    await response.body?.cancel();
    if (expected) return { passed: true, why: "ok", detail: `status ${status}`, rttMs: null };
    const edge = classifyStatus(status, new Set());
    return failed(
      edge === null ? "status" : reasonOf(edge.kind),
      `status ${status}, expected ${health.expectStatus.map(rangeText).join(", ")}`,
    );
  }
  const text = await firstText(response);
  if (text.includes(health.expectBody)) return { passed: true, why: "ok", detail: `status ${status}`, rttMs: null };
  return failed("body", `status ${status}, the expected text is not in the first ${CHECK_BODY_BYTES_MAX} bytes of the body`);
}

/** The body's beginning as text. What comes after the limit is never read, however much it is. */
async function firstText(response: Response): Promise<string> {
  if (response.body === null) return "";
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (let left = CHECK_BODY_BYTES_MAX; left > 0;) {
    const { done, value } = await reader.read();
    if (done) break;
    text += decoder.decode(value.subarray(0, left), { stream: true });
    left -= value.byteLength;
  }
  await reader.cancel();
  return text;
}

const FAILED_DETAIL: Readonly<Record<HealthReason, string>> = {
  ok: "",
  "connect-error": "no connection",
  timeout: "no answer in time",
  dns: "the host name does not resolve",
  tls: "the TLS handshake failed",
  reset: "the connection broke or was refused",
  status: "unexpected status",
  body: "unexpected body",
};

function failed(why: HealthReason, detail: string): CheckResult {
  return { passed: false, why, detail, rttMs: null };
}

function reasonOf(kind: FailureKind): HealthReason {
  return kind === "client-gone" ? "timeout" : kind;
}

function rangeText([from, to]: readonly [number, number]): string {
  return from === to ? String(from) : `${from}-${to}`;
}
