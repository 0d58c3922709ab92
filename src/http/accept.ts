// As much content negotiation (RFC 9110 12.5.1) as our own answers need: a page for people, JSON for programs.

import { isJsonType } from "./media-type.ts";
import { parseWeighted } from "./weighted.ts";

/**
 * True when the client names JSON and wants it at least as much as HTML; of two that are named with equal weight the first counts.
 * Wildcards name nothing: browsers name HTML, and whoever sends only a wildcard (curl) can read the page's text.
 */
export function prefersJson(accept: string | null): boolean {
  const named = parseWeighted((accept ?? "").toLowerCase()).filter(({ weight }) => weight > 0);
  const json = strongest(named.filter(({ text }) => isJsonType(text)));
  const html = strongest(named.filter(({ text }) => text === "text/html" || text === "application/xhtml+xml"));
  if (json === undefined) return false;
  if (html === undefined || json.weight > html.weight) return true;
  return json.weight === html.weight && named.indexOf(json) < named.indexOf(html);
}

function strongest<T extends { readonly weight: number }>(members: readonly T[]): T | undefined {
  return members.reduce<T | undefined>((best, member) => (best === undefined || member.weight > best.weight ? member : best), undefined);
}
