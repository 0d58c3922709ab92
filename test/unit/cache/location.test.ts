// Where entries live: how many places the variants of one key have, and that no two keys share one.

import { expect, test } from "vitest";
import { bodyUrl, languageUrl, markUrl, primaryUrl, variantUrl } from "../../../src/cache/location.ts";
import { CACHE_VARIANTS_MAX } from "../../../src/limits.ts";

const KEY = "https://shop.test/a?b=1#device=mobile";

test("all entries are on the host of the key, below a path that no visitor reaches", async () => {
  const urls = await Promise.all([primaryUrl(KEY), variantUrl(KEY, "v"), languageUrl(KEY, "l"), markUrl(KEY)]);
  for (const url of [...urls, bodyUrl(KEY, "id")]) expect(url).toMatch(/^https:\/\/shop\.test\/_breakwater\/c\/[a-z]\/[0-9A-Za-z/%.]+$/);
  expect(new Set(urls).size).toBe(urls.length);
});

test("a variant has one place, and other keys have other places", async () => {
  expect(await variantUrl(KEY, "v")).toBe(await variantUrl(KEY, "v"));
  expect(await variantUrl(KEY, "v")).not.toBe(await variantUrl(`${KEY}x`, "v"));
});

test("the variants of a key have at most CACHE_VARIANTS_MAX places, and come to use nearly all of them", async () => {
  const names = Array.from({ length: 10 * CACHE_VARIANTS_MAX }, (_, index) => `[["user-agent","${index}"]]`);
  const places = new Set(await Promise.all(names.map((name) => variantUrl(KEY, name))));
  expect(places.size).toBeLessThanOrEqual(CACHE_VARIANTS_MAX);
  expect(places.size).toBeGreaterThan(0.99 * CACHE_VARIANTS_MAX);
});
