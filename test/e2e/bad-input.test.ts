// Requests that no browser sends, byte by byte on the direct socket. The rule for all of them: one answer from a closed set, at most
// one request at the origin, nothing of the bad part passed on as something else, and the Worker stays well.

import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { startEdge } from "./harness.ts";
import type { Edge } from "./harness.ts";
import { sendRaw, statusesOf } from "./http-client.ts";

let edge: Edge;

beforeAll(async () => {
  edge = await startEdge({
    config: ([web]) => `
sites:
  - { name: all, hosts: [edge.test], routes: [{ path: /*, pool: web }] }
pools:
  web: { origins: [${web}] }
`,
  });
});
beforeEach(() => edge.origins[0]?.forget());
afterAll(() => edge?.stop());

async function seenUrls(): Promise<string[]> {
  return ((await edge.origins[0]?.seen()) ?? []).map(({ url }) => url);
}

function raw(lines: readonly string[], body = ""): Promise<Buffer> {
  return sendRaw(edge.directUrl, Buffer.from(`${lines.join("\r\n")}\r\n\r\n${body}`, "latin1"));
}

async function get(target: string, headers: readonly string[] = ["Host: edge.test"]): Promise<number[]> {
  return statusesOf(await raw([`GET ${target} HTTP/1.1`, ...headers, "Connection: close"]));
}

// 400 is ours or workerd's; 421 and 404 are a host that is not ours; 500 is workerd's own answer before the Worker runs.
test.each([
  { what: "no Host", headers: [], expected: [400, 404, 421] },
  { what: "an empty Host", headers: ["Host:"], expected: [400, 404, 421] },
  { what: "two Hosts", headers: ["Host: edge.test", "Host: other.test"], expected: [400, 404, 500] },
  { what: "a Host with a space", headers: ["Host: edge .test"], expected: [400, 500] },
  { what: "a Host with a path", headers: ["Host: edge.test/admin"], expected: [400, 404, 500] },
  { what: "a Host with user information", headers: ["Host: edge.test@evil.test"], expected: [400, 404, 500] },
  { what: "a Host with a percent", headers: ["Host: edge%2etest"], expected: [200, 400, 404, 500] },
  { what: "a Host with a bad port", headers: ["Host: edge.test:99999"], expected: [400, 500] },
  { what: "an unknown Host", headers: ["Host: nobody.test"], expected: [404] },
])("$what is refused", async ({ headers, expected }) => {
  const statuses = await get("/healthz", headers);
  expect(statuses).toHaveLength(1);
  expect(expected).toContain(statuses[0]);
});

test("a Host with a trailing dot or capitals is the same host", async () => {
  expect(await get("/healthz", ["Host: EDGE.test"])).toEqual([200]);
  expect([[200], [404]]).toContainEqual(await get("/healthz", ["Host: edge.test."]));
});

test.each(["/a%00b", "/%00", "/a%0d%0aX-Injected:1", "/a%0ab", "/a\x01b", "/a\x7fb"])(
  "control characters in the path are refused or passed on encoded: %j",
  async (target) => {
    const statuses = await get(target);
    expect(statuses).toHaveLength(1);
    expect([400, 404]).toContain(statuses[0]);
    for (const url of await seenUrls()) expect(url).not.toMatch(/[\x00-\x1f\x7f]/);
  },
);

// Nothing is decoded that a rule or a route has not seen decoded: what was escaped stays escaped, and what cannot be read in one way
// only is refused.
test.each([
  { target: "//healthz", seen: ["//healthz"] },
  { target: "/x%2f..%2fhealthz", seen: [] },
  { target: "/x%2fhealthz", seen: ["/x%2Fhealthz"] },
  { target: "/%2e%2e/%2e%2e/healthz", seen: ["/healthz"] },
  { target: "/x%5chealthz", seen: ["/x%5chealthz"] },
  { target: "/x;y=1/healthz", seen: ["/x;y=1/healthz"] },
])("for $target the origin is asked for $seen", async ({ target, seen }) => {
  const statuses = await get(target);
  expect(statuses).toHaveLength(1);
  if (seen.length === 0) expect(statuses).toEqual([400]);
  expect(await seenUrls()).toEqual(seen);
});

