// What a webhook is told of changes of the origins' health, and what KV costs for it, over whole runs of the cron in virtual time.
// That it works on the built Worker is tested in test/e2e/alerts.test.ts.

import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import type { AlertsSnapshot } from "../../../src/config/snapshot.ts";
import type { PoolSnapshot } from "../../../src/config/pool-snapshot.ts";
import { ALERT_KEPT_MS_MAX, ALERT_TRANSITIONS_MAX, ALERT_TRIES_MAX, CHECK_RUN_MS_MAX } from "../../../src/limits.ts";
import { keptTransitions, pendingTransitions, type AlertEvent } from "../../../src/origin/alert.ts";
import { parseHealthDocument } from "../../../src/origin/health.ts";
import type { HealthDocument, Transition } from "../../../src/origin/health.ts";
import type { FetchInit } from "../../../src/ports.ts";
import { checkHealth, type HealthRun } from "../../../src/scheduled.ts";
import { NO_CONNECTOR } from "../../support/ports.ts";
import { CHECK, healthDocument, origin, originHealth, pool } from "./fixtures.ts";
import { virtualTime } from "./virtual-time.ts";

const ALERTS: AlertsSnapshot = { url: "https://hooks.example/x", secret: "WEBHOOK_SECRET" };

/** One check a minute, and one failure is enough. */
const ONCE = { ...CHECK, intervalMs: 60_000, rise: 1, fall: 1 };

interface Post {
  readonly atMs: number;
  readonly headers: Headers;
  readonly body: string;
  readonly event: AlertEvent;
  readonly signal: AbortSignal | null;
}

type Hook = (nowMs: number) => Response | Promise<Response>;

function world(options: { hook?: Hook; pools?: readonly PoolSnapshot[]; alerts?: AlertsSnapshot } = {}) {
  const time = virtualTime();
  const pools = options.pools ?? [pool("web", [origin("a"), origin("b")], { health: ONCE })];
  const made = {
    time,
    posts: [] as Post[],
    log: [] as Readonly<Record<string, unknown>>[],
    failing: new Set<string>(),
    hook: options.hook ?? (() => new Response(null, { status: 204 })),
    secret: "s3cret" as string | null,
    kv: null as string | null,
    /** What the next read gives, if it is late. */
    stale: undefined as string | undefined,
    writes: 0,
    alerts: (options.alerts ?? ALERTS) as AlertsSnapshot | null,
    document: (): HealthDocument => {
      const parsed = parseHealthDocument(made.kv ?? "");
      if (!parsed.ok) throw new Error(parsed.error.message);
      return parsed.value;
    },
    /** Runs of the cron, a minute apart. */
    async minutes(count: number): Promise<void> {
      for (let minute = 0; minute < count; minute += 1) {
        const startedAtMs = time.clock.nowMs();
        const ruleset = { release: "r".repeat(64), pools: new Map(pools.map((each) => [each.name, each])), alerts: made.alerts };
        await time.run(checkHealth({ ruleset, ports, region: "FRA", plan: "paid", sleep: time.sleep }));
        made.lastRunMs = time.clock.nowMs() - startedAtMs;
        time.advance(60_000 - made.lastRunMs);
      }
    },
    lastRunMs: 0,
  };
  const post = (init: FetchInit): Response | Promise<Response> => {
    const body = new TextDecoder().decode(init.body as Uint8Array);
    made.posts.push({ atMs: time.clock.nowMs(), headers: init.headers, body, event: JSON.parse(body) as AlertEvent, signal: init.signal });
    return made.hook(time.clock.nowMs());
  };
  const ports: HealthRun["ports"] = {
    fetcher: {
      fetch: async (url, init) => {
        if (url === made.alerts?.url) return post(init);
        return new Response("", { status: made.failing.has(new URL(url).hostname) ? 503 : 200 });
      },
    },
    connector: NO_CONNECTOR,
    secrets: { get: (name) => (name === "WEBHOOK_SECRET" ? made.secret : null) },
    clock: time.clock,
    config: {
      getAll: () => Promise.reject(new Error("the cron reads one key")),
      get: () => {
        const read = made.stale ?? made.kv;
        made.stale = undefined;
        return Promise.resolve(read);
      },
      put: (_, value) => {
        made.kv = value;
        made.writes += 1;
        return Promise.resolve();
      },
    },
    log: { write: (line) => void made.log.push(line) },
  };
  return made;
}

