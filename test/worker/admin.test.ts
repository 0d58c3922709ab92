// The admin API inside workerd, with its own KV, Cache API and Durable Object. What the purge ledger promises is tested beside it.

import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { createAdmin, type Admin } from "../../src/admin/app.ts";
import { emptyPurgeGenerations, parsePurgeGenerations, purgedAt, type PurgeGenerations } from "../../src/cache/purge.ts";
import { encodeSnapshot, hashSnapshot } from "../../src/config/encode.ts";
import type { Snapshot } from "../../src/config/snapshot.ts";
import { ADMIN_BODY_BYTES_MAX, PURGES_AT_ONCE_MAX, PURGE_EVERYWHERE_MS } from "../../src/limits.ts";
import { createMarkers } from "../../src/origin/markers.ts";
import { createOriginTable } from "../../src/origin/table.ts";
import { platformCacheStore } from "../../src/platform/cache-store.ts";
import { createConfigStore } from "../../src/platform/config-store.ts";
import { createPurgeLedger, type PurgeLedger } from "../../src/platform/purge-ledger.ts";
import type { FetchInit, Ports } from "../../src/ports.ts";
import { createStateHolder, type StateHolder } from "../../src/release/holder.ts";
import { DEFAULT_INTERVALS } from "../../src/release/intervals.ts";
import { PURGES_KEY, releaseKey } from "../../src/release/keys.ts";
import { encodePointer } from "../../src/release/pointer.ts";
import { NO_CONNECTOR, NO_SECRETS } from "../support/ports.ts";
import { emptySnapshot } from "../support/snapshot.ts";

interface Bindings {
  readonly CONFIG: KVNamespace;
  readonly PURGE_LEDGER: DurableObjectNamespace<PurgeLedger>;
}

const { CONFIG, PURGE_LEDGER } = env as unknown as Bindings;
const TOKEN = "a-token-of-this-test";

afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

test("without the right token every path and method gets nothing", async () => {
  const { ask } = await operator();
  const paths = ["status", "origins", "health", "release", "overrides", "purge", "refresh", "", "nothing"];
  for (const method of ["GET", "POST", "PUT", "OPTIONS", "PURGE"]) {
    for (const path of paths) {
      expect(await ask(method, path, { token: null })).toBeNull();
      expect(await ask(method, path, { token: "wrong", address: `${method}-${path}` })).toBeNull();
    }
  }
});

test("with no token configured nobody gets in", async () => {
  const { admin, context } = await operator();
  const request = new Request("https://shop.test/_breakwater/status", { headers: { authorization: "Bearer x" } });
  expect(await admin.handleControl(request, { ...context(), token: null })).toBeNull();
  expect(await admin.handleControl(request, { ...context(), token: "" })).toBeNull();
});

test("status says which release is in force and how old each document is", async () => {
  const { ask, hash } = await operator();
  await ask("POST", "refresh");
  const response = await ask("GET", "status");
  expect(response?.headers.get("cache-control")).toBe("no-store");
  expect(response?.headers.get("content-type")).toBe("application/json; charset=utf-8");
  expect(await response?.json()).toMatchObject({
    release: hash,
    wanted: hash,
    number: 7,
    from: "store",
    intervals: DEFAULT_INTERVALS,
    documents: { pointer: { version: 7, problem: null }, health: { version: null, ageMs: null } },
    problems: { store: null, release: null },
  });
});

test("release, health and overrides show the documents", async () => {
  const { ask, hash } = await operator();
  const drained = { state: "drain", weight: null, untilMs: null, atMs: 1, by: "ana", reason: "update" };
  await CONFIG.put("overrides", JSON.stringify({ format: 1, version: 3, origins: { "web/a": drained } }));
  expect(await (await ask("GET", "release"))?.json()).toMatchObject({ release: hash, pointer: { number: 7, author: "ana" }, rules: [] });
  expect(await (await ask("GET", "overrides"))?.json()).toMatchObject({ version: 3, document: { origins: { "web/a": drained } } });
  expect(await (await ask("GET", "health"))?.json()).toMatchObject({ version: null, document: null });
});

test("origins shows what this isolate knows of each pool, and which data centre it is in", async () => {
  const { ask, hash } = await operator();
  const response = await ask("GET", "origins");
  expect(response?.headers.get("cache-control")).toBe("no-store");
  expect(await response?.json()).toEqual({ nowMs: expect.any(Number), release: hash, colo: "FRA", health: null, pools: [] });
});

