import { expect, test } from "vitest";
import fc from "fast-check";
import { originRequest, originUrl } from "../../../src/origin/request.ts";
import type { OriginRequestInput } from "../../../src/origin/request.ts";
import { retryAfterMs } from "../../../src/origin/retry-after.ts";
import { origin } from "./fixtures.ts";

function request(more: Partial<OriginRequestInput> = {}): ReturnType<typeof originRequest> {
  const headers = new Headers({ host: "visitor.example", "content-length": "3", accept: "text/html" });
  return originRequest({
    pool: "web",
    origin: origin("a", { base: "https://a.example:8443", basePath: "/base" }),
    method: "GET",
    target: "/x?y=1",
    headers,
    body: null,
    signal: null,
    timeoutMs: null,
    visitorHostname: null,
    ...more,
  });
}

test("the URL is base, base path and target, byte by byte", () => {
  expect(request({ target: "/a//b/%2F;x?q=%41&q" }).url).toBe("https://a.example:8443/base/a//b/%2F;x?q=%41&q");
});

test.each(["@evil.example/", ".evil.example/", ":80@evil.example", "//evil.example", "\\evil.example", "?x", ""])(
  "the target %j never changes the server",
  (target) => {
    expect(new URL(originUrl({ base: "https://a.example", basePath: "" }, target)).host).toBe("a.example");
  },
);

test("no target whatever changes the server", () => {
  fc.assert(
    fc.property(fc.string(), (target) => {
      expect(new URL(originUrl({ base: "https://a.example", basePath: "" }, target)).host).toBe("a.example");
    }),
  );
});

test("Host is never sent, since the URL decides it", () => {
  expect(request().init.headers.has("host")).toBe(false);
});

test.each(["GET", "HEAD"])("%s goes without a body and without what announces one", (method) => {
  const { init } = request({ method, body: new Uint8Array(3) });
  expect(init.body).toBeNull();
  expect(init.headers.has("content-length")).toBe(false);
  expect(init.headers.get("accept")).toBe("text/html");
});

test("a POST keeps its body and its length", () => {
  const body = new Uint8Array(3);
  const { init } = request({ method: "POST", body });
  expect(init.body).toBe(body);
  expect(init.headers.get("content-length")).toBe("3");
});

test("the visitor's host goes into the URL, the origin's into the platform's option", () => {
  const { url, init } = request({ visitorHostname: "shop.example" });
  expect(url).toBe("https://shop.example:8443/base/x?y=1");
  expect(init.resolveOverride).toBe("a.example");
});

test.each([
  ["120", 120_000],
  ["0", 0],
  ["Mon, 23 Nov 2026 12:00:30 GMT", 30_000],
  ["Mon, 23 Nov 2026 11:00:00 GMT", 0],
  ["soon", null],
  ["-5", null],
  ["1e3", null],
  ["2026", 2_026_000],
  ["", null],
])("Retry-After %j is %j ms", (value, expected) => {
  expect(retryAfterMs(new Headers({ "retry-after": value }), Date.UTC(2026, 10, 23, 12))).toBe(expected);
});
