// What becomes of one rule: each action, each of its options, and what is left out with which reason.

import { describe, expect, test } from "vitest";
import { importOne, plan, type OneRule, type PlanOptions } from "./harness.ts";

type Row = readonly [name: string, rule: OneRule, expected: Readonly<Record<string, unknown>>, options?: PlanOptions];

const CACHE = { phase: "http_request_cache_settings", action: "set_cache_settings" };
const LIMIT = { phase: "http_ratelimit", action: "block" };
const limit = (ratelimit: object): object => ({
  ratelimit: { characteristics: ["cf.colo.id", "ip.src"], period: 60, requests_per_period: 10, ...ratelimit },
});
const cache = (action_parameters: object): OneRule => ({ ...CACHE, action_parameters: { cache: true, ...action_parameters } });
const headers = (value: object): object => ({ action: "rewrite", action_parameters: { headers: value } });

const CARRIED: readonly Row[] = [
  ["block", {}, { action: "block" }],
  ["block with a status alone", { action_parameters: { response: { status_code: 410 } } }, { action: { block: { status: 410 } } }],
  [
    "block with a page",
    { action_parameters: { response: { status_code: 403, content: "<p>no", content_type: "text/html" } } },
    { action: { block: { body: "<p>no", contentType: "text/html" } } },
  ],
  ["log", { action: "log" }, { action: "log" }],
  ["log is not put into log mode", { action: "log" }, { action: "log", mode: undefined }, { mode: "log" }],
  ["block in log mode", {}, { action: "block", mode: "log" }, { mode: "log" }],
  ["a disabled rule stays disabled", { enabled: false }, { enabled: false }],
  ["score", { action: "score", action_parameters: { increment: 5 } }, { action: { score: 5 } }],
  ["a challenge as a block", { action: "managed_challenge" }, { action: "block" }, { challenge: "block" }],
  ["a challenge as a log", { action: "js_challenge" }, { action: "log" }, { challenge: "log" }],
  ["skip of the rest", { action: "skip", action_parameters: { ruleset: "current" } }, { action: "skip" }],
  [
    "skip of rate limits",
    { action: "skip", action_parameters: { phases: ["http_ratelimit"] } },
    { action: { skip: { rateLimits: true } } },
  ],
  [
    "skip of the old products",
    { action: "skip", action_parameters: { products: ["rateLimit", "waf"] } },
    { action: { skip: { rateLimits: true } } },
  ],
  [
    "redirect keeps the query where it says so",
    {
      action: "redirect",
      action_parameters: { from_value: { status_code: 307, target_url: { value: "/new" }, preserve_query_string: true } },
    },
    { action: { redirect: { to: "/new", status: 307, query: "keep" } } },
  ],
  [
    "redirect without a status",
    { action: "redirect", action_parameters: { from_value: { target_url: { expression: 'concat("/de", http.request.uri.path)' } } } },
    { action: { redirect: { expression: 'concat("/de", http.request.uri.path)', query: "drop" } } },
  ],
  [
    "rewrite of the query by a value",
    { action: "rewrite", action_parameters: { uri: { query: { value: 'a="1"' } } } },
    { action: { rewrite: { query: { expression: '"a=\\"1\\""' } } } },
  ],
  [
    "an empty header value",
    headers({ "X-A": { operation: "set", value: "" } }) as OneRule,
    { action: { rewrite: { headers: { set: { "X-A": "" } } } } },
  ],
  [
    "headers of the answer may have the names of the connection's forwarders",
    { phase: "http_response_headers_transform", ...headers({ Via: { operation: "remove" } }) },
    { phase: "response", action: { rewrite: { headers: { remove: ["Via"] } } } },
  ],
  ["cache: eligible", cache({}), { action: { set: { cache: "respect" } } }],
  ["cache: respect the origin", cache({ edge_ttl: { mode: "respect_origin" } }), { action: { set: { cache: "respect" } } }],
  [
    "cache: only what the origin allows",
    cache({ edge_ttl: { mode: "bypass_by_default" } }),
    { action: { set: { cache: { edge: "respect", default: "0s" } } } },
  ],
  ["cache: browsers ask again", cache({ browser_ttl: { mode: "bypass" } }), { action: { set: { cache: { browser: "0s" } } } }],
  [
    "cache: no query in the key",
    cache({ cache_key: { custom_key: { query_string: { exclude: "*" } } } }),
    { action: { set: { cache: { key: { query: "none" } } } } },
  ],
  [
    "cache: some parameters, in the API's other form",
    cache({ cache_key: { custom_key: { query_string: { include: ["page"] } } } }),
    { action: { set: { cache: { key: { query: { only: ["page"] } } } } } },
  ],
  [
    "cache: several classes at once",
    cache({ edge_ttl: { mode: "respect_origin", status_code_ttl: [{ status_code_range: { from: 400 }, value: -1 }] } }),
    { action: { set: { cache: { statuses: { "4xx": "0s", "5xx": "0s" } } } } },
  ],
  [
    "a rate limit without a timeout",
    { ...LIMIT, ...limit({ mitigation_timeout: 0 }) },
    { action: { rateLimit: { by: ["address"], requests: 10, per: "1m" } } },
  ],
  ["a rate limit on what reaches the origin", { ...LIMIT, ...limit({ requests_to_origin: true }) }, { phase: "origin" }],
  [
    "a rate limit that counts other requests",
    { ...LIMIT, ...limit({ counting_expression: "http.response.code eq 401" }) },
    { action: { rateLimit: { by: ["address"], requests: 10, per: "1m", count: "http.response.code eq 401" } } },
  ],
  [
    "a rate limit by an expression",
    { ...LIMIT, ...limit({ characteristics: ["cf.colo.id", "lower(http.user_agent)", "ip.geoip.country"] }) },
    { action: { rateLimit: { by: [{ expression: "lower(http.user_agent)" }, "country"], requests: 10, per: "1m" } } },
  ],
  ["a rate limit that challenges", { ...LIMIT, action: "challenge", ...limit({}) }, { mode: "log" }, { challenge: "log" }],
  [
    "a field that may be missing is watched first",
    { expression: "not cf.client.bot" },
    { when: "not cf.client.bot", action: "block", mode: "log" },
  ],
  [
    "a page in place of an answer",
    {
      phase: "http_custom_errors",
      action: "serve_error",
      expression: "http.response.code eq 404",
      action_parameters: { content: "{}", content_type: "application/json", status_code: 404 },
    },
    { phase: "response", action: { block: { status: 404, body: "{}", contentType: "application/json" } } },
  ],
];

