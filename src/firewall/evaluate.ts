// The rules of one phase on one request: which match, and what they come to. Rules run in the order of the file. The first block
// or redirect ends the phase; rewrite, set, score and log add up, and the last word on a thing counts; skip takes later rules out.
// A rule in log mode is recorded and never acts. Pure; never throws. What is missing to judge (a body, a list) is said, and
// nothing then counts until it was brought.

import type { RulePhase } from "../config/rule-snapshot.ts";
import type { MatchedRule, RuleDeed } from "../exchange.ts";
import { RULE_LOG_VALUE_CHARS_MAX } from "../limits.ts";
import { textOfBytes } from "../expression/bytes.ts";
import { madeLocation, redirectLocation } from "../transform/redirect.ts";
import { renderTemplate, type TemplateValues } from "../transform/template.ts";
import { NO_CHANGES, withRewrite, type RuleChanges, type TextMaker } from "./changes.ts";
import type { RuleContext } from "./context.ts";
import type { RateLimit } from "./rate-limit.ts";
import type { Rule, RuleTable, Rules } from "./rules.ts";

/** What rules of a phase take away from later ones. */
export interface Skips {
  readonly rules: ReadonlySet<string>;
  readonly phases: ReadonlySet<RulePhase>;
  readonly rateLimits: boolean;
  readonly managed: boolean;
}

export const NO_SKIPS: Skips = { rules: new Set(), phases: new Set(), rateLimits: false, managed: false };

/** What has to be brought before the verdict counts. */
export interface Wants {
  readonly body: boolean;
  readonly lists: readonly string[];
}

export interface PhaseVerdict {
  readonly matched: readonly MatchedRule[];
  /** The rule that ends the request, and where a redirect leads. */
  readonly end: { readonly rule: Rule; readonly location: string | null } | null;
  readonly changes: RuleChanges;
  /** Rate limits that this request is held against, or may be counted by, in order: asked after all other rules of the phase. */
  readonly limits: readonly MatchedLimit[];
  readonly skips: Skips;
  readonly score: number;
  /** For the log line. */
  readonly logged: Readonly<Record<string, string>>;
  readonly wants: Wants;
}

export interface MatchedLimit {
  readonly limit: RateLimit;
  readonly context: RuleContext;
  /** The rule's `when` holds; else the request is counted at most. */
  readonly matches: boolean;
}

/** Where no rule ran. */
export const NOTHING_SAID: PhaseVerdict = {
  matched: [],
  end: null,
  changes: NO_CHANGES,
  limits: [],
  skips: NO_SKIPS,
  score: 0,
  logged: {},
  wants: { body: false, lists: [] },
};

export interface PhaseInput {
  readonly rules: Rules;
  readonly phase: RulePhase;
  readonly context: RuleContext;
  /** What templates may name. */
  readonly values: TemplateValues;
  /** Of earlier phases. */
  readonly skips: Skips;
  readonly isLoaded: (list: string) => boolean;
  /** A list that is not loaded now is not to be had: rules that look into it are passed over. */
  readonly listsAsked: boolean;
}

interface Running {
  readonly input: PhaseInput;
  readonly make: TextMaker;
  readonly matched: MatchedRule[];
  readonly skipped: Set<string>;
  readonly lists: Set<string>;
  /** Positions of rate limits whose rule matches. */
  readonly limits: Set<number>;
  readonly logged: Record<string, string>;
  changes: RuleChanges;
  skips: Omit<Skips, "rules">;
  end: PhaseVerdict["end"];
  /** Position of the rule that ended the phase. */
  last: number;
}

export function evaluatePhase(input: PhaseInput): PhaseVerdict {
  const { rules, phase, context, skips } = input;
  const table = rules[phase];
  const running = begin(input);
  if (table.rules.length > 0 && !skips.phases.has(phase)) run(running, table);
  const { matched, end, changes, limits, skipped, logged, lists } = running;
  return {
    matched,
    end,
    changes,
    limits: running.skips.rateLimits || end !== null ? [] : limitsOf(running, table, limits),
    skips: { ...running.skips, rules: skipped },
    score: context.score,
    logged,
    wants: { body: wantsBody(running, table), lists: [...lists] },
  };
}

function run(running: Running, { rules, matcher }: RuleTable): void {
  const { context } = running.input;
  const evaluation = matcher.begin(context);
  for (const position of matcher.candidates(evaluation)) {
    const rule = rules[position];
    if (rule === undefined || running.skipped.has(rule.id) || isExpired(rule, context)) continue;
    const isReady = rule.lists.every((list) => running.input.isLoaded(list));
    if (isReady ? !matcher.holds(position, evaluation) : !running.input.listsAsked) {
      if (!isReady) for (const list of rule.lists) running.lists.add(list);
      continue;
    }
    if (!isReady) running.matched.push({ id: rule.id, did: "no-list" });
    else if (!act(running, rule, position)) {
      running.last = position;
      return;
    }
  }
}

/** Those that match, and those that may count the request all the same. */
function limitsOf(
  { input, skipped, last }: Running,
  { rules, counting }: RuleTable,
  matching: ReadonlySet<number>,
): readonly MatchedLimit[] {
  const { context, isLoaded } = input;
  if (matching.size + counting.length === 0) return [];
  const counted = counting.filter((position) => {
    const rule = rules[position];
    return rule !== undefined && position <= last && !skipped.has(rule.id) && !isExpired(rule, context) && rule.lists.every(isLoaded);
  });
  const held = [...new Set([...matching, ...counted])].toSorted((one, other) => one - other);
  return held.flatMap((position) => {
    const limit = rules[position]?.limit ?? null;
    return limit === null ? [] : [{ limit, context, matches: matching.has(position) }];
  });
}

