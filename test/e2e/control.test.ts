// The control plane on the built Worker: who may use it, how fast an edit takes effect, and that nothing which goes wrong in KV
// reaches a visitor.

import { createServer } from "node:net";
import type { AddressInfo } from "node:net";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { ADMIN_TOKEN, eventually, startEdge } from "./harness.ts";
import type { Edge } from "./harness.ts";

let edge: Edge;

const config = ([web = ""]: readonly string[]): string => `
sites:
  - { name: all, hosts: ["*"], routes: [{ path: /*, pool: web }] }
pools:
  web: { origins: [${web}] }
firewall:
  - { id: first, when: 'http.request.uri.path eq "/blocked"', action: block }
`;

beforeEach(async () => {
  edge = await startEdge({ config });
});
afterEach(() => edge?.stop());

async function statusOf(path: string): Promise<number> {
  return (await edge.get(path)).status;
}

describe("who may use the control path", () => {
  test.each([
    { what: "no token", headers: [] },
    { what: "a wrong token", headers: [["Authorization", "Bearer wrong"]] },
    { what: "the token in another scheme", headers: [["Authorization", `Basic ${ADMIN_TOKEN}`]] },
    { what: "the token cut short", headers: [["Authorization", `Bearer ${ADMIN_TOKEN.slice(0, -1)}`]] },
  ] as const)("$what gets the same 404 as a path that does not exist, and no origin is asked", async ({ headers }) => {
    const answers = [await edge.get("/_breakwater/status", { headers }), await edge.get("/_breakwater/nothing-here", { headers })];
    expect(answers.map(({ status }) => status)).toEqual([404, 404]);
    expect(answers[0]?.text().replaceAll(/[0-9a-f]{32}/g, "")).toBe(answers[1]?.text().replaceAll(/[0-9a-f]{32}/g, ""));
    expect((await edge.origins[0]?.seen())?.length).toBe(0);
  });

  test("with the token, status and release answer as JSON that is never stored", async () => {
    const answer = await edge.admin("GET", "status");
    expect(answer.status).toBe(200);
    expect(answer.header("cache-control")).toBe("no-store");
    expect(answer.header("content-type")).toContain("application/json");
  });
});

describe("an edit from the command line", () => {
  test("a rule that is added blocks within two seconds, without a restart", async () => {
    expect(await statusOf("/healthz")).toBe(200);
    const added = await edge.cli("rule", "add", 'http.request.uri.path eq "/healthz"', "--id", "added", "--action", "block", "--yes");
    expect(added, added.stderr).toMatchObject({ code: 0 });
    await eventually("the added rule blocks", async () => (await statusOf("/healthz")) === 403, 2_000);
    const removed = await edge.cli("rule", "remove", "added", "--yes");
    expect(removed, removed.stderr).toMatchObject({ code: 0 });
    await eventually("the removed rule no longer blocks", async () => (await statusOf("/healthz")) === 200, 2_000);
  });

  test("a rollback brings the release before back, under a higher number", async () => {
    await edge.publish(config([edge.origins[0]?.url.replace("127.0.0.1", "localhost") ?? ""]).replace("/blocked", "/other"));
    await eventually("the second release is in force", async () => (await statusOf("/other")) === 403, 2_000);
    const result = await edge.cli("rollback", "--yes");
    expect(result, result.stderr).toMatchObject({ code: 0 });
    await eventually(
      "the first release is in force again",
      async () => (await statusOf("/blocked")) === 403 && (await statusOf("/other")) === 404,
      2_000,
    );
    const pointer = JSON.parse((await edge.kv.get("current")) ?? "{}") as { number: number };
    expect(pointer.number).toBe(3);
  });
});

describe("what is wrong in KV never reaches a visitor", () => {
  test.each([
    { what: "a corrupt release", break: async () => corruptRelease() },
    { what: "a pointer to a release that has not arrived", break: async () => pointToNothing("names its predecessor") },
    { what: "a pointer to nothing at all", break: async () => pointToNothing("names no predecessor") },
    { what: "a pointer of garbage", break: async () => edge.kv.put("current", "\u0000not json{") },
    { what: "no pointer at all", break: async () => edge.kv.delete("current") },
    { what: "a health document of garbage", break: async () => edge.kv.put("health", '{"format":1,"origins":[[[') },
    { what: "a health document of the wrong shape", break: async () => edge.kv.put("health", '{"format":1,"origins":{"web":7}}') },
    { what: "overrides of garbage", break: async () => edge.kv.put("overrides", "[]") },
    { what: "purges of garbage", break: async () => edge.kv.put("purges", "null") },
  ])("$what: the running isolate and a cold one keep serving", async ({ break: breakIt }) => {
    expect(await statusOf("/healthz")).toBe(200);
    await breakIt();
    await edge.admin("POST", "refresh");
    expect([await statusOf("/healthz"), await statusOf("/blocked")]).toEqual([200, 403]);
    await edge.restart();
    expect([await statusOf("/healthz"), await statusOf("/blocked")]).toEqual([200, 403]);
  });

  async function corruptRelease(): Promise<void> {
    const pointer = JSON.parse((await edge.kv.get("current")) ?? "{}") as { release: string };
    const text = (await edge.kv.get(`release/${pointer.release}`)) ?? "";
    await edge.kv.put(`release/${pointer.release}`, text.replace("/blocked", "/blackhole"));
  }

  async function pointToNothing(how: "names its predecessor" | "names no predecessor"): Promise<void> {
    const pointer = JSON.parse((await edge.kv.get("current")) ?? "{}") as { number: number; release: string };
    const predecessor = how === "names its predecessor" ? pointer.release : null;
    await edge.kv.put("current", JSON.stringify({ ...pointer, release: "f".repeat(64), predecessor, number: pointer.number + 1 }));
  }
});

describe("KV is out of reach before a cold start", () => {
  test("refusing connections: no request fails", async () => {
    expect(await statusOf("/healthz")).toBe(200);
    await edge.restart({ remoteKv: new URL("http://127.0.0.1:9") });
    const statuses = await Promise.all(Array.from({ length: 20 }, () => statusOf("/healthz")));
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(await statusOf("/blocked")).toBe(403);
  });

  test("taking connections and never answering: no request fails", async () => {
    expect(await statusOf("/healthz")).toBe(200);
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    try {
      await edge.restart({ remoteKv: new URL(`http://127.0.0.1:${(silent.address() as AddressInfo).port}`) });
      expect([await statusOf("/healthz"), await statusOf("/blocked")]).toEqual([200, 403]);
    } finally {
      silent.close();
    }
  });
});

test("a Worker that never had a release says what to do", async () => {
  const fresh = await startEdge({ config, publish: false });
  try {
    const answer = await fresh.get("/", { headers: [["Accept", "text/html"]] });
    expect(answer.status).toBe(503);
    expect(answer.text()).toContain("publish");
  } finally {
    await fresh.stop();
  }
});
