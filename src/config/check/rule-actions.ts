// What a rule does: one action, in a phase where it can act, with values that make sense there.

import type { Expression, ScalarSource } from "../../expression/ast.ts";
import type { Scheme } from "../../expression/scheme.ts";
import type { NormalAction, NormalRule } from "../normalize.ts";
import type { RulePhase } from "../rule-snapshot.ts";
import type { Path } from "../source.ts";
import { checkAnswer, takeValue, type ActionCheck } from "./action-values.ts";
import { checkCache } from "./cache.ts";
import { report, reportKey } from "./context.ts";
import type { CheckContext } from "./context.ts";
import { checkTimeouts } from "./durations.ts";
import { checkRateLimit } from "./rate-limits.ts";
import { checkReference } from "./references.ts";
import { checkSkippedRewrites } from "./rule-phases.ts";
import { checkRewrite } from "./rule-rewrites.ts";
import { checkSizes } from "./sizes.ts";
import { checkTemplate } from "./templates.ts";

export interface RuleInput {
  readonly scheme: Scheme<never>;
  readonly rule: NormalRule;
  readonly index: number;
  readonly when: Expression | null;
}

export type ActionName = keyof NormalAction;

/** The phases in which an action has a place. */
export const PHASES: Readonly<Record<ActionName, readonly RulePhase[]>> = {
  block: ["request", "origin", "response"],
  log: ["request", "origin", "response", "log"],
  skip: ["request", "origin", "response", "log"],
  redirect: ["request"],
  rewrite: ["request", "origin", "response"],
  set: ["request"],
  rateLimit: ["request", "origin"],
  score: ["request", "origin", "response"],
};

const ACTIONS = Object.keys(PHASES) as readonly ActionName[];

export function checkAction(
  context: CheckContext,
  { scheme, rule, index, when }: RuleInput,
): { readonly count: Expression | null; readonly values: ReadonlyMap<string, ScalarSource> } {
  const check: ActionCheck = { context, scheme, rule, when, path: ["firewall", index, "action"], values: new Map() };
  checkChoice(check);
  const { block, log, skip, redirect, rewrite, set, rateLimit } = rule.action;
  if (block !== undefined) checkAnswer(context, block, [...check.path, "block"]);
  for (const [name, text] of Object.entries(log?.fields ?? {})) takeValue(check, ["log", "fields", name], text);
  if (skip !== undefined) checkSkip(context, skip, rule, index);
  checkSkippedRewrites(context, { rule, index, when });
  if (redirect !== undefined) checkRedirect(check, redirect);
  if (rewrite !== undefined) checkRewrite(check, rewrite);
  if (set !== undefined) checkSet(check, set);
  return { count: rateLimit === undefined ? null : checkRateLimit(check, rateLimit), values: check.values };
}

function checkChoice({ context, rule, path }: ActionCheck): void {
  const given = ACTIONS.filter((action) => rule.action[action] !== undefined);
  if (given.length !== 1) {
    const message = given.length === 0 ? "The action is empty." : `The rule has ${given.length} actions: ${given.join(", ")}.`;
    report(context, path, {
      code: "conflicting-actions",
      message,
      expected: `one of ${ACTIONS.join(", ")}`,
      fix: "Keep one; make a rule for each other.",
    });
  }
  for (const action of given) {
    const phases = PHASES[action];
    if (phases.includes(rule.phase)) continue;
    report(context, path, {
      code: "rule-phase",
      message: `The action ${action} has no place in the phase ${rule.phase}.`,
      expected: `\`phase: ${phases.join("`, `phase: ")}\``,
      fix: `Put the rule into another phase, or give it one of the actions ${ACTIONS.filter((each) => PHASES[each].includes(rule.phase)).join(", ")}.`,
    });
  }
}

