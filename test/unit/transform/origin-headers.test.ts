// What of a visitor's headers an origin gets to see.

import { expect, test } from "vitest";
import type { RouteSnapshot } from "../../../src/config/snapshot.ts";
import { originHeaders } from "../../../src/transform/origin-headers.ts";
import { factsOf } from "../../support/facts.ts";

const rules = { remove: [], set: [], add: [] };
const route = { id: "r", requestHeaders: rules } as unknown as RouteSnapshot;

function sent(headers: Record<string, string>, input: { readonly method?: string; readonly cacheable?: boolean } = {}): Headers {
  const facts = factsOf({ headers, method: input.method ?? "GET", url: "http://shop.test/" });
  return originHeaders(facts, route, { values: {}, requestId: "id", cacheable: input.cacheable ?? true });
}

test.each([
  "client-ip",
  "cf-connecting-ip",
  "proxy",
  "true-client-ip",
  "x-breakwater-drill",
  "x-forwarded-client-cert",
  "x-forwarded-for-original",
  "x-forwarded-server",
  "x-forwarded-uri",
  "x-forwarded-user",
  "x-host",
  "x-http-host-override",
  "x-original-url",
  "x-original-uri",
  "x-rewrite-url",
])("%s is no visitor's to say", (name) => {
  expect(sent({ [name]: "evil" }, { cacheable: false }).has(name)).toBe(false);
  expect(sent({ [name]: "evil" }, { cacheable: true }).has(name)).toBe(false);
});

test.each([
  "X_Forwarded_For",
  "X-Forwarded_Host",
  "X_Original_Url",
  "Client_IP",
  "Transfer_Encoding",
  "Content_Length",
  "X_Real_IP",
  "X_Breakwater_Drill",
  "X-Breakwater_Drill",
  "X_Request_Id",
  "CF_Connecting_IP",
  "Accept_Encoding",
  "X_Device_Class",
  "X-Request_Timeout-Ms",
])("%s is a name of ours in disguise", (name) => {
  expect(sent({ [name]: "evil" }, { cacheable: false }).has(name)).toBe(false);
});

test.each(["api_key", "x_api_key", "session_id", "x-app_version"])("%s is the application's own and passes", (name) => {
  expect(sent({ [name]: "1" }).get(name)).toBe("1");
});

test("what a rule states or removes is no visitor's to say in another spelling", () => {
  const requestHeaders = { remove: ["x-debug"], set: [["x-role", ["anon"]]], add: [["x-tag", ["a"]]] };
  const facts = factsOf({
    headers: { X_Role: "admin", "X-Role": "admin", X_Debug: "1", "X-Debug": "1", X_Tag: "b" },
    method: "GET",
    url: "http://shop.test/",
  });
  const headers = originHeaders(facts, { ...route, requestHeaders } as unknown as RouteSnapshot, {
    values: {},
    requestId: "id",
    cacheable: true,
  });
  const seen = ["x-role", "x_role", "x-debug", "x_debug", "x_tag"].map((name) => headers.get(name));
  expect(seen).toEqual(["anon", null, null, null, "b"]);
});

test("the forwarding headers say what is known here", () => {
  const headers = sent({ "x-forwarded-for": "6.6.6.6", "x-forwarded-host": "evil", "x-forwarded-proto": "gopher", via: "1.0 a" });
  expect(Object.fromEntries(headers)).toMatchObject({
    "x-forwarded-for": "192.0.2.1",
    "x-forwarded-host": "shop.test",
    "x-forwarded-proto": "http",
    "x-real-ip": "192.0.2.1",
    via: "1.0 a, 1.1 breakwater",
  });
});

test.each(["x-forwarded-prefix", "x-http-method-override"])("%s passes only where nothing is stored", (name) => {
  expect([true, false].map((cacheable) => sent({ [name]: "1" }, { cacheable }).has(name))).toEqual([false, true]);
});

test.each([
  ["GET", "websocket"],
  ["POST", null],
])("Upgrade with %s is sent on as %s: the platform would make a GET of any other method", (method, upgrade) => {
  expect(sent({ upgrade: "websocket" }, { method, cacheable: false }).get("upgrade")).toBe(upgrade);
});
