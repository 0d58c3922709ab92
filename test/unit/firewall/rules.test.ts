import { expect, test } from "vitest";
import { loadRules } from "../../../src/firewall/rules.ts";
import type { RuleSnapshot } from "../../../src/config/rule-snapshot.ts";
import type { Value } from "../../../src/expression/ast.ts";
import type { Decision } from "../../../src/decide.ts";
import { buildValue, NOW_MS, smallConfig } from "../config/build-helper.ts";
import { decided, outline } from "./decided.ts";

const ADMIN = 'http.request.uri.path eq "/admin"';
const ALWAYS = "not ssl";

/** Rules as `[id, when, action]`, or with more keys. */
type Short = readonly [id: string, when: string, action: unknown, more?: Readonly<Record<string, unknown>>];

const rules = (...short: Short[]): readonly unknown[] => short.map(([id, when, action, more]) => ({ id, when, action, ...more }));

async function ends(...short: Short[]): Promise<string> {
  return outline(await decided(rules(...short)));
}

test("without rules a request passes", async () => {
  expect(await ends()).toBe("pass");
});

test("the first block or redirect ends the evaluation", async () => {
  expect(await ends(["a", "ssl", "block"], ["b", ADMIN, "block"], ["c", ALWAYS, { redirect: "/elsewhere" }])).toBe("block b:block");
  expect(await ends(["a", ALWAYS, { redirect: "/elsewhere" }], ["b", ADMIN, "block"])).toBe("redirect a:redirect");
});

test("log goes on", async () => {
  expect(await ends(["a", ALWAYS, "log"], ["b", ADMIN, "block"])).toBe("block a:log b:block");
});

test("skip passes over the rules that it names, and over no others", async () => {
  expect(
    await ends(
      ["a", ALWAYS, { skip: ["b", "d"] }],
      ["b", ALWAYS, "block"],
      ["c", ALWAYS, "log"],
      ["d", ALWAYS, "block"],
      ["e", ALWAYS, "block"],
    ),
  ).toBe("block a:skip c:log e:block");
});

test("skip without names passes over all that follow in the phase", async () => {
  const office = { id: "b", when: "ip.src in $office", action: "skip" };
  const decision = await decided([...rules(["a", ALWAYS, "log"]), office, ...rules(["c", ALWAYS, "block"])], { address: "203.0.113.9" });
  expect(outline(decision)).toBe("pass a:log b:skip");
});

test("skip has no effect when it does not match", async () => {
  expect(await ends(["a", "ssl", { skip: ["b"] }], ["b", ALWAYS, "block"])).toBe("block b:block");
});

test.each([
  ["block", "would-block"],
  [{ redirect: "/x" }, "would-redirect"],
  ["skip", "would-skip"],
  [{ rewrite: { path: "/x" } }, "would-rewrite"],
  [{ set: { cache: "bypass" } }, "would-set"],
  [{ score: 5 }, "would-score"],
  ["log", "log"],
])("in log mode %j is recorded and does not act", async (action, did) => {
  const decision = await decided(rules(["a", ALWAYS, action, { mode: "log" }], ["z", ALWAYS, "log"]));
  expect(outline(decision)).toBe(`pass a:${did} z:log`);
  expect(decision.facts.path).toBe("/admin");
  expect(decision.verdict.score).toBe(0);
});

test("a rule holds until the millisecond before its expiry", async () => {
  const until = rules(["a", ALWAYS, "block", { expires: "2026-12-31T10:00:00Z" }]);
  const at = Date.UTC(2026, 11, 31, 10);
  expect(outline(await decided(until, { nowMs: at - 1 }))).toBe("block a:block");
  expect(outline(await decided(until, { nowMs: at }))).toBe("pass");
});

test("a disabled rule does nothing", async () => {
  expect(await ends(["a", ALWAYS, "block", { enabled: false }])).toBe("pass");
});

test("a snapshot that names what is not there does not load", async () => {
  const { snapshot } = await buildValue(smallConfig({ more: { firewall: rules(["a", ADMIN, "block"]) } }));
  const [good] = snapshot?.rules ?? [];
  const load =
    (subject: Value, ...tested: unknown[]) =>
    () =>
      loadRules({ rules: [{ ...good, expression: [0, ...tested] } as unknown as RuleSnapshot], subjects: [subject] }, new Map());
  expect(load({ kind: "field", name: "x.y", type: "Bool" })).toThrow(/the field x.y/);
  expect(load({ kind: "field", name: "ip.src", type: "Ip" }, "in-list", "gone")).toThrow(/the list gone/);
  expect(() => loadRules({ rules: [{ ...good, expression: [7] } as unknown as RuleSnapshot], subjects: [] }, new Map())).toThrow(
    /the subject 7/,
  );
});

