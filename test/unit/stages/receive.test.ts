import { expect, test } from "vitest";
import { HEADER_BYTES_MAX, HEADER_COUNT_MAX, LOOP_PASSES_MAX, URL_BYTES_MAX } from "../../../src/limits.ts";
import type { ClientRules } from "../../../src/ruleset.ts";
import { receive, type Received } from "../../../src/stages/receive.ts";
import { noProxies } from "../../support/facts.ts";

const behindProxy: ClientRules = {
  addressHeader: "cf-connecting-ip",
  isTrustedProxy: (address) => address.startsWith("10."),
  ownCookies: [],
  ownHeaders: [],
};

function receiveUrl(
  url: string,
  input: Partial<Received> & { readonly fields?: Record<string, string> } = {},
  client: ClientRules = noProxies,
) {
  const { fields, ...rest } = input;
  return receive({ method: "GET", url, headers: new Headers(fields), hasBody: false, connection: null, nowMs: 0, ...rest }, client);
}

test("a URL is taken apart without being normalised", () => {
  const received = receiveUrl("http://Shop.Example.com:80/a//b/%7Ex/%2e%2e/c?q=%zz|y&r#frag");
  expect(received).toMatchObject({
    ok: true,
    value: {
      scheme: "http",
      host: "shop.example.com",
      rawPath: "/a//b/%7Ex/%2e%2e/c",
      path: "/a/b/c",
      pathIsAmbiguous: true,
      query: "q=%zz|y&r",
    },
  });
});

test.each([
  ["a path of unreserved escapes is not ambiguous", "/%61%7E", "/a~", false],
  ["escapes in lower case are not ambiguous", "/a%2fb", "/a%2Fb", false],
  ["an empty path is the root", "", "/", false],
  ["a double slash is ambiguous", "/a//b", "/a/b", true],
  ["a dot segment is ambiguous", "/a/./b", "/a/b", true],
  ["a bad escape is ambiguous", "/a%zz", "/a%25zz", true],
  ["a backslash is a slash, and ambiguous", "/a\\b", "/a/b", true],
])("%s", (_, raw, path, ambiguous) => {
  expect(receiveUrl(`http://shop.test${raw}`)).toMatchObject({ ok: true, value: { path, pathIsAmbiguous: ambiguous } });
});

test.each([
  ["bad-path", "http://shop.test/a%00b"],
  ["bad-path", "http://shop.test/a%0d%0ab"],
  ["bad-path", "http://shop.test/static/..%2fadmin"],
  ["bad-path", "http://shop.test/static/..%5cadmin"],
  ["bad-path", "http://shop.test/static/%2e%2e%2fadmin"],
  ["bad-path", "http://shop.test/static/..%252fadmin"],
  ["bad-host", "http://user@shop.test/"],
  ["bad-host", "http://sh op.test/"],
  ["bad-host", "http://shop.test:99999/"],
  ["bad-host", "http://-.test/"],
  ["bad-host", "ftp://shop.test/"],
])("%s: %s is refused", (code, url) => {
  expect(receiveUrl(url)).toEqual({ ok: false, error: { code } });
});

test("the URL's limit is a limit", () => {
  const prefix = "http://shop.test/";
  const longest = prefix + "a".repeat(URL_BYTES_MAX - prefix.length);
  expect(receiveUrl(longest).ok).toBe(true);
  expect(receiveUrl(`${longest}a`)).toEqual({ ok: false, error: { code: "uri-too-long" } });
});

test("the number of headers has a limit", () => {
  const fields = Object.fromEntries(Array.from({ length: HEADER_COUNT_MAX }, (_, index) => [`x-${index}`, "1"]));
  expect(receiveUrl("http://shop.test/", { fields }).ok).toBe(true);
  expect(receiveUrl("http://shop.test/", { fields: { ...fields, "x-more": "1" } })).toEqual({
    ok: false,
    error: { code: "headers-too-large" },
  });
});

test("the size of all headers has a limit", () => {
  const longest = "v".repeat(HEADER_BYTES_MAX - "x-long".length);
  expect(receiveUrl("http://shop.test/", { fields: { "x-long": longest } }).ok).toBe(true);
  expect(receiveUrl("http://shop.test/", { fields: { "x-long": `${longest}v` } })).toEqual({
    ok: false,
    error: { code: "headers-too-large" },
  });
});

test("a request that passed through here before is a loop", () => {
  expect(receiveUrl("http://shop.test/", { fields: { "cdn-loop": "othercdn; v=1" } }).ok).toBe(true);
  expect(receiveUrl("http://shop.test/", { fields: { "cdn-loop": "othercdn, Breakwater; x=1" } })).toEqual({
    ok: false,
    error: { code: "loop" },
  });
});

