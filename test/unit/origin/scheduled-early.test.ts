// When changes of state reach KV: within the run in which they fall. Whole runs of the cron in virtual time, against a KV that
// refuses a write within a second of the one before, as the platform's does.

import fc from "fast-check";
import { expect, test } from "vitest";
import type { HealthCheckSnapshot } from "../../../src/config/pool-snapshot.ts";
import {
  CHECKS_AT_ONCE_MAX,
  CHECK_RUN_MS_MAX,
  HEALTH_EARLY_WRITES_MAX,
  SUBREQUESTS_FREE_PLAN,
  SUBREQUESTS_KEPT_BACK,
  SUBREQUESTS_PAID_PLAN,
} from "../../../src/limits.ts";
import type { AlertEvent } from "../../../src/origin/alert.ts";
import { earlyWritesMax } from "../../../src/origin/check-budget.ts";
import { parseHealthDocument } from "../../../src/origin/health.ts";
import type { HealthDocument, OriginHealth } from "../../../src/origin/health.ts";
import { checkHealth } from "../../../src/scheduled.ts";
import type { HealthRun } from "../../../src/scheduled.ts";
import { NO_CONNECTOR, NO_SECRETS } from "../../support/ports.ts";
import { CHECK, origin, pool } from "./fixtures.ts";
import { seeded } from "./seeded.ts";
import { virtualTime } from "./virtual-time.ts";

const HOOK = "https://hooks.example/x";
const KV_WRITE_EVERY_MS = 1000;

interface Put {
  /** Since the run's beginning. */
  readonly atMs: number;
  readonly document: HealthDocument;
  /** Changes that the webhook had taken when it began. */
  readonly delivered: ReadonlySet<string>;
}

interface Options {
  readonly ids?: readonly string[];
  readonly check?: Partial<HealthCheckSnapshot>;
  readonly plan?: "free" | "paid";
  readonly alerts?: boolean;
  /** How long KV takes for a write. */
  readonly putMs?: number;
}

