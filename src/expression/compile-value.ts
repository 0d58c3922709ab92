// Values as closures: fields, calls and indexes. Undefined is a missing value and passes through everything.

import { plainCompilation } from "./compilation.ts";
import { compileRegex } from "./regex.ts";
import { formatAddress, parseAddress } from "./ip.ts";
import type { Argument, CallValue, Literal, ScalarSource, Value, ValueType } from "./ast.ts";
import type { Compilation, Membership } from "./compilation.ts";
import type { Address } from "./ip.ts";
import type { Scheme } from "./scheme.ts";
import type { RuntimeValue } from "./types.ts";

type Getter<Context> = (context: Context) => RuntimeValue | undefined;

/**
 * A closure that gives a value expression's text, as `to_string` writes it: bytes as they are, addresses in canonical form.
 * Undefined when the value is missing. Throws, as `compileExpression` does, on names that are not there.
 */
export function compileValueExpression<Context>(
  source: ScalarSource,
  scheme: Scheme<Context>,
  lists: ReadonlyMap<string, Membership<NoInfer<Context>>>,
): (context: Context) => string | undefined {
  if (source.kind === "literal") {
    // A literal beyond 2^53 keeps its digits.
    const text = `${source.literal.value}`;
    return () => text;
  }
  const get = compileValue(plainCompilation(scheme, lists), source);
  const isAddress = source.type === "Ip";
  return (context) => {
    const value = get(context);
    if (value === undefined) return undefined;
    // An IPv4 address is a number at run time, as an Int is, so the type decides.
    return isAddress ? formatAddress(value as Address) : `${value as string | number | boolean}`;
  };
}

/** Whether a value stands for each element of an array or map. */
export function hasEach(value: Value): boolean {
  if (value.kind === "each") return true;
  return value.kind === "index" && hasEach(value.of);
}

/** A closure for a value without `[*]` in its indexes. */
export function compileValue<Context>(compilation: Compilation<Context>, value: Value): Getter<Context> {
  switch (value.kind) {
    case "field":
      return compilation.field(value.name);
    case "call":
      return compilation.share(value, () => compileCall(compilation, value));
    case "index": {
      const of = compileValue(compilation, value.of);
      const { key } = value;
      return (context) => elementAt(of(context), key);
    }
    case "each":
      throw new Error("[*] gives no single value");
    default:
      return value satisfies never;
  }
}

/** A closure for a value with `[*]`: all that it stands for, flat; undefined when the array itself is missing. */
export function compileElements<Context>(
  compilation: Compilation<Context>,
  value: Value,
): (context: Context) => readonly RuntimeValue[] | undefined {
  if (value.kind !== "each" && value.kind !== "index") throw new Error("there is no [*] in this value");
  const { kind, of } = value;
  if (!hasEach(of)) {
    const get = compileValue(compilation, of);
    return (context) => {
      const collection = get(context);
      return collection === undefined ? undefined : elementsOf(collection);
    };
  }
  const outer = compileElements(compilation, of);
  if (kind === "each") return (context) => outer(context)?.flatMap(elementsOf);
  const { key } = value;
  return (context) => outer(context)?.flatMap((element) => elementAt(element, key) ?? []);
}

function compileCall<Context>(compilation: Compilation<Context>, call: CallValue): Getter<Context> {
  const definition = compilation.function(call.name);
  const pattern = call.args.find((argument) => argument.kind === "regex");
  const values = call.args.map((argument) => (argument.kind === "literal" ? valueOfLiteral(argument.literal) : undefined));
  const types = call.args.map(typeOfArgument);
  const apply = definition.prepare({ values, types, matcher: pattern === undefined ? null : compileRegex(pattern.pattern) });
  const takesMissing = definition.takesMissing === true;
  const [first, ...rest] = call.args;
  const getters = rest.map((argument) => compileArgument(compilation, argument));
  const run = (head: RuntimeValue | undefined, context: Context): RuntimeValue | undefined => {
    const args = [head, ...getters.map((get) => get(context))];
    return !takesMissing && args.includes(undefined) ? undefined : apply(args);
  };
  if (first === undefined) return () => apply([]);
  if (first.kind !== "literal" && first.kind !== "regex" && hasEach(first)) {
    const elements = compileElements(compilation, first);
    // An element without a result is left out, so the array of results can be shorter.
    return (context) => elements(context)?.flatMap((element) => wrap(run(element, context)));
  }
  const head = compileArgument(compilation, first);
  return (context) => run(head(context), context);
}

function compileArgument<Context>(compilation: Compilation<Context>, argument: Argument): Getter<Context> {
  if (argument.kind === "literal") {
    const value = valueOfLiteral(argument.literal);
    return () => value;
  }
  // The function has the compiled pattern; the argument only has to be present.
  return argument.kind === "regex" ? () => "" : compileValue(compilation, argument);
}

function typeOfArgument(argument: Argument): ValueType {
  if (argument.kind === "literal") return argument.literal.type;
  return argument.kind === "regex" ? "Bytes" : argument.type;
}

/** In an array, so that `flatMap` does not flatten a result that is an array. */
function wrap(value: RuntimeValue | undefined): readonly RuntimeValue[] {
  return value === undefined ? [] : [value];
}

function valueOfLiteral(literal: Literal): RuntimeValue {
  if (literal.type === "Int") return Number(literal.value);
  if (literal.type === "Bytes") return literal.value;
  const address = parseAddress(literal.value);
  if (address === null) throw new Error("a release holds an address that is none");
  return address;
}

function elementAt(collection: RuntimeValue | undefined, key: number | string): RuntimeValue | undefined {
  if (collection instanceof Map) return typeof key === "string" ? (collection.get(key) as RuntimeValue | undefined) : undefined;
  return Array.isArray(collection) && typeof key === "number" ? (collection[key] as RuntimeValue | undefined) : undefined;
}

function elementsOf(collection: RuntimeValue): readonly RuntimeValue[] {
  if (collection instanceof Map) return [...(collection as ReadonlyMap<string, RuntimeValue>).values()];
  return Array.isArray(collection) ? (collection as readonly RuntimeValue[]) : [];
}