test("a request may pass through here as often as the limit says, and not once more", () => {
  // Each pass so far has left its member; this is one more.
  const passes = (before: number): string => ["othercdn", ...Array.from({ length: before }, () => "breakwater")].join(", ");
  expect(receiveUrl("http://shop.test/", { fields: { "cdn-loop": passes(LOOP_PASSES_MAX - 1) } }).ok).toBe(true);
  expect(receiveUrl("http://shop.test/", { fields: { "cdn-loop": passes(LOOP_PASSES_MAX) } })).toEqual({
    ok: false,
    error: { code: "loop" },
  });
});

test.each([
  ["a visitor's own claim is not believed", { "cf-connecting-ip": "198.51.100.7", "x-forwarded-for": "203.0.113.9" }, "198.51.100.7"],
  ["a trusted proxy's claim is", { "cf-connecting-ip": "10.0.0.1", "x-forwarded-for": "203.0.113.9" }, "203.0.113.9"],
  [
    "the list is walked from right to left",
    { "cf-connecting-ip": "10.0.0.1", "x-forwarded-for": "1.1.1.1, 203.0.113.9, 10.0.0.2" },
    "203.0.113.9",
  ],
  ["garbage ends the walk", { "cf-connecting-ip": "10.0.0.1", "x-forwarded-for": "203.0.113.9, evil, 10.0.0.2" }, "10.0.0.2"],
  [
    "Forwarded serves where there is no X-Forwarded-For",
    { "cf-connecting-ip": "10.0.0.1", forwarded: 'for="[2001:db8::7]:443";proto=https' },
    "2001:db8::7",
  ],
  ["without the platform's header there is no address", { "x-forwarded-for": "203.0.113.9" }, ""],
])("client address: %s", (_, fields, address) => {
  expect(receiveUrl("http://shop.test/", { fields }, behindProxy)).toMatchObject({ ok: true, value: { client: { address } } });
});

test("the scheme that a trusted proxy forwards is believed, a visitor's is not", () => {
  const fields = { "cf-connecting-ip": "10.0.0.1", "x-forwarded-proto": "https" };
  expect(receiveUrl("http://shop.test:443/", { fields }, behindProxy)).toMatchObject({ value: { scheme: "https", host: "shop.test" } });
  expect(receiveUrl("http://shop.test/", { fields: { ...fields, "cf-connecting-ip": "198.51.100.7" } }, behindProxy)).toMatchObject({
    value: { scheme: "http" },
  });
});

test("what the visitor really accepts comes from the platform where it says so", () => {
  const fields = { "accept-encoding": "br, gzip" };
  expect(receiveUrl("http://shop.test/", { fields })).toMatchObject({ value: { client: { acceptEncoding: "br, gzip" } } });
  const connection = { clientAcceptEncoding: "identity", country: "JP", asn: 64_500, latitude: "35.7", isEUCountry: "1" };
  expect(receiveUrl("http://shop.test/", { fields, connection })).toMatchObject({
    value: { client: { acceptEncoding: "identity", country: "JP", asn: 64_500, latitude: 35.7, isEu: true } },
  });
});

test("a region has a name and a code", () => {
  const connection = { country: "DE", region: "Bavaria", regionCode: "BY" };
  expect(receiveUrl("http://shop.test/", { connection })).toMatchObject({ value: { client: { region: "Bavaria", regionCode: "BY" } } });
  expect(receiveUrl("http://shop.test/")).toMatchObject({ value: { client: { region: null, regionCode: null } } });
});

test("our own cookies are for nobody who decides by these facts; the visitor's headers stay as they came", () => {
  const rules = { ...noProxies, ownCookies: ["bw-origin"] };
  const headers = new Headers({ cookie: "bw-origin=1.x; sid=7", "x-a": "1" });
  const received = receiveUrl("http://shop.test/", { headers }, rules);
  expect(received.ok && [...received.value.headers]).toEqual([
    ["cookie", "sid=7"],
    ["x-a", "1"],
  ]);
  expect(headers.get("cookie")).toBe("bw-origin=1.x; sid=7");
  const alone = receiveUrl("http://shop.test/", { fields: { cookie: "bw-origin=1.x" } }, rules);
  expect(alone.ok && alone.value.headers.has("cookie")).toBe(false);
});

test("TRACE is refused: its answer would show what we add for the origin", () => {
  expect(receiveUrl("http://shop.test/", { method: "TRACE" })).toMatchObject({ ok: false, error: { code: "method-not-allowed" } });
});

test.each([
  ["GET", true],
  ["HEAD", false],
  ["POST", false],
])("%s with Upgrade: websocket is a handshake: %s", (method, isUpgrade) => {
  expect(receiveUrl("http://shop.test/", { method, fields: { upgrade: "websocket" } })).toMatchObject({ ok: true, value: { isUpgrade } });
});
