// Vary (RFC 9110 12.5.5): which request fields an answer depends on. What values of a field ask for the same thing is for the cache
// to say (`cache/variant.ts`), which knows what the origin was sent. Pure.

import { isToken } from "./header-syntax.ts";
import { splitList } from "./list.ts";

/** Field names in lower case, sorted, each once; `*` also for a value that does not follow the grammar, which then matches nothing. */
export function parseVary(value: string | null): readonly string[] | "*" {
  const names = splitList(value ?? "").map((name) => name.toLowerCase());
  if (names.includes("*") || !names.every(isToken)) return "*";
  return [...new Set(names)].sort();
}
