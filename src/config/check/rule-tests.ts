// Runs the tests that rules bring along, on the code that the Worker runs: facts from the receive stage, the body as far as rules may
// look at it, compiled expressions.

import { bytesOfText } from "../../expression/bytes.ts";
import { compileExpression } from "../../expression/compile.ts";
import { compileRanges } from "../../expression/ip.ts";
import { fieldsOf } from "../../expression/may-hold.ts";
import { ruleContext, type BodyFacts, type ResponseFacts, type RuleContext } from "../../firewall/context.ts";
import { ruleScheme } from "../../firewall/fields.ts";
import { loadList } from "../../firewall/lists.ts";
// Offline, and on purpose the very code that requests meet: a test on other facts would prove nothing.
// oxlint-disable-next-line no-restricted-imports
import { receive } from "../../stages/receive.ts";
// oxlint-disable-next-line no-restricted-imports
import { judgeBody } from "../../stages/inspect.ts";
import type { Facts } from "../../facts.ts";
import type { EdgeError } from "../../errors.ts";
import { ok, type Result } from "../../result.ts";
import type { ClientRules } from "../../ruleset.ts";
import { loadClient } from "../load-client.ts";
import type { NormalConfig, NormalPool, NormalRule, NormalTest } from "../normalize.ts";
import type { PoolSnapshot } from "../pool-snapshot.ts";
import type { InspectionSnapshot } from "../rule-snapshot.ts";
import type { ListContent } from "../snapshot.ts";
import type { Path } from "../source.ts";
import { parseSizeBytes } from "../units.ts";
import { report } from "./context.ts";
import type { CheckContext } from "./context.ts";
import type { CheckedRule } from "./rules.ts";
import { routeFinder } from "./test-routes.ts";

/** From TEST-NET-2 (RFC 5737): nobody's address. */
const TEST_ADDRESS = "198.51.100.1";

/** @param rules - As checked, in their order. */
export function checkRuleTests(context: CheckContext, rules: readonly CheckedRule[], lists: ReadonlyMap<string, ListContent>): void {
  const memberships = new Map([...lists].map(([name, list]) => [name, loadList(list)]));
  const bench: Bench = {
    context,
    client: clientRules(context.config),
    host: testHost(context.config),
    routeOf: routeFinder(context),
    inspection: { ...context.config.inspection, bytesMax: parseSizeBytes(context.config.inspection.bytes) ?? Number.POSITIVE_INFINITY },
  };
  for (const [index, rule] of context.config.firewall.entries()) {
    const when = rules[index]?.when ?? null;
    if (when === null || rule.tests.match.length + rule.tests.pass.length === 0) continue;
    const matches = compileExpression(when, ruleScheme, memberships);
    const wantsBody = [...fieldsOf(when)].some((name) => ruleScheme.fields.get(name)?.later === "body");
    for (const kind of ["match", "pass"] as const) {
      for (const [at, test] of rule.tests[kind].entries()) {
        runTest(bench, { rule, test, kind, matches, wantsBody, path: ["firewall", index, "tests", kind, at] });
      }
    }
  }
}

/** What all tests of a config share. */
interface Bench {
  readonly context: CheckContext;
  readonly client: ClientRules;
  /** Of tests that name a path only. */
  readonly host: string;
  readonly routeOf: (facts: Facts) => string | null;
  readonly inspection: InspectionSnapshot;
}

interface Run {
  readonly rule: NormalRule;
  readonly test: NormalTest;
  readonly kind: "match" | "pass";
  readonly matches: (context: RuleContext) => boolean;
  readonly wantsBody: boolean;
  readonly path: Path;
}

function runTest(bench: Bench, run: Run): void {
  const { rule, test, kind, path } = run;
  const { context } = bench;
  const request = `${test.method} ${test.url}`;
  warnOfAnswer(context, run);
  const given = testContext(bench, run);
  if (!given.ok) {
    const message = `The test request ${request} never reaches a rule: it is refused with ${given.error.code}.`;
    return report(context, path, { code: "rule-test", message, found: request, fix: "Test a request that Breakwater accepts." });
  }
  if (run.matches(given.value) === (kind === "match")) return;
  const message =
    kind === "match"
      ? `The rule "${rule.id}" does not match ${request}, but its tests say that it must.`
      : `The rule "${rule.id}" matches ${request}, but its tests say that it must not.`;
  report(context, path, {
    code: "rule-test",
    message,
    expected: kind === "match" ? "a match" : "no match",
    found: kind === "match" ? "no match" : "a match",
    fix: bodyAdvice(run) ?? "Correct `when`, or the test.",
  });
}