test("rules from Cloudflare's documentation run unchanged", async () => {
  const when = `(
 (http.host eq "api.example.com" and http.request.uri.path eq "/api/v2/auth") or
 (http.host matches "^(www|store|a)\\.example\\.com" and http.request.uri.path contains "wp-login.php") or
 ip.geoip.country in {"CN" "TH" "US" "ID" "KR" "MY" "IT" "SG" "GB"} or ip.geoip.asnum in {12345 54321 11111}
) and not ip.src in {11.22.33.0/24}`;
  expect(outline(await decided(rules(["a", when, "block"]), { url: "http://a.example.com/x/wp-login.php" }))).toBe("block a:block");
  expect(outline(await decided(rules(["a", when, "block"]), { url: "http://a.example.com/x/wp-log.php" }))).toBe("pass");
});

test.each(["/admin", "//admin", "/%61dmin", "/x/../admin", "/./admin", "/admin/../admin"])(
  "%s cannot slip past a rule on the path /admin",
  async (path) => {
    expect(outline(await decided(rules(["a", ADMIN, "block"]), { url: `http://a.example.com${path}` }))).toBe("block a:block");
  },
);

test("the address of a rule is that of the receive stage, in any form", async () => {
  const office = rules(["a", "ip.src in $office", "block"]);
  for (const address of ["203.0.113.9", "::ffff:203.0.113.9"]) expect(outline(await decided(office, { address }))).toBe("block a:block");
  expect(outline(await decided(office, { address: "203.0.114.9" }))).toBe("pass");
});

const planOf = ({ outcome }: Decision) => {
  if (outcome.kind !== "proxy") throw new Error("this request is not proxied");
  return outcome.plan;
};
const keyOf = (decision: Decision): string => {
  const { cache } = planOf(decision);
  return cache.use === "cache" ? cache.key : cache.reason;
};

test("rewrites add up: the last word on a path, on a parameter, on a header counts", async () => {
  const decision = await decided(
    rules(
      ["a", ALWAYS, { rewrite: { path: "/one", query: { set: { x: "1", y: "2" } } } }],
      ["b", ALWAYS, { rewrite: { path: "/two", query: { set: { x: "3" }, remove: ["utm_*"] }, headers: { set: { "X-A": "1" } } } }],
      ["c", ALWAYS, { rewrite: { headers: { add: { "x-a": "{host}" }, remove: ["User-Agent"] } } }],
    ),
    { url: "http://a.example.com/admin?utm_source=m&z=4", headers: { "user-agent": "curl" } },
  );
  const { originRequest } = planOf(decision);
  expect(originRequest.target).toBe("/two?z=4&x=3&y=2");
  expect(originRequest.headers.get("x-a")).toBe("1, a.example.com");
  expect(originRequest.headers.get("user-agent")).toBeNull();
});

test("rules of one phase all look at the request as it came in", async () => {
  expect(await ends(["a", ALWAYS, { rewrite: { path: "/public" } }], ["b", ADMIN, "block"])).toBe("block a:rewrite b:block");
});

test("an expression makes a path, a query and header values", async () => {
  const decision = await decided(
    rules([
      "a",
      ALWAYS,
      {
        rewrite: {
          path: { expression: 'regex_replace(http.request.uri.path, "^/old/(.*)$", "/new/${1}")' },
          query: { expression: 'concat("q=", upper(http.request.uri.query))' },
          headers: { set: { "X-Path": { expression: "raw.http.request.uri.path" } } },
        },
      },
    ]),
    { url: "http://a.example.com/old/thing?a=b" },
  );
  expect(planOf(decision).originRequest.target).toBe("/new/thing?q=A=B");
  expect(planOf(decision).originRequest.headers.get("x-path")).toBe("/old/thing");
});

test.each([
  ["//evil.example/x", "/evil.example/x"],
  ["relative", "/relative"],
  ["/with space?and=query", "/with%20space"],
  ["/ä", "/%C3%A4"],
])("a path %s made by an expression is asked for as %s", async (made, asked) => {
  const decision = await decided(rules(["a", ALWAYS, { rewrite: { path: { expression: `"${made}"` } } }]));
  expect(planOf(decision).originRequest.target).toBe(asked);
});

