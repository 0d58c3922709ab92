// The purge ledger inside workerd, with its own SQLite storage and KV: no purge is lost, and KV gets no more writes than it takes.

import { evictDurableObject, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import {
  emptyPurgeGenerations,
  encodePurgeGenerations,
  parsePurgeGenerations,
  purgedAt,
  type PurgeGenerations,
} from "../../src/cache/purge.ts";
import {
  CACHE_LIFETIME_SECONDS_MAX,
  PURGE_WRITE_INTERVAL_MS,
  PURGE_WRITE_RETRY_MS_MAX,
  PURGE_WRITE_WAIT_MS_MAX,
} from "../../src/limits.ts";
import { createPurgeLedger, type PurgeLedger } from "../../src/platform/purge-ledger.ts";
import { PURGES_KEY } from "../../src/release/keys.ts";

interface Bindings {
  readonly CONFIG: KVNamespace;
  readonly PURGE_LEDGER: DurableObjectNamespace<PurgeLedger>;
}

const { CONFIG, PURGE_LEDGER } = env as unknown as Bindings;

afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

test("purges at once are all kept, in one order, and all reach KV", async () => {
  const ledger = createPurgeLedger(PURGE_LEDGER);
  const hosts = Array.from({ length: 20 }, (_, index) => `host-${index}.test`);
  const receipts = await Promise.all(hosts.map((value) => ledger.record([{ kind: "host", value, soft: false }])));
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
  await stub.record([{ kind: "host", value: "one.test", soft: false }]);
  await stub.record([{ kind: "host", value: "two.test", soft: false }]);
  expect(puts).toHaveLength(1);
  expect(await runDurableObjectAlarm(stub)).toBe(true);
  expect(puts).toHaveLength(2);
  const written = parsePurgeGenerations(puts[1] ?? "");
  expect(written).toMatchObject({ ok: true, value: { version: 2 } });
  expect(await runDurableObjectAlarm(stub)).toBe(false);
});

/** The ledger with another KV, at a time that stands still. `puts` are the versions that it tried to write. */
async function ledgerOver(
  put: (text: string) => Promise<void>,
): Promise<{ readonly stub: DurableObjectStub<PurgeLedger>; readonly puts: number[] }> {
  const stub = PURGE_LEDGER.getByName("purges");
  const puts: number[] = [];
  await runInDurableObject(stub, (instance: PurgeLedger) => {
    const written = async (_key: string, value: string): Promise<void> => {
      puts.push((JSON.parse(value) as { readonly version: number }).version);
      await put(value);
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
  await stub.record([ONE]);
  vi.setSystemTime(startMs + PURGE_WRITE_INTERVAL_MS - 1);
  await stub.record([ONE]);
  expect(puts).toEqual([1]);
  vi.setSystemTime(startMs + PURGE_WRITE_INTERVAL_MS);
  await stub.record([ONE]);
  expect(puts).toEqual([1, 3]);
});

test("a write that fails is tried again, each time after twice as long, up to the longest wait", async () => {
  const startMs = ledgerClock();
  const { stub } = await ledgerOver(() => Promise.reject(new Error("503")));
  await stub.record([ONE]);
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
    const work = instance.record([ONE]).then((value) => (receipt = value));
    await vi.advanceTimersByTimeAsync(PURGE_WRITE_WAIT_MS_MAX - 1);
    expect(receipt).toBeNull();
    expect(state.storage.sql.exec("SELECT slot FROM generations").toArray()).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    await work;
    expect(receipt).toMatchObject({ id: expect.stringMatching(/^1-/) });
  });
});

test("a new ledger goes on from what an earlier one left in KV", async () => {
  await CONFIG.put(PURGES_KEY, encodePurgeGenerations({ ...emptyPurgeGenerations(), version: 57 }));
  await createPurgeLedger(PURGE_LEDGER).record([{ kind: "host", value: "one.test", soft: false }]);
  expect((await stored()).version).toBe(58);
});

test("a document that nobody can read counts as a purge of everything, with a version above any held", async () => {
  await CONFIG.put(PURGES_KEY, '{"format":99,"version":1000}');
  const beforeMs = Date.now();
  await createPurgeLedger(PURGE_LEDGER).record([{ kind: "host", value: "one.test", soft: false }]);
  const generations = await stored();
  expect(generations.version).toBeGreaterThan(beforeMs);
  expect(generations.everything.hardMs).toBeGreaterThanOrEqual(beforeMs);
});

test("a thousand purges in a minute are one write per second at most, and the last document holds all of them", async () => {
  const startMs = ledgerClock();
  const writes: { readonly atMs: number; readonly text: string }[] = [];
  const { stub } = await ledgerOver(async (text) => void writes.push({ atMs: Date.now(), text }));
  const tags = Array.from({ length: 1000 }, (_, index) => `tag-${index}`);
  await runInDurableObject(stub, async (instance: PurgeLedger, state) => {
    for (const [index, value] of tags.entries()) {
      vi.setSystemTime(startMs + index * 60);
      await alarmIfDue(instance, state);
      await instance.record([{ kind: "tag", value, soft: false }]);
    }
    vi.setSystemTime(startMs + 60_000 + PURGE_WRITE_INTERVAL_MS);
    await alarmIfDue(instance, state);
  });
  const gaps = writes.slice(1).map(({ atMs }, index) => atMs - (writes[index]?.atMs ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(PURGE_WRITE_INTERVAL_MS);
  expect(writes.length).toBeGreaterThan(1);
  const last = generationsOf(writes.at(-1)?.text ?? "");
  expect(last.version).toBe(1000);
  for (const tag of tags) expect(hardMs(last, "https://x.test/", [tag])).toBeGreaterThan(0);
}, 60_000);

test("a thousand purges at the same moment are two writes, and all of them are in the second", async () => {
  ledgerClock();
  const texts: string[] = [];
  const { stub } = await ledgerOver(async (text) => void texts.push(text));
  const urls = Array.from({ length: 1000 }, (_, index) => `https://shop.test/${index}`);
  const receipts = await Promise.all(urls.map((value) => stub.record([{ kind: "url", value, soft: false }])));
  expect(texts).toHaveLength(1);
  await runDurableObjectAlarm(stub);
  expect(texts).toHaveLength(2);
  const last = generationsOf(texts[1] ?? "");
  for (const url of urls) expect(hardMs(last, url)).toBeGreaterThan(0);
  const own = receipts.map(({ id }) => Number(id.split("-")[0]));
  expect(own).toEqual(urls.map((_, index) => index + 1));
  // Nobody's receipt has a document without his own purge.
  const versions = receipts.map(({ generations }) => Number(/"version":(\d+)/.exec(generations)?.[1]));
  expect(versions.filter((version, index) => version < (own[index] ?? 0))).toEqual([]);
}, 60_000);

test("purges of one record have one time and one version", async () => {
  const ledger = createPurgeLedger(PURGE_LEDGER);
  const { atMs } = await ledger.record([
    { kind: "host", value: "one.test", soft: false },
    { kind: "host", value: "one.test", soft: true },
    { kind: "everything", value: "", soft: true },
  ]);
  const generations = await stored();
  expect(generations).toMatchObject({ version: 1, everything: { hardMs: 0, softMs: atMs } });
  expect(purgedAt(generations, { url: "https://one.test/", tags: [] })).toEqual({ hardMs: atMs, softMs: atMs });
});

test("another instance of the ledger goes on from its storage, whatever is in KV", async () => {
  const stub = PURGE_LEDGER.getByName("purges");
  await stub.record([ONE, { kind: "tag", value: "a", soft: true }]);
  await stub.record([{ kind: "everything", value: "", soft: true }]);
  await CONFIG.delete(PURGES_KEY);
  await evictDurableObject(stub);
  const receipt = await stub.record([{ ...ONE, soft: true }]);
  const generations = generationsOf(receipt.generations);
  expect(generations.version).toBe(3);
  expect(generations.everything.softMs).toBeGreaterThan(0);
  expect(hardMs(generations, "https://one.test/")).toBeGreaterThan(0);
  expect(generationsOf((await CONFIG.get(PURGES_KEY)) ?? "")).toEqual(generations);
});

test("what nothing stored can be older than leaves the ledger's storage when it opens", async () => {
  const startMs = ledgerClock();
  const stub = PURGE_LEDGER.getByName("purges");
  await stub.record([ONE]);
  const rows = (): Promise<number> =>
    runInDurableObject(stub, (_, state) => state.storage.sql.exec("SELECT slot FROM generations").toArray().length);
  const openAt = async (ms: number): Promise<void> => {
    vi.setSystemTime(ms);
    await evictDurableObject(stub);
  };
  await openAt(startMs + CACHE_LIFETIME_SECONDS_MAX * 1000 - 1);
  expect(await rows()).toBe(1);
  await openAt(startMs + CACHE_LIFETIME_SECONDS_MAX * 1000);
  expect(await rows()).toBe(0);
});

/** What the platform does with alarms, by the clock of the test. */
async function alarmIfDue(instance: PurgeLedger, state: DurableObjectState): Promise<void> {
  const dueMs = await state.storage.getAlarm();
  if (dueMs === null || dueMs > Date.now()) return;
  await state.storage.deleteAlarm();
  await instance.alarm();
}

async function stored(): Promise<PurgeGenerations> {
  return generationsOf((await CONFIG.get(PURGES_KEY)) ?? "");
}

function generationsOf(text: string): PurgeGenerations {
  const parsed = parsePurgeGenerations(text);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

function hardMs(generations: PurgeGenerations, url: string, tags: readonly string[] = []): number {
  return purgedAt(generations, { url, tags }).hardMs;
}
