// What an operator asks to be purged, read from JSON and brought into the form that the cache compares with. A URL is purged
// under the key that a visitor's request for it is stored under, so it goes through the same canonical form, routing and key.

import { cacheKey, urlOfKey } from "../cache/key.ts";
import { isRecord } from "../json-document.ts";
import { PURGES_AT_ONCE_MAX, PURGE_VALUE_CHARS_MAX } from "../limits.ts";
import type { PurgeRequest } from "../ports.ts";
import { fail, ok, type Result } from "../result.ts";
import type { Ruleset } from "../ruleset.ts";
import { readUrl } from "./read-url.ts";

/** `field` names the member of the JSON body, such as `kind` or `purges[3].value`; `/` the body as a whole. */
export interface PurgeProblem {
  readonly field: string;
  readonly message: string;
}

const KINDS = ["everything", "host", "prefix", "tag", "url"] as const satisfies PurgeRequest["kind"][];

const ONE = '{"kind": "url", "value": "https://example.com/page"}';

/**
 * One purge, or several in a list called `purges`. A mistake in one of them refuses all.
 * @param ruleset - Decides what belongs to a URL's key; null while there is no release.
 */
export function parsePurges(body: unknown, ruleset: Ruleset | null): Result<readonly PurgeRequest[], PurgeProblem> {
  if (!isRecord(body) || !("purges" in body)) {
    const one = parsePurge(body, ruleset);
    return one.ok ? ok([one.value]) : one;
  }
  const { purges } = body;
  if ("kind" in body) return bad("kind", "stands beside `purges`; write one purge, or all of them into `purges`");
  if (!Array.isArray(purges) || purges.length === 0) return bad("purges", `expected a list such as [${ONE}], found ${shown(purges)}`);
  if (purges.length > PURGES_AT_ONCE_MAX)
    return bad("purges", `has ${purges.length} purges, at most ${PURGES_AT_ONCE_MAX} are taken at once; send the rest in further requests`);
  const parsed: PurgeRequest[] = [];
  for (const [index, purge] of purges.entries()) {
    const one = parsePurge(purge, ruleset);
    if (!one.ok) return bad(`purges[${index}]${one.error.field === "/" ? "" : `.${one.error.field}`}`, one.error.message);
    parsed.push(one.value);
  }
  return ok(parsed);
}

/** @param ruleset - Decides what belongs to a URL's key; null while there is no release. */
export function parsePurge(body: unknown, ruleset: Ruleset | null): Result<PurgeRequest, PurgeProblem> {
  if (!isRecord(body)) return bad("/", `expected a JSON object such as ${ONE}`);
  const kind = KINDS.find((name) => name === body["kind"]);
  if (kind === undefined) return bad("kind", `expected one of ${KINDS.join(", ")}, found ${shown(body["kind"])}`);
  const { value = "", soft = false } = body;
  if (typeof value !== "string") return bad("value", `expected a string, found ${shown(value)}`);
  if (typeof soft !== "boolean") return bad("soft", `expected true (stale) or false (a miss), found ${shown(soft)}`);
  if (value.length > PURGE_VALUE_CHARS_MAX)
    return bad("value", `has ${value.length} characters, at most ${PURGE_VALUE_CHARS_MAX} are taken`);
  const canonical = canonicalValue(kind, value, ruleset);
  return canonical.ok ? ok({ kind, value: canonical.value, soft }) : canonical;
}

function canonicalValue(kind: PurgeRequest["kind"], value: string, ruleset: Ruleset | null): Result<string, PurgeProblem> {
  switch (kind) {
    case "everything":
      return value === ""
        ? ok("")
        : bad("value", `a purge of everything takes no value, found ${shown(value)}; leave it out, or name another kind`);
    case "tag":
      return /^[\x21-\x7e]+$/.test(value) ? ok(value) : bad("value", `expected one surrogate key without spaces, found ${shown(value)}`);
    case "host":
      return /^[^/?#@\s]+$/.test(value)
        ? canonicalUrl(value, null, "host")
        : bad("value", `expected a host such as example.com, found ${shown(value)}`);
    case "prefix":
      return canonicalUrl(value, null, "prefix");
    case "url":
      return canonicalUrl(value, ruleset, "url");
    default:
      return kind satisfies never;
  }
}

/** Host, path and query in the form of a cache key; a host alone for `host`, without the query for `prefix`. */
function canonicalUrl(value: string, ruleset: Ruleset | null, kind: "host" | "prefix" | "url"): Result<string, PurgeProblem> {
  const url = /^[a-z][a-z\d+.-]*:\/\//i.test(value) ? value : `https://${value}`;
  const facts = readUrl(url);
  if (facts === null) return bad("value", `${shown(value)} is not a ${kind}: expected ${EXAMPLES[kind]}`);
  if (kind === "host") return ok(facts.host);
  if (kind === "prefix") return ok(`${facts.host}${facts.path}`);
  const match = ruleset?.hosts.find(facts.hostname)?.routes.match(facts);
  if (match?.kind === "route" && match.route.action.kind === "proxy")
    return ok(urlOfKey(cacheKey(facts, match.route.action.cache.key).key));
  return ok(`${facts.scheme}://${facts.host}${facts.path}${facts.query === "" ? "" : `?${facts.query}`}`);
}

const EXAMPLES = {
  host: "a host such as example.com",
  prefix: "host and path such as example.com/blog/",
  url: "a URL such as https://example.com/page",
};

function bad(field: string, message: string): { readonly ok: false; readonly error: PurgeProblem } {
  return fail({ field, message });
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? "nothing").slice(0, 80);
}
