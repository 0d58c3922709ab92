// Exact rate limits inside workerd: the object that counts, with its own SQLite storage, and the stage over it.

import { evictDurableObject, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import type { RateLimitActionSnapshot } from "../../src/config/rule-snapshot.ts";
import { ruleContext } from "../../src/firewall/context.ts";
import { loadRateLimit } from "../../src/firewall/rate-limit.ts";
import { createRateMemory } from "../../src/firewall/rate-memory.ts";
import {
  RATE_COUNTER_KEYS_MAX,
  RATE_COUNTER_PAGE_KEYS_MAX,
  RATE_COUNTER_PAGES,
  RATE_COUNTER_SHARDS,
  RATE_COUNTER_UNWRITTEN_SECONDS_MAX,
  RATE_COUNTER_WRITE_MS,
  RATE_COUNTER_WRITE_MS_MAX,
  RATE_WINDOW_PARTS,
} from "../../src/limits.ts";
import { createRateObjects, type RateCounter } from "../../src/platform/rate-counter.ts";
import type { RateCounter as RateCounterPort, RateRequest, RateVerdict } from "../../src/ports.ts";
import { limitRequest } from "../../src/stages/limit.ts";
import { factsOf } from "../support/facts.ts";

interface Bindings {
  readonly RATE_COUNTER: DurableObjectNamespace<RateCounter>;
}

const { RATE_COUNTER } = env as unknown as Bindings;

afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

function counter(): RateCounterPort {
  const port = createRateObjects(RATE_COUNTER);
  if (port === null) throw new Error("the tests have the binding");
  return port;
}

const request = (over: Partial<RateRequest> = {}): RateRequest => ({
  name: "login 1",
  key: "visitor",
  requests: 3,
  periodSeconds: 60,
  blockSeconds: null,
  does: "take",
  ...over,
});

const asked = (over: Partial<RateRequest> = {}): Promise<RateVerdict> => counter().ask(request(over));

/** One object, asked behind the port's back, so that the test knows where its key is. */
const one = (): DurableObjectStub<RateCounter> => RATE_COUNTER.getByName("one");

/** An hour ahead, so that the platform, which has the real time, fires no alarm by itself. */
function stopClock(): number {
  const startMs = Date.now() + 3_600_000;
  vi.useFakeTimers({ now: startMs, toFake: ["Date"] });
  return startMs;
}

/** Asks, and lets the object write what changed. */
async function askAndWrite(...questions: readonly Partial<RateRequest>[]): Promise<void> {
  await runInDurableObject(one(), async (instance: RateCounter) => {
    vi.useFakeTimers({ now: Date.now(), toFake: ["Date", "setTimeout"] });
    for (const question of questions) instance.ask(request(question));
    const atMs = Date.now();
    await vi.advanceTimersByTimeAsync(RATE_COUNTER_WRITE_MS_MAX);
    vi.useFakeTimers({ now: atMs, toFake: ["Date"] });
  });
}

const rows = (): Promise<number> =>
  runInDurableObject(one(), (_, { storage }) => {
    const tables = storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'pages'").toArray();
    return tables.length === 0 ? 0 : storage.sql.exec("SELECT page FROM pages").toArray().length;
  });

test("as many pass as the limit says, and the next is told how long to wait", async () => {
  stopClock();
  const verdicts = [await asked(), await asked(), await asked(), await asked()];
  expect(verdicts.map(({ limited }) => limited)).toEqual([false, false, false, true]);
  expect(verdicts.map(({ remaining }) => remaining)).toEqual([2, 1, 0, 0]);
  const waitMs = verdicts[3]?.waitMs ?? 0;
  expect(waitMs).toBeGreaterThanOrEqual(60_000);
  expect(waitMs).toBeLessThanOrEqual(60_000 + 60_000 / RATE_WINDOW_PARTS);
});

test("who waits as long as he was told passes, and not a millisecond earlier", async () => {
  const startMs = stopClock();
  for (let count = 0; count < 3; count += 1) await asked();
  const { waitMs } = await asked();
  vi.setSystemTime(startMs + (waitMs ?? 0) - 1);
  expect(await asked()).toMatchObject({ limited: true, waitMs: 1 });
  vi.setSystemTime(startMs + (waitMs ?? 0));
  expect(await asked()).toMatchObject({ limited: false });
});

test("of 200 requests at once exactly 20 pass a limit of 20", async () => {
  const verdicts = await Promise.all(Array.from({ length: 200 }, () => asked({ requests: 20 })));
  expect(verdicts.filter(({ limited }) => !limited)).toHaveLength(20);
});

test("keys, and limits of another name, are counted apart", async () => {
  const of = async (over: Partial<RateRequest>): Promise<boolean> => (await asked({ requests: 1, ...over })).limited;
  expect(await of({})).toBe(false);
  expect(await of({ key: "another" })).toBe(false);
  expect(await of({ name: "login 2" })).toBe(false);
  expect(await of({})).toBe(true);
});

test("keys spread over all shards of a limit", async () => {
  await Promise.all(Array.from({ length: 100 }, (_, index) => asked({ key: `key ${index}` })));
  const verdicts = await Promise.all(
    Array.from({ length: RATE_COUNTER_SHARDS }, (_, shard) =>
      runInDurableObject(RATE_COUNTER.getByName(`login 1 ${shard}`), (instance: RateCounter) =>
        Array.from({ length: 100 }, (_key, index) => instance.ask(request({ key: `key ${index}`, does: "check" })).remaining ?? 3),
      ),
    ),
  );
  const counted = verdicts.map((remaining) => remaining.filter((left) => left < 3).length);
  expect(counted.reduce((sum, count) => sum + count, 0)).toBe(100);
  expect(Math.min(...counted)).toBeGreaterThan(0);
});

test("what was only checked is not counted; what was only counted passes whatever there was", async () => {
  for (let count = 0; count < 5; count += 1) expect(await asked({ does: "check" })).toMatchObject({ limited: false, remaining: 3 });
  for (let count = 0; count < 5; count += 1) expect(await asked({ does: "count" })).toMatchObject({ limited: false });
  expect(await asked({ does: "check" })).toMatchObject({ limited: true });
});

test("an object that left memory knows its counts and who is out", async () => {
  const startMs = stopClock();
  await askAndWrite(
    { blockSeconds: 600 },
    { blockSeconds: 600 },
    { key: "out", requests: 1, blockSeconds: 600 },
    { key: "out", requests: 1, blockSeconds: 600 },
  );
  await evictDurableObject(one());
  expect(await one().ask(request({ blockSeconds: 600, does: "check" }))).toMatchObject({ limited: false, remaining: 1 });
  vi.setSystemTime(startMs + 600_000 - 1);
  expect(await one().ask(request({ key: "out", requests: 1, blockSeconds: 600 }))).toMatchObject({ limited: true, waitMs: 1 });
  vi.setSystemTime(startMs + 600_000);
  expect(await one().ask(request({ key: "out", requests: 1, blockSeconds: 600 }))).toMatchObject({ limited: false });
});

test.each([
  [RATE_COUNTER_UNWRITTEN_SECONDS_MAX, null, 0],
  [RATE_COUNTER_UNWRITTEN_SECONDS_MAX + 1, null, 1],
  [RATE_COUNTER_UNWRITTEN_SECONDS_MAX, RATE_COUNTER_UNWRITTEN_SECONDS_MAX, 0],
  [RATE_COUNTER_UNWRITTEN_SECONDS_MAX, RATE_COUNTER_UNWRITTEN_SECONDS_MAX + 1, 1],
])("counts over %i s and %s s out are %i rows of the storage", async (periodSeconds, blockSeconds, expected) => {
  stopClock();
  await askAndWrite({ periodSeconds, blockSeconds });
  expect(await rows()).toBe(expected);
});

test("however many keys there are, they are written to a few rows, and no more of them are kept than fit", async () => {
  stopClock();
  const keys = Array.from({ length: RATE_COUNTER_KEYS_MAX + 1 }, (_, index) => ({ key: `key ${index}` }));
  await askAndWrite(...keys);
  expect(await rows()).toBe(RATE_COUNTER_PAGES);
  await evictDurableObject(one());
  const remaining = async (key: string): Promise<number | null> => (await one().ask(request({ key, does: "check" }))).remaining;
  expect(await remaining("key 0")).toBe(3);
  expect(await remaining("key 1")).toBe(2);
  expect(await remaining(`key ${RATE_COUNTER_KEYS_MAX}`)).toBe(2);
});

test("an object has one row, with one key more than fit into it several, and one again when they are over", async () => {
  const startMs = stopClock();
  const keys = Array.from({ length: RATE_COUNTER_PAGE_KEYS_MAX }, (_, index) => ({ key: `key ${index}` }));
  await askAndWrite(...keys);
  expect(await rows()).toBe(1);
  await evictDurableObject(one());
  await askAndWrite({ key: "one more" });
  expect(await rows()).toBe(RATE_COUNTER_PAGES);
  await evictDurableObject(one());
  const known = await runInDurableObject(one(), (instance: RateCounter) =>
    keys.filter(({ key }) => instance.ask(request({ key, does: "check" })).remaining === 2),
  );
  expect(known).toHaveLength(RATE_COUNTER_PAGE_KEYS_MAX);
  vi.setSystemTime(startMs + 90_000);
  await askAndWrite({ key: "late" });
  expect(await rows()).toBe(1);
  await evictDurableObject(one());
  expect(await one().ask(request({ key: "late", does: "check" }))).toMatchObject({ remaining: 2 });
});

test("the busier an object is the rarer it writes, to a limit, and at once again after a quiet time", async () => {
  const startMs = stopClock();
  const writtenAtMs = await runInDurableObject(one(), async (instance: RateCounter, { storage }) => {
    vi.useFakeTimers({ now: startMs, toFake: ["Date", "setTimeout"] });
    const written: number[] = [];
    const write = storage.transactionSync.bind(storage);
    vi.spyOn(storage, "transactionSync").mockImplementation((work) => {
      written.push(Date.now() - startMs);
      return write(work);
    });
    for (let second = 0; second < 160; second += 1) {
      instance.ask(request({ does: "count" }));
      await vi.advanceTimersByTimeAsync(1000);
    }
    await vi.advanceTimersByTimeAsync(3 * RATE_COUNTER_WRITE_MS_MAX);
    const againMs = Date.now() - startMs;
    instance.ask(request({ does: "count" }));
    await vi.advanceTimersByTimeAsync(RATE_COUNTER_WRITE_MS);
    return written.map((ms) => (ms > againMs ? ms - againMs : ms));
  });
  // Each delay begins with the first change after the write before.
  expect(writtenAtMs).toEqual([5_000, 15_000, 35_000, 75_000, 115_000, 155_000, 195_000, RATE_COUNTER_WRITE_MS]);
});

test("what is over leaves the storage, and the last of it leaves no table", async () => {
  const startMs = stopClock();
  await askAndWrite({}, { key: "later", blockSeconds: null });
  const alarmAtMs = await runInDurableObject(one(), (_, { storage }) => storage.getAlarm());
  expect(alarmAtMs).toBeGreaterThanOrEqual(startMs + 60_000);
  vi.setSystemTime(alarmAtMs ?? 0);
  await evictDurableObject(one());
  expect(await runDurableObjectAlarm(one())).toBe(true);
  expect(await rows()).toBe(0);
  expect(await runDurableObjectAlarm(one())).toBe(false);
  await askAndWrite({});
  expect(await rows()).toBe(1);
});

test("an alarm while there is something left writes it again and comes again", async () => {
  const startMs = stopClock();
  await askAndWrite({ key: "early" });
  const alarmAtMs = (await runInDurableObject(one(), (_, { storage }) => storage.getAlarm())) ?? 0;
  vi.setSystemTime(startMs + 50_000);
  await askAndWrite({ key: "late" });
  vi.setSystemTime(alarmAtMs);
  expect(await runDurableObjectAlarm(one())).toBe(true);
  expect(await runInDurableObject(one(), (_, { storage }) => storage.getAlarm())).toBeGreaterThan(alarmAtMs);
  const texts = await runInDurableObject(one(), (_, { storage }) => JSON.stringify(storage.sql.exec("SELECT text FROM pages").toArray()));
  expect(texts).toContain("late");
  expect(texts).not.toContain("early");
});

test("pages of another Worker's keep no object from opening, and go", async () => {
  stopClock();
  await askAndWrite({});
  await runInDurableObject(one(), (_, { storage }) => storage.sql.exec("UPDATE pages SET text = '{\"version\":2}'"));
  await evictDurableObject(one());
  expect(await runDurableObjectAlarm(one())).toBe(true);
  expect(await rows()).toBe(0);
  expect(await one().ask(request())).toMatchObject({ limited: false, remaining: 2 });
});

test("a storage that takes nothing costs nobody an answer, and what it did not take is written later", async () => {
  stopClock();
  const failing = vi.fn<() => never>(() => {
    throw new Error("Exceeded allowed rows written");
  });
  const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  let works = (): void => undefined;
  await runInDurableObject(one(), (_, { storage }) => {
    const spy = vi.spyOn(storage, "transactionSync").mockImplementation(failing);
    works = () => spy.mockRestore();
  });
  await askAndWrite({}, {}, {});
  expect(failing).toHaveBeenCalledTimes(1);
  expect(await rows()).toBe(0);
  expect(await one().ask(request())).toMatchObject({ limited: true });
  works();
  await askAndWrite({ key: "another" });
  await evictDurableObject(one());
  expect(await one().ask(request())).toMatchObject({ limited: true });
  expect(warn).toHaveBeenCalledTimes(1);
  warn.mockRestore();
});

const ACTION: RateLimitActionSnapshot = {
  kind: "rateLimit",
  by: [{ kind: "address" }],
  requests: 20,
  periodSeconds: 60,
  counter: "object",
  count: null,
  countsAnswers: false,
  blockSeconds: 600,
  unreachable: "allow",
  status: 429,
  contentType: null,
  body: null,
};

test("200 requests at once through the stage: 20 pass, the others are answered with 429 and when to come again", async () => {
  const limit = loadRateLimit({ id: "api", mode: "enforce", action: ACTION }, new Map());
  const ports = {
    rates: { binding: null, object: counter() },
    clock: { nowMs: () => Date.now() },
    log: { write: () => undefined },
    defer: () => undefined,
  };
  const memory = createRateMemory();
  const send = () => limitRequest({ limits: [{ limit, context: ruleContext({ facts: factsOf() }), matches: true }], ports, memory });
  const outcomes = await Promise.all(Array.from({ length: 200 }, send));
  expect(outcomes.filter(({ answer }) => answer === null)).toHaveLength(20);
  const over = outcomes.find(({ answer }) => answer !== null);
  expect(over?.answer).toMatchObject({ kind: "error", error: { code: "rate-limited", status: 429, ruleId: "api" } });
  expect(Object.fromEntries(over?.headers ?? [])).toMatchObject({ "retry-after": "600", ratelimit: '"api";r=0;t=600' });
});

test.each([
  ["passes", { retryable: true }, 2],
  ["is for good", {}, 1],
  ["is of one that has too much to do", { retryable: true, overloaded: true }, 1],
])("a failure that %s: asked again or not", async (_, marks, times) => {
  const ask = vi.fn<() => Promise<never>>(() => Promise.reject(Object.assign(new Error("reset"), marks)));
  const port = createRateObjects({ getByName: () => ({ ask }) } as never);
  await expect(port?.ask(request())).rejects.toThrow("reset");
  expect(ask).toHaveBeenCalledTimes(times);
});

test("an object that was only asked takes no room", async () => {
  await one().ask(request({ does: "check" }));
  const tables = await runInDurableObject(one(), (_, { storage }) =>
    storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'pages'").toArray(),
  );
  expect(tables).toEqual([]);
});

test("without the binding there is no port", () => {
  expect(createRateObjects(undefined)).toBeNull();
});
