// Cache keys: what is in them, that the origin is asked for exactly what the key says, and that no request can pose as another.

import fc from "fast-check";
import { expect, test } from "vitest";
import { cacheKey, keySource, urlOfKey } from "../../../src/cache/key.ts";
import type { CacheKeySnapshot } from "../../../src/config/snapshot.ts";
import { factsOf } from "../../support/facts.ts";

const plain: CacheKeySnapshot = {
  query: { kind: "all" },
  sortQuery: false,
  headers: [],
  cookies: [],
  country: false,
  device: false,
  languages: [],
};
const ignoring = { ...plain, query: { kind: "ignore", names: ["utm_*", "gclid"] } } as const;
const only = { ...plain, query: { kind: "only", names: ["page", "f_*"] } } as const;

test.each([
  [plain, "http://Shop.test:80/a?b=1&a=2", "http://shop.test/a?b=1&a=2"],
  [plain, "http://shop.test/a?", "http://shop.test/a"],
  [plain, "http://shop.test:8080/%7Ea", "http://shop.test:8080/~a"],
  [plain, "https://shop.test/a?x=%41&y=+", "https://shop.test/a?x=%41&y=+"],
  [{ ...plain, query: { kind: "none" } }, "http://shop.test/a?b=1", "http://shop.test/a"],
  [ignoring, "http://shop.test/a?utm_source=x&b=1&gclid=7&utm_=2", "http://shop.test/a?b=1"],
  [ignoring, "http://shop.test/a?%75tm_source=x", "http://shop.test/a"],
  [ignoring, "http://shop.test/a?Utm_source=x&gclidx=1", "http://shop.test/a?Utm_source=x&gclidx=1"],
  [only, "http://shop.test/a?b=1&page=2&f_x=3&PAGE=1", "http://shop.test/a?page=2&f_x=3"],
  [{ ...plain, sortQuery: true }, "http://shop.test/a?b=1&a=2&b=0&a=1", "http://shop.test/a?a=2&a=1&b=1&b=0"],
] as const)("with %j, %s has the key %s", (policy, url, key) => {
  expect(cacheKey(factsOf({ url }), policy).key).toBe(key);
});

test("headers, cookies and the country that a route adds are parts of the key, and absent is not empty", () => {
  const policy = { ...plain, headers: ["x-app"], cookies: ["currency"], country: true };
  const of = (headers: Record<string, string>): string => cacheKey(factsOf({ headers, connection: { country: "DE" } }), policy).key;
  expect(of({ "x-app": "1", cookie: "a=b; currency=EUR" })).toBe("http://shop.test/#header:x-app=1&cookie:currency=EUR&country=DE");
  expect(of({})).toBe("http://shop.test/#header:x-app&cookie:currency&country=DE");
  expect(of({ "x-app": "" })).not.toBe(of({}));
});

test.each([
  ["Mozilla/5.0 (iPhone) Mobile", "de-CH, en;q=0.1", "#device=mobile&language=de"],
  ["Mozilla/5.0 (iPad)", "fr", "#device=tablet&language=en"],
  ["", "", "#device=desktop&language=en"],
])("the class of device and the language are one of few, whatever a visitor sends: %s, %s", (userAgent, acceptLanguage, added) => {
  const policy = { ...plain, device: true, languages: ["en", "de"] };
  const headers = { "user-agent": userAgent, "accept-language": acceptLanguage };
  expect(cacheKey(factsOf({ headers }), policy).key).toBe(`http://shop.test/${added}`);
});

test("cookie values that differ after a comma are two keys", () => {
  const policy = { ...plain, cookies: ["cart"] };
  const of = (cookie: string): string => cacheKey(factsOf({ headers: { cookie } }), policy).key;
  expect(of("cart=1,2")).not.toBe(of("cart=1,3"));
  expect(of("cart=1; cart=2")).not.toBe(of("cart=1; cart=3"));
});

test("a value cannot pose as another part of the key", () => {
  const policy = { ...plain, headers: ["x-a", "x-b"] };
  const of = (a: string, b: string): string => cacheKey(factsOf({ headers: { "x-a": a, "x-b": b } }), policy).key;
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[!-~]{1,12}$/), { minLength: 4, maxLength: 4 }), ([a = "", b = "", c = "", d = ""]) => {
      expect(of(a, b) === of(c, d)).toBe(a === c && b === d);
    }),
  );
});

test("a route with conditions has keys of its own for the same URL", () => {
  const facts = factsOf();
  const conditions = [{ source: "header", name: "x-beta", equals: null, negate: false }] as const;
  const beta = cacheKey(facts, plain, keySource({ id: "shop * /*", conditions }, null)).key;
  expect(beta).not.toBe(cacheKey(facts, plain, keySource({ id: "shop * /*", conditions: [] }, null)).key);
  expect(urlOfKey(beta)).toBe("http://shop.test/");
});

test("each pool of a route that shares its visitors out has keys of its own for the same URL, which one purge names", () => {
  const route = { id: "shop * /*", conditions: [] };
  const keys = [null, { pool: "web" }, { pool: "canary" }].map((split) => cacheKey(factsOf(), plain, keySource(route, split)).key);
  expect(new Set(keys).size).toBe(3);
  expect(keys.map(urlOfKey)).toEqual(Array.from(keys, () => "http://shop.test/"));
});

const query = fc.stringMatching(/^[a-c=&%+_]{0,12}$/);
const policies = fc.constantFrom<CacheKeySnapshot>(
  plain,
  { ...plain, sortQuery: true },
  { ...plain, query: { kind: "ignore", names: ["a", "b*"] } },
  { ...plain, query: { kind: "only", names: ["a", "b*"] }, sortQuery: true },
);

test("the origin is asked for exactly the URL of the key, and that URL has the same key", () => {
  fc.assert(
    fc.property(query, policies, (text, policy) => {
      const facts = factsOf({ url: `http://shop.test/a?${text}` });
      const { key, target } = cacheKey(facts, policy);
      const asked = `http://shop.test${target.path}${target.query === "" ? "" : `?${target.query}`}`;
      expect(asked).toBe(urlOfKey(key));
      expect(cacheKey(factsOf({ url: asked }), policy).key).toBe(key);
    }),
  );
});
