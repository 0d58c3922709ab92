// Which of a site's languages suits a visitor: the lookup of RFC 4647 3.4 over Accept-Language (RFC 9110 12.5.4). Always gives one
// of the site's own, so that a visitor can choose among them and add none. Pure.

import { parseWeighted } from "./weighted.ts";

/** RFC 4647 2.1. Longer ones name nothing that anybody offers; without a bound, cutting them down would cost the square of their length. */
const RANGE = /^[a-z]{1,8}(?:-[a-z0-9]{1,8}){0,7}$/;

/**
 * @param available - As the site writes them; the first is the default. Not empty.
 * @returns one of `available`, as written there: of the range with the greatest weight that fits one, of equal weights the first.
 */
export function lookupLanguage(available: readonly string[], acceptLanguage: string | null): string {
  const written = new Map(available.map((tag) => [tag.toLowerCase(), tag]));
  const weighted = parseWeighted((acceptLanguage ?? "").toLowerCase());
  // RFC 9110 12.4.2: weight 0 is "not acceptable".
  const refused = new Set(weighted.filter(({ weight }) => weight === 0).map(({ text }) => text));
  const ranges = weighted.filter(({ text, weight }) => weight > 0 && RANGE.test(text)).toSorted((one, other) => other.weight - one.weight);
  for (const { text } of ranges) {
    const fit = cuts(text).find((cut) => written.has(cut) && !refused.has(cut));
    if (fit !== undefined) return written.get(fit) ?? fit;
  }
  // `*` says nothing about which (RFC 4647 3.4), so it is left to the default.
  const isRefused = (tag: string): boolean => cuts(tag.toLowerCase()).some((cut) => refused.has(cut));
  return available.find((tag) => !isRefused(tag)) ?? available[0] ?? "";
}

/** `zh-hant-cn`, `zh-hant`, `zh`: a single character before the cut goes with it (RFC 4647 3.4). */
function cuts(range: string): readonly string[] {
  const found: string[] = [];
  let rest = range.split("-");
  while (rest.length > 0) {
    found.push(rest.join("-"));
    rest = rest.slice(0, rest.at(-2)?.length === 1 ? -2 : -1);
  }
  return found;
}
