// Origins that die, hang and recover under load, with real processes: no GET fails while one origin is well, no POST runs twice,
// and when all are gone visitors get what is stored, or an error page that says when to come back.

import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import type { SeenRequest } from "../../scripts/local/demo-origin.ts";
import { startEdge } from "./harness.ts";
import type { Edge } from "./harness.ts";
import type { Answer } from "./http-client.ts";

let edge: Edge;

beforeEach(async () => {
  edge = await startEdge({
    origins: 3,
    config: (origins) => `
sites:
  - name: all
    hosts: ["*"]
    routes:
      - { path: /*, pool: web }
      - { path: /short/*, pool: web, timeout: { attempt: 500ms } }
      - { path: /stored, pool: web, cache: { stale: { error: 1d } } }
pools:
  web:
    origins: [${origins.join(", ")}]
    health: { path: /healthz, interval: 60s, rise: 1, fall: 1, timeout: 1s } # one round per cron run
`,
  });
});
afterEach(() => edge?.stop());

/** Sends `count` requests, `at once` at a time; `at` runs when that many were answered. */
async function load(options: {
  count: number;
  atOnce: number;
  at: ReadonlyMap<number, () => Promise<void>>;
  one: (i: number) => Promise<Answer>;
}): Promise<number[]> {
  const statuses: number[] = [];
  const events: Promise<void>[] = [];
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < options.count) {
      const event = options.at.get(next);
      if (event !== undefined) events.push(event());
      const i = next++;
      statuses.push(
        await options.one(i).then(
          ({ status }) => status,
          () => 0,
        ),
      );
    }
  };
  await Promise.all(Array.from({ length: options.atOnce }, client));
  await Promise.all(events);
  return statuses;
}

function countsOf(statuses: readonly number[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

test("SIGKILL of one of three origins under load fails no GET", async () => {
  const statuses = await load({
    count: 900,
    atOnce: 8,
    at: new Map([[300, async () => edge.origins[0]?.kill("SIGKILL")]]),
    one: (i) => edge.get(`/api/echo?i=${i}`),
  });
  expect(countsOf(statuses)).toEqual({ 200: 900 });
});

test.each(["502", "503", "504", "reset"] as const)(
  "an origin that answers every request with %s costs no visitor anything",
  async (mode) => {
    await edge.origins[1]?.fail(mode);
    const statuses = await load({ count: 150, atOnce: 6, at: new Map(), one: (i) => edge.get(`/api/echo?i=${i}`) });
    expect(countsOf(statuses)).toEqual({ 200: 150 });
  },
);

test("an origin that hangs is given up after the route's time and another one answers", async () => {
  await edge.origins[2]?.fail("hang");
  const statuses = await load({ count: 30, atOnce: 6, at: new Map(), one: (i) => edge.get(`/short/x?i=${i}`) });
  // The demo origin has no such page: what counts is that it answered.
  expect(countsOf(statuses)).toEqual({ 404: 30 });
});

test("a POST is never executed twice, whether its origin is killed or cuts the connection", async () => {
  await edge.origins[1]?.fail("reset");
  const statuses = await load({
    count: 200,
    atOnce: 6,
    at: new Map([[80, async () => edge.origins[0]?.kill("SIGKILL")]]),
    one: (i) => edge.get(`/upload?order=${i}`, { method: "POST", body: `order ${i}` }),
  });
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(100);
  const orders = (await journals()).filter(({ method }) => method === "POST").map(({ url }) => url);
  expect(orders.length).toBe(new Set(orders).size);
});

async function journals(): Promise<SeenRequest[]> {
  const texts = await Promise.all(edge.origins.map(({ name }) => readFile(join(edge.folder, `${name}.log`), "utf8").catch(() => "")));
  return texts.flatMap((text) =>
    text
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as SeenRequest),
  );
}

test("a slow but healthy origin is neither cut off nor ejected", async () => {
  const answer = await edge.get("/slow?ms=1600");
  expect(answer.status).toBe(200);
  const after = await load({ count: 60, atOnce: 4, at: new Map(), one: (i) => edge.get(`/api/echo?i=${i}`) });
  expect(countsOf(after)).toEqual({ 200: 60 });
  const served = await Promise.all(edge.origins.map(async (origin) => (await origin.seen()).length > 5));
  expect(served).toEqual([true, true, true]);
});

test("with all origins dead a stored page is served stale, others get an error page with Retry-After", async () => {
  // Its Age is beyond its lifetime, so it is stored and stale from the first moment.
  const headers = [
    ["Cache-Control", "public, max-age=60, stale-if-error=600"],
    ["Age", "61"],
  ] as const;
  for (const origin of edge.origins) await origin.answer("/stored", { headers, body: "kept" });
  expect((await edge.get("/stored")).text()).toBe("kept");
  await Promise.all(edge.origins.map((origin) => origin.kill("SIGKILL")));
  const stale = await edge.get("/stored");
  expect([stale.status, stale.text(), stale.header("x-cache")]).toEqual([200, "kept", "STALE"]);
  const lost = await edge.get("/api/echo", { headers: [["Accept", "text/html"]] });
  expect([502, 503, 504]).toContain(lost.status);
  expect(lost.header("retry-after")).toMatch(/^\d+$/);
  expect(lost.header("cache-control")).toBe("no-store");
  expect(lost.text()).toContain(lost.header("x-request-id"));
  expect(lost.text()).not.toContain("localhost");
});

test("the cron writes the health document, once per change", async () => {
  await edge.runCron();
  const first = await edge.kv.get("health");
  expect(first).not.toBeNull();
  await edge.runCron();
  expect(await edge.kv.get("health")).toBe(first);
  await edge.origins[0]?.kill("SIGKILL");
  await edge.runCron();
  expect(await edge.kv.get("health")).not.toBe(first);
});
