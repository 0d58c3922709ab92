// Which origin a visitor comes to, on the built Worker: sticky cookies, canaries, and places. Clients here keep cookies as curl does,
// each origin is a process of its own, and what counts is what an origin saw and what the visitor got.

import { randomUUID } from "node:crypto";

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import type { SeenRequest } from "../../scripts/local/demo-origin.ts";
import { eventually, startEdge } from "./harness.ts";
import type { Edge } from "./harness.ts";
import type { Answer } from "./http-client.ts";

let edge: Edge;

const NAMES = ["one", "two", "three"] as const;

beforeAll(async () => {
  edge = await startEdge({
    origins: 5,
    config: ([one = "", two = "", three = "", stable = "", canary = ""]) => `
sites:
  - name: sticky
    hosts: [edge.test]
    routes: [{ path: /*, pool: web }, { path: /unsigned/*, pool: unsigned }]
  - name: split
    hosts: [split.test]
    routes: [{ path: /*, pool: { split: { stable: 95, canary: 5 } } }, { path: /user/*, pool: { split: { stable: 50, canary: 50 }, by: { header: X-User } } }]
  - name: world
    hosts: [world.test]
    routes: [{ path: /*, pool: world }, { path: /near/*, pool: near }]
pools:
  web:
    sticky: true
    origins: [{ url: "${one}", name: one }, { url: "${two}", name: two }, { url: "${three}", name: three }]
  unsigned:
    sticky: { cookie: unsigned, secret: NOT_THERE }
    origins: [{ url: "${one}", name: one }, { url: "${two}", name: two }]
  stable: { origins: ["${stable}"] }
  canary: { origins: ["${canary}"] }
  world:
    balance: geo
    origins:
      - { url: "${one}", name: jp, serves: { countries: [JP] } }
      - { url: "${two}", name: by, serves: { regions: [DE-BY] } }
      - { url: "${three}", name: rest }
  near:
    balance: nearest
    origins: [{ url: "${one}", name: tokyo, at: [35.68, 139.69] }, { url: "${two}", name: samoa, at: [-13.83, -172] }]
`,
  });
});
afterAll(() => edge?.stop());

beforeEach(async () => {
  await Promise.all(edge.origins.map((origin) => origin.forget()));
});

interface Client {
  readonly jar: Map<string, string>;
  /** The last Set-Cookie line of each answer; null where there was none. */
  readonly lines: (string | null)[];
  get(target: string): Promise<Answer>;
}

/** Keeps what Set-Cookie says, and sends it back. */
function newClient(): Client {
  const client: Client = {
    jar: new Map(),
    lines: [],
    async get(target) {
      const cookie = [...client.jar].map(([name, value]) => `${name}=${value}`).join("; ");
      const answer = await edge.get(target, { headers: cookie === "" ? [] : [["Cookie", cookie]] });
      const set = answer.headers.get("set-cookie") ?? [];
      client.lines.push(set.at(-1) ?? null);
      for (const line of set) {
        const [name = "", value = ""] = (line.split(";")[0] ?? "").split("=");
        client.jar.set(name, value);
      }
      return answer;
    },
  };
  return client;
}

/** Of an answer: `one`, `two`, ... in the order of the config. */
function from(answer: Answer): string {
  expect(answer.status).toBe(200);
  return NAMES[Number(answer.header("x-origin")?.slice("origin-".length)) - 1] ?? `not of the pool: ${answer.header("x-origin")}`;
}

async function seenCookies(): Promise<readonly string[]> {
  const seen: SeenRequest[] = (await Promise.all(edge.origins.map((origin) => origin.seen()))).flat();
  return seen.flatMap(({ rawHeaders }) =>
    rawHeaders.filter((_, index) => rawHeaders[index - 1]?.toLowerCase() === "cookie" && index % 2 === 1),
  );
}

/** New visitors, until so many in a row came elsewhere: the pool takes turns, so it is out. */
function avoids(name: string): Promise<void> {
  return eventually(`new visitors avoid ${name}`, async () => {
    const answers = await Promise.all(Array.from({ length: 9 }, () => edge.get("/")));
    return answers.every((answer) => from(answer) !== name);
  });
}

async function say(...args: readonly string[]): Promise<void> {
  expect((await edge.cli("origin", ...args)).code).toBe(0);
}

