// Parts over the real Cache API: a 206 is stored, answers what lies within it, and is completed under the same strong validator.

import { reset } from "cloudflare:test";
import { afterEach, expect, test, vi } from "vitest";
import { CACHE_INLINE_BYTES_MAX } from "../../src/limits.ts";
import { CACHE_RANGE_FILL_BYTES_MAX } from "../../src/limits.ts";
import { edgeOf, type Origin } from "./cache-edge.ts";

afterEach(() => reset());

const URL = "http://shop.test/a";
const NOW = new Date().toUTCString();
const EARLIER = "Tue, 31 Dec 2024 00:00:00 GMT";

/** An origin that answers single ranges, and If-Range by its entity tag. */
function rangedOrigin(text: string, fields: Record<string, string> = { etag: '"1"' }): Origin {
  return ({ headers }) => {
    const base = { "cache-control": "max-age=60", "x-sent": headers.get("range") ?? "whole", ...fields };
    const ifRange = headers.get("if-range");
    const isSame = ifRange === null || ifRange === fields["etag"] || ifRange === fields["last-modified"];
    const [, first = "", last = ""] = /^bytes=(\d+)-(\d*)$/.exec(headers.get("range") ?? "") ?? [];
    if (first === "" || !isSame) return new Response(text, { headers: base });
    const end = last === "" ? text.length - 1 : Math.min(Number(last), text.length - 1);
    const part = { ...base, "content-range": `bytes ${first}-${end}/${text.length}` };
    return new Response(text.slice(Number(first), end + 1), { status: 206, headers: part });
  };
}

const ranged = (range: string, more: Record<string, string> = {}): RequestInit => ({ headers: { range, ...more } });

test("a part is stored and answers what lies within it, with the whole's length", async () => {
  const edge = edgeOf(rangedOrigin("0123456789"));
  const first = await edge.get(URL, ranged("bytes=2-7"));
  expect([first.response.status, first.text]).toEqual([206, "234567"]);
  expect(first.cache).toMatchObject({ status: "MISS", fwd: "partial", fwdStatus: 206, stored: true, ttlSeconds: 60 });
  for (const [range, text, contentRange] of [
    ["bytes=2-7", "234567", "bytes 2-7/10"],
    ["bytes=3-4", "34", "bytes 3-4/10"],
    ["bytes=7-7", "7", "bytes 7-7/10"],
  ] as const) {
    const { response, text: got, cache } = await edge.get(URL, ranged(range));
    expect([response.status, got, cache.status]).toEqual([206, text, "HIT"]);
    expect(response.headers.get("content-range")).toBe(contentRange);
    expect(response.headers.get("content-length")).toBe(String(text.length));
  }
  expect(edge.asked.length).toBe(1);
});

test.each(["bytes=1-7", "bytes=2-8", "bytes=8-", "bytes=-1", "bytes=0-", "bytes=2-3,5-6"])(
  "%s is not within bytes 2 to 7 and goes to the origin as the visitor sent it",
  async (range) => {
    const edge = edgeOf(rangedOrigin("0123456789"));
    await edge.get(URL, ranged("bytes=2-7"));
    await edge.get(URL, ranged(range));
    expect(edge.asked[1]?.headers.get("range")).toBe(range);
    expect(edge.asked[1]?.headers.has("if-range")).toBe(false);
  },
);

test("a part never answers a request for the whole, nor HEAD", async () => {
  const edge = edgeOf(rangedOrigin("0123456789"));
  await edge.get(URL, ranged("bytes=2-7"));
  expect((await edge.get(URL, { method: "HEAD" })).cache.status).toBe("MISS");
  expect((await edge.get(URL)).text).toBe("0123456789");
  expect((await edge.get(URL)).cache.status).toBe("HIT");
});

test("a part that is all there is counts as the whole", async () => {
  const edge = edgeOf(rangedOrigin("0123456789"));
  await edge.get(URL, ranged("bytes=0-"));
  const whole = await edge.get(URL);
  expect([whole.response.status, whole.text, whole.cache.status]).toEqual([200, "0123456789", "HIT"]);
  expect(whole.response.headers.has("content-range")).toBe(false);
});

test.each([
  ["a strong entity tag", { etag: '"1"' }, '"1"'],
  ["a date that lies well before", { "last-modified": EARLIER, date: NOW }, EARLIER],
] as const)("under %s a stored beginning is completed by asking for the rest", async (_, fields, validator) => {
  const edge = edgeOf(rangedOrigin("0123456789", fields));
  await edge.get(URL, ranged("bytes=0-4"));
  const whole = await edge.get(URL);
  expect([whole.response.status, whole.text]).toEqual([200, "0123456789"]);
  expect(whole.response.headers.has("content-range")).toBe(false);
  expect(whole.response.headers.get("content-length")).toBe("10");
  expect(whole.response.headers.get("x-sent")).toBe("bytes=5-");
  expect(whole.cache).toMatchObject({ fwd: "partial", stored: true });
  expect(edge.asked[1]?.headers.get("range")).toBe("bytes=5-");
  expect(edge.asked[1]?.headers.get("if-range")).toBe(validator);
  const hit = await edge.get(URL);
  expect([hit.cache.status, hit.text, edge.asked.length]).toEqual(["HIT", "0123456789", 2]);
});

