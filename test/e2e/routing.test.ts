// Routing on the built Worker: which origin is asked for what, and what a visitor sees of redirects, rewrites and headers.

import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { startEdge } from "./harness.ts";
import type { Edge } from "./harness.ts";

let edge: Edge;

beforeAll(async () => {
  edge = await startEdge({
    origins: 2,
    config: ([web, api]) => `
sites:
  - name: shop
    hosts: [shop.test, "*.shop.test"]
    headers:
      response: { set: { X-Site: shop }, remove: [X-Origin] }
    routes:
      - { path: /*, pool: web }
      - { path: /api/*, pool: api, cache: bypass }
      - { path: /api/users/:id, pool: web, cache: bypass }
      - { path: /strip/*, pool: web, strip: /strip, cache: bypass }
      - { path: /old/*, redirect: { to: "/new/{rest}", status: 308 } }
      - { path: =/robots.txt, respond: { status: 200, body: "User-agent: *\\n" } }
      - { path: /only-post, methods: [POST], pool: api }
  - name: rest
    hosts: [edge.test]
    routes:
      - { path: /*, pool: api, cache: bypass }
pools:
  web: { origins: [${web}] }
  api: { origins: [${api}] }
`,
  });
});
beforeEach(() => Promise.all(edge.origins.map((origin) => origin.forget())));
afterAll(() => edge?.stop());

