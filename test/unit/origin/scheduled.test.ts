import { expect, test } from "vitest";
import type { HealthCheckSnapshot, PoolSnapshot } from "../../../src/config/pool-snapshot.ts";
import {
  ALERT_TIMEOUT_MS,
  CHECKS_AT_ONCE_MAX,
  CHECK_BODY_BYTES_MAX,
  CHECK_RUN_MS_MAX,
  SUBREQUESTS_FREE_PLAN,
  SUBREQUESTS_KEPT_BACK,
  SUBREQUESTS_KEPT_BACK_ALERTS,
  SUBREQUESTS_PAID_PLAN,
} from "../../../src/limits.ts";
import { createAuthKeys } from "../../../src/origin/auth.ts";
import { checkBudget, roundsPerRun } from "../../../src/origin/check-budget.ts";
import { checkOrigins } from "../../../src/origin/check-run.ts";
import { healthWriteNeeded } from "../../../src/origin/check-state.ts";
import type { HealthDocument } from "../../../src/origin/health.ts";
import { parseHealthDocument } from "../../../src/origin/health.ts";
import { checkHealth } from "../../../src/scheduled.ts";
import { CHECK, healthDocument, origin, originHealth, pool } from "./fixtures.ts";
import { NO_CONNECTOR, NO_SECRETS } from "../../support/ports.ts";
import type { HealthRun } from "../../../src/scheduled.ts";
import { virtualTime } from "./virtual-time.ts";
import type { VirtualTime } from "./virtual-time.ts";

const SCHEDULED: HealthCheckSnapshot = {
  ...CHECK,
  expectStatus: [
    [200, 299],
    [304, 304],
  ],
  headers: [["x-check", "1"]],
};

type Answer = (url: string, nowMs: number, signal: AbortSignal | null) => Promise<Response> | Response;

interface World {
  readonly time: VirtualTime;
  readonly asked: { readonly url: string; readonly atMs: number }[];
  atOnce: number;
  check(pools: PoolSnapshot[], previous?: HealthDocument | null, more?: { subrequests?: number; rounds?: number }): Promise<HealthDocument>;
  /** Whole runs of the cron, a minute apart, with KV. */
  minutes(pools: PoolSnapshot[], count: number, plan?: "free" | "paid"): Promise<string[]>;
  kv: { value: string | null; writes: number; broken: boolean };
}

function world(answer: Answer): World {
  const time = virtualTime();
  const asked: World["asked"] = [];
  let waiting = 0;
  const fetcher = {
    async fetch(url: string, init: { signal: AbortSignal | null }): Promise<Response> {
      asked.push({ url, atMs: time.clock.nowMs() });
      waiting += 1;
      made.atOnce = Math.max(made.atOnce, waiting);
      try {
        return await answer(url, time.clock.nowMs(), init.signal);
      } finally {
        waiting -= 1;
      }
    },
  };
  const kv: World["kv"] = { value: null, writes: 0, broken: false };
  const config = {
    getAll: () => Promise.reject(new Error("the cron reads one key")),
    get: () => (kv.broken ? Promise.reject(new Error("KV is down")) : Promise.resolve(kv.value)),
    put: (_: string, value: string) => {
      kv.value = value;
      kv.writes += 1;
      return Promise.resolve();
    },
  };
  const ports: HealthRun["ports"] = {
    fetcher,
    connector: NO_CONNECTOR,
    secrets: NO_SECRETS,
    clock: time.clock,
    config,
    log: { write: () => undefined },
  };
  const rulesetOf = (pools: PoolSnapshot[]): HealthRun["ruleset"] => ({
    release: "r",
    pools: new Map(pools.map((each) => [each.name, each])),
    alerts: null,
  });
  const made: World = {
    time,
    asked,
    atOnce: 0,
    kv,
    check: async (pools, previous = null, more = {}) => {
      const run = { ruleset: rulesetOf(pools), previous, ports, auth: createAuthKeys(), region: "FRA", alerts: false, sleep: time.sleep };
      return (await time.run(checkOrigins({ ...run, subrequests: 10_000, ...more }))).document;
    },
    async minutes(pools, count, plan = "free") {
      const outcomes: string[] = [];
      for (let minute = 0; minute < count; minute += 1) {
        const startedAtMs = time.clock.nowMs();
        outcomes.push(await time.run(checkHealth({ ruleset: rulesetOf(pools), ports, region: "FRA", plan, sleep: time.sleep })));
        time.advance(60_000 - (time.clock.nowMs() - startedAtMs));
      }
      return outcomes;
    },
  };
  return made;
}