test("a representation that has changed is taken whole, never joined to what was stored of the old one", async () => {
  const edge = edgeOf(rangedOrigin("0123456789"));
  await edge.get(URL, ranged("bytes=0-4"));
  edge.origin = rangedOrigin("abcdefghij", { etag: '"2"' });
  expect((await edge.get(URL)).text).toBe("abcdefghij");
  expect((await edge.get(URL)).cache.status).toBe("HIT");
  expect(edge.asked.length).toBe(2);
});

test.each([
  ["another entity tag", '"1"', { etag: '"2"' }],
  ["none", '"1"', {}],
  ["a weak one", 'W/"1"', { etag: 'W/"1"' }],
] as const)("a rest with %s is not joined: the whole is asked for", async (_, etag, fields) => {
  const edge = edgeOf(rangedOrigin("0123456789", { etag }));
  await edge.get(URL, ranged("bytes=0-4"));
  // It ignores If-Range.
  const careless = rangedOrigin("abcdefghij", fields);
  edge.origin = (asked) => {
    const headers = new Headers(asked.headers);
    headers.delete("if-range");
    return careless({ ...asked, headers });
  };
  expect((await edge.get(URL)).text).toBe("abcdefghij");
  expect(edge.asked.map(({ headers }) => headers.get("range"))).toEqual(["bytes=0-4", "bytes=5-", null]);
});

test("an origin that has no rest any more is asked for the whole", async () => {
  const edge = edgeOf(rangedOrigin("0123456789"));
  await edge.get(URL, ranged("bytes=0-4"));
  edge.origin = ({ headers }) => (headers.has("range") ? new Response(null, { status: 416 }) : new Response("short"));
  expect((await edge.get(URL)).text).toBe("short");
});

test("a rest that breaks off breaks the whole, and nothing is stored of it", async () => {
  const edge = edgeOf(rangedOrigin("0123456789"));
  await edge.get(URL, ranged("bytes=0-4"));
  edge.origin = () => {
    const headers = { etag: '"1"', "cache-control": "max-age=60", "content-range": "bytes 5-9/10" };
    return new Response("567", { status: 206, headers });
  };
  const { response } = await edge.send(URL);
  await expect(response.text()).rejects.toThrow("did not see all expected bytes");
  await edge.settle();
  edge.origin = rangedOrigin("abcdefghij", { etag: '"2"' });
  expect((await edge.get(URL)).text).toBe("abcdefghij");
});

test.each([
  ["without Content-Range", {}],
  ["of unknown size", { "content-range": "bytes 2-4/*" }],
  ["that is shorter than it says", { "content-range": "bytes 2-5/10" }],
  ["that is longer than it says", { "content-range": "bytes 2-3/10" }],
  ["that would pass for the whole", { "content-range": "bytes 0-9/10" }],
  ["that was encoded after it was cut", { "content-range": "bytes 6-9/10", "content-encoding": "x-unknown" }],
  ["of another unit", { "content-range": "items 2-4/10" }],
  ["of several ranges", { "content-type": "multipart/byteranges; boundary=x" }],
  ["that is private", { "content-range": "bytes 2-4/10", "cache-control": "private, max-age=60" }],
] as const)("a part %s is not stored", async (_, fields) => {
  const edge = edgeOf(() => new Response("234", { status: 206, headers: { "cache-control": "max-age=60", ...fields } }));
  expect((await edge.get(URL, ranged("bytes=2-4"))).text).toBe("234");
  await edge.get(URL, ranged("bytes=2-4"));
  await edge.get(URL);
  expect(edge.asked.length).toBe(3);
});

test("when a second part of a small whole is asked for, the whole is fetched besides, and all later parts come from the store", async () => {
  const edge = edgeOf(rangedOrigin("0123456789"));
  await edge.get(URL, ranged("bytes=0-1"));
  expect((await edge.get(URL, ranged("bytes=4-5"))).text).toBe("45");
  expect(edge.asked.map(({ headers }) => headers.get("range"))).toEqual(["bytes=0-1", "bytes=4-5", null]);
  for (const [range, text] of [
    ["bytes=8-9", "89"],
    ["bytes=-3", "789"],
    ["bytes=0-1", "01"],
  ] as const) {
    const part = await edge.get(URL, ranged(range));
    expect([part.cache.status, part.text]).toEqual(["HIT", text]);
  }
  expect((await edge.get(URL)).text).toBe("0123456789");
  expect(edge.asked.length).toBe(3);
});

