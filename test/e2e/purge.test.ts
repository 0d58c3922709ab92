// Purging on the built Worker with a real origin: each kind, hard and soft, by command line, API and PURGE, and what visitors see
// of it. What the command line sends is tested in test/unit/cli, how the ledger writes in test/worker.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { parsePurgeGenerations, purgedAt } from "../../src/cache/purge.ts";
import type { PurgeGenerations } from "../../src/cache/purge.ts";
import { ADMIN_TOKEN, eventually, startEdge } from "./harness.ts";
import type { Edge } from "./harness.ts";
import type { Answer } from "./http-client.ts";

let edge: Edge;
let path: string;
let count = 0;

const config = ([web = ""]: readonly string[], blocked = "/blocked"): string => `
sites:
  - name: all
    hosts: ["*"]
    routes:
      - { path: /*, pool: web }
      - { path: /shop/*, pool: web, cache: { tags: [shop] } }
pools:
  web: { origins: [${web}] }
firewall:
  - { id: first, when: 'http.request.uri.path eq "${blocked}"', action: block }
`;

beforeAll(async () => {
  edge = await startEdge({ config });
});
beforeEach(() => {
  path = `/page-${++count}`;
});
afterAll(() => edge?.stop());

const SWR = ["Cache-Control", "public, max-age=600, stale-while-revalidate=600"] as const;

interface Page {
  readonly host?: string;
  readonly path: string;
}

type Header = readonly [string, string];

async function answer(at: string, given: { readonly body?: string; readonly headers?: readonly Header[]; readonly status?: number } = {}) {
  const { body = "first", headers = [], status = 200 } = given;
  await edge.origins[0]?.answer(at, { headers: [SWR, ["ETag", '"1"'], ...headers], body, status });
}

function get({ host = "edge.test", path: at }: Page): Promise<Answer> {
  return edge.get(at, { headers: [["Host", host]] });
}

async function stateOf(page: Page): Promise<string | null> {
  return (await get(page)).header("x-cache");
}

/** Puts pages into the cache. */
async function stored(pages: readonly Page[], headers: readonly Header[] = []): Promise<void> {
  for (const page of pages) {
    await answer(page.path, { headers });
    await get(page);
    await isStored(page);
  }
}

function isStored(page: Page): Promise<void> {
  return eventually(`${page.path} is stored`, async () => (await stateOf(page)) === "HIT");
}

interface Purge {
  readonly kind: string;
  readonly value: string;
  readonly soft: boolean;
}

async function byCli({ kind, value, soft }: Purge): Promise<void> {
  const named = kind === "everything" ? ["--everything"] : [`--${kind}`, value];
  const result = await edge.cli("purge", ...named, ...(soft ? ["--soft"] : []));
  expect(result, result.stderr).toMatchObject({ code: 0 });
  expect(result.stdout).toContain("Everywhere by ");
}

async function byApi(purge: Purge): Promise<void> {
  const receipt = await edge.admin("POST", "purge", purge);
  expect(receipt.status, receipt.text()).toBe(200);
  expect(receipt.json()).toMatchObject({ id: expect.any(String), kind: purge.kind, soft: purge.soft });
}

async function byMethod(at: string, headers: readonly Header[]): Promise<unknown> {
  const receipt = await edge.get(at, { method: "PURGE", headers: [["Authorization", `Bearer ${ADMIN_TOKEN}`], ...headers] });
  expect(receipt.status, receipt.text()).toBe(200);
  return receipt.json();
}

/** A page that the purge covers and one that it does not, beside it. */
const kinds: readonly { readonly kind: string; readonly covered: () => Page; readonly other: () => Page; readonly value: () => string }[] =
  [
    { kind: "url", covered: () => ({ path }), other: () => ({ path: `${path}/below` }), value: () => `http://edge.test${path}` },
    { kind: "prefix", covered: () => ({ path: `${path}/below` }), other: () => ({ path: `${path}s` }), value: () => `edge.test${path}` },
    { kind: "host", covered: () => ({ host: `h${count}.test`, path }), other: () => ({ path }), value: () => `h${count}.test` },
  ];

