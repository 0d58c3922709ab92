// Caching headers as visitors get them.

import { expect, test } from "vitest";
import { clientCacheControl, withoutConsumedFields } from "../../../src/cache/client-headers.ts";

test.each([
  [{ "cache-control": "public, max-age=60" }, 200, "public, max-age=5"],
  [{}, 200, "max-age=5"],
  [{ "cache-control": "max-age=60", age: "10" }, 200, "max-age=15"],
  [{ "cache-control": "max-age=60, must-revalidate" }, 301, "max-age=5, must-revalidate"],
  [{ "cache-control": "no-store" }, 200, "no-store"],
  [{ "cache-control": "private, max-age=60" }, 200, "private, max-age=60"],
  [{ "cache-control": "no-cache" }, 200, "no-cache"],
  [{ "cache-control": "max-age=60" }, 404, "max-age=60"],
])("%j with status %i is shown as `%s` where the route gives browsers five seconds", (headers, status, shown) => {
  const changed = clientCacheControl(new Headers(headers), status, { browserTtlSeconds: 5 });
  expect(changed.get("cache-control")).toBe(shown);
});

test("without a route's lifetime nothing changes", () => {
  const headers = new Headers({ "cache-control": "max-age=60", expires: "0" });
  expect(clientCacheControl(headers, 200, { browserTtlSeconds: null })).toBe(headers);
});

test("fields that were addressed to this cache end here, CDN-Cache-Control goes on", () => {
  const headers = new Headers({
    "surrogate-control": "a",
    "surrogate-key": "a",
    "cache-tag": "a",
    "cloudflare-cdn-cache-control": "a",
    "cdn-cache-control": "a",
    b: "1",
  });
  expect([...withoutConsumedFields(headers).keys()]).toEqual(["b", "cdn-cache-control"]);
});
