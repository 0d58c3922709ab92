// Which requests pass by the cache.

import { expect, test } from "vitest";
import { cacheBypass } from "../../../src/cache/bypass.ts";
import { factsOf } from "../../support/facts.ts";

const policy = { mode: "respect", bypassCookies: ["session", "wp_*"] } as const;

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
  expect(cacheBypass(factsOf(), { mode: "bypass", bypassCookies: [] })).toBe("route");
});
