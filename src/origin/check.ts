// One active check of one origin: a request, and whether its answer is what was expected, or a connection that is accepted. Reads
// at most the first 64 KiB of a body and cancels the rest; follows no redirect. The result is a value, never an exception. Called
// by check-run.ts.

import type { HealthCheckSnapshot, OriginSnapshot, PoolSnapshot } from "../config/pool-snapshot.ts";
import { CHECK_BODY_BYTES_MAX } from "../limits.ts";
import type { Ports } from "../ports.ts";
import { authorize, type AuthKeys } from "./auth.ts";
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
  readonly pool: Pick<PoolSnapshot, "name" | "auth">;
  readonly origin: OriginSnapshot;
  readonly health: HealthCheckSnapshot;
  readonly ports: Pick<Ports, "fetcher" | "connector" | "secrets" | "clock" | "log">;
  readonly auth: AuthKeys;
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
    const seen = input.health.kind === "tcp" ? connect(input, request.signal) : ask(input, request.signal);
    return await Promise.race([seen, timeout]);
  } finally {
    finished.abort();
    request.abort();
  }
}

async function connect({ origin, ports }: CheckInput, signal: AbortSignal): Promise<CheckResult> {
  const { hostname, port, protocol } = new URL(origin.base);
  const startedAtMs = ports.clock.nowMs();
  try {
    await ports.connector.connect(hostname, port === "" ? DEFAULT_PORTS[protocol === "https:" ? "https" : "http"] : Number(port), signal);
    return { passed: true, why: "ok", detail: "connection accepted", rttMs: Math.max(0, ports.clock.nowMs() - startedAtMs) };
  } catch (error) {
    const why = reasonOf(classifyError(error, { timedOut: false, clientGone: false }).kind);
    return failed(why, FAILED_DETAIL[why]);
  }
}

const DEFAULT_PORTS = { http: 80, https: 443 } as const;

async function ask(input: CheckInput, signal: AbortSignal): Promise<CheckResult> {
  const { pool, origin, health, ports } = input;
  const headers = new Headers({ "user-agent": "breakwater-health-check", "accept-encoding": "identity" });
  for (const [name, value] of health.headers) headers.set(name, value);
  const { url, init } = originRequest({
    pool: pool.name,
    origin,
    method: health.method,
    target: health.path,
    headers,
    body: null,
    signal,
    timeoutMs: health.timeoutMs,
    visitorHostname: health.host,
  });
  const startedAtMs = ports.clock.nowMs();
  try {
    await authorize({ url, init }, pool.auth, { memory: input.auth, ports, nowMs: startedAtMs });
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
  if (await bodyHas(response, health.expectBody)) return { passed: true, why: "ok", detail: `status ${status}`, rttMs: null };
  return failed("body", `status ${status}, the expected text is not in the first ${CHECK_BODY_BYTES_MAX} bytes of the body`);
}

/** Reads until the text was there, and never past the limit, however much comes. */
async function bodyHas(response: Response, wanted: string): Promise<boolean> {
  if (response.body === null) return false;
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let found = false;
  for (let left = CHECK_BODY_BYTES_MAX; left > 0 && !found;) {
    const { done, value } = await reader.read();
    if (done) break;
    // It may have begun in the piece before.
    const from = Math.max(0, text.length - wanted.length);
    text += decoder.decode(value.subarray(0, left), { stream: true });
    left -= value.byteLength;
    found = text.includes(wanted, from);
  }
  await reader.cancel();
  return found;
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
