// Firewall rules, loaded: for each phase a table that finds the rules that may match a request, in the order of the file. Closures
// are made when a rule is first tried, so that loading ten thousand costs little. What matching rules come to is in `evaluate.ts`.

import type { RulePhase, RuleSnapshot } from "../config/rule-snapshot.ts";
import type { Expression, ScalarSource } from "../expression/ast.ts";
import { compileValueExpression } from "../expression/compile-value.ts";
import { createMatcher, type ExpressionMatcher } from "../expression/matcher.ts";
import { fieldsOf, listsOf, mayHold } from "../expression/may-hold.ts";
import type { Membership } from "../expression/compilation.ts";
import type { RuleContext } from "./context.ts";
import { ruleScheme } from "./fields.ts";
import { loadRateLimit, type RateLimit } from "./rate-limit.ts";

export interface Rule extends Omit<RuleSnapshot, "expression"> {
  /** Lists that it looks into. */
  readonly lists: readonly string[];
  /** Null for other actions. */
  readonly limit: RateLimit | null;
}

/** The rules of one phase. */
export interface RuleTable {
  /** Enabled ones, in the order of the file. */
  readonly rules: readonly Rule[];
  readonly matcher: ExpressionMatcher<RuleContext>;
  /** Positions of rate limits that count other requests than they limit. */
  readonly counting: readonly number[];
  /** All lists that its rules look into. */
  readonly lists: readonly string[];
  readonly probes: Probes | null;
}

/** Of rules that look at a request's body: whether they may match, as far as that can be said without it. */
export interface Probes {
  /** Positions of the rules, ascending; one for each expression of the matcher. */
  readonly positions: readonly number[];
  readonly matcher: ExpressionMatcher<RuleContext>;
  /** Positions of rules that may match whatever the rest of the request is. */
  readonly always: readonly number[];
}

export interface Rules extends Readonly<Record<RulePhase, RuleTable>> {
  /** Text of a value expression; undefined when it is missing. */
  value(source: ScalarSource, context: RuleContext): string | undefined;
}

type Memberships = ReadonlyMap<string, Membership<RuleContext>>;

/** Loads the enabled rules of a snapshot. Throws on a damaged snapshot: an unknown field, function or list. */
export function loadRules(rules: readonly RuleSnapshot[], lists: Memberships): Rules {
  const table = (phase: RulePhase): RuleTable =>
    loadTable(
      rules.filter((rule) => rule.enabled && rule.phase === phase),
      lists,
    );
  return { request: table("request"), origin: table("origin"), response: table("response"), log: table("log"), value: loadValues(lists) };
}

/** Of all phases, in the order in which they run. */
export function allRules({ request, origin, response, log }: Rules): readonly Rule[] {
  return [request, origin, response, log].flatMap(({ rules }) => rules);
}

function loadTable(snapshots: readonly RuleSnapshot[], lists: Memberships): RuleTable {
  const rules = snapshots.map((snapshot) => loadRule(snapshot, lists));
  const matcher = createMatcher({ expressions: snapshots.map((rule) => rule.expression), scheme: ruleScheme, lists });
  return Object.freeze({
    rules,
    matcher,
    counting: rules.flatMap(({ action }, position) => (action.kind === "rateLimit" && action.count !== null ? [position] : [])),
    lists: [...new Set(rules.flatMap((rule) => rule.lists))],
    probes: loadProbes(snapshots, lists),
  });
}

function loadRule({ expression, ...rule }: RuleSnapshot, lists: Memberships): Rule {
  const { id, mode, action } = rule;
  const limit = action.kind === "rateLimit" ? loadRateLimit({ id, mode, action }, lists) : null;
  return Object.freeze({ ...rule, lists: listsOfRule(rule, expression), limit });
}

function listsOfRule({ action }: Pick<RuleSnapshot, "action">, expression: Expression): readonly string[] {
  const count = action.kind === "rateLimit" && action.count !== null ? listsOf(action.count) : [];
  return [...new Set([...listsOf(expression), ...count])];
}

function loadProbes(snapshots: readonly RuleSnapshot[], lists: Memberships): Probes | null {
  const always: number[] = [];
  const probed = snapshots.flatMap(({ expression }, position) => {
    if (![...fieldsOf(expression)].some((name) => ruleScheme.fields.get(name)?.later === "body")) return [];
    const known = mayHold(expression, isKnownAtOnce);
    if (known === true) always.push(position);
    return typeof known === "boolean" ? [] : [{ position, known }];
  });
  if (probed.length + always.length === 0) return null;
  return {
    positions: probed.map(({ position }) => position),
    matcher: createMatcher({ expressions: probed.map(({ known }) => known), scheme: ruleScheme, lists }),
    always,
  };
}

function isKnownAtOnce(name: string): boolean {
  const field = ruleScheme.fields.get(name);
  return field?.later === undefined && field?.volatile !== true;
}

function loadValues(lists: Memberships): Rules["value"] {
  const getters = new Map<ScalarSource, (context: RuleContext) => string | undefined>();
  return (source, context) => {
    let get = getters.get(source);
    if (get === undefined) {
      get = compileValueExpression(source, ruleScheme, lists);
      getters.set(source, get);
    }
    return get(context);
  };
}
