// The admin API and the purge ledger inside workerd, with its own KV, Cache API and Durable Object.

import { reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { createAdmin, type Admin } from "../../src/admin/app.ts";
import {
  encodePurgeGenerations,
  emptyPurgeGenerations,
  parsePurgeGenerations,
  purgedAt,
  type PurgeGenerations,
} from "../../src/cache/purge.ts";
import { encodeSnapshot, hashSnapshot } from "../../src/config/encode.ts";
import type { Snapshot } from "../../src/config/snapshot.ts";
import {
  ADMIN_BODY_BYTES_MAX,
  PURGE_EVERYWHERE_MS,
  PURGE_WRITE_INTERVAL_MS,
  PURGE_WRITE_RETRY_MS_MAX,
  PURGE_WRITE_WAIT_MS_MAX,
} from "../../src/limits.ts";
import { platformCacheStore } from "../../src/platform/cache-store.ts";
import { createConfigStore } from "../../src/platform/config-store.ts";
import { createPurgeLedger, type PurgeLedger } from "../../src/platform/purge-ledger.ts";
import type { Ports } from "../../src/ports.ts";
import { createStateHolder, type StateHolder } from "../../src/release/holder.ts";
import { DEFAULT_INTERVALS } from "../../src/release/intervals.ts";
import { PURGES_KEY, releaseKey } from "../../src/release/keys.ts";
import { encodePointer } from "../../src/release/pointer.ts";

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
  const paths = ["status", "health", "release", "overrides", "purge", "refresh", "", "nothing"];
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

test("before the first publication the release page says what to do", async () => {
  const { ask } = await operator({ publish: false });
  const response = await ask("GET", "release");
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

const refused: readonly (readonly [string, number, string])[] = [
  ["{", 400, "bad-request"],
  ["[]", 400, "bad-request"],
  ['{"kind":"all"}', 400, "bad-request"],
  [`{"kind":"tag","value":"${"x".repeat(ADMIN_BODY_BYTES_MAX)}"}`, 413, "too-large"],
];

test.each(refused)("a purge request that begins with %.20s is refused", async (body, status, code) => {
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

test("purges at once are all kept, in one order, and all reach KV", async () => {
  const ledger = createPurgeLedger(PURGE_LEDGER);
  const hosts = Array.from({ length: 20 }, (_, index) => `host-${index}.test`);
  const receipts = await Promise.all(hosts.map((value) => ledger.record({ kind: "host", value, soft: false })));
  expect(new Set(receipts.map(({ id }) => id.split("-")[0])).size).toBe(20);
  await runDurableObjectAlarm(PURGE_LEDGER.getByName("purges"));
  const generations = await stored();
  expect(generations.version).toBe(20);
  for (const host of hosts) expect(hardMs(generations, `https://${host}/`)).toBeGreaterThan(0);
});

test("the ledger writes KV at most once a second, and again until KV takes it", async () => {
  const stub = PURGE_LEDGER.getByName("purges");
  const puts: string[] = [];
  let refusals = 1;
  await runInDurableObject(stub, (instance: PurgeLedger) => {
    Object.assign(instance, { env: { CONFIG: { put: (_key: string, value: string) => put(value) } } });
  });
  const put = async (value: string): Promise<void> => {
    puts.push(value);
    if (refusals-- > 0) throw new Error("KV PUT failed: 429 Too Many Requests");
  };
  await stub.record({ kind: "host", value: "one.test", soft: false });
  await stub.record({ kind: "host", value: "two.test", soft: false });
  expect(puts).toHaveLength(1);
  expect(await runDurableObjectAlarm(stub)).toBe(true);
  expect(puts).toHaveLength(2);
  const written = parsePurgeGenerations(puts[1] ?? "");
  expect(written).toMatchObject({ ok: true, value: { version: 2 } });
  expect(await runDurableObjectAlarm(stub)).toBe(false);
});

/** The ledger with another KV, at a time that stands still. `puts` are the versions that it tried to write. */
async function ledgerOver(put: () => Promise<void>): Promise<{ readonly stub: DurableObjectStub<PurgeLedger>; readonly puts: number[] }> {
  const stub = PURGE_LEDGER.getByName("purges");
  const puts: number[] = [];
  await runInDurableObject(stub, (instance: PurgeLedger) => {
    const written = async (_key: string, value: string): Promise<void> => {
      puts.push((JSON.parse(value) as { readonly version: number }).version);
      await put();
    };
    Object.assign(instance, { env: { CONFIG: { put: written } } });
  });
  return { stub, puts };
}

/** Stops the clock an hour ahead: alarms are set by it, and the platform, which has the real time, then fires none by itself. */
function ledgerClock(): number {
  const startMs = Date.now() + 3_600_000;
  vi.useFakeTimers({ now: startMs, toFake: ["Date"] });
  return startMs;
}

const ONE = { kind: "host", value: "one.test", soft: false } as const;

test("the second write of a purge waits until the interval since the first is over, and not a millisecond longer", async () => {
  const startMs = ledgerClock();
  const { stub, puts } = await ledgerOver(async () => undefined);
  await stub.record(ONE);
  vi.setSystemTime(startMs + PURGE_WRITE_INTERVAL_MS - 1);
  await stub.record(ONE);
  expect(puts).toEqual([1]);
  vi.setSystemTime(startMs + PURGE_WRITE_INTERVAL_MS);
  await stub.record(ONE);
  expect(puts).toEqual([1, 3]);
});

test("a write that fails is tried again, each time after twice as long, up to the longest wait", async () => {
  const startMs = ledgerClock();
  const { stub } = await ledgerOver(() => Promise.reject(new Error("503")));
  await stub.record(ONE);
  const waits: number[] = [];
  for (let failure = 0; failure < 7; failure++) {
    waits.push(await runInDurableObject(stub, async (_, state) => ((await state.storage.getAlarm()) ?? 0) - startMs));
    await runDurableObjectAlarm(stub);
  }
  const doubled = waits.map((_, index) => PURGE_WRITE_INTERVAL_MS * 2 ** (index + 1));
  expect(waits).toEqual(doubled.map((ms) => Math.min(ms, PURGE_WRITE_RETRY_MS_MAX)));
  expect(waits.at(-1)).toBe(PURGE_WRITE_RETRY_MS_MAX);
});

test("a receipt waits for a KV that hangs until the limit, and the purge is on record all the same", async () => {
  const { stub } = await ledgerOver(() => new Promise(() => undefined));
  await runInDurableObject(stub, async (instance: PurgeLedger, state) => {
    vi.useFakeTimers({ now: Date.now(), toFake: ["Date", "setTimeout", "clearTimeout"] });
    let receipt: unknown = null;
    const work = instance.record(ONE).then((value) => (receipt = value));
    await vi.advanceTimersByTimeAsync(PURGE_WRITE_WAIT_MS_MAX - 1);
    expect(receipt).toBeNull();
    expect(state.storage.sql.exec("SELECT generations FROM ledger").toArray()).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    await work;
    expect(receipt).toMatchObject({ id: expect.stringMatching(/^1-/) });
  });
});

test("a new ledger goes on from what an earlier one left in KV", async () => {
  await CONFIG.put(PURGES_KEY, encodePurgeGenerations({ ...emptyPurgeGenerations(), version: 57 }));
  await createPurgeLedger(PURGE_LEDGER).record({ kind: "host", value: "one.test", soft: false });
  expect((await stored()).version).toBe(58);
});

test("a document that nobody can read counts as a purge of everything, with a version above any held", async () => {
  await CONFIG.put(PURGES_KEY, '{"format":99,"version":1000}');
  const beforeMs = Date.now();
  await createPurgeLedger(PURGE_LEDGER).record({ kind: "host", value: "one.test", soft: false });
  const generations = await stored();
  expect(generations.version).toBeGreaterThan(beforeMs);
  expect(generations.everything.hardMs).toBeGreaterThanOrEqual(beforeMs);
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

interface Operator {
  readonly admin: Admin;
  readonly holder: StateHolder;
  readonly ports: Ports;
  readonly hash: string;
  readonly context: () => Parameters<Admin["handleControl"]>[1];
  readonly ask: (
    method: string,
    path: string,
    options?: { readonly token?: string | null; readonly body?: string; readonly address?: string },
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
    purges: createPurgeLedger(PURGE_LEDGER),
    log: { write: () => {} },
    defer: (work) => void work,
  };
  const context = (): Parameters<Admin["handleControl"]>[1] => ({
    holder,
    ports,
    token: TOKEN,
    nowMs: Date.now(),
    clientAddress: "192.0.2.7",
  });
  return {
    admin,
    holder,
    ports,
    hash,
    context,
    ask: (method, path, { token = TOKEN, body, address } = {}) => {
      const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
      const request = new Request(`https://shop.test/_breakwater/${path}`, { method, headers, body: body ?? null });
      return admin.handleControl(request, { ...context(), clientAddress: address ?? "192.0.2.7" });
    },
  };
}

async function publish(number: number, name: string): Promise<string> {
  const snapshot: Snapshot = {
    format: 1,
    sites: [],
    pools: [],
    lists: {},
    rules: [],
    client: { trustedProxies: { v4: [], v6: [] }, addressHeader: `x-${name}` },
  };
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
