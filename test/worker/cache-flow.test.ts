// Requests through the real stages and the real Cache API: what is served, what the origin was asked, what is left behind.

import { reset } from "cloudflare:test";
import { afterEach, expect, test } from "vitest";
import { applyPurge, emptyPurgeGenerations } from "../../src/cache/purge.ts";
import { CACHE_INLINE_BYTES_MAX } from "../../src/limits.ts";
import { edgeOf, type Edge } from "./cache-edge.ts";

afterEach(() => reset());

const URL = "http://shop.test/a";

function answer(body: BodyInit | null, headers: Record<string, string> = {}, status = 200): Response {
  return new Response(body, { status, headers });
}

async function statuses(edge: Edge, count: number): Promise<string[]> {
  const seen: string[] = [];
  for (let index = 0; index < count; index++) seen.push((await edge.get(URL)).cache.status);
  return seen;
}

test("a response with a lifetime is a miss once and a hit until it ends", async () => {
  const edge = edgeOf(() => answer("hello", { "cache-control": "max-age=60", etag: '"1"' }));
  const first = await edge.get(URL);
  expect(first.cache).toMatchObject({ status: "MISS", fwd: "uri-miss", fwdStatus: 200, stored: true, ttlSeconds: 60 });
  const second = await edge.get(URL);
  expect(second.cache).toMatchObject({ status: "HIT", fwd: null, ttlSeconds: 60 });
  expect(second.text).toBe("hello");
  expect(second.response.headers.get("age")).toBe("0");
  edge.nowMs += 59_000;
  const third = await edge.get(URL);
  expect(third.cache).toMatchObject({ status: "HIT", ttlSeconds: 1 });
  expect(third.response.headers.get("age")).toBe("59");
  expect(edge.asked.length).toBe(1);
});

test("a stale response is confirmed by its validators and lives anew", async () => {
  const edge = edgeOf(({ headers }) =>
    headers.get("if-none-match") === '"1"'
      ? new Response(null, { status: 304, headers: { "cache-control": "max-age=10", "x-new": "1" } })
      : answer("hello", { "cache-control": "max-age=60", etag: '"1"', "content-type": "text/plain" }),
  );
  await edge.get(URL);
  edge.nowMs += 61_000;
  const confirmed = await edge.get(URL);
  expect(confirmed.response.status).toBe(200);
  expect(confirmed.text).toBe("hello");
  expect(confirmed.cache).toMatchObject({ status: "REVALIDATED", fwd: "stale", fwdStatus: 304, stored: true });
  expect(confirmed.response.headers.get("x-new")).toBe("1");
  const hit = await edge.get(URL);
  expect(hit.cache.status).toBe("HIT");
  expect(hit.response.headers.get("x-new")).toBe("1");
  expect(hit.response.headers.get("content-type")).toBe("text/plain");
  edge.nowMs += 11_000;
  expect((await edge.get(URL)).cache.status).toBe("REVALIDATED");
  expect(edge.asked.length).toBe(3);
});

test("a stale response that changed is replaced", async () => {
  let version = 1;
  const edge = edgeOf(() => answer(`v${version}`, { "cache-control": "max-age=10", etag: `"${version}"` }));
  await edge.get(URL);
  version = 2;
  edge.nowMs += 11_000;
  const changed = await edge.get(URL);
  expect(changed.text).toBe("v2");
  expect(changed.cache).toMatchObject({ status: "EXPIRED", fwd: "stale", fwdStatus: 200, stored: true });
  expect((await edge.get(URL)).text).toBe("v2");
});

test("each variant of Vary is stored and served for its own requests", async () => {
  const edge = edgeOf(({ headers }) =>
    answer(headers.get("accept-language") ?? "none", { "cache-control": "max-age=60", vary: "Accept-Language" }),
  );
  for (const language of ["de", "en", "fr"]) await edge.get(URL, { headers: { "accept-language": language } });
  for (const language of ["fr", "de", "en"]) {
    const hit = await edge.get(URL, { headers: { "accept-language": language } });
    expect([hit.cache.status, hit.text]).toEqual(["HIT", language]);
  }
  expect((await edge.get(URL)).cache).toMatchObject({ status: "MISS", fwd: "vary-miss" });
});

