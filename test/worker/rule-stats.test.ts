// The object that keeps what rules did, inside workerd with its own SQLite storage, and the admin API over it.

import { evictDurableObject, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { createAdmin } from "../../src/admin/app.ts";
import {
  RULE_STATS_BATCHES_MAX,
  RULE_STATS_KEPT_MS,
  RULE_STATS_RECORDS_MAX,
  RULE_STATS_ROW_MS,
  RULE_STATS_ROWS_AT_ONCE,
  RULE_STATS_ROWS_AT_START,
  RULE_STATS_SAMPLES_MAX,
} from "../../src/limits.ts";
import { hourOf, type RuleBatch, type RuleCount, type RuleDid, type RuleSample } from "../../src/observe/rule-counts.ts";
import { createMarkers } from "../../src/origin/markers.ts";
import { createOriginTable } from "../../src/origin/table.ts";
import { platformCacheStore } from "../../src/platform/cache-store.ts";
import { createConfigStore } from "../../src/platform/config-store.ts";
import { createRuleStats, type RuleStats } from "../../src/platform/rule-stats.ts";
import type { Ports, RuleStatsLine, RuleStats as RuleStatsPort } from "../../src/ports.ts";
import { createStateHolder } from "../../src/release/holder.ts";
import { DEFAULT_INTERVALS } from "../../src/release/intervals.ts";
import { NO_CONNECTOR, NO_SECRETS } from "../support/ports.ts";

interface Bindings {
  readonly CONFIG: KVNamespace;
  readonly RULE_STATS: DurableObjectNamespace<RuleStats>;
}

const { CONFIG, RULE_STATS } = env as unknown as Bindings;
const HOUR_MS = 3_600_000;
const TOKEN = "a-token-of-this-test";

afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

const stub = (): DurableObjectStub<RuleStats> => RULE_STATS.getByName("rules");

function stats(): RuleStatsPort {
  const port = createRuleStats(RULE_STATS);
  if (port === null) throw new Error("the tests have the binding");
  return port;
}

let batches = 0;

function batchOf(...counts: readonly RuleCount[]): RuleBatch {
  batches += 1;
  return { id: `batch-${batches}`, counts, uncounted: 0 };
}

interface CountInput {
  readonly rule?: string;
  readonly did?: RuleDid;
  readonly count?: number;
  readonly atMs?: number;
  readonly samples?: readonly RuleSample[];
}

function countOf({ rule = "wp", did = "block", count = 1, atMs = Date.now(), samples = [] }: CountInput = {}): RuleCount {
  return { rule, did, count, hourMs: hourOf(atMs), lastAtMs: atMs, samples };
}

function sampleOf(id: string, atMs = Date.now()): RuleSample {
  const client = { address: "192.0.2.1", country: "JP", asn: 64500 };
  return { id, atMs, method: "GET", host: "shop.test", path: "/wp", status: 403, userAgent: "curl", ...client };
}

async function all(): Promise<readonly RuleStatsLine[]> {
  return stats().read({ sinceMs: 0, rules: [], samples: RULE_STATS_SAMPLES_MAX });
}

async function countsOf(): Promise<Readonly<Record<string, number>>> {
  return Object.fromEntries((await all()).map(({ rule, did, count }) => [`${rule} ${did}`, count]));
}

async function rowsWritten(): Promise<number> {
  return runInDurableObject(
    stub(),
    (_instance, { storage }) => storage.sql.exec<{ n: number }>("SELECT count(*) AS n FROM records").one().n,
  );
}

/** Stops the clock an hour ahead: the object counts its rights by it, and the platform, which has the real time, fires no alarm. */
function objectClock(): number {
  const startMs = Date.now() + HOUR_MS;
  vi.useFakeTimers({ now: startMs, toFake: ["Date"] });
  return startMs;
}

test("counts of many isolates at once add up, each effect of a rule by itself", async () => {
  const port = stats();
  await Promise.all(
    Array.from({ length: 20 }, () => port.add(batchOf(countOf({ count: 3 }), countOf({ did: "would-block" }), countOf({ rule: "other" })))),
  );
  expect(await countsOf()).toEqual({ "wp block": 60, "wp would-block": 20, "other block": 20 });
});

test("a batch that is sent again counts once, another one of the same content counts", async () => {
  const batch = batchOf(countOf({ samples: [sampleOf("r1")] }));
  await stats().add(batch);
  await stats().add(batch);
  expect(await all()).toMatchObject([{ count: 1, samples: [{ id: "r1" }] }]);
  await stats().add({ ...batch, id: "another" });
  expect(await all()).toMatchObject([{ count: 2 }]);
});

test("as many batches are remembered as there is room for, and the oldest is forgotten first", async () => {
  const first = batchOf(countOf());
  const second = batchOf(countOf());
  await runInDurableObject(stub(), (instance: RuleStats) => {
    instance.add(first);
    instance.add(second);
    for (let i = 2; i < RULE_STATS_BATCHES_MAX; i += 1) instance.add({ id: `filler-${i}`, counts: [], uncounted: 0 });
    instance.add(first);
  });
  expect(await countsOf()).toEqual({ "wp block": 2 });
  await runInDurableObject(stub(), (instance: RuleStats) => {
    instance.add({ id: "one more", counts: [], uncounted: 0 });
    instance.add(first);
  });
  expect(await countsOf()).toEqual({ "wp block": 3 });
});

test("the newest samples are kept of all isolates, and a reader gets as many as it asks for", async () => {
  const startMs = Date.now() - 1000;
  const samples = Array.from({ length: RULE_STATS_SAMPLES_MAX + 1 }, (_, index) => sampleOf(`r${index}`, startMs + index));
  for (const sample of samples) await stats().add(batchOf(countOf({ samples: [sample] })));
  const ids = (lines: readonly RuleStatsLine[]) => lines[0]?.samples.map(({ id }) => id);
  const newest = samples
    .slice(1)
    .map(({ id }) => id)
    .toReversed();
  expect(ids(await all())).toEqual(newest);
  expect(ids(await stats().read({ sinceMs: 0, rules: [], samples: 2 }))).toEqual(newest.slice(0, 2));
  expect(ids(await stats().read({ sinceMs: 0, rules: [], samples: 0 }))).toEqual([]);
});

test("a reader gets the rules that it names, and what is as young as it asks for", async () => {
  const nowMs = Date.now();
  await stats().add(batchOf(countOf({ rule: "old", atMs: nowMs - 3 * HOUR_MS }), countOf({ rule: "a" }), countOf({ rule: "b" })));
  const rules = async (sinceMs: number, wanted: readonly string[]): Promise<readonly string[]> =>
    (await stats().read({ sinceMs, rules: wanted, samples: 0 })).map(({ rule }) => rule).toSorted();
  expect(await rules(0, [])).toEqual(["a", "b", "old"]);
  expect(await rules(nowMs - HOUR_MS, [])).toEqual(["a", "b"]);
  expect(await rules(0, ["b", "old", "nobody"])).toEqual(["b", "old"]);
});

test("what was counted survives the object", async () => {
  await stats().add(batchOf(countOf({ count: 5, samples: [sampleOf("r1")] })));
  await evictDurableObject(stub());
  await stats().add(batchOf(countOf({ count: 2 })));
  expect(await all()).toMatchObject([{ rule: "wp", did: "block", count: 7, samples: [{ id: "r1" }] }]);
});

test("a row that another version wrote is counted anew, and spoils no other", async () => {
  await stats().add(batchOf(countOf(), countOf({ rule: "fine" })));
  await runInDurableObject(stub(), (_instance, { storage }) => void storage.sql.exec("UPDATE records SET record = '{' WHERE rule = 'wp'"));
  await evictDurableObject(stub());
  await stats().add(batchOf(countOf()));
  expect(await countsOf()).toEqual({ "wp block": 1, "fine block": 1 });
});

test("rows are written in the time that they have a right to; nothing is missing from an answer meanwhile", async () => {
  objectClock();
  const rules = Array.from({ length: 10 }, (_, index) => countOf({ rule: `r${index}` }));
  await stats().add(batchOf(...rules));
  expect(await rowsWritten()).toBe(RULE_STATS_ROWS_AT_START);
  expect(Object.keys(await countsOf())).toHaveLength(10);
  vi.setSystemTime(Date.now() + RULE_STATS_ROW_MS - 1);
  await stats().add(batchOf());
  expect(await rowsWritten()).toBe(RULE_STATS_ROWS_AT_START);
  vi.setSystemTime(Date.now() + 1);
  await stats().add(batchOf());
  expect(await rowsWritten()).toBe(RULE_STATS_ROWS_AT_START + 1);
  vi.setSystemTime(Date.now() + 10 * RULE_STATS_ROW_MS);
  await stats().add(batchOf());
  expect(await rowsWritten()).toBe(10);
});

test("a quiet time earns only so many rows", async () => {
  objectClock();
  await stats().add(batchOf());
  vi.setSystemTime(Date.now() + 10 * RULE_STATS_ROWS_AT_ONCE * RULE_STATS_ROW_MS);
  await stats().add(batchOf(...Array.from({ length: RULE_STATS_ROWS_AT_ONCE + 1 }, (_, index) => countOf({ rule: `r${index}` }))));
  expect(await rowsWritten()).toBe(RULE_STATS_ROWS_AT_ONCE);
});

test("rows that had to wait are written although nothing more comes", async () => {
  const startMs = objectClock();
  await stats().add(batchOf(...Array.from({ length: RULE_STATS_ROWS_AT_START + 1 }, (_, index) => countOf({ rule: `r${index}` }))));
  vi.setSystemTime(startMs + RULE_STATS_ROW_MS);
  await vi.waitFor(async () => expect(await rowsWritten()).toBe(RULE_STATS_ROWS_AT_START + 1), { timeout: 20_000, interval: 100 });
}, 30_000);

test("with as many rules as it keeps nothing is lost; one more takes the place of the one that was quiet for longest", async () => {
  objectClock();
  const rules = Array.from({ length: RULE_STATS_RECORDS_MAX }, (_, index) => countOf({ rule: `r${index}` }));
  await stats().add(batchOf(...rules));
  await stats().add(batchOf(countOf({ rule: "r0" })));
  expect(await all()).toHaveLength(RULE_STATS_RECORDS_MAX);
  await stats().add(batchOf(countOf({ rule: "new" })));
  const counts = await countsOf();
  expect(Object.keys(counts)).toHaveLength(RULE_STATS_RECORDS_MAX);
  expect(counts).toMatchObject({ "r0 block": 2, "new block": 1 });
  expect(counts).not.toHaveProperty(["r1 block"]);
});

test("after a restart, too, the one that was quiet for longest goes", async () => {
  const nowMs = Date.now();
  await stats().add(batchOf(countOf({ rule: "first" })));
  await runInDurableObject(stub(), (_instance, { storage }) => {
    for (let i = 1; i < RULE_STATS_RECORDS_MAX; i += 1) {
      const record = JSON.stringify({ lastAtMs: nowMs - (i === 500 ? HOUR_MS : i), hours: [[hourOf(nowMs), 1]], samples: [] });
      storage.sql.exec("INSERT INTO records (rule, did, record) VALUES (?, 'block', ?)", `r${i}`, record);
    }
  });
  await evictDurableObject(stub());
  expect(await all()).toHaveLength(RULE_STATS_RECORDS_MAX);
  await stats().add(batchOf(countOf({ rule: "new" })));
  const counts = await countsOf();
  expect(Object.keys(counts)).toHaveLength(RULE_STATS_RECORDS_MAX);
  expect(counts).not.toHaveProperty(["r500 block"]);
});

test("after a week nothing of a visitor is left, also where no request comes any more", async () => {
  const startMs = objectClock();
  await stats().add(batchOf(countOf({ samples: [sampleOf("r1")] })));
  vi.setSystemTime(startMs + RULE_STATS_KEPT_MS);
  expect(await runDurableObjectAlarm(stub())).toBe(true);
  expect(await all()).toMatchObject([{ samples: [{ id: "r1" }] }]);
  vi.setSystemTime(startMs + RULE_STATS_KEPT_MS + 1);
  expect(await runDurableObjectAlarm(stub())).toBe(true);
  expect(await all()).toEqual([]);
  expect(await rowsWritten()).toBe(0);
});

test("a rule that goes on matching loses its old samples from storage, too", async () => {
  const startMs = objectClock();
  await stats().add(batchOf(countOf({ samples: [sampleOf("old", startMs)] })));
  vi.setSystemTime(startMs + RULE_STATS_KEPT_MS + 1);
  await stats().add(batchOf(countOf({ samples: [sampleOf("new", Date.now())] })));
  await runDurableObjectAlarm(stub());
  const texts = await runInDurableObject(stub(), (_instance, { storage }) =>
    storage.sql.exec<{ record: string }>("SELECT record FROM records").toArray(),
  );
  expect(JSON.stringify(texts)).toContain("new");
  expect(JSON.stringify(texts)).not.toContain("old");
});

test("what became too old while the object was away goes with the next alarm", async () => {
  const startMs = objectClock();
  await stats().add(batchOf(countOf({ samples: [sampleOf("r1")] })));
  vi.setSystemTime(startMs + RULE_STATS_KEPT_MS + 1);
  await evictDurableObject(stub());
  expect(await all()).toEqual([]);
  await runDurableObjectAlarm(stub());
  expect(await rowsWritten()).toBe(0);
});

test("without a binding there is no port", () => expect(createRuleStats(undefined)).toBeNull());

function portsWith(ruleStats: RuleStatsPort | null): Ports {
  return {
    clock: { nowMs: () => Date.now() },
    random: { next: () => 0.5, id: () => "0".repeat(32) },
    cache: platformCacheStore,
    config: createConfigStore(CONFIG),
    fetcher: { fetch: () => Promise.reject(new Error("the admin API needs no origin")) },
    connector: NO_CONNECTOR,
    secrets: NO_SECRETS,
    purges: { record: () => Promise.reject(new Error("nothing is purged here")) },
    ruleStats,
    log: { write: () => {} },
    defer: (work) => void work,
  };
}

async function ask(query: string, { ruleStats = stats(), token = TOKEN }: { ruleStats?: RuleStatsPort | null; token?: string } = {}) {
  const request = new Request(`https://shop.test/_breakwater/rule-stats${query}`, { headers: { authorization: `Bearer ${token}` } });
  return createAdmin().handleControl(request, {
    holder: createStateHolder({ intervals: DEFAULT_INTERVALS, baked: null, scope: "test" }),
    origins: createOriginTable(),
    markers: createMarkers("test"),
    ports: portsWith(ruleStats),
    token: TOKEN,
    nowMs: Date.now(),
    colo: "FRA",
    clientAddress: "192.0.2.7",
  });
}

test("the admin API tells what rules did in the hours that it is asked for", async () => {
  const nowMs = Date.now();
  await stats().add(batchOf(countOf({ count: 4, samples: [sampleOf("r1")] }), countOf({ did: "log", atMs: nowMs - 30 * HOUR_MS })));
  const response = await ask("?hours=2&samples=1&rule=wp");
  expect(response?.status).toBe(200);
  expect(response?.headers.get("cache-control")).toBe("no-store");
  expect(await response?.json()).toEqual({
    nowMs: expect.any(Number),
    sinceMs: hourOf(nowMs) - 2 * HOUR_MS,
    release: null,
    rules: [{ rule: "wp", did: "block", count: 4, lastAtMs: expect.any(Number), samples: [expect.objectContaining({ id: "r1" })] }],
  });
  expect(await (await ask(""))?.json()).toMatchObject({ sinceMs: hourOf(nowMs) - 24 * HOUR_MS, rules: [{ did: "block", samples: [] }] });
});

test.each([
  ["hours=1", 200],
  ["hours=0", 400],
  ["hours=168", 200],
  ["hours=169", 400],
  ["hours=1.5", 400],
  ["hours=", 400],
  [`samples=${RULE_STATS_SAMPLES_MAX}`, 200],
  [`samples=${RULE_STATS_SAMPLES_MAX + 1}`, 400],
  ["samples=-1", 400],
])("a query of %s is answered with %i", async (query, status) => {
  const response = await ask(`?${query}`);
  expect(response?.status).toBe(status);
  if (status === 400)
    expect(await response?.json()).toMatchObject({
      error: { code: "bad-request", message: expect.stringContaining(query.split("=")[0] ?? "") },
    });
});

test("without the right token nobody learns anything", async () => expect(await ask("", { token: "wrong" })).toBeNull());

test("without the binding the admin API says what is missing", async () => {
  const response = await ask("", { ruleStats: null });
  expect(response?.status).toBe(409);
  expect(await response?.json()).toMatchObject({ error: { code: "no-rule-stats", message: expect.stringContaining("RULE_STATS") } });
});

test("an object that does not answer is told as such", async () => {
  const broken = { add: () => Promise.resolve(), read: () => Promise.reject(new Error("overloaded")) };
  const response = await ask("", { ruleStats: broken });
  expect(response?.status).toBe(503);
  expect(await response?.json()).toMatchObject({ error: { code: "rule-stats-failed" } });
});
