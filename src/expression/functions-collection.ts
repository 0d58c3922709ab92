// Functions over arrays and maps, and those that take several kinds of values.

import type { FunctionDefinition, Parameter } from "./scheme.ts";
import type { RuntimeValue } from "./types.ts";

const PART: Parameter = { name: "value", accepts: ["Bytes", "Array"], form: "any" };

export const COLLECTION_FUNCTIONS: readonly FunctionDefinition[] = [
  {
    name: "concat",
    description: "Joins byte strings, or arrays, to one. Missing values are passed over.",
    parameters: [PART, PART],
    variadic: true,
    uniform: true,
    returns: "first",
    takesMissing: true,
    prepare: () => concat,
  },
  {
    name: "join",
    description: "Joins the elements of an array with a separator between them.",
    parameters: [
      { name: "items", accepts: ["Array"], form: "value", element: "Bytes" },
      { name: "separator", accepts: ["Bytes"], form: "any" },
    ],
    returns: "Bytes",
    prepare:
      () =>
      ([items, separator]) =>
        (items as readonly string[]).join(separator as string),
  },
  {
    name: "len",
    description: "The number of bytes, or of elements.",
    parameters: [{ name: "value", accepts: ["Bytes", "Array", "Map"], form: "value" }],
    returns: "Int",
    prepare:
      () =>
      ([value]) =>
        value instanceof Map ? value.size : (value as string | readonly RuntimeValue[]).length,
  },
  {
    name: "has_key",
    description: "Whether a map has an entry of this name.",
    parameters: [
      { name: "map", accepts: ["Map"], form: "value" },
      { name: "key", accepts: ["Bytes"], form: "any" },
    ],
    returns: "Bool",
    prepare:
      () =>
      ([map, key]) =>
        (map as ReadonlyMap<string, RuntimeValue>).has(key as string),
  },
  {
    name: "has_value",
    description: "Whether an array, or one of the arrays of a map, has this element.",
    parameters: [
      { name: "collection", accepts: ["Array", "Map"], form: "value", element: "Bytes" },
      { name: "value", accepts: ["Bytes"], form: "any" },
    ],
    returns: "Bool",
    prepare:
      () =>
      ([collection, value]) =>
        collection !== undefined && value !== undefined && holds(collection, value),
  },
];

function concat(args: readonly (RuntimeValue | undefined)[]): RuntimeValue | undefined {
  const present = args.filter((arg) => arg !== undefined);
  if (present.length === 0) return undefined;
  return typeof present[0] === "string"
    ? (present as readonly string[]).join("")
    : (present as readonly (readonly RuntimeValue[])[]).flat(1);
}

function holds(collection: RuntimeValue, wanted: RuntimeValue): boolean {
  if (collection instanceof Map)
    return [...(collection as ReadonlyMap<string, RuntimeValue>).values()].some((value) => holds(value, wanted));
  return Array.isArray(collection) ? collection.some((value) => holds(value as RuntimeValue, wanted)) : collection === wanted;
}