test("twenty variants that are stored at once are all kept", async () => {
  const edge = edgeOf(({ headers }) => answer(headers.get("x-v") ?? "", { "cache-control": "max-age=60", vary: "x-v" }));
  const values = Array.from({ length: 20 }, (_, index) => `v${index}`);
  await Promise.all(values.map(async (value) => (await edge.send(URL, { headers: { "x-v": value } })).response.text()));
  await edge.settle();
  for (const value of values) {
    const hit = await edge.get(URL, { headers: { "x-v": value } });
    expect([hit.cache.status, hit.text]).toEqual(["HIT", value]);
  }
});

test("an unsafe request invalidates the URL with all its variants, and what its Location names", async () => {
  const edge = edgeOf(({ method, headers }) =>
    method === "POST"
      ? answer("done", { location: "/b" }, 201)
      : answer(`${headers.get("x-v")}`, { "cache-control": "max-age=60", vary: "x-v" }),
  );
  const one = { headers: { "x-v": "1" } };
  const two = { headers: { "x-v": "2" } };
  for (const url of [URL, "http://shop.test/b", "http://shop.test/c"]) await edge.get(url, one);
  await edge.get(URL, two);
  await edge.get(URL, { method: "POST", body: "x" });
  expect((await edge.get(URL, one)).cache.status).toBe("MISS");
  expect((await edge.get(URL, two)).cache.status).toBe("MISS");
  expect((await edge.get("http://shop.test/b", one)).cache.status).toBe("MISS");
  expect((await edge.get("http://shop.test/c", one)).cache.status).toBe("HIT");
});

test("an unsafe request that fails invalidates nothing", async () => {
  const edge = edgeOf(({ method }) => (method === "POST" ? answer("no", {}, 500) : answer("a", { "cache-control": "max-age=60" })));
  await edge.get(URL);
  await edge.get(URL, { method: "POST", body: "x" });
  expect((await edge.get(URL)).cache.status).toBe("HIT");
});

test("a response whose request began before an invalidation is not stored when it arrives after it", async () => {
  const gate = Promise.withResolvers<Response>();
  const began = Promise.withResolvers<void>();
  const edge = edgeOf(({ method }) => {
    if (method === "POST") return answer("done");
    began.resolve();
    return gate.promise;
  });
  const slow = edge.send(URL);
  await began.promise;
  const posted = await edge.send(URL, { method: "POST", body: "x" });
  expect(await posted.response.text()).toBe("done");
  gate.resolve(answer("old", { "cache-control": "max-age=60" }));
  await (await slow).response.text();
  await edge.settle();
  edge.origin = () => answer("new", { "cache-control": "max-age=60" });
  expect((await edge.get(URL)).text).toBe("new");
});

test("an invalidation reaches the keys of every value that the route adds", async () => {
  const key = {
    query: { kind: "all" },
    sortQuery: false,
    headers: ["x-app"],
    cookies: [],
    country: false,
    device: false,
    languages: [],
  } as const;
  const edge = edgeOf(({ method }) => (method === "POST" ? answer("done") : answer("a", { "cache-control": "max-age=60" })), {
    policy: { key },
  });
  for (const app of ["1", "2"]) await edge.get(URL, { headers: { "x-app": app } });
  expect((await edge.get(URL, { headers: { "x-app": "1" } })).cache.status).toBe("HIT");
  await edge.get(URL, { method: "DELETE" });
  for (const app of ["1", "2"]) expect((await edge.get(URL, { headers: { "x-app": app } })).cache.status).toBe("MISS");
});

