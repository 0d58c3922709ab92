// Firewall rules, loaded: for each phase a table that finds the rules that may match a request, in the order of the file. Closures
// are made when a rule is first tried, so that loading ten thousand costs little. What matching rules come to is in `evaluate.ts`.

import type { RuleActionSnapshot, RulePhase, RuleSnapshot, RuleText } from "../config/rule-snapshot.ts";
import type { Snapshot } from "../config/snapshot.ts";
import type { Expression, ScalarSource } from "../expression/ast.ts";
import { compileValueExpression } from "../expression/compile-value.ts";
import { createMatcher, type ExpressionMatcher } from "../expression/matcher.ts";
import { listsOf, mayHold } from "../expression/may-hold.ts";
import { unpackExpressions } from "../expression/pack.ts";
import { readsField, visitNames, type NameVisitor } from "../expression/walk.ts";
import { known as knownName, type Membership } from "../expression/compilation.ts";
import { statedHeaders } from "./changes.ts";
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
  /** Headers that rules of the phase request tell origins. */
  readonly stated: readonly string[];
  /** Text of a value expression; undefined when it is missing. */
  value(source: ScalarSource, context: RuleContext): string | undefined;
}

type Memberships = ReadonlyMap<string, Membership<RuleContext>>;

/** A rule with its expression as a tree. */
interface Unpacked {
  readonly rule: RuleSnapshot;
  readonly expression: Expression;
}

/** Loads the enabled rules of a snapshot. Throws on a damaged snapshot: an unknown field, function or list. */
export function loadRules({ rules, subjects }: Pick<Snapshot, "rules" | "subjects">, lists: Memberships): Rules {
  const enabled = rules.filter((rule) => rule.enabled);
  const expressions = unpackExpressions({ subjects, expressions: enabled.map(({ expression }) => expression) });
  const unpacked = enabled.map((rule, index) => ({ rule, expression: expressions[index] as Expression }));
  const readsBodies = subjects.some((subject) => readsField(subject, isOfBody));
  const table = (phase: RulePhase): RuleTable =>
    loadTable(
      unpacked.filter(({ rule }) => rule.phase === phase),
      { lists, readsBodies },
    );
  const stated = enabled.flatMap(({ phase, mode, action }) =>
    phase === "request" && mode === "enforce" && action.kind === "rewrite" ? statedHeaders(action) : [],
  );
  return {
    request: table("request"),
    origin: table("origin"),
    response: table("response"),
    log: table("log"),
    stated: [...new Set(stated)],
    value: loadValues(lists),
  };
}

/** Of all phases, in the order in which they run. */
export function allRules({ request, origin, response, log }: Rules): readonly Rule[] {
  return [request, origin, response, log].flatMap(({ rules }) => rules);
}

interface TableInput {
  readonly lists: Memberships;
  /** Some rule of the release looks at bodies. */
  readonly readsBodies: boolean;
}

function loadTable(unpacked: readonly Unpacked[], { lists, readsBodies }: TableInput): RuleTable {
  const rules = unpacked.map((rule) => loadRule(rule, lists));
  const matcher = createMatcher({ expressions: unpacked.map(({ expression }) => expression), scheme: ruleScheme, lists });
  return Object.freeze({
    rules,
    matcher,
    counting: rules.flatMap(({ action }, position) => (action.kind === "rateLimit" && action.count !== null ? [position] : [])),
    lists: [...new Set(rules.flatMap((rule) => rule.lists))],
    probes: readsBodies ? loadProbes(unpacked, lists) : null,
  });
}

/** Written out: ten thousand copies by `...` are most of what loading would cost. */
function loadRule({ rule, expression }: Unpacked, lists: Memberships): Rule {
  const { id, description, phase, when, action, enabled, mode, expiresAtMs, owner } = rule;
  const limit = action.kind === "rateLimit" ? loadRateLimit({ id, mode, action }, lists) : null;
  checkValues(action);
  const own = lists.size === 0 ? NONE : listsOfRule(rule, expression);
  return { id, description, phase, when, action, enabled, mode, expiresAtMs, owner, lists: own, limit };
}

/** Values are compiled when they are first wanted; by then a request would pay for a name that is not there. */
function checkValues(action: RuleActionSnapshot): void {
  for (const source of valuesOf(action)) visitNames(source, VALUE_NAMES);
}

const VALUE_NAMES: NameVisitor = {
  field: (name) => knownName(ruleScheme.fields, "field", name),
  function: (name) => knownName(ruleScheme.functions, "function", name),
};

function valuesOf(action: RuleActionSnapshot): readonly ScalarSource[] {
  if (action.kind === "log") return action.fields.map(([, value]) => value);
  if (action.kind === "redirect") return madeBy([action.to]);
  if (action.kind !== "rewrite") return [];
  const { path, query, headers } = action;
  const queried = query === null ? [] : query.kind === "whole" ? [query.value] : query.set.map(([, text]) => text);
  const stated = headers === null ? [] : [...headers.set, ...headers.add].map(([, text]) => text);
  return madeBy([...(path === null ? [] : [path]), ...queried, ...stated]);
}

function madeBy(texts: readonly RuleText[]): readonly ScalarSource[] {
  return texts.flatMap((text) => (text.kind === "expression" ? [text.value] : []));
}

const NONE: readonly string[] = [];

function listsOfRule({ action }: Pick<RuleSnapshot, "action">, expression: Expression): readonly string[] {
  const own = listsOf(expression);
  if (action.kind === "rateLimit" && action.count !== null) return [...new Set([...own, ...listsOf(action.count)])];
  return own.size === 0 ? NONE : [...own];
}

function loadProbes(unpacked: readonly Unpacked[], lists: Memberships): Probes | null {
  const always: number[] = [];
  const probed = unpacked.flatMap(({ expression }, position) => {
    if (!readsField(expression, isOfBody)) return [];
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

function isOfBody(name: string): boolean {
  return ruleScheme.fields.get(name)?.later === "body";
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
