// A real HTTP server with the shape of Cloudflare's REST API for KV, of the local explorer, and of a Worker's admin API on top of
// the same values. Faults are switched on by the tests: refusals, outage, reads that lag, a rival that writes in between.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export const ACCOUNT = "0123456789abcdef0123456789abcdef";
export const API_TOKEN = "api-token-of-the-tests";
export const ADMIN_TOKEN = "admin-token-of-the-tests";

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly authorization: string;
}

/** What to answer in place of the real answer; `drop` closes the connection, `silence` never answers. */
export type Fault = "drop" | "silence" | { readonly status: number; readonly headers?: Readonly<Record<string, string>> };

export interface KvServer {
  readonly url: string;
  readonly values: Map<string, string>;
  /** Every request in order. */
  readonly seen: Seen[];
  /** Keys in the order in which they were written. */
  readonly written: string[];
  /** Bodies of the requests to purge, those that were refused included. */
  readonly purges: unknown[];
  /** So many requests to purge are granted, the next ones are answered 503. */
  purgesGranted: number;
  /** Asked before each KV request. */
  fault: (request: { readonly method: string; readonly key: string }) => Fault | null;
  /** Runs when a request was met with silence. */
  silenced: () => void;
  /** Runs after a value was stored and before the answer: a rival, a lagging replica. */
  afterPut: (key: string) => void;
  /** Next reads of a key that get this text instead (null: missing). */
  readonly lagging: Map<string, (string | null)[]>;
  /** What the Worker's admin API says on /status and /refresh; null answers from the values. */
  status: unknown;
  /** What it says on /origins; null answers as a Worker that is older than that path. */
  origins: unknown;
  namespaces: readonly { readonly id: string; readonly title: string }[];
  /** As it was started: no values, no faults, nothing noted, nobody connected. */
  reset(): void;
  close(): Promise<void>;
}

/** What tests change. */
type Told = Omit<KvServer, "url" | "reset" | "close">;

