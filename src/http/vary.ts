// Vary (RFC 9110 12.5.5) and the request values that it names, in a canonical form, so that clients that ask for the same thing
// share one stored variant. An origin must be asked with the canonical value too: otherwise it could answer with what one client
// accepts and another, under the same key, does not.

import { ACCEPT_LANGUAGES_MAX } from "../limits.ts";
import { isToken } from "./header-syntax.ts";
import { splitList } from "./list.ts";
import { parseWeighted } from "./weighted.ts";

/** Codings that variants are told apart by, the most wanted first. Others (zstd, deflate) are not asked for. */
const CODINGS = ["br", "gzip"] as const;

/** Field names in lower case, sorted, each once; `*` also for a value that does not follow the grammar, which then matches nothing. */
export function parseVary(value: string | null): readonly string[] | "*" {
  const names = splitList(value ?? "").map((name) => name.toLowerCase());
  if (names.includes("*") || !names.every(isToken)) return "*";
  return [...new Set(names)].sort();
}

/**
 * Accept-Encoding as one of `br, gzip`, `gzip, br`, `br`, `gzip`, or `identity`; the order is the client's preference, br first
 * where it has none. An unencoded answer is never refused: who forbids `identity` and gets it all the same can still read it.
 */
export function normaliseAcceptEncoding(value: string | null): string {
  const weights = new Map<string, number>();
  for (const { text, weight } of parseWeighted(value ?? "")) {
    const name = text.toLowerCase();
    weights.set(name === "x-gzip" ? "gzip" : name, weight);
  }
  const any = weights.get("*") ?? 0;
  const identity = weights.get("identity") ?? 0;
  const accepted = CODINGS.map((name) => ({ name, weight: weights.get(name) ?? any })).filter(
    ({ weight }) => weight > 0 && weight >= identity,
  );
  accepted.sort((a, b) => b.weight - a.weight);
  return accepted.length === 0 ? "identity" : accepted.map(({ name }) => name).join(", ");
}

/**
 * Accept-Language as lower-case ranges in the order of preference with regular weights (`en-gb, en;q=0.9, de;q=0.8`): what
 * differs only in spelling, spacing or the size of the weights becomes equal. Refused ranges (`q=0`) stay, as `;q=0`. Empty when
 * nothing valid was said.
 */
export function normaliseAcceptLanguage(value: string | null): string {
  const ranges = parseWeighted(value ?? "")
    .filter(({ text }) => /^(?:\*|[a-z]{1,8}(?:-(?:[a-z0-9]{1,8}|\*))*)$/i.test(text))
    .map(({ text, weight }) => ({ text: text.toLowerCase(), weight }));
  const seen = new Set<string>();
  const first = ranges.filter(({ text }) => !seen.has(text) && seen.add(text));
  const wanted = first.filter(({ weight }) => weight > 0).sort((a, b) => b.weight - a.weight);
  const refused = first.filter(({ weight }) => weight === 0).sort((a, b) => (a.text < b.text ? -1 : 1));
  const kept = wanted.slice(0, ACCEPT_LANGUAGES_MAX).map(({ text }, rank) => (rank === 0 ? text : `${text};q=0.${10 - rank}`));
  return [...kept, ...refused.slice(0, ACCEPT_LANGUAGES_MAX).map(({ text }) => `${text};q=0`)].join(", ");
}
