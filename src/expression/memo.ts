// Sharing between expressions: equal parts become one closure, and a part that is used at least twice is computed once for each
// evaluation. Which parts are equal is told by their printed form. Used by `matcher.ts`.

import { printExpression, printValue } from "./print.ts";
import { readsField } from "./walk.ts";
import type { Expression, Value } from "./ast.ts";
import type { Compilation } from "./compilation.ts";

/** What one evaluation has computed so far, by slot. */
export interface Evaluation<Context> {
  readonly context: Context;
  readonly slots: unknown[];
}

export interface Sharing<Context> {
  readonly compilation: Compilation<Evaluation<Context>>;
  readonly begin: (context: Context) => Evaluation<Context>;
}

/** Parts that are remembered; the others are computed each time. Every evaluation allocates one slot for each. */
const SLOTS_MAX = 512;

/** Stands in a slot for a missing value; undefined is a slot that is not filled. */
const MISSING = Symbol("missing");

interface SharedPart {
  readonly closure: (evaluation: Evaluation<never>) => unknown;
  /** -1 while only one place uses the part: remembering would cost and give nothing. */
  slot: number;
}

/**
 * Wraps a compilation on contexts to one on evaluations.
 *
 * @param isVolatile - Fields that are read each time; a part that reads one is never shared.
 */
export function makeSharing<Context>(plain: Compilation<Context>, isVolatile: (field: string) => boolean): Sharing<Context> {
  const parts = new Map<string, SharedPart>();
  // Copied for each evaluation: as long as there are slots.
  const blank: undefined[] = [];
  const share = <T>(
    part: Value | Expression,
    compile: () => (evaluation: Evaluation<Context>) => T,
  ): ((evaluation: Evaluation<Context>) => T) => {
    if (readsField(part, isVolatile)) return compile();
    const key = isValue(part) ? printValue(part) : printExpression(part);
    const known = parts.get(key);
    if (known === undefined) {
      const shared = makePart(compile());
      parts.set(key, shared);
      return shared.closure;
    }
    if (known.slot === -1 && blank.length < SLOTS_MAX) {
      known.slot = blank.length;
      blank.push(undefined);
    }
    return known.closure as (evaluation: Evaluation<Context>) => T;
  };
  const compilation: Compilation<Evaluation<Context>> = {
    field: (name) => {
      const get = plain.field(name);
      return ({ context }) => get(context);
    },
    function: (name) => plain.function(name),
    list: (name) => {
      const holds = plain.list(name);
      return (value, { context }) => holds(value, context);
    },
    share,
  };
  return { compilation, begin: (context) => ({ context, slots: blank.slice() }) };
}

function makePart<Context, T>(
  run: (evaluation: Evaluation<Context>) => T,
): { readonly closure: (evaluation: Evaluation<Context>) => T; slot: number } {
  const part = {
    slot: -1,
    closure: (evaluation: Evaluation<Context>): T => {
      const { slot } = part;
      if (slot === -1) return run(evaluation);
      const { slots } = evaluation;
      const known = slots[slot];
      if (known !== undefined) return (known === MISSING ? undefined : known) as T;
      const value = run(evaluation);
      slots[slot] = value === undefined ? MISSING : value;
      return value;
    },
  };
  return part;
}

function isValue(part: Value | Expression): part is Value {
  return part.kind === "field" || part.kind === "call" || part.kind === "index" || part.kind === "each";
}
