// A day of an operator on the command line, against the real Worker and its real KV: what each command says is what requests show.
// The commands against a KV with faults, with all their errors, are in test/unit/cli.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { startOriginProcess } from "../../scripts/local/origins.ts";
import { eventually, startEdge } from "./harness.ts";
import type { Edge } from "./harness.ts";

let edge: Edge;

const config = (origins: readonly string[]): string => `
# The demo shop.
sites:
  - name: shop
    hosts: [edge.test]
    routes:
      - { path: /*, pool: web }
      - { path: "/items/:id", pool: web, rewrite: "/api/items/{id}", cache: bypass }
      - { path: /old/*, redirect: { to: "/new/{rest}", status: 308 } }
      - { path: /small, pool: web, maxBody: 1KiB }
pools:
  web: { origins: [${origins.join(", ")}], health: { path: /healthz, interval: 60s, rise: 1, fall: 1 } }
firewall:
  - { id: no-admin, when: 'starts_with(http.request.uri.path, "/admin")', action: block }
`;

beforeAll(async () => {
  edge = await startEdge({ origins: 2, config });
});
beforeEach(async () => {
  await edge.publish(config(edge.origins.map(({ port }) => `http://localhost:${port}`)));
  await Promise.all(edge.origins.map((origin) => origin.forget()));
});
afterAll(() => edge?.stop());

/** Runs a command that must succeed. */
async function run(...args: string[]): Promise<string> {
  const result = await edge.cli(...args);
  expect(result, `${args.join(" ")}: ${result.stderr}`).toMatchObject({ code: 0 });
  return result.stdout;
}

async function json(...args: string[]): Promise<Record<string, unknown>> {
  return JSON.parse(await run(...args, "--json")) as Record<string, unknown>;
}

async function statusOf(path: string): Promise<number> {
  return (await edge.get(path)).status;
}

/** Requests of visitors that reached each origin. */
async function counts(): Promise<number[]> {
  return Promise.all(edge.origins.map(async (origin) => (await origin.seen()).filter(({ url }) => url !== "/healthz").length));
}

test("rule disable lets requests pass and enable blocks them again; list says which", async () => {
  expect(await statusOf("/admin/x")).toBe(403);
  await run("rule", "disable", "no-admin");
  await eventually("the rule is off", async () => (await statusOf("/admin/x")) === 404, 2_000);
  expect(await json("rule", "list")).toMatchObject({ rules: [{ id: "no-admin", enabled: false }] });
  await run("rule", "enable", "no-admin");
  await eventually("the rule is on", async () => (await statusOf("/admin/x")) === 403, 2_000);
  expect(await json("rule", "list")).toMatchObject({ rules: [{ id: "no-admin", enabled: true }] });
});

test("origin drain takes an origin out of traffic and restore brings it back; list says what holds", async () => {
  const key = `web/localhost:${edge.origins[1]?.port}`;
  await run("origin", "drain", key, "--for", "30m", "--reason", "new disk");
  await eventually(
    "the Worker knows it",
    async () => JSON.stringify((await edge.admin("GET", "overrides")).json()).includes("drain"),
    2_000,
  );
  for (let i = 0; i < 10; i++) expect(await statusOf("/api/echo")).toBe(200);
  expect(await counts()).toEqual([10, 0]);
  expect(await run("origin", "list")).toMatch(/drain for (30|29) min more.*new disk/);
  await run("origin", "restore", key);
  await eventually("it takes traffic again", async () => (await statusOf("/api/echo")) === 200 && ((await counts())[1] ?? 0) > 0, 2_000);
});

test("another weight takes an origin out of traffic and up brings it back, whatever was said before", async () => {
  const key = `web/localhost:${edge.origins[1]?.port}`;
  const before = (await counts())[1] ?? 0;
  await run("origin", "weight", key, "0");
  await eventually(
    "the Worker knows it",
    async () => JSON.stringify((await edge.admin("GET", "overrides")).json()).includes("weight"),
    2_000,
  );
  for (let i = 0; i < 10; i++) expect(await statusOf("/api/echo")).toBe(200);
  expect((await counts())[1]).toBe(before);
  expect(await run("origin", "list")).toContain("weight 0, by");
  await run("origin", "up", key, "--for", "5m");
  await eventually(
    "it takes traffic again",
    async () => (await statusOf("/api/echo")) === 200 && ((await counts())[1] ?? 0) > before,
    2_000,
  );
  await run("origin", "restore", key);
});

test("health shows what the cron saw: up, and down with the reason once an origin fails its check", async () => {
  await edge.runCron();
  expect(await run("health")).toMatch(/ up .*\n.* up /);
  await edge.origins[1]?.fail("503");
  await edge.runCron();
  await edge.origins[1]?.fail("off");
  expect(await run("health")).toMatch(new RegExp(`web/localhost:${edge.origins[1]?.port} +down .*status 503`));
  await edge.runCron();
});

