// A rate limit, loaded: its counter's name, what it is asked, and what the visitor is told.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { RateLimitActionSnapshot } from "../../../src/config/rule-snapshot.ts";
import type { Expression } from "../../../src/expression/ast.ts";
import { parseExpression } from "../../../src/expression/parse.ts";
import { ruleContext } from "../../../src/firewall/context.ts";
import { ruleScheme } from "../../../src/firewall/fields.ts";
import { limitedAnswer, loadRateLimit, rateFields, rateRequest, type RateLimit, type RateStand } from "../../../src/firewall/rate-limit.ts";
import { parseList } from "../../../src/http/structured-fields.ts";
import { RATE_BINDING_LIMIT } from "../../../src/limits.ts";
import type { RateVerdict } from "../../../src/ports.ts";
import { factsOf } from "./facts.ts";

const ACTION: RateLimitActionSnapshot = {
  kind: "rateLimit",
  by: [{ kind: "address" }],
  requests: 100,
  periodSeconds: 60,
  counter: "object",
  count: null,
  countsAnswers: false,
  blockSeconds: null,
  unreachable: "allow",
  status: 429,
  contentType: null,
  body: null,
};

function limitOf(over: Partial<RateLimitActionSnapshot> = {}, rule: { readonly id?: string; readonly mode?: "log" } = {}): RateLimit {
  return loadRateLimit({ id: rule.id ?? "api", mode: rule.mode ?? "enforce", action: { ...ACTION, ...over } }, new Map());
}

function expressionOf(text: string): Expression {
  const parsed = parseExpression(text, ruleScheme);
  if (!parsed.ok) throw new Error(`not an expression: ${text}`);
  return parsed.value.expression;
}

test("a limit that is changed has another counter", () => {
  const changed: readonly Partial<RateLimitActionSnapshot>[] = [
    { requests: 101 },
    { periodSeconds: 61 },
    { blockSeconds: 60 },
    { by: [{ kind: "host" }] },
    { counter: "binding" },
    { count: expressionOf('http.request.method eq "POST"') },
  ];
  const names = [limitOf(), limitOf({}, { mode: "log" }), limitOf({}, { id: "web" }), ...changed.map((over) => limitOf(over))];
  expect(new Set(names.map(({ name }) => name)).size).toBe(names.length);
});

test("what visitors are told may change, and what they were counted stays", () => {
  const same: readonly Partial<RateLimitActionSnapshot>[] = [
    { status: 503 },
    { body: "slow down", contentType: "text/plain" },
    { unreachable: "block" },
  ];
  for (const over of same) expect(limitOf(over).name).toBe(limitOf().name);
});

test("a counter is asked with what the limit says", () => {
  const limit = limitOf({ blockSeconds: 600 });
  expect(rateRequest(limit, "visitor", "check")).toEqual({
    name: limit.name,
    key: "visitor",
    requests: 100,
    periodSeconds: 60,
    blockSeconds: 600,
    does: "check",
  });
});

test("`count` says which requests are counted, by the answer too", () => {
  const limit = limitOf({ count: expressionOf("http.response.code eq 401"), countsAnswers: true });
  const facts = factsOf("http://shop.test/login");
  const answered = (status: number): boolean => {
    const response = { status, headers: new Headers(), cacheStatus: null };
    return limit.counts(ruleContext({ facts, response }));
  };
  expect([answered(401), answered(200), limit.counts(ruleContext({ facts }))]).toEqual([true, false, false]);
  expect(limitOf().counts(ruleContext({ facts }))).toBe(false);
});

test("without a body it is the error page with the rule's status, with one it is that", () => {
  expect(limitedAnswer(limitOf({ status: 503 }), 1500)).toEqual({
    kind: "error",
    error: { code: "rate-limited", status: 503, retryAfterSeconds: 2, ruleId: "api" },
  });
  expect(limitedAnswer(limitOf({ body: '{"slow":true}', contentType: "application/json" }), 1500)).toEqual({
    kind: "page",
    status: 429,
    contentType: "application/json",
    body: '{"slow":true}',
  });
});

const stand = (limit: RateLimit, verdict: RateVerdict): RateStand => ({ limit, verdict });
const over = (waitMs: number | null): RateVerdict => ({ limited: true, remaining: 0, waitMs });

test("the fields tell of every limit, and when to come again of the one that was passed", () => {
  const passed = stand(limitOf({}, { id: "day" }), { limited: false, remaining: 41, waitMs: 30_001 });
  const fields = Object.fromEntries(rateFields([passed, stand(limitOf({ requests: 5, periodSeconds: 10 }), over(600_000))]));
  expect(fields).toEqual({
    "ratelimit-policy": '"day";q=100;w=60, "api";q=5;w=10',
    ratelimit: '"day";r=41;t=31, "api";r=0;t=600',
    "retry-after": "600",
  });
});

test.each<readonly [string, RateVerdict, string | undefined, string | undefined]>([
  ["one that is let pass and no more is known of", { limited: false, remaining: null, waitMs: null }, undefined, undefined],
  ["one that is over and the time is not known of", over(null), '"api";r=0', "60"],
  ["one that is over for a moment", over(1), '"api";r=0;t=1', "1"],
  ["one that has all left", { limited: false, remaining: 100, waitMs: 0 }, '"api";r=100;t=1', undefined],
  ["one whose counter is not there", { limited: true, remaining: null, waitMs: 5000 }, undefined, "5"],
])("%s", (_, verdict, ratelimit, retryAfter) => {
  const fields = Object.fromEntries(rateFields([stand(limitOf(), verdict)]));
  expect(fields["ratelimit"]).toBe(ratelimit);
  expect(fields["retry-after"]).toBe(retryAfter);
  expect(fields["ratelimit-policy"]).toBe('"api";q=100;w=60');
});

test("the limiters are deployed with the limit that all rules share out", () => {
  const toml = readFileSync(new URL("../../../wrangler.toml", import.meta.url), "utf8");
  const limiters = [...toml.matchAll(/^simple = \{ limit = (\d+), period = (\d+) \}$/gm)].map(([, limit, period]) => [
    Number(limit),
    Number(period),
  ]);
  expect(limiters).toEqual([
    [RATE_BINDING_LIMIT, 10],
    [RATE_BINDING_LIMIT, 60],
  ]);
});

test("no limit, no fields", () => {
  expect(rateFields([])).toEqual([]);
});

test("what is written is a structured field", () => {
  const fields = Object.fromEntries(rateFields([stand(limitOf({}, { id: 'a "quoted" id' }), over(1))]));
  for (const name of ["ratelimit-policy", "ratelimit"]) expect(parseList(fields[name] ?? "")).toMatchObject({ ok: true });
});
