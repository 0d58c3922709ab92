// Firewall rules: ids, expiry, and the expression, whose errors are reported at their place in the user's file. What a rule does
// is checked in `rule-actions.ts`.

import type { Expression, ScalarSource } from "../../expression/ast.ts";
import { parseExpression } from "../../expression/parse.ts";
import { withLists, type Scheme } from "../../expression/scheme.ts";
import { ruleScheme } from "../../firewall/fields.ts";
import { listTypes } from "../../firewall/lists.ts";
import type { NormalRule } from "../normalize.ts";
import type { Path } from "../source.ts";
import { parseExpiryMs } from "../units.ts";
import { lineOf, report } from "./context.ts";
import type { CheckContext } from "./context.ts";
import { reportExpression } from "./expressions.ts";
import { checkAction } from "./rule-actions.ts";
import { checkPhaseFields } from "./rule-phases.ts";

/** A rule's expressions as parsed; null where one is wrong. */
export interface CheckedRule {
  readonly when: Expression | null;
  /** Of a rate limit that counts other requests than it limits. */
  readonly count: Expression | null;
  /** By place in the action: `redirect.expression`, `rewrite.headers.set.X-Site`. */
  readonly values: ReadonlyMap<string, ScalarSource>;
}

/** One for each rule, in order. */
export function checkRules(context: CheckContext): readonly CheckedRule[] {
  const scheme = withLists(ruleScheme, listTypes(context.config.lists));
  const order = new Map<string, number>();
  return context.config.firewall.map((rule, index) => {
    const path = ["firewall", index];
    checkId(context, order, rule, index);
    checkExpiry(context, rule, path);
    const when = checkWhen(context, scheme, rule, path);
    return { when, ...checkAction(context, { scheme, rule, index, when }) };
  });
}

function checkWhen(context: CheckContext, scheme: Scheme<never>, rule: NormalRule, path: Path): Expression | null {
  const parsed = parseExpression(rule.when, scheme);
  const at = [...path, "when"];
  if (!parsed.ok) {
    reportExpression(context, at, parsed.error, "error");
    return null;
  }
  reportExpression(context, at, parsed.value.warnings, "warning");
  const isLimit = rule.action.rateLimit !== undefined;
  checkPhaseFields(context, { at, text: rule.when, of: parsed.value.expression, phase: rule.phase, isLimit });
  return parsed.value.expression;
}

function checkId(context: CheckContext, order: Map<string, number>, rule: NormalRule, index: number): void {
  const first = order.get(rule.id);
  if (first === undefined) {
    order.set(rule.id, index);
    return;
  }
  const message = `The id "${rule.id}" is taken by the rule in ${lineOf(context, ["firewall", first, "id"])}.`;
  report(context, ["firewall", index, "id"], { code: "duplicate-rule", message, fix: "Give each rule its own id." });
}

function checkExpiry(context: CheckContext, rule: NormalRule, path: Path): void {
  if (rule.expires === undefined) return;
  const at = [...path, "expires"];
  const expiresAtMs = parseExpiryMs(rule.expires);
  if (expiresAtMs === null) {
    report(context, at, {
      code: "invalid-date",
      message: `${rule.expires} is not a day of the calendar.`,
      found: rule.expires,
      fix: "Write a date such as 2027-01-31.",
    });
  } else if (expiresAtMs <= context.nowMs && rule.enabled) {
    const message = `The rule "${rule.id}" expired with ${rule.expires} and does nothing.`;
    report(context, at, {
      severity: "warning",
      code: "expired-rule",
      message,
      found: rule.expires,
      fix: "Remove the rule, or give it a later date.",
    });
  }
}
