// What compiling needs besides the tree: the meaning of names, and what equal parts share. One implementation compiles a single
// expression (`plainCompilation`), the other many that share (`matcher.ts`).

import type { Expression, Value } from "./ast.ts";
import type { FunctionDefinition, Scheme } from "./scheme.ts";
import type { RuntimeValue } from "./types.ts";

/** Whether a value is in a list. The context is that of the evaluation, for entries that expire. */
export type Membership<Context = unknown> = (value: RuntimeValue, context: Context) => boolean;

/** What the names in an expression mean, and what its closures share. The getters throw on an unknown name. */
export interface Compilation<Context> {
  field(name: string): (context: Context) => RuntimeValue | undefined;
  function(name: string): FunctionDefinition;
  list(name: string): Membership<Context>;
  /** The closure for a part that costs something: one for all equal parts, or a new one each time. */
  share<T>(part: Value | Expression, compile: () => (context: Context) => T): (context: Context) => T;
}

/** Names by scheme and lists; nothing is shared. */
export function plainCompilation<Context>(
  scheme: Scheme<Context>,
  lists: ReadonlyMap<string, Membership<NoInfer<Context>>>,
): Compilation<Context> {
  return {
    field: (name) => known(scheme.fields, "field", name).get ?? ((): undefined => undefined),
    function: (name) => known(scheme.functions, "function", name),
    list: (name) => known(lists, "list", name),
    share: (_part, compile) => compile(),
  };
}

/** The entry of a name. Throws when there is none. */
export function known<T>(table: ReadonlyMap<string, T>, kind: "field" | "function" | "list", name: string): T {
  const entry = table.get(name);
  if (entry === undefined) throw new Error(`a release names the ${kind} ${name}, which is not there`);
  return entry;
}
