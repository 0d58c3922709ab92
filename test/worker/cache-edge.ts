// One edge for tests: the real decision and all stages of a proxied request over the Cache API of workerd, with a virtual clock and
// an origin that is a function. Asserts nothing; records what the origin was asked.

import { decide } from "../../src/decide.ts";
import type { CachePolicySnapshot } from "../../src/config/snapshot.ts";
import { emptyPurgeGenerations, type PurgeGenerations } from "../../src/cache/purge.ts";
import type { CacheDigest, Exchange } from "../../src/exchange.ts";
import { emptyOverrides } from "../../src/origin/overrides.ts";
import { platformCacheStore } from "../../src/platform/cache-store.ts";
import type { CacheStore, Ports } from "../../src/ports.ts";
import { createHostTable } from "../../src/routing/host-table.ts";
import { createRouteTable } from "../../src/routing/path-table.ts";
import type { Ruleset, Site } from "../../src/ruleset.ts";
import { createEntryReader } from "../../src/cache/entries.ts";
import { createFlightTable, type FlightTable } from "../../src/cache/flights.ts";
import { createAuthKeys } from "../../src/origin/auth.ts";
import { createMarkers } from "../../src/origin/markers.ts";
import { createStickyKeys } from "../../src/origin/sticky-keys.ts";
import { createOriginTable } from "../../src/origin/table.ts";
import { proxy } from "../../src/stages/proxy.ts";
import { receive } from "../../src/stages/receive.ts";
import { policyOf } from "../support/cache-policy.ts";
import { routeOf } from "../support/routes.ts";
import { ONE_ATTEMPT, origin as originOf, pool } from "../unit/origin/fixtures.ts";
import { NO_CONNECTOR, NO_SECRETS } from "../support/ports.ts";
import { createListTable } from "../../src/firewall/list-table.ts";
import { createLeases } from "../../src/origin/leases.ts";
import { createRateMemory } from "../../src/firewall/rate-memory.ts";
import { loadRules } from "../../src/firewall/rules.ts";

export interface Asked {
  readonly method: string;
  readonly target: string;
  readonly headers: Headers;
}

/** Null: it cannot be reached. */
export type Origin = (asked: Asked) => Response | null | Promise<Response | null>;

export interface Sent {
  readonly response: Response;
  readonly cache: CacheDigest;
}

export interface EdgeInput {
  readonly policy?: Partial<CachePolicySnapshot>;
  readonly cache?: Partial<CacheStore>;
}

export interface Edge {
  readonly asked: Asked[];
  readonly log: Readonly<Record<string, unknown>>[];
  /** How many times a request has asked whether it must wait for another. */
  boarded: number;
  origin: Origin;
  nowMs: number;
  purges: PurgeGenerations;
  usePolicy(policy: Partial<CachePolicySnapshot>): void;
  /** One request, not waiting for what it left running. */
  send(url: string, init?: RequestInit): Promise<Sent>;
  /** One request, its body as text, and then all that it left running. */
  get(url: string, init?: RequestInit): Promise<Sent & { readonly text: string }>;
  settle(): Promise<void>;
}