test.each(["release", "origins"])("before the first publication %s says what to do", async (path) => {
  const { ask } = await operator({ publish: false });
  const response = await ask("GET", path);
  expect(response?.status).toBe(404);
  expect(await response?.json()).toMatchObject({ error: { code: "no-release", message: expect.stringContaining("publish") } });
});

test("a refresh shows at once what was just published, past the copies", async () => {
  const { ask } = await operator();
  await ask("GET", "release");
  const next = await publish(8, "next");
  expect(await (await ask("POST", "refresh"))?.json()).toMatchObject({ number: 8, release: next });
});

test("a purge is answered with a receipt, holds in this isolate at once and is in KV", async () => {
  const { ask, holder, ports } = await operator();
  const before = Date.now();
  const response = await ask("POST", "purge", { body: JSON.stringify({ kind: "tag", value: "product-7" }) });
  const receipt = await response?.json<{ id: string; atMs: number; everywhereByMs: number }>();
  if (receipt === undefined) throw new Error("no answer");
  expect(receipt).toMatchObject({ id: expect.stringMatching(/^1-[0-9a-f]{8}$/), kind: "tag", value: "product-7", soft: false });
  expect(receipt.atMs).toBeGreaterThanOrEqual(before);
  expect(receipt.everywhereByMs - receipt.atMs).toBe(PURGE_EVERYWHERE_MS);
  const state = await holder.current(ports, Date.now());
  expect(purgedAt(state?.purges ?? emptyPurgeGenerations(), { url: "https://shop.test/", tags: ["product-7"] }).hardMs).toBe(receipt.atMs);
  expect(hardMs(await stored(), "https://shop.test/", ["product-7"])).toBe(receipt.atMs);
});

test("PURGE purges the URL that it names, under the key that visitors' requests have", async () => {
  const { ask } = await operator();
  expect((await ask("PURGE", "../a/%7euser?b=1"))?.status).toBe(200);
  expect(hardMs(await stored(), "https://shop.test/a/~user?b=1")).toBeGreaterThan(0);
  expect(hardMs(await stored(), "https://shop.test/a/other")).toBe(0);
});

test("several purges are one record, with one receipt that names all in the form that the cache compares with", async () => {
  const { ask } = await operator();
  const purges = [
    { kind: "tag", value: "a" },
    { kind: "url", value: "Shop.test/x/../b", soft: true },
    { kind: "host", value: "other.test" },
  ];
  const receipt = await (await ask("POST", "purge", { body: JSON.stringify({ purges }) }))?.json<Receipt>();
  expect(receipt?.id).toMatch(/^1-/);
  expect(receipt?.purges).toEqual([
    { kind: "tag", value: "a", soft: false },
    { kind: "url", value: "https://shop.test/b", soft: true },
    { kind: "host", value: "other.test", soft: false },
  ]);
  const generations = await stored();
  const atMs = receipt?.atMs ?? 0;
  expect(generations.version).toBe(1);
  expect(purgedAt(generations, { url: "https://x.test/", tags: ["a"] })).toEqual({ hardMs: atMs, softMs: 0 });
  expect(purgedAt(generations, { url: "https://shop.test/b", tags: [] })).toEqual({ hardMs: 0, softMs: atMs });
  expect(purgedAt(generations, { url: "https://other.test/", tags: [] })).toEqual({ hardMs: atMs, softMs: 0 });
});

test("as many purges as one request takes are recorded, one more refuses all", async () => {
  const { ask } = await operator();
  const purges = (count: number): string =>
    JSON.stringify({ purges: Array.from({ length: count }, (_, index) => ({ kind: "tag", value: `t${index}` })) });
  const refusal = await ask("POST", "purge", { body: purges(PURGES_AT_ONCE_MAX + 1) });
  expect(refusal?.status).toBe(400);
  expect(await CONFIG.get(PURGES_KEY)).toBeNull();
  expect((await ask("POST", "purge", { body: purges(PURGES_AT_ONCE_MAX) }))?.status).toBe(200);
  expect(hardMs(await stored(), "https://x.test/", [`t${PURGES_AT_ONCE_MAX - 1}`])).toBeGreaterThan(0);
});

test("one mistake among several purges refuses all, and says which it is", async () => {
  const { ask } = await operator();
  const purges = [
    { kind: "tag", value: "a" },
    { kind: "host", value: "a/b" },
  ];
  const response = await ask("POST", "purge", { body: JSON.stringify({ purges }) });
  expect(response?.status).toBe(400);
  expect(await response?.json()).toMatchObject({ error: { message: expect.stringMatching(/^purges\[1\]\.value: expected a host/) } });
  expect(await CONFIG.get(PURGES_KEY)).toBeNull();
});

