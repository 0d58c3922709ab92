// Types of the language at check time, and the values that stand for them at run time.

import type { Address } from "./ip.ts";
import type { ValueType } from "./ast.ts";

/**
 * Bool: boolean. Int: a number that is a safe integer. Bytes: a byte string. Ip: an `Address`. Array: an array.
 * Map: a Map keyed by byte strings. A missing value is `undefined`.
 */
export type RuntimeValue = boolean | number | string | Address | readonly RuntimeValue[] | ReadonlyMap<string, RuntimeValue>;

export type ScalarType = "Bool" | "Int" | "Bytes" | "Ip";

/** The name by which people know the type: `Array(Bytes)`. */
export function typeName(type: ValueType): string {
  if (typeof type === "string") return type;
  return "array" in type ? `Array(${typeName(type.array)})` : `Map(${typeName(type.map)})`;
}

/** The type of the elements of an array or of the values of a map; null for a scalar. */
export function elementType(type: ValueType): ValueType | null {
  if (typeof type === "string") return null;
  return "array" in type ? type.array : type.map;
}
