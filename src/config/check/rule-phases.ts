// What a rule may look at when it runs: the answer is there in the phases response and log only, and what the origin is asked in
// the phase origin must not depend on what the cache key does not hold.

import type { Expression, ScalarSource } from "../../expression/ast.ts";
import { fieldsOf } from "../../expression/may-hold.ts";
import { ruleScheme } from "../../firewall/fields.ts";
import type { NormalRule } from "../normalize.ts";
import type { RulePhase } from "../rule-snapshot.ts";
import type { Path } from "../source.ts";
import { reportInside } from "./context.ts";
import type { CheckContext } from "./context.ts";

export interface PhasedExpression {
  readonly at: Path;
  /** As written. */
  readonly text: string;
  readonly of: Expression | ScalarSource;
  readonly phase: RulePhase;
  /** A rate limit counts by the answer, though it does not look at it before. */
  readonly isLimit?: boolean;
}

/** Fields of an answer that is not there yet. */
export function checkPhaseFields(context: CheckContext, { at, text, of, phase, isLimit }: PhasedExpression): void {
  if (phase === "response" || phase === "log") return;
  for (const name of fieldsOf(of)) {
    if (ruleScheme.fields.get(name)?.later !== "response") continue;
    reportInside(context, at, Math.max(0, text.indexOf(name)), {
      code: "rule-phase",
      message: `In the phase ${phase} there is no answer yet, so ${name} is not known.`,
      found: name,
      fix:
        isLimit === true
          ? "Put it into the limit's `count`, which looks at the answer; `when` says which requests are limited."
          : "Look at it in a rule of `phase: response` or `phase: log`.",
    });
  }
}

interface BodyCheck extends Omit<PhasedExpression, "phase"> {
  readonly when: Expression | null;
}

/** The body is read for what `when` says, and for nothing else of the rule. */
export function checkBodyFields(context: CheckContext, { at, text, of, when }: BodyCheck): void {
  const wanted = [...fieldsOf(of)].find(isOfBody);
  if (wanted === undefined || when === null || [...fieldsOf(when)].some(isOfBody)) return;
  reportInside(context, at, Math.max(0, text.indexOf(wanted)), {
    code: "body-not-read",
    message: `The request's body is read only when \`when\` looks at it, so ${wanted} is not known here.`,
    found: wanted,
    fix: "Name a field of the body in `when`, too: `and http.request.body.size gt 0`.",
  });
}

function isOfBody(name: string): boolean {
  return ruleScheme.fields.get(name)?.later === "body";
}

/** Held by every cache key, whatever the route's policy, or, as the time, no visitor's to choose. Not the method: a GET may be answered with what a HEAD or a POST brought. */
const KEYED: ReadonlySet<string> = new Set([
  "http.host",
  "http.request.uri.path",
  "http.request.uri.path.extension",
  "http.request.timestamp.sec",
  "http.request.timestamp.msec",
  "ssl",
]);

/** What one visitor makes the origin answer is stored for all who have the same key. */
export function checkKeyedFields(context: CheckContext, { at, text, of }: Omit<PhasedExpression, "phase">): void {
  for (const name of fieldsOf(of)) {
    if (KEYED.has(name)) continue;
    reportInside(context, at, Math.max(0, text.indexOf(name)), {
      code: "unkeyed-rewrite",
      message: `What this rule tells the origin depends on ${name}, which is not part of every cache key: one visitor's answer could be stored for all.`,
      found: name,
      fix: "Put the rule into `phase: request`: what it changes there is part of the cache key.",
    });
  }
}

export interface SkippingRule {
  readonly rule: NormalRule;
  readonly index: number;
  readonly when: Expression | null;
}

/** Who takes a rewrite of the phase origin out for some visitors makes the origin answer these otherwise: the same as above. */
export function checkSkippedRewrites(context: CheckContext, { rule, index, when }: SkippingRule): void {
  const { skip } = rule.action;
  if (skip === undefined || when === null || !acts(rule)) return;
  const rules = context.config.firewall;
  const takesOut = (id: string, at: number): boolean => {
    if (Array.isArray(skip.rules) && skip.rules.includes(id)) return true;
    return rule.phase === "origin" ? skip.rules === "all" && at > index : skip.phases?.includes("origin") === true;
  };
  const rewrite = rules.find(
    (each, at) => each.phase === "origin" && each.action.rewrite !== undefined && acts(each) && takesOut(each.id, at),
  );
  if (rewrite === undefined) return;
  // In the phase request the path is the visitor's, and the key has the one that rules made of it.
  const isMoved = rule.phase === "request" && rules.some((each) => each.phase === "request" && each.action.rewrite?.path !== undefined);
  for (const name of fieldsOf(when)) {
    if (KEYED.has(name) && !(isMoved && name.startsWith("http.request.uri."))) continue;
    reportInside(context, ["firewall", index, "when"], Math.max(0, rule.when.indexOf(name)), {
      code: "unkeyed-rewrite",
      message: `The rule skips the rewrite "${rewrite.id}" of the phase origin, depending on ${name}, which is not part of every cache key: one visitor's answer could be stored for all.`,
      found: name,
      fix: `Put "${rewrite.id}" into \`phase: request\`: what it changes there is part of the cache key. Or skip other rules by name.`,
    });
  }
}

function acts({ enabled, mode }: NormalRule): boolean {
  return enabled && mode !== "log";
}