const good: Answer = () => new Response("fine");
const never: Answer = (_, __, signal) =>
  new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(new Error("aborted"))));

function web(ids: readonly string[], more: Partial<HealthCheckSnapshot> = {}): PoolSnapshot {
  return pool(
    "web",
    ids.map((id) => origin(id)),
    { health: { ...SCHEDULED, ...more } },
  );
}

test("a run checks every origin in rounds and ends within its time", async () => {
  const here = world(good);
  const startedAtMs = here.time.clock.nowMs();
  const document = await here.check([web(["a", "b"])]);
  expect(here.asked).toHaveLength(2 * roundsPerRun(SCHEDULED, false));
  expect(here.asked[0]?.url).toBe("https://a.example/healthz");
  expect(document).toMatchObject({ generation: 1, region: "FRA", asOfMs: here.time.clock.nowMs() });
  expect(document.asOfMs - startedAtMs).toBeLessThanOrEqual(CHECK_RUN_MS_MAX);
  expect(document.origins["web/a"]).toMatchObject({ state: "up", why: "ok", detail: "status 200" });
  expect(parseHealthDocument(JSON.stringify(document))).toEqual({ ok: true, value: document });
});

test("a run of origins that never answer ends within its time, six at once", async () => {
  const here = world(never);
  const startedAtMs = here.time.clock.nowMs();
  const document = await here.check([web(Array.from({ length: 100 }, (_, index) => `o${index}`))]);
  expect(here.time.clock.nowMs() - startedAtMs).toBeLessThanOrEqual(CHECK_RUN_MS_MAX);
  expect(here.atOnce).toBe(CHECKS_AT_ONCE_MAX);
  expect(document.origins["web/o0"]).toMatchObject({ why: "timeout", detail: "no answer in 2000 ms", rttMs: null });
});

test("an origin is down after as many failures in a row as configured, and up after as many passes", async () => {
  const here = world(good);
  let failing = true;
  const there = world(() => new Response("", { status: failing ? 503 : 200 }));
  const one = [web(["a"])];
  const [twice, thrice] = [await there.check(one, null, { rounds: 2 }), await there.check(one, null, { rounds: 3 })];
  expect(twice.origins["web/a"]).toMatchObject({ state: "up", failures: 2 });
  expect(thrice.origins["web/a"]).toMatchObject({ state: "down", why: "status", detail: "status 503, expected 200-299, 304" });
  failing = false;
  const once = await there.check(one, thrice, { rounds: 1 });
  expect(once.origins["web/a"]).toMatchObject({ state: "down", passes: 1 });
  expect((await there.check(one, once, { rounds: 1 })).origins["web/a"]?.state).toBe("up");
  expect((await here.check(one)).origins["web/a"]?.state).toBe("up");
});

test.each<[string, Answer, string, string]>([
  ["a refused connection", () => Promise.reject(new Error("Network connection lost.")), "reset", "the connection broke or was refused"],
  ["the platform's word for it", () => new Response("", { status: 521 }), "connect-error", "status 521, expected 200-299, 304"],
  ["a redirect", () => new Response("", { status: 302 }), "status", "status 302, expected 200-299, 304"],
])("%s fails a check", async (_, answer, why, detail) => {
  const document = await world(answer).check([web(["a"])], null, { rounds: 1 });
  expect(document.origins["web/a"]).toMatchObject({ failures: 1, why, detail });
});

function endless(text: string, cancelled: () => void): Response {
  const chunk = new TextEncoder().encode("x".repeat(1000));
  let first = true;
  const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    controller.enqueue(first ? new TextEncoder().encode(text) : chunk);
    first = false;
  };
  return new Response(new ReadableStream({ pull, cancel: cancelled }));
}

test.each([
  ["within the first 64 KiB", CHECK_BODY_BYTES_MAX - 5, "up", 1],
  ["one byte past them", CHECK_BODY_BYTES_MAX - 4, "up", 0],
])("the expected text counts %s, and an endless body is cancelled", async (_, position, state, passes) => {
  let cancelled = 0;
  const here = world(() => endless(`${"y".repeat(position)}ready`, () => (cancelled += 1)));
  const document = await here.check([web(["a"], { expectBody: "ready", fall: 9, rise: 9 })], null, { rounds: 1 });
  expect(document.origins["web/a"]).toMatchObject({ state, passes });
  expect(cancelled).toBe(1);
});