test("a killed origin shows in status as an open circuit of the isolate, with what opened it, and no visitor notices", async () => {
  const third = await startOriginProcess({ name: "origin-3", port: 0 });
  const addresses = [...edge.origins, third].map(({ port }) => `http://localhost:${port}`);
  await edge.publish(config(addresses).replace("health: {", "circuit: { open: 1m, openMax: 1m }, health: {"));
  await third.kill();
  const id = `localhost:${third.port}`;
  await eventually("its circuit opens", async () => (await statusOf("/api/echo")) === 200 && (await circuitOf(id)) === "open", 20_000);
  const shown = await run("status");
  expect(shown).toMatch(
    new RegExp(`^ +${id} +avoided +circuit-open +1 +open for \\d+ (?:s|min) more, by connection +0 +\\d+ of \\d+ good$`, "m"),
  );
  expect(shown).toMatch(new RegExp(`^ +localhost:${edge.origins[0]?.port} +serving +ok +1 +closed +0 +(\\d+) of \\1 good$`, "m"));
  expect(shown).toMatch(/^Origins as one isolate in .* sees them/m);
});

/** As the isolate itself tells. */
async function circuitOf(id: string): Promise<string | undefined> {
  const report = (await edge.admin("GET", "origins")).json() as { pools: { origins: { id: string; circuit: { phase: string } }[] }[] };
  return report.pools.flatMap(({ origins }) => origins).find((origin) => origin.id === id)?.circuit.phase;
}

test("explain names the origin that a hash of the request then takes", async () => {
  const addresses = edge.origins.map(({ port }) => `http://localhost:${port}`);
  await edge.publish(config(addresses).replace("health: {", "balance: { hash: { by: header, name: X-User } }, health: {"));
  const explained: (string | undefined)[] = [];
  const taken: (string | undefined)[] = [];
  for (const user of ["ada", "bob", "cyd", "dan", "eve", "fay"]) {
    const { pools } = await json("explain", "GET", "http://edge.test/api/echo", "-H", `X-User: ${user}`);
    explained.push((pools as { prefers: { origins: string[] } }[])[0]?.prefers.origins[0]);
    await Promise.all(edge.origins.map((origin) => origin.forget()));
    expect((await edge.get("/api/echo", { headers: [["X-User", user]] })).status).toBe(200);
    taken.push(addresses[(await counts()).indexOf(1)]?.replace("http://", ""));
  }
  expect(explained).toEqual(taken);
  expect(new Set(taken).size).toBe(2);
});

test("status, history, show and diff agree on what is in force", async () => {
  const pointer = JSON.parse((await edge.kv.get("current")) ?? "{}") as { release: string; number: number };
  expect(await json("status")).toMatchObject({ published: { pointer: { number: pointer.number } }, status: { release: pointer.release } });
  expect(await run("history")).toContain(pointer.release.slice(0, 12));
  const file = join(edge.folder, "breakwater.yaml");
  expect(await run("show")).toBe(config(edge.origins.map(({ port }) => `http://localhost:${port}`)));
  expect(await json("diff", file)).toMatchObject({ changes: [] });
  const changed = (await run("show")).replace("/admin", "/intern");
  await writeFile(file, changed);
  expect(await run("diff", file)).toContain("no-admin");
});

test("explain says of a request what then happens to it", async () => {
  const [id, post] = ["/items/7?x=1", ["POST", "/small"]] as const;
  expect(await json("explain", "GET", `http://edge.test${id}`)).toMatchObject({
    route: { params: { id: "7" } },
    outcome: { kind: "proxy", originRequest: { target: "/api/items/7?x=1" } },
  });
  await edge.get(id);
  const seen = (await Promise.all(edge.origins.map((origin) => origin.seen()))).flat();
  expect(seen.map(({ url }) => url)).toEqual(["/api/items/7?x=1"]);

  expect(await json("explain", "GET", "http://edge.test/admin")).toMatchObject({
    outcome: { kind: "error", status: 403, code: "blocked" },
  });
  expect(await statusOf("/admin")).toBe(403);

  expect(await json("explain", "GET", "http://edge.test/old/a?b=1")).toMatchObject({ outcome: { status: 308, location: "/new/a?b=1" } });
  const redirect = await edge.get("/old/a?b=1");
  expect([redirect.status, redirect.header("location")]).toEqual([308, "/new/a?b=1"]);

  const tooLarge = await json("explain", post[0], `http://edge.test${post[1]}`, "-H", "Content-Length: 1025");
  expect(tooLarge).toMatchObject({ outcome: { kind: "error", status: 413 } });
  expect((await edge.get(post[1], { method: post[0], body: Buffer.alloc(1_025) })).status).toBe(413);
});

test("a file that is not based on the release in force is refused with the difference, and the Worker stays as it is", async () => {
  const file = join(edge.folder, "breakwater.yaml");
  await run("rule", "add", 'http.request.uri.path eq "/healthz"', "--id", "by-another", "--action", "block");
  const refused = await edge.cli("publish", file, "--yes");
  expect(refused.code).toBe(4);
  expect(refused.stdout + refused.stderr).toContain("by-another");
  expect(await statusOf("/healthz")).toBe(403);
  await run("publish", file, "--base", "current", "--yes");
  await eventually("the file is in force", async () => (await statusOf("/healthz")) === 200, 2_000);
});

test("a config with errors publishes nothing: all of them are shown, and the Worker stays as it is", async () => {
  const file = join(edge.folder, "broken.yaml");
  await writeFile(file, 'sites:\n  - { name: a, hosts: ["*"], routs: [] }\npools:\n  web: { origins: ["ftp://a"] }\n');
  for (const command of ["validate", "publish"]) {
    const result = await edge.cli(command, file);
    expect(result.code).toBe(3);
    expect(result.stdout + result.stderr).toMatch(/broken\.yaml:2[^]*broken\.yaml:4/);
  }
  expect(await statusOf("/healthz")).toBe(200);
});
