// Evaluates many expressions at a cost that does not grow with those that cannot hold: an index says which are possible for a
// context, and only these are tried. Closures and patterns are made when an expression is first tried, so loading is cheap, and
// equal parts of expressions are computed once for each evaluation. Knows nothing of what rules do: the caller goes through the
// candidates in order and decides when to stop.

import { lowerAscii } from "./bytes.ts";
import { known, plainCompilation } from "./compilation.ts";
import { compileBool } from "./compile.ts";
import { compileElements, compileValue, hasEach } from "./compile-value.ts";
import { planIndex } from "./index-plan.ts";
import { makeSharing } from "./memo.ts";
import { requirementOf } from "./requirement.ts";
import { compileSubjectIndex } from "./subject-index.ts";
import { readsField, visitNames, visitTests } from "./walk.ts";
import type { Compilation, Membership } from "./compilation.ts";
import type { Expression, TestExpression, Value } from "./ast.ts";
import type { Predicate } from "./compile.ts";
import type { Filed, IndexPlan, SubjectPlan } from "./index-plan.ts";
import type { Evaluation } from "./memo.ts";
import type { Extraction } from "./requirement.ts";
import type { Scheme } from "./scheme.ts";
import type { Found } from "./subject-index.ts";
import type { RuntimeValue } from "./types.ts";

export interface ExpressionMatcher<Context> {
  /** Starts an evaluation. What it computes is kept in it, so it must not outlive the context. */
  begin(context: Context): Evaluation<Context>;
  /**
   * Positions of the expressions that may hold, ascending: all that hold are among them. Fields are read now, but for volatile
   * ones; a field that is known later must be known by now if a rule needs it.
   */
  candidates(evaluation: Evaluation<Context>): readonly number[];
  /** Whether the expression at a position holds. */
  holds(position: number, evaluation: Evaluation<Context>): boolean;
}

export interface MatcherInput<Context> {
  readonly expressions: readonly Expression[];
  readonly scheme: Scheme<Context>;
  readonly lists: ReadonlyMap<string, Membership<NoInfer<Context>>>;
}

type Collect<Context> = (evaluation: Evaluation<Context>, found: Found) => void;

/**
 * Makes a matcher for checked expressions. Throws when one names a field, function or list that is not there: that is a damaged
 * or newer release.
 */
export function createMatcher<Context>({ expressions, scheme, lists }: MatcherInput<Context>): ExpressionMatcher<Context> {
  checkNames({ expressions, scheme, lists });
  const volatile = new Set(Array.from(scheme.fields.values()).flatMap((field) => (field.volatile === true ? [field.name] : [])));
  const isVolatile = (name: string): boolean => volatile.has(name);
  const extraction: Extraction = { isVolatile: (value) => volatile.size > 0 && readsField(value, isVolatile), subjects: new Map() };
  const plan = planIndex(expressions.map((expression) => requirementOf(expression, extraction)));
  const { compilation, begin } = makeSharing(plainCompilation<Context>(scheme, lists), isVolatile);
  const collectors = compileCollectors(compilation, plan);
  const predicates = Array.from<Predicate<Evaluation<Context>> | undefined>({ length: expressions.length });
  return {
    begin,
    candidates: (evaluation) => {
      const hits: number[] = [];
      // A visitor who repeats an element finds the same drawer again and again; it may hold thousands.
      const opened = new Set<Filed>();
      const found: Found = (filed) => {
        if (typeof filed === "number") hits.push(filed);
        else if (!opened.has(filed)) {
          opened.add(filed);
          for (const position of filed) hits.push(position);
        }
      };
      for (const collect of collectors) collect(evaluation, found);
      return mergeAscending(hits, plan.rest);
    },
    holds: (position, evaluation) => {
      const predicate = (predicates[position] ??= compileBool(compilation, expressions[position] as Expression));
      return predicate(evaluation);
    },
  };
}

/** Expressions that come from one release look at the same things: each is checked once. */
function checkNames<Context>({ expressions, scheme, lists }: MatcherInput<Context>): void {
  const seen = new Set<Value>();
  const check = ({ subject, test }: TestExpression): void => {
    if (test.op === "in-list") known(lists, "list", test.list);
    if (seen.has(subject)) return;
    seen.add(subject);
    visitNames(subject, {
      field: (name) => known(scheme.fields, "field", name),
      function: (name) => known(scheme.functions, "function", name),
    });
  };
  for (const expression of expressions) visitTests(expression, check);
}

function compileCollectors<Context>(
  compilation: Compilation<Evaluation<Context>>,
  { subjects, tests }: IndexPlan,
): readonly Collect<Context>[] {
  return [
    ...subjects.map((subject) => compileCollector(compilation, subject)),
    ...tests.map(({ expression, filed }): Collect<Context> => {
      const holds = compileBool(compilation, expression);
      return (evaluation, found) => {
        if (holds(evaluation)) found(filed);
      };
    }),
  ];
}

function compileCollector<Context>(compilation: Compilation<Evaluation<Context>>, plan: SubjectPlan): Collect<Context> {
  const { value, aspect } = plan.subject;
  const lookups = compileSubjectIndex(plan);
  const lookUp = (subject: RuntimeValue, found: Found): void => {
    if (aspect === "keys") {
      for (const key of (subject as ReadonlyMap<string, RuntimeValue>).keys()) for (const lookup of lookups) lookup(key, found);
      return;
    }
    const looked = aspect === "lower case" ? lowerAscii(subject as string) : subject;
    for (const lookup of lookups) lookup(looked, found);
  };
  if (!hasEach(value)) {
    const get = compileValue(compilation, value);
    return (evaluation, found) => {
      const subject = get(evaluation);
      if (subject !== undefined) lookUp(subject, found);
    };
  }
  const elements = compileElements(compilation, value);
  return (evaluation, found) => {
    for (const element of elements(evaluation) ?? []) lookUp(element, found);
  };
}

/** Hits in any order, repeated or not, and an ascending rest that shares none with them. */
function mergeAscending(hits: number[], rest: readonly number[]): readonly number[] {
  if (hits.length === 0) return rest;
  hits.sort((left, right) => left - right);
  const merged: number[] = [];
  let next = 0;
  let last = -1;
  for (const hit of hits) {
    if (hit === last) continue;
    last = hit;
    while (next < rest.length && (rest[next] as number) < hit) merged.push(rest[next++] as number);
    merged.push(hit);
  }
  while (next < rest.length) merged.push(rest[next++] as number);
  return merged;
}