/** At its expiry a rule no longer holds. */
function isExpired(rule: Rule, { facts }: RuleContext): boolean {
  return rule.expiresAtMs !== null && facts.receivedAtMs >= rule.expiresAtMs;
}

/** Does what the rule says. False when no other rule of the phase runs after it. */
function act(running: Running, rule: Rule, position: number): boolean {
  const { action } = rule;
  // Whether a limit is passed is found out later, in log mode too.
  if (action.kind === "rateLimit") return running.limits.add(position).size > 0;
  const { context } = running.input;
  if (rule.mode === "log") {
    running.matched.push({ id: rule.id, did: action.kind === "log" ? "log" : `would-${action.kind}` });
    return true;
  }
  switch (action.kind) {
    case "block":
      running.end = { rule, location: null };
      return note(running, rule, "block", false);
    case "redirect": {
      const location = locationOf(running.input, action);
      if (location === null) return note(running, rule, "no-value", true);
      running.end = { rule, location };
      return note(running, rule, "redirect", false);
    }
    case "skip":
      return skip(running, rule, action);
    case "log":
      for (const [name, source] of action.fields) logValue(running, name, source);
      return note(running, rule, "log", true);
    case "score":
      context.score += action.add;
      return note(running, rule, "score", true);
    case "rewrite":
      running.changes = withRewrite(running.changes, action, context.facts.query, running.make);
      return note(running, rule, "rewrite", true);
    case "set":
      running.changes = withPolicies(running.changes, action);
      return note(running, rule, "set", true);
    default:
      return action satisfies never;
  }
}

function note(running: Running, rule: Rule, did: RuleDeed | "no-value", goesOn: boolean): boolean {
  running.matched.push({ id: rule.id, did });
  return goesOn;
}

/** Null where a part is missing, or an expression made what no redirect can lead to. */
function locationOf(
  { rules, context, values }: PhaseInput,
  { to, preserveQuery }: Extract<Rule["action"], { kind: "redirect" }>,
): string | null {
  const { query } = context.facts;
  if (to.kind === "template") return redirectLocation({ to: to.template, preserveQuery }, query, values);
  const target = rules.value(to.value, context);
  return target === undefined ? null : madeLocation(shown(target), query, preserveQuery);
}

function skip(running: Running, rule: Rule, action: Extract<Rule["action"], { kind: "skip" }>): boolean {
  for (const id of action.rules) running.skipped.add(id);
  const { phases, rateLimits, managed } = running.skips;
  running.skips = {
    phases: action.phases.length === 0 ? phases : new Set([...phases, ...action.phases]),
    rateLimits: rateLimits || action.rateLimits,
    managed: managed || action.managed,
  };
  return note(running, rule, "skip", !action.rest);
}

function withPolicies(changes: RuleChanges, { pool, cache, timeouts, retry }: Extract<Rule["action"], { kind: "set" }>): RuleChanges {
  return {
    ...changes,
    pool: pool ?? changes.pool,
    cache: cache ?? changes.cache,
    timeouts: timeouts ?? changes.timeouts,
    retry: retry ?? changes.retry,
  };
}

function logValue({ input, logged }: Running, name: string, source: Parameters<Rules["value"]>[0]): void {
  const value = input.rules.value(source, input.context);
  if (value !== undefined) logged[name] = shown(value).slice(0, RULE_LOG_VALUE_CHARS_MAX);
}

function textMaker({ rules, context, values }: PhaseInput): TextMaker {
  const make = (made: Parameters<TextMaker["text"]>[0]): string | undefined =>
    made.kind === "template" ? renderTemplate(made.template, values) : rules.value(made.value, context);
  return {
    bytes: make,
    text: (made) => {
      const value = make(made);
      return value === undefined || made.kind === "template" ? value : shown(value);
    },
  };
}

/** Bytes that are no UTF-8 are shown one by one. */
function shown(bytes: string): string {
  return textOfBytes(bytes) ?? bytes;
}

/** Whether a rule that was not ruled out looks at a body that was not read. */
function wantsBody({ input, last, skipped }: Running, { rules, probes }: RuleTable): boolean {
  const { context, phase, skips } = input;
  if (probes === null || context.body !== null || skips.phases.has(phase)) return false;
  const isOpen = (position: number): boolean => {
    const rule = rules[position];
    return position <= last && rule !== undefined && !skipped.has(rule.id) && !isExpired(rule, context);
  };
  if (probes.always.some(isOpen)) return true;
  const evaluation = probes.matcher.begin(context);
  return probes.matcher.candidates(evaluation).some((at) => isOpen(probes.positions[at] ?? -1) && probes.matcher.holds(at, evaluation));
}

/** Whether rules of a later phase may look at the body: it has to be read before it is sent on. */
export function laterRulesWantBody(input: Omit<PhaseInput, "phase">, phases: readonly RulePhase[]): boolean {
  return phases.some((phase) => {
    const table = input.rules[phase];
    return table.probes !== null && wantsBody(begin({ ...input, phase }), table);
  });
}

function begin(input: PhaseInput): Running {
  return {
    input,
    make: textMaker(input),
    matched: [],
    skipped: new Set(input.skips.rules),
    lists: new Set(),
    limits: new Set(),
    logged: {},
    changes: NO_CHANGES,
    skips: input.skips,
    end: null,
    last: Number.POSITIVE_INFINITY,
  };
}
