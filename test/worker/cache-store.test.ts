// The adapter of the Cache API: what the platform refuses or throws is a value here.

import { reset } from "cloudflare:test";
import { afterEach, expect, test } from "vitest";
import { platformCacheStore } from "../../src/platform/cache-store.ts";

afterEach(() => reset());

const KEY = "http://shop.test/_breakwater/c/p/1";

function entry(body: string, headers: Record<string, string> = {}, status = 200): Response {
  return new Response(body, { status, headers: { "cache-control": "max-age=60", ...headers } });
}

test("what was put is found, until it is deleted", async () => {
  expect(await platformCacheStore.match(KEY)).toBeUndefined();
  expect(await platformCacheStore.put(KEY, entry("hello", { "x-a": "1" }))).toBe(true);
  const found = await platformCacheStore.match(KEY);
  expect([await found?.text(), found?.headers.get("x-a")]).toEqual(["hello", "1"]);
  expect(await platformCacheStore.delete(KEY)).toBe(true);
  expect(await platformCacheStore.match(KEY)).toBeUndefined();
  expect(await platformCacheStore.delete(KEY)).toBe(false);
});

test("with a range the store reads that part only", async () => {
  await platformCacheStore.put(KEY, entry("hello"));
  const part = await platformCacheStore.match(KEY, "bytes=1-3");
  expect([part?.status, await part?.text(), part?.headers.get("content-length")]).toEqual([206, "ell", "3"]);
});

test("what the platform throws at is a miss, and a store that did not happen", async () => {
  expect(await platformCacheStore.match("no url")).toBeUndefined();
  expect(await platformCacheStore.delete("no url")).toBe(false);
  expect(await platformCacheStore.put("no url", entry("a"))).toBe(false);
  expect(await platformCacheStore.put(KEY, entry("a", {}, 206))).toBe(false);
  expect(await platformCacheStore.put(KEY, entry("a", { vary: "*" }))).toBe(false);
});