function world({ ids = ["a"], check = {}, plan = "paid", alerts = false, putMs = 0 }: Options = {}) {
  const time = virtualTime();
  let startedAtMs = time.clock.nowMs();
  let putAtMs = Number.NEGATIVE_INFINITY;
  const sinceStartMs = (): number => time.clock.nowMs() - startedAtMs;
  const made = {
    /** How an origin answers a check of this run: a status, and after what time. */
    answer: (_id: string, _sinceStartMs: number): { status: number; afterMs?: number } => ({ status: 200 }),
    hook: () => 204,
    refuses: (_putsOfTheRun: number): boolean => false,
    stored: null as HealthDocument | null,
    puts: [] as Put[],
    tried: 0,
    refusedTooSoon: 0,
    delivered: new Set<string>(),
    posts: [] as { readonly atMs: number; readonly event: AlertEvent }[],
    requests: 0,
    atOnce: 0,
    atOnceMax: 0,
    /** One run, a minute after the one before. What was counted of that is forgotten. */
    async run(): Promise<string> {
      startedAtMs = time.clock.nowMs();
      Object.assign(made, { puts: [], tried: 0, posts: [], requests: 0, atOnceMax: 0 });
      const health = { ...CHECK, ...check };
      const web = pool(
        "web",
        ids.map((id) => origin(id)),
        { health },
      );
      const ruleset = { release: "r", pools: new Map([["web", web]]), alerts: alerts ? { url: HOOK, secret: null } : null };
      const outcome = await time.run(checkHealth({ ruleset, ports, region: "SIM", plan, sleep: time.sleep }));
      made.lastedMs = sinceStartMs();
      time.advance(60_000 - made.lastedMs);
      return outcome;
    },
    lastedMs: 0,
    state: (put: number, id = "a"): OriginHealth["state"] | undefined => made.puts[put]?.document.origins[`web/${id}`]?.state,
  };
  const connected = async <T>(work: () => Promise<T>): Promise<T> => {
    made.requests += 1;
    made.atOnce += 1;
    made.atOnceMax = Math.max(made.atOnceMax, made.atOnce);
    try {
      return await work();
    } finally {
      made.atOnce -= 1;
    }
  };
  const put = async (value: string): Promise<void> => {
    const atMs = sinceStartMs();
    const delivered = new Set(made.delivered);
    const isTooSoon = time.clock.nowMs() - putAtMs < KV_WRITE_EVERY_MS;
    putAtMs = time.clock.nowMs();
    made.tried += 1;
    if (isTooSoon) made.refusedTooSoon += 1;
    if (putMs > 0) await time.sleep(putMs);
    if (isTooSoon || made.refuses(made.tried)) throw new Error("429 Too Many Requests");
    const parsed = parseHealthDocument(value);
    if (!parsed.ok) throw new Error(parsed.error.message);
    made.stored = parsed.value;
    made.puts.push({ atMs, document: parsed.value, delivered });
  };
  const ports: HealthRun["ports"] = {
    clock: time.clock,
    connector: NO_CONNECTOR,
    secrets: NO_SECRETS,
    log: { write: () => undefined },
    fetcher: {
      fetch: (url, { body }) =>
        connected(async () => {
          if (url === HOOK) {
            const status = made.hook();
            const event = JSON.parse(new TextDecoder().decode(body as Uint8Array)) as AlertEvent;
            made.posts.push({ atMs: sinceStartMs(), event });
            if (status === 204)
              for (const { origin: key, to, sinceMs } of event.transitions) made.delivered.add(changeOf(key, to, sinceMs));
            return new Response(null, { status });
          }
          const { status, afterMs = 0 } = made.answer(new URL(url).hostname.split(".")[0] ?? "", sinceStartMs());
          if (afterMs > 0) await time.sleep(afterMs);
          return new Response("", { status });
        }),
    },
    config: {
      getAll: () => Promise.reject(new Error("the cron reads one key")),
      get: () => connected(() => Promise.resolve(made.stored === null ? null : JSON.stringify(made.stored))),
      put: (_key, value) => connected(() => put(value)),
    },
  };
  return made;
}

function changeOf(key: string, state: string, sinceMs: number): string {
  return `${key} ${state} ${sinceMs}`;
}

/** A world whose origins have been up for a run. */
async function settled(options: Options = {}): Promise<ReturnType<typeof world>> {
  const here = world(options);
  await here.run();
  return here;
}

const dead = (): { status: number } => ({ status: 503 });

test.each(["free", "paid"] as const)(
  "%s plan: a verdict that falls after 10 s is in KV a second later, and nothing else is",
  async (plan) => {
    const here = await settled({ plan });
    const before = here.stored?.generation ?? 0;
    here.answer = dead;
    expect(await here.run()).toBe("written");
    expect(here.puts.map(({ atMs }) => atMs)).toEqual([11_000]);
    expect(here.state(0)).toBe("down");
    expect(here.puts[0]?.document.generation).toBe(before + 1);
  },
);

test("the run goes on: an origin that comes back is up in KV within the same run", async () => {
  const here = await settled();
  here.answer = (_, atMs) => ({ status: atMs < 13_000 ? 503 : 200 });
  await here.run();
  expect(here.puts.map(({ atMs, document }) => [atMs, document.origins["web/a"]?.state])).toEqual([
    [11_000, "down"],
    [21_000, "up"],
  ]);
  expect(here.puts[1]?.document.generation).toBe((here.puts[0]?.document.generation ?? 0) + 1);
});

test.each([
  ["at once", 0, [11_000]],
  ["one that is found 999 ms later", 999, [11_000]],
  ["one that is found 1,001 ms later has the next write", 1001, [11_000, 12_001]],
])("origins that die together are one write: %s", async (_, afterMs, writtenAtMs) => {
  const here = await settled({ ids: ["a", "b", "c"] });
  here.answer = (id) => ({ status: 503, afterMs: id === "a" ? 0 : afterMs });
  await here.run();
  expect(here.puts.map(({ atMs }) => atMs)).toEqual(writtenAtMs);
  expect(["a", "b", "c"].map((id) => here.state(writtenAtMs.length - 1, id))).toEqual(["down", "down", "down"]);
});

