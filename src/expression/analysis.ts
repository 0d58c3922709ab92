// What can be said of expressions without a request: that one holds for everything or for nothing, that one is contained in
// another. Used when a config is published, for warnings. Sound and incomplete: an answer is certain, or it is "unknown".

import { contradict } from "./contradiction.ts";
import { normalForm } from "./normal-form.ts";
import type { Expression, Value } from "./ast.ts";
import type { IsPresent } from "./contradiction.ts";
import type { Conjunction, NormalForm } from "./normal-form.ts";
import type { Scheme } from "./scheme.ts";

/** `always-when-present`: for every context in which none of the values it looks at is missing. */
export type Extent = "always" | "always-when-present" | "never" | "unknown";

/** An expression that is prepared for comparisons. */
export interface Analyzed {
  readonly form: NormalForm;
  readonly extent: Extent;
}

/** Pairs of conjunctions that one comparison looks at. */
const PAIRS_MAX = 4_096;

/** Functions that have a result whenever their arguments are there. */
const TOTAL_FUNCTIONS: ReadonlySet<string> = new Set([
  "lower",
  "upper",
  "len",
  "starts_with",
  "ends_with",
  "url_decode",
  "to_string",
  "concat",
]);

/** For which contexts an expression holds. */
export function extentOf(expression: Expression, scheme: Scheme<never>): Extent {
  return analyze(expression, scheme).extent;
}

/** Prepares an expression; conjunctions that hold for nothing are dropped. */
export function analyze(expression: Expression, scheme: Scheme<never>): Analyzed {
  const { whenTrue, whenFalse } = normalForm(expression);
  const isPresent = presenceIn(scheme);
  const form = { whenTrue: possible(whenTrue, isPresent), whenFalse: possible(whenFalse, isPresent) };
  if (form.whenTrue?.length === 0) return { form, extent: "never" };
  if (form.whenFalse?.length === 0) return { form, extent: "always" };
  const whenPresent = possible(form.whenFalse, () => true);
  return { form, extent: whenPresent?.length === 0 ? "always-when-present" : "unknown" };
}

/** Whether the second expression holds wherever the first does. False is not "no": it may, and was not found to. */
export function implies(first: Analyzed, second: Analyzed, isPresent: IsPresent): boolean {
  const { whenTrue } = first.form;
  const { whenFalse } = second.form;
  if (whenTrue === null || whenFalse === null || whenTrue.length * whenFalse.length > PAIRS_MAX) return false;
  return whenTrue.every((holding) => whenFalse.every((failing) => contradict([...holding, ...failing], isPresent)));
}

/** Whether two expressions hold for the same contexts; "unknown" when that is not certain. */
export function areEquivalent(first: Expression, second: Expression, scheme: Scheme<never>): "yes" | "unknown" {
  const [left, right] = [analyze(first, scheme), analyze(second, scheme)];
  const isPresent = presenceIn(scheme);
  return implies(left, right, isPresent) && implies(right, left, isPresent) ? "yes" : "unknown";
}

/** Tells which values are never missing, by the scheme's fields that always have a value. */
export function presenceIn(scheme: Scheme<never>): IsPresent {
  const isPresent = (value: Value): boolean => {
    if (value.kind === "field") return scheme.fields.get(value.name)?.always === true;
    if (value.kind !== "call" || !TOTAL_FUNCTIONS.has(value.name)) return false;
    return value.args.every((argument) => argument.kind === "literal" || (argument.kind !== "regex" && isPresent(argument)));
  };
  return isPresent;
}

function possible(conjunctions: readonly Conjunction[] | null, isPresent: IsPresent): readonly Conjunction[] | null {
  return conjunctions?.filter((conjunction) => !contradict(conjunction, isPresent)) ?? null;
}