function checkRedirect(check: ActionCheck, redirect: NonNullable<NormalAction["redirect"]>): void {
  const { context, path } = check;
  if ((redirect.to === undefined) === (redirect.expression === undefined)) {
    const message = redirect.to === undefined ? "The redirect leads nowhere." : "The redirect has both `to` and `expression`.";
    report(context, [...path, "redirect"], { code: "conflicting-options", message, fix: "Give one of `to` and `expression`." });
  }
  checkTemplate(context, [...path, "redirect", "to"], { text: redirect.to, params: [] });
  if (redirect.expression !== undefined) takeValue(check, ["redirect", "expression"], redirect.expression);
}

function checkSet(check: ActionCheck, set: NonNullable<NormalAction["set"]>): void {
  const { context } = check;
  const path = [...check.path, "set"];
  if (Object.keys(set).length === 0) {
    const message = "The rule sets nothing.";
    report(context, path, { code: "conflicting-actions", message, expected: "pool, cache, timeout or retry", fix: "Name what it sets." });
  }
  const { pool, ...policies } = set;
  checkReference(context, [...path, "pool"], { what: "pool", name: pool, known: Object.keys(context.config.pools) });
  checkCache(context, policies, path);
  checkTimeouts(context, policies, path);
  checkSizes(context, policies, path);
}

/** Rules run in order, phase by phase: one that has run already cannot be skipped. */
function checkSkip(context: CheckContext, skip: NonNullable<NormalAction["skip"]>, rule: NormalRule, index: number): void {
  const path = ["firewall", index, "action", "skip"];
  if (skip.rules === undefined && skip.phases === undefined && !skip.rateLimits && !skip.managed) {
    report(context, path, {
      code: "conflicting-actions",
      message: "The rule skips nothing.",
      fix: "Name `rules`, `phases`, `rateLimits` or `managed`.",
    });
  }
  for (const [at, phase] of (skip.phases ?? []).entries()) {
    if (ORDER.indexOf(phase) > ORDER.indexOf(rule.phase)) continue;
    const message = `The phase ${phase} does not come after the phase ${rule.phase}.`;
    report(context, [...path, "phases", at], {
      code: "skip-order",
      message,
      fix: "Name a later phase; `rules: all` is the rest of this one.",
    });
  }
  if (rule.phase !== "request" && (skip.rateLimits || skip.managed)) {
    const message = `Rate limits and managed rules belong to the phase request, which is over in the phase ${rule.phase}.`;
    report(context, path, { code: "skip-order", message, fix: "Put the rule into `phase: request`." });
  }
  if (skip.managed) {
    const message = "There are no managed rules here, so there is nothing of them to skip.";
    reportKey(context, [...path, "managed"], { severity: "warning", code: "no-managed-rules", message, fix: "Remove `managed`." });
  }
  if (!Array.isArray(skip.rules)) return;
  const short = context.source.has([...path, "rules"]) ? [...path, "rules"] : path;
  for (const [at, id] of skip.rules.entries()) checkSkipped(context, { id, rule, index, path: [...short, at] });
}

const ORDER: readonly RulePhase[] = ["request", "origin", "response", "log"];

interface Skipped {
  readonly id: string;
  readonly rule: NormalRule;
  readonly index: number;
  readonly path: Path;
}

function checkSkipped(context: CheckContext, { id, rule, index, path }: Skipped): void {
  const rules = context.config.firewall;
  checkReference(context, path, { what: "rule", name: id, known: rules.map((each) => each.id) });
  const at = rules.findIndex((each) => each.id === id);
  const target = rules[at];
  if (target === undefined) return;
  if (at === index) {
    report(context, path, { code: "skip-order", message: "A rule cannot skip itself.", fix: "Name rules that stand below it." });
    return;
  }
  const [own, other] = [ORDER.indexOf(rule.phase), ORDER.indexOf(target.phase)];
  if (other > own || (other === own && at > index)) return;
  const message =
    other < own
      ? `The rule "${id}" is of the phase ${target.phase} and has run already.`
      : `The rule "${id}" stands before this one and has run already.`;
  report(context, path, {
    code: "skip-order",
    message,
    fix: other < own ? "Name rules of this phase or a later one." : `Put this rule above "${id}".`,
  });
}
