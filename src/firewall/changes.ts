// What rules change about a request: path, query and headers, and parts of the route's policy. Rules of one phase look at the
// request as it came in and add up here; the last word on a thing counts. Pure.

import type { RewriteActionSnapshot, RuleHeadersSnapshot, RuleText } from "../config/rule-snapshot.ts";
import type { CachePolicySnapshot, RetrySnapshot, TimeoutsSnapshot } from "../config/snapshot.ts";
import type { Facts } from "../facts.ts";
import { isHeaderName, toHeaderValue } from "../http/header-syntax.ts";
import { canonicalPath, formatQuery, parseQuery, type CanonicalPath } from "../http/url.ts";
import { changeQuery } from "../transform/rewrite.ts";
import { FRAMING_HEADERS } from "../transform/header-rules.ts";
import { encodePathText, encodeQueryPart, encodeQueryText } from "../transform/url-text.ts";

/** In the order in which rules made them. Names in lower case. */
export type HeaderChange =
  | { readonly verb: "remove"; readonly name: string }
  | { readonly verb: "set" | "add"; readonly name: string; readonly value: string };

export interface RuleChanges {
  /** Null keeps the visitor's. */
  readonly path: string | null;
  readonly query: string | null;
  readonly headers: readonly HeaderChange[];
  readonly pool: string | null;
  readonly cache: CachePolicySnapshot | null;
  readonly timeouts: TimeoutsSnapshot | null;
  readonly retry: RetrySnapshot | null;
}

export const NO_CHANGES: RuleChanges = { path: null, query: null, headers: [], pool: null, cache: null, timeouts: null, retry: null };

/** Makes the texts of a rule; undefined where a part is missing: what the text was meant for then stays as it is. */
export interface TextMaker {
  text(made: RuleText): string | undefined;
  /** For a header: as a byte string, where an expression gives bytes. */
  bytes(made: RuleText): string | undefined;
}

/** @param query - The visitor's, without `?`. */
export function withRewrite(changes: RuleChanges, rewrite: RewriteActionSnapshot, query: string, make: TextMaker): RuleChanges {
  const path = rewrite.path === null ? undefined : make.text(rewrite.path);
  return {
    ...changes,
    // One that no visitor may send, or that leads out of where it begins, is as good as missing: `/files/../admin` out of a query.
    path: path === undefined || madePath(path).problem !== null || DOT_SEGMENT.test(path) ? changes.path : path,
    query: rewrittenQuery(changes.query ?? query, rewrite.query, make) ?? changes.query,
    headers: [...changes.headers, ...headerChanges(rewrite.headers, make)],
  };
}

function rewrittenQuery(query: string, rewrite: RewriteActionSnapshot["query"], make: TextMaker): string | null {
  if (rewrite === null) return null;
  if (rewrite.kind === "whole") {
    const whole = make.text(rewrite.value);
    return whole === undefined ? null : encodeQueryText(whole.replace(/^\?/, ""));
  }
  const set = rewrite.set.flatMap(([name, text]) => {
    const value = make.text(text);
    return value === undefined ? [] : [[name, encodeQueryPart(value)] as const];
  });
  return formatQuery(changeQuery(parseQuery(query), rewrite.remove, set));
}

/** The changes that a rule makes to headers, with their values. */
export function headerChanges(headers: RuleHeadersSnapshot | null, make: TextMaker): readonly HeaderChange[] {
  if (headers === null) return [];
  const stated = (verb: "set" | "add") =>
    headers[verb].flatMap(([name, text]): readonly HeaderChange[] => {
      const value = make.bytes(text);
      return value === undefined ? [] : [{ verb, name, value: toHeaderValue(value) }];
    });
  return [...headers.remove.map((name) => ({ verb: "remove", name }) as const), ...stated("set"), ...stated("add")];
}

/** Changes `headers` in place. What frames a message stays, whatever a rule says. */
export function changeHeaders(headers: Headers, changes: readonly HeaderChange[]): void {
  for (const change of changes) {
    if (!isHeaderName(change.name) || FRAMING_HEADERS.has(change.name)) continue;
    if (change.verb === "remove") headers.delete(change.name);
    else if (change.verb === "set") headers.set(change.name, change.value);
    else headers.append(change.name, change.value);
  }
}

/**
 * In place, too. What is set or removed also goes in the spelling that CGI and its heirs read as the same: `X_Role` beside `X-Role`
 * would be the visitor's word against the rule's.
 */
export function changeRequestHeaders(headers: Headers, changes: readonly HeaderChange[]): void {
  const named = new Set(changes.map(({ name }) => name));
  const ruled = new Set(changes.flatMap(({ verb, name }) => (verb === "add" ? [] : [name])));
  const twins = [...headers.keys()].filter((name) => name.includes("_") && !named.has(name) && ruled.has(name.replaceAll("_", "-")));
  for (const name of twins) headers.delete(name);
  changeHeaders(headers, changes);
}

/** The request as rules have changed it: what is planned, looked up and asked for. The same facts where they changed nothing. */
export function changedFacts(facts: Facts, changes: RuleChanges): Facts {
  const { path, query, headers } = changes;
  if (path === null && query === null && headers.length === 0) return facts;
  const changed = new Headers(facts.headers);
  changeRequestHeaders(changed, headers);
  return {
    ...facts,
    ...(path === null ? {} : changedPath(path)),
    query: query ?? facts.query,
    headers: headers.length === 0 ? facts.headers : changed,
  };
}

function changedPath(text: string): Pick<Facts, "path" | "rawPath" | "pathIsAmbiguous"> {
  const { path } = madePath(text);
  return { path, rawPath: path, pathIsAmbiguous: false };
}

const DOT_SEGMENT = /(?:^|[/\\])(?:\.|%2e){1,2}(?:[/\\?#]|$)/i;

/** Never `//host`, and no dot segments: an origin could read another URL out of them. */
function madePath(text: string): CanonicalPath {
  const [bare = ""] = text.split(/[?#]/, 1);
  return canonicalPath(`/${encodePathText(bare).replace(/^\/+/, "")}`);
}

/**
 * What tells the answers to a changed request from those to others with its URL: part of the cache key. Path and query are in the key
 * already. Null where nothing needs telling.
 *
 * @param stated - Headers that some rule states: the origin may believe them, so a visitor's own word under such a name is told from the
 * rule's and from none.
 * @param headers - The visitor's.
 */
export function changesKey({ headers: changes }: RuleChanges, stated: readonly string[], headers: Headers): string | null {
  const made = changes.map((change) => (change.verb === "remove" ? [change.name] : [change.name, change.verb, change.value]));
  const ruled = new Set(changes.map(({ name }) => name));
  const given = stated.flatMap((name) => {
    const value = ruled.has(name) ? null : headers.get(name);
    return value === null ? [] : [[name, "visitor", value]];
  });
  return made.length + given.length === 0 ? null : JSON.stringify([...made, ...given]);
}

/** Of these visitors have much to say, and origins say by Vary what they make of it. */
const NEGOTIATED: ReadonlySet<string> = new Set([
  "accept",
  "accept-encoding",
  "accept-language",
  "authorization",
  "cache-control",
  "cookie",
  "origin",
  "referer",
  "user-agent",
]);

/** Headers that a rule tells the origin, and that a visitor could send as well. */
export function statedHeaders(rewrite: RewriteActionSnapshot): readonly string[] {
  const { set = [], add = [] } = rewrite.headers ?? {};
  return [...set, ...add].map(([name]) => name).filter((name) => !NEGOTIATED.has(name));
}
