import { expect, test } from "vitest";
import type { CacheDigest } from "../../../src/exchange.ts";
import { cacheStatusHeader } from "../../../src/http/cache-status.ts";
import { parseList } from "../../../src/http/structured-fields.ts";

const none: CacheDigest = { status: "NONE", ttlSeconds: null, fwd: null, fwdStatus: null, stored: false, collapsed: false, detail: null };

test.each<[Partial<CacheDigest>, string]>([
  [{ status: "HIT", ttlSeconds: 543.9 }, "breakwater; hit; ttl=543"],
  [{ status: "STALE", ttlSeconds: -1.5 }, "breakwater; hit; ttl=-2"],
  [{ status: "UPDATING", ttlSeconds: -3 }, "breakwater; hit; ttl=-3"],
  [
    { status: "MISS", fwd: "uri-miss", fwdStatus: 200, ttlSeconds: 60, stored: true },
    "breakwater; fwd=uri-miss; fwd-status=200; ttl=60; stored",
  ],
  [
    { status: "STALE", fwd: "stale", fwdStatus: 503, ttlSeconds: -9, detail: "origin-error" },
    "breakwater; fwd=stale; fwd-status=503; ttl=-9; detail=origin-error",
  ],
  [{ status: "REVALIDATED", fwd: "stale", fwdStatus: 304, ttlSeconds: 60 }, "breakwater; fwd=stale; fwd-status=304; ttl=60"],
  [{ status: "BYPASS", fwd: "bypass", detail: "cookie" }, "breakwater; fwd=bypass; detail=cookie"],
  [{ status: "NONE" }, "breakwater"],
  [{ status: "HIT", ttlSeconds: Number.POSITIVE_INFINITY }, "breakwater; hit; ttl=999999999999"],
])("%o is %s", (digest, header) => {
  expect(cacheStatusHeader({ ...none, ...digest }, null)).toBe(header);
  expect(parseList(header).ok).toBe(true);
});

test("caches nearer to the origin stand in front, in their order", () => {
  expect(cacheStatusHeader({ ...none, status: "HIT" }, "OriginCache; hit; ttl=1100, Mid; fwd=stale")).toBe(
    "OriginCache; hit; ttl=1100, Mid; fwd=stale, breakwater; hit",
  );
});

test.each(["", " ", 'a; b="', "é", "a,"])("an upstream value %j that is no list is dropped", (upstream) => {
  expect(cacheStatusHeader({ ...none, status: "HIT" }, upstream)).toBe("breakwater; hit");
});

test("key and collapsed are said on request, the key as a string whatever is in it", () => {
  const header = cacheStatusHeader({ ...none, status: "MISS", fwd: "uri-miss", collapsed: true }, null, { key: 'http://h/a"b\\ü' });
  expect(header).toBe(String.raw`breakwater; fwd=uri-miss; collapsed; key="http://h/a\"b\\?"`);
  expect(parseList(header).ok).toBe(true);
});
