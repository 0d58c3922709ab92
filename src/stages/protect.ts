// Stage "protect": the firewall's rules, on every request and before the cache, so that they hold for stored answers too.
// Pure. Log-only rules, and what they would have done, go to the digest and nowhere else.

import { errorAnswer, type Answer } from "../answer.ts";
import type { Digest } from "../exchange.ts";
import type { Facts } from "../facts.ts";
import type { Rule, Ruleset } from "../ruleset.ts";
import { evaluateRules } from "../firewall/rules.ts";
import { redirectLocation } from "../transform/redirect.ts";
import type { TemplateValues } from "../transform/template.ts";

export interface Protected {
  readonly matched: Digest["rules"];
  readonly answer: Answer | null;
}

/**
 * @param values - What a redirect's template may name.
 */
export function protect(ruleset: Ruleset, facts: Facts, values: TemplateValues): Protected {
  const verdict = evaluateRules(ruleset.rules, facts, facts.receivedAtMs);
  if (verdict.outcome === "pass") return { matched: verdict.matched, answer: null };
  return { matched: verdict.matched, answer: answerOf(verdict.rule, facts, values) };
}

function answerOf(rule: Rule, facts: Facts, values: TemplateValues): Answer {
  const { action } = rule;
  switch (action.kind) {
    case "block":
      if (action.body !== null) {
        return { kind: "page", status: action.status, contentType: action.contentType ?? "text/plain; charset=utf-8", body: action.body };
      }
      return errorAnswer({ code: "blocked", status: action.status, ruleId: rule.id });
    case "redirect":
      return { kind: "redirect", status: action.status, location: redirectLocation(action, facts.query, values), why: "rule" };
    case "log":
    case "skip":
      throw new Error(`rule ${rule.id}: the action ${action.kind} cannot end a request`);
    default:
      return action satisfies never;
  }
}
