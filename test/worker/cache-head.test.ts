// HEAD and the cache, in workerd over the real Cache API (RFC 9110 9.3.2, RFC 9111 4.3.5): what it fills, what it confirms, what it ends.

import { reset } from "cloudflare:test";
import { afterEach, expect, test } from "vitest";
import { edgeOf, type Edge } from "./cache-edge.ts";

const URL = "http://shop.test/page";

afterEach(async () => {
  await reset();
});

function origin(headers: Record<string, string>, text = "hello"): Parameters<typeof edgeOf>[0] {
  return ({ method, headers: asked }) => {
    if (headers["etag"] !== undefined && asked.get("if-none-match") === headers["etag"])
      return new Response(null, { status: 304, headers });
    const fields = { ...headers, "content-length": String(text.length) };
    return new Response(method === "HEAD" ? null : text, { headers: fields });
  };
}

async function head(edge: Edge): ReturnType<Edge["get"]> {
  return await edge.get(URL, { method: "HEAD" });
}

test("HEAD that finds nothing asks for the whole, stores it and gets its headers", async () => {
  const edge = edgeOf(origin({ "cache-control": "max-age=60" }));
  const miss = await head(edge);
  expect([miss.cache.status, miss.cache.stored, miss.text, miss.response.headers.get("content-length")]).toEqual(["MISS", true, "", "5"]);
  const hit = await head(edge);
  expect([hit.cache.status, hit.text, hit.response.headers.get("content-length")]).toEqual(["HIT", "", "5"]);
  expect((await edge.get(URL)).text).toBe("hello");
  expect(edge.asked.map(({ method }) => method)).toEqual(["GET"]);
});

test("HEAD of what is not stored gets the headers of a GET and no content", async () => {
  const edge = edgeOf(origin({ "cache-control": "no-store" }));
  const { cache, text, response } = await head(edge);
  expect([cache.status, cache.detail, text, response.headers.get("content-length")]).toEqual(["DYNAMIC", "no-store", "", "5"]);
});

test("where answers are known not to be stored, HEAD goes to the origin as HEAD", async () => {
  const edge = edgeOf(origin({ "cache-control": "no-store" }), { policy: { collapseMs: 5000 } });
  await head(edge);
  expect((await head(edge)).cache).toMatchObject({ status: "DYNAMIC", fwdStatus: 200, detail: "hit-for-miss" });
  expect(edge.asked.map(({ method }) => method)).toEqual(["GET", "HEAD"]);
});

test("HEAD with If-None-Match is answered 304 by what it filled", async () => {
  const edge = edgeOf(origin({ "cache-control": "max-age=60", etag: '"1"' }));
  const { response } = await edge.get(URL, { method: "HEAD", headers: { "if-none-match": '"1"' } });
  expect(response.status).toBe(304);
  expect((await edge.get(URL)).cache.status).toBe("HIT");
});

test("Range has no meaning with HEAD: the whole is fetched", async () => {
  const edge = edgeOf(origin({ "cache-control": "max-age=60" }));
  const { response } = await edge.get(URL, { method: "HEAD", headers: { range: "bytes=0-1" } });
  expect([response.status, response.headers.get("content-length")]).toEqual([200, "5"]);
  expect((await edge.get(URL)).text).toBe("hello");
});

test("HEAD of a stale response is confirmed by a 304, and that counts for GET", async () => {
  const edge = edgeOf(origin({ "cache-control": "max-age=10", etag: '"1"' }));
  await edge.get(URL);
  edge.nowMs += 11_000;
  expect((await head(edge)).cache).toMatchObject({ status: "REVALIDATED", fwdStatus: 304 });
  expect((await edge.get(URL)).cache.status).toBe("HIT");
  expect(edge.asked.map(({ method }) => method)).toEqual(["GET", "HEAD"]);
});