describe.each([
  { way: "the command line", purge: byCli },
  { way: "the API", purge: byApi },
])("by $way", ({ purge }) => {
  test.each(kinds)(
    "a hard purge of one $kind makes a miss of what it covers, and of nothing else",
    async ({ kind, covered, other, value }) => {
      await stored([covered(), other()]);
      await purge({ kind, value: value(), soft: false });
      expect([await stateOf(covered()), await stateOf(other())]).toEqual(["MISS", "HIT"]);
      expect(await stateOf(covered())).toBe("HIT");
    },
  );

  test.each(kinds)("a soft purge of one $kind serves what it covers once more while it is fetched anew", async (given) => {
    const { kind, covered, other, value } = given;
    await stored([covered(), other()]);
    await answer(covered().path, { body: "second" });
    await purge({ kind, value: value(), soft: true });
    const stale = await get(covered());
    expect([stale.header("x-cache"), stale.text()]).toEqual(["UPDATING", "first"]);
    await eventually("the new one is served", async () => (await get(covered())).text() === "second");
    expect(await stateOf(other())).toBe("HIT");
  });

  test("a purge of everything covers all hosts, hard and soft", async () => {
    const pages = [{ path }, { host: "other.test", path: `${path}/x` }];
    await stored(pages);
    await purge({ kind: "everything", value: "", soft: true });
    for (const page of pages) expect(await stateOf(page)).toBe("UPDATING");
    await purge({ kind: "everything", value: "", soft: false });
    for (const page of pages) expect(await stateOf(page)).toBe("MISS");
  });
});

describe("surrogate keys", () => {
  const tagged: readonly (readonly [string, () => string, () => readonly Header[], () => string])[] = [
    ["Surrogate-Key of the origin", () => path, () => [["Surrogate-Key", `all t${count}`]], () => `t${count}`],
    ["Cache-Tag of the origin", () => path, () => [["Cache-Tag", `all,t${count}`]], () => `t${count}`],
    ["tags of the route", () => `/shop${path}`, () => [], () => "shop"],
  ];

  test.each(tagged)("%s: a purge of the tag covers it, and visitors do not see it", async (_name, at, headers, tag) => {
    await stored([{ path: at() }], headers());
    await stored([{ path: "/untagged" }]);
    await byCli({ kind: "tag", value: tag(), soft: false });
    expect([await stateOf({ path: at() }), await stateOf({ path: "/untagged" })]).toEqual(["MISS", "HIT"]);
    await isStored({ path: at() });
    await byApi({ kind: "tag", value: tag(), soft: true });
    expect(await stateOf({ path: at() })).toBe("UPDATING");
    const seen = await get({ path: at() });
    expect([seen.header("surrogate-key"), seen.header("cache-tag")]).toEqual([null, null]);
  });

  test("PURGE with Surrogate-Key covers the pages with these tags, not the one it is sent to", async () => {
    await stored([{ path: `${path}/a` }], [["Surrogate-Key", `a${count}`]]);
    await stored([{ path: `${path}/b` }], [["Cache-Tag", `b${count}`]]);
    await stored([{ path }]);
    const receipt = await byMethod(path, [["Surrogate-Key", `a${count} b${count}`]]);
    const tags = [`a${count}`, `b${count}`].map((value) => ({ kind: "tag", value, soft: false }));
    expect(receipt).toMatchObject({ id: expect.any(String), purges: tags });
    expect(await Promise.all([`${path}/a`, `${path}/b`, path].map((at) => stateOf({ path: at })))).toEqual(["MISS", "MISS", "HIT"]);
  });
});

describe("PURGE", () => {
  test("makes a miss of its URL", async () => {
    await stored([{ path }]);
    expect(await byMethod(path, [])).toMatchObject({ kind: "url", value: `http://edge.test${path}`, soft: false });
    expect(await stateOf({ path })).toBe("MISS");
  });

  test.each(["Soft-Purge", "Fastly-Soft-Purge"])("with %s: 1 makes it stale", async (name) => {
    await stored([{ path }]);
    expect(await byMethod(path, [[name, "1"]])).toMatchObject({ soft: true });
    expect(await stateOf({ path })).toBe("UPDATING");
  });

  test("without the token purges nothing, asks no origin and is an ordinary 404", async () => {
    await stored([{ path }]);
    await edge.origins[0]?.forget();
    for (const token of [[], [["Authorization", "Bearer wrong"]]] as const) {
      const headers = [["Soft-Purge", "1"], ["Surrogate-Key", "a"], ...token] as const;
      expect((await edge.get(path, { method: "PURGE", headers })).status).toBe(404);
    }
    expect(await stateOf({ path })).toBe("HIT");
    expect(await edge.origins[0]?.seen()).toEqual([]);
  });
});

