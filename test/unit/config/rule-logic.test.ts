import { expect, test } from "vitest";
import { buildValue, smallConfig } from "./build-helper.ts";

type Short = readonly [id: string, when: string, action: unknown, more?: Readonly<Record<string, unknown>>];

/** Codes of what is found, with the rule's place. */
async function found(...short: Short[]): Promise<readonly string[]> {
  const firewall = short.map(([id, when, action, more]) => ({ id, when, action, ...more }));
  const { diagnostics, snapshot } = await buildValue(smallConfig({ more: { firewall } }));
  // What looks odd is never a reason not to publish.
  expect(snapshot).not.toBeNull();
  return diagnostics.map(({ code, path }) => `${String(path[1])} ${code}`);
}

const ADMIN = 'http.request.uri.path eq "/admin"';

test.each([
  ['http.host eq "a.example.com" and http.host eq "b.example.com"', "block", "rule-never"],
  ["ip.src in {10.0.0.0/8} and ip.src in {192.0.2.0/24}", "log", "rule-never"],
  ["http.request.timestamp.sec lt 5 and http.request.timestamp.sec gt 9", "log", "rule-never"],
  ["ssl and not ssl", "log", "rule-never"],
  ["ssl or not ssl", "block", "rule-always"],
  ['not http.host eq "a.example.com" or not http.host eq "b.example.com"', "block", "rule-always"],
  ['http.host ne "a.example.com" or http.host ne "b.example.com"', { redirect: "/x" }, "rule-always"],
  ['http.host wildcard "*"', "skip", "rule-always"],
])("of %s with %j it is told: %s", async (when, action, code) => {
  expect(await found(["a", when, action])).toEqual([`0 ${code}`]);
});

test("what acts on everything may be meant, unless nothing runs behind it", async () => {
  const all = "ssl or not ssl";
  expect(await found(["a", all, { score: 1 }], ["b", all, { rateLimit: { requests: 100, per: "10s" } }], ["c", all, "log"])).toEqual([]);
  expect(await found(["a", all, { rewrite: { headers: { set: { "X-A": "1" } } } }, { phase: "response" }])).toEqual([]);
});

test.each<[string, Short, Short]>([
  ["the same condition", ["a", ADMIN, "block"], ["b", ADMIN, "log"]],
  ["the same in other words", ["a", 'ssl and http.host eq "x.example"', "block"], ["b", 'http.host == "x.example" && ssl', "log"]],
  ["a smaller set", ["a", "ip.src in {10.0.0.0/8}", "block"], ["b", "ip.src in {10.1.0.0/16}", "log"]],
  [
    "a longer prefix",
    ["a", 'starts_with(http.request.uri.path, "/a")', "block"],
    ["b", 'starts_with(http.request.uri.path, "/ab")', "log"],
  ],
  ["one condition more", ["a", ADMIN, { redirect: "/x" }], ["b", `${ADMIN} and ssl`, "log"]],
  ["a skip of all that follow", ["a", ADMIN, "skip"], ["b", `${ADMIN} and ssl`, "block"]],
])("a rule behind one that ends the phase is hidden by %s", async (_how, first, second) => {
  expect(await found(first, second)).toEqual(["1 rule-hidden"]);
});

test.each<[string, Short, Short]>([
  ["only logs", ["a", ADMIN, "block", { mode: "log" }], ["b", ADMIN, "log"]],
  ["is disabled", ["a", ADMIN, "block", { enabled: false }], ["b", ADMIN, "log"]],
  ["expires", ["a", ADMIN, "block", { expires: "2027-01-31" }], ["b", ADMIN, "log"]],
  ["matches less", ["a", `${ADMIN} and ssl`, "block"], ["b", ADMIN, "log"]],
  ["is of another phase", ["a", ADMIN, "block", { phase: "origin" }], ["b", ADMIN, "log"]],
  ["goes on", ["a", ADMIN, { score: 1 }], ["b", ADMIN, "log"]],
])("a rule is not hidden by one that %s", async (_how, first, second) => {
  expect(await found(first, second)).toEqual([]);
});

test("what a rule passes over hides nothing", async () => {
  expect(await found(["trust", "ssl", { skip: ["a"] }], ["a", ADMIN, "block"], ["b", ADMIN, "log"])).toEqual([]);
});

test("a rule that says the same as another is told once", async () => {
  expect(await found(["a", ADMIN, "log"], ["b", 'http.request.uri.path == "/admin"', "log"])).toEqual(["1 rule-repeats"]);
});