test("a 200 to HEAD with the same validators and length updates the fields and times of what is stored", async () => {
  const edge = edgeOf(origin({ "cache-control": "max-age=10", etag: '"1"', "x-test": "old" }));
  await edge.get(URL);
  edge.nowMs += 11_000;
  edge.origin = () =>
    new Response(null, { headers: { "cache-control": "max-age=100", etag: '"1"', "x-test": "new", "content-length": "5" } });
  expect((await head(edge)).cache).toMatchObject({ status: "REVALIDATED", fwdStatus: 200, stored: true });
  edge.nowMs += 50_000;
  const hit = await edge.get(URL);
  expect([hit.cache.status, hit.text, hit.response.headers.get("x-test")]).toEqual(["HIT", "hello", "new"]);
});

test.each([
  ["another entity tag", { etag: '"2"', "content-length": "5" }],
  ["another date", { etag: '"1"', "last-modified": "Thu, 01 Jan 2026 00:00:01 GMT", "content-length": "5" }],
  ["another length", { etag: '"1"', "content-length": "6" }],
  ["no validator at all", { "content-length": "5" }],
] as const)("a 200 to HEAD with %s ends what is stored", async (_, fields) => {
  const stored = {
    "cache-control": "max-age=10, stale-while-revalidate=1000",
    etag: '"1"',
    "last-modified": "Thu, 01 Jan 2026 00:00:00 GMT",
  };
  const edge = edgeOf(origin(stored));
  await edge.get(URL);
  edge.nowMs += 1_100_000;
  edge.origin = ({ method }) => new Response(method === "HEAD" ? null : "other", { headers: { "cache-control": "max-age=10", ...fields } });
  await head(edge);
  edge.origin = () => new Response("new");
  expect((await edge.get(URL)).text).toBe("new");
});

test.each([405, 401, 503])("an answer of %i to HEAD says nothing about what is stored for GET", async (status) => {
  const edge = edgeOf(origin({ "cache-control": "max-age=10, must-revalidate", etag: '"1"' }), {
    policy: { edgeTtlByStatus: { 503: 60 } },
  });
  await edge.get(URL);
  edge.nowMs += 11_000;
  edge.origin = () => new Response(null, { status, headers: { "content-length": "100" } });
  expect((await head(edge)).response.status).toBe(status);
  edge.origin = origin({ "cache-control": "max-age=10, must-revalidate", etag: '"1"' });
  const confirmed = await edge.get(URL);
  expect([confirmed.cache.status, confirmed.text]).toEqual(["REVALIDATED", "hello"]);
});

test("a stored 404 with a validator is fetched whole for HEAD", async () => {
  const missing = (): Response => new Response("none", { status: 404, headers: { "cache-control": "max-age=10", etag: '"1"' } });
  const edge = edgeOf(missing);
  await edge.get(URL);
  edge.nowMs += 11_000;
  await head(edge);
  expect((await edge.get(URL)).cache.status).toBe("HIT");
  expect(edge.asked.map(({ method }) => method)).toEqual(["GET", "GET"]);
});

test("a HEAD answer whose validators are of another kind than the stored ones is not taken for the same", async () => {
  const edge = edgeOf(origin({ "cache-control": "max-age=10", etag: '"1"' }));
  await edge.get(URL);
  edge.nowMs += 11_000;
  const dated = { "last-modified": "Thu, 01 Jan 2026 00:00:00 GMT", "content-length": "5" };
  edge.origin = () => new Response(null, { headers: dated });
  expect((await head(edge)).cache.status).toBe("EXPIRED");
  edge.origin = origin({ "cache-control": "max-age=10" }, "new");
  expect((await edge.get(URL)).text).toBe("new");
});

test("a stale response without validators is fetched whole for HEAD", async () => {
  const edge = edgeOf(origin({ "cache-control": "max-age=10" }));
  await edge.get(URL);
  edge.nowMs += 11_000;
  edge.origin = origin({ "cache-control": "max-age=10" }, "other");
  await head(edge);
  expect((await edge.get(URL)).text).toBe("other");
  expect(edge.asked.map(({ method }) => method)).toEqual(["GET", "GET"]);
});