test("what falls while a write is under way is in the next one, and never two are", async () => {
  const here = await settled({ ids: ["a", "b"], putMs: 2500 });
  here.answer = (id) => ({ status: 503, afterMs: id === "a" ? 0 : 1500 });
  await here.run();
  expect([here.state(0, "a"), here.state(0, "b"), here.state(1, "b")]).toEqual(["down", "up", "down"]);
  // The second begins a second after the first one ended.
  expect(here.puts.map(({ atMs }) => atMs)).toEqual([11_000, 14_500]);
});

test("what falls in the last round is written once, at the end", async () => {
  const here = await settled();
  here.answer = (_, atMs) => ({ status: atMs >= 40_000 ? 503 : 200 });
  await here.run();
  expect(here.puts.map(({ atMs }) => atMs)).toEqual([50_000]);
  expect(here.state(0)).toBe("down");
});

test("what went down and came back before it could be written is nothing new", async () => {
  const here = await settled({ check: { intervalMs: 500, rise: 1, fall: 1 } });
  here.answer = (_, atMs) => ({ status: atMs < 400 ? 503 : 200 });
  await here.run();
  // The paid plan's heartbeat.
  expect(here.puts.map(({ atMs }) => atMs)).toEqual([here.lastedMs]);
});

test("a write waits for a time without checks: none begins later for its sake", async () => {
  const here = await settled({ ids: Array.from({ length: CHECKS_AT_ONCE_MAX + 1 }, (_, index) => `o${index}`), check: { fall: 1 } });
  const askedAtMs: number[] = [];
  here.answer = (id, atMs) => {
    askedAtMs.push(atMs);
    return { status: 503, afterMs: id === "o0" ? 0 : 1500 };
  };
  await here.run();
  expect(askedAtMs.slice(0, CHECKS_AT_ONCE_MAX + 1)).toEqual(Array.from({ length: CHECKS_AT_ONCE_MAX + 1 }, () => 0));
});

test("the end's write keeps KV's second after an early one", async () => {
  const here = await settled({ alerts: true, check: { intervalMs: 900, fall: 1 } });
  here.answer = (_, atMs) => ({ status: atMs >= 45_900 ? 503 : 200 });
  await here.run();
  expect(here.puts.map(({ atMs }) => atMs)).toEqual([46_900, 47_900]);
  expect(here.refusedTooSoon).toBe(0);
});

test("after an early write the end writes what has changed since", async () => {
  const here = await settled({ ids: ["a", "b"] });
  here.answer = (id, atMs) => ({ status: id === "a" || atMs >= 40_000 ? 503 : 200 });
  await here.run();
  expect(here.puts.map(({ atMs }) => atMs)).toEqual([11_000, 50_000]);
  expect([here.state(0, "b"), here.state(1, "b")]).toEqual(["up", "down"]);
});

test("a heartbeat is due again in the run after an early write", async () => {
  const here = await settled();
  here.answer = dead;
  await here.run();
  await here.run();
  expect(here.puts.map(({ atMs }) => atMs)).toEqual([50_000]);
});

test.each([
  ["it is tried again after the next check", 1, "written", [15_000]],
  ["and at the run's end, when all early ones failed", HEALTH_EARLY_WRITES_MAX, "written", [50_000]],
  ["which says so when that fails, too", HEALTH_EARLY_WRITES_MAX + 1, "write-failed", []],
])("a failed early write is no failure of the run: %s", async (_, failures, outcome, writtenAtMs) => {
  const here = await settled();
  here.answer = dead;
  here.refuses = (tried) => tried <= failures;
  expect(await here.run()).toBe(outcome);
  expect(here.tried).toBe(Math.min(failures, HEALTH_EARLY_WRITES_MAX) + 1);
  expect(here.puts.map(({ atMs }) => atMs)).toEqual(writtenAtMs);
});