test("an endless body that nobody asked for is cancelled unread", async () => {
  let cancelled = 0;
  await world(() => endless("", () => (cancelled += 1))).check([web(["a"])], null, { rounds: 1 });
  expect(cancelled).toBe(1);
});

test("origins that left the release leave the document; pools without checks never enter it", async () => {
  const previous = healthDocument(0, { "web/gone": originHealth(), "web/a": originHealth() });
  const document = await world(good).check([web(["a"]), pool("plain", [origin("x")])], previous);
  expect(Object.keys(document.origins)).toEqual(["web/a"]);
  expect(document.generation).toBe(2);
});

test("a run that is long enough to decide leaves no half-counted row for the next one", async () => {
  const failsAtTheEnd = world((_, nowMs) => new Response("", { status: nowMs % 60_000 >= 45_000 ? 500 : 200 }));
  const document = await failsAtTheEnd.check([web(["a"])]);
  expect(document.origins["web/a"]).toMatchObject({ state: "up", why: "status", failures: 0 });
});

test("with too few requests for all rounds everyone gets fewer; with too few for all origins, everyone gets a turn", async () => {
  const budget = SUBREQUESTS_FREE_PLAN - SUBREQUESTS_KEPT_BACK;
  const five = world(good);
  await five.check([web(["a", "b", "c", "d", "e"], { intervalMs: 4000 })], null, { subrequests: SUBREQUESTS_FREE_PLAN });
  expect(five.asked.length).toBeLessThanOrEqual(budget);
  expect(five.asked.length).toBeGreaterThan(budget - 5);
  const many = world(good);
  const pools = [web(Array.from({ length: 60 }, (_, index) => `o${index}`))];
  await many.minutes(pools, 4);
  expect(new Set(many.asked.map(({ url }) => url)).size).toBe(60);
  expect(many.asked.length).toBe(4 * budget);
});

test("an interval of five minutes is checked every five minutes", async () => {
  const here = world(good);
  await here.minutes([web(["a"], { intervalMs: 300_000 })], 30);
  expect(here.asked).toHaveLength(6);
});

test("with one check a minute an origin is down after as many minutes, though nothing else is written", async () => {
  let failing = false;
  const here = world(() => new Response("", { status: failing ? 500 : 200 }));
  const pools = [web(["a"], { intervalMs: 60_000 })];
  await here.minutes(pools, 3);
  failing = true;
  await here.minutes(pools, 3);
  expect(here.kv.value).toContain('"state":"down"');
});

test.each([
  ["free", 720],
  ["paid", 1440],
] as const)("over a quiet day on the %s plan KV is written %i times at most", async (plan, writes) => {
  const here = world(good);
  await here.minutes([web(["a", "b"], { intervalMs: 60_000 })], 1440, plan);
  expect(here.kv.writes).toBeLessThanOrEqual(writes);
  expect(here.kv.writes).toBeGreaterThan(writes * 0.9);
});

test("over a day in which an origin dies and recovers 20 times the free plan's writes suffice", async () => {
  const here = world(
    (url, nowMs) => new Response("", { status: url.includes("//a.") && Math.floor(nowMs / 2_160_000) % 2 === 1 ? 503 : 200 }),
  );
  const outcomes = await here.minutes([web(["a", "b"], { intervalMs: 20_000 })], 1440);
  expect(here.kv.writes).toBeLessThanOrEqual(720 + 2 * 40);
  expect(new Set(outcomes)).toEqual(new Set(["written", "unchanged"]));
});

test("when KV gives no answer nothing is checked and nothing written", async () => {
  const here = world(good);
  here.kv.broken = true;
  expect(await here.minutes([web(["a"])], 1)).toEqual(["unreadable"]);
  expect(here.asked).toEqual([]);
});

test("a document of garbage is replaced", async () => {
  const here = world(good);
  here.kv.value = "garbage";
  expect(await here.minutes([web(["a"])], 1)).toEqual(["written"]);
  expect(parseHealthDocument(here.kv.value).ok).toBe(true);
});

