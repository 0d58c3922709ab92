import { expect, test } from "vitest";
import type { Facts } from "../../../src/facts.ts";
import type { Plan } from "../../../src/plan.ts";
import { invalidatedKeys } from "../../../src/stages/invalidated-keys.ts";
import { decided } from "../firewall/decided.ts";

const CONFIG = {
  routes: [
    { path: "/a", pool: "web" },
    { path: "/dynamic", pool: "web", cache: "bypass" },
  ],
};

async function planned(method: string, to: string | null): Promise<{ readonly facts: Facts; readonly plan: Plan }> {
  const rules = to === null ? [] : [{ id: "move", when: 'http.request.uri.path eq "/a"', action: { rewrite: { path: to } } }];
  const { facts, outcome } = await decided(rules, { url: "http://a.example.com/a", method }, { config: CONFIG });
  if (outcome.kind !== "proxy") throw new Error("the route has a pool");
  return { facts, plan: outcome.plan };
}

test.each([
  ["no rule moves", null],
  ["a rule moves to a path without a route", "/b"],
  ["a rule moves to a path of a route that stores nothing", "/dynamic"],
])("a POST makes unusable what a GET of its URL has stored, where %s", async (_what, to) => {
  const { cache } = (await planned("GET", to)).plan;
  const { facts, plan } = await planned("POST", to);
  expect(invalidatedKeys(facts, plan, new Response("ok"))).toEqual([cache.use === "cache" ? cache.key : null]);
});

test("a POST that failed makes nothing unusable", async () => {
  const { facts, plan } = await planned("POST", null);
  expect(invalidatedKeys(facts, plan, new Response("no", { status: 500 }))).toEqual([]);
});
