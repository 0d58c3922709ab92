// What a rule may look at when it runs: the answer is there in the phases response and log only, and what the origin is asked in
// the phase origin must not depend on what the cache key does not hold.

import type { Expression, ScalarSource } from "../../expression/ast.ts";
import { fieldsOf } from "../../expression/may-hold.ts";
import { ruleScheme } from "../../firewall/fields.ts";
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
}

/** Fields of an answer that is not there yet. */
export function checkPhaseFields(context: CheckContext, { at, text, of, phase }: PhasedExpression): void {
  if (phase === "response" || phase === "log") return;
  for (const name of fieldsOf(of)) {
    if (ruleScheme.fields.get(name)?.later !== "response") continue;
    reportInside(context, at, Math.max(0, text.indexOf(name)), {
      code: "rule-phase",
      message: `In the phase ${phase} there is no answer yet, so ${name} is not known.`,
      found: name,
      fix: "Look at it in a rule of `phase: response` or `phase: log`.",
    });
  }
}

/** Held by every cache key, whatever the route's policy. */
const KEYED: ReadonlySet<string> = new Set([
  "http.host",
  "http.request.method",
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
