// The whole decision about a request without any I/O: (Ruleset, Facts) -> an answer of our own, or a plan. The request path and
// `explain` both run this and nothing else, so that what `explain` says is what the Worker does.

import type { Answer } from "./answer.ts";
import type { Digest } from "./exchange.ts";
import type { Facts } from "./facts.ts";
import { plan, type Plan } from "./plan.ts";
import type { RouteMatch, Ruleset, Site } from "./ruleset.ts";
import { protect } from "./stages/protect.ts";
import { rewrite } from "./stages/rewrite.ts";
import { route } from "./stages/route.ts";
import { templateValues } from "./transform/template.ts";

export interface Decision {
  readonly site: Site | null;
  readonly match: RouteMatch | null;
  readonly rules: Digest["rules"];
  readonly outcome:
    | { readonly kind: "answer"; readonly stage: "route" | "protect" | "rewrite"; readonly answer: Answer }
    | { readonly kind: "proxy"; readonly plan: Plan };
}

export function decide(ruleset: Ruleset, facts: Facts, requestId: string): Decision {
  const routed = route(ruleset, facts);
  const { site, match } = routed;
  if (routed.answer !== null) return { site, match, rules: [], outcome: { kind: "answer", stage: "route", answer: routed.answer } };
  if (site === null || match === null) throw new Error("the route stage returned neither an answer nor a route");

  const values = templateValues(facts, { requestId, params: match.params });
  const guarded = protect(ruleset, facts, values);
  const rules = guarded.matched;
  if (guarded.answer !== null) return { site, match, rules, outcome: { kind: "answer", stage: "protect", answer: guarded.answer } };

  const fixed = rewrite(match.route, facts, values);
  if (fixed !== null) return { site, match, rules, outcome: { kind: "answer", stage: "rewrite", answer: fixed } };

  const { action } = match.route;
  if (action.kind !== "proxy") throw new Error("the rewrite stage passed a route that has no pool");
  return { site, match, rules, outcome: { kind: "proxy", plan: plan({ site, match, action, facts, values, requestId }) } };
}