test("PURGE with Surrogate-Key purges these tags and not its URL", async () => {
  const { ask } = await operator();
  const response = await ask("PURGE", "../page", { headers: { "surrogate-key": "a b" } });
  expect((await response?.json<Receipt>())?.purges).toEqual([
    { kind: "tag", value: "a", soft: false },
    { kind: "tag", value: "b", soft: false },
  ]);
  const generations = await stored();
  expect(hardMs(generations, "https://x.test/", ["b"])).toBeGreaterThan(0);
  expect(hardMs(generations, "https://shop.test/page")).toBe(0);
});

test.each(["soft-purge", "fastly-soft-purge"])("PURGE with %s: 1 makes stale, and the receipt says so", async (name) => {
  const { ask } = await operator();
  const response = await ask("PURGE", "../page", { headers: { [name]: "1" } });
  const receipt = await response?.json<Receipt>();
  expect(receipt).toMatchObject({ kind: "url", value: "https://shop.test/page", soft: true });
  expect(purgedAt(await stored(), { url: "https://shop.test/page", tags: [] })).toEqual({ hardMs: 0, softMs: receipt?.atMs });
});

test("PURGE with headers that say nothing clear purges nothing", async () => {
  const { ask } = await operator();
  for (const headers of [{ "surrogate-key": " " }, { "soft-purge": "maybe" }]) {
    expect((await ask("PURGE", "../page", { headers }))?.status).toBe(400);
  }
  expect(await CONFIG.get(PURGES_KEY)).toBeNull();
});

const refusedPurges: readonly (readonly [string, number, string])[] = [
  ["{", 400, "bad-request"],
  ["[]", 400, "bad-request"],
  ['{"kind":"all"}', 400, "bad-request"],
  [`{"kind":"tag","value":"${"x".repeat(ADMIN_BODY_BYTES_MAX)}"}`, 413, "too-large"],
];

test.each(refusedPurges)("a purge request that begins with %.20s is refused", async (body, status, code) => {
  const { ask } = await operator();
  const response = await ask("POST", "purge", { body });
  expect(response?.status).toBe(status);
  expect(await response?.json()).toMatchObject({ error: { code } });
  expect(await CONFIG.get(PURGES_KEY)).toBeNull();
});

test("an operator who mistypes a path is told what there is", async () => {
  const { ask } = await operator();
  const response = await ask("GET", "purge");
  expect(response?.status).toBe(404);
  expect(await response?.json()).toMatchObject({ error: { code: "unknown-path", message: expect.stringContaining("POST purge") } });
});

test("a cold isolate starts from the copies in the real Cache API when KV is down", async () => {
  const { holder, ports, hash } = await operator();
  await holder.refreshNow(ports, { pastCopies: true });
  const down = (): Promise<never> => Promise.reject(new Error("503"));
  const cold = createStateHolder({ intervals: DEFAULT_INTERVALS, baked: null, scope: "test" });
  const withoutKv: Ports = { ...ports, config: { get: down, getAll: down, put: down } };
  expect(
    await vi.waitFor(
      async () => (await cold.refreshNow(withoutKv, { pastCopies: false })).release ?? Promise.reject(new Error("no copy yet")),
    ),
  ).toBe(hash);
  expect((await cold.current(withoutKv, Date.now()))?.pointer.number).toBe(7);
});

test("copies cannot be fetched: their host does not exist, and nothing else names them", async () => {
  const { holder, ports } = await operator();
  await holder.refreshNow(ports, { pastCopies: true });
  expect(await caches.default.match("https://shop.test/_breakwater/s/polled")).toBeUndefined();
  expect(await caches.default.match("https://breakwater.invalid/_breakwater/s/1/polled")).toBeUndefined();
});

test("a failed read of KV names the keys and keeps its cause", async () => {
  const broken = { get: () => Promise.reject(new Error("500 Internal Server Error")) } as unknown as KVNamespace;
  const work = createConfigStore(broken).getAll(["current", "health"]);
  await expect(work).rejects.toMatchObject({
    name: "ConfigStoreError",
    operation: "get",
    keys: ["current", "health"],
    message: "KV get of current, health failed: 500 Internal Server Error",
    cause: expect.any(Error),
  });
});

