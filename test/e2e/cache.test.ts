// The cache on the built Worker, with real origins that count: what is served from store, what never is, and purges.

import { gunzipSync } from "node:zlib";

import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { startEdge } from "./harness.ts";
import type { Edge } from "./harness.ts";

let edge: Edge;
let path: string;
let count = 0;

beforeAll(async () => {
  edge = await startEdge({
    config: ([web]) => `
sites:
  - name: all
    hosts: ["*"]
    routes:
      - { path: /*, pool: web }
      - { path: /never/*, pool: web, cache: bypass }
      - { path: /default/*, pool: web, cache: { default: 10m } }
pools:
  web: { origins: [${web}] }
`,
  });
});
beforeEach(async () => {
  path = `/page-${++count}`;
  await origin().forget();
});
afterAll(() => edge?.stop());

const PUBLIC = ["Cache-Control", "public, max-age=600"] as const;

function origin() {
  const first = edge.origins[0];
  if (first === undefined) throw new Error("no origin");
  return first;
}

async function asked(): Promise<number> {
  return (await origin().seen()).filter(({ url }) => url.startsWith(path)).length;
}

test("a cacheable page is asked for once, and the second answer is a hit with an age", async () => {
  await origin().answer(path, { headers: [PUBLIC, ["ETag", '"1"']], body: "hello" });
  const first = await edge.get(path);
  const second = await edge.get(path);
  expect([first.header("x-cache"), second.header("x-cache")]).toEqual(["MISS", "HIT"]);
  expect(first.header("cache-status")).toMatch(/^breakwater; fwd=uri-miss/);
  expect(second.header("cache-status")).toMatch(/^breakwater; hit/);
  expect(second.header("age")).toMatch(/^\d+$/);
  expect([second.status, second.text(), second.header("etag")]).toEqual([200, "hello", '"1"']);
  expect(await asked()).toBe(1);
});

test("HEAD is answered from a stored GET, without a body and with its length", async () => {
  await origin().answer(path, { headers: [PUBLIC], body: "hello" });
  await edge.get(path);
  const head = await edge.get(path, { method: "HEAD" });
  expect([head.status, head.header("x-cache"), head.header("content-length"), head.body.length]).toEqual([200, "HIT", "5", 0]);
  expect(await asked()).toBe(1);
});

test("the order of the query is part of the key, and the visitor's fragmentary extras reach no clean entry", async () => {
  await origin().answer(path, { headers: [PUBLIC], body: "hello" });
  await edge.get(`${path}?a=1&b=2`);
  await edge.get(`${path}?b=2&a=1`);
  expect((await edge.get(`${path}?a=1&b=2`)).header("x-cache")).toBe("HIT");
});

test.each([
  { rule: "no-store", headers: [["Cache-Control", "no-store"]] },
  { rule: "private", headers: [["Cache-Control", "private, max-age=600"]] },
  { rule: "mixed-case No-Store", headers: [["Cache-Control", "No-Store, max-age=600"]] },
  { rule: "Set-Cookie", headers: [PUBLIC, ["Set-Cookie", "sid=1"]] },
  { rule: "Vary: *", headers: [PUBLIC, ["Vary", "*"]] },
] as const)("a response with $rule is asked for each time", async ({ headers }) => {
  await origin().answer(path, { headers, body: "mine" });
  const answers = [await edge.get(path), await edge.get(path)];
  expect(answers.map((answer) => answer.header("x-cache"))).not.toContain("HIT");
  expect(await asked()).toBe(2);
});

test.each([
  { rule: "Authorization", request: ["Authorization", "Bearer x"], response: ["Cache-Control", "max-age=600"] },
  { rule: "a Cookie", request: ["Cookie", "sid=1"], response: ["Cache-Control", "max-age=600"] },
] as const)("a page fetched with $rule is not given to others", async ({ request, response }) => {
  await origin().answer(path, { headers: [response], body: "mine" });
  await edge.get(path, { headers: [request] });
  const other = await edge.get(path);
  expect(other.header("x-cache")).not.toBe("HIT");
  expect(await asked()).toBe(2);
});

test.each([
  { what: "Expires says so", path: "/expires", headers: [["Expires", "Fri, 01 Jan 2100 00:00:00 GMT"]], state: "HIT" },
  { what: "Expires is over", path: "/expired", headers: [["Expires", "Thu, 01 Jan 2015 00:00:00 GMT"]], state: "MISS" },
  { what: "only the route has a default", path: "/default/x", headers: [], state: "HIT" },
  { what: "nothing gives it a lifetime", path: "/no-lifetime", headers: [], state: "MISS" },
  {
    what: "a route has a default and the origin says no-store",
    path: "/default/y",
    headers: [["Cache-Control", "no-store"]],
    state: "MISS",
  },
] as const)("freshness where $what: the second answer is a $state", async ({ path: at, headers, state }) => {
  await origin().answer(at, { headers, body: "x" });
  await edge.get(at);
  const second = (await edge.get(at)).header("x-cache");
  if (state === "HIT") expect(second).toBe("HIT");
  else expect(second).not.toBe("HIT");
});

test("a page fetched with a Cookie is given to others where the origin says that it is shared", async () => {
  await origin().answer(path, { headers: [PUBLIC], body: "shared" });
  await edge.get(path, { headers: [["Cookie", "sid=1"]] });
  const other = await edge.get(path);
  expect([other.header("x-cache"), other.text()]).toEqual(["HIT", "shared"]);
});