/** A world in which both origins have been up for two minutes, and the writes are counted from here. */
async function settled(options: Parameters<typeof world>[0] = {}): Promise<ReturnType<typeof world>> {
  const here = world(options);
  await here.minutes(2);
  here.writes = 0;
  here.log.length = 0;
  return here;
}

const status =
  (code: number): Hook =>
  () =>
    new Response(null, { status: code });

test("a run in which nothing changes tells nobody anything", async () => {
  expect((await settled()).posts).toEqual([]);
});

test("a change is told once, with what happened, signed, and without the origin's address", async () => {
  const here = await settled();
  here.failing.add("a.example");
  await here.minutes(3);
  expect(here.posts).toHaveLength(1);
  const { headers, body, event } = here.posts[0] as Post;
  const down = here.document().origins["web/a"];
  expect(event).toEqual({
    format: 1,
    id: expect.stringMatching(/^[0-9a-f]{32}$/),
    test: false,
    text: "web/a is down after 120 s up: status 503, expected 200-299",
    release: "r".repeat(64),
    region: "FRA",
    atMs: down?.sinceMs,
    transitions: [
      {
        id: `web/a/down/${(down?.sinceMs ?? 0) - 120_000}`,
        origin: "web/a",
        from: "up",
        to: "down",
        sinceMs: down?.sinceMs,
        why: "status",
        detail: "status 503, expected 200-299",
        previousMs: 120_000,
      },
    ],
    poolsDown: [],
  });
  expect(body).not.toContain("a.example");
  const seconds = Math.floor((here.posts[0]?.atMs ?? 0) / 1000);
  const expected = createHmac("sha256", "s3cret").update(`${seconds}.${body}`).digest("hex");
  expect(headers.get("x-breakwater-signature")).toBe(`t=${seconds},v1=${expected}`);
  expect([headers.get("x-breakwater-event-id"), headers.get("idempotency-key")]).toEqual([event.id, event.id]);
  expect(headers.get("content-type")).toBe("application/json");
  // Three runs: the change, and the heartbeats of the paid plan.
  expect(here.writes).toBe(3);
  expect(here.log.filter((line) => line["event"] === "alert")).toEqual([
    { event: "alert", outcome: "delivered", id: event.id, transitions: 1, tries: 1, detail: "status 204" },
  ]);
});

test("a pool in which the last origin went down is named, and its return is told too", async () => {
  const here = await settled();
  here.failing.add("a.example").add("b.example");
  await here.minutes(1);
  expect(here.posts[0]?.event).toMatchObject({ poolsDown: ["web"], transitions: [{ origin: "web/a" }, { origin: "web/b" }] });
  expect(here.posts[0]?.event.text).toContain("web: no origin is up");
  here.failing.clear();
  await here.minutes(1);
  expect(here.posts[1]?.event).toMatchObject({ poolsDown: [], transitions: [{ to: "up", previousMs: 60_000 }, { to: "up" }] });
});

test("an origin that goes down and comes back within one run is told as both, in order", async () => {
  const often = { ...ONCE, intervalMs: 5000 };
  const here = await settled({ pools: [pool("web", [origin("a")], { health: often })] });
  here.failing.add("a.example");
  const back = here.time.sleep(12_000).then(() => here.failing.clear());
  await here.minutes(1);
  await back;
  expect(here.posts.map(({ event }) => event.transitions.map(({ to }) => to))).toEqual([["down", "up"]]);
});

test.each([
  [200, "delivered", 1],
  [204, "delivered", 1],
  [301, "failed", ALERT_TRIES_MAX],
  [307, "failed", ALERT_TRIES_MAX],
  [400, "refused", 1],
  [401, "refused", 1],
  [404, "refused", 1],
  [408, "failed", ALERT_TRIES_MAX],
  [410, "refused", 1],
  [429, "failed", ALERT_TRIES_MAX],
  [500, "failed", ALERT_TRIES_MAX],
  [503, "failed", ALERT_TRIES_MAX],
])("a webhook that answers %i: %s after %i tries", async (code, outcome, tries) => {
  const here = await settled({ hook: status(code) });
  here.failing.add("a.example");
  await here.minutes(1);
  expect(here.posts).toHaveLength(tries);
  expect(here.log.find((line) => line["event"] === "alert")).toMatchObject({ outcome, tries });
  expect(here.document().undelivered?.length ?? 0).toBe(outcome === "failed" ? 1 : 0);
});