test("what was purged soft and has not changed is confirmed by a 304, where it may not be served stale", async () => {
  await edge.origins[0]?.answer(path, {
    headers: [
      ["Cache-Control", "public, max-age=600"],
      ["ETag", '"1"'],
    ],
    body: "same",
  });
  await get({ path });
  await edge.origins[0]?.answer(path, { status: 304, headers: [["ETag", '"1"']] });
  await byCli({ kind: "url", value: `http://edge.test${path}`, soft: true });
  const confirmed = await get({ path });
  expect([confirmed.status, confirmed.header("x-cache"), confirmed.text()]).toEqual([200, "REVALIDATED", "same"]);
  await isStored({ path });
});

test("one command purges several things of several kinds", async () => {
  const pages = [{ path }, { path: `${path}/tagged` }, { host: `h${count}.test`, path }];
  await stored(pages.slice(1, 2), [["Surrogate-Key", `t${count}`]]);
  await stored([...pages.slice(0, 1), ...pages.slice(2)]);
  const named = ["--url", `http://edge.test${path}`, "--tag", `t${count}`, "--tag", "unused", "--host", `h${count}.test`];
  expect(await edge.cli("purge", ...named)).toMatchObject({ code: 0 });
  for (const page of pages) expect(await stateOf(page)).toBe("MISS");
});

test("a dry run names the generation that the purge then sets, and sets none itself", async () => {
  const named = ["purge", "--url", `http://edge.test${path}`, "--json"];
  const plan = async () => JSON.parse((await edge.cli(...named, "--dry-run")).stdout) as Plan;
  await stored([{ path }]);
  const [first] = (await plan()).purges;
  expect(first?.generation).toMatchObject({ table: "url", sets: "hard", holds: { hardMs: null, softMs: null }, shared: false });
  expect(await stateOf({ path })).toBe("HIT");
  const { receipt } = JSON.parse((await edge.cli(...named)).stdout) as { readonly receipt: { readonly atMs: number } };
  await eventually("KV has it", async () => hardMs(await generations(), `http://edge.test${path}`) === receipt.atMs);
  expect((await generations()).tables.url.get(first?.generation.slot ?? -1)?.hardMs).toBe(receipt.atMs);
  expect((await plan()).purges[0]?.generation).toMatchObject({ holds: { hardMs: receipt.atMs, softMs: null }, shared: true });
});

test("purges at the same moment from several clients are all kept", async () => {
  const tag = (name: string): string => `${name}-${count}`;
  const soft = false;
  await Promise.all([
    byCli({ kind: "tag", value: tag("one"), soft }),
    byCli({ kind: "tag", value: tag("two"), soft }),
    ...["three", "four", "five"].map((name) => byApi({ kind: "tag", value: tag(name), soft })),
    byMethod(path, []),
  ]);
  const tags = ["one", "two", "three", "four", "five"].map(tag);
  await expect(
    eventually("all are in KV", async () => {
      const held = await generations();
      return tags.every((name) => hardMs(held, "http://x.test/", [name]) > 0) && hardMs(held, `http://edge.test${path}`) > 0;
    }),
  ).resolves.toBeUndefined();
});

test("purges while a release is published are kept, and so is the release", async () => {
  const origins = edge.origins.map(({ port }) => `http://localhost:${port}`);
  const work = { isDone: false };
  const publishing = edge.publish(config(origins, path)).finally(() => (work.isDone = true));
  const tags: string[] = [];
  while (!work.isDone) {
    tags.push(`during-${count}-${tags.length}`);
    await byApi({ kind: "tag", value: tags.at(-1) ?? "", soft: false });
  }
  await publishing;
  await eventually("the release is in force", async () => (await get({ path })).status === 403);
  await eventually("all purges are in KV", async () => {
    const held = await generations();
    return tags.every((tag) => hardMs(held, "http://x.test/", [tag]) > 0);
  });
  expect(tags.length).toBeGreaterThan(1);
});

interface Plan {
  readonly purges: readonly { readonly generation: { readonly slot: number } }[];
}

async function generations(): Promise<PurgeGenerations> {
  const parsed = parsePurgeGenerations((await edge.kv.get("purges")) ?? "");
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

function hardMs(held: PurgeGenerations, url: string, tags: readonly string[] = []): number {
  return purgedAt(held, { url, tags }).hardMs;
}