test.each([
  ["ETag", '"v1"', "if-none-match"],
  ["Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT", "if-modified-since"],
] as const)("a stale page is asked about by its %s, and a 304 makes it fresh without its body", async (name, value, condition) => {
  // Its Age is beyond its lifetime, so it is stale from the first moment.
  const stale = ["Cache-Control", "public, max-age=60"] as const;
  await origin().answer(path, { headers: [stale, ["Age", "61"], [name, value]], body: "kept" });
  await edge.get(path);
  await origin().answer(path, {
    status: 304,
    headers: [
      ["Cache-Control", "public, max-age=600"],
      [name, value],
    ],
  });
  const confirmed = await edge.get(path);
  expect([confirmed.status, confirmed.text(), confirmed.header("x-cache")]).toEqual([200, "kept", "REVALIDATED"]);
  const [, second] = (await origin().seen()).filter(({ url }) => url === path);
  expect((second?.rawHeaders ?? []).map((text) => text.toLowerCase())).toEqual(expect.arrayContaining([condition, value.toLowerCase()]));
  expect((await edge.get(path)).header("x-cache")).toBe("HIT");
  expect(await asked()).toBe(2);
});

test("a stale page that has changed is replaced", async () => {
  await origin().answer(path, {
    headers: [
      ["Cache-Control", "public, max-age=60"],
      ["Age", "61"],
      ["ETag", '"1"'],
    ],
    body: "old",
  });
  await edge.get(path);
  await origin().answer(path, { headers: [PUBLIC, ["ETag", '"2"']], body: "new" });
  expect((await edge.get(path)).text()).toBe("new");
  const hit = await edge.get(path);
  expect([hit.header("x-cache"), hit.text()]).toEqual(["HIT", "new"]);
});

test("variants never mix: each value of a Vary header gets its own answer", async () => {
  await origin().answer(path, { headers: [PUBLIC, ["Vary", "Accept-Language"]], body: "sprache" });
  await edge.get(path, { headers: [["Accept-Language", "de"]] });
  expect((await edge.get(path, { headers: [["Accept-Language", "fr"]] })).header("x-cache")).toBe("MISS");
  expect((await edge.get(path, { headers: [["Accept-Language", "de"]] })).header("x-cache")).toBe("HIT");
});

test("an encoded page is stored and served as the bytes that the origin sent", async () => {
  const gzip = [["Accept-Encoding", "gzip"]] as const;
  const direct = await edge.get("/static/app.css", { headers: gzip });
  const hit = await edge.get("/static/app.css", { headers: gzip });
  const plain = await edge.get("/static/app.css", { headers: [["Accept-Encoding", "identity"]] });
  expect([direct.header("content-encoding"), hit.header("content-encoding"), plain.header("content-encoding")]).toEqual([
    "gzip",
    "gzip",
    null,
  ]);
  expect(hit.header("x-cache")).toBe("HIT");
  expect(hit.body.equals(direct.body)).toBe(true);
  expect(hit.header("content-length")).toBe(String(hit.body.length));
  expect(gunzipSync(hit.body).equals(plain.body)).toBe(true);
});

test("a conditional request is answered from store with 304", async () => {
  await origin().answer(path, { headers: [PUBLIC, ["ETag", '"v1"']], body: "hello" });
  await edge.get(path);
  const answer = await edge.get(path, { headers: [["If-None-Match", '"v1"']] });
  expect([answer.status, answer.body.length, answer.header("etag")]).toEqual([304, 0, '"v1"']);
  expect(await asked()).toBe(1);
});

test("a range is cut out of the stored response", async () => {
  await origin().answer(path, { headers: [PUBLIC, ["ETag", '"v1"'], ["Accept-Ranges", "bytes"]], body: "0123456789" });
  await edge.get(path);
  const answer = await edge.get(path, { headers: [["Range", "bytes=2-4"]] });
  expect([answer.status, answer.text(), answer.header("content-range")]).toEqual([206, "234", "bytes 2-4/10"]);
});

test("what is ignored in the key is not sent to the origin, so that it cannot poison the entry", async () => {
  await origin().answer(path, { headers: [PUBLIC], body: "hello" });
  await edge.get(path, {
    headers: [
      ["X-Forwarded-Host", "evil.test"],
      ["X-Original-URL", "/evil"],
      ["X-Rewrite-URL", "/evil"],
    ],
  });
  const [request] = await origin().seen();
  expect(request?.url).toBe(path);
  const raw = (request?.rawHeaders ?? []).join("\n");
  expect(raw).not.toContain("evil");
});

test("a purge of the URL makes the next request a miss", async () => {
  await origin().answer(path, { headers: [PUBLIC], body: "hello" });
  await edge.get(path);
  expect((await edge.get(path)).header("x-cache")).toBe("HIT");
  expect(await edge.cli("purge", "--url", `http://edge.test${path}`, "--yes")).toMatchObject({ code: 0 });
  expect((await edge.get(path)).header("x-cache")).toBe("MISS");
});

test("a purge of everything empties all", async () => {
  await origin().answer(path, { headers: [PUBLIC], body: "hello" });
  await edge.get(path);
  expect(await edge.cli("purge", "--everything", "--yes")).toMatchObject({ code: 0 });
  expect((await edge.get(path)).header("x-cache")).toBe("MISS");
});

test("a bypassing route stores nothing", async () => {
  path = "/never/x";
  await origin().answer(path, { headers: [PUBLIC], body: "hello" });
  await edge.get(path);
  expect((await edge.get(path)).header("x-cache")).toMatch(/^(BYPASS|DYNAMIC)$/);
  expect(await asked()).toBe(2);
});