test("what is not delivered is kept, told with the same id in the next runs, and KV is written once more when it is", async () => {
  const here = await settled({ hook: status(503) });
  here.failing.add("a.example");
  await here.minutes(3);
  expect(here.posts).toHaveLength(3 * ALERT_TRIES_MAX);
  expect(new Set(here.posts.map(({ event }) => event.id)).size).toBe(1);
  const waits = here.posts.slice(0, 3).map(({ atMs }, index) => atMs - (here.posts[Math.max(0, index - 1)]?.atMs ?? 0));
  expect(waits[2]).toBeGreaterThan(waits[1] ?? 0);
  // One for the change and two heartbeats: that it was tried again is no reason to write.
  expect(here.writes).toBe(3);
  here.hook = status(200);
  await here.minutes(2);
  expect(here.posts).toHaveLength(3 * ALERT_TRIES_MAX + 1);
  expect(here.document().undelivered).toBeUndefined();
  expect(here.writes).toBe(5);
});

test("a second try that is taken clears what the first one left behind", async () => {
  let calls = 0;
  const here = await settled({ hook: () => new Response(null, { status: (calls += 1) === 1 ? 500 : 200 }) });
  here.failing.add("a.example");
  await here.minutes(2);
  expect(here.posts).toHaveLength(2);
  expect(here.document().undelivered).toBeUndefined();
  // The change, its delivery, a heartbeat.
  expect(here.writes).toBe(3);
});

test("old and new changes are told together, each with the id that it had", async () => {
  const here = await settled({ hook: status(500) });
  here.failing.add("a.example");
  await here.minutes(1);
  here.hook = status(200);
  here.failing.add("b.example");
  await here.minutes(1);
  const [first, last] = [here.posts[0]?.event, here.posts.at(-1)?.event];
  expect(last?.transitions.map(({ origin: key }) => key)).toEqual(["web/a", "web/b"]);
  expect(last?.transitions[0]).toEqual(first?.transitions[0]);
  expect(last?.id).not.toBe(first?.id);
});

test("a run that is shown the document of before finds the same change and gives it the same id", async () => {
  const here = await settled();
  const before = here.kv;
  here.failing.add("a.example");
  await here.minutes(1);
  here.stale = before ?? undefined;
  await here.minutes(1);
  expect(here.posts).toHaveLength(2);
  expect(here.posts[1]?.event.id).toBe(here.posts[0]?.event.id);
  expect(here.posts[1]?.event.transitions[0]?.id).toBe(here.posts[0]?.event.transitions[0]?.id);
});

test("an origin that was never seen before is told without a duration, and lost documents do not change the id", async () => {
  const here = world();
  here.failing.add("a.example");
  await here.minutes(1);
  here.kv = null;
  await here.minutes(1);
  expect(here.posts.map(({ event }) => event.transitions[0]?.previousMs)).toEqual([null, null]);
  expect(here.posts[1]?.event.id).toBe(here.posts[0]?.event.id);
});

test("without the secret that the config names nothing is sent, and what happened is told once it is there", async () => {
  const here = await settled();
  here.secret = null;
  here.failing.add("a.example");
  await here.minutes(2);
  expect(here.posts).toEqual([]);
  expect(here.log.filter((line) => line["event"] === "alert")).toMatchObject([
    { outcome: "unsigned", detail: "the Worker has no secret WEBHOOK_SECRET" },
    { outcome: "unsigned" },
  ]);
  here.secret = "late";
  await here.minutes(1);
  expect(here.posts).toHaveLength(1);
});

test("a config without a secret sends without a signature", async () => {
  const here = await settled({ alerts: { url: ALERTS.url, secret: null } });
  here.failing.add("a.example");
  await here.minutes(1);
  expect(here.posts[0]?.headers.has("x-breakwater-signature")).toBe(false);
  expect(here.posts[0]?.headers.has("x-breakwater-event-id")).toBe(true);
});

