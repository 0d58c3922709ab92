// Rate limits on the built Worker: parallel load of two processes, wrong passwords, and a deployment that lacks the counters.

import { execFile } from "node:child_process";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { build, PROJECT_ROOT } from "../../scripts/build.ts";
import { runCli } from "../../scripts/local/cli.ts";
import { startWorker, type LocalWorker } from "../../scripts/local/worker.ts";
import { ADMIN_TOKEN, eventually, SIGNING_KEY, startEdge, type Edge } from "./harness.ts";
import { send, type Answer } from "./http-client.ts";

const config = ([web]: readonly string[]): string => `
sites:
  - { name: all, hosts: ["*"], routes: [{ path: /*, pool: web }] }
pools:
  web: { origins: [${web}] }
firewall:
  - id: load
    when: http.request.uri.path eq "/load"
    action: { rateLimit: { requests: 20, per: 60s, exact: true } }
  - id: brute
    when: http.request.uri.path eq "/login"
    action: { rateLimit: { requests: 3, per: 60s, for: 10m, count: http.request.uri.path eq "/login" and http.response.code eq 401, json: { slow: true } } }
  - id: near
    when: http.request.uri.path eq "/near"
    action: { rateLimit: { by: [{ header: X-Key }], requests: 5, per: 60s } }
  - id: watched
    when: http.request.uri.path eq "/watched"
    mode: log
    action: { rateLimit: { requests: 1, per: 60s, exact: true } }
  - id: fetched
    when: http.request.uri.path eq "/news"
    phase: origin
    action: { rateLimit: { requests: 1, per: 60s, exact: true } }
  - id: closed
    when: http.request.uri.path eq "/closed"
    action: { rateLimit: { requests: 100, per: 1h, unreachable: block } }
  - id: open
    when: http.request.uri.path eq "/open"
    action: { rateLimit: { requests: 100, per: 1h } }
`;

let edge: Edge;
beforeAll(async () => void (edge = await startEdge({ config })));
beforeEach(() => edge.origins[0]?.forget());
afterAll(() => edge?.stop());

let visitors = 0;

/** One who was never there. */
function visitor(): readonly [string, string] {
  visitors += 1;
  return ["CF-Connecting-IP", `10.1.${visitors >> 8}.${visitors & 255}`];
}

async function statuses(count: number, ask: () => Promise<Answer>): Promise<readonly number[]> {
  const seen: number[] = [];
  for (let each = 0; each < count; each += 1) seen.push((await ask()).status);
  return seen;
}

/** Sends 100 requests at once, and prints how many were not answered with 429. */
const LOAD = `
const [url, address] = process.argv.slice(1);
const headers = { "CF-Connecting-IP": address };
const ask = async () => { const answer = await fetch(url, { headers }); await answer.text(); return answer.status; };
Promise.all(Array.from({ length: 100 }, ask)).then((all) => console.log(all.filter((status) => status !== 429).length));
`;

async function passedOf(url: string, address: string): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, ["-e", LOAD, url, address]);
  return Number(stdout.trim());
}

test("of 200 requests of two processes at once exactly 20 pass a limit of 20, and reach the origin", async () => {
  const [, address] = visitor();
  const passed = await Promise.all([passedOf(`${edge.directUrl}/load`, address), passedOf(`${edge.directUrl}/load`, address)]);
  expect((passed[0] ?? 0) + (passed[1] ?? 0)).toBe(20);
  expect(await edge.origins[0]?.seen()).toHaveLength(20);
});

test("visitors are told where they stand, and when to come again", async () => {
  const headers = [visitor()];
  const first = await edge.get("/load", { headers });
  expect(first.header("ratelimit-policy")).toBe('"load";q=20;w=60');
  expect(first.header("ratelimit")).toMatch(/^"load";r=19;t=6\d$/);
  expect(first.header("retry-after")).toBeNull();
  for (let count = 1; count < 20; count += 1) await edge.get("/load", { headers });
  const over = await edge.get("/load", { headers: [...headers, ["Accept", "text/html"]] });
  expect(over.status).toBe(429);
  expect(over.header("ratelimit")).toMatch(/^"load";r=0;t=\d\d$/);
  expect(Number(over.header("retry-after"))).toBeGreaterThan(50);
  expect(over.header("cache-control")).toBe("no-store");
  expect(over.text()).toContain("Too many requests");
  expect((await edge.get("/load", { headers: [visitor()] })).status).not.toBe(429);
});

test("visitors of one IPv6 network of 64 bits are one", async () => {
  const from = (address: string): Promise<Answer> => edge.get("/load", { headers: [["CF-Connecting-IP", address]] });
  for (let count = 1; count <= 20; count += 1) await from(`2001:db8:0:1::${count}`);
  expect([(await from("2001:db8:0:1:ffff::1")).status, (await from("2001:db8:0:2::1")).status]).toEqual([429, 404]);
});

/** What the login answers from now on; `?peek` is for a look at where a visitor stands. */
async function loginAnswers(status: number): Promise<void> {
  await edge.origins[0]?.answer("/login", { status });
  await edge.origins[0]?.answer("/login?peek", { status: 200 });
}

