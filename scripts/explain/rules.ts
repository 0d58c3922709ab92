// What each rule of the release did with a request, and why others did nothing.

import type { Decision } from "../../src/decide.ts";
import type { MatchedRule } from "../../src/exchange.ts";
import type { Snapshot } from "../../src/config/snapshot.ts";
import type { Facts } from "../../src/facts.ts";
import { ruleContext, type BodyFacts } from "../../src/firewall/context.ts";
import type { Ruleset } from "../../src/ruleset.ts";

export interface RuleVerdict {
  readonly id: string;
  readonly phase: Snapshot["rules"][number]["phase"];
  /**
   * What the decision did with it. `counts`: a rate limit that this request is one more of. `later`: matches, or may match, when its
   * phase comes. `no-match`, `not-reached` (an earlier rule ended or skipped it), `disabled` and `expired` did nothing.
   */
  readonly did: MatchedRule["did"] | "counts" | "later" | "no-match" | "not-reached" | "disabled" | "expired";
}

export interface RuleVerdictInput {
  readonly facts: Facts;
  readonly decision: Decision;
  readonly body: BodyFacts;
}

/** Rules run on a routed request only; without a route none is reached. */
export function ruleVerdicts(
  { ruleset, snapshot }: { readonly ruleset: Ruleset; readonly snapshot: Snapshot },
  { facts, decision, body }: RuleVerdictInput,
): readonly RuleVerdict[] {
  const did = new Map(decision.verdict.matched.map((rule) => [rule.id, rule.did]));
  const counts = new Set(decision.verdict.limits.flatMap(({ limit, matches }) => (matches ? [limit.id] : [])));
  const isEnded = decision.outcome.kind === "answer" && decision.outcome.stage !== "rewrite";
  const context = ruleContext({ facts, route: decision.match?.route.id ?? null, body });
  const { rules, matcher } = ruleset.rules.request;
  const evaluation = matcher.begin(context);
  const positions = new Map(rules.map((rule, position) => [rule.id, position]));
  const verdict = (rule: Snapshot["rules"][number]): RuleVerdict["did"] => {
    const acted = did.get(rule.id);
    if (acted !== undefined) return acted;
    if (!rule.enabled) return "disabled";
    if (rule.expiresAtMs !== null && rule.expiresAtMs <= facts.receivedAtMs) return "expired";
    if (counts.has(rule.id)) return isEnded ? "not-reached" : "counts";
    const { skips } = decision.verdict;
    // The log line is written whatever the end of the request is.
    if (rule.phase !== "request")
      return (isEnded && rule.phase !== "log") || skips.phases.has(rule.phase) || skips.rules.has(rule.id) ? "not-reached" : "later";
    return decision.match !== null && !matcher.holds(positions.get(rule.id) ?? -1, evaluation) ? "no-match" : "not-reached";
  };
  return snapshot.rules.map((rule) => ({ id: rule.id, phase: rule.phase, did: verdict(rule) }));
}
