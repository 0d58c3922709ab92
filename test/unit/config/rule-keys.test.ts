// What the origin is told in the phase origin is the same for all requests that have one cache key, whatever rules are combined.

import { expect, test } from "vitest";
import { buildValue, errorCodes, smallConfig } from "./build-helper.ts";

const TELL = {
  id: "tell",
  phase: "origin",
  when: 'http.request.uri.path eq "/a"',
  action: { rewrite: { headers: { set: { "X-Beta": "1" } } } },
};
const GUARD = { id: "guard", phase: "origin", when: 'http.request.uri.path eq "/b"', action: "block" };

async function errors(...firewall: readonly unknown[]): Promise<readonly string[]> {
  return errorCodes(await buildValue(smallConfig({ more: { firewall } })));
}

const SKIPS: readonly (readonly [what: string, rule: object])[] = [
  ["names it", { phase: "request", action: { skip: ["tell"] } }],
  ["names the phase", { phase: "request", action: { skip: { phases: ["origin"] } } }],
  ["names it in its phase", { phase: "origin", action: { skip: ["tell"] } }],
  ["names the rest of its phase", { phase: "origin", action: "skip" }],
];

test.each(SKIPS)("a rewrite is not skipped for one visitor by a rule that %s", async (_what, rule) => {
  expect(await errors({ id: "skip", when: "ip.src eq 192.0.2.1", ...rule }, TELL)).toEqual(["unkeyed-rewrite"]);
});

test.each(SKIPS)("what every key holds may decide, in a rule that %s", async (_what, rule) => {
  expect(await errors({ id: "skip", when: 'http.host eq "a.example.com" and http.request.uri.path eq "/a"', ...rule }, TELL)).toEqual([]);
});

test.each<[string, object, readonly unknown[]]>([
  ["the rule that skips is in log mode", { mode: "log", action: { skip: ["tell"] } }, [TELL]],
  ["the rule that skips is off", { enabled: false, action: { skip: ["tell"] } }, [TELL]],
  ["the rewrite is in log mode", { action: { skip: ["tell"] } }, [{ ...TELL, mode: "log" }]],
  ["another rule is skipped", { action: { skip: ["guard"] } }, [TELL, GUARD]],
  ["nothing is rewritten", { action: { skip: { phases: ["origin"] } } }, [GUARD]],
  ["the rest of another phase is skipped", { action: "skip" }, [TELL]],
])("any visitor may be told apart where %s", async (_what, rule, others) => {
  expect(await errors({ id: "skip", when: "ip.src eq 192.0.2.1", ...rule }, ...others)).toEqual([]);
});

test("the rest of the phase is what stands below", async () => {
  expect(await errors(TELL, { id: "skip", phase: "origin", when: "ip.src eq 192.0.2.1", action: "skip" })).toEqual([]);
});

test("the visitor's path does not decide where rules move paths: the key has the one that they made", async () => {
  const move = { id: "move", when: 'http.request.uri.path eq "/old"', action: { rewrite: { path: "/a" } } };
  const skip = { id: "skip", when: 'http.request.uri.path eq "/old"', action: { skip: ["tell"] } };
  expect(await errors(move, skip, TELL)).toEqual(["unkeyed-rewrite"]);
});

test.each([
  ["a condition", { ...TELL, when: 'http.request.method eq "HEAD"' }],
  ["an expression", { ...TELL, action: { rewrite: { headers: { set: { "X-M": { expression: "http.request.method" } } } } } }],
  ["a placeholder", { ...TELL, action: { rewrite: { headers: { set: { "X-M": "{method}" } } } } }],
])("the method is in no key: a HEAD is asked as a GET, and a POST may be stored for one; %s", async (_what, rule) => {
  expect(await errors(rule)).toEqual(["unkeyed-rewrite"]);
});

test.each([
  ["log", { log: { fields: { body: "http.request.body.raw" } } }],
  ["redirect", { redirect: { expression: "http.request.body.raw" } }],
  ["rewrite", { rewrite: { headers: { set: { "X-A": { expression: "http.request.body.raw" } } } } }],
])("a value of the body is only there where `when` looks at the body: %s", async (_what, action) => {
  expect(await errors({ id: "a", when: "not ssl", action })).toEqual(["body-not-read"]);
  expect(await errors({ id: "a", when: "http.request.body.size gt 0", action })).toEqual([]);
});