test("three wrong passwords, and the visitor is out, with the right one too; others are not", async () => {
  await loginAnswers(401);
  const headers = [visitor()];
  const login = (): Promise<Answer> => edge.get("/login", { method: "POST", headers, body: "password=1" });
  const isLeft = async (left: number): Promise<boolean> =>
    (await edge.get("/login?peek", { headers })).header("ratelimit")?.startsWith(`"brute";r=${left};`) === true;
  for (const left of [2, 1]) {
    expect((await login()).status).toBe(401);
    // What an answer counts is counted behind it.
    await eventually(`${left} are left`, () => isLeft(left));
  }
  expect((await login()).status).toBe(401);
  await eventually("none is left", () => isLeft(0));
  await loginAnswers(200);
  const out = await login();
  expect([out.status, out.json()]).toEqual([429, { slow: true }]);
  expect(Number(out.header("retry-after"))).toBeGreaterThan(590);
  expect((await edge.get("/login", { method: "POST", headers: [visitor()], body: "password=1" })).status).toBe(200);
});

test("right passwords are not counted", async () => {
  await loginAnswers(200);
  const headers = [visitor()];
  expect(await statuses(5, () => edge.get("/login", { method: "POST", headers, body: "x" }))).toEqual([200, 200, 200, 200, 200]);
  expect((await edge.get("/login?peek", { headers })).header("ratelimit")).toMatch(/^"brute";r=3;/);
});

test("the platform's limiter lets five of a limit of five pass, by the header that the rule names", async () => {
  const of = (key: string): Promise<Answer> => edge.get("/near", { headers: [["X-Key", key], visitor()] });
  // Its windows are those of the clock: across a border there is room again.
  const key = crypto.randomUUID();
  expect(await statuses(5, () => of(key))).toEqual([404, 404, 404, 404, 404]);
  await eventually("the sixth is refused", async () => (await of(key)).status === 429);
  expect((await of("another")).status).toBe(404);
  expect((await of("another")).header("ratelimit-policy")).toBe('"near";q=5;w=60');
});

test("a limit in log mode refuses nobody, and the log says whom it would have", async () => {
  const headers = [visitor()];
  const [first, second] = [await edge.get("/watched", { headers }), await edge.get("/watched", { headers })];
  expect([first.status, second.status, second.header("ratelimit-policy")]).toEqual([404, 404, null]);
  const id = second.header("x-request-id") ?? "none";
  await eventually("the request is logged", async () => edge.log.some((line) => line.includes(id)));
  expect(edge.log.find((line) => line.includes(id))).toContain("would-rate-limit");
  expect(edge.log.find((line) => line.includes(first.header("x-request-id") ?? "none"))).not.toContain("would-rate-limit");
});

test("a limit of the phase origin does not count what the cache answers", async () => {
  const headers = [visitor()];
  const seen = [await edge.get("/news", { headers }), await edge.get("/news", { headers }), await edge.get("/news", { headers })];
  expect(seen.map((answer) => answer.header("x-cache"))).toEqual(["MISS", "HIT", "HIT"]);
  expect((await edge.get("/news?other", { headers })).status).toBe(429);
});

describe("a deployment without the counters", () => {
  let folder: string;
  let worker: LocalWorker;
  const log: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "breakwater-e2e-"));
    const configPath = join(folder, "wrangler.toml");
    await writeFile(configPath, withoutCounters(await readFile(join(PROJECT_ROOT, "wrangler.toml"), "utf8")));
    // The runtime takes no script from outside the folder of its config.
    const scriptPath = join(folder, "index.js");
    await copyFile((await build()).scriptPath, scriptPath);
    worker = await startWorker({
      scriptPath,
      configPath,
      port: 0,
      persist: join(folder, "state"),
      vars: { STATE_POLL_MS: "100", STATE_QUIET_MS: "1000", STATE_COPY_MS: "0" },
      secrets: { ADMIN_TOKEN, SIGNING_KEY },
      onLog: (line) => log.push(line),
    });
    const file = join(folder, "breakwater.yaml");
    await writeFile(file, config(edge.origins.map(({ port }) => `http://localhost:${port}`)));
    const published = await runCli({ workerUrl: worker.url, adminToken: ADMIN_TOKEN, signingKey: SIGNING_KEY }, ["publish", file, "--yes"]);
    if (published.code !== 0) throw new Error(published.stderr);
  });
  afterAll(async () => {
    await worker?.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  const ask = (path: string): Promise<Answer> => send(worker.directUrl, path, { headers: [["Host", "edge.test"], visitor()] });

  test("lets pass or refuses as each rule says, and tells it once for each", async () => {
    await eventually("the release is in force", async () => (await ask("/")).status === 200);
    expect(await statuses(3, () => ask("/open"))).toEqual([404, 404, 404]);
    expect(await statuses(3, () => ask("/closed"))).toEqual([429, 429, 429]);
    expect((await ask("/closed")).header("retry-after")).toBe("5");
    await eventually("it is told", async () => log.filter((line) => line.includes("rate-counter-unreachable")).length >= 2);
    expect(log.filter((line) => line.includes("rate-counter-unreachable"))).toHaveLength(2);
  });
});

/** The tables of the counters, up to the next table. */
function withoutCounters(toml: string): string {
  return toml
    .split(/^(?=\[)/m)
    .filter((table) => !table.startsWith("[[ratelimits]]") && !table.includes('"RATE_COUNTER"'))
    .join("");
}
