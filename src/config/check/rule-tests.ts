// Runs the tests that rules bring along, on the code that the Worker runs: facts from the receive stage, compiled expressions.

import type { Expression } from "../../expression/ast.ts";
import { compileExpression } from "../../expression/compile.ts";
import { requestScheme } from "../../firewall/fields.ts";
import { loadList } from "../../firewall/lists.ts";
// Offline, and on purpose the very code that requests meet: a test on other facts would prove nothing.
// oxlint-disable-next-line no-restricted-imports
import { receive } from "../../stages/receive.ts";
import type { Facts } from "../../facts.ts";
import type { EdgeError } from "../../errors.ts";
import type { Result } from "../../result.ts";
import { loadClient } from "../load-client.ts";
import { compileRanges } from "../../expression/ip.ts";
import type { NormalConfig, NormalRule, NormalTest } from "../normalize.ts";
import type { ListSnapshot } from "../snapshot.ts";
import type { Path } from "../source.ts";
import { report } from "./context.ts";
import type { CheckContext } from "./context.ts";

/** From TEST-NET-2 (RFC 5737): nobody's address. */
const TEST_ADDRESS = "198.51.100.1";

/**
 * @param expressions - As parsed, in the order of the rules; null where the rule is wrong.
 */
export function checkRuleTests(
  context: CheckContext,
  expressions: readonly (Expression | null)[],
  lists: ReadonlyMap<string, ListSnapshot>,
): void {
  const memberships = new Map([...lists].map(([name, list]) => [name, loadList(list)]));
  for (const [index, rule] of context.config.firewall.entries()) {
    const expression = expressions[index];
    if (expression === null || expression === undefined) continue;
    const matches = compileExpression(expression, requestScheme, memberships);
    for (const kind of ["match", "pass"] as const) {
      for (const [at, test] of rule.tests[kind].entries()) {
        runTest(context, { rule, test, kind, matches, path: ["firewall", index, "tests", kind, at] });
      }
    }
  }
}

interface Run {
  readonly rule: NormalRule;
  readonly test: NormalTest;
  readonly kind: "match" | "pass";
  readonly matches: (facts: Facts) => boolean;
  readonly path: Path;
}

function runTest(context: CheckContext, { rule, test, kind, matches, path }: Run): void {
  const facts = testFacts(context, test);
  const request = `${test.method} ${test.url}`;
  if (!facts.ok) {
    const message = `The test request ${request} never reaches a rule: it is refused with ${facts.error.code}.`;
    return report(context, path, { code: "rule-test", message, found: request, fix: "Test a request that Breakwater accepts." });
  }
  if (matches(facts.value) === (kind === "match")) return;
  const message =
    kind === "match"
      ? `The rule "${rule.id}" does not match ${request}, but its tests say that it must.`
      : `The rule "${rule.id}" matches ${request}, but its tests say that it must not.`;
  report(context, path, {
    code: "rule-test",
    message,
    expected: kind === "match" ? "a match" : "no match",
    found: kind === "match" ? "no match" : "a match",
    fix: "Correct `when`, or the test.",
  });
}

function testFacts(context: CheckContext, test: NormalTest): Result<Facts, EdgeError> {
  const { client } = context.config;
  const headers = new Headers(test.headers);
  headers.set(client.addressHeader, test.address ?? TEST_ADDRESS);
  const url = test.url.startsWith("/") ? `https://${testHost(context.config)}${test.url}` : test.url;
  const rules = loadClient({ addressHeader: client.addressHeader, trustedProxies: compileRanges(client.trustedProxies).ranges });
  const connection = { country: test.country, asn: test.asn };
  return receive({ method: test.method, url, headers, hasBody: false, connection, nowMs: context.nowMs }, rules);
}

/** The first host of the first site; of a wildcard, a name below it. */
function testHost(config: NormalConfig): string {
  const hosts = config.sites.flatMap((site) => site.hosts);
  const exact = hosts.find((host) => !host.includes("*"));
  const wildcard = hosts.find((host) => host.startsWith("*."));
  return exact ?? (wildcard === undefined ? "www.example.com" : `www.${wildcard.slice(2)}`);
}
