// One firewall rule of the snapshot.

import type { Expression } from "../../expression/ast.ts";
import type { NormalAction, NormalRule } from "../normalize.ts";
import type { RuleActionSnapshot, RuleSnapshot } from "../snapshot.ts";
import { parseExpiryMs } from "../units.ts";
import { PLAIN_TEXT } from "./content-type.ts";
import { promised } from "./order.ts";
import { compileRedirect } from "./route.ts";

/**
 * @param expression - As checked.
 */
export function compileRule(rule: NormalRule, expression: Expression | null): RuleSnapshot {
  return {
    id: rule.id,
    description: rule.description,
    when: rule.when,
    expression: promised(expression, `rule ${rule.id}`),
    action: compileRuleAction(rule.action),
    enabled: rule.enabled,
    mode: rule.mode,
    expiresAtMs: rule.expires === undefined ? null : promised(parseExpiryMs(rule.expires), `rule ${rule.id}: expires`),
    owner: rule.owner,
  };
}

export function compileRuleAction(action: NormalAction): RuleActionSnapshot {
  if (action.block !== undefined) return compileBlock(action.block);
  if (action.skip !== undefined) return { kind: "skip", rules: action.skip === "all" ? null : [...action.skip] };
  if (action.redirect !== undefined) return compileRedirect(action.redirect, []);
  return { kind: "log" };
}

function compileBlock(block: NonNullable<NormalAction["block"]>): RuleActionSnapshot {
  const { status, json } = block;
  if (json !== undefined) return { kind: "block", status, contentType: "application/json", body: JSON.stringify(json) };
  if (block.body === undefined) return { kind: "block", status, contentType: null, body: null };
  return { kind: "block", status, contentType: block.contentType ?? PLAIN_TEXT, body: block.body };
}
