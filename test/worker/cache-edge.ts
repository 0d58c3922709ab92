// One edge for tests: the real decision and the real stages lookup and admit over the Cache API of workerd, with a virtual clock
// and an origin that is a function. Asserts nothing; records what the origin was asked.

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
import type { Plan } from "../../src/plan.ts";
import { admit, admitRefresh } from "../../src/stages/admit.ts";
import { askAndComplete } from "../../src/stages/complete.ts";
import type { FetchOutcome } from "../../src/stages/fetch.ts";
import { lookup, originRequest, type Lookup } from "../../src/stages/lookup.ts";
import { receive } from "../../src/stages/receive.ts";
import { policyOf } from "../support/cache-policy.ts";
import { routeOf } from "../support/routes.ts";

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
  let ids = 0;
  const edge: Edge = {
    asked: [],
    log: [],
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
        state: { pointer: {} as never, ruleset, health: null, overrides: emptyOverrides(), purges: edge.purges },
        request,
        plan: decision.outcome.plan,
        digest: {
          rules: [],
          cache: { status: "NONE", ttlSeconds: null, fwd: null, fwdStatus: null, stored: false, detail: null },
          attempts: [],
          error: null,
        },
      };
      const response = await run(exchange, decision.outcome.plan);
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
    fetcher: {} as never,
    log: { write: (line) => void edge.log.push(line) },
    defer: (work) => void pending.push(work),
  };
  async function run(exchange: Exchange, plan: Plan): Promise<Response> {
    const found = await lookup(exchange, ports, plan);
    if (found.kind === "hit") return found.response;
    if (found.kind === "not-in-cache") return new Response(null, { status: 504 });
    if (found.kind === "stale") {
      const { refresh } = found;
      ports.defer(ask(plan, found).then((outcome) => admitRefresh(exchange, ports, plan, { refresh, outcome })));
      return found.response;
    }
    const answered = await askAndComplete(found, ports, (asked) => ask(plan, asked));
    return (await admit(exchange, ports, plan, answered)) ?? new Response("no origin", { status: 502 });
  }

  async function ask(plan: Plan, found: Lookup): Promise<FetchOutcome> {
    const { method, headers } = originRequest(plan, found, edge.nowMs);
    const asked = { method, target: plan.originRequest.target, headers };
    edge.asked.push(asked);
    edge.nowMs += 1;
    const requestedAtMs = edge.nowMs;
    const response = await edge.origin(asked);
    if (response === null) return { kind: "failed", reason: "reset", retryAfterSeconds: null };
    const answering = { pool: "web", id: "one", base: "http://origin.test", basePath: "" };
    return { kind: "response", response, origin: answering, requestedAtMs, respondedAtMs: edge.nowMs };
  }

  return edge;
}

function rulesetOf(policy: CachePolicySnapshot): Ruleset {
  const route = routeOf("/*");
  const action = {
    kind: "proxy",
    pool: "web",
    host: "origin",
    rewrite: { strip: "", prefix: "", path: null, query: { remove: [], set: [] } },
    cache: policy,
    timeouts: { headersMs: 30_000, headersWithBodyMs: 30_000, idleMs: 30_000, totalMs: null },
    retry: { attempts: 1, onConnectError: false, onTimeout: false, onStatus: [], unsafeMethods: false, replayBytesMax: 0 },
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
  return {
    release: "0".repeat(64),
    hosts: createHostTable([site]),
    pools: new Map(),
    rules: [],
    originBases: ["http://origin.test"],
    client: { addressHeader: "cf-connecting-ip", isTrustedProxy: () => false },
  };
}