test.each([
  ["2 writes left: one early, one for the end", 2, ["written", [11_000]]],
  ["fewer than 2: the change waits for the end", 1.4, ["written", [50_000]]],
  ["fewer than 1: the run is postponed", 0.4, ["postponed", []]],
])("the free plan's allowance, %s", async (_, writesLeft, expected) => {
  const here = await settled({ plan: "free" });
  if (here.stored !== null) here.stored = { ...here.stored, asOfMs: here.stored.asOfMs + 50_000, writesLeft };
  here.answer = dead;
  const outcome = await here.run();
  expect([outcome, here.puts.map(({ atMs }) => atMs)]).toEqual(expected);
});

const alternating = (_: string, atMs: number): { status: number } => ({ status: Math.floor(atMs / 5000) % 2 === 0 ? 503 : 200 });

test.each(["free", "paid"] as const)("%s plan: an origin that comes and goes with every check costs a run so many writes", async (plan) => {
  const here = await settled({ plan, check: { rise: 1, fall: 1 } });
  here.answer = alternating;
  await here.run();
  expect(here.tried).toBe(HEALTH_EARLY_WRITES_MAX + 1);
  expect(here.state(HEALTH_EARLY_WRITES_MAX)).toBe("down");
});

test.each([
  ["free", SUBREQUESTS_FREE_PLAN],
  ["paid", SUBREQUESTS_PAID_PLAN],
] as const)("%s plan: what the checks leave of a run's requests is for early writes, and one always is", (_, subrequests) => {
  const most = subrequests - SUBREQUESTS_KEPT_BACK;
  const early = (checks: number): number =>
    earlyWritesMax(
      [
        pool(
          "web",
          Array.from({ length: checks }, (__, index) => origin(`o${index}`)),
          { health: { ...CHECK, intervalMs: 60_000 } },
        ),
      ],
      { subrequests, alerts: false },
    );
  expect([0, 1, 2, 3, 4].map((unused) => early(most - unused))).toEqual([1, 2, 3, 4, HEALTH_EARLY_WRITES_MAX]);
  expect(early(most + 1)).toBe(1);
});

test("a write takes the place of a check: never more than six connections, and the run ends in time", async () => {
  const ids = Array.from({ length: 20 }, (_, index) => `o${index}`);
  const here = await settled({ ids, check: { intervalMs: 10_000, fall: 1, rise: 1 }, putMs: 700 });
  here.answer = (id, atMs) => ({ status: Number(id.slice(1)) * 2000 < atMs ? 503 : 200, afterMs: 1900 });
  await here.run();
  expect(here.puts.length).toBeGreaterThan(1);
  expect(here.atOnceMax).toBe(CHECKS_AT_ONCE_MAX);
  expect(here.lastedMs).toBeLessThanOrEqual(CHECK_RUN_MS_MAX);
});

test("the webhook is told once, at the end; until then the document that shows a change says that it is to be told", async () => {
  const here = await settled({ alerts: true, ids: ["a", "b"] });
  here.answer = (id, atMs) => ({ status: atMs < (id === "a" ? 13_000 : 99_000) ? 503 : 200 });
  await here.run();
  expect(here.posts).toHaveLength(1);
  const told = here.posts[0]?.event.transitions ?? [];
  expect(told.map(({ origin: key, to }) => `${key} ${to}`)).toEqual(["web/a down", "web/b down", "web/a up"]);
  expect(here.puts.map(({ document }) => document.undelivered?.map(({ id }) => id))).toEqual([
    told.slice(0, 2).map(({ id }) => id),
    told.map(({ id }) => id),
    undefined,
  ]);
});

