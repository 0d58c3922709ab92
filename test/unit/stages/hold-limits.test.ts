// Rate limits that count by the answer, from the check before it to the count after it.
import { expect, test } from "vitest";
import type { Exchange } from "../../../src/exchange.ts";
import { createRateMemory } from "../../../src/firewall/rate-memory.ts";
import type { Ports, RateRequest } from "../../../src/ports.ts";
import { countByAnswer, holdLimits } from "../../../src/stages/hold-limits.ts";
import { decide } from "../../../src/decide.ts";
import { factsOf, type FactsInput } from "../../support/facts.ts";
import { NOW_MS } from "../config/build-helper.ts";
import { rulesetOf } from "../firewall/decided.ts";

const LIMIT = {
  id: "guess",
  when: 'http.request.uri.path eq "/login"',
  action: {
    rateLimit: {
      by: ["address", "path"],
      requests: 5,
      per: "60s",
      count: 'http.request.uri.path eq "/login" and http.response.code eq 401',
    },
  },
};

/** What the counter is asked for a request that is answered with 401. */
async function asked(firewall: readonly unknown[], request: FactsInput = {}): Promise<readonly (readonly [does: string, key: string])[]> {
  const ruleset = await rulesetOf(firewall);
  const { facts, match, verdict, outcome } = decide(
    ruleset,
    factsOf({ url: "http://a.example.com/login", nowMs: NOW_MS, ...request }),
    "id",
  );
  const questions: RateRequest[] = [];
  const counter: Ports["rates"] = {
    binding: null,
    object: { ask: (question) => (questions.push(question), Promise.resolve({ limited: false, remaining: 1, waitMs: 0 })) },
  };
  const ports = {
    rates: counter,
    clock: { nowMs: () => NOW_MS },
    log: { write: () => undefined },
    defer: () => undefined,
  } as unknown as Ports;
  const exchange = {
    facts,
    route: match?.route.id ?? null,
    plan: outcome.kind === "proxy" ? outcome.plan : null,
    state: { ruleset },
    firewall: { latest: verdict, body: null, isRefused: false, headers: [], counting: [] },
    digest: { rules: [...verdict.matched], cache: { status: "NONE" }, attempts: [] },
  } as unknown as Exchange;
  const memory = createRateMemory();
  await holdLimits(exchange, { limits: verdict.limits, ports, memory });
  countByAnswer(exchange, new Response(null, { status: 401 }), { ports, memory });
  return questions.map(({ does, key }) => [does, key] as const);
}

const KEY = '["192.0.2.1","/login"]';

test("a request is counted under the key that it was checked under", async () => {
  expect(await asked([LIMIT])).toEqual([
    ["check", KEY],
    ["count", KEY],
  ]);
});

test("also where a rule of the same phase has rewritten what the limit looks at", async () => {
  const rewrite = { id: "rw", when: 'http.request.uri.path eq "/login"', action: { rewrite: { path: "/auth" } } };
  expect(await asked([rewrite, LIMIT])).toEqual([
    ["check", KEY],
    ["count", KEY],
  ]);
});

test.each([
  ["the rest of the phase", "skip"],
  ["the rule", { skip: ["guess"] }],
  ["all rate limits", { skip: { rateLimits: true } }],
])("a request that skips %s is neither checked nor counted", async (_what, action) => {
  expect(await asked([{ id: "s", when: "not ssl", action }, LIMIT])).toEqual([]);
});
