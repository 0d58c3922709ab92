// What a site and a route decide by themselves, on the built Worker: redirects to https and to one host, HSTS, maintenance, error
// pages, conditions, rewrites and header rules, each seen from both sides: what the visitor gets, and what the origin was asked.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { eventually, startEdge } from "./harness.ts";
import type { Edge } from "./harness.ts";
import type { Answer, SendOptions } from "./http-client.ts";

let edge: Edge;

/** @param maintenance - Of the site work.test. */
function config(maintenance: string): string {
  const [web = "", api = ""] = edge.origins.map(({ port }) => `http://localhost:${port}`);
  return `
sites:
  - { name: secure, hosts: [secure.test], https: redirect, hsts: { maxAge: 30d, includeSubdomains: true }, routes: [{ path: /*, pool: web }] }
  - { name: apex, hosts: [apex.test, www.apex.test], canonical: apex, routes: [{ path: /*, pool: web }] }
  - { name: www, hosts: [named.test, www.named.test], https: redirect, canonical: www, routes: [{ path: /*, pool: web }] }
  - { name: work, hosts: [work.test], maintenance: ${maintenance}, routes: [{ path: /*, pool: web }] }
  - name: routes
    hosts: [edge.test]
    errors: { 404: ./missing.html }
    headers: { response: { set: { X-Site: edge } } }
    routes:
      - { path: /when/*, pool: web, cache: bypass }
      - { path: /when/*, pool: api, cache: bypass, when: { header: { X-Beta: "1" }, query: { v: { not: "1" }, beta: true } } }
      - { path: /form, methods: [POST, PUT], pool: api }
      - { path: /static/*, pool: web, strip: /static, prefix: /assets }
      - { path: /items/:id, pool: web, rewrite: "/api/items/{id}/view", query: { set: { lang: en, id: "{id}" }, remove: [debug] } }
      - { path: /preserve, pool: web, cache: bypass, host: preserve, rewrite: /api/echo }
      - { path: /keep/*, redirect: { to: "/new/{rest}?from=keep", status: 307 } }
      - { path: /drop/*, redirect: { to: "/new/{rest}", status: 301, query: drop } }
      - path: /echo
        pool: web
        cache: bypass
        rewrite: /api/echo
        headers: { request: { remove: [X-Gone], set: { X-Set: "{method} {client.address}" }, add: { X-Add: [two, three] } } }
      - path: /rules
        pool: web
        headers: { response: { remove: [X-Origin], set: { X-Set: "{path}" }, add: { X-Add: [two] } } }
pools:
  web: { origins: [${web}] }
  api: { origins: [${api}] }
client: { trustedProxies: [10.0.0.0/8] }
`;
}

beforeAll(async () => {
  edge = await startEdge({ origins: 2, publish: false, config: () => "" });
  await writeFile(join(edge.folder, "work.html"), "<h1>Back soon</h1>");
  await writeFile(join(edge.folder, "missing.html"), "<h1>Nothing here</h1>");
  await edge.publish(config("false"));
});
beforeEach(() => Promise.all(edge.origins.map((origin) => origin.forget())));
afterAll(() => edge?.stop());

/** A request that came over https to a trusted proxy in front of us. */
const HTTPS = [
  ["CF-Connecting-IP", "10.0.0.1"],
  ["X-Forwarded-For", "198.51.100.7"],
  ["X-Forwarded-Proto", "https"],
] as const;

function ask(host: string, target: string, options: SendOptions = {}): Promise<Answer> {
  return edge.get(target, { ...options, headers: [["Host", host], ...(options.headers ?? [])] });
}

/** Names of the origins that were asked, with the target of each request. */
async function asked(): Promise<string[]> {
  const seen = await Promise.all(edge.origins.map(async (origin) => (await origin.seen()).map(({ url }) => `${origin.name} ${url}`)));
  return seen.flat();
}

