// The whole decision about a request without any I/O: (Ruleset, Facts) -> an answer of our own, or a plan. The request path and
// `explain` both run this and nothing else, so that what `explain` says is what the Worker does.

import type { Answer } from "./answer.ts";
import type { Facts } from "./facts.ts";
import { changedFacts, changesKey, NO_CHANGES } from "./firewall/changes.ts";
import { NOTHING_SAID, type PhaseVerdict } from "./firewall/evaluate.ts";
import { plan, type Plan } from "./plan.ts";
import type { RouteMatch, Ruleset, Site } from "./ruleset.ts";
import { NOTHING_BROUGHT, protect, type Brought } from "./stages/protect.ts";
import { rewrite } from "./stages/rewrite.ts";
import { route } from "./stages/route.ts";
import { templateValues } from "./transform/template.ts";

export interface Decision {
  readonly site: Site | null;
  readonly match: RouteMatch | null;
  /** As rules have changed the request; what is planned and asked for. */
  readonly facts: Facts;
  /** Of the rules of the phase request. While it wants something, nothing here counts: bring it and decide again. */
  readonly verdict: PhaseVerdict;
  readonly outcome:
    | { readonly kind: "answer"; readonly stage: "route" | "protect" | "rewrite"; readonly answer: Answer }
    | { readonly kind: "proxy"; readonly plan: Plan };
}

export function decide(ruleset: Ruleset, facts: Facts, requestId: string, brought: Brought = NOTHING_BROUGHT): Decision {
  const { site, match, answer } = route(ruleset, facts);
  if (answer !== null) return { site, match, facts, verdict: NOTHING_SAID, outcome: { kind: "answer", stage: "route", answer } };
  if (site === null || match === null) throw new Error("the route stage returned neither an answer nor a route");

  const values = templateValues(facts, { requestId, params: match.params });
  const { verdict, answer: refusal } = protect(ruleset, { facts, route: match.route.id, values, brought });
  if (refusal !== null) return { site, match, facts, verdict, outcome: { kind: "answer", stage: "protect", answer: refusal } };

  const changed = changedFacts(facts, verdict.changes);
  const asked = changed === facts ? values : templateValues(changed, { requestId, params: match.params });
  const fixed = rewrite(match.route, changed, asked);
  if (fixed !== null) return { site, match, facts: changed, verdict, outcome: { kind: "answer", stage: "rewrite", answer: fixed } };

  const { action } = match.route;
  if (action.kind !== "proxy") throw new Error("the rewrite stage passed a route that has no pool");
  const changes = verdict.changes === NO_CHANGES ? null : verdict.changes;
  const { stated } = ruleset.rules;
  const keyed = changes === null && stated.length === 0 ? null : changesKey(verdict.changes, stated, facts.headers);
  const planned = plan({ site, match, action, facts: changed, values: asked, requestId, changes, changesKey: keyed });
  return { site, match, facts: changed, verdict, outcome: { kind: "proxy", plan: planned } };
}
