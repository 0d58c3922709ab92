// Cloudflare's rules as rules of the config, with what became of each. Pure: the config's lists and rules are handed in, nothing is
// written. Called by the command `rule import`.

import { rule as ruleSchema } from "../../src/config/schema/firewall.ts";
import type { RulePhase } from "../../src/config/rule-snapshot.ts";
import type { NewRule } from "../edit/rules.ts";
import type { CloudflareExport, CloudflareRule, CloudflareRuleset } from "./cloudflare.ts";
import { convertRule } from "./convert-rule.ts";
import { left, type Carried, type ConvertContext, type Left } from "./converted.ts";
import type { LaterRule } from "./convert-skip.ts";
import { carryCondition, type CarriedExpression } from "./expressions.ts";
import { flatten, type Entry } from "./flatten.ts";
import { chooseId, type ExistingRule } from "./rule-ids.ts";

export interface ImportContext extends ConvertContext {
  /** Rules of the config, to name new ones and to pass over what was imported before. */
  readonly existing: readonly ExistingRule[];
  /** log: everything only watches at first. */
  readonly mode: "enforce" | "log";
  /** Rules of the config stand after the imported ones. */
  readonly isFollowed: boolean;
  /** Refused by the config's own checks, by position in the import. */
  readonly refused: ReadonlyMap<number, Left>;
}

export interface Outcome {
  readonly ruleset: CloudflareRuleset;
  readonly source: CloudflareRule;
  /** there: the config has it already. */
  readonly did: "carried" | "changed" | "there" | "left";
  /** The name here; null when it was left out. */
  readonly id: string | null;
  readonly changes: readonly string[];
  readonly left: Left | null;
  /** What is added to the config. */
  readonly rule: NewRule | null;
}

export interface Imported {
  /** One for each rule, in the order in which they run. */
  readonly outcomes: readonly Outcome[];
  /** About the export as a whole. */
  readonly notes: readonly string[];
}

interface Named {
  readonly entry: Entry;
  readonly when: CarriedExpression | Left;
  readonly id: string;
  readonly isThere: boolean;
}

export function importRules(source: CloudflareExport, context: ImportContext): Imported {
  const { entries, notes } = flatten(source);
  const taken = new Set<string>();
  const named = entries.map((entry): Named => {
    const when = carryCondition(entry.rule.expression, context.scheme);
    const text = when.kind === "left" ? entry.rule.expression : when.text;
    return { entry, when, ...chooseId(entry.rule, text, context.existing, taken) };
  });
  return { outcomes: convertAll(named, context), notes: [...source.notes, ...notes] };
}

/** From the last to the first: what a rule skips comes after it. */
function convertAll(named: readonly Named[], context: ImportContext): readonly Outcome[] {
  const outcomes: Outcome[] = [];
  const later: (LaterRule & { readonly entry: Entry; readonly phase: RulePhase })[] = [];
  for (const [position, each] of [...named.entries()].toReversed()) {
    const { entry } = each;
    const followers = {
      later: later.filter((rule) => rule.entry.within.includes(entry.ruleset)),
      laterInPhase: later.filter((rule) => rule.entry.ruleset.phase === entry.ruleset.phase),
      laterAnywhere: later,
      endsPhase: !context.isFollowed && later.every((rule) => rule.entry.within.includes(entry.ruleset) || rule.phase !== "request"),
    };
    const converted = context.refused.get(position) ?? convertOne(each, context, followers);
    outcomes.unshift(outcomeOf(each, converted, context));
    if (converted.kind === "left") continue;
    later.unshift({ cloudflareId: entry.rule.id, id: each.id, entry, phase: converted.phase });
  }
  return outcomes;
}

type Followers = Parameters<typeof convertRule>[0]["followers"];

function convertOne({ entry, when, id }: Named, context: ImportContext, followers: Followers): Carried | Left {
  const { rule, ruleset } = entry;
  const leaks = "it asks Cloudflare whether credentials have leaked, and would match without that here";
  if (rule.checksCredentials) return left(leaks, "leave it out, or write the rule without the check by hand");
  const converted = convertRule({ rule, phase: ruleset.phase, context, followers });
  // Why an action cannot be carried over is the better reason than a field that came with it.
  if (converted.kind === "left") return converted;
  if (when.kind === "left") return when;
  const problem = schemaProblem({
    id,
    when: when.text,
    action: converted.action,
    phase: converted.phase,
    description: rule.description.slice(0, 500),
  });
  if (problem !== null) return problem;
  const changes = [...new Set([...rule.changes, ...when.changes, ...converted.changes])];
  if (!when.isDoubtful || converted.mode === "log" || converted.action === "log") return { ...converted, changes };
  return {
    ...converted,
    mode: "log",
    changes: [...changes, "it has `mode: log` for that reason: see what it would do before you enforce it"],
  };
}

/** A value that the config cannot hold: a status, a length, a name. */
function schemaProblem(rule: Readonly<Record<string, unknown>>): Left | null {
  const parsed = ruleSchema.safeParse(rule);
  if (parsed.success) return null;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join(".") ?? "";
  return left(
    `the config cannot hold its ${where}${issue === undefined ? "" : `: ${issue.message}`}`,
    "write the rule by hand: docs/config.md has what each key takes",
  );
}

function outcomeOf({ entry, when, id, isThere }: Named, converted: Carried | Left, context: ImportContext): Outcome {
  const common = { ruleset: entry.ruleset, source: entry.rule };
  if (converted.kind === "left" || when.kind === "left") {
    const reason = converted.kind === "left" ? converted : (when as Left);
    return { ...common, did: "left", id: null, changes: [], left: reason, rule: null };
  }
  if (isThere) return { ...common, did: "there", id, changes: [], left: null, rule: null };
  const did = converted.changes.length > 0 ? "changed" : "carried";
  return {
    ...common,
    did,
    id,
    changes: converted.changes,
    left: null,
    rule: ruleText(entry.rule, { id, when: when.text, converted, context }),
  };
}

interface RuleParts {
  readonly id: string;
  readonly when: string;
  readonly converted: Carried;
  readonly context: ImportContext;
}

function ruleText(source: CloudflareRule, { id, when, converted, context }: RuleParts): NewRule {
  const { phase, action } = converted;
  const mode = action === "log" ? undefined : (converted.mode ?? (context.mode === "log" ? "log" : undefined));
  return {
    id,
    ...(source.description === "" ? {} : { description: source.description.slice(0, 500) }),
    ...(phase === "request" ? {} : { phase }),
    when,
    action,
    ...(mode === undefined ? {} : { mode }),
    ...(source.enabled ? {} : { enabled: false }),
  };
}