test("a hard purge makes a miss, a soft one a revalidation", async () => {
  const edge = edgeOf(({ headers }) =>
    headers.has("if-none-match") ? answer(null, {}, 304) : answer("a", { "cache-control": "max-age=600", etag: '"1"' }),
  );
  await edge.get(URL);
  edge.purges = applyPurge(emptyPurgeGenerations(), { kind: "url", value: URL, soft: true }, edge.nowMs);
  edge.nowMs += 1000;
  expect((await edge.get(URL)).cache.status).toBe("REVALIDATED");
  expect((await edge.get(URL)).cache.status).toBe("HIT");
  edge.purges = applyPurge(edge.purges, { kind: "everything", value: "", soft: false }, edge.nowMs);
  expect((await edge.get(URL)).cache).toMatchObject({ status: "MISS", detail: "purged" });
  expect((await edge.get(URL)).cache.status).toBe("HIT");
});

test("stale-while-revalidate serves at once and refreshes behind, within its window only", async () => {
  let version = 1;
  const edge = edgeOf(() => answer(`v${version}`, { "cache-control": "max-age=10, stale-while-revalidate=20" }));
  await edge.get(URL);
  version = 2;
  edge.nowMs += 15_000;
  const stale = await edge.get(URL);
  expect([stale.cache.status, stale.text]).toEqual(["UPDATING", "v1"]);
  const refreshed = await edge.get(URL);
  expect([refreshed.cache.status, refreshed.text]).toEqual(["HIT", "v2"]);
  version = 3;
  edge.nowMs += 31_000;
  const late = await edge.get(URL);
  expect([late.cache.status, late.text]).toEqual(["EXPIRED", "v3"]);
});

test("a background refresh takes in a 304", async () => {
  const edge = edgeOf(({ headers }) =>
    headers.has("if-none-match")
      ? answer(null, { "cache-control": "max-age=100" }, 304)
      : answer("a", { "cache-control": "max-age=10, stale-while-revalidate=20", etag: '"1"' }),
  );
  await edge.get(URL);
  edge.nowMs += 15_000;
  expect((await edge.get(URL)).cache.status).toBe("UPDATING");
  const hit = await edge.get(URL);
  expect([hit.cache.status, hit.text, hit.cache.ttlSeconds]).toEqual(["HIT", "a", 100]);
});

test("a stale response stands in for an origin that fails, within stale-if-error", async () => {
  const edge = edgeOf(() => answer("a", { "cache-control": "max-age=10, stale-if-error=20" }));
  await edge.get(URL);
  for (const failing of [() => null, () => answer("broken", {}, 503)]) {
    edge.origin = failing;
    edge.nowMs += 11_000 - (edge.nowMs % 1000);
    const stale = await edge.get(URL);
    expect([stale.response.status, stale.cache.status, stale.text]).toEqual([200, "STALE", "a"]);
    expect(stale.cache.detail).toBe("origin-error");
    edge.nowMs -= 5_000;
  }
  edge.nowMs += 40_000;
  expect((await edge.get(URL)).response.status).toBe(503);
});

test("must-revalidate is never served stale, not even when the origin is gone", async () => {
  const edge = edgeOf(() => answer("a", { "cache-control": "max-age=10, must-revalidate, stale-if-error=100" }), {
    policy: { staleIfErrorSeconds: 1000, staleWhileRevalidateSeconds: 1000 },
  });
  await edge.get(URL);
  edge.nowMs += 11_000;
  edge.origin = () => null;
  expect((await edge.get(URL)).response.status).toBe(502);
});

test("the visitor's conditions are answered here, and the origin is asked for the whole", async () => {
  const edge = edgeOf(() => answer("hello", { "cache-control": "max-age=60", etag: '"1"' }));
  const miss = await edge.get(URL, { headers: { "if-none-match": '"1"' } });
  expect([miss.response.status, miss.text]).toEqual([304, ""]);
  expect(edge.asked[0]?.headers.has("if-none-match")).toBe(false);
  const hit = await edge.get(URL, { headers: { "if-none-match": 'W/"1"' } });
  expect([hit.response.status, hit.cache.status]).toEqual([304, "HIT"]);
  expect((await edge.get(URL, { headers: { "if-none-match": '"2"' } })).text).toBe("hello");
});

