// Real origins on 127.0.0.1 for the tests of the fetch stage, and a fetcher over Node's fetch that fails as workerd does: a
// refused, reset or cut connection is always the same sentence.

import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { ProxyActionSnapshot } from "../../../src/config/snapshot.ts";
import type { OriginSnapshot, PoolSnapshot } from "../../../src/config/pool-snapshot.ts";
import type { Exchange } from "../../../src/exchange.ts";
import { emptyOverrides } from "../../../src/origin/overrides.ts";
import type { Overrides } from "../../../src/origin/overrides.ts";
import type { HealthDocument } from "../../../src/origin/health.ts";
import type { Plan } from "../../../src/plan.ts";
import type { Fetcher, Ports } from "../../../src/ports.ts";
import { createAuthKeys } from "../../../src/origin/auth.ts";
import { createMarkers } from "../../../src/origin/markers.ts";
import type { Markers } from "../../../src/origin/markers.ts";
import { createOriginTable } from "../../../src/origin/table.ts";
import type { OriginTable } from "../../../src/origin/table.ts";
import { fetchFromOrigin } from "../../../src/stages/fetch.ts";
import type { FetchOutcome } from "../../../src/stages/fetch-outcome.ts";
import { RETRY, TIMEOUTS, origin, pool } from "./fixtures.ts";

export interface TestOrigin {
  readonly id: string;
  readonly origin: OriginSnapshot;
  /** What arrived, in order; a body is read by the handler if it wants it. */
  readonly seen: { readonly method: string; readonly url: string; readonly headers: IncomingMessage["headers"]; body: string }[];
  handle: Handler;
  kill(): Promise<void>;
}

export type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

export const ok: Handler = (_, response) => response.end("fine");
export const frozen: Handler = () => undefined;
export const resetting: Handler = (request) => request.socket.resetAndDestroy();
export const status =
  (code: number, headers: Record<string, string> = {}): Handler =>
  (_, response) =>
    response.writeHead(code, headers).end(`status ${code}`);

export async function startOrigin(id: string, handle: Handler = ok): Promise<TestOrigin> {
  const seen: TestOrigin["seen"] = [];
  const server: Server = createServer((request, response) => {
    const entry = { method: request.method ?? "", url: request.url ?? "", headers: request.headers, body: "" };
    seen.push(entry);
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => (entry.body += chunk));
    request.on("end", () => test.handle(request, response, entry.body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const kill = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  const test: TestOrigin = { id, origin: origin(id, { base }), seen, handle, kill };
  return test;
}

export const nodeFetcher: Fetcher = {
  async fetch(url, { method, headers, body, signal }) {
    const sent = new Headers(headers);
    try {
      return await fetch(url, {
        method,
        headers: sent,
        body,
        signal,
        redirect: "manual",
        ...(body === null ? {} : { duplex: "half" }),
      } as RequestInit);
    } catch (error) {
      if (error instanceof Error && error.name === "AbortError") throw error;
      throw new Error("Network connection lost.", { cause: error });
    }
  },
};

export interface Scene {
  readonly pools: PoolSnapshot[];
  readonly table: OriginTable;
  readonly markers: Markers;
  overrides: Overrides;
  health: HealthDocument | null;
  action: Partial<ProxyActionSnapshot>;
  fetcher: Fetcher;
}

export function scene(origins: readonly TestOrigin[], more: Partial<PoolSnapshot> = {}): Scene {
  const pools = [
    pool(
      "web",
      origins.map((each) => each.origin),
      more,
    ),
  ];
  return {
    pools,
    table: createOriginTable(),
    markers: createMarkers("test"),
    overrides: emptyOverrides(),
    health: null,
    action: {},
    fetcher: nodeFetcher,
  };
}

export interface Ask {
  readonly method?: string;
  readonly target?: string;
  readonly headers?: Record<string, string>;
  readonly body?: ReadableStream<Uint8Array> | string | null;
  readonly signal?: AbortSignal;
  readonly abortWithVisitor?: boolean;
  readonly routeId?: string;
}

/** Sends one request through the fetch stage. Round-robin begins with the first origin. */
export async function ask(
  given: Scene,
  { method = "GET", target = "/", headers = {}, body = null, signal, abortWithVisitor, routeId = "site /*" }: Ask = {},
): Promise<{
  outcome: FetchOutcome;
  attempts: string[];
}> {
  const action = { kind: "proxy", pool: "web", host: "origin", timeouts: TIMEOUTS, retry: RETRY, ...given.action } as ProxyActionSnapshot;
  const plan = {
    route: { id: routeId },
    action,
    pool: "web",
    originRequest: { resolveOverride: action.host === "visitor" },
  } as unknown as Plan;
  const exchange = {
    facts: {
      path: "/",
      query: "",
      rawUrl: "",
      hostname: "shop.example",
      headers: new Headers(),
      client: { address: "203.0.113.7" },
      isUpgrade: "upgrade" in headers,
    },
    state: {
      ruleset: { release: "r1", pools: new Map(given.pools.map((each) => [each.name, each])) },
      overrides: given.overrides,
      health: given.health,
    },
    request: new Request("http://shop.example/", signal === undefined ? {} : { signal }),
    digest: { attempts: [] },
  } as unknown as Exchange;
  const ports = {
    clock: { nowMs: () => Date.now() },
    random: { next: () => 0.5, id: () => "id" },
    fetcher: given.fetcher,
    log: { write: () => undefined },
    cache: { match: () => Promise.resolve(undefined), put: () => Promise.resolve(false), delete: () => Promise.resolve(false) },
    defer: (work: Promise<unknown>) => void work,
  } as unknown as Ports;
  const stream = typeof body === "string" ? new Blob([body]).stream() : body;
  const sent = new Headers(headers);
  if (typeof body === "string") sent.set("content-length", String(body.length));
  const input = {
    plan,
    method,
    target,
    headers: sent,
    body: stream,
    pins: new Map<string, string>(),
    ...(abortWithVisitor === undefined ? {} : { abortWithVisitor }),
  };
  const outcome = await fetchFromOrigin(
    { exchange, ports, origins: given.table, markers: given.markers, authKeys: createAuthKeys() },
    input,
  );
  return { outcome, attempts: exchange.digest.attempts.map(({ origin: id, outcome: how }) => `${id} ${how}`) };
}

/** Status and body of an outcome, or its reason. */
export async function shown(outcome: FetchOutcome): Promise<string> {
  return outcome.kind === "failed" ? outcome.reason : `${outcome.origin.id} ${outcome.response.status} ${await outcome.response.text()}`;
}
