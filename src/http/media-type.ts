// Media types (RFC 9110 8.3.1): `text/html; charset=utf-8` as a value. It neither guesses from content nor from a file's name.

import { isToken } from "./header-syntax.ts";
import { splitList, trimSpace, unquote } from "./list.ts";

export interface MediaType {
  /** Type and subtype in lower case: `text/html`. */
  readonly essence: string;
  /** Names in lower case; of equal ones the first counts. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** Null when absent or not a type and a subtype. Parameters that are not valid are left out. */
export function parseMediaType(value: string | null): MediaType | null {
  const [essence = "", ...rest] = splitList(value ?? "", ";");
  const [type = "", subtype = "", ...more] = essence.toLowerCase().split("/");
  if (!isToken(type) || !isToken(subtype) || more.length > 0) return null;
  const parameters = new Map<string, string>();
  for (const parameter of rest) {
    const equals = parameter.indexOf("=");
    const name = trimSpace(parameter.slice(0, Math.max(0, equals))).toLowerCase();
    const text = trimSpace(parameter.slice(equals + 1));
    const plain = unquote(text) ?? (isToken(text) ? text : null);
    if (isToken(name) && plain !== null && !parameters.has(name)) parameters.set(name, plain);
  }
  return { essence: `${type}/${subtype}`, parameters };
}

/** `application/json`, `application/problem+json` and their like. */
export function isJsonType(essence: string): boolean {
  return essence === "application/json" || essence === "text/json" || essence.endsWith("+json");
}