test("HEAD is answered from a stored GET", async () => {
  const edge = edgeOf(() => answer("hello", { "cache-control": "max-age=60" }));
  await edge.get(URL);
  const head = await edge.get(URL, { method: "HEAD" });
  expect([head.cache.status, head.text, head.response.headers.get("content-length")]).toEqual(["HIT", "", "5"]);
});

test.each([
  ["bytes=1-3", 206, "ell", "bytes 1-3/5"],
  ["bytes=-2", 206, "lo", "bytes 3-4/5"],
  ["bytes=3-", 206, "lo", "bytes 3-4/5"],
  ["bytes=5-", 416, "", "bytes */5"],
  ["lines=1-2", 200, "hello", null],
])("Range %s of a stored response is %i", async (range, status, text, contentRange) => {
  const edge = edgeOf(() => answer("hello", { "cache-control": "max-age=60" }));
  await edge.get(URL);
  const part = await edge.get(URL, { headers: { range } });
  expect([part.response.status, part.text, part.response.headers.get("content-range")]).toEqual([status, text, contentRange]);
  expect(part.cache.status).toBe("HIT");
});

test("several ranges of a stored response come as parts", async () => {
  const text = "0123456789".repeat(100);
  const edge = edgeOf(() => answer(text, { "cache-control": "max-age=60", "content-type": "text/plain" }));
  await edge.get(URL);
  const parts = await edge.get(URL, { headers: { range: "bytes=0-1,500-503" } });
  expect(parts.response.status).toBe(206);
  expect(parts.response.headers.get("content-type")).toMatch(/^multipart\/byteranges; boundary=/);
  expect(parts.text).toContain("Content-Type: text/plain\r\nContent-Range: bytes 0-1/1000\r\n\r\n01\r\n");
  expect(parts.text).toContain("Content-Range: bytes 500-503/1000\r\n\r\n0123\r\n");
  expect(parts.response.headers.get("content-length")).toBe(String(parts.text.length));
});

test("a Range that finds nothing is passed on, and its 206 does not pass for the whole", async () => {
  const edge = edgeOf(() => answer("ell", { "cache-control": "max-age=60", "content-range": "bytes 1-3/5" }, 206));
  const part = await edge.get(URL, { headers: { range: "bytes=1-3" } });
  expect([part.response.status, part.text, part.cache.fwd]).toEqual([206, "ell", "partial"]);
  expect(edge.asked[0]?.headers.get("range")).toBe("bytes=1-3");
  edge.origin = () => answer("hello");
  expect((await edge.get(URL)).text).toBe("hello");
});

test("only-if-cached without a stored response never asks the origin", async () => {
  const edge = edgeOf(() => answer("a", { "cache-control": "max-age=60" }));
  expect((await edge.get(URL, { headers: { "cache-control": "only-if-cached" } })).response.status).toBe(504);
  expect(edge.asked.length).toBe(0);
});

test("a visitor's no-cache is no lever to reach the origin", async () => {
  const edge = edgeOf(() => answer("a", { "cache-control": "max-age=60" }));
  await edge.get(URL);
  const hit = await edge.get(URL, { headers: { "cache-control": "no-cache", pragma: "no-cache" } });
  expect(hit.cache.status).toBe("HIT");
});

