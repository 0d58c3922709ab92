// `rule stats` on the built Worker: what visitors did reaches the operator, from every isolate, through the object that keeps it.

import { afterAll, beforeAll, expect, test } from "vitest";

import { signDrill } from "../../src/drill/signature.ts";
import { eventually, SIGNING_KEY, startEdge } from "./harness.ts";
import type { Edge } from "./harness.ts";

let edge: Edge;

beforeAll(async () => {
  edge = await startEdge({
    config: ([web]) => `
sites:
  - { name: all, hosts: ["*"], routes: [{ path: /*, pool: web }] }
pools:
  web: { origins: [${web}] }
firewall:
  - { id: watched, when: 'http.request.uri.path contains "/wp-"', action: block, mode: log }
  - { id: no-env, when: 'http.request.uri.path eq "/.env"', action: block }
  - { id: idle, when: 'http.host eq "nobody.test"', action: block, mode: log }
`,
  });
});
afterAll(() => edge?.stop());

interface Row {
  readonly rule: string;
  readonly state: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly samples: readonly Readonly<Record<string, unknown>>[];
}

async function stats(...args: string[]): Promise<readonly Row[]> {
  const ran = await edge.cli("rule", "stats", ...args, "--json");
  if (ran.code !== 0) throw new Error(`rule stats failed with exit code ${ran.code}:\n${ran.stdout}\n${ran.stderr}`);
  return (JSON.parse(ran.stdout) as { readonly rules: readonly Row[] }).rules;
}

function countsOf(rows: readonly Row[]): Readonly<Record<string, Readonly<Record<string, number>>>> {
  return Object.fromEntries(rows.map(({ rule, counts }) => [rule, counts]));
}

test("a rule in mode log lets requests pass, and shows how many it would have blocked and which", async () => {
  for (let i = 0; i < 5; i += 1) {
    const answer = await edge.get(`/wp-login.php?token=secret-${i}`, { headers: [["User-Agent", `scanner/${i}`]] });
    expect(answer.status).toBe(404);
  }
  for (let i = 0; i < 2; i += 1) expect((await edge.get("/.env")).status).toBe(403);
  let rows: readonly Row[] = [];
  const told = async (): Promise<boolean> => {
    rows = await stats("--samples", "2");
    const { watched, "no-env": env } = countsOf(rows);
    return watched?.["would-block"] === 5 && env?.["block"] === 2;
  };
  await eventually("all matches have been counted", told, 30_000);
  expect(rows.map(({ rule, state, counts }) => [rule, state, counts])).toEqual([
    ["watched", "log only", { "would-block": 5 }],
    ["no-env", "on", { block: 2 }],
    ["idle", "log only", { "would-block": 0 }],
  ]);
  // Which of them are samples is a matter of the moment, the newer one comes first.
  const [newer = -1, older = -1] = rows[0]?.samples.map(({ userAgent }) => Number(/^scanner\/(\d)$/.exec(String(userAgent))?.[1])) ?? [];
  expect([newer > older, older >= 0]).toEqual([true, true]);
  expect(rows[0]?.samples[0]).toMatchObject({
    did: "would-block",
    method: "GET",
    host: "edge.test",
    path: "/wp-login.php",
    status: 404,
    address: "198.51.100.7",
    country: "JP",
    asn: 64500,
    id: expect.stringMatching(/^[0-9a-f]{32}$/),
  });
  expect(JSON.stringify(rows)).not.toContain("secret");
});

test("what was counted is there when the Worker starts again, and a drill adds nothing to it", async () => {
  const before = countsOf(await stats());
  await edge.restart();
  const signed = await signDrill({ faults: [{ kind: "cache" }], untilMs: Date.now() + 60_000 }, SIGNING_KEY);
  const drilled = await edge.get("/wp-login.php", { headers: [["X-Breakwater-Drill", signed]] });
  expect(drilled.header("x-breakwater-drill")).toBe("cache=off");
  await edge.get("/.env");
  await eventually("the next match is counted", async () => countsOf(await stats())["no-env"]?.["block"] === 3, 30_000);
  expect(countsOf(await stats())["watched"]).toEqual(before["watched"]);
});

test("a rule that is taken out is still there with what it did, marked", async () => {
  expect((await edge.cli("rule", "remove", "no-env")).code).toBe(0);
  const ran = await edge.cli("rule", "stats", "no-env");
  expect(ran.code).toBe(0);
  expect(ran.stdout).toMatch(/^no-env +gone +[1-9]/m);
  expect(ran.stdout).toContain("GET edge.test/.env, answered 403");
});
