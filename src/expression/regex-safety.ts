// Proves, when a rule is published, how a regular expression behaves under backtracking, so that V8 can run those that are
// linear. The command line loads this file; the Worker never does (it brings 3 MB of analyser). Without a proof a pattern runs
// on the linear-time engine: slower, with the same answers.

// oxlint-disable-next-line typescript/triple-slash-reference -- the declaration belongs to this import, in every program that has it.
/// <reference path="./recheck-browser.d.ts" />
// oxlint-disable-next-line no-restricted-imports -- this file belongs to the command line; the Worker never loads it.
import recheck from "recheck/lib/browser.js";
import { REGEX_STEPS_MAX } from "./limits.ts";
import { backtrackCost } from "./regex-cost.ts";
import { toJavaScript } from "./regex-source.ts";
import { parseRegex } from "./regex-syntax.ts";
import { mapRegexes, regexesOf } from "./regexes.ts";
import type { Expression, RegexLiteral } from "./ast.ts";

export type RegexClass =
  | { readonly kind: "linear" }
  /** `degree` 2 is quadratic. */
  | { readonly kind: "polynomial"; readonly degree: number }
  | { readonly kind: "exponential" }
  /** Not a pattern, not analysable, or not in time. */
  | { readonly kind: "unknown" };

/** Time for one pattern; an analysis that takes longer has no result. */
const ANALYSIS_MS_MAX = 3_000;

/** The longest values for V8, and the steps that it may take for one: a few milliseconds, the first time in its interpreter. */
const QUADRATIC_LENGTH_MAX = 1_024;
const CUBIC_LENGTH_MAX = 128;
const V8_STEPS_MAX = 10_000_000;

/** Classes a pattern by proof (automata theory), never by trial. The source is as written in a rule. */
export function classifyRegex(source: string): RegexClass {
  const pattern = toJavaScript(source);
  if (pattern === null) return { kind: "unknown" };
  const result = recheck.checkSync(pattern, "", { checker: "automaton", timeout: ANALYSIS_MS_MAX });
  if (result.status === "unknown" || result.complexity.isFuzz) return { kind: "unknown" };
  if (result.status === "safe") return stepsOf(source) <= REGEX_STEPS_MAX ? { kind: "linear" } : { kind: "unknown" };
  const { complexity } = result;
  return complexity.type === "polynomial" ? { kind: "polynomial", degree: complexity.degree } : { kind: "exponential" };
}

/** The expression with what was proved stored in its patterns, and the class of each. */
export function proveRegexes(expression: Expression): {
  readonly expression: Expression;
  readonly classes: ReadonlyMap<string, RegexClass>;
} {
  const unproved = regexesOf(expression).filter(({ maxLength }) => maxLength !== null);
  const classes = new Map(unproved.map(({ source }) => [source, classifyRegex(source)]));
  const proved = mapRegexes(expression, (pattern) => withClass(pattern, classes.get(pattern.source) ?? { kind: "unknown" }));
  return { expression: proved, classes };
}

/** The pattern with the longest value that V8 may be given. What is linear by its form alone stays so. */
function withClass(pattern: RegexLiteral, regexClass: RegexClass): RegexLiteral {
  return pattern.maxLength === null ? pattern : { ...pattern, maxLength: v8LengthMax(pattern.source, regexClass) };
}

function v8LengthMax(source: string, regexClass: RegexClass): number | null {
  switch (regexClass.kind) {
    case "linear":
      return null;
    case "polynomial": {
      const most = { 2: QUADRATIC_LENGTH_MAX, 3: CUBIC_LENGTH_MAX }[regexClass.degree] ?? 0;
      return Math.min(most, Math.floor((V8_STEPS_MAX / stepsOf(source)) ** (1 / regexClass.degree)));
    }
    case "exponential":
    case "unknown":
      return 0;
    default:
      return regexClass satisfies never;
  }
}

/**
 * Finite ambiguity is constant in the value's length and so no matter to the analysis, but `(a|a)(a|a)...` fifty times over is a
 * large constant. Loops count once here: those the analysis has judged.
 */
function stepsOf(source: string): number {
  const tree = parseRegex(source);
  return "problem" in tree ? Number.POSITIVE_INFINITY : backtrackCost(tree.root, "once").steps;
}
