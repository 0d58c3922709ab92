import { expect, test } from "vitest";
import { changedFacts, changeRequestHeaders, NO_CHANGES, type HeaderChange } from "../../../src/firewall/changes.ts";
import { factsOf } from "../../support/facts.ts";
import { decided } from "./decided.ts";

const REWRITE = [{ id: "file", when: "not ssl", action: { rewrite: { path: { expression: 'http.request.uri.args["file"][0]' } } } }];

async function rewritten(file: string): Promise<string> {
  const { facts } = await decided(REWRITE, { url: `http://a.example.com/kept?file=${file}` });
  return facts.path;
}

test.each([
  ["files/a", "/files/a"],
  ["//evil.example/a", "/evil.example/a"],
  ["/a%2fb", "/a%2Fb"],
])("a path of %s becomes %s", async (file, path) => {
  expect(await rewritten(file)).toBe(path);
});

test.each(["/files/../admin", "/files/%2e%2e/admin", "/files/..%2fadmin", "/files/%252e%252e/admin", "/files/..;/admin", "/a%00", "/a%0a"])(
  "the path %s, which no visitor may ask for, is not made out of what a visitor sends either",
  async (file) => {
    expect(await rewritten(file)).toBe("/kept");
  },
);

const SPELLINGS = { "X-Role": "a", X_Role: "b", X_Other: "c" };

test.each<[string, HeaderChange, Readonly<Record<string, string>>]>([
  ["set", { verb: "set", name: "x-role", value: "guest" }, { "x-role": "guest", x_other: "c" }],
  ["removed", { verb: "remove", name: "x-role" }, { x_other: "c" }],
  ["added", { verb: "add", name: "x-role", value: "guest" }, { "x-role": "a, guest", x_role: "b", x_other: "c" }],
])("a header that is %s: its other spelling", (_what, change, left) => {
  const headers = new Headers(SPELLINGS);
  changeRequestHeaders(headers, [change]);
  expect(Object.fromEntries(headers)).toEqual(left);
});

test("a spelling that a rule itself names stays", () => {
  const headers = new Headers(SPELLINGS);
  changeRequestHeaders(headers, [
    { verb: "set", name: "x-role", value: "1" },
    { verb: "set", name: "x_role", value: "2" },
  ]);
  expect([headers.get("x-role"), headers.get("x_role")]).toEqual(["1", "2"]);
});

test("the other spelling is gone from the changed request", () => {
  const facts = factsOf({ url: "http://a.example.com/", headers: SPELLINGS });
  const changed = changedFacts(facts, { ...NO_CHANGES, headers: [{ verb: "remove", name: "x-role" }] });
  expect([changed.headers.has("x_role"), facts.headers.has("x_role")]).toEqual([false, true]);
});