describe("a visitor with a cookie", () => {
  test("comes to the same origin for twenty requests, and gets the cookie once", async () => {
    const client = newClient();
    client.jar.set("sid", "7");
    const first = from(await client.get("/"));
    for (let request = 0; request < 20; request += 1) expect(from(await client.get(`/?${request}`))).toBe(first);
    expect(client.lines[0]).toMatch(/^bw-origin=1\.[0-9a-f]{24}\.\d+\.[0-9a-f]{64}; Path=\/; HttpOnly; SameSite=Lax$/);
    expect(client.lines.slice(1).filter((line) => line !== null)).toEqual([]);
    expect(await seenCookies(), "origins see the application's cookie and never ours").toEqual(Array.from({ length: 21 }, () => "sid=7"));
  });

  test("twenty visitors come to all origins", async () => {
    const firsts: string[] = [];
    for (let visitor = 0; visitor < 20; visitor += 1) firsts.push(from(await newClient().get("/")));
    expect(new Set(firsts)).toEqual(new Set(NAMES));
  });

  test("that was changed is a new visitor, and gets a good one", async () => {
    const client = newClient();
    await client.get("/");
    const good = client.jar.get("bw-origin") ?? "";
    for (const bad of [`${good.slice(0, -1)}${good.endsWith("0") ? "1" : "0"}`, "garbage", good.slice(0, 60), "%00"]) {
      client.jar.set("bw-origin", bad);
      from(await client.get("/"));
      expect(client.lines.at(-1)).toMatch(/^bw-origin=1\./);
    }
    expect(await seenCookies()).toEqual([]);
  });

  test("stays while the origin is drained, and new visitors do not come", async () => {
    const client = newClient();
    const home = from(await client.get("/"));
    await say("drain", `web/${home}`);
    await avoids(home);
    for (let request = 0; request < 5; request += 1) expect(from(await client.get("/"))).toBe(home);
    await say("restore", `web/${home}`);
  });

  test("moves when the origin is taken down, and stays at the new one afterwards", async () => {
    const client = newClient();
    const home = from(await client.get("/"));
    await say("down", `web/${home}`);
    await avoids(home);
    const next = from(await client.get("/"));
    expect(next).not.toBe(home);
    expect(client.lines.at(-1)).toMatch(/^bw-origin=1\./);
    await say("restore", `web/${home}`);
    await eventually("new visitors come again", async () => from(await edge.get("/")) === home);
    for (let request = 0; request < 5; request += 1) expect(from(await client.get("/"))).toBe(next);
  });

  test("whose origin fails gets the answer and the cookie of another", async () => {
    const client = newClient();
    const home = from(await client.get("/"));
    await edge.origins[NAMES.findIndex((name) => name === home)]?.fail("503");
    const next = from(await client.get("/"));
    expect(next).not.toBe(home);
    expect(client.lines.at(-1)).toMatch(/^bw-origin=1\./);
    await edge.origins[NAMES.findIndex((name) => name === home)]?.fail("off");
    expect(from(await client.get("/"))).toBe(next);
  });
});

describe("the cache and the cookie", () => {
  test("a request that carries only our cookie is stored as one without; what is stored has none", async () => {
    const path = `/${randomUUID()}`;
    const answer = { status: 200, headers: [["Cache-Control", "max-age=60"]] as const, body: "stored" };
    await Promise.all(edge.origins.slice(0, 3).map((origin) => origin.answer(path, answer)));
    const client = newClient();
    await client.get("/");
    const miss = await client.get(path);
    expect([miss.header("x-cache"), client.lines.at(-1)]).toEqual(["MISS", null]);
    const stranger = newClient();
    await eventually("it is stored", async () => (await stranger.get(path)).header("x-cache") === "HIT");
    expect(stranger.lines.at(-1)).toBeNull();
    expect((await client.get(path)).header("x-cache"), "our cookie makes no variant").toBe("HIT");
  });

  test("a stranger who fills the cache gets a cookie; those who are answered from it get none", async () => {
    const path = `/${randomUUID()}`;
    const answer = { status: 200, headers: [["Cache-Control", "public, max-age=60"]] as const, body: "stored" };
    await Promise.all(edge.origins.slice(0, 3).map((origin) => origin.answer(path, answer)));
    const filler = newClient();
    expect([(await filler.get(path)).header("x-cache"), filler.lines.at(-1)]).toEqual(["MISS", expect.stringMatching(/^bw-origin=1\./)]);
    const others = [newClient(), newClient(), newClient()];
    await eventually("it is stored", async () => (await edge.get(path)).header("x-cache") === "HIT");
    for (const other of others) expect([(await other.get(path)).header("x-cache"), other.lines.at(-1)]).toEqual(["HIT", null]);
  });
});

test("without its secret a pool serves as if it were not sticky, and the log says so once", async () => {
  const client = newClient();
  for (let request = 0; request < 6; request += 1) expect((await client.get("/unsigned/")).status).toBe(404);
  expect(client.jar.size).toBe(0);
  const told = (): number => edge.log.filter((line) => line.includes("secret-missing")).length;
  await eventually("the log says so", async () => told() > 0);
  expect(told()).toBe(1);
});

