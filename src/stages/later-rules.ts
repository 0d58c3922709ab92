// The rules of the phases after the first: before an origin is asked, on the answer, and for the log line. Each phase is evaluated
// once for a request, on what is known by then, and adds to the digest what matched. Orchestrates nothing: what a verdict means
// for a response is in the stage that asks for it.

import type { RulePhase } from "../config/rule-snapshot.ts";
import type { Exchange } from "../exchange.ts";
import { ruleContext, type ResponseFacts } from "../firewall/context.ts";
import { evaluatePhase, NOTHING_SAID, type PhaseVerdict } from "../firewall/evaluate.ts";
import { templateValues } from "../transform/template.ts";

/** @param response - In the phases response and log. */
export function evaluateLater(exchange: Exchange, phase: Exclude<RulePhase, "request">, response: Response | null = null): PhaseVerdict {
  const { facts, route, state, firewall, plan, digest, id } = exchange;
  const { rules, lists } = state.ruleset;
  if (rules[phase].rules.length === 0) return NOTHING_SAID;
  const earlier = firewall.latest;
  const seen = response === null ? null : responseFacts(exchange, response);
  const context = ruleContext({ facts, route, body: firewall.body, response: seen, score: earlier.score });
  const verdict = evaluatePhase({
    rules,
    phase,
    context,
    values: templateValues(facts, { requestId: id, params: plan?.params ?? {} }),
    skips: earlier.skips,
    isLoaded: (list) => lists.isLoaded(list),
    // Lists were brought before the first phase ended; what is not there now is not to be had.
    listsAsked: true,
  });
  digest.rules.push(...verdict.matched);
  Object.assign(digest.logged, verdict.logged);
  firewall.latest = verdict;
  return verdict;
}

/** What rules may know of the answer. */
export function responseFacts({ digest }: Exchange, { status, headers }: Response): ResponseFacts {
  return { status, headers, cacheStatus: digest.cache.status === "NONE" ? null : digest.cache.status };
}
