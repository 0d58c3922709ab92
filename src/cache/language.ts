// Accept-Language within secondary keys (RFC 9111 4.1): which lists ask for the same thing, and which stored variant a request gets
// whose own list was not seen before, when the one language that it wants most is there. Pure. It works on the text that
// `variantKey` makes, so that whoever holds that text needs no request.

import { parseWeighted, type Weighted } from "../http/weighted.ts";
import { splitList } from "../http/list.ts";

const FIELD = "accept-language";

/** A language tag (RFC 5646), in lower case; no wildcard. */
const TAG = /^[a-z]{1,8}(?:-[a-z0-9]{1,8})*$/;

/**
 * Languages in the order of their weights, those of equal weight by name: their order in the header means nothing that could be
 * relied upon (RFC 9110 12.5.4). A list with anything that cannot be read keeps its own order and words.
 */
export function normalisedLanguages(value: string): string {
  const members = splitList(value.toLowerCase());
  const languages = parseWeighted(members.join(","));
  if (languages.length !== members.length || languages.some(({ parameters }) => parameters.length > 0)) return members.join(",");
  return languages
    .toSorted((one, other) => other.weight - one.weight || (one.text < other.text ? -1 : 1))
    .map(({ text, weight }) => (weight === 1 ? text : `${text};q=${weight}`))
    .join(",");
}

export interface LanguageVariant {
  /** Lower case. */
  readonly language: string;
  /** In place of the variant key: names what the language stands for, for all lists that want it most. */
  readonly name: string;
}

/** What a request with this variant key may be served from: null without Accept-Language, or when it wants no single language most. */
export function wantedLanguage(variant: string): LanguageVariant | null {
  const [language, second] = mostWanted(variant);
  return language === undefined || second !== undefined ? null : named(variant, language);
}

/**
 * What a response with this variant key may be served as. Null unless its one Content-Language is among those that the request
 * wanted most: an origin that calls every page English, whatever it sends, would else have its German page served as English.
 */
export function offeredLanguage(variant: string, contentLanguage: string | null): LanguageVariant | null {
  const language = contentLanguage?.trim().toLowerCase() ?? "";
  return mostWanted(variant).includes(language) ? named(variant, language) : null;
}

function mostWanted(variant: string): readonly string[] {
  const value = partsOf(variant).find(([field]) => field === FIELD)?.[1] ?? null;
  const languages = value === null ? [] : parseWeighted(value).filter(({ weight }) => weight > 0);
  const most = Math.max(0, ...languages.map(({ weight }) => weight));
  const wanted = languages.filter(({ weight }: Weighted) => weight === most).map(({ text }) => text);
  return wanted.every((text) => TAG.test(text)) ? wanted : [];
}

/** The parts of a variant's key are pairs; this one is not, so no request has such a key. */
function named(variant: string, language: string): LanguageVariant {
  const parts = partsOf(variant).map(([field, value]) => (field === FIELD ? [field, "most", language] : [field, value]));
  return { language, name: JSON.stringify(parts) };
}

function partsOf(variant: string): readonly (readonly [field: string, value: string | null])[] {
  return variant === "" ? [] : (JSON.parse(variant) as [string, string | null][]);
}
