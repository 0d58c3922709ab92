// Which requests pass by the cache.

import { expect, test } from "vitest";
import { cacheBypass } from "../../../src/cache/bypass.ts";
import { policyOf } from "../../support/cache-policy.ts";
import { factsOf } from "../../support/facts.ts";

const policy = policyOf({ bypassCookies: ["session", "wp_*"] });

test.each([
  ["POST", { method: "POST" }, "method"],
  ["PURGE", { method: "PURGE" }, "method"],
  ["an upgrade", { headers: { upgrade: "websocket", connection: "upgrade" } }, "upgrade"],
  ["a GET with a body", { hasBody: true }, "body"],
  ["a path with `//`", { url: "http://shop.test//a" }, "ambiguous-path"],
  ["a bypass cookie", { headers: { cookie: "a=1; session=2" } }, "cookie"],
  ["a bypass cookie by prefix", { headers: { cookie: "wp_x=1" } }, "cookie"],
  ["a bypass cookie without a value", { headers: { cookie: "session" } }, "cookie"],
  ["a bypass cookie behind a comma", { headers: { cookie: "a=1, session=2" } }, "cookie"],
  ["a cookie that only begins like one", { headers: { cookie: "sessions=1; Session=1" } }, null],
  ["GET", {}, null],
  ["HEAD", { method: "HEAD" }, null],
])("%s", (_, input, reason) => {
  expect(cacheBypass(factsOf(input), policy)).toBe(reason);
});

test("a route that bypasses does so for every request", () => {
  expect(cacheBypass(factsOf(), policyOf({ mode: "bypass" }))).toBe("route");
});

// Two Cookie lines arrive as one, joined by a comma.
test.each([
  ["a cookie of the key that only one reading of commas finds", "a=1, currency=EUR", "cookie"],
  ["a cookie of the key whose value has a comma", "currency=EUR, a=1", "cookie"],
  ["a comma in another cookie", "a=1,2; currency=EUR", null],
  ["no comma", "a=1; currency=EUR", null],
  ["no cookie", undefined, null],
])("%s", (_, cookie, reason) => {
  const byCurrency = policyOf({ key: { ...policy.key, cookies: ["currency"] } });
  expect(cacheBypass(factsOf({ headers: cookie === undefined ? {} : { cookie } }), byCurrency)).toBe(reason);
});