/** Why a rule may not see what the test has as its body. */
function bodyAdvice({ test, kind, wantsBody }: Run): string | null {
  if (kind === "pass" || !wantsBody) return null;
  if (test.body === undefined) return "Correct `when`, or give the test a `body`: the rule looks at it.";
  if (test.method === "GET" || test.method === "HEAD") return `Give the test another \`method\`: nobody gets the body of a ${test.method}.`;
  const hasType = Object.keys(test.headers).some((name) => name.toLowerCase() === "content-type");
  return hasType ? null : "Correct `when`, or give the test the header Content-Type: it says whether the body is a form.";
}

function warnOfAnswer(context: CheckContext, { rule, test, path }: Run): void {
  if (hasAnswer(rule) || (test.status === undefined && Object.keys(test.responseHeaders).length === 0)) return;
  report(context, path, {
    severity: "warning",
    code: "rule-test-answer",
    message: `The test of the rule "${rule.id}" has an answer, which a rule of the phase ${rule.phase} never sees.`,
    fix: "Remove `status` and `responseHeaders`, or put the rule into `phase: response`.",
  });
}

function hasAnswer(rule: NormalRule): boolean {
  return rule.phase === "response" || rule.phase === "log";
}

function testContext(bench: Bench, { rule, test }: Run): Result<RuleContext, EdgeError> {
  const received = testFacts(bench, test);
  if (!received.ok) return received;
  const facts = received.value;
  const body = testBody(test, bench.inspection);
  if (!body.ok) return body;
  return ok(ruleContext({ facts, route: bench.routeOf(facts), body: body.value, response: hasAnswer(rule) ? testAnswer(test) : null }));
}

function testFacts({ context, client, host }: Bench, test: NormalTest): Result<Facts, EdgeError> {
  const headers = new Headers(test.headers);
  headers.set(client.addressHeader, test.address ?? TEST_ADDRESS);
  if (test.body !== undefined && !headers.has("content-length")) headers.set("content-length", String(bytesOfText(test.body).length));
  const url = test.url.startsWith("/") ? `https://${host}${test.url}` : test.url;
  const connection = { country: test.country, asn: test.asn };
  const { method } = test;
  return receive({ method, url, headers, hasBody: test.body !== undefined, connection, nowMs: context.nowMs }, client);
}

function testBody({ method, body = "" }: NormalTest, inspection: InspectionSnapshot): Result<BodyFacts, EdgeError> {
  const bytes = method === "GET" || method === "HEAD" ? "" : bytesOfText(body);
  return judgeBody(inspection.over, { bytes: bytes.slice(0, inspection.bytesMax), truncated: bytes.length > inspection.bytesMax });
}

function testAnswer({ status = 200, responseHeaders }: NormalTest): ResponseFacts {
  const headers = new Headers(responseHeaders);
  return { status, headers, cacheStatus: headers.get("x-cache") };
}

/** With the pools: their cookies and headers are Breakwater's own, and no rule sees them. */
function clientRules({ client, pools }: NormalConfig): ClientRules {
  const snapshot = { addressHeader: client.addressHeader, trustedProxies: compileRanges(client.trustedProxies).ranges };
  return loadClient(snapshot, Object.values(pools).map(ownNames));
}

function ownNames({ sticky, auth }: NormalPool): Pick<PoolSnapshot, "sticky" | "auth"> {
  return {
    sticky: sticky === false ? null : { cookie: sticky.cookie, ttlSeconds: null, secret: sticky.secret },
    auth: auth === undefined ? null : { ...auth, header: auth.header.toLowerCase() },
  };
}

/** The first host of the first site; of a wildcard, a name below it. */
function testHost(config: NormalConfig): string {
  const hosts = config.sites.flatMap((site) => site.hosts);
  const exact = hosts.find((host) => !host.includes("*"));
  const wildcard = hosts.find((host) => host.startsWith("*."));
  return exact ?? (wildcard === undefined ? "www.example.com" : `www.${wildcard.slice(2)}`);
}
