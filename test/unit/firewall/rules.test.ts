import { expect, test } from "vitest";
import { parseExpression } from "../../../src/expression/parse.ts";
import { withLists } from "../../../src/expression/scheme.ts";
import { requestScheme } from "../../../src/firewall/fields.ts";
import { compileList, listTypes } from "../../../src/firewall/lists.ts";
import { evaluateRules, loadRules } from "../../../src/firewall/rules.ts";
import { factsOf as received } from "../../support/facts.ts";
import { factsOf } from "./facts.ts";
import type { ListSnapshot, RuleActionSnapshot, RuleSnapshot } from "../../../src/config/snapshot.ts";
import type { FirewallVerdict } from "../../../src/firewall/rules.ts";

const lists: Readonly<Record<string, ListSnapshot>> = { office: compileList("ip", ["203.0.113.0/24"]).list };
const scheme = withLists(requestScheme, listTypes(lists));

const BLOCK: RuleActionSnapshot = { kind: "block", status: 403, contentType: null, body: null };
const REDIRECT: RuleActionSnapshot = { kind: "redirect", status: 302, to: ["/elsewhere"], preserveQuery: false };
const skip = (...rules: string[]): RuleActionSnapshot => ({ kind: "skip", rules: rules.length === 0 ? null : rules });

function rule(id: string, when: string, action: RuleActionSnapshot, more: Partial<RuleSnapshot> = {}): RuleSnapshot {
  const parsed = parseExpression(when, scheme);
  if (!parsed.ok) throw new Error(parsed.error[0]?.message);
  const { expression } = parsed.value;
  return { id, description: "", when, expression, action, enabled: true, mode: "enforce", expiresAtMs: null, owner: "", ...more };
}

const NOW = 1_000_000;

function verdict(rules: readonly RuleSnapshot[], url = "http://shop.example.com/admin"): FirewallVerdict {
  // A release is stored as JSON: what runs is what comes back.
  const stored = JSON.parse(JSON.stringify({ rules, lists })) as { rules: readonly RuleSnapshot[]; lists: typeof lists };
  return evaluateRules(loadRules(stored.rules, stored.lists), factsOf(url), NOW);
}

const outcome = (rules: readonly RuleSnapshot[], url?: string): string => {
  const { outcome: kind, matched } = verdict(rules, url);
  return [kind, ...matched.map(({ id, did }) => `${id}:${did}`)].join(" ");
};

const ADMIN = 'http.request.uri.path eq "/admin"';
const ALWAYS = "not ssl";

test("without rules a request passes", () => {
  expect(outcome([])).toBe("pass");
});

test("the first block or redirect ends the evaluation", () => {
  expect(outcome([rule("a", "ssl", BLOCK), rule("b", ADMIN, BLOCK), rule("c", ALWAYS, REDIRECT)])).toBe("block b:block");
  expect(outcome([rule("a", ALWAYS, REDIRECT), rule("b", ADMIN, BLOCK)])).toBe("redirect a:redirect");
});

test("the verdict carries the rule with its answer", () => {
  const result = verdict([rule("a", ADMIN, { kind: "block", status: 451, contentType: "text/plain", body: "no" })]);
  expect(result.outcome === "block" && result.rule.action).toEqual({ kind: "block", status: 451, contentType: "text/plain", body: "no" });
});

test("log goes on", () => {
  expect(outcome([rule("a", ALWAYS, { kind: "log" }), rule("b", ADMIN, BLOCK)])).toBe("block a:log b:block");
});

test("skip passes over the rules that it names, and over no others", () => {
  const rules = [
    rule("a", ALWAYS, skip("b", "d")),
    rule("b", ALWAYS, BLOCK),
    rule("c", ALWAYS, { kind: "log" }),
    rule("d", ALWAYS, BLOCK),
    rule("e", ALWAYS, BLOCK),
  ];
  expect(outcome(rules)).toBe("block a:skip c:log e:block");
});

test("skip without names passes over all that follow", () => {
  expect(outcome([rule("a", ALWAYS, { kind: "log" }), rule("b", "ip.src in $office", skip()), rule("c", ALWAYS, BLOCK)])).toBe(
    "pass a:log b:skip",
  );
});

test("skip has no effect on rules before it, or when it does not match", () => {
  expect(outcome([rule("a", ALWAYS, BLOCK), rule("b", ALWAYS, skip("a"))])).toBe("block a:block");
  expect(outcome([rule("a", "ssl", skip("b")), rule("b", ALWAYS, BLOCK)])).toBe("block b:block");
});

test.each([
  [BLOCK, "would-block"],
  [REDIRECT, "would-redirect"],
  [skip("z"), "would-skip"],
  [{ kind: "log" } as const, "log"],
])("in log mode %j is recorded and does not act", (action, did) => {
  expect(outcome([rule("a", ALWAYS, action, { mode: "log" }), rule("z", ALWAYS, BLOCK)])).toBe(`block a:${did} z:block`);
});

test("a rule holds until the millisecond before its expiry", () => {
  expect(outcome([rule("a", ALWAYS, BLOCK, { expiresAtMs: NOW + 1 })])).toBe("block a:block");
  expect(outcome([rule("a", ALWAYS, BLOCK, { expiresAtMs: NOW })])).toBe("pass");
});

test("a disabled rule is not loaded", () => {
  expect(loadRules([rule("a", ALWAYS, BLOCK, { enabled: false })], lists)).toEqual([]);
});

test("a snapshot that names what is not there does not load", () => {
  const good = rule("a", "ip.src in $office", BLOCK);
  expect(() => loadRules([good], {})).toThrow(/the list office/);
  const odd = {
    ...good,
    expression: { kind: "test", subject: { kind: "field", name: "x.y", type: "Bool" }, test: { op: "is-true" } },
  } as RuleSnapshot;
  expect(() => loadRules([odd], lists)).toThrow(/the field x.y/);
});

test("rules from Cloudflare's documentation run unchanged", () => {
  const source = `(
 (http.host eq "api.example.com" and http.request.uri.path eq "/api/v2/auth") or
 (http.host matches "^(www|store|blog)\\.example\\.com" and http.request.uri.path contains "wp-login.php") or
 ip.geoip.country in {"CN" "TH" "US" "ID" "KR" "MY" "IT" "SG" "GB"} or ip.geoip.asnum in {12345 54321 11111}
) and not ip.src in {11.22.33.0/24}`;
  expect(outcome([rule("a", source, BLOCK)], "http://blog.example.com/x/wp-login.php")).toBe("block a:block");
  expect(outcome([rule("a", source, BLOCK)], "http://blog.example.org/x/wp-login.php")).toBe("pass");
});

test.each(["/admin", "//admin", "/%61dmin", "/x/../admin", "/./admin", "/admin/../admin"])(
  "%s cannot slip past a rule on the path /admin",
  (path) => {
    const facts = received({ url: `http://shop.example.com${path}` });
    expect(evaluateRules(loadRules([rule("a", ADMIN, BLOCK)], lists), facts, NOW).outcome).toBe("block");
  },
);

test("the address of a rule is that of the receive stage, in any form", () => {
  const rules = loadRules([rule("a", "ip.src in $office", BLOCK)], lists);
  for (const address of ["203.0.113.9", "::ffff:203.0.113.9"])
    expect(evaluateRules(rules, received({ address }), NOW).outcome).toBe("block");
  expect(evaluateRules(rules, received({ address: "203.0.114.9" }), NOW).outcome).toBe("pass");
});
