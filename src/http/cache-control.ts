// Cache-Control as a value (RFC 9111 5.2), of a request or a response. It decides nothing about freshness. What is doubtful is
// read in its most restrictive sense: of two lifetimes the shorter counts, a lifetime that is no number is zero, a garbled
// restriction still restricts, and a garbled permission permits nothing. So junk never makes a response fresher.

import { isToken } from "./header-syntax.ts";
import { quote, splitList, trimSpace, unquote } from "./list.ts";

/** Delta-seconds above this are this (RFC 9111 1.2.2). */
export const DELTA_SECONDS_MAX = 2_147_483_648;

/** Lifetimes are whole seconds, null when absent; flags are false when absent. */
export interface CacheControl {
  readonly noStore: boolean;
  /** True, or the field names of `no-cache="..."` in lower case. The form without names wins over any list. */
  readonly noCache: boolean | readonly string[];
  readonly private: boolean | readonly string[];
  /** Never together with a `private` that has no field names. */
  readonly public: boolean;
  readonly maxAge: number | null;
  readonly sMaxage: number | null;
  readonly mustRevalidate: boolean;
  readonly proxyRevalidate: boolean;
  readonly mustUnderstand: boolean;
  readonly noTransform: boolean;
  readonly immutable: boolean;
  /** RFC 5861. */
  readonly staleWhileRevalidate: number | null;
  readonly staleIfError: number | null;
  /** Request directives. `Infinity` for a max-stale without a value. */
  readonly maxStale: number | null;
  readonly minFresh: number | null;
  readonly onlyIfCached: boolean;
  /** Directives that are not known here, names in lower case, in order. */
  readonly extensions: readonly (readonly [name: string, value: string | null])[];
}

/** One member as written. */
interface Directive {
  /** Lower case. */
  readonly name: string;
  /** Unquoted; null without `=`. */
  readonly value: string | null;
  /** The member does not follow the grammar. */
  readonly garbled: boolean;
}

const KNOWN: ReadonlySet<string> = new Set([
  "no-store",
  "no-cache",
  "private",
  "public",
  "max-age",
  "s-maxage",
  "must-revalidate",
  "proxy-revalidate",
  "must-understand",
  "no-transform",
  "immutable",
  "stale-while-revalidate",
  "stale-if-error",
  "max-stale",
  "min-fresh",
  "only-if-cached",
]);

/** Reads the joined value of all Cache-Control lines. Never throws. */
export function parseCacheControl(value: string | null): CacheControl {
  const directives = splitList(value ?? "").flatMap(directivesOf);
  const named = (name: string): readonly Directive[] => directives.filter((directive) => directive.name === name);
  // Restrictions hold whatever stands behind them; permissions only when nothing does.
  const restricts = (name: string): boolean => named(name).length > 0;
  const permits = (name: string): boolean => named(name).some((directive) => directive.value === null && !directive.garbled);
  const isPrivate = fieldsOrTrue(named("private"));
  return {
    noStore: restricts("no-store"),
    noCache: fieldsOrTrue(named("no-cache")),
    private: isPrivate,
    public: permits("public") && isPrivate !== true,
    maxAge: shortest(named("max-age")),
    sMaxage: shortest(named("s-maxage")),
    mustRevalidate: restricts("must-revalidate"),
    proxyRevalidate: restricts("proxy-revalidate"),
    mustUnderstand: restricts("must-understand"),
    noTransform: restricts("no-transform"),
    immutable: permits("immutable"),
    staleWhileRevalidate: shortest(named("stale-while-revalidate")),
    staleIfError: shortest(named("stale-if-error")),
    maxStale: maxStale(named("max-stale")),
    minFresh: minFresh(named("min-fresh")),
    onlyIfCached: restricts("only-if-cached"),
    extensions: directives.filter(({ name }) => name !== "" && !KNOWN.has(name)).map(({ name, value: text }) => [name, text]),
  };
}

/**
 * What a member says. One that does not follow the grammar may hold more than the name that it begins with (`max-age=60; private`,
 * `"no-store, max-age=60`): every name in it counts, garbled, unless it is an argument. Must-revalidate does so as proxy-revalidate,
 * which restricts this cache as much and does not let an answer to Authorization be stored (RFC 9111 3.5).
 */