test.each([
  { host: "secure.test", https: false, method: "GET", status: 301, location: "https://secure.test/a%20b?x=1&y=%2F" },
  { host: "secure.test", https: false, method: "POST", status: 308, location: "https://secure.test/a%20b?x=1&y=%2F" },
  { host: "www.apex.test", https: false, method: "GET", status: 301, location: "http://apex.test/a%20b?x=1&y=%2F" },
  { host: "www.apex.test:8080", https: false, method: "GET", status: 301, location: "http://apex.test:8080/a%20b?x=1&y=%2F" },
  { host: "named.test", https: true, method: "GET", status: 301, location: "https://www.named.test/a%20b?x=1&y=%2F" },
  { host: "named.test", https: false, method: "GET", status: 301, location: "https://www.named.test/a%20b?x=1&y=%2F" },
])("$method on $host (https: $https) is sent to $location, and no origin is asked", async ({ host, https, method, status, location }) => {
  const answer = await ask(host, "/a%20b?x=1&y=%2F", { method, headers: https ? HTTPS : [] });
  expect([answer.status, answer.header("location")]).toEqual([status, location]);
  expect(await asked()).toEqual([]);
});

test.each([
  { host: "secure.test", headers: HTTPS },
  { host: "apex.test", headers: [] },
  { host: "www.named.test", headers: HTTPS },
])("$host is where it belongs and is not redirected", async ({ host, headers }) => {
  expect((await ask(host, "/healthz", { headers })).status).toBe(200);
});

test("HSTS is sent over https, on hits and on our own errors too, and never over http", async () => {
  const hsts = "max-age=2592000; includeSubDomains";
  await edge.origins[0]?.answer("/hsts", { headers: [["Cache-Control", "public, max-age=600"]], body: "x" });
  const answers = [await ask("secure.test", "/hsts", { headers: HTTPS }), await ask("secure.test", "/hsts", { headers: HTTPS })];
  expect(answers.map((answer) => [answer.header("x-cache"), answer.header("strict-transport-security")])).toEqual([
    ["MISS", hsts],
    ["HIT", hsts],
  ]);
  const refused = await ask("secure.test", "/x", { headers: [...HTTPS, ["Cache-Control", "only-if-cached"]] });
  expect([refused.status, refused.header("strict-transport-security")]).toEqual([504, hsts]);
  expect((await ask("secure.test", "/hsts")).header("strict-transport-security")).toBeNull();
});

test("maintenance answers for its site alone, stored pages included, and lets the listed addresses pass", async () => {
  await edge.origins[0]?.answer("/page", { headers: [["Cache-Control", "public, max-age=600"]], body: "stored" });
  await ask("work.test", "/page");
  expect((await ask("work.test", "/page")).header("x-cache")).toBe("HIT");
  await edge.publish(config("{ retryAfter: 90s, page: ./work.html, allow: [203.0.113.0/24] }"));
  await eventually("the site is under maintenance", async () => (await ask("work.test", "/page")).status === 503, 2_000);
  await edge.origins[0]?.forget();

  const closed = await ask("work.test", "/page");
  expect([closed.status, closed.text(), closed.header("retry-after")]).toEqual([503, "<h1>Back soon</h1>", "90"]);
  expect([closed.header("content-type"), closed.header("cache-control")]).toEqual(["text/html; charset=utf-8", "no-store"]);
  expect((await ask("work.test", "/other", { method: "POST", body: "x" })).status).toBe(503);
  expect(await asked()).toEqual([]);

  const office = await ask("work.test", "/page", { headers: [["CF-Connecting-IP", "203.0.113.9"]] });
  expect([office.status, office.text(), office.header("x-cache")]).toEqual([200, "stored", "HIT"]);
  expect((await ask("apex.test", "/healthz")).status).toBe(200);

  await edge.publish(config("false"));
  await eventually("the site is open again", async () => (await ask("work.test", "/page")).status === 200, 2_000);
});

test.each([
  { what: "all conditions hold", target: "/when/x?beta=", headers: [["X-Beta", "1"]], origin: "origin-2" },
  { what: "the header has another value", target: "/when/x?beta=", headers: [["X-Beta", "2"]], origin: "origin-1" },
  { what: "the header is missing", target: "/when/x?beta=", headers: [], origin: "origin-1" },
  { what: "the parameter is missing", target: "/when/x", headers: [["X-Beta", "1"]], origin: "origin-1" },
  { what: "a parameter has the value that it must not", target: "/when/x?beta&v=1", headers: [["X-Beta", "1"]], origin: "origin-1" },
] as const)("a route by header and query: $what", async ({ target, headers, origin }) => {
  await edge.get(target, { headers });
  expect(await asked()).toEqual([`${origin} ${target}`]);
});