test("a URL of 16 KiB passes, one byte more gets 414", async () => {
  const own = "http://edge.test/".length;
  const longest = `/${"a".repeat(16_384 - own)}`;
  expect(await get(longest)).toEqual([404]);
  expect((await seenUrls()).at(-1)).toBe(longest);
  await edge.origins[0]?.forget();
  expect(await get(`${longest}a`)).toEqual([414]);
  expect(await seenUrls()).toEqual([]);
});

test("200 headers get 431, and no origin is asked", async () => {
  const many = Array.from({ length: 200 }, (_, i) => `X-H-${i}: ${i}`);
  expect(await get("/healthz", ["Host: edge.test", ...many])).toEqual([431]);
  expect(await seenUrls()).toEqual([]);
});

test("more than 64 KiB of headers get 431", async () => {
  expect(await get("/healthz", ["Host: edge.test", `X-Big: ${"a".repeat(66_000)}`])).toEqual([431]);
});

// Shapes by which one request is smuggled inside another. At most one answer may come for one request, and the origin must never
// see the address that hides in the body.
test.each([
  { what: "Content-Length and Transfer-Encoding", headers: ["Content-Length: 4", "Transfer-Encoding: chunked"] },
  { what: "two different Content-Lengths", headers: ["Content-Length: 4", "Content-Length: 40"] },
  { what: "a Content-Length list", headers: ["Content-Length: 4, 40"] },
  { what: "a signed Content-Length", headers: ["Content-Length: +4"] },
  { what: "an unknown transfer coding", headers: ["Transfer-Encoding: xchunked"] },
  { what: "a Transfer-Encoding with a tab", headers: ["Transfer-Encoding:\tchunked"] },
  { what: "Transfer-Encoding twice", headers: ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"] },
  { what: "a space before the colon", headers: ["Transfer-Encoding : chunked", "Content-Length: 4"] },
  { what: "a folded Transfer-Encoding", headers: ["Transfer-Encoding:", " chunked", "Content-Length: 4"] },
])("$what smuggles nothing", async ({ headers }) => {
  const hidden = "GET /smuggled HTTP/1.1\r\nHost: edge.test\r\n\r\n";
  const answer = await raw(["POST /upload HTTP/1.1", "Host: edge.test", "Connection: close", ...headers], `0\r\n\r\n${hidden}`);
  expect(statusesOf(answer).length).toBeLessThanOrEqual(1);
  expect(await seenUrls()).not.toContain("/smuggled");
});

test("a chunked body with a broken size ends in an error and not in half a request", async () => {
  const answer = await raw(
    ["POST /upload HTTP/1.1", "Host: edge.test", "Connection: close", "Transfer-Encoding: chunked"],
    "zz\r\nhello\r\n0\r\n\r\n",
  );
  expect(statusesOf(answer)).not.toContain(200);
  expect((await edge.origins[0]?.seen())?.some(({ arrival }) => arrival === "complete") ?? false).toBe(false);
});

test.each(["TRACE", "CONNECT", "FOO", "get"])(
  "method %s gets one answer and does not reach the origin as another method",
  async (method) => {
    const statuses = statusesOf(await raw([`${method} /healthz HTTP/1.1`, "Host: edge.test", "Connection: close"]));
    expect(statuses.length).toBeLessThanOrEqual(1);
    const methods = ((await edge.origins[0]?.seen()) ?? []).map((request) => request.method);
    expect(methods.every((seen) => seen === method)).toBe(true);
  },
);

test("after all of this the Worker still answers", async () => {
  expect(await get("/healthz")).toEqual([200]);
});