function directivesOf(member: string): readonly Directive[] {
  const first = parseDirective(member);
  if (!first.garbled) return [first];
  const pieces =
    member
      .slice(first.name.length)
      .toLowerCase()
      .match(/=?[!#$%&'*+\-.^_`|~0-9a-z]+(?:=[!#$%&'*+\-.^_`|~0-9a-z]+)*/g) ?? [];
  const names = pieces
    .filter((piece) => first.name === "" || !piece.startsWith("="))
    .map((piece) => piece.replace(/^=/, "").split("=", 1)[0] ?? "");
  const others = names.filter((name) => KNOWN.has(name)).map((name) => (name === "must-revalidate" ? "proxy-revalidate" : name));
  return [first, ...others.map((name) => ({ name, value: null, garbled: true }))];
}

/** `max-age =5`, `no-store;x` and `max-age="5"x` have the name that they begin with, and no valid value. */
function parseDirective(member: string): Directive {
  const name = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]*/.exec(member)?.[0] ?? "";
  const rest = member.slice(name.length);
  const argument = rest.slice(1);
  const plain = unquote(argument) ?? (isToken(argument) ? argument : null);
  const wellFormed = name !== "" && (rest === "" || (rest.startsWith("=") && plain !== null));
  return { name: name.toLowerCase(), value: rest === "" ? null : (plain ?? trimSpace(argument)), garbled: !wellFormed };
}

/** `no-cache` and `private` (RFC 9111 5.2.2.4, 5.2.2.7): with a list of field names the qualified form, else the whole response. */
function fieldsOrTrue(directives: readonly Directive[]): boolean | readonly string[] {
  if (directives.length === 0) return false;
  const lists = directives.map(({ value, garbled }) => (garbled ? [] : splitList(value ?? "")));
  if (lists.some((names) => names.length === 0 || !names.every(isToken))) return true;
  return [...new Set(lists.flat().map((name) => name.toLowerCase()))];
}

/** Delta-seconds (RFC 9111 1.2.2); null for anything else. The quoted form is accepted (RFC 9111 5.2). */
function deltaSeconds({ value, garbled }: Directive): number | null {
  if (garbled || value === null || !/^[0-9]+$/.test(value)) return null;
  return Math.min(Number(value), DELTA_SECONDS_MAX);
}

/** Freshness information that is not valid makes a response stale (RFC 9111 4.2.1); of several the shortest counts. */
function shortest(directives: readonly Directive[]): number | null {
  return directives.length === 0 ? null : Math.min(...directives.map((directive) => deltaSeconds(directive) ?? 0));
}

/** RFC 9111 5.2.1.2: without a value any staleness is accepted; a value that is not valid accepts none. */
function maxStale(directives: readonly Directive[]): number | null {
  if (directives.length === 0) return null;
  return Math.min(
    ...directives.map((directive) =>
      directive.value === null && !directive.garbled ? Number.POSITIVE_INFINITY : (deltaSeconds(directive) ?? 0),
    ),
  );
}

/** The longest counts, and one that is not valid asks for more than anything has. */
function minFresh(directives: readonly Directive[]): number | null {
  return directives.length === 0 ? null : Math.max(...directives.map((directive) => deltaSeconds(directive) ?? DELTA_SECONDS_MAX));
}

/** The value of a Cache-Control header; empty when nothing is set. Reading it again gives the same. */
export function formatCacheControl(control: CacheControl): string {
  const members = [
    flag("no-store", control.noStore),
    restriction("no-cache", control.noCache),
    restriction("private", control.private),
    flag("public", control.public),
    delta("max-age", control.maxAge),
    delta("s-maxage", control.sMaxage),
    delta("stale-while-revalidate", control.staleWhileRevalidate),
    delta("stale-if-error", control.staleIfError),
    delta("min-fresh", control.minFresh),
    control.maxStale === Number.POSITIVE_INFINITY ? "max-stale" : delta("max-stale", control.maxStale),
    flag("only-if-cached", control.onlyIfCached),
    flag("must-revalidate", control.mustRevalidate),
    flag("proxy-revalidate", control.proxyRevalidate),
    flag("must-understand", control.mustUnderstand),
    flag("no-transform", control.noTransform),
    flag("immutable", control.immutable),
    ...control.extensions.map(([name, value]) => (value === null ? name : `${name}=${isToken(value) ? value : quote(value)}`)),
  ];
  return members.filter((member) => member !== "").join(", ");
}

function flag(name: string, on: boolean): string {
  return on ? name : "";
}

function delta(name: string, value: number | null): string {
  return value === null ? "" : `${name}=${value}`;
}

function restriction(name: string, value: boolean | readonly string[]): string {
  if (typeof value === "boolean") return flag(name, value);
  return value.length === 0 ? "" : `${name}="${value.join(", ")}"`;
}