interface Receipt {
  readonly id: string;
  readonly atMs: number;
  readonly purges: readonly unknown[];
}

interface Operator {
  readonly admin: Admin;
  readonly holder: StateHolder;
  readonly ports: Ports;
  readonly hash: string;
  readonly context: () => Parameters<Admin["handleControl"]>[1];
  readonly ask: (
    method: string,
    path: string,
    options?: {
      readonly token?: string | null;
      readonly body?: string;
      readonly address?: string;
      readonly headers?: Readonly<Record<string, string>>;
    },
  ) => Promise<Response | null>;
}

async function operator({ publish: published = true } = {}): Promise<Operator> {
  const hash = published ? await publish(7, "shop") : "";
  const holder = createStateHolder({ intervals: DEFAULT_INTERVALS, baked: null, scope: "test" });
  const admin = createAdmin();
  const ports: Ports = {
    clock: { nowMs: () => Date.now() },
    random: { next: () => 0.5, id: () => "0".repeat(32) },
    cache: platformCacheStore,
    config: createConfigStore(CONFIG),
    fetcher: { fetch: () => Promise.reject(new Error("the admin API needs no origin")) },
    connector: NO_CONNECTOR,
    secrets: NO_SECRETS,
    purges: createPurgeLedger(PURGE_LEDGER),
    log: { write: () => {} },
    defer: (work) => void work,
  };
  const context = (): Parameters<Admin["handleControl"]>[1] => ({
    holder,
    origins: createOriginTable(),
    markers: createMarkers("test"),
    ports,
    token: TOKEN,
    nowMs: Date.now(),
    colo: "FRA",
    clientAddress: "192.0.2.7",
  });
  return {
    admin,
    holder,
    ports,
    hash,
    context,
    ask: (method, path, { token = TOKEN, body, address, headers: more = {} } = {}) => {
      const headers: Record<string, string> = token === null ? { ...more } : { ...more, authorization: `Bearer ${token}` };
      const request = new Request(`https://shop.test/_breakwater/${path}`, { method, headers, body: body ?? null });
      return admin.handleControl(request, { ...context(), clientAddress: address ?? "192.0.2.7" });
    },
  };
}

async function publish(number: number, name: string, alerts: Snapshot["alerts"] = null): Promise<string> {
  const snapshot = emptySnapshot({ client: { trustedProxies: { v4: [], v6: [] }, addressHeader: `x-${name}` }, alerts });
  const release = await hashSnapshot(snapshot);
  await CONFIG.put(releaseKey(release), encodeSnapshot(snapshot));
  const pointer = {
    format: 1,
    number,
    release,
    candidate: null,
    predecessor: null,
    publishedAtMs: Date.now(),
    author: "ana",
    message: name,
  } as const;
  await CONFIG.put("current", encodePointer(pointer));
  return release;
}

async function stored(): Promise<PurgeGenerations> {
  const parsed = parsePurgeGenerations((await CONFIG.get(PURGES_KEY)) ?? "");
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

function hardMs(generations: PurgeGenerations, url: string, tags: readonly string[] = []): number {
  return purgedAt(generations, { url, tags }).hardMs;
}

test("alert-test sends one signed event to the webhook, and says what is missing where it cannot", async () => {
  const { admin, context, ports } = await operator();
  const asked: { readonly url: string; readonly init: FetchInit }[] = [];
  const fetcher = {
    fetch: (url: string, init: FetchInit) => (asked.push({ url, init }), Promise.resolve(new Response(null, { status: 202 }))),
  };
  const ask = async (): Promise<Response | null> => {
    const request = new Request("https://shop.test/_breakwater/alert-test", {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    return admin.handleControl(request, { ...context(), ports: { ...ports, fetcher, secrets: { get: () => "s3cret" } } });
  };
  const refused = await ask();
  expect([refused?.status, await refused?.json()]).toEqual([409, { error: { code: "no-webhook", message: expect.any(String) } }]);
  await publish(8, "shop", { url: "https://hooks.example/x", secret: "WEBHOOK_SECRET" });
  await context().holder.refreshNow(ports, { pastCopies: true });
  expect(await (await ask())?.json()).toEqual({ id: "0".repeat(32), signed: true, outcome: "delivered", detail: "status 202" });
  expect(asked).toHaveLength(1);
  expect(asked[0]?.url).toBe("https://hooks.example/x");
  expect(asked[0]?.init.headers.get("x-breakwater-signature")).toMatch(/^t=\d+,v1=[0-9a-f]{64}$/);
});
