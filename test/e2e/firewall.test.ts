// The firewall on the built Worker: rules act before the cache and before any origin, and say which rule it was.

import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { eventually, startEdge } from "./harness.ts";
import type { Edge } from "./harness.ts";

let edge: Edge;

beforeAll(async () => {
  edge = await startEdge({
    config: ([web]) => `
sites:
  - { name: all, hosts: ["*"], routes: [{ path: /*, pool: web }] }
pools:
  web: { origins: [${web}] }
lists:
  office: { kind: ip, entries: [203.0.113.0/24, 2001:db8::/32] }
  bots: { kind: string, entries: [badbot, worsebot] }
firewall:
  - { id: office-passes, when: ip.src in $office, action: { skip: all } }
  - { id: block-login, when: 'http.request.uri.path matches r"^/wp-(admin|login)"', action: block }
  - { id: block-country, when: 'ip.src.country eq "XX"', action: block }
  - { id: block-asn, when: 'ip.src.asnum in {64666}', action: block }
  - { id: block-bots, when: 'lower(http.user_agent) in $bots', action: block }
  - { id: block-query, when: 'http.request.uri.query contains "union"', action: block }
  - { id: block-cookie, when: 'http.cookie contains "evil=1"', action: block }
  - { id: block-hits, when: 'http.request.method eq "GET" and any(http.request.headers["x-probe"][*] eq "1")', action: block }
  - { id: only-log, when: 'http.request.uri.path eq "/logged"', action: log }
  - { id: watched, when: 'http.request.uri.path eq "/watched"', action: block, mode: log }
  - { id: moved, when: 'http.request.uri.path eq "/moved"', action: { redirect: { to: "/api/time", status: 302 } } }
`,
  });
});
beforeEach(() => edge.origins[0]?.forget());
afterAll(() => edge?.stop());

async function originSaw(): Promise<number> {
  return (await edge.origins[0]?.seen())?.length ?? 0;
}

test.each([
  { what: "a path by regular expression", target: "/wp-login.php", headers: [] },
  { what: "a country", target: "/", headers: [["MF-CF-Blob", '{"country":"XX"}']] },
  { what: "a network", target: "/", headers: [["MF-CF-Blob", '{"asn":64666}']] },
  { what: "a user agent from a list", target: "/", headers: [["User-Agent", "BadBot"]] },
  { what: "a query", target: "/?q=union+select", headers: [] },
  { what: "a cookie", target: "/", headers: [["Cookie", "a=b; evil=1"]] },
] as const)("a rule blocks by $what, and the origin sees nothing", async ({ target, headers }) => {
  const answer = await edge.get(target, { headers });
  expect(answer.status).toBe(403);
  expect(answer.header("cache-control")).toBe("no-store");
  expect(await originSaw()).toBe(0);
});

test("the page of a blocked request shows its request id, and the log names the rule", async () => {
  const answer = await edge.get("/wp-admin", { headers: [["Accept", "text/html"]] });
  const id = answer.header("x-request-id") ?? "none";
  expect(answer.text()).toContain(id);
  expect(answer.text()).toContain("block-login");
  // The log comes by another way than the answer, and may be later.
  await eventually("the request is logged", async () => edge.log.some((entry) => entry.includes(id)));
  expect(edge.log.find((entry) => entry.includes(id))).toContain("block-login");
});

test("a blocked request that asks for JSON gets JSON", async () => {
  const answer = await edge.get("/wp-admin", { headers: [["Accept", "application/json"]] });
  expect(answer.header("content-type")).toContain("application/json");
  expect(JSON.stringify(answer.json())).toContain(answer.header("x-request-id"));
});

test("a skip rule lets the office pass the rules that follow", async () => {
  const answer = await edge.get("/wp-login.php", { headers: [["CF-Connecting-IP", "203.0.113.9"]] });
  expect(answer.status).toBe(404);
  expect(await originSaw()).toBe(1);
  expect((await edge.get("/wp-login.php", { headers: [["CF-Connecting-IP", "2001:db8::1"]] })).status).toBe(404);
});

test.each([
  ["a header", ["X-Probe", "1"]],
  ["a country", ["MF-CF-Blob", '{"country":"XX"}']],
  ["a network", ["MF-CF-Blob", '{"asn":64666}']],
  ["a user agent", ["User-Agent", "WorseBot"]],
  ["a cookie", ["Cookie", "evil=1"]],
] as const)("rules apply to stored pages too: %s", async (_, header) => {
  await edge.get("/news");
  expect((await edge.get("/news")).header("x-cache")).toBe("HIT");
  expect((await edge.get("/news", { headers: [header] })).status).toBe(403);
});

test("log rules and rules in log mode let the request pass", async () => {
  expect((await edge.get("/logged")).status).toBe(404);
  expect((await edge.get("/watched")).status).toBe(404);
  expect(await originSaw()).toBe(2);
});

test("a redirect rule redirects", async () => {
  const answer = await edge.get("/moved");
  expect([answer.status, answer.header("location")]).toEqual([302, expect.stringMatching(/\/api\/time$/)]);
});

test.each(["/wp%2dlogin.php", "//wp-login.php", "/./wp-login.php", "/x/../wp-login.php", "/%77p-login.php"])(
  "%s is no way around a path rule",
  async (target) => {
    const answer = await edge.get(target);
    expect(answer.status).toBe(403);
    expect(await originSaw()).toBe(0);
  },
);
