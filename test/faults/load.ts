// The load, a process of its own: so many requests a second, each started at its time whether or not those before have ended (an
// open loop), so that a proxy that stalls is not spared. `node load.ts JOB` with an IPC channel: it says there when it began, and
// after `stop` what became of every request. Times count from the moment that a request was due.

import { Agent, request } from "node:http";
import type { IncomingMessage } from "node:http";

import { contentOf } from "./content.ts";
import { ID_HEADER, planned, startedBy, startOf } from "./traffic.ts";
import type { Planned, Traffic } from "./traffic.ts";

export interface LoadJob {
  /** Without a trailing slash. */
  readonly url: string;
  readonly traffic: Traffic;
  readonly perSecond: number;
  /** No other measurement of the run has this name. */
  readonly run: string;
}

export interface Sent extends Planned {
  /** When it was due, since the epoch. */
  readonly atMs: number;
  /** From then to the last byte of the answer, or to the error. */
  readonly ms: number;
  /** 0 when there was no answer. */
  readonly status: number;
  /** The body came to its end and is, byte for byte, what is at the path. */
  readonly intact: boolean;
  readonly hasRetryAfter: boolean;
  readonly error: string | null;
  /** The proxy's own name for the request, where it gives one. */
  readonly requestId: string | null;
}

export type LoadMessage = { readonly beganAtMs: number } | { readonly sent: readonly Sent[] };

type Answer = Pick<Sent, "status" | "intact" | "hasRetryAfter" | "error" | "requestId">;

/** No visitor waits longer; above all timeouts of the proxies but Breakwater's own. */
const ANSWER_MS_MAX = 20_000;

const NO_ANSWER: Answer = { status: 0, intact: false, hasRetryAfter: false, error: null, requestId: null };

const job = JSON.parse(process.argv[2] ?? "{}") as LoadJob;
const agent = new Agent({ keepAlive: true, maxFreeSockets: 1000 });
const under: Promise<Sent>[] = [];
const beganAtMs = now();
let stopped = false;

process.on("message", () => void stop());
process.on("disconnect", () => process.exit(0));
tell({ beganAtMs });
tick();

/** Milliseconds since the epoch, with fractions and without steps. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

function tell(message: LoadMessage): void {
  process.send?.(message);
}

function tick(): void {
  if (stopped) return;
  const due = startedBy(now() - beganAtMs, job.perSecond);
  while (under.length < due) under.push(one(under.length));
  setTimeout(tick, 1);
}

async function stop(): Promise<void> {
  stopped = true;
  const sent = await Promise.all(under);
  process.send?.({ sent } satisfies LoadMessage, () => process.exit(0));
}

async function one(number: number): Promise<Sent> {
  const plan = planned(job.traffic, job.run, number);
  const atMs = beganAtMs + startOf(number, job.perSecond);
  const answer = await send(plan);
  return { ...plan, ...answer, atMs, ms: now() - atMs };
}

function send(plan: Planned): Promise<Answer> {
  const headers: Record<string, string> = { "cf-connecting-ip": "198.51.100.7", [ID_HEADER]: plan.id };
  if (plan.hasKey) headers["idempotency-key"] = `"${plan.id}"`;
  const body = plan.method === "POST" ? `order ${plan.id}` : null;
  if (body !== null) headers["content-length"] = String(Buffer.byteLength(body));
  return new Promise((resolve) => {
    const sending = request(job.url + plan.path, { method: plan.method, headers, agent }, (response) => receive(response, plan, resolve));
    const patience = setTimeout(() => sending.destroy(new Error(`no answer within ${ANSWER_MS_MAX} ms`)), ANSWER_MS_MAX);
    sending.on("error", (error) => resolve({ ...NO_ANSWER, error: error.message }));
    sending.on("close", () => clearTimeout(patience));
    sending.end(body);
  });
}

function receive(response: IncomingMessage, plan: Planned, resolve: (answer: Answer) => void): void {
  const { "retry-after": retryAfter, "x-request-id": requestId } = response.headers;
  const head = {
    status: response.statusCode ?? 0,
    hasRetryAfter: retryAfter !== undefined,
    requestId: typeof requestId === "string" ? requestId : null,
  };
  const chunks: Buffer[] = [];
  response.on("data", (chunk: Buffer) => chunks.push(chunk));
  response.on("error", (error) => resolve({ ...head, intact: false, error: error.message }));
  response.on("end", () => resolve({ ...head, intact: Buffer.concat(chunks).equals(contentOf(plan.path, plan.bytes)), error: null }));
}