test("encoded bytes are stored and served as the origin sent them", async () => {
  const zipped = new Uint8Array(
    await new Response(new Blob(["hello ".repeat(1000)]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer(),
  );
  const edge = edgeOf(
    () =>
      new Response(zipped, {
        headers: { "content-encoding": "gzip", "content-length": String(zipped.byteLength), "cache-control": "max-age=60" },
        encodeBody: "manual",
      }),
  );
  for (const status of ["MISS", "HIT"]) {
    const { response, cache } = await edge.send(URL);
    expect(cache.status).toBe(status);
    expect(response.headers.get("content-encoding")).toBe("gzip");
    expect(response.headers.get("content-length")).toBe(String(zipped.byteLength));
    expect(new Uint8Array(await new Response(response.body).arrayBuffer())).toEqual(zipped);
    await edge.settle();
  }
});

test.each([CACHE_INLINE_BYTES_MAX - 1, CACHE_INLINE_BYTES_MAX, CACHE_INLINE_BYTES_MAX + 1, 3_000_000])(
  "a body of %i bytes is stored whole, with and without a declared length",
  async (length) => {
    const bytes = new Uint8Array(length).map((_, index) => index % 251);
    for (const declared of [true, false]) {
      const url = `${URL}?${length}-${declared}`;
      const edge = edgeOf(() => {
        const headers: Record<string, string> = { "cache-control": "max-age=60" };
        if (declared) return answer(bytes, { ...headers, "content-length": String(length) });
        return answer(new Blob([bytes]).stream().pipeThrough(new TransformStream()), headers);
      });
      for (const status of ["MISS", "HIT"]) {
        const { response, cache } = await edge.send(url);
        expect(cache.status).toBe(status);
        const received = new Uint8Array(await response.arrayBuffer());
        expect(received.byteLength).toBe(length);
        expect(received.every((byte, index) => byte === index % 251)).toBe(true);
        await edge.settle();
      }
      const part = await edge.send(url, { headers: { range: `bytes=${length - 10}-${length - 2}` } });
      expect([part.response.status, part.cache.status]).toEqual([206, "HIT"]);
      expect([...new Uint8Array(await part.response.arrayBuffer())]).toEqual([...bytes.subarray(length - 10, length - 1)]);
      const parts = await edge.send(url, { headers: { range: `bytes=0-9,${length - 10}-${length - 1}` } });
      const content = new Uint8Array(await parts.response.arrayBuffer());
      expect([parts.response.status, parts.response.headers.get("content-length")]).toEqual([206, String(content.byteLength)]);
      const boundary = parts.response.headers.get("content-type")?.split("boundary=")[1] ?? "";
      const [, first = "", last = ""] = new TextDecoder("latin1").decode(content).split(`\r\n--${boundary}`);
      const textOf = (from: number, to: number): string => new TextDecoder("latin1").decode(bytes.subarray(from, to));
      expect(first).toBe(`\r\nContent-Range: bytes 0-9/${length}\r\n\r\n${textOf(0, 10)}`);
      expect(last).toBe(`\r\nContent-Range: bytes ${length - 10}-${length - 1}/${length}\r\n\r\n${textOf(length - 10, length)}`);
      await edge.settle();
    }
  },
);

test("a body that ends early is never stored, and the visitor sees it broken off", async () => {
  for (const length of [1000, 1_000_000]) {
    const body = (): ReadableStream<Uint8Array> =>
      new ReadableStream({
        start(controller) {
          controller.enqueue(new Uint8Array(length));
          controller.close();
        },
      });
    const edge = edgeOf(() => answer(body(), { "cache-control": "max-age=60", "content-length": String(length + 1) }));
    const { response } = await edge.send(`${URL}${length}`);
    await expect(response.arrayBuffer()).rejects.toThrow(`ended its answer after ${length} of ${length + 1} bytes`);
    await edge.settle();
    expect(edge.log).toContainEqual(expect.objectContaining({ event: "cache-not-stored", reason: "origin-error" }));
    edge.origin = () => answer("whole");
    expect((await edge.get(`${URL}${length}`)).text).toBe("whole");
  }
});

test("an origin that breaks off in the middle leaves nothing stored", async () => {
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (++sent > 5) controller.error(new Error("reset"));
      else controller.enqueue(new Uint8Array(50_000));
    },
  });
  const edge = edgeOf(() => answer(body, { "cache-control": "max-age=60" }));
  const { response } = await edge.send(URL);
  await expect(response.arrayBuffer()).rejects.toThrow("reset");
  await edge.settle();
  expect(edge.log).toContainEqual(expect.objectContaining({ event: "cache-not-stored", reason: "origin-error" }));
  edge.origin = () => answer("whole");
  expect((await edge.get(URL)).text).toBe("whole");
});