describe("carried over", () => {
  test.each(CARRIED.map((row) => [row[0], row] as const))("%s", async (_name, [, rule, expected, options = {}]) => {
    const outcome = await importOne(rule, options);
    expect(outcome.left).toBeNull();
    expect(outcome.rule).toMatchObject(Object.fromEntries(Object.entries(expected).filter(([, value]) => value !== undefined)));
    for (const [key, value] of Object.entries(expected)) expect(outcome.rule?.[key]).toEqual(value);
  });
});

type LeftRow = readonly [name: string, rule: OneRule, reason: RegExp, instead: RegExp, options?: PlanOptions];

const LEFT: readonly LeftRow[] = [
  ["a challenge", { action: "managed_challenge" }, /cannot set a managed challenge/, /--challenge block/],
  ["a challenge that is to be left out", { action: "challenge" }, /cannot set a challenge/, /nothing/, { challenge: "skip" }],
  ["a rate limit that challenges", { ...LIMIT, action: "managed_challenge", ...limit({}) }, /cannot set/, /--challenge/],
  ["a rate limit by scores", { ...LIMIT, ...limit({ score_per_period: 5 }) }, /scores/, /requests/],
  [
    "a rate limit by what only Cloudflare knows",
    { ...LIMIT, ...limit({ characteristics: ["cf.waf.score"] }) },
    /cf\.waf\.score/,
    /by hand|type|rule add/,
  ],
  ["a period that is too short", { ...LIMIT, ...limit({ period: 5 }) }, /too short/, /10s/],
  ["a list that the config lacks", { expression: "ip.src in $office" }, /no list \$office/, /breakwater list create office --kind ip/],
  ["a list of texts", { expression: "http.host in $hosts" }, /no list \$hosts/, /create hosts --kind string/],
  ["a list of networks", { expression: "ip.src.asnum in $nets" }, /no list \$nets/, /create nets --kind asn/],
  ["Cloudflare's own list", { expression: "ip.src in $cf.open_proxies" }, /Cloudflare keeps/, /of your own/],
  ["a field that only Cloudflare computes", { expression: "not cf.waf.score lt 10" }, /cf\.waf\.score is never known here/, /without it/],
  ["another such field", { expression: "cf.threat_score gt 10" }, /cf\.threat_score is never known here/, /without it/],
  ["a field that does not exist", { expression: "http.hoost eq 1" }, /not understood/, /docs\/rules\.md/],
  ["an empty expression", { expression: "" }, /no expression/, /rule add/],
  ["an expression that never holds", { expression: "(false)" }, /never matches/, /nothing/],
  ["what is looked at too early", { expression: "http.response.code eq 404" }, /no answer yet/, /phase: response/],
  ["leaked credentials", { exposed_credential_check: { username_expression: "x", password_expression: "y" } }, /credentials/, /by hand/],
  [
    "a skip of nothing that is here",
    { action: "skip", action_parameters: { phases: ["http_request_sbfm"] } },
    /Super Bot Fight Mode/,
    /nothing/,
  ],
  ["a skip of managed rules", { action: "skip", action_parameters: { phases: ["http_request_firewall_managed"] } }, /none here/, /nothing/],
  ["a skip of managed rules by id", { action: "skip", action_parameters: { rules: { efb7b8: ["5de7edfa"] } } }, /5de7edfa/, /nothing/],
  ["a managed ruleset", { action: "execute", action_parameters: { id: "efb7b8" } }, /efb7b8/, /managed/],
  ["another origin", { action: "route", action_parameters: { host_header: "b.example.net" } }, /host_header/, /https:\/\/b\.example\.net/],
  ["settings of the zone", { action: "set_config", action_parameters: { polish: "off" } }, /polish/, /zone/],
  ["only protected headers", headers({ Host: { operation: "set", value: "x" } }) as OneRule, /Host is left out/, /leave it out/],
  [
    "two names of one header",
    headers({ "X-A": { operation: "set", value: "1" }, "x-a": { operation: "set", value: "2" } }) as OneRule,
    /do not differ by case/,
    /Keep one/,
  ],
  [
    "a status that no block has",
    { action_parameters: { response: { status_code: 200, content: "ok" } } },
    /cannot hold its action/,
    /config\.md/,
  ],
  ["an action that is new", { action: "teleport" }, /teleport is not known/, /rule add/],
  [
    "a header made by an unknown function",
    headers({ "X-A": { operation: "set", expression: "reverse(http.host)" } }) as OneRule,
    /not understood/,
    /docs/,
  ],
  ["an asset as a page", { action: "serve_error", action_parameters: { asset_name: "x" } }, /asset/, /errors/],
  ["a page that keeps the status", { action: "serve_error", action_parameters: { content: "x" } }, /keeps the status/, /errors/],
];

