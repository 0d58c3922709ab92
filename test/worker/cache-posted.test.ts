// The answer to a POST that stands for what a GET would now bring (RFC 9110 9.3.3), over the real Cache API.

import { reset } from "cloudflare:test";
import { afterEach, expect, test } from "vitest";
import { applyPurge } from "../../src/cache/purge.ts";
import { edgeOf } from "./cache-edge.ts";

afterEach(() => reset());

const URL = "http://shop.test/a";
const FIELDS = { "cache-control": "max-age=60", "content-location": "/a" };
const POST = { method: "POST", body: "x" };

const posting = (fields: Record<string, string>, status = 200): ReturnType<typeof edgeOf> =>
  edgeOf(({ method }) => (method === "POST" ? new Response("posted", { status, headers: fields }) : new Response("got")));

test("an answer with a lifetime and the URL itself as Content-Location is stored for GET", async () => {
  const edge = posting(FIELDS);
  const posted = await edge.get(URL, POST);
  expect([posted.text, posted.cache.stored, posted.cache.fwd]).toEqual(["posted", true, "method"]);
  const hit = await edge.get(URL);
  expect([hit.text, hit.cache.status]).toEqual(["posted", "HIT"]);
});

test.each([
  ["without Content-Location", { "cache-control": "max-age=60" }, URL, POST],
  ["about another URL", { ...FIELDS, "content-location": "/b" }, URL, POST],
  ["about another host", { ...FIELDS, "content-location": "http://other.test/a" }, URL, POST],
  ["about the URL with a query", { ...FIELDS, "content-location": "/a?x=1" }, URL, POST],
  ["without a lifetime", { "content-location": "/a" }, URL, POST],
  ["with a guessed lifetime", { "content-location": "/a", "last-modified": "Wed, 01 Jan 2020 00:00:00 GMT" }, URL, POST],
  ["that is private", { ...FIELDS, "cache-control": "private, max-age=60" }, URL, POST],
  ["with a cookie", { ...FIELDS, "set-cookie": "a=1" }, URL, POST],
  ["to a path that a GET would not have asked for", { ...FIELDS, "content-location": "/%61" }, "http://shop.test/%61", POST],
  ["to a request with Authorization", FIELDS, URL, { ...POST, headers: { authorization: "Basic eA==" } }],
  ["to a request with a cookie", FIELDS, URL, { ...POST, headers: { cookie: "a=1" } }],
  ["to a request with a header that no key holds", FIELDS, URL, { ...POST, headers: { "x-http-method-override": "DELETE" } }],
  ["to another method", FIELDS, URL, { ...POST, method: "PUT" }],
] as const)("an answer %s is not stored", async (_, fields, url, init) => {
  const edge = edgeOf(({ method }) => (method === "GET" ? new Response("got") : new Response("posted", { headers: fields })));
  expect((await edge.get(url, init)).cache.stored).toBe(false);
  expect((await edge.get(url)).text).toBe("got");
});

test("only a 200 is stored", async () => {
  const edge = posting(FIELDS, 201);
  await edge.get(URL, POST);
  expect((await edge.get(URL)).text).toBe("got");
});

test("it takes the place of what was stored, and the next unsafe request ends it", async () => {
  let version = 1;
  const edge = edgeOf(({ method }) => new Response(`${method}${version}`, { headers: FIELDS }));
  expect((await edge.get(URL)).text).toBe("GET1");
  await edge.get(URL, POST);
  expect((await edge.get(URL)).text).toBe("POST1");
  version = 2;
  await edge.get(URL, { method: "DELETE" });
  expect((await edge.get(URL)).text).toBe("GET2");
});

test("a purge while it was under way reaches it", async () => {
  let purgedAtMs = 0;
  const edge = edgeOf(({ method }) => {
    if (method !== "POST") return new Response("got");
    purgedAtMs = edge.nowMs;
    return new Response("posted", { headers: FIELDS });
  });
  await edge.get(URL, POST);
  expect((await edge.get(URL)).text).toBe("posted");
  edge.purges = applyPurge(edge.purges, { kind: "everything", value: "", soft: false }, purgedAtMs);
  expect((await edge.get(URL)).text).toBe("got");
});