test.each<[string, HealthDocument | null, HealthDocument, boolean]>([
  ["the first one", null, healthDocument(0, {}), true],
  ["nothing new", healthDocument(0, { x: originHealth() }), healthDocument(999, { x: originHealth({ rttMs: 9, passes: 40 }) }), false],
  ["the heartbeat", healthDocument(0, {}), healthDocument(1000, {}), true],
  ["a change of state", healthDocument(0, { x: originHealth() }), healthDocument(1, { x: originHealth({ state: "down" }) }), true],
  [
    "a change on its way",
    healthDocument(0, { x: originHealth() }),
    healthDocument(1, { x: originHealth({ failures: 1, passes: 0 }) }),
    true,
  ],
  ["an origin that came", healthDocument(0, {}), healthDocument(1, { x: originHealth() }), true],
  ["an origin that left", healthDocument(0, { x: originHealth() }), healthDocument(1, {}), true],
  ["an origin that took another's place", healthDocument(0, { x: originHealth() }), healthDocument(1, { y: originHealth() }), true],
])("written: %s", (_, previous, next, expected) => {
  expect(healthWriteNeeded(previous, next, 1000)).toBe(expected);
});

test("the budget's arithmetic names the numbers that do not fit", () => {
  const five = checkBudget([web(["a", "b", "c", "d", "e"])], false);
  expect(five).toMatchObject({ checks: 55, fitsFreePlan: false, fitsPaidPlan: true, fitsTime: true });
  expect(five.arithmetic).toEqual([
    "pool web: 5 origins x 11 rounds (every 5 s) = 55 checks a run",
    "55 checks a run, the free plan has room for 45 (50 requests, 5 kept for KV)",
  ]);
  const hundred = web(
    Array.from({ length: 100 }, (_, index) => `o${index}`),
    { intervalMs: 60_000, timeoutMs: 4000 },
  );
  const frozen = checkBudget([hundred], false);
  expect(frozen).toMatchObject({ checks: 100, frozenRoundMs: 66_667, fitsTime: false });
  expect(frozen.arithmetic.at(-1)).toBe(
    "a round of origins that do not answer takes 400.0 s of timeouts / 6 at a time = 66.7 s, a run has 55.0 s",
  );
});

test.each([
  ["free", SUBREQUESTS_FREE_PLAN, "fitsFreePlan"],
  ["paid", SUBREQUESTS_PAID_PLAN, "fitsPaidPlan"],
] as const)("as many checks fit the %s plan as it has requests besides those kept for KV, and not one more", (_, plan, fits) => {
  const once = (count: number): PoolSnapshot =>
    web(
      Array.from({ length: count }, (__, index) => `o${index}`),
      { intervalMs: 60_000 },
    );
  const most = plan - SUBREQUESTS_KEPT_BACK;
  expect(checkBudget([once(most)], false)[fits]).toBe(true);
  expect(checkBudget([once(most + 1)], false)[fits]).toBe(false);
});

test("a webhook takes its tries and the time of the first one from the checks", () => {
  const five = checkBudget([web(["a", "b", "c", "d", "e"])], true);
  expect(five.arithmetic).toEqual([
    "pool web: 5 origins x 10 rounds (every 5 s) = 50 checks a run",
    "50 checks a run, the free plan has room for 41 (50 requests, 9 kept for KV and the webhook)",
  ]);
  const most = SUBREQUESTS_FREE_PLAN - SUBREQUESTS_KEPT_BACK - SUBREQUESTS_KEPT_BACK_ALERTS;
  const once = (count: number): PoolSnapshot =>
    web(
      Array.from({ length: count }, (_, index) => `o${index}`),
      { intervalMs: 60_000 },
    );
  expect([checkBudget([once(most)], true).fitsFreePlan, checkBudget([once(most + 1)], true).fitsFreePlan]).toEqual([true, false]);
});

test.each([
  [CHECK_RUN_MS_MAX, false, true],
  [CHECK_RUN_MS_MAX + 1, false, false],
  [CHECK_RUN_MS_MAX - ALERT_TIMEOUT_MS, true, true],
  [CHECK_RUN_MS_MAX - ALERT_TIMEOUT_MS + 1, true, false],
])("one check may wait as long as a run lasts: %i ms, with a webhook: %s", (timeoutMs, alerts, fitsTime) => {
  expect(checkBudget([web(["a"], { intervalMs: 60_000, timeoutMs })], alerts).fitsTime).toBe(fitsTime);
});