test("a visitor who leaves does not end the store", async () => {
  const bytes = new Uint8Array(2_000_000);
  const edge = edgeOf(() => answer(new Blob([bytes]).stream(), { "cache-control": "max-age=60", "content-length": "2000000" }));
  const { response } = await edge.send(URL);
  const reader = response.body?.getReader();
  await reader?.read();
  await reader?.cancel();
  await edge.settle();
  const hit = await edge.send(URL);
  expect(hit.cache.status).toBe("HIT");
  expect((await hit.response.arrayBuffer()).byteLength).toBe(2_000_000);
});

test("a store that refuses does not touch what the visitor gets", async () => {
  for (const length of [1000, 3_000_000]) {
    const edge = edgeOf(() => answer(new Blob([new Uint8Array(length)]).stream(), { "cache-control": "max-age=60" }), {
      cache: { put: async () => false },
    });
    const { response } = await edge.send(`${URL}${length}`);
    expect((await response.arrayBuffer()).byteLength).toBe(length);
    await edge.settle();
    expect(edge.log).toMatchObject([{ reason: "store-failed" }]);
  }
});

test("a body that is larger than the route allows is passed on and not stored", async () => {
  const edge = edgeOf(() => answer(new Blob(["x".repeat(1001)]).stream(), { "cache-control": "max-age=60" }), {
    policy: { objectBytesMax: 1000 },
  });
  expect((await edge.get(URL)).text.length).toBe(1001);
  expect((await edge.get(URL)).cache.status).toBe("MISS");
  expect(edge.log[0]).toMatchObject({ reason: "too-large" });
});

test("a body that was evicted under its metadata is a miss", async () => {
  const puts: string[] = [];
  const edge = edgeOf(() => answer(new Uint8Array(200_000), { "cache-control": "max-age=60" }), {
    cache: {
      put: async (key, response) => {
        puts.push(key);
        await caches.default.put(key, response);
        return true;
      },
    },
  });
  await edge.get(URL);
  const body = puts.find((key) => key.includes("/c/b/"));
  expect(await caches.default.delete(body ?? "")).toBe(true);
  expect(await statuses(edge, 2)).toEqual(["MISS", "HIT"]);
});

test("an entry that is not of this format is a miss and is replaced", async () => {
  const puts: string[] = [];
  const put = async (key: string, response: Response): Promise<boolean> => {
    puts.push(key);
    await caches.default.put(key, response);
    return true;
  };
  const edge = edgeOf(() => answer("a", { "cache-control": "max-age=60" }), { cache: { put } });
  await edge.get(URL);
  for (const garbage of ["{", "null", '{"format":1}', '{"format":1,"kind":"response","response":{"key":7}}']) {
    await caches.default.put(
      puts[0] ?? "",
      new Response("?", { headers: { "x-breakwater-entry": garbage, "cache-control": "max-age=60" } }),
    );
    expect(await statuses(edge, 2)).toEqual(["MISS", "HIT"]);
  }
});

test("no-store, private, Set-Cookie and a 500 are never stored, and say why", async () => {
  const cases = [
    [{ "cache-control": "no-store, max-age=60" }, 200, "no-store"],
    [{ "cache-control": "Private, max-age=60" }, 200, "private"],
    [{ "cache-control": "max-age=60", "set-cookie": "a=1" }, 200, "set-cookie"],
    [{ "cache-control": "max-age=60", vary: "*" }, 200, "vary-star"],
    [{}, 500, "status"],
    [{}, 200, "no-lifetime"],
  ] as const;
  for (const [headers, status, detail] of cases) {
    const edge = edgeOf(() => answer("a", headers, status));
    for (let again = 0; again < 2; again++) {
      expect((await edge.get(URL)).cache).toMatchObject({ status: "DYNAMIC", detail, stored: false });
    }
  }
});

