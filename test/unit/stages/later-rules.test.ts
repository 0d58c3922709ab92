import { expect, test } from "vitest";
import { decide } from "../../../src/decide.ts";
import type { Exchange } from "../../../src/exchange.ts";
import type { PhaseVerdict } from "../../../src/firewall/evaluate.ts";
import { evaluateLater } from "../../../src/stages/later-rules.ts";
import { factsOf } from "../../support/facts.ts";
import { rulesetOf } from "../firewall/decided.ts";

const ROUTES = [
  { path: "/fixed", respond: { body: "ok" } },
  { path: "/*", pool: "web" },
];

/** What a phase says of a GET of a path, with an answer of 200 where there is one by then. */
async function later(phase: "origin" | "response", path: string, firewall: readonly unknown[]): Promise<PhaseVerdict> {
  const ruleset = await rulesetOf(firewall, { routes: ROUTES });
  const { facts, match, verdict, outcome } = decide(ruleset, factsOf({ url: `http://a.example.com${path}` }), "id");
  const exchange = {
    id: "id",
    facts,
    route: match?.route.id ?? null,
    plan: outcome.kind === "proxy" ? outcome.plan : null,
    state: { ruleset },
    firewall: { latest: verdict, body: null, isRefused: false, headers: [], counting: [] },
    digest: { rules: [], logged: {}, cache: { status: "NONE" } },
  } as unknown as Exchange;
  return evaluateLater(exchange, phase, phase === "origin" ? null : new Response("ok"));
}

test.each([
  ["a route that answers by itself", "/fixed", "a * /fixed"],
  ["a route with a pool", "/other", "a * /*"],
])("rules on the answer know %s", async (_what, path, route) => {
  const { end } = await later("response", path, [{ id: "r", phase: "response", when: `bw.route eq "${route}"`, action: "block" }]);
  expect(end?.rule.id).toBe("r");
});

test.each<[string, string, string | undefined]>([
  ["a phase", '{"phases":["origin"]}', undefined],
  ["the rule", '["guard"]', undefined],
  ["another phase", '{"phases":["response"]}', "guard"],
])("where an earlier phase has skipped %s, a later one ends with: %s, %s", async (_what, skip, ended) => {
  const { end } = await later("origin", "/", [
    { id: "skip", when: "not ssl", action: { skip: JSON.parse(skip) as unknown } },
    { id: "guard", phase: "origin", when: "not ssl", action: "block" },
  ]);
  expect(end?.rule.id).toBe(ended);
});