test.each(["/a/../../b", "/a/..", "./b", "/a/%2e%2e/b", "/a/..%2fb", "/a/..;/b", "/a%00b"])(
  "a path %s, which leads elsewhere than it says, is as good as missing",
  async (made) => {
    const decision = await decided(rules(["a", ALWAYS, { rewrite: { path: { expression: `"${made}"` } } }]));
    expect(planOf(decision).originRequest.target).toBe("/admin");
  },
);

test("a part that is missing leaves what it was meant for as it is", async () => {
  const gone = 'http.request.headers["x-none"][0]';
  const action = { rewrite: { path: { expression: gone }, headers: { set: { "x-a": { expression: gone }, "x-b": "b" } } } };
  const { originRequest } = planOf(await decided(rules(["a", ALWAYS, action])));
  expect(originRequest.target).toBe("/admin");
  expect([originRequest.headers.get("x-a"), originRequest.headers.get("x-b")]).toEqual([null, "b"]);
  expect(await ends(["a", ALWAYS, { redirect: { expression: gone } }], ["b", ALWAYS, "log"])).toBe("pass a:no-value b:log");
});

test.each([
  ['concat("https://www.example.com", http.request.uri.path)', "https://www.example.com/admin"],
  ['concat("/", http.host, "/x")', "/a.example.com/x"],
  ['"//evil.example"', "/evil.example"],
  [String.raw`r"/\evil.example"`, "/evil.example"],
  [String.raw`"https://x.example/\x0d\x0aSet-Cookie: a=b"`, "https://x.example/%0D%0ASet-Cookie:%20a=b"],
])("a redirect by %s leads to %s", async (expression, location) => {
  const { outcome } = await decided(rules(["a", ALWAYS, { redirect: { expression, query: "drop" } }]));
  expect(outcome.kind === "answer" && outcome.answer).toMatchObject({ kind: "redirect", status: 302, location });
});

test.each(['"javascript:alert(1)"', '"ftp://x.example/"', '"https://"', '""'])(
  "%s is no target of a redirect: the rule does nothing",
  async (expression) => {
    expect(await ends(["a", ALWAYS, { redirect: { expression } }])).toBe("pass a:no-value");
  },
);

test("what rules tell the origin in headers is part of the cache key; path and query are by themselves", async () => {
  const plain = keyOf(await decided([]));
  const told = (value: string) =>
    rules(["a", 'has_key(http.request.headers, "x-beta")', { rewrite: { headers: { set: { "X-Variant": value } } } }]);
  const beta = { headers: { "x-beta": "1" } };
  expect(keyOf(await decided(told("b")))).toBe(plain);
  const [one, other] = [keyOf(await decided(told("b"), beta)), keyOf(await decided(told("c"), beta))];
  expect(new Set([plain, one, other]).size).toBe(3);
  expect(keyOf(await decided(rules(["a", ALWAYS, { rewrite: { path: "/x" } }])))).toBe("http://a.example.com/x");
});

test("a visitor's own word under a header that a rule states is no part of what others get", async () => {
  const beta = rules([
    "a",
    'has_key(http.request.headers, "x-beta")',
    { rewrite: { headers: { set: { "X-Variant": "beta", "User-Agent": "b" } } } },
  ]);
  const keyFor = async (headers: Readonly<Record<string, string>>) => keyOf(await decided(beta, { headers }));
  const plain = await keyFor({});
  const keys = [plain, await keyFor({ "x-beta": "1" }), await keyFor({ "x-variant": "beta" }), await keyFor({ "x-variant": "evil" })];
  expect(new Set(keys).size).toBe(4);
  // With a rule that applies, what the visitor said is gone.
  expect(await keyFor({ "x-beta": "1", "x-variant": "evil" })).toBe(keys[1]);
  // Of these every visitor has one, and origins say by Vary what they make of it.
  expect(await keyFor({ "user-agent": "evil" })).toBe(plain);
});

test("set replaces parts of the route's policy, the last word on each", async () => {
  const config = { more: { pools: { web: { origins: ["https://o.example.net"] }, canary: { origins: ["https://c.example.net"] } } } };
  const decision = await decided(
    rules(["a", ALWAYS, { set: { pool: "canary", cache: "1h" } }], ["b", ALWAYS, { set: { cache: "2h", retry: "off" } }]),
    {},
    { config },
  );
  const plan = planOf(decision);
  expect(plan.pool).toBe("canary");
  expect(plan.action.cache).toMatchObject({ mode: "override", edgeTtlSeconds: 7200 });
  expect(plan.action.retry.attempts).toBe(1);
  expect(keyOf(decision)).toBe("http://a.example.com/admin#pool=canary");
});