describe("left out, with a reason and a way on", () => {
  test.each(LEFT.map((row) => [row[0], row] as const))("%s", async (_name, [, rule, reason, instead, options = {}]) => {
    const outcome = await importOne(rule, options);
    expect(outcome).toMatchObject({ did: "left", id: null, rule: null });
    expect(outcome.left?.reason).toMatch(reason);
    expect(outcome.left?.instead).toMatch(instead);
  });
});

const NAMES: readonly (readonly [name: string, rule: OneRule, id: string])[] = [
  ["the owner's own name", { ref: "block_wp", description: "WordPress" }, "block_wp"],
  ["a ref that is the id is none", { ref: "b1234567890000000000000000000001", description: "WordPress" }, "wordpress"],
  ["a ref that cannot be a name", { ref: "block wp!", description: "WordPress" }, "wordpress"],
  ["a description", { description: " Block: WP (login) & Über-Bots " }, "block-wp-login-uber-bots"],
  [
    "a long one ends at a word",
    { description: "every request without a user agent that comes from abroad" },
    "every-request-without-a-user-agent-that-comes",
  ],
  ["one long word", { description: "x".repeat(80) }, "x".repeat(48)],
  ["no description", {}, "cf-b1234567"],
  ["one without letters", { description: "***" }, "cf-b1234567"],
  ["one that is taken", { description: "Ours" }, "ours-2"],
];

