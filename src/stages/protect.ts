// Stage "protect": the firewall's rules of the phase request, on every request and before the cache, so that they hold for stored
// answers too. Pure. Rate limits whose rule matches are handed on: to count is not pure.

import { errorAnswer, type Answer } from "../answer.ts";
import type { Facts } from "../facts.ts";
import { changedFacts, type RuleChanges } from "../firewall/changes.ts";
import { ruleContext, type BodyFacts, type RuleContext } from "../firewall/context.ts";
import { evaluatePhase, laterRulesWantBody, NO_SKIPS, type PhaseInput, type PhaseVerdict, type Wants } from "../firewall/evaluate.ts";
import type { Ruleset } from "../ruleset.ts";
import type { TemplateValues } from "../transform/template.ts";

/** What was brought for rules that could not be judged without it. */
export interface Brought {
  /** Null: not read. */
  readonly body: BodyFacts | null;
  /** Lists that were wanted have been asked for. */
  readonly lists: boolean;
}

export const NOTHING_BROUGHT: Brought = { body: null, lists: false };

export interface ProtectInput {
  readonly facts: Facts;
  /** Id of the route. */
  readonly route: string;
  /** What templates may name. */
  readonly values: TemplateValues;
  readonly brought: Brought;
}

export interface Protected {
  readonly verdict: PhaseVerdict;
  readonly answer: Answer | null;
}

export function protect(ruleset: Ruleset, { facts, route, values, brought }: ProtectInput): Protected {
  const { rules, lists } = ruleset;
  // Where there is no body, all is known of it.
  const body = brought.body ?? (facts.hasBody ? null : NO_BODY);
  const context = ruleContext({ facts, route, body });
  const input = { rules, context, values, isLoaded: (list: string) => lists.isLoaded(list), listsAsked: brought.lists };
  const verdict = evaluatePhase({ ...input, phase: "request", skips: NO_SKIPS });
  return {
    verdict: { ...verdict, wants: wantsOfAll({ ...input, skips: verdict.skips }, verdict) },
    answer: verdict.end === null ? null : answerOf(verdict.end),
  };
}

const LATER = ["origin", "response", "log"] as const;

/** What the later phases will want has to be there before the body is sent on and the answer is on its way. */
function wantsOfAll(input: Omit<PhaseInput, "phase">, { wants, end, changes }: PhaseVerdict): Wants {
  const { rules, context, listsAsked, isLoaded } = input;
  const lists = listsAsked ? [] : LATER.flatMap((phase) => rules[phase].lists).filter((list) => !isLoaded(list));
  const body =
    wants.body || (end === null && context.body === null && laterRulesWantBody({ ...input, context: asChanged(context, changes) }, LATER));
  return { body, lists: [...new Set([...wants.lists, ...lists])] };
}

/** The later phases look at the request as this one has changed it. */
function asChanged(context: RuleContext, changes: RuleChanges): RuleContext {
  const { facts, route, body } = context;
  const changed = changedFacts(facts, changes);
  return changed === facts ? context : ruleContext({ facts: changed, route, body });
}

const NO_BODY: BodyFacts = { bytes: "", truncated: false };

/** The answer of a rule that ended the request. */
export function answerOf({ rule, location }: NonNullable<PhaseVerdict["end"]>): Answer {
  const { action } = rule;
  if (action.kind === "block") {
    if (action.body !== null) {
      return { kind: "page", status: action.status, contentType: action.contentType ?? "text/plain; charset=utf-8", body: action.body };
    }
    return errorAnswer({ code: "blocked", status: action.status, ruleId: rule.id });
  }
  if (action.kind !== "redirect") throw new Error(`rule ${rule.id}: the action ${action.kind} cannot end a request`);
  return { kind: "redirect", status: action.status, location: location ?? "/", why: "rule" };
}
