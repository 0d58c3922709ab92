// How requests are spread over the origins of a pool, and what the health document in KV may do to them, on the built Worker with
// real origin processes. What happens when origins die is in failover.test.ts.

import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { startEdge } from "./harness.ts";
import type { Edge } from "./harness.ts";
import type { Answer, SendOptions } from "./http-client.ts";

let edge: Edge;

beforeAll(async () => {
  edge = await startEdge({
    origins: 5,
    // Without hedges: what each origin got is counted, and a machine that is busy for a moment asks a second one.
    config: ([a = "", b = "", c = "", main = "", spare = ""]) => `
sites:
${["turns", "weights", "keys", "spares"].map((pool) => `  - { name: ${pool}, hosts: [${pool}.test], routes: [{ path: /*, pool: ${pool}, retry: { hedge: "off" } }] }`).join("\n")}
pools:
  turns: { origins: [${a}, ${b}, ${c}], health: { path: /healthz, interval: 60s, rise: 1, fall: 1 } } # one round per cron run
  weights: { origins: [{ url: "${a}", weight: 9 }, "${b}", { url: "${c}", weight: 0 }], balance: random }
  keys: { origins: [${a}, ${b}, ${c}], balance: { hash: { by: header, name: X-User } } }
  spares: { origins: ["${main}", { url: "${spare}", backup: true }], circuit: { open: 1m, openMax: 1m } }
`,
  });
});
beforeEach(async () => {
  await edge.kv.delete("health");
  // What another isolate of the data centre noted of its circuits would hold for ten seconds.
  await edge.restart({ forgetCache: true });
  await Promise.all(edge.origins.map((origin) => origin.forget()));
});
afterAll(() => edge?.stop());

function ask(pool: string, target = "/api/echo", options: SendOptions = {}): Promise<Answer> {
  return edge.get(target, { ...options, headers: [["Host", `${pool}.test`], ...(options.headers ?? [])] });
}

/** Sends requests one after another; all must be answered with 200. */
async function askOften(pool: string, count: number): Promise<void> {
  for (let i = 0; i < count; i++) expect((await ask(pool)).status).toBe(200);
}

/** How many requests of visitors each origin got. */
async function counts(): Promise<number[]> {
  return Promise.all(edge.origins.map(async (origin) => (await origin.seen()).filter(({ url }) => url !== "/healthz").length));
}

function keyOf(index: number): string {
  return `turns/localhost:${edge.origins[index]?.port}`;
}

/** Writes a health document in which these origins of the pool `turns` are down. */
async function callDown(indexes: readonly number[], ageMs = 0): Promise<void> {
  const asOfMs = Date.now() - ageMs;
  const down = { state: "down", sinceMs: asOfMs, why: "timeout", detail: "", rttMs: null, checkedAtMs: asOfMs, passes: 0, failures: 3 };
  const origins = Object.fromEntries(indexes.map((index) => [keyOf(index), down]));
  await edge.kv.put("health", JSON.stringify({ format: 1, generation: 1, asOfMs, region: "TST", origins }));
  const refreshed = await edge.admin("POST", "refresh");
  expect(refreshed.json()).toMatchObject({ documents: { health: { version: 1, problem: null } } });
}

test("round-robin gives each origin its turn", async () => {
  await askOften("turns", 30);
  expect((await counts()).slice(0, 3)).toEqual([10, 10, 10]);
});

test("weighted random follows the weights, and a weight of 0 takes nothing", async () => {
  await askOften("weights", 200);
  const [heavy = 0, light = 0, none] = await counts();
  // 180 are expected; that 200 draws miss it by 35 happens once in 10^15 runs.
  expect(heavy).toBeGreaterThan(145);
  expect(light).toBeGreaterThan(0);
  expect([heavy + light, none]).toEqual([200, 0]);
});

test("a hash sends the same user to the same origin, also after a cold start, and users to all origins", async () => {
  const originOf = async (user: number): Promise<string | null> =>
    (await ask("keys", "/api/echo", { headers: [["X-User", `user-${user}`]] })).header("x-origin");
  const users = Array.from({ length: 30 }, (_, user) => user);
  const first = await Promise.all(users.map(originOf));
  expect(new Set(first)).toEqual(new Set(["origin-1", "origin-2", "origin-3"]));
  expect(await Promise.all(users.map(originOf))).toEqual(first);
  await edge.restart();
  expect(await Promise.all(users.map(originOf))).toEqual(first);
});

test("a backup gets nothing while its primary is well, and all when it is not; the circuit keeps the primary unasked", async () => {
  await askOften("spares", 10);
  expect((await counts()).slice(3)).toEqual([10, 0]);
  await edge.origins[3]?.fail("reset");
  await edge.origins[3]?.forget();
  await askOften("spares", 20);
  // Two broken connections open the circuit, for a minute or so.
  expect((await counts()).slice(3)).toEqual([2, 20]);
  await edge.origins[3]?.fail("off");
});

test("without a health document every origin serves", async () => {
  expect(await edge.kv.get("health")).toBeNull();
  await askOften("turns", 9);
  expect((await counts()).slice(0, 3)).toEqual([3, 3, 3]);
});

test("an origin that fresh checks call down gets no traffic, but for a rare request that tries whether that holds", async () => {
  await callDown([1]);
  await askOften("turns", 30);
  const [a = 0, b = 0, c = 0] = await counts();
  expect(a + b + c).toBe(30);
  expect(b).toBeLessThanOrEqual(2);
});

test.each([
  { what: "of an hour ago", down: [1], ageMs: 3_600_000 },
  { what: "of an hour ahead", down: [1], ageMs: -3_600_000 },
  { what: "that calls every origin down", down: [0, 1, 2], ageMs: 0 },
])("a document $what takes no origin away", async ({ down, ageMs }) => {
  await callDown(down, ageMs);
  await askOften("turns", 30);
  expect((await counts()).slice(0, 3)).toEqual([10, 10, 10]);
});

test("a document that calls dead origins up costs no request", async () => {
  await edge.origins[0]?.fail("reset");
  await edge.origins[1]?.fail("503");
  await edge.kv.put("health", JSON.stringify({ format: 1, generation: 1, asOfMs: Date.now(), region: "TST", origins: {} }));
  await edge.admin("POST", "refresh");
  await askOften("turns", 30);
  await Promise.all(edge.origins.map((origin) => origin.fail("off")));
  expect((await counts())[2]).toBe(30);
});

test.each([1_500, 10_000])(
  "an origin that takes %i ms for every answer costs no visitor that time, and is neither called down nor left out",
  async (ms) => {
    await edge.origins[2]?.fail("slow", ms);
    const cron = edge.runCron();
    // One of three requests at once goes to the slow origin, and another one is asked besides.
    const answers = await Promise.all([ask("turns"), ask("turns"), ask("turns")]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await counts())[2]).toBeGreaterThanOrEqual(1);
    await cron;
    await edge.admin("POST", "refresh");
    expect((await edge.admin("GET", "health")).json()).toMatchObject({ document: { origins: { [keyOf(2)]: { state: "up", why: "ok" } } } });
    await edge.origins[2]?.fail("off");
    await askOften("turns", 27);
    expect(Math.min(...(await counts()).slice(0, 3))).toBeGreaterThanOrEqual(8);
  },
);

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

test("a route that takes its time on every origin is waited for, and no origin is blamed", async () => {
  for (const origin of edge.origins) await origin.fail("slow", 1_500);
  // Nothing is known of the route at first, so some are asked besides; then its time is known.
  for (let round = 0; round < 2; round += 1) {
    const answers = await Promise.all(Array.from({ length: 30 }, () => ask("turns")));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  }
  const asked = sum((await counts()).slice(0, 3));
  expect(asked).toBeLessThanOrEqual(60 + 50);
  const status = (await edge.admin("GET", "origins")).json() as { pools: { name: string; origins: { circuit: { phase: string } }[] }[] };
  const turns = status.pools.find(({ name }) => name === "turns");
  expect(turns?.origins.slice(0, 3).map(({ circuit }) => circuit.phase)).toEqual(["closed", "closed", "closed"]);
});