test.each(NAMES)("names: %s", async (_name, rule, id) => {
  expect((await importOne(rule)).id).toBe(id);
});

function rulesetOf(phase: string, rules: readonly object[], more: object = {}): object {
  return { id: phase, kind: "zone", phase, rules, ...more };
}

const SKIP = { id: "s1", action: "skip", expression: "ssl", description: "skip", action_parameters: { ruleset: "current" } };
const BLOCK = { id: "b1", action: "block", expression: 'http.host eq "x.example.com"', description: "block" };

describe("what a skip skips", () => {
  test("the rest of the phase, where nothing of another ruleset follows in it", async () => {
    const { imported } = await plan(JSON.stringify([rulesetOf("http_request_firewall_custom", [SKIP, BLOCK])]));
    expect(imported.outcomes[0]).toMatchObject({ did: "carried", rule: { action: "skip" } });
  });

  test("its own ruleset by name, where others follow", async () => {
    const late = rulesetOf("http_request_late_transform", [
      { id: "h1", expression: "ssl", ...headers({ "X-A": { operation: "remove" } }) },
    ]);
    const { imported } = await plan(JSON.stringify([late, rulesetOf("http_request_firewall_custom", [SKIP, BLOCK])]));
    expect(imported.outcomes[0]).toMatchObject({ did: "changed", rule: { action: { skip: { rules: ["block"] } } } });
  });

  test("its own ruleset by name, where rules of the config follow", async () => {
    const { imported } = await plan(JSON.stringify([rulesetOf("http_request_firewall_custom", [SKIP, BLOCK])]), { before: "ours" });
    expect(imported.outcomes[0]).toMatchObject({ rule: { action: { skip: { rules: ["block"] } } } });
  });

  test("never a rule that is left out", async () => {
    const bad = { ...BLOCK, id: "b2", description: "bad", expression: 'http.response.code eq 404 and http.host eq "x.example.com"' };
    const rules = [SKIP, BLOCK, bad];
    const { imported } = await plan(JSON.stringify([rulesetOf("http_request_firewall_custom", rules)]), { before: "ours" });
    expect(imported.outcomes.map(({ did }) => did)).toEqual(["changed", "carried", "left"]);
    expect(imported.outcomes[0]).toMatchObject({ rule: { action: { skip: { rules: ["block"] } } } });
  });

  test("rules by Cloudflare's ids, where they are carried over", async () => {
    const skip = { ...SKIP, action_parameters: { rules: { x: ["b1", "b9"] } } };
    const { imported } = await plan(JSON.stringify([rulesetOf("http_request_firewall_custom", [skip, BLOCK])]));
    expect(imported.outcomes[0]).toMatchObject({ did: "changed", rule: { action: { skip: { rules: ["block"] } } } });
    expect(imported.outcomes[0]?.changes.join()).toContain("b9");
  });

  test("the rules of a custom ruleset that follows, too", async () => {
    const execute = { id: "e1", action: "execute", expression: 'http.host eq "api.example.com"', action_parameters: { id: "c" } };
    const custom = { id: "c", kind: "custom", name: "API", phase: "http_request_firewall_custom", rules: [BLOCK] };
    const { imported } = await plan(JSON.stringify([rulesetOf("http_request_firewall_custom", [SKIP, execute]), custom]), {
      before: "ours",
    });
    expect(imported.outcomes[0]).toMatchObject({ rule: { action: { skip: { rules: ["block"] } } } });
    expect(imported.outcomes[1]?.rule?.["when"]).toBe('(http.host eq "api.example.com") and (http.host eq "x.example.com")');
  });
});

test("a hundred rules are imported in their order", async () => {
  const rules = Array.from({ length: 100 }, (_, at) => ({
    id: `${at}`,
    action: "block",
    expression: `http.request.uri.path eq "/${at}"`,
    description: `r ${at}`,
  }));
  const { text } = await plan(JSON.stringify(rulesetOf("http_request_firewall_custom", rules)));
  const ids = Array.from(text.matchAll(/^ {2}- id: (.+)$/gm), ([, id]) => id);
  expect(ids).toEqual(["ours", ...rules.map((_, at) => `r-${at}`)]);
});
