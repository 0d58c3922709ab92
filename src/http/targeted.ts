// Targeted cache control (RFC 9213): the fields by which an origin speaks to a CDN alone. A valid one takes the place of
// Cache-Control and Expires; one that is empty or no structured dictionary is as if it were absent.

import { DELTA_SECONDS_MAX, emptyCacheControl, formatCacheControl, parseCacheControl, type CacheControl } from "./cache-control.ts";
import { isToken } from "./header-syntax.ts";
import { parseDictionary, type Member } from "./structured-fields.ts";

/** The target list of this cache, the most specific first (RFC 9213 2.2). */
export const TARGETED_FIELDS = ["cloudflare-cdn-cache-control", "cdn-cache-control"] as const;

/** The first field of the target list that is valid; null when none is. */
export function targetedCacheControl(headers: Headers): CacheControl | null {
  for (const name of TARGETED_FIELDS) {
    const control = parseTargeted(headers.get(name));
    if (control !== null) return control;
  }
  return null;
}

/** Null when the field is absent, empty or not valid. A directive whose value is of a wrong type is read as restrictively as can be. */
export function parseTargeted(value: string | null): CacheControl | null {
  const dictionary = parseDictionary(value ?? "");
  if (!dictionary.ok || dictionary.value.size === 0) return null;
  // The directives mean the same as in Cache-Control: said in its syntax, one reader knows them all.
  const directives = [...dictionary.value].map(([name, member]) => `${name}${directiveValue(member)}`);
  const control = parseCacheControl(directives.join(", "));
  return formatCacheControl(control) === "" ? emptyCacheControl() : control;
}

/** `=seconds` for an integer, a quoted list for field names, nothing for true; an empty value, which is never valid, for the rest. */
function directiveValue(member: Member): string {
  if (member.kind === "inner-list") {
    const names = member.items.map((item) => (item.value.type === "token" || item.value.type === "string" ? item.value.value : ""));
    return `="${names.every(isToken) ? names.join(", ") : ""}"`;
  }
  const { type, value } = member.value;
  if (type === "boolean") return value ? "" : "=";
  if (type === "integer") return `=${Math.min(value, DELTA_SECONDS_MAX)}`;
  if (type === "token") return isToken(value) ? `=${value}` : "=";
  // Quoted seconds are a string, which is not the type that max-age has here; field names are.
  if (type === "string" && !/^[\s\d]*$/.test(value) && /^[!#$%&'*+\-.^_`|~0-9A-Za-z, \t]+$/.test(value)) return `="${value}"`;
  return "=";
}
