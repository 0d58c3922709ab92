// Decides under which of its requirements each expression is filed. The one that fewest others are filed under wins: a host that
// every rule names tells nothing, the path that only one rule names tells everything. Called by `matcher.ts` when rules are loaded.

import type { Expression } from "./ast.ts";
import type { Interval } from "./intervals.ts";
import type { Address } from "./ip.ts";
import type { Condition, Requirement, Subject } from "./requirement.ts";

/** The expressions that are filed under one key, by position: most often a single one. */
export type Filed = number | readonly number[];

export interface IndexPlan {
  readonly subjects: readonly SubjectPlan[];
  /** Tests that several expressions may share. */
  readonly tests: readonly { readonly expression: Expression; readonly filed: Filed }[];
  /** Expressions that require nothing that can be looked up: they are always tried. Ascending. */
  readonly rest: readonly number[];
}

/** What is filed about one subject, by what is required of it. */
export interface SubjectPlan {
  readonly subject: Subject;
  readonly is: ReadonlyMap<string | number | boolean, Filed>;
  readonly prefixes: ReadonlyMap<string, Filed>;
  readonly literals: ReadonlyMap<string, Filed>;
  readonly ranges: readonly Interval<Address>[];
}

/** Bytes of a prefix or a literal that are looked at: more would not tell rules apart, and cost memory. */
const LITERAL_BYTES_MAX = 24;

/** Subjects up to which one more costs nothing: each is read in every evaluation. */
const SUBJECTS_FREE = 64;

/** What one more costs then, in evaluations. */
const SUBJECT_COST = 4;

type Drawer<K> = Map<K, number | number[]>;

interface Draft extends SubjectPlan {
  readonly is: Drawer<string | number | boolean>;
  readonly prefixes: Drawer<string>;
  readonly literals: Drawer<string>;
  readonly ranges: Interval<Address>[];
}

interface Cabinet {
  readonly drafts: Map<Subject, Draft>;
  readonly tests: Map<string, { readonly expression: Expression; filed: number | number[] }>;
}

/** Files the expression at each position; null is one that requires nothing. */
export function planIndex(requirements: readonly (Requirement | null)[]): IndexPlan {
  const cabinet: Cabinet = { drafts: new Map(), tests: new Map() };
  const rest: number[] = [];
  for (let position = 0; position < requirements.length; position += 1) {
    const requirement = requirements[position] ?? null;
    if (requirement === null) rest.push(position);
    else fileUnder(cabinet, requirement, position);
  }
  return { subjects: [...cabinet.drafts.values()].filter(isUsed), tests: [...cabinet.tests.values()], rest };
}

/** Under one of all, or under each of any. */
function fileUnder(cabinet: Cabinet, requirement: Requirement, position: number): void {
  if (!("of" in requirement)) fileCondition(cabinet, requirement, position);
  else if (requirement.kind === "any") for (const part of requirement.of) fileUnder(cabinet, part, position);
  else fileUnder(cabinet, cheapest(cabinet, requirement.of), position);
}

function cheapest(cabinet: Cabinet, choices: readonly Requirement[]): Requirement {
  let best = choices[0] as Requirement;
  let least = Number.POSITIVE_INFINITY;
  for (const choice of choices) {
    const cost = costOf(cabinet, choice);
    if (cost >= least) continue;
    best = choice;
    least = cost;
  }
  return best;
}

/**
 * An estimate of the evaluations that filing here causes: how many are filed under the same already, by how likely a value has
 * it. Longer texts are taken to be rarer.
 */
function costOf(cabinet: Cabinet, requirement: Requirement): number {
  switch (requirement.kind) {
    case "all":
      return requirement.of.reduce((least, part) => Math.min(least, costOf(cabinet, part)), Number.POSITIVE_INFINITY);
    case "any":
      return requirement.of.reduce((sum, part) => sum + costOf(cabinet, part), 0);
    case "is":
    case "prefix":
    case "contains": {
      const draft = cabinet.drafts.get(requirement.subject);
      const opening = draft === undefined && cabinet.drafts.size >= SUBJECTS_FREE ? SUBJECT_COST : 0;
      return opening + costOfText(draft, requirement);
    }
    case "within":
      return requirement.from === Number.NEGATIVE_INFINITY || requirement.to === Number.POSITIVE_INFINITY ? 10 : 0.1;
    case "test":
      return 0.5;
    default:
      return requirement satisfies never;
  }
}

function costOfText(draft: Draft | undefined, condition: Extract<Condition, { readonly kind: "is" | "prefix" | "contains" }>): number {
  if ("bytes" in condition) {
    const filed = condition.kind === "prefix" ? draft?.prefixes : draft?.literals;
    return ((condition.kind === "prefix" ? 1.5 : 3) * sizeOf(filed?.get(clip(condition.bytes)))) / rarity(condition.bytes);
  }
  // That an entry is there says less than what is in it.
  const isKey = condition.subject.aspect === "keys";
  let cost = 0;
  for (const value of condition.values) cost += sizeOf(draft?.is.get(value)) / (isKey ? 1 : rarity(value));
  return cost;
}

function rarity(value: string | number | boolean): number {
  if (typeof value === "string") return 1 + value.length ** 2;
  return typeof value === "number" ? 16 : 2;
}

/** With the one that is about to be filed. */
function sizeOf(filed: Filed | undefined): number {
  return filed === undefined ? 1 : typeof filed === "number" ? 2 : filed.length + 1;
}

function fileCondition(cabinet: Cabinet, condition: Condition, position: number): void {
  if (condition.kind === "test") {
    const known = cabinet.tests.get(condition.key);
    if (known === undefined) cabinet.tests.set(condition.key, { expression: condition.expression, filed: position });
    else known.filed = withPosition(known.filed, position);
    return;
  }
  const draft = draftOf(cabinet, condition.subject);
  switch (condition.kind) {
    case "is":
      for (const value of condition.values) add(draft.is, value, position);
      return;
    case "prefix":
      add(draft.prefixes, clip(condition.bytes), position);
      return;
    case "contains":
      add(draft.literals, clip(condition.bytes), position);
      return;
    case "within":
      draft.ranges.push({ from: condition.from, to: condition.to, position });
      return;
    default:
      condition satisfies never;
  }
}

function clip(bytes: string): string {
  return bytes.length > LITERAL_BYTES_MAX ? bytes.slice(0, LITERAL_BYTES_MAX) : bytes;
}

function draftOf({ drafts }: Cabinet, subject: Subject): Draft {
  const known = drafts.get(subject);
  if (known !== undefined) return known;
  const draft: Draft = { subject, is: new Map(), prefixes: new Map(), literals: new Map(), ranges: [] };
  drafts.set(subject, draft);
  return draft;
}

function isUsed({ is, prefixes, literals, ranges }: Draft): boolean {
  return is.size + prefixes.size + literals.size + ranges.length > 0;
}

function add<K>(drawer: Drawer<K>, key: K, position: number): void {
  const filed = drawer.get(key);
  drawer.set(key, filed === undefined ? position : withPosition(filed, position));
}

/** Positions come in ascending order, and one may come twice in turn. */
function withPosition(filed: number | number[], position: number): number | number[] {
  if (typeof filed === "number") return filed === position ? filed : [filed, position];
  if (filed.at(-1) !== position) filed.push(position);
  return filed;
}
