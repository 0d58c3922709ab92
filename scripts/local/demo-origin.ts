// An origin server for demonstrations and tests: serves demo-pages.ts, records what reaches it, and fails when told to. One
// process each, so that it can be killed. It is controlled by requests to /__..., which it takes only when they come directly:
// a request with Via came through a proxy and gets 404.

import { appendFileSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";

import { PAGES, sendText } from "./demo-pages.ts";
import { echoWebSocket } from "./websocket.ts";

/** off: well. hang: takes the request and never answers. reset: closes the connection with RST. slow: answers after `ms`. */
export type FailMode = "off" | "500" | "502" | "503" | "504" | "hang" | "reset" | "slow";

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  /** Names and values in turn, as received. */
  readonly rawHeaders: readonly string[];
  /** How its arrival ended: the whole request came, or the connection broke before. Null while it is arriving. */
  arrival: "complete" | "cut" | null;
  /** How the answer ended: all of it was sent, or the connection broke before. Null while it is being sent. */
  answer: "sent" | "cut" | null;
}

/** An answer that a test puts at a path, instead of the page there. */
export interface CannedAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

interface OriginState {
  readonly name: string;
  /** File that gets one JSON line per request before it is answered: what a killed origin has seen. */
  readonly journal: string | null;
  fail: FailMode;
  failMs: number;
  seen: SeenRequest[];
  readonly canned: Map<string, CannedAnswer>;
}

/** Requests that are kept for /__seen; older ones are dropped. */
const SEEN_MAX = 10_000;

const FAIL_MODES: readonly string[] = ["off", "500", "502", "503", "504", "hang", "reset", "slow"] satisfies FailMode[];

function startOrigin(options: { readonly name: string; readonly port: number; readonly journal: string | null }): Promise<Server> {
  const state: OriginState = { name: options.name, journal: options.journal, fail: "off", failMs: 2_500, seen: [], canned: new Map() };
  // More than any proxy sends: what an edge lets through must not be refused here.
  const server = createServer({ maxHeaderSize: 256 * 1024 }, (request, response) => {
    handle(state, request, response).catch(() => response.destroy());
  });
  server.on("upgrade", (request, socket) => echoWebSocket(request, socket, [`X-Origin: ${state.name}`]));
  // Longer than any proxy keeps an idle connection: otherwise one is closed under a request that is just being sent.
  server.keepAliveTimeout = 120_000;
  return new Promise((resolve, reject) => {
    server.once("error", reject).listen(options.port, "127.0.0.1", () => resolve(server));
  });
}

async function handle(state: OriginState, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://origin.invalid");
  if (url.pathname.startsWith("/__")) return control(state, request, response);
  record(state, request, response);
  response.setHeader("x-origin", state.name);
  if (state.fail !== "off" && (await breakOnPurpose(state, request, response))) return;
  const canned = state.canned.get(url.pathname + url.search) ?? state.canned.get(url.pathname);
  const page = PAGES[url.pathname];
  const at = { request, response, url, origin: state.name };
  if (canned !== undefined) sendCanned(request, response, canned);
  else if (page !== undefined) await page(at);
  else sendText(at, 404, { "content-type": "text/plain" }, `no such page on ${state.name}\n`);
}

function record(state: OriginState, request: IncomingMessage, response: ServerResponse): void {
  const seen: SeenRequest = {
    method: request.method ?? "",
    url: request.url ?? "",
    rawHeaders: request.rawHeaders,
    arrival: null,
    answer: null,
  };
  request.once("end", () => (seen.arrival = "complete"));
  request.once("close", () => (seen.arrival ??= "cut"));
  response.once("close", () => (seen.answer = response.writableFinished ? "sent" : "cut"));
  state.seen.push(seen);
  if (state.journal !== null) appendFileSync(state.journal, `${JSON.stringify(seen)}\n`);
  if (state.seen.length > SEEN_MAX) state.seen = state.seen.slice(-SEEN_MAX);
}

/** @returns true when the request was answered, or never will be. */
async function breakOnPurpose(state: OriginState, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  if (state.fail === "hang") return true;
  if (state.fail === "reset") {
    request.socket.resetAndDestroy();
    return true;
  }
  if (state.fail === "slow") {
    await new Promise((resolve) => setTimeout(resolve, state.failMs));
    return false;
  }
  const retry = state.fail === "503" ? { "retry-after": "5" } : {};
  response.writeHead(Number(state.fail), { "content-type": "text/plain", ...retry }).end(`${state.name} fails on purpose\n`);
  return true;
}

function sendCanned(request: IncomingMessage, response: ServerResponse, canned: CannedAnswer): void {
  const body = Buffer.from(canned.body);
  const names = new Set(canned.headers.map(([name]) => name.toLowerCase()));
  for (const name of names) {
    const values = canned.headers.filter(([other]) => other.toLowerCase() === name).map(([, value]) => value);
    response.setHeader(name, values.length === 1 ? (values[0] ?? "") : values);
  }
  const empty = request.method === "HEAD" || canned.status === 204 || canned.status === 304;
  if (!empty && !names.has("content-length")) response.setHeader("content-length", body.length);
  response.writeHead(canned.status).end(empty ? undefined : body);
}

async function control(state: OriginState, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const answer = (status: number, value: unknown): void => {
    response.writeHead(status, { "content-type": "application/json" }).end(`${JSON.stringify(value)}\n`);
  };
  if (request.headers.via !== undefined) return answer(404, { error: "control requests are taken directly only" });
  const body = await readJson(request);
  if (request.url === "/__seen") return answer(200, state.seen);
  if (request.url === "/__forget") state.seen = [];
  else if (request.url === "/__answer") state.canned.set(String(body["path"]), body["answer"] as CannedAnswer);
  else if (request.url === "/__fail" && FAIL_MODES.includes(String(body["mode"]))) {
    state.fail = String(body["mode"]) as FailMode;
    state.failMs = Number(body["ms"] ?? state.failMs);
  } else return answer(400, { error: `expected POST /__fail with {"mode": ${FAIL_MODES.join(" | ")}, "ms": number}` });
  answer(200, { ok: true, fail: state.fail });
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString("utf8") || "{}");
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { name: { type: "string", default: "origin" }, port: { type: "string", default: "0" }, journal: { type: "string" } },
  });
  try {
    const server = await startOrigin({ name: values.name, port: Number(values.port), journal: values.journal ?? null });
    process.send?.({ port: (server.address() as AddressInfo).port });
  } catch (error) {
    process.send?.({ error: error instanceof Error ? error.message : String(error), code: (error as NodeJS.ErrnoException).code });
    process.exitCode = 1;
    process.disconnect?.();
  }
}

if (import.meta.main) {
  // The parent holds a channel: when it disappears, however it ended, so does this process.
  process.on("disconnect", () => process.exit());
  // Ctrl-C in a terminal reaches the whole group; the parent decides when this process ends.
  process.on("SIGINT", () => undefined);
  await main();
}