interface Echo {
  readonly origin: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

const shop = [["Host", "shop.test"]] as const;

async function originThatSaw(url: string): Promise<string[]> {
  const seen = await Promise.all(
    edge.origins.map(async (origin) => ((await origin.seen()).some((request) => request.url === url) ? [origin.name] : [])),
  );
  return seen.flat();
}

test.each([
  { host: "shop.test", path: "/page", origin: "origin-1" },
  { host: "SHOP.TEST", path: "/page", origin: "origin-1" },
  { host: "shop.test:8443", path: "/page", origin: "origin-1" },
  { host: "a.b.shop.test", path: "/page", origin: "origin-1" },
  { host: "shop.test", path: "/api", origin: "origin-2" },
  { host: "shop.test", path: "/api/orders", origin: "origin-2" },
  { host: "shop.test", path: "/apis", origin: "origin-1" },
  { host: "shop.test", path: "/api/users/7", origin: "origin-1" },
  { host: "shop.test", path: "/api/users/7/posts", origin: "origin-2" },
  { host: "edge.test", path: "/page", origin: "origin-2" },
])("$host$path is asked from $origin", async ({ host, path, origin }) => {
  await edge.get(path, { headers: [["Host", host]] });
  expect(await originThatSaw(path)).toEqual([origin]);
});

test("a prefix is stripped on a segment border and the query stays", async () => {
  await edge.get("/strip/api/echo?a=1&a=2&b=%20", { headers: shop });
  expect(await originThatSaw("/api/echo?a=1&a=2&b=%20")).toEqual(["origin-1"]);
});

test("a redirect carries the rest of the path and the query", async () => {
  const answer = await edge.get("/old/a/b%20c?x=1&y=%2F", { headers: shop });
  expect(answer.status).toBe(308);
  expect(answer.header("location")).toMatch(/^(http:\/\/shop\.test)?\/new\/a\/b%20c\?x=1&y=%2F$/);
  expect(await originThatSaw("/old/a/b%20c?x=1&y=%2F")).toEqual([]);
});

test("a fixed response asks no origin", async () => {
  const answer = await edge.get("/robots.txt", { headers: shop });
  expect([answer.status, answer.text()]).toEqual([200, "User-agent: *\n"]);
  expect(await originThatSaw("/robots.txt")).toEqual([]);
});

test("an unknown host gets a clean 404 page that names no origin", async () => {
  const answer = await edge.get("/", {
    headers: [
      ["Host", "unknown.test"],
      ["Accept", "text/html"],
    ],
  });
  expect(answer.status).toBe(404);
  expect(answer.header("content-type")).toContain("text/html");
  expect(answer.header("cache-control")).toBe("no-store");
  expect(answer.text()).toContain(answer.header("x-request-id"));
  expect(answer.text()).not.toContain("localhost");
});

test("a path that exists for other methods answers 405 with Allow, or falls to the broader route", async () => {
  const answer = await edge.get("/only-post", { headers: shop });
  // `/*` takes GET, so the request is routed there; the origin has no such page.
  expect(answer.status).toBe(404);
  expect(await originThatSaw("/only-post")).toEqual(["origin-1"]);
  await edge.get("/only-post", { method: "POST", headers: shop, body: "x" });
  expect(await originThatSaw("/only-post")).toEqual(["origin-1", "origin-2"]);
});

test("response header rules of the site apply", async () => {
  const answer = await edge.get("/api/echo", { headers: shop });
  expect(answer.header("x-site")).toBe("shop");
  expect(answer.header("x-origin")).toBeNull();
});

test("forwarding headers are ours: what a visitor claims is not believed", async () => {
  const answer = await edge.get("/api/echo", {
    headers: [
      ["X-Forwarded-For", "10.0.0.1"],
      ["X-Forwarded-Host", "evil.test"],
      ["X-Forwarded-Proto", "gopher"],
      ["Forwarded", "for=10.0.0.1;host=evil.test"],
    ],
  });
  const { headers } = answer.json() as Echo;
  expect(headers["x-forwarded-for"]).toBe("198.51.100.7");
  expect(headers["x-forwarded-host"]).toBe("edge.test");
  expect(headers["x-forwarded-proto"]).toBe("http");
  expect(headers["forwarded"] ?? "").not.toContain("10.0.0.1");
  expect(headers["via"]).toContain("breakwater");
  expect(headers["cdn-loop"]).toContain("breakwater");
});

test("hop-by-hop headers stop here, also those that Connection names", async () => {
  const answer = await edge.get("/api/echo", {
    headers: [
      ["Connection", "close, X-Secret-Hop"],
      ["X-Secret-Hop", "1"],
      ["Keep-Alive", "timeout=5"],
      ["Proxy-Authorization", "Basic eA=="],
      ["TE", "trailers"],
      ["X-Stays", "1"],
    ],
  });
  const { headers } = answer.json() as Echo;
  for (const name of ["x-secret-hop", "keep-alive", "proxy-authorization", "te"]) expect(headers[name], name).toBeUndefined();
  expect(headers["x-stays"]).toBe("1");
});

test("a request that has passed through before is answered with 508", async () => {
  const first = (await edge.get("/api/echo")).json() as Echo;
  const answer = await edge.get("/api/echo", { headers: [["CDN-Loop", first.headers["cdn-loop"] ?? ""]] });
  expect(answer.status).toBe(508);
});

test("a redirect of the origin to itself shows the visitor's host", async () => {
  const answer = await edge.get("/redirect");
  expect(answer.status).toBe(302);
  expect(answer.header("location")).toMatch(/^(http:\/\/edge\.test)?\/api\/time\?from=redirect$/);
});

test("cookies lose the origin's domain and keep everything else", async () => {
  const origin = edge.origins[1];
  await origin?.answer("/login", {
    headers: [
      ["Set-Cookie", "a=1; Domain=localhost; Path=/"],
      ["Set-Cookie", "b=2; Path=/; HttpOnly; SameSite=Lax"],
    ],
  });
  const answer = await edge.get("/login");
  const cookies = answer.headers.get("set-cookie") ?? [];
  expect(cookies).toHaveLength(2);
  expect(cookies.join("\n")).not.toContain("localhost");
  expect(cookies[1]).toBe("b=2; Path=/; HttpOnly; SameSite=Lax");
});

test("every answer has a request id of its own", async () => {
  const ids = [await edge.get("/api/echo"), await edge.get("/api/echo")].map((answer) => answer.header("x-request-id"));
  expect(ids[0]).toMatch(/^[0-9a-f]{32}$/);
  expect(ids[0]).not.toBe(ids[1]);
});
