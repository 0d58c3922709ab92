// Secondary keys (RFC 9111 4.1): which of the answers to one URL belongs to a request. A variant is named by the fields that
// Vary lists and the values that the origin was sent for them, normalised only where two values ask for the same thing.
// Pure. The values come from the request as the origin sees it, never from what the visitor sent.

import { normalisedLanguages } from "./language.ts";

/** Names one variant: fields and normalised values. Two requests with the same text may share an answer; "" without Vary. */
export function variantKey(fields: readonly string[], originHeaders: Headers): string {
  if (fields.length === 0) return "";
  return JSON.stringify(fields.map((field) => [field, normalised(field, originHeaders.get(field))]));
}

/** Compared byte by byte: what they mean is the origin's affair, and two users' credentials must never become one. */
const EXACT_FIELDS: readonly string[] = ["cookie", "authorization"];

/** RFC 9111 4.1: whitespace around list members, and the order and case of codings, do not change what is asked for. */
function normalised(field: string, value: string | null): string | null {
  // Inside quotes a comma and a space are content.
  if (value === null || value.includes('"') || EXACT_FIELDS.includes(field)) return value;
  if (field === "accept-encoding") return normalisedCodings(value);
  if (field === "accept-language") return normalisedLanguages(value);
  const list = value
    .split(",")
    .map((member) => member.trim())
    .join(",");
  return field === "accept" ? list.toLowerCase() : list;
}

/** The codings that the client takes, sorted. One that it refuses (`q=0`) is left out, except what is on unless refused. */
function normalisedCodings(value: string): string {
  const codings = new Set<string>();
  for (const member of value.toLowerCase().split(",")) {
    const [coding = "", ...parameters] = member.split(";").map((text) => text.trim());
    if (coding === "") continue;
    const refused = parameters.some((parameter) => /^q=0(?:\.0{0,3})?$/.test(parameter));
    if (!refused) codings.add(coding === "x-gzip" ? "gzip" : coding);
    else if (coding === "identity" || coding === "*") codings.add(`!${coding}`);
  }
  return [...codings].toSorted().join(",");
}