test.each([
  [CACHE_RANGE_FILL_BYTES_MAX, 1],
  [CACHE_RANGE_FILL_BYTES_MAX + 1, 0],
])("of a whole of %i bytes, %i is fetched when parts are asked for", async (size, wholes) => {
  const edge = edgeOf(({ headers }) => {
    const fields = { "cache-control": "max-age=60", etag: '"1"' };
    const [, start = "0"] = /bytes=(\d+)/.exec(headers.get("range") ?? "") ?? [];
    if (!headers.has("range")) return new Response("whole", { headers: fields });
    return new Response("a", {
      status: 206,
      headers: { ...fields, "content-length": "1", "content-range": `bytes ${start}-${start}/${size}` },
    });
  });
  await edge.get(URL, ranged("bytes=0-0"));
  await edge.get(URL, ranged("bytes=5-5"));
  expect(edge.asked.filter(({ headers }) => !headers.has("range")).length).toBe(wholes);
});

test("a cookie that came with a part and was stored with it is not given to the visitor for whom it is completed", async () => {
  const edge = edgeOf(rangedOrigin("0123456789", { etag: '"1"', "set-cookie": "sid=first" }), { policy: { setCookie: "store" } });
  await edge.get(URL, ranged("bytes=0-4"));
  edge.usePolicy({});
  edge.origin = rangedOrigin("0123456789", { etag: '"1"', "set-cookie": "sid=second" });
  const whole = await edge.get(URL);
  expect([whole.text, whole.response.headers.getSetCookie()]).toEqual(["0123456789", ["sid=second"]]);
  expect(edge.asked.at(-1)?.headers.get("range")).toBe("bytes=5-");
});

test("the answer to If-Range is not stored: it need not have all fields of the whole", async () => {
  const edge = edgeOf(rangedOrigin("0123456789"));
  expect((await edge.get(URL, ranged("bytes=2-4", { "if-range": '"1"' }))).cache.stored).toBe(false);
});

test("a stored part answers If-Range by the strong validator only", async () => {
  const edge = edgeOf(rangedOrigin("0123456789"));
  await edge.get(URL, ranged("bytes=2-7"));
  expect((await edge.get(URL, ranged("bytes=3-4", { "if-range": '"1"' }))).cache.status).toBe("HIT");
  const other = await edge.get(URL, ranged("bytes=3-4", { "if-range": '"2"' }));
  expect([other.response.status, other.text]).toEqual([200, "0123456789"]);
});

test("a stale part is not used, and a newer one takes its place", async () => {
  const edge = edgeOf(rangedOrigin("0123456789"));
  await edge.get(URL, ranged("bytes=2-7"));
  edge.nowMs += 61_000;
  edge.origin = rangedOrigin("abcdefghij", { etag: '"2"' });
  expect((await edge.get(URL, ranged("bytes=2-3"))).text).toBe("cd");
  expect((await edge.get(URL, ranged("bytes=2-3"))).cache.status).toBe("HIT");
});

test("a part never takes the place of a whole response that was stored meanwhile", async () => {
  const gate = Promise.withResolvers<Response>();
  const began = Promise.withResolvers<void>();
  const whole = rangedOrigin("0123456789");
  const edge = edgeOf((asked) => {
    if (!asked.headers.has("range")) return whole(asked);
    began.resolve();
    return gate.promise;
  });
  const slow = edge.send(URL, ranged("bytes=2-4"));
  await began.promise;
  await vi.waitFor(async () => {
    const { response, cache } = await edge.send(URL);
    await response.text();
    expect(cache.status).toBe("HIT");
  });
  const fields = { "cache-control": "max-age=60", "content-range": "bytes 2-4/10" };
  gate.resolve(new Response("234", { status: 206, headers: fields }));
  await (await slow).response.text();
  await edge.settle();
  expect((await edge.get(URL)).cache.status).toBe("HIT");
});

test.each([CACHE_INLINE_BYTES_MAX, CACHE_INLINE_BYTES_MAX + 1])("a part of %i bytes gives every range of its own", async (size) => {
  const text = Array.from({ length: size + 100 }, (_, index) => String.fromCharCode(97 + (index % 23))).join("");
  const edge = edgeOf(rangedOrigin(text));
  await edge.get(URL, ranged(`bytes=50-${size + 49}`));
  for (const [start, end] of [
    [50, 99],
    [size, size + 49],
    [60_000, 70_000],
  ] as const) {
    const hit = await edge.get(URL, ranged(`bytes=${start}-${end}`));
    expect([hit.cache.status, hit.text]).toEqual(["HIT", text.slice(start, end + 1)]);
  }
});