export function edgeOf(origin: Origin, input: EdgeInput = {}): Edge {
  const pending: Promise<unknown>[] = [];
  let ruleset = rulesetOf(policyOf(input.policy));
  const origins = createOriginTable();
  const entries = createEntryReader();
  const sticky = createStickyKeys();
  const markers = createMarkers("test");
  const flights = countedFlights(() => (edge.boarded += 1));
  let ids = 0;
  const edge: Edge = {
    asked: [],
    log: [],
    boarded: 0,
    usePolicy(policy) {
      ruleset = rulesetOf(policyOf(policy));
    },
    origin,
    // The store's own clock is the real one; ours only ever moves relative to it.
    nowMs: Date.now(),
    purges: emptyPurgeGenerations(),
    async send(url, init = {}) {
      edge.nowMs += 1;
      const request = new Request(url, init);
      const { method, headers } = request;
      const received = receive(
        { method, url, headers, hasBody: request.body !== null, connection: null, nowMs: edge.nowMs },
        ruleset.client,
      );
      if (!received.ok) throw new Error(received.error.code);
      const decision = decide(ruleset, received.value, "id");
      if (decision.outcome.kind !== "proxy") throw new Error("the route does not proxy");
      const exchange: Exchange = {
        id: "id",
        facts: received.value,
        route: decision.match?.route.id ?? null,
        state: { pointer: {} as never, ruleset, health: null, overrides: emptyOverrides(), purges: edge.purges },
        request,
        body: request.body,
        firewall: { latest: decision.verdict, body: null, isRefused: false, headers: [], counting: [] },
        plan: decision.outcome.plan,
        digest: {
          rules: [],
          logged: {},
          cache: { status: "NONE", ttlSeconds: null, fwd: null, fwdStatus: null, stored: false, collapsed: false, detail: null },
          attempts: [],
          ladder: [],
          error: null,
        },
      };
      const response = await proxy({
        exchange,
        plan: decision.outcome.plan,
        origins,
        flights,
        entries,
        rates: createRateMemory(),
        inspecting: createLeases(),
        sticky,
        authKeys: createAuthKeys(),
        markers,
        ports,
      });
      return { response, cache: exchange.digest.cache };
    },
    async get(url, init) {
      const sent = await edge.send(url, init);
      const text = await sent.response.text();
      await edge.settle();
      return { ...sent, text };
    },
    async settle() {
      while (pending.length > 0) await Promise.all(pending.splice(0));
      edge.nowMs += 1;
    },
  };
  const ports: Ports = {
    clock: { nowMs: () => edge.nowMs },
    random: { next: () => 0.5, id: () => `${crypto.randomUUID()}-${++ids}` },
    cache: { ...platformCacheStore, ...input.cache },
    config: {} as never,
    purges: {} as never,
    fetcher: {
      async fetch(url, { method, headers }) {
        const { pathname, search } = new URL(url);
        edge.asked.push({ method, target: pathname + search, headers });
        const response = await edge.origin({ method, target: pathname + search, headers });
        edge.nowMs += 1;
        if (response === null) throw new Error("Network connection lost.");
        return response;
      },
    },
    connector: NO_CONNECTOR,
    secrets: NO_SECRETS,
    log: { write: (line) => void edge.log.push(line) },
    defer: (work) => void pending.push(work),
  };
  return edge;
}

function countedFlights(count: () => void): FlightTable {
  const table = createFlightTable();
  return {
    board(name, nowMs) {
      count();
      return table.board(name, nowMs);
    },
  };
}

function rulesetOf(policy: CachePolicySnapshot): Ruleset {
  const route = routeOf("/*");
  const action = {
    kind: "proxy",
    pool: "web",
    split: null,
    host: "origin",
    rewrite: { strip: "", prefix: "", path: null, query: { remove: [], set: [] } },
    cache: policy,
    timeouts: { headersMs: 30_000, headersWithBodyMs: 30_000, idleMs: 30_000, totalMs: null },
    retry: ONE_ATTEMPT,
    failure: null,
  } as const;
  const site: Site = {
    name: "shop",
    hosts: ["*"],
    httpsRedirect: false,
    hsts: null,
    canonicalHost: null,
    maintenance: null,
    errorPages: {},
    routes: createRouteTable([{ ...route, action }]),
  };
  const web = pool("web", [originOf("one", { base: "http://origin.test" })]);
  return {
    release: "0".repeat(64),
    hosts: createHostTable([site]),
    pools: new Map([["web", web]]),
    rules: loadRules({ rules: [], subjects: [] }, new Map()),
    lists: createListTable({}),
    inspection: { bytesMax: 65_536, over: "prefix" },
    originBases: ["http://origin.test"],
    alerts: null,
    client: { addressHeader: "cf-connecting-ip", isTrustedProxy: () => false, ownCookies: [], ownHeaders: [] },
  };
}