test("a rule can take a request out of the cache", async () => {
  expect(keyOf(await decided(rules(["a", ALWAYS, { set: { cache: "bypass" } }])))).toBe("route");
});

test("a score adds up over rules, and later rules compare it", async () => {
  const short: Short[] = [
    ["early", "bw.score ge 5", "block"],
    ["a", ALWAYS, { score: 3 }],
    ["b", ADMIN, { score: 4 }],
    ["c", "ssl", { score: 10 }],
    ["low", "bw.score ge 8", "block"],
    ["high", "bw.score ge 7", "block"],
  ];
  expect(await ends(...short)).toBe("block a:score b:score high:block");
});

test("log puts values of expressions into the log line", async () => {
  const { verdict } = await decided(
    rules([
      "a",
      ALWAYS,
      { log: { fields: { agent: "http.user_agent", none: 'http.request.headers["x"][0]', long: 'http.request.headers["y"][0]' } } },
    ]),
    { headers: { "user-agent": "curl/8", y: "y".repeat(300) } },
  );
  expect(verdict.logged).toEqual({ agent: "curl/8", long: "y".repeat(256) });
});

test("rate limits are handed on in order, and not where a rule has skipped them or ended the request", async () => {
  const limit = { rateLimit: { requests: 5, per: "60s" } };
  const limits = async (...short: Short[]) => (await decided(rules(...short))).verdict.limits.map(({ limit: { id } }) => id);
  expect(await limits(["a", ALWAYS, limit], ["b", "ssl", limit], ["c", ADMIN, limit])).toEqual(["a", "c"]);
  expect(await limits(["a", ALWAYS, limit], ["b", ADMIN, { skip: { rateLimits: true } }], ["c", ALWAYS, limit])).toEqual([]);
});

const POST = { method: "POST", hasBody: true, headers: { "content-length": "10" } };
const wants = async (short: Short[], request = {}) => (await decided(rules(...short), { ...POST, ...request })).verdict.wants;
const EVIL = 'http.request.body.raw contains "evil"';

test.each<[string, Short[], boolean]>([
  ["a rule that looks at it may match", [["a", EVIL, "block"]], true],
  ["what else the rule wants does not hold", [["a", `ssl and ${EVIL}`, "block"]], false],
  [
    "an earlier rule has ended the request",
    [
      ["a", ADMIN, "block"],
      ["b", EVIL, "block"],
    ],
    false,
  ],
  [
    "a later rule would end the request",
    [
      ["a", EVIL, "block"],
      ["b", ADMIN, "block"],
    ],
    true,
  ],
  [
    "it was skipped by name",
    [
      ["a", ADMIN, { skip: ["b"] }],
      ["b", EVIL, "block"],
    ],
    false,
  ],
  [
    "all that follow were skipped",
    [
      ["a", ADMIN, "skip"],
      ["b", EVIL, "block"],
    ],
    false,
  ],
  ["it must not hold", [["a", `not ${EVIL}`, "block"]], true],
  ["it is disabled", [["a", EVIL, "block", { enabled: false }]], false],
  ["a rule on the answer looks at it", [["a", `${EVIL} and http.response.code eq 200`, "log", { phase: "response" }]], true],
  [
    "the phase of the rule is skipped",
    [
      ["a", ADMIN, { skip: { phases: ["response"] } }],
      ["b", EVIL, "log", { phase: "response" }],
    ],
    false,
  ],
])("whether the body is read where %s", async (_why, short, isWanted) => {
  expect(await wants(short)).toEqual({ body: isWanted, lists: [] });
});

test("of a request without a body nothing is read: all is known of it", async () => {
  const short: Short[] = [["a", `not ${EVIL}`, "log"]];
  expect(await wants(short, { hasBody: false, headers: {} })).toEqual({ body: false, lists: [] });
});

test("with the body at hand rules are judged on it, and nothing more is wanted", async () => {
  const brought = { body: { bytes: "all evil", truncated: false }, lists: true };
  const decision = await decided(rules(["a", EVIL, "block"]), POST, { brought });
  expect(outline(decision)).toBe("block a:block");
  expect(decision.verdict.wants).toEqual({ body: false, lists: [] });
});

test("the clock of the tests is not past the dates in them", () => {
  expect(NOW_MS).toBeLessThan(Date.UTC(2026, 11, 31));
});
