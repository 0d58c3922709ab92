// What the checks of all actions share: values that an action writes, and answers that it gives.

import type { Expression, ScalarSource } from "../../expression/ast.ts";
import type { Scheme } from "../../expression/scheme.ts";
import type { NormalRule } from "../normalize.ts";
import type { Path } from "../source.ts";
import { reportKey } from "./context.ts";
import type { CheckContext } from "./context.ts";
import { checkValue } from "./expressions.ts";
import { checkBodyFields, checkPhaseFields } from "./rule-phases.ts";

/** Handed to the checks of one action: where values of it go. */
export interface ActionCheck {
  readonly context: CheckContext;
  readonly scheme: Scheme<never>;
  readonly rule: NormalRule;
  readonly when: Expression | null;
  /** Of the action. */
  readonly path: Path;
  readonly values: Map<string, ScalarSource>;
}

/** A value expression at a place in the action; what is wrong with it is reported. */
export function takeValue(
  { context, scheme, rule, when, path, values }: ActionCheck,
  place: readonly (string | number)[],
  text: string,
): ScalarSource | null {
  const at = [...path, ...place];
  const value = checkValue(context, scheme, at, text);
  if (value === null) return null;
  checkPhaseFields(context, { at, text, of: value, phase: rule.phase });
  checkBodyFields(context, { at, text, of: value, when });
  values.set(place.join("."), value);
  return value;
}

/** The answer of a block or a rate limit. */
export function checkAnswer(context: CheckContext, answer: { readonly body?: unknown; readonly json?: unknown }, path: Path): void {
  if (answer.body === undefined || answer.json === undefined) return;
  reportKey(context, [...path, "json"], {
    code: "conflicting-options",
    message: "The answer has both `body` and `json`.",
    fix: "Keep one of them.",
  });
}
