// Firewall rules: ids, actions, expiry, and the expression, whose errors are reported at their place in the user's file.

import type { Expression } from "../../expression/ast.ts";
import type { ExpressionDiagnostic } from "../../expression/diagnostics.ts";
import { parseExpression } from "../../expression/parse.ts";
import { withLists } from "../../expression/scheme.ts";
import { requestScheme } from "../../firewall/fields.ts";
import { listTypes } from "../../firewall/lists.ts";
import type { NormalRule } from "../normalize.ts";
import type { Path } from "../source.ts";
import { parseExpiryMs } from "../units.ts";
import { lineOf, report, reportInside, reportKey, sentence } from "./context.ts";
import type { CheckContext } from "./context.ts";
import { checkReference } from "./references.ts";
import { checkTemplate } from "./templates.ts";

/** The parsed expression of each rule, in order; null where it is wrong. */
export function checkRules(context: CheckContext): readonly (Expression | null)[] {
  const rules = context.config.firewall;
  const scheme = withLists(requestScheme, listTypes(context.config.lists));
  const order = new Map<string, number>();
  return rules.map((rule, index) => {
    const path = ["firewall", index];
    checkId(context, order, rule, index);
    checkAction(context, rule, index);
    checkExpiry(context, rule, path);
    const parsed = parseExpression(rule.when, scheme);
    reportAll(context, parsed.ok ? parsed.value.warnings : parsed.error, parsed.ok ? "warning" : "error", path);
    return parsed.ok ? parsed.value.expression : null;
  });
}

function reportAll(context: CheckContext, problems: readonly ExpressionDiagnostic[], severity: "error" | "warning", path: Path): void {
  for (const { start, message, expected, fix } of problems) {
    const code = severity === "error" ? "expression" : "expression-warning";
    const finding = { severity, code, message: sentence(message), fix: sentence(fix ?? "see the rules language in docs/rules.md") };
    reportInside(context, [...path, "when"], start, expected === undefined ? finding : { ...finding, expected });
  }
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

const ACTIONS = ["block", "log", "skip", "redirect"] as const;

function checkAction(context: CheckContext, rule: NormalRule, index: number): void {
  const path = ["firewall", index, "action"];
  const given = ACTIONS.filter((action) => rule.action[action] !== undefined);
  if (given.length !== 1) {
    const message = given.length === 0 ? "The action is empty." : `The rule has ${given.length} actions: ${given.join(", ")}.`;
    report(context, path, {
      code: "conflicting-actions",
      message,
      expected: "one of block, log, skip, redirect",
      fix: "Keep one; make a rule for each other.",
    });
  }
  checkBlock(context, rule.action.block, path);
  checkTemplate(context, [...path, "redirect", "to"], { text: rule.action.redirect?.to, params: [] });
  if (Array.isArray(rule.action.skip)) checkSkip(context, rule.action.skip, index);
}

function checkBlock(context: CheckContext, block: NormalRule["action"]["block"], path: Path): void {
  if (block?.body === undefined || block.json === undefined) return;
  reportKey(context, [...path, "block", "json"], {
    code: "conflicting-options",
    message: "The answer has both `body` and `json`.",
    fix: "Keep one of them.",
  });
}

/** Rules run in order: one that has run already cannot be skipped. */
function checkSkip(context: CheckContext, ids: readonly string[], index: number): void {
  const all = context.config.firewall.map((rule) => rule.id);
  for (const [at, id] of ids.entries()) {
    const path = ["firewall", index, "action", "skip", at];
    checkReference(context, path, { what: "rule", name: id, known: all });
    const target = all.indexOf(id);
    if (target === -1 || target > index) continue;
    if (target === index) {
      report(context, path, { code: "skip-order", message: "A rule cannot skip itself.", fix: "Name rules that stand below it." });
      continue;
    }
    const message = `The rule "${id}" stands before this one and has run already.`;
    report(context, path, { code: "skip-order", message, fix: `Put this rule above "${id}".` });
  }
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