test("stripping Set-Cookie takes it from the first visitor's answer as well", async () => {
  const edge = edgeOf(() => answer("a", { "cache-control": "max-age=60", "set-cookie": "a=1" }), { policy: { setCookie: "strip" } });
  for (const status of ["MISS", "HIT"]) {
    const sent = await edge.get(URL);
    expect([sent.cache.status, sent.response.headers.has("set-cookie")]).toEqual([status, false]);
  }
});

test("a route may store Set-Cookie: everybody gets the cookies of the answer that was stored, or of the 304 that confirmed it", async () => {
  const cookies = (...values: string[]): Headers => {
    const headers = new Headers({ "cache-control": "max-age=60", etag: '"1"' });
    for (const value of values) headers.append("set-cookie", value);
    return headers;
  };
  const edge = edgeOf(() => new Response("a", { headers: cookies("a=1", "b=2; Path=/") }), { policy: { setCookie: "store" } });
  for (const status of ["MISS", "HIT"]) {
    const { cache, response } = await edge.get(URL);
    expect([cache.status, response.headers.getSetCookie()]).toEqual([status, ["a=1", "b=2; Path=/"]]);
  }
  edge.nowMs += 61_000;
  edge.origin = () => new Response(null, { status: 304, headers: cookies("a=2", "c=3") });
  for (const status of ["REVALIDATED", "HIT"]) {
    const { cache, response } = await edge.get(URL);
    expect([cache.status, response.headers.getSetCookie()]).toEqual([status, ["a=2", "c=3"]]);
  }
  edge.usePolicy({});
  const { cache, response } = await edge.get(URL);
  expect([cache.status, response.headers.getSetCookie()]).toEqual(["HIT", []]);
});

test.each([400, 413, 429, 431])("a %i that one visitor's request provoked leaves what is stored for others", async (status) => {
  const edge = edgeOf(() => answer("page", { "cache-control": "max-age=10", etag: '"1"' }));
  await edge.get(URL);
  edge.nowMs += 11_000;
  edge.origin = () => answer("too much", {}, status);
  expect((await edge.get(URL)).response.status).toBe(status);
  edge.origin = () => new Response(null, { status: 304, headers: { etag: '"1"' } });
  expect((await edge.get(URL)).text).toBe("page");
});

test("a page whose origin begins to forbid storing is forgotten by the refresh behind a stale answer", async () => {
  const edge = edgeOf(() => answer("old", { "cache-control": "max-age=10, stale-while-revalidate=1000" }));
  await edge.get(URL);
  edge.nowMs += 11_000;
  edge.origin = () => answer("new", { "cache-control": "no-store" });
  expect((await edge.get(URL)).text).toBe("old");
  expect((await edge.get(URL)).text).toBe("new");
});

test("a page that becomes private is forgotten when it is asked about", async () => {
  const edge = edgeOf(() => answer("public", { "cache-control": "max-age=10, stale-if-error=1000" }));
  await edge.get(URL);
  edge.nowMs += 11_000;
  edge.origin = () => answer("mine", { "cache-control": "private" });
  expect((await edge.get(URL)).text).toBe("mine");
  edge.origin = () => null;
  expect((await edge.get(URL)).response.status).toBe(502);
});

test("a page that one visitor's cookie changed is kept for all others", async () => {
  const edge = edgeOf(({ headers }) =>
    answer(headers.has("cookie") ? "mine" : "ours", { "cache-control": "max-age=10, stale-if-error=1000" }),
  );
  await edge.get(URL);
  edge.nowMs += 11_000;
  const mine = await edge.get(URL, { headers: { cookie: "session=1" } });
  expect([mine.text, mine.cache.detail]).toEqual(["mine", "request-cookie"]);
  edge.origin = () => null;
  expect((await edge.get(URL)).text).toBe("ours");
});