test("a path that is there for other methods only gets 405 and Allow, and no origin is asked", async () => {
  const answer = await edge.get("/form");
  expect([answer.status, answer.header("allow")]).toEqual([405, "POST, PUT"]);
  expect(await asked()).toEqual([]);
  await edge.get("/form", { method: "PUT", body: "x" });
  expect(await asked()).toEqual(["origin-2 /form"]);
});

test.each([
  ["/static/a/b.css?v=1", "/assets/a/b.css?v=1"],
  ["/static", "/assets"],
  ["/items/7?debug=1&x=y&lang=de", "/api/items/7/view?x=y&lang=en&id=7"],
  ["/items/a%20b?debug", "/api/items/a%20b/view?id=a%20b&lang=en"],
])("%s is asked of the origin as %s", async (target, expected) => {
  await edge.get(target);
  expect(await asked()).toEqual([`origin-1 ${expected}`]);
});

test.each([
  ["/keep/a/b?x=1&x=2", 307, "/new/a/b?from=keep&x=1&x=2"],
  ["/drop/a?x=1", 301, "/new/a"],
])("a redirect from %s: status %i to %s", async (target, status, location) => {
  const answer = await edge.get(target);
  expect([answer.status, answer.header("location")]).toEqual([status, location]);
  expect(await asked()).toEqual([]);
});

test("request headers are removed, set and added on the way to the origin", async () => {
  const answer = await edge.get("/echo", {
    headers: [
      ["X-Gone", "1"],
      ["X-Set", "mine"],
      ["X-Add", "one"],
    ],
  });
  const { headers } = answer.json() as { readonly headers: Readonly<Record<string, string>> };
  expect([headers["x-gone"], headers["x-set"], headers["x-add"]]).toEqual([undefined, "GET 198.51.100.7", "one, two, three"]);
});

test("host: preserve has no effect locally: the origin gets its own host, and the visitor's in X-Forwarded-Host", async () => {
  const { headers } = (await edge.get("/preserve")).json() as { readonly headers: Readonly<Record<string, string>> };
  expect([headers["host"], headers["x-forwarded-host"]]).toEqual([`localhost:${edge.origins[0]?.port}`, "edge.test"]);
});

test("response headers are removed, set and added for the visitor, on a hit as on a miss", async () => {
  await edge.origins[0]?.answer("/rules", {
    headers: [
      ["Cache-Control", "public, max-age=600"],
      ["X-Set", "theirs"],
      ["X-Add", "one"],
    ],
    body: "x",
  });
  for (const state of ["MISS", "HIT"]) {
    const answer = await edge.get("/rules");
    expect(answer.header("x-cache")).toBe(state);
    expect(["x-origin", "x-set", "x-site"].map((name) => answer.header(name))).toEqual([null, "/rules", "edge"]);
    expect((answer.headers.get("x-add") ?? []).join(", ")).toBe("one, two");
  }
});

test("Location, Content-Location, Refresh and cookies come back in the visitor's terms, on a miss and on a hit", async () => {
  const own = `http://localhost:${edge.origins[0]?.port}`;
  await edge.origins[0]?.answer("/assets/moved", {
    status: 301,
    headers: [
      ["Cache-Control", "public, max-age=600"],
      ["Location", `${own}/assets/there?x=1`],
      ["Content-Location", `${own}/assets/here`],
      ["Refresh", `5; url=${own}/assets/next`],
    ],
  });
  for (const state of ["MISS", "HIT"]) {
    const answer = await edge.get("/static/moved");
    expect(["x-cache", "location", "content-location", "refresh"].map((name) => answer.header(name))).toEqual([
      state,
      "http://edge.test/static/there?x=1",
      "http://edge.test/static/here",
      "5; url=http://edge.test/static/next",
    ]);
  }
  await edge.origins[0]?.answer("/assets/login", { headers: [["Set-Cookie", "a=1; Domain=localhost; Path=/assets/app; HttpOnly"]] });
  expect((await edge.get("/static/login")).headers.get("set-cookie")).toEqual(["a=1; Path=/static/app; HttpOnly"]);
});

test("an error page of the site is used for our own errors, and never in place of an origin's answer", async () => {
  const ours = await edge.get("/nowhere", { headers: [["Accept", "text/html"]] });
  expect([ours.status, ours.text(), ours.header("cache-control")]).toEqual([404, "<h1>Nothing here</h1>", "no-store"]);
  const theirs = await edge.get("/static/nowhere");
  expect([theirs.status, theirs.text()]).toEqual([404, "no such page on origin-1\n"]);
});
