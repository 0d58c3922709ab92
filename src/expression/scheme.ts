// What a host hands in: the fields that expressions may name, with their getters, the functions, and the lists that exist.
// The language itself knows no field; `firewall/fields.ts` declares those of a request.

import type { Literal, ValueType } from "./ast.ts";
import type { Matcher } from "./regex.ts";
import type { RuntimeValue, ScalarType } from "./types.ts";

export interface Scheme<Context> {
  readonly fields: ReadonlyMap<string, Field<Context>>;
  readonly functions: ReadonlyMap<string, FunctionDefinition>;
  /** Name of each list and the type of its entries. */
  readonly lists: ReadonlyMap<string, ListType>;
}

export type ListType = "Int" | "Bytes" | "Ip";

export interface Field<Context> {
  readonly name: string;
  readonly type: ValueType;
  readonly description: string;
  /** Undefined is a missing value. Null: the field exists elsewhere but can never be known here; using it is a warning. */
  readonly get: ((context: Context) => RuntimeValue | undefined) | null;
  /** A map whose keys are always in lower case: another key is a warning. */
  readonly lowerCaseKeys?: boolean;
  /** Never missing, whatever the context: `ne "a" or ne "b"` then matches everything, which the analysis can say. */
  readonly always?: true;
  /** What the host must have for it to be there: elsewhere it is missing for everybody. */
  readonly onlyWith?: string;
  /** Its value may change during one evaluation, such as a score that rules add to: it is read each time, and never indexed. */
  readonly volatile?: true;
  /** Known only after more input: `mayHold` tells whether a rule can need it. Missing until then. */
  readonly later?: "body" | "response";
  /** What is doubtful about comparing the field for equality with these bytes, or null. */
  readonly doubt?: (bytes: string) => { readonly message: string; readonly fix: string } | null;
}

export interface FunctionDefinition {
  readonly name: string;
  readonly description: string;
  readonly parameters: readonly Parameter[];
  /** The last parameter may be given more than once. */
  readonly variadic?: boolean;
  /** All arguments have the type of the first. */
  readonly uniform?: boolean;
  /** `first`: the type of the first argument. */
  readonly returns: ValueType | "first";
  /** Gets missing arguments as undefined. Without it a missing argument makes the result missing. */
  readonly takesMissing?: boolean;
  /** Called once when a rule is loaded, with the literal arguments in their places. */
  prepare(constants: Constants): (args: readonly (RuntimeValue | undefined)[]) => RuntimeValue | undefined;
}

export interface Constants {
  /** Values of literal arguments by position; undefined where the argument is not a literal. */
  readonly values: readonly (RuntimeValue | undefined)[];
  /** The compiled pattern, when a parameter is one. */
  readonly matcher: Matcher | null;
  /** Types of the arguments; of one element where the call goes over an array. */
  readonly types: readonly ValueType[];
}

export interface Parameter {
  readonly name: string;
  readonly accepts: readonly ("Bool" | "Int" | "Bytes" | "Ip" | "Array" | "Map")[];
  /** value: a field or a call. literal: known when the rule is written. */
  readonly form: "value" | "literal" | "any";
  readonly optional?: boolean;
  /** The type of the innermost elements of an array or map. Any, when absent. */
  readonly element?: ScalarType;
  /** The literal is a regular expression. */
  readonly regex?: boolean;
  /** What is wrong with a literal, or null. */
  readonly check?: (literal: Literal) => string | null;
}

/** Makes a scheme of tables. Throws on a name that occurs twice. */
export function makeScheme<Context>(fields: readonly Field<Context>[], functions: readonly FunctionDefinition[]): Scheme<Context> {
  return { fields: byName(fields), functions: byName(functions), lists: new Map() };
}

/** The scheme with other lists. */
export function withLists<Context>(scheme: Scheme<Context>, lists: ReadonlyMap<string, ListType>): Scheme<Context> {
  return { ...scheme, lists };
}

function byName<T extends { readonly name: string }>(entries: readonly T[]): ReadonlyMap<string, T> {
  const table = new Map(entries.map((entry) => [entry.name, entry]));
  if (table.size !== entries.length) throw new Error("a name is declared twice");
  return table;
}
