// Targeted cache control (RFC 9213): Cloudflare-CDN-Cache-Control and CDN-Cache-Control, by which an origin speaks to a CDN alone.
// A valid one takes the place of Cache-Control and Expires; which of them governs is decided by the cache, not here.

import { DELTA_SECONDS_MAX, parseCacheControl, type CacheControl } from "./cache-control.ts";
import { isToken } from "./header-syntax.ts";
import { parseDictionary, type Member } from "./structured-fields.ts";

/**
 * Null when the field is absent, empty or no structured dictionary: it then counts as absent (RFC 9213 2.1). A directive whose
 * value is of a wrong type is read as restrictively as can be.
 */
export function targetedCacheControl(value: string | null): CacheControl | null {
  const dictionary = parseDictionary(value ?? "");
  if (!dictionary.ok || dictionary.value.size === 0) return null;
  // The directives mean the same as in Cache-Control: said in its syntax, one reader knows them all.
  return parseCacheControl([...dictionary.value].map(([name, member]) => `${name}${directiveValue(member)}`).join(", "));
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
  // Quoted seconds are a string, which is not the type that max-age has here; a list of field names is.
  if (type === "string" && !/^[\s\d]*$/.test(value) && value.split(",").every((name) => isToken(name.trim()))) return `="${value}"`;
  return "=";
}
