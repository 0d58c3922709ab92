// What an origin is asked in place of what the visitor asked: the route's prefix taken away, another put in front, the path replaced,
// query parameters removed and set. Pure. Works on encoded text and decodes nothing. The result never has dot segments: behind an
// origin's base path they would lead out of it.

import type { RewriteSnapshot } from "../config/snapshot.ts";
import { canonicalPath, formatQuery, parseQuery, queryPair, type QueryPair } from "../http/url.ts";
import { nameMatches } from "../cache/names.ts";
import { renderTemplate, type TemplateValues } from "./template.ts";
import { encodePathText, encodeQueryPart } from "./url-text.ts";

export interface Target {
  /** Starts with `/`. */
  readonly path: string;
  /** Without the `?`. */
  readonly query: string;
}

/** A target that the rewrite does not concern comes back byte for byte. */
export function rewriteTarget(target: Target, rewrite: RewriteSnapshot, values: TemplateValues): Target {
  return { path: rewritePath(target.path, rewrite, values), query: rewriteQuery(target.query, rewrite.query, values) };
}

function rewritePath(received: string, rewrite: RewriteSnapshot, values: TemplateValues): string {
  if (rewrite.path !== null) {
    const path = encodePathText(renderTemplate(rewrite.path, values, ({ value }) => encodePathText(value)));
    // Never `//host`: an origin may read that as a URL of its own.
    return withoutDotSegments(`/${path.replace(/^\/+/, "")}`);
  }
  const path = withoutDotSegments(received);
  // A raw path may spell the prefix in another way than the canonical one, by which the route was found.
  const rest = stripped(path, rewrite.strip) ?? stripped(canonicalPath(path).path, rewrite.strip) ?? path;
  const whole = rewrite.prefix + rest;
  return whole.startsWith("/") ? whole : `/${whole}`;
}

/** `path` without `prefix`, on a segment border: `/static` is no prefix of `/statics`. Null when it does not begin with it. */
function stripped(path: string, prefix: string): string | null {
  if (prefix === "") return path;
  if (!path.startsWith(prefix)) return null;
  const rest = path.slice(prefix.length);
  return rest === "" || rest.startsWith("/") ? rest : null;
}

/** Kept as it is unless a URL parser could resolve something in it: those take spaces off the end, and tabs and line breaks out. */
function withoutDotSegments(path: string): string {
  return /(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)|\\|[^\x21-\x7e]/i.test(path) ? canonicalPath(path).path : path;
}

function rewriteQuery(query: string, rules: RewriteSnapshot["query"], values: TemplateValues): string {
  if (rules.remove.length === 0 && rules.set.length === 0) return query;
  const set = rules.set.map(([name, template]) => [name, encodeQueryPart(renderTemplate(template, values))] as const);
  return formatQuery(changeQuery(parseQuery(query), rules.remove, set));
}

/**
 * Removes, then sets: the first pair of a name takes the new value, further ones go, a new name comes last.
 *
 * @param remove - Names; a trailing `*` matches any rest.
 * @param set - Names, and values that are encoded already.
 */
export function changeQuery(
  given: readonly QueryPair[],
  remove: readonly string[],
  set: readonly (readonly [name: string, value: string])[],
): readonly QueryPair[] {
  let pairs = given.filter(({ name }) => !nameMatches(name, remove));
  for (const [name, value] of set) pairs = [...withPair(pairs, name, queryPair(`${encodeQueryPart(name)}=${value}`))];
  return pairs;
}

function withPair(pairs: readonly QueryPair[], name: string, pair: QueryPair): readonly QueryPair[] {
  const place = pairs.findIndex((other) => other.name === name);
  if (place === -1) return [...pairs, pair];
  return pairs.flatMap((other, index) => (index === place ? [pair] : other.name === name ? [] : [other]));
}