test("a webhook that never answers costs the run its time and no more, and is given up", async () => {
  const hang: Hook = () => new Promise(() => undefined);
  const often = { ...ONCE, intervalMs: 5000 };
  const here = await settled({ hook: hang, pools: [pool("web", [origin("a")], { health: often })] });
  here.failing.add("a.example");
  await here.minutes(1);
  expect(here.lastRunMs).toBeLessThanOrEqual(CHECK_RUN_MS_MAX);
  expect(here.posts.length).toBeGreaterThan(0);
  expect(here.posts.every(({ signal }) => signal?.aborted === true)).toBe(true);
  expect(here.document()).toMatchObject({ origins: { "web/a": { state: "down" } }, undelivered: [{ origin: "web/a" }] });
});

test("a connection that breaks is a failed try like any other", async () => {
  const here = await settled({ hook: () => Promise.reject(new Error("Network connection lost.")) });
  here.failing.add("a.example");
  await here.minutes(1);
  expect(here.log.find((line) => line["event"] === "alert")).toMatchObject({ outcome: "failed", detail: "reset" });
});

test("the webhook's answer is not read", async () => {
  let cancelled = 0;
  const body = new ReadableStream({ pull: () => new Promise(() => undefined), cancel: () => void (cancelled += 1) });
  const here = await settled({ hook: () => new Response(body) });
  here.failing.add("a.example");
  await here.minutes(1);
  expect([here.posts.length, cancelled]).toEqual([1, 1]);
});

test("when the webhook leaves the config, so does what waited for it", async () => {
  const here = await settled({ hook: status(500) });
  here.failing.add("a.example");
  await here.minutes(1);
  expect(here.document().undelivered).toHaveLength(1);
  here.alerts = null;
  await here.minutes(1);
  expect(here.document().undelivered).toBeUndefined();
});

function transition(more: Partial<Transition> = {}): Transition {
  return { id: "1", origin: "web/a", from: "up", to: "down", sinceMs: 0, why: "timeout", detail: "", previousMs: 1, ...more };
}

test("a change is told for an hour and then dropped", () => {
  expect(pendingTransitions([transition()], [], ALERT_KEPT_MS_MAX - 1)).toHaveLength(1);
  expect(pendingTransitions([transition()], [], ALERT_KEPT_MS_MAX)).toEqual([]);
});

test("a change that is found again is told once, the oldest first", () => {
  const found = pendingTransitions([transition({ sinceMs: 5 })], [transition({ sinceMs: 9 }), transition({ id: "2", sinceMs: 7 })], 10);
  expect(found.map(({ id, sinceMs }) => [id, sinceMs])).toEqual([
    ["2", 7],
    ["1", 9],
  ]);
});

test("so many undelivered changes are kept and no more, the newest; the reader takes no more either", () => {
  const many = Array.from({ length: ALERT_TRANSITIONS_MAX + 1 }, (_, index) => transition({ id: String(index), sinceMs: index }));
  const kept = keptTransitions(many);
  expect([kept.length, kept[0]?.id, kept.at(-1)?.id]).toEqual([ALERT_TRANSITIONS_MAX, "1", String(ALERT_TRANSITIONS_MAX)]);
  const parsed = parseHealthDocument(JSON.stringify({ ...healthDocument(0, {}), undelivered: many }));
  expect(parsed.ok && parsed.value.undelivered).toEqual(kept);
});

test.each<[unknown]>([
  [{ ...transition(), to: "sideways" }],
  [{ ...transition(), why: "a reason of the next version" }],
  [{ ...transition(), sinceMs: -1 }],
  [{ ...transition(), id: 7 }],
  [null],
  ["down"],
])("an undelivered change that cannot be read, %j, costs neither the verdicts nor the others", (broken) => {
  const verdicts = healthDocument(5, { "web/a": originHealth() });
  const parsed = parseHealthDocument(JSON.stringify({ ...verdicts, undelivered: [broken, transition()] }));
  expect(parsed).toEqual({ ok: true, value: { ...verdicts, undelivered: [transition()] } });
});