export async function startKvServer(): Promise<KvServer> {
  const server = createServer();
  const state: KvServer = {
    ...untouched(),
    url: "",
    reset: () => {
      server.closeAllConnections();
      Object.assign(state, untouched());
    },
    close: () => close(server),
  };
  server.on("request", (request, response) => void answer(state, request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(state, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

function untouched(): Told {
  return {
    values: new Map(),
    seen: [],
    written: [],
    purges: [],
    purgesGranted: Number.POSITIVE_INFINITY,
    fault: () => null,
    silenced: () => undefined,
    afterPut: () => undefined,
    lagging: new Map(),
    status: null,
    origins: null,
    namespaces: [{ id: "CONFIG", title: "CONFIG" }],
  };
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

async function answer(state: KvServer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(request);
  const { method = "", url = "" } = request;
  const authorization = request.headers.authorization ?? "";
  state.seen.push({ method, path: url, authorization });
  const local = "/cdn-cgi/local/explorer/api/storage/kv/namespaces";
  const remote = `/client/v4/accounts/${ACCOUNT}/storage/kv/namespaces`;
  const base = [local, remote].find((prefix) => url.startsWith(prefix));
  if (url.startsWith("/_breakwater/")) return admin(state, { method, url, body, authorization }, response);
  if (url.startsWith("/client/v4/accounts?")) return send(response, 200, envelope([{ id: ACCOUNT, name: "Tests" }]));
  if (base === undefined) return send(response, 404, "not found");
  if (base === remote && authorization !== `Bearer ${API_TOKEN}`) return send(response, 403, failed(10000, "Authentication error"));
  const rest = url.slice(base.length);
  if (rest === "" || rest.startsWith("?")) return send(response, 200, envelope(state.namespaces));
  const [, namespace = "", path = ""] = /^\/([^/?]+)(.*)$/.exec(rest) ?? [];
  const known = state.namespaces.some((entry) => entry.id === decodeURIComponent(namespace));
  if (!known) return send(response, 404, failed(10013, "namespace not found"));
  return kv(state, { method, path, body }, response);
}

interface Request {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

function kv(state: KvServer, { method, path, body }: Request, response: ServerResponse): void {
  const key = path.startsWith("/values/") ? decodeURIComponent(path.slice("/values/".length)) : "";
  const fault = state.fault({ method, key: key === "" ? path : key });
  if (fault === "drop") return void response.destroy();
  if (fault === "silence") return state.silenced();
  if (fault !== null) return send(response, fault.status, failed(fault.status, "a fault of the test"), fault.headers);
  if (key !== "" && method === "PUT") {
    state.values.set(key, body);
    state.written.push(key);
    state.afterPut(key);
    return send(response, 200, envelope({}));
  }
  if (key !== "" && method === "DELETE") {
    state.values.delete(key);
    return send(response, 200, envelope({}));
  }
  if (key !== "") {
    const value = read(state, key);
    return value === null
      ? send(response, 404, failed(10009, "get: 'key not found'"))
      : send(response, 200, value, { "content-type": "application/octet-stream" });
  }
  if (path === "/bulk/get" && method === "POST") {
    const { keys } = JSON.parse(body) as { keys: string[] };
    if (keys.length > 100) return send(response, 400, failed(10023, "too many keys"));
    return send(response, 200, envelope({ values: Object.fromEntries(keys.map((name) => [name, read(state, name)])) }));
  }
  if (path.startsWith("/keys?")) return listKeys(state, new URLSearchParams(path.slice(6)), response);
  send(response, 404, failed(7003, "no route"));
}

/** Pages of ten, whatever was asked for, so that every list has several. */
function listKeys(state: KvServer, query: URLSearchParams, response: ServerResponse): void {
  if (Number(query.get("limit") ?? "1000") < 10) return send(response, 400, failed(10001, "limit: too small"));
  const names = [...state.values.keys()].filter((name) => name.startsWith(query.get("prefix") ?? "")).toSorted();
  const from = Number(query.get("cursor") ?? "0");
  const page = names.slice(from, from + 10).map((name) => ({ name }));
  const cursor = from + 10 < names.length ? String(from + 10) : "";
  send(
    response,
    200,
    JSON.stringify({ success: true, errors: [], messages: [], result: page, result_info: { count: page.length, cursor } }),
  );
}

function read(state: KvServer, key: string): string | null {
  const late = state.lagging.get(key)?.shift();
  return late === undefined ? (state.values.get(key) ?? null) : late;
}

function admin(
  state: KvServer,
  request: { method: string; url: string; body: string; authorization: string },
  response: ServerResponse,
): void {
  if (request.authorization !== `Bearer ${ADMIN_TOKEN}`) return send(response, 404, "<h1>Not found</h1>", { "content-type": "text/html" });
  if (request.url === "/_breakwater/purge") {
    state.purges.push(JSON.parse(request.body));
    if (state.purges.length > state.purgesGranted) return send(response, 503, JSON.stringify({ error: { message: "the ledger is away" } }));
    return send(response, 200, JSON.stringify({ id: "p1", atMs: 1000, everywhereByMs: Date.UTC(2026, 10, 23, 20, 0, 0) }));
  }
  if (request.url === "/_breakwater/origins") {
    const unknown = { error: { code: "unknown-path", message: "there is nothing at this path" } };
    return send(response, state.origins === null ? 404 : 200, JSON.stringify(state.origins ?? unknown));
  }
  send(response, 200, JSON.stringify(state.status ?? statusOf(state)));
}

/** As a Worker would that has just read everything. */
function statusOf(state: KvServer): unknown {
  const pointer = JSON.parse(state.values.get("current") ?? "null") as { number: number; release: string } | null;
  const overrides = JSON.parse(state.values.get("overrides") ?? "null") as { version: number } | null;
  const fine = (version: number | null) => ({ version, ageMs: 0, problem: null });
  return {
    release: pointer?.release ?? null,
    wanted: pointer?.release ?? null,
    number: pointer?.number ?? null,
    from: "store",
    ageMs: 1500,
    documents: {
      pointer: fine(pointer?.number ?? null),
      health: fine(null),
      overrides: fine(overrides?.version ?? null),
      purges: fine(null),
    },
    problems: { store: null, release: null },
  };
}

function envelope(result: unknown): string {
  return JSON.stringify({ success: true, errors: [], messages: [], result });
}

function failed(code: number, message: string): string {
  return JSON.stringify({ success: false, errors: [{ code, message }], messages: [], result: null });
}

function send(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = { "content-type": "application/json" },
): void {
  response.writeHead(status, headers).end(body);
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