test("a run that is cut off after an early write loses no event: the next one tells it under its id", async () => {
  const [whole, cut] = [await settled({ alerts: true }), await settled({ alerts: true })];
  whole.answer = dead;
  await whole.run();
  cut.answer = dead;
  await cut.run();
  cut.stored = cut.puts[0]?.document ?? null;
  await cut.run();
  expect(cut.posts.map(({ event }) => event.id)).toEqual(whole.posts.map(({ event }) => event.id));
  expect(cut.stored?.undelivered).toBeUndefined();
});

test("a webhook that does not take it is told again under the same id, and that is no reason to write", async () => {
  const here = await settled({ alerts: true });
  here.answer = dead;
  here.hook = () => 503;
  await here.run();
  const ids = here.posts.map(({ event }) => event.id);
  expect(here.puts.map(({ atMs }) => atMs)).toEqual([11_000]);
  await here.run();
  expect(new Set([...ids, ...here.posts.map(({ event }) => event.id)]).size).toBe(1);
  expect(here.puts[0]?.document.undelivered).toHaveLength(1);
});

test.each([
  ["1 write left: it stays on record, and is told again", 1, [1]],
  ["2 writes left: it leaves the record", 2, [1, 0]],
])("free plan, an event that is taken at the second try, %s", async (_, writesLeft, undelivered) => {
  const here = await settled({ plan: "free", alerts: true, check: { intervalMs: 60_000, fall: 1 } });
  if (here.stored !== null) here.stored = { ...here.stored, asOfMs: here.stored.asOfMs + 60_000, writesLeft };
  let tries = 0;
  here.answer = dead;
  here.hook = () => ((tries += 1) === 1 ? 503 : 204);
  await here.run();
  expect(tries).toBe(2);
  expect(here.puts.map(({ document }) => document.undelivered?.length ?? 0)).toEqual(undelivered);
});

const scenario = fc.record({
  seed: fc.integer({ min: 1, max: 1e9 }),
  plan: fc.constantFrom("free" as const, "paid" as const),
  alerts: fc.boolean(),
  count: fc.integer({ min: 1, max: 9 }),
  intervalMs: fc.integer({ min: 3000, max: 30_000 }),
  fall: fc.integer({ min: 1, max: 3 }),
  putMs: fc.constantFrom(0, 300, 4000),
});

test("whatever happens: changes are delivered or on record, KV is never written too soon or too often, requests suffice", async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async ({ seed, plan, alerts, count, intervalMs, fall, putMs }) => {
      const ids = Array.from({ length: count }, (_, index) => `o${index}`);
      const here = await settled({ ids, plan, alerts, putMs, check: { intervalMs, timeoutMs: 1500, fall, rise: fall } });
      const random = seeded(seed);
      here.answer = () => ({ status: random() < 0.5 ? 503 : 200, afterMs: random() * 1400 });
      here.hook = () => (random() < 0.5 ? 503 : 204);
      here.refuses = () => random() < 0.2;
      for (let run = 0; run < 3; run += 1) {
        let before = here.stored;
        await here.run();
        expect(here.refusedTooSoon).toBe(0);
        expect(here.tried).toBeLessThanOrEqual(HEALTH_EARLY_WRITES_MAX + (alerts ? 2 : 1));
        // Besides these, the pointer and the release are read.
        expect(here.requests).toBeLessThanOrEqual((plan === "free" ? SUBREQUESTS_FREE_PLAN : SUBREQUESTS_PAID_PLAN) - 2);
        for (const { document, delivered } of here.puts) {
          const open = document.undelivered?.map(({ origin: key, to, sinceMs }) => changeOf(key, to, sinceMs)) ?? [];
          for (const [key, { state, sinceMs }] of Object.entries(document.origins)) {
            if (!alerts || state === before?.origins[key]?.state) continue;
            expect([...open, ...delivered]).toContain(changeOf(key, state, sinceMs));
          }
          expect(document.generation).toBe((before?.generation ?? 0) + 1);
          before = document;
        }
      }
    }),
    { numRuns: 40 },
  );
});