test("browsers get the route's lifetime from misses and hits, and fields that were for the cache end here", async () => {
  const headers = { "cache-control": "public, max-age=60", "surrogate-key": "a b", expires: "Thu, 01 Jan 2099 00:00:00 GMT" };
  const edge = edgeOf(() => answer("a", headers), { policy: { browserTtlSeconds: 5 } });
  const miss = await edge.get(URL);
  expect(miss.response.headers.get("cache-control")).toBe("public, max-age=5");
  edge.nowMs += 10_000;
  const hit = await edge.get(URL);
  expect(hit.response.headers.get("age")).toBe("10");
  expect(hit.response.headers.get("cache-control")).toBe("public, max-age=15");
  for (const { response } of [miss, hit]) {
    expect(response.headers.has("expires")).toBe(false);
    expect(response.headers.has("surrogate-key")).toBe(false);
  }
});

test("where a route ignores cookies the origin does not see them, except those of the key", async () => {
  const edge = edgeOf(({ headers }) => answer(headers.get("cookie") ?? "none", { "cache-control": "max-age=60", vary: "cookie" }), {
    policy: {
      requestCookies: "ignore",
      key: { query: { kind: "all" }, sortQuery: false, headers: [], cookies: ["currency"], country: false, device: false, languages: [] },
    },
  });
  const of = async (cookie: string): Promise<string[]> => {
    const { cache, text } = await edge.get(URL, { headers: { cookie } });
    return [cache.status, text];
  };
  expect(await of("session=1; currency=EUR")).toEqual(["MISS", "currency=EUR"]);
  expect(await of("session=2; currency=EUR")).toEqual(["HIT", "currency=EUR"]);
  expect(await of("session=1; currency=USD")).toEqual(["MISS", "currency=USD"]);
  expect(await of("session=3")).toEqual(["MISS", "none"]);
});

test("a header value that is no ASCII comes back as it came", async () => {
  const edge = edgeOf(() => answer("a", { "cache-control": "max-age=60", "x-name": "Gr\u00fc\u00dfe" }));
  const values = [];
  for (let again = 0; again < 2; again++) {
    const { cache, response } = await edge.get(URL);
    values.push([cache.status, response.headers.get("x-name")]);
  }
  expect(values).toEqual([
    ["MISS", "Gr\u00fc\u00dfe"],
    ["HIT", "Gr\u00fc\u00dfe"],
  ]);
});

test("statuses other than 200 keep their status in the store", async () => {
  for (const status of [203, 204, 301, 404, 410]) {
    const edge = edgeOf(() => answer(status === 204 ? null : "x", { "cache-control": "max-age=60", location: "/b" }, status));
    expect(await statuses(edge, 1)).toEqual(["MISS"]);
    const hit = await edge.get(URL);
    expect([hit.cache.status, hit.response.status]).toEqual(["HIT", status]);
    await reset();
  }
});

// Without the origin's consent, that is: public, s-maxage, and for Authorization must-revalidate too, declare an answer shared
// (RFC 9111 3.5).
test("two users' random requests never receive each other's bytes", async () => {
  const lifetimes = [
    "max-age=60",
    "max-age=60, proxy-revalidate",
    "no-cache",
    "private, max-age=60",
    "",
    "max-age=0, stale-while-revalidate=60",
  ];
  const edge = edgeOf(({ headers, target }) => {
    const user = headers.get("cookie") ?? headers.get("authorization") ?? "nobody";
    const cacheControl = lifetimes[Number(target.slice(2)) % lifetimes.length] ?? "";
    return answer(user, { "cache-control": cacheControl, etag: `"${user}"`, "last-modified": "Thu, 01 Jan 2026 00:00:00 GMT" });
  });
  let seed = 7;
  const random = (below: number): number => (seed = (seed * 48271) % 2147483647) % below;
  for (let count = 0; count < 300; count++) {
    const name = `user=${random(2)}`;
    const header = random(2) === 0 ? "cookie" : "authorization";
    const { text } = await edge.get(`http://shop.test/p${random(lifetimes.length)}`, { headers: { [header]: name } });
    expect(text).toBe(name);
    edge.nowMs += random(30) * 1000;
  }
});
