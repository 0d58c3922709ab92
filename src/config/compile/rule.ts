// One firewall rule of the snapshot.

import type { PackedExpression } from "../../expression/pack.ts";
import type { NormalAction, NormalRule } from "../normalize.ts";
import type { RuleActionSnapshot, RuleAnswerSnapshot, RuleSnapshot, SkipActionSnapshot } from "../rule-snapshot.ts";
import type { CheckedRule } from "../check/rules.ts";
import { parseExpiryMs } from "../units.ts";
import { compileCache } from "./cache.ts";
import { PLAIN_TEXT } from "./content-type.ts";
import { promised, sortedUnique } from "./order.ts";
import { compileRateLimit } from "./rate-limit.ts";
import { compileRetry, compileTimeouts } from "./route.ts";
import { compileRewrite, madeBy } from "./rule-rewrite.ts";

export interface RuleParts {
  /** Its expressions, as the check parsed them. */
  readonly checked: CheckedRule;
  /** Of `when`. */
  readonly expression: PackedExpression;
}

export function compileRule(rule: NormalRule, { checked, expression }: RuleParts): RuleSnapshot {
  return {
    id: rule.id,
    description: rule.description,
    phase: rule.phase,
    when: rule.when,
    expression,
    action: compileAction(rule.action, checked),
    enabled: rule.enabled,
    mode: rule.mode,
    expiresAtMs: rule.expires === undefined ? null : promised(parseExpiryMs(rule.expires), `rule ${rule.id}: expires`),
    owner: rule.owner,
  };
}

function compileAction(action: NormalAction, checked: CheckedRule): RuleActionSnapshot {
  const { block, log, skip, redirect, rewrite, set, rateLimit, score } = action;
  if (block !== undefined) return { kind: "block", ...compileAnswer(block) };
  if (skip !== undefined) return compileSkip(skip);
  if (redirect !== undefined) {
    const made = redirect.to ?? { expression: redirect.expression ?? "" };
    return { kind: "redirect", status: redirect.status, to: madeBy(checked)(["redirect"], made), preserveQuery: redirect.query === "keep" };
  }
  if (rewrite !== undefined) return compileRewrite(rewrite, checked);
  if (rateLimit !== undefined) return { ...compileRateLimit(rateLimit, checked), ...compileAnswer(rateLimit) };
  if (score !== undefined) return { kind: "score", add: score };
  if (set === undefined)
    return {
      kind: "log",
      fields: Object.keys(log?.fields ?? {}).map((name) => [name, promised(checked.values.get(`log.fields.${name}`), name)] as const),
    };
  return {
    kind: "set",
    pool: set.pool ?? null,
    cache: set.cache === undefined ? null : compileCache(set.cache),
    timeouts: set.timeout === undefined ? null : compileTimeouts(set.timeout),
    retry: set.retry === undefined ? null : compileRetry(set.retry),
  };
}

function compileSkip(skip: NonNullable<NormalAction["skip"]>): SkipActionSnapshot {
  return {
    kind: "skip",
    rest: skip.rules === "all",
    rules: Array.isArray(skip.rules) ? sortedUnique(skip.rules) : [],
    phases: [...new Set(skip.phases ?? [])],
    rateLimits: skip.rateLimits,
    managed: skip.managed,
  };
}

function compileAnswer(answer: NonNullable<NormalAction["block"]>): RuleAnswerSnapshot {
  const { status, json } = answer;
  if (json !== undefined) return { status, contentType: "application/json", body: JSON.stringify(json) };
  if (answer.body === undefined) return { status, contentType: null, body: null };
  return { status, contentType: answer.contentType ?? PLAIN_TEXT, body: answer.body };
}