describe("a canary", () => {
  const visit = (address: string, target = "/", headers: readonly (readonly [string, string])[] = []): Promise<Answer> =>
    edge.get(target, { headers: [["Host", "split.test"], ["CF-Connecting-IP", address], ...headers] });
  const poolOf = (answer: Answer): string => (answer.header("x-origin") === "origin-5" ? "canary" : "stable");
  const addresses = Array.from({ length: 1000 }, (_, index) => `198.51.${100 + (index >> 8)}.${index & 255}`);

  async function pools(of: readonly string[]): Promise<readonly string[]> {
    const found: string[] = [];
    for (let start = 0; start < of.length; start += 20) {
      found.push(...(await Promise.all(of.slice(start, start + 20).map((address) => visit(address)))).map(poolOf));
    }
    return found;
  }

  test("gets 5 percent of a thousand visitors, and always the same ones", async () => {
    const found = await pools(addresses);
    const chosen = found.filter((pool) => pool === "canary").length;
    expect(chosen).toBeGreaterThan(30);
    expect(chosen).toBeLessThan(70);
    expect(await pools(addresses.slice(0, 200))).toEqual(found.slice(0, 200));
  });

  test("of a header, whatever the address", async () => {
    const users = Array.from({ length: 12 }, (_, index) => `user-${index}`);
    for (const user of users) {
      const found = await Promise.all(addresses.slice(0, 4).map((address) => visit(address, "/user/", [["X-User", user]])));
      expect(new Set(found.map(poolOf)).size).toBe(1);
    }
  });

  test("has a cache of its own, and one purge reaches both", async () => {
    const path = `/${randomUUID()}`;
    for (const [index, body] of [
      [3, "stable"],
      [4, "canary"],
    ] as const) {
      await edge.origins[index]?.answer(path, { status: 200, headers: [["Cache-Control", "public, max-age=60"]], body });
    }
    const found = await pools(addresses.slice(0, 300));
    const members = ["stable", "canary"].map((pool) => addresses.filter((_, index) => found[index] === pool).slice(0, 3));
    const [stable = [], canary = []] = members;
    expect(canary.length).toBeGreaterThan(1);
    const texts = async (group: readonly string[]): Promise<readonly string[]> => {
      const answers: string[] = [];
      for (const address of group) answers.push((await visit(address, path)).text());
      return answers;
    };
    const cached = async (group: readonly string[]): Promise<string | null> => (await visit(group[0] ?? "", path)).header("x-cache");
    expect(new Set(await texts(stable))).toEqual(new Set(["stable"]));
    expect(new Set(await texts(canary))).toEqual(new Set(["canary"]));
    for (const group of members) await eventually("it is stored", async () => (await cached(group)) === "HIT");
    expect(new Set([...(await texts(stable)), ...(await texts(canary))])).toEqual(new Set(["stable", "canary"]));
    expect((await edge.cli("purge", "--url", `http://split.test${path}`)).code).toBe(0);
    for (const group of members) await eventually("it is purged", async () => (await cached(group)) !== "HIT");
  });

  test("is explained: who the visitor is, and which pool follows", async () => {
    const found = await pools(addresses.slice(0, 100));
    const address = addresses[found.indexOf("canary")] ?? "";
    const { stdout } = await edge.cli("explain", "GET", "http://split.test/", "--ip", address);
    expect(stdout).toContain(`visitors are shared out: stable 95 %, canary 5 %; this one, known by client "${address}", comes to canary`);
    expect(stdout).toContain("Pool canary");
  });
});

describe("a place", () => {
  const visit = (cf: Readonly<Record<string, string>>, target = "/"): Promise<Answer> =>
    edge.get(target, {
      headers: [
        ["Host", "world.test"],
        ["MF-CF-Blob", JSON.stringify(cf)],
      ],
    });

  test.each<[string, Readonly<Record<string, string>>, string]>([
    ["a country", { country: "JP", colo: "NRT" }, "origin-1"],
    ["a region", { country: "DE", regionCode: "BY", region: "Bavaria" }, "origin-2"],
    ["another region of the country", { country: "DE", regionCode: "BE" }, "origin-3"],
    ["nothing known", {}, "origin-3"],
  ])("by %s", async (_, cf, origin) => {
    for (let request = 0; request < 3; request += 1) expect((await visit(cf)).header("x-origin")).toBe(origin);
  });

  test("the nearest one, over the date line", async () => {
    const fiji = { country: "FJ", latitude: "-18.1", longitude: "178.4" };
    for (let request = 0; request < 3; request += 1) expect((await visit(fiji, "/near/")).header("x-origin")).toBe("origin-2");
  });
});
