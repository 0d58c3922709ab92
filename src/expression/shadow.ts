// Finds expressions that can never be the first of a list to hold, since an earlier one holds wherever they do. For warnings when
// rules are published. The work is bounded: exact repetitions are always found, containment as far as the budget goes.

import { analyze, implies, presenceIn } from "./analysis.ts";
import { canonicalText } from "./canonical.ts";
import { wordsOf } from "./constraint-bytes.ts";
import { readsField } from "./walk.ts";
import type { Analyzed } from "./analysis.ts";
import type { Expression } from "./ast.ts";
import type { Assertion, Conjunction } from "./normal-form.ts";
import type { Scheme } from "./scheme.ts";

export interface Shadowed {
  /** Position of the expression that is hidden. */
  readonly position: number;
  /** Position of the first earlier one that was found to hide it. */
  readonly by: number;
  readonly how: "the same" | "contained";
}

export interface ShadowOptions {
  /** Whether an expression ends the evaluation where it holds; the others hide nothing. All do, when absent. */
  readonly hides?: (position: number) => boolean;
  /** Pairs of expressions that are compared at most. */
  readonly comparisonsMax?: number;
}

export interface ShadowReport {
  /** By position, ascending. */
  readonly shadowed: readonly Shadowed[];
  /** False when the budget ended before all pairs that could matter were compared. */
  readonly complete: boolean;
}

/** A tenth of a second or so. */
const COMPARISONS_MAX = 100_000;

/** Bytes of a prefix by which earlier expressions are found again. */
const PREFIX_BYTES_MAX = 24;

/** Earlier expressions, by what a later one must speak about to be contained in them. */
type Shelves = Map<string, number[]>;

/** Compares each expression with the earlier ones. Those that read a volatile field are left out: it may change in between. */
export function findShadowed(expressions: readonly Expression[], scheme: Scheme<never>, options: ShadowOptions = {}): ShadowReport {
  const isPresent = presenceIn(scheme);
  const analyzed: (Analyzed | null)[] = [];
  const texts = new Map<string, number>();
  const shelves: Shelves = new Map();
  const shadowed: Shadowed[] = [];
  let budget = options.comparisonsMax ?? COMPARISONS_MAX;
  for (const [position, expression] of expressions.entries()) {
    const isVolatile = readsField(expression, (name) => scheme.fields.get(name)?.volatile === true);
    const form = isVolatile ? null : analyze(expression, scheme);
    analyzed.push(form);
    if (form === null) continue;
    const text = canonicalText(expression);
    const same = texts.get(text);
    if (same !== undefined) {
      shadowed.push({ position, by: same, how: "the same" });
      continue;
    }
    // What holds for nothing is contained in everything, and has a warning of its own.
    if (form.extent !== "never") {
      // With the budget spent, only repetitions are looked for.
      const candidates = budget < 0 ? [] : earlierOnes(shelves, form);
      const by = candidates.find((earlier) => {
        budget -= 1;
        return budget >= 0 && implies(form, analyzed[earlier] as Analyzed, isPresent);
      });
      if (by !== undefined) shadowed.push({ position, by, how: "contained" });
    }
    if (options.hides?.(position) === false || form.extent === "never") continue;
    texts.set(text, position);
    shelve(shelves, form, position);
  }
  return { shadowed, complete: budget >= 0 };
}

/** Files an expression under what a contained one must speak about: of several such things, the one with the fewest others. */
function shelve(shelves: Shelves, { form }: Analyzed, position: number): void {
  if (form.whenFalse === null) return;
  let best: readonly string[] | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const failing of form.whenFalse) {
    const keys = failing.flatMap(keysToContradict);
    const size = keys.reduce((sum, key) => sum + (shelves.get(key)?.length ?? 0), 0);
    if (size >= least) continue;
    best = keys;
    least = size;
  }
  for (const key of best ?? ["everything"]) {
    const shelf = shelves.get(key);
    if (shelf === undefined) shelves.set(key, [position]);
    else shelf.push(position);
  }
}

/** What an expression must speak about, one of these at least, to contradict that an assertion fails. */
function keysToContradict({ key, about }: Assertion): readonly string[] {
  if (about === null) return [`test ${key}`];
  const { predicate, holds } = about.constraint;
  if (!holds && about.role === "value") {
    if (predicate.op === "eq" && predicate.value.type === "Bytes") return [valueKey(about.key, predicate.value.value), `test ${key}`];
    if (predicate.op === "in" && predicate.set.type === "Bytes")
      return [...predicate.set.values.map((value) => valueKey(about.key, value)), `test ${key}`];
    if (predicate.op === "prefix") return [prefixKey(about.key, predicate.bytes), `test ${key}`];
  }
  return [`about ${about.key}`, `test ${key}`];
}

/** Positions of earlier expressions that could contain one, ascending. */
function earlierOnes(shelves: Shelves, { form }: Analyzed): readonly number[] {
  // Each alternative must be contained, so the first one's keys are enough.
  const holding: Conjunction = form.whenTrue?.[0] ?? [];
  const found = new Set(shelves.get("everything"));
  for (const key of holding.flatMap(keysSpokenAbout)) for (const position of shelves.get(key) ?? []) found.add(position);
  return [...found].toSorted((left, right) => left - right);
}

function keysSpokenAbout({ key, about }: Assertion): readonly string[] {
  const keys = [`test ${key}`];
  if (about === null) return keys;
  keys.push(`about ${about.key}`);
  const { predicate, holds } = about.constraint;
  const values =
    predicate.op === "eq" || predicate.op === "ne"
      ? [predicate.value.value]
      : predicate.op === "in" && predicate.set.type === "Bytes"
        ? predicate.set.values
        : [];
  const texts = values.filter((value) => typeof value === "string");
  keys.push(...texts.map((value) => valueKey(about.key, value)));
  const heads = holds ? wordsOf(predicate).map(({ word }) => word.split("\u0100")[0] ?? "") : [];
  for (const head of [...texts, ...heads])
    for (let length = 0; length <= Math.min(head.length, PREFIX_BYTES_MAX); length += 1)
      keys.push(prefixKey(about.key, head.slice(0, length)));
  return keys;
}

function valueKey(subject: string, value: string): string {
  return `value ${subject} is ${value}`;
}

function prefixKey(subject: string, bytes: string): string {
  return `start of ${subject} is ${bytes.slice(0, PREFIX_BYTES_MAX)}`;
}
