// Firewall rules: loading them to closures, and the verdict on one request. Rules run in the order of the file. The first block
// or redirect ends the evaluation, log goes on, skip takes later rules out. A rule in log mode is recorded and never acts.

import { compileExpression } from "../expression/compile.ts";
import { requestScheme } from "./fields.ts";
import { loadLists } from "./lists.ts";
import type { ListSnapshot, RuleSnapshot } from "../config/snapshot.ts";
import type { Digest } from "../exchange.ts";
import type { Facts } from "../facts.ts";
import type { Rule } from "../ruleset.ts";

export type FirewallVerdict =
  | { readonly outcome: "pass"; readonly matched: Digest["rules"] }
  /** `rule` has an action of the outcome's kind. */
  | { readonly outcome: "block" | "redirect"; readonly rule: Rule; readonly matched: Digest["rules"] };

/** Compiles the enabled rules of a snapshot. Throws on a damaged snapshot: an unknown field, function or list. */
export function loadRules(rules: readonly RuleSnapshot[], lists: Readonly<Record<string, ListSnapshot>>): readonly Rule[] {
  const memberships = loadLists(lists);
  return rules
    .filter((rule) => rule.enabled)
    .map(({ expression, ...rule }) => Object.freeze({ ...rule, matches: compileExpression(expression, requestScheme, memberships) }));
}

/** The verdict on a request. Pure; never throws. */
export function evaluateRules(rules: readonly Rule[], facts: Facts, nowMs: number): FirewallVerdict {
  const matched: Digest["rules"] = [];
  const skipped = new Set<string>();
  for (const rule of rules) {
    if (skipped.has(rule.id) || isExpired(rule, nowMs) || !rule.matches(facts)) continue;
    const { action } = rule;
    matched.push({ id: rule.id, did: effectOf(rule) });
    if (rule.mode === "log") continue;
    switch (action.kind) {
      case "block":
      case "redirect":
        return { outcome: action.kind, rule, matched };
      case "skip":
        if (action.rules === null) return { outcome: "pass", matched };
        for (const id of action.rules) skipped.add(id);
        break;
      case "log":
        break;
      default:
        action satisfies never;
    }
  }
  return { outcome: "pass", matched };
}

/** At its expiry a rule no longer holds. */
function isExpired(rule: Rule, nowMs: number): boolean {
  return rule.expiresAtMs !== null && nowMs >= rule.expiresAtMs;
}

function effectOf(rule: Rule): Digest["rules"][number]["did"] {
  const { kind } = rule.action;
  return rule.mode === "log" && kind !== "log" ? `would-${kind}` : kind;
}
