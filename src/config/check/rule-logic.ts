// Rules that are not what they seem: one that matches nothing or everything, repeats another, or can never act since an earlier one
// ends the phase wherever it matches. Warnings, found by logic and not by trying: what is not certain is not said.

import { extentOf } from "../../expression/analysis.ts";
import type { Expression } from "../../expression/ast.ts";
import { canonicalText } from "../../expression/canonical.ts";
import { findShadowed } from "../../expression/shadow.ts";
import { ruleScheme } from "../../firewall/fields.ts";
import type { NormalRule } from "../normalize.ts";
import type { RulePhase } from "../rule-snapshot.ts";
import { parseExpiryMs } from "../units.ts";
import { lineOf, report } from "./context.ts";
import type { CheckContext } from "./context.ts";
import type { CheckedRule } from "./rules.ts";

/** A rule that is in use, with its place in the file. */
interface Used {
  readonly rule: NormalRule;
  readonly index: number;
  readonly when: Expression;
}

export function checkRuleLogic(context: CheckContext, checked: readonly CheckedRule[]): void {
  const used = context.config.firewall.flatMap((rule, index) => {
    const when = checked[index]?.when ?? null;
    const expiresAtMs = rule.expires === undefined ? null : parseExpiryMs(rule.expires);
    return when === null || !rule.enabled || (expiresAtMs !== null && expiresAtMs <= context.nowMs) ? [] : [{ rule, index, when }];
  });
  for (const each of used) checkExtent(context, each);
  checkRepeats(context, used);
  for (const phase of ["request", "origin", "response", "log"] as const) checkHidden(context, used, phase);
}

function checkExtent(context: CheckContext, { rule, index, when }: Used): void {
  const extent = extentOf(when, ruleScheme);
  const at = ["firewall", index, "when"];
  if (extent === "never") {
    const message = `The rule "${rule.id}" can never match: its conditions exclude each other.`;
    report(context, at, { severity: "warning", code: "rule-never", message, fix: "Correct `when`; between alternatives stands `or`." });
  }
  if (extent !== "always" && extent !== "always-when-present") return;
  // Of other actions it is often what is meant: a header for every answer, a limit for every visitor.
  if (!endsPhase(rule)) return;
  const where = extent === "always" ? "every request" : "every request that has what it looks at";
  report(context, at, {
    severity: "warning",
    code: "rule-always",
    message: `The rule "${rule.id}" matches ${where}: no rule of its phase behind it ever runs.`,
    fix: "Correct `when`; `not (a or b)` is what `not a or not b` is often meant to be.",
  });
}

/** The same condition and the same action a second time. */
function checkRepeats(context: CheckContext, used: readonly Used[]): void {
  const seen = new Map<string, Used>();
  for (const each of used) {
    const { rule, index, when } = each;
    const key = JSON.stringify([rule.phase, rule.mode, rule.action, canonicalText(when)]);
    const first = seen.get(key);
    if (first === undefined) {
      seen.set(key, each);
      continue;
    }
    const message = `The rule "${rule.id}" says the same as "${first.rule.id}" in ${lineOf(context, ["firewall", first.index, "id"])}.`;
    report(context, ["firewall", index, "when"], { severity: "warning", code: "rule-repeats", message, fix: "Remove one of them." });
  }
}

/** Whether nothing of the phase runs after it. A rule that expires hides others for a while only. */
function endsPhase({ action, mode, expires }: NormalRule): boolean {
  if (mode === "log" || expires !== undefined) return false;
  return action.block !== undefined || action.redirect !== undefined || action.skip?.rules === "all";
}

function checkHidden(context: CheckContext, all: readonly Used[], phase: RulePhase): void {
  const used = all.filter(({ rule }) => rule.phase === phase);
  // What some rule passes over does not hide what stands behind it.
  const passedOver = new Set(all.flatMap(({ rule }) => (Array.isArray(rule.action.skip?.rules) ? rule.action.skip.rules : [])));
  const hides = (position: number): boolean => {
    const rule = used[position]?.rule;
    return rule !== undefined && endsPhase(rule) && !passedOver.has(rule.id);
  };
  const { shadowed } = findShadowed(
    used.map(({ when }) => when),
    ruleScheme,
    { hides },
  );
  for (const { position, by } of shadowed) {
    const [hidden, hiding] = [used[position], used[by]];
    if (hidden === undefined || hiding === undefined) continue;
    const line = lineOf(context, ["firewall", hiding.index, "id"]);
    report(context, ["firewall", hidden.index, "when"], {
      severity: "warning",
      code: "rule-hidden",
      message: `The rule "${hidden.rule.id}" never acts: wherever it matches, "${hiding.rule.id}" in ${line} has ended the phase.`,
      fix: `Remove it, or put it above "${hiding.rule.id}".`,
    });
  }
}
