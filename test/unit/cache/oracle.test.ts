// The cache's decisions beside those of http-cache-semantics, for generated exchanges. Where the two disagree the RFC decides:
// each such class is a row of DISAGREEMENTS that says what the library would have to be told to come to our answer. With that told
// to it the two agree on everything that is generated here, and each row has an example in which it is needed.

import fc from "fast-check";
import CachePolicy from "http-cache-semantics";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { governingControl, isSet, requestControl } from "../../../src/cache/control.ts";
import { decideStored, mayServeOnError } from "../../../src/cache/decide.ts";
import { currentAgeSeconds, freshnessLifetime, type Datable } from "../../../src/cache/freshness.ts";
import { conditionalHeaders, confirms, mergedHeaders } from "../../../src/cache/revalidate.ts";
import { storable } from "../../../src/cache/storable.ts";
import { CACHE_LIFETIME_SECONDS_MAX } from "../../../src/limits.ts";
import { policyOf } from "../../support/cache-policy.ts";
import { storedOf } from "./stored-response.ts";

const ARRIVED = Date.UTC(2026, 0, 1);
const RUNS = 10_000;

/** The same cases each time, unless FUZZ_SEED names others. */
const SEED = Number(process.env["FUZZ_SEED"] ?? "1");

/** Names in lower case. */
type Fields = Readonly<Record<string, string>>;

/** A response, what was asked to get it, and a later request for the same. */
interface Case {
  readonly status: number;
  readonly response: Fields;
  readonly request: Fields;
  readonly again: Fields;
  readonly laterSeconds: number;
}

const QUESTIONS = ["storable", "lifetime", "age", "use", "on error", "conditions"] as const;
type Question = (typeof QUESTIONS)[number];

/** What RFC 9111 alone says: no rule of a route, and no care of our own for cookies. */
const POLICY = policyOf({ setCookie: "store", requestCookies: "ignore" });

/** Refusals for want of use, not of permission: neither fresh, nor confirmable, nor usable when stale. */
const OF_NO_USE: readonly string[] = ["no-lifetime", "no-cache"];

const CONDITIONS = ["if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range", "range"] as const;

vi.setConfig({ testTimeout: 60_000 });
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

function datableOf({ status, response }: Case): Datable {
  return { status, headers: new Headers(response), requestedAtMs: ARRIVED, respondedAtMs: ARRIVED, guessable: true };
}

function decisionInputOf(example: Case) {
  const nowMs = ARRIVED + example.laterSeconds * 1000;
  return { response: datableOf(example), policy: POLICY, purged: { hardMs: 0, softMs: 0 }, invalidatedAtMs: 0, nowMs };
}

/** Null: stored. */
function refusalOf(example: Case): string | null {
  const requestHeaders = new Headers(example.request);
  const verdict = storable({ path: "/", requestHeaders, response: datableOf(example), policy: POLICY });
  return verdict.store ? null : verdict.reason;
}

const OURS: Record<Question, (example: Case) => unknown> = {
  storable: (example) => [null, ...OF_NO_USE].includes(refusalOf(example)),
  lifetime: (example) =>
    isSet(governingControl(new Headers(example.response)).control.noCache) ? 0 : freshnessLifetime(datableOf(example), POLICY).seconds,
  age: (example) => currentAgeSeconds(datableOf(example), ARRIVED + example.laterSeconds * 1000),
  use: (example) => {
    const request = requestControl(new Headers(example.again), { requestDirectives: "obey" });
    const { kind } = decideStored({ ...decisionInputOf(example), request });
    return { hit: "used", accepted: "used", stale: refreshed(example), revalidate: "asked about", miss: "asked about" }[kind];
  },
  "on error": (example) => mayServeOnError(decisionInputOf(example)),
  conditions: ({ status, response, again }) =>
    conditionsOf(Object.fromEntries(conditionalHeaders(new Headers(again), storedOf(response, { status })))),
};

const THEIRS: Record<Question, (example: Case) => unknown> = {
  storable: (example) => libraryOf(example).storable(),
  lifetime: (example) => Math.max(0, Math.floor(libraryOf(example).maxAge())),
  age: (example) => later(example).age(),
  use: (example) => {
    const { response, revalidation } = later(example).evaluateRequest(libraryRequest(example.again)) as {
      readonly response?: object;
      readonly revalidation?: object;
    };
    if (response === undefined) return "asked about";
    return revalidation === undefined ? "used" : refreshed(example);
  },
  "on error": (example) => !later(example).revalidatedPolicy(libraryRequest(example.again), { status: 503, headers: {} }).modified,
  conditions: (example) => conditionsOf(later(example).revalidationHeaders(libraryRequest(example.again)) as Fields),
};

/** With max-stale a stale response may be given out with or without a refresh: both are right. */
function refreshed({ again }: Case): string {
  return has(again, "max-stale") ? "used" : "used and refreshed";
}

function libraryOf({ status, response, request }: Case): CachePolicy {
  vi.setSystemTime(ARRIVED);
  const options = { shared: true, cacheHeuristic: 0.1, immutableMinTimeToLive: 0 };
  return new CachePolicy(libraryRequest(request), { status, headers: { ...response } }, options);
}

function libraryRequest(headers: Fields): CachePolicy.HttpRequest {
  return { method: "GET", url: "/", headers: { host: "shop.test", ...headers } };
}

function later(example: Case): CachePolicy {
  const policy = libraryOf(example);
  vi.setSystemTime(ARRIVED + example.laterSeconds * 1000);
  return policy;
}

function conditionsOf(headers: Fields): Fields {
  return Object.fromEntries(CONDITIONS.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]])));
}

// Editing of header fields, for what the library is told.

interface Directive {
  readonly name: string;
  readonly value: string | null;
}

/** Quotes are closed in all that is generated here. */
function directivesOf(fields: Fields): readonly Directive[] {
  return ((fields["cache-control"] ?? "").match(/(?:"[^"]*"|[^",])+/g) ?? []).map((padded) => {
    const member = padded.trim();
    const equals = member.indexOf("=");
    return equals === -1 ? { name: member, value: null } : { name: member.slice(0, equals), value: member.slice(equals + 1) };
  });
}

function has(fields: Fields, ...names: readonly string[]): boolean {
  return directivesOf(fields).some(({ name }) => names.includes(name.toLowerCase().trim()));
}

function edited(fields: Fields, edit: (directive: Directive, index: number) => Directive | null): Fields {
  if (fields["cache-control"] === undefined) return fields;
  const kept = directivesOf(fields)
    .map(edit)
    .filter((directive) => directive !== null);
  return { ...fields, "cache-control": kept.map(({ name, value }) => (value === null ? name : `${name}=${value}`)).join(", ") };
}

function withoutDirectives(fields: Fields, ...names: readonly string[]): Fields {
  return edited(fields, (directive) => (names.includes(directive.name) ? null : directive));
}

function without(fields: Fields, ...names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}

function eachControl(example: Case, edit: (fields: Fields) => Fields): Case {
  return { ...example, response: edit(example.response), request: edit(example.request), again: edit(example.again) };
}

const DELTAS = ["max-age", "s-maxage", "stale-while-revalidate", "stale-if-error"];

/** Space before the equals sign is no grammar either. */
function isDelta({ name, value }: Directive): boolean {
  return name === name.trim() && /^(?:\d+|"\d+")$/.test(value ?? "");
}

function secondsOf(value: string | null): number {
  return /^"?\d+"?$/.test(value ?? "") ? Number(value?.replaceAll('"', "")) : 0;
}

const LOOSE_DATES: readonly ((ms: number) => string)[] = [
  (ms) => new Date(ms).toISOString(),
  (ms) => new Date(ms).toUTCString().toLowerCase(),
  (ms) => new Date(ms).toUTCString().replace("GMT", "+0000"),
  (ms) => new Date(ms).toUTCString().replace(/^\w+, /, ""),
];

const STRICT_DATE = /^(?:\w{3}, \d\d \w{3} \d{4}|\w+day, \d\d-\w{3}-\d\d) \d\d:\d\d:\d\d GMT$/;

function isLoose(date: string | undefined): boolean {
  return date !== undefined && !Number.isNaN(Date.parse(date)) && !(STRICT_DATE.test(date) && /^[A-Z].*[A-Z][a-z]{2}/.test(date));
}

/** Seconds between a Date in the past and the arrival. */
function apparentAge({ response }: Case): number {
  const dateMs = Date.parse(response["date"] ?? "");
  return Number.isNaN(dateMs) ? 0 : Math.max(0, (ARRIVED - dateMs) / 1000);
}

function plain(response: Fields, changes: Partial<Case> = {}): Case {
  return { status: 200, response, request: {}, again: {}, laterSeconds: 0, ...changes };
}

interface Disagreement {
  readonly name: string;
  readonly section: string;
  readonly why: string;
  readonly of: readonly Question[];
  /** The input that would lead the library to the right answer; the same object, or an equal one, where there is nothing to say. */
  readonly told: (example: Case) => Case;
  readonly example: Case;
  /** What the two disagree about in the example. */
  readonly shows: Question;
}

const FRESHNESS: readonly Question[] = ["lifetime", "use", "on error"];

/** In this order: the grammar first, then the meaning. Library 4.3.0. */
const DISAGREEMENTS: readonly Disagreement[] = [
  {
    name: "names of directives in capitals",
    section: "RFC 9111 5.2",
    why: "Names are compared without regard to case; the library knows them in lower case only.",
    of: QUESTIONS,
    told: (example) => eachControl(example, (fields) => edited(fields, ({ name, value }) => ({ name: name.toLowerCase(), value }))),
    example: plain({ "cache-control": "No-Store" }),
    shows: "storable",
  },
  {
    name: "a comma in a quoted string",
    section: "RFC 9110 5.6.4",
    why: "It is part of the string; the library begins a new directive there.",
    of: QUESTIONS,
    told: (example) =>
      eachControl(example, (fields) => edited(fields, ({ name, value }) => ({ name, value: value?.replaceAll(",", " ") ?? null }))),
    example: plain({ "cache-control": 'max-age=60, ext="a, max-age=5, b"' }),
    shows: "lifetime",
  },
  {
    name: "a min-fresh or max-stale that is no delta-seconds",
    section: "RFC 9111 1.2.2, 5.2.1.2, 5.2.1.3",
    why: "The visitor wants something fresher, nobody knows by how much: it is checked. The library reads as many digits as it finds.",
    of: ["use"],
    told: (example) => ({
      ...example,
      again: edited(example.again, (directive) => {
        const name = directive.name.trim();
        const isValid = isDelta(directive) || (name === "max-stale" && directive.value === null);
        if (isValid || !["min-fresh", "max-stale"].includes(name)) return directive;
        return { name, value: name === "min-fresh" ? "2147483648" : "0" };
      }),
    }),
    example: plain({ "cache-control": "max-age=60" }, { again: { "cache-control": "min-fresh=soon" } }),
    shows: "use",
  },
  {
    name: "a lifetime that is no delta-seconds",
    section: "RFC 9111 1.2.2, 4.2.1",
    why: "What is not valid is no permission, so it counts as 0; the library reads as many digits as it finds.",
    of: QUESTIONS,
    told: (example) =>
      eachControl(example, (fields) =>
        edited(fields, (directive) => {
          const name = directive.name.trim();
          return { name, value: DELTAS.includes(name) && !isDelta(directive) ? "0" : directive.value };
        }),
      ),
    example: plain({ "cache-control": "max-age=60s" }),
    shows: "lifetime",
  },
  {
    name: "two lifetimes of the same name",
    section: "RFC 9111 4.2.1",
    why: "The first counts or none does, so the shorter is always allowed; the library takes the last.",
    of: QUESTIONS,
    told: (example) => {
      const all = directivesOf(example.response);
      const shortest = (name: string): number =>
        Math.min(...all.filter((other) => other.name === name).map(({ value }) => secondsOf(value)));
      const response = edited(example.response, ({ name, value }) => ({
        name,
        value: DELTAS.includes(name) ? String(shortest(name)) : value,
      }));
      return { ...example, response };
    },
    example: plain({ "cache-control": "max-age=10, max-age=60" }),
    shows: "lifetime",
  },
  {
    name: "a permission with an argument",
    section: "RFC 9111 5.2.2.9",
    why: "public has none: what is meant is not known, and a shared cache does not give out on a guess. The library takes it.",
    of: QUESTIONS,
    told: (example) => ({
      ...example,
      response: edited(example.response, (directive) => (directive.name === "public" && directive.value !== null ? null : directive)),
    }),
    example: plain({ "cache-control": "public=no" }, { request: { authorization: "Basic eA==" } }),
    shows: "storable",
  },
  {
    name: "a restriction with an empty list of fields",
    section: "RFC 9111 5.2.2.4, 5.2.2.7",
    why: "It restricts no less than the form without a list; the library takes the empty text for absence.",
    of: QUESTIONS,
    told: (example) => ({
      ...example,
      response: edited(example.response, ({ name, value }) => ({ name, value: /^(?:"")?$/.test(value ?? "x") ? null : value })),
    }),
    example: plain({ "cache-control": 'private="", max-age=60' }),
    shows: "storable",
  },
  {
    name: "a date in none of the three forms",
    section: "RFC 9110 5.6.7, RFC 9111 5.3",
    why: "An invalid Expires lies in the past, and another invalid date is none; the library reads whatever Date.parse does.",
    of: ["age", ...FRESHNESS],
    told: (example) => {
      const { expires, ...response } = example.response;
      const loose = ["date", "last-modified"].filter((name) => isLoose(response[name]));
      return {
        ...example,
        response: { ...without(response, ...loose), ...(expires !== undefined && { expires: isLoose(expires) ? "0" : expires }) },
      };
    },
    example: plain({ expires: "2026-01-02T00:00:00Z" }),
    shows: "lifetime",
  },
  {
    name: "statuses that the library does not know",
    section: "RFC 9111 3",
    why: "Any final status may be stored with an explicit lifetime; only 206, 304 and must-understand need knowledge of it.",
    of: QUESTIONS,
    told: (example) => {
      const isKnownToNone = example.status === 299 && has(example.response, "must-understand");
      return [299, 400, 403, 500, 503].includes(example.status) && !isKnownToNone ? { ...example, status: 302 } : example;
    },
    example: plain({ "cache-control": "max-age=60" }, { status: 500 }),
    shows: "storable",
  },
  {
    name: "Vary: *",
    section: "RFC 9111 4.1",
    why: "It never matches, so nothing is stored; the library stores it, and only then never uses it.",
    of: ["storable"],
    told: (example) =>
      example.response["vary"]?.includes("*") === true ? { ...example, response: { "cache-control": "no-store" } } : example,
    example: plain({ "cache-control": "max-age=60", vary: "accept, *" }),
    shows: "storable",
  },
  {
    name: "Pragma in a response",
    section: "RFC 9111 5.4",
    why: "It never had a meaning there; the library takes no-cache in it for Cache-Control.",
    of: QUESTIONS,
    told: (example) => ({ ...example, response: without(example.response, "pragma") }),
    example: plain({ pragma: "no-cache", "last-modified": "Wed, 31 Dec 2025 00:00:00 GMT" }),
    shows: "lifetime",
  },
  {
    name: "Pragma beside Cache-Control in a request",
    section: "RFC 9111 5.4",
    why: "It counts only where there is no Cache-Control; the library obeys it always.",
    of: ["use"],
    told: (example) => ("cache-control" in example.again ? { ...example, again: without(example.again, "pragma") } : example),
    example: plain({ "cache-control": "max-age=60" }, { again: { pragma: "no-cache", "cache-control": "max-age=30" } }),
    shows: "use",
  },
  {
    name: "Set-Cookie",
    section: "RFC 9111 7.3",
    why: "It does not forbid caching (a route of ours does, see storable.test.ts); the library gives it no lifetime without public.",
    of: FRESHNESS,
    told: (example) => ({ ...example, response: without(example.response, "set-cookie") }),
    example: plain({ "cache-control": "max-age=60", "set-cookie": "a=1" }),
    shows: "lifetime",
  },
  {
    name: "an Age that is no number",
    section: "RFC 9111 5.1",
    why: "It is ignored; the library reads as many digits as it finds, also negative ones.",
    of: ["age", "use", "on error"],
    told: (example) =>
      /^\s*\d+\s*(?:,|$)/.test(example.response["age"] ?? "") ? example : { ...example, response: without(example.response, "age") },
    example: plain({ "cache-control": "max-age=60", age: "-60" }, { laterSeconds: 60 }),
    shows: "use",
  },
  {
    name: "a Date in the past",
    section: "RFC 9111 4.2.3",
    why: "A response is at least as old as its Date says (apparent_age); the library goes by Age alone.",
    of: ["age", "use", "on error"],
    told: (example) => {
      const age = Math.max(apparentAge(example), Number.parseInt(example.response["age"] ?? "0", 10));
      return { ...example, response: { ...example.response, age: String(age) } };
    },
    example: plain({ "cache-control": "max-age=60", date: "Wed, 31 Dec 2025 23:00:00 GMT" }),
    shows: "use",
  },
  {
    name: "lifetimes of more than 30 days",
    section: "RFC 9111 4.2",
    why: "A cache may do with less: this one remembers purges for so long.",
    of: FRESHNESS,
    told: (example) => ({
      ...example,
      response: edited(example.response, ({ name, value }) => ({
        name,
        value: ["max-age", "s-maxage"].includes(name) ? String(Math.min(secondsOf(value), CACHE_LIFETIME_SECONDS_MAX)) : value,
      })),
    }),
    example: plain({ "cache-control": "max-age=31536000" }),
    shows: "lifetime",
  },
  {
    name: "staleness where a directive forbids it",
    section: "RFC 9111 4.2.4, 5.2.2.2, 5.2.2.4, 5.2.2.8, 5.2.2.10",
    why: "No window and no max-stale opens what no-cache, must-revalidate, proxy-revalidate and s-maxage close; the library lets them.",
    of: ["use", "on error"],
    told: (example) =>
      has(example.response, "no-cache", "must-revalidate", "proxy-revalidate", "s-maxage")
        ? {
            ...example,
            response: withoutDirectives(example.response, "stale-while-revalidate", "stale-if-error"),
            again: withoutDirectives(example.again, "max-stale"),
          }
        : example,
    example: plain({ "cache-control": "max-age=60, must-revalidate, stale-if-error=600" }, { laterSeconds: 61 }),
    shows: "on error",
  },
  {
    name: "must-revalidate while the response is fresh",
    section: "RFC 9111 5.2.2.2",
    why: "It speaks of stale responses; the library's evaluateRequest asks the origin each time.",
    of: ["use"],
    // Public is what is left of it: it lets an answer to Authorization be stored.
    told: (example) => ({
      ...example,
      response: edited(example.response, (directive) =>
        directive.name === "must-revalidate" ? { name: "public", value: null } : directive,
      ),
    }),
    example: plain({ "cache-control": "max-age=60, must-revalidate" }),
    shows: "use",
  },
  {
    name: "proxy-revalidate while the response is fresh",
    section: "RFC 9111 5.2.2.8",
    why: "It speaks of stale responses; the library gives it no lifetime.",
    of: FRESHNESS,
    told: (example) => ({ ...example, response: withoutDirectives(example.response, "proxy-revalidate") }),
    example: plain({ "cache-control": "max-age=60, proxy-revalidate" }),
    shows: "lifetime",
  },
  {
    name: "stale-while-revalidate for a request with max-age",
    section: "RFC 9111 5.2.1.1",
    why: "Who gives a max-age and no max-stale takes nothing stale; the library only compares the age.",
    of: ["use"],
    told: (example) =>
      has(example.again, "max-age") && !has(example.again, "max-stale")
        ? { ...example, response: withoutDirectives(example.response, "stale-while-revalidate") }
        : example,
    example: plain(
      { "cache-control": "max-age=10, stale-while-revalidate=60" },
      { again: { "cache-control": "max-age=30" }, laterSeconds: 20 },
    ),
    shows: "use",
  },
  {
    name: "max-stale to the second",
    section: "RFC 9111 5.2.1.2",
    why: "It may have exceeded its lifetime by no more than so many seconds; the library wants it exceeded by fewer.",
    of: ["use"],
    told: (example) => ({
      ...example,
      again: edited(example.again, ({ name, value }) => ({
        name,
        value: name === "max-stale" && secondsOf(value) > 0 ? String(secondsOf(value) + 1) : value,
      })),
    }),
    example: plain({ "cache-control": "max-age=10" }, { again: { "cache-control": "max-stale=5" }, laterSeconds: 15 }),
    shows: "use",
  },
  {
    name: "an error within stale-while-revalidate",
    section: "RFC 5861 3",
    why: "What may be served while the origin is asked may be served when it fails; the library looks at stale-if-error alone.",
    of: ["on error"],
    told: (example) => {
      const all = directivesOf(example.response);
      const longest = Math.max(0, ...all.filter(({ name }) => name.startsWith("stale-")).map(({ value }) => secondsOf(value)));
      const response = withoutDirectives(example.response, "stale-if-error");
      const said = response["cache-control"];
      return said === undefined
        ? example
        : { ...example, response: { ...response, "cache-control": `${said}, stale-if-error=${longest}` } };
    },
    example: plain({ "cache-control": "max-age=10, stale-while-revalidate=60" }, { laterSeconds: 20 }),
    shows: "on error",
  },
  {
    name: "conditions and ranges of the visitor",
    section: "RFC 9111 4.3.1",
    why: "What is asked for the store is asked with the stored validators alone; the library mixes them with the visitor's.",
    of: ["conditions"],
    told: (example) => ({ ...example, again: without(example.again, ...CONDITIONS) }),
    example: plain({ etag: '"1"' }, { again: { "if-none-match": '"2"' } }),
    shows: "conditions",
  },
  {
    name: "validators of what is no 200",
    section: "RFC 9110 13.2.1",
    why: "A server ignores conditions where the answer would be no 2xx; we ask with them about 200 and 203 only.",
    of: ["conditions"],
    told: (example) =>
      [200, 203].includes(example.status) ? example : { ...example, response: without(example.response, "etag", "last-modified") },
    example: plain({ etag: '"1"' }, { status: 404 }),
    shows: "conditions",
  },
];

function told(question: Question, example: Case): Case {
  return DISAGREEMENTS.filter((row) => row.of.includes(question)).reduce((known, row) => row.told(known), example);
}

// Generators.

/** Each letter in either case, by the bits of a number: 0 leaves it in lower case. */
function inCase(text: string, bits: number): string {
  return Array.from(text, (letter, index) => ((bits >> (index % 30)) & 1 ? letter.toUpperCase() : letter)).join("");
}

const seconds = fc.constantFrom(0, 0, 1, 5, 10, 60, 600, 3600, 86_400, CACHE_LIFETIME_SECONDS_MAX, 31_536_000, 99_999_999_999).map(String);
const window = fc.constantFrom(0, 1, 10, 60, 600, 86_400).map(String);
const oddSeconds = fc
  .constantFrom("", "x", "5x", "-5", "1.5", " 60", "+60", "1e3", "0x10", '"60"', '"60', "'60'")
  .filter((text) => text !== '"60');
const spread = fc.constantFrom(-864_000, -86_400, -3600, -60, -1, 0, 1, 60, 3600, 86_400, 864_000);

function delta(name: string, value: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const equals = fc.oneof({ weight: 30, arbitrary: fc.constant("=") }, { weight: 1, arbitrary: fc.constant(" =") });
  const some = fc
    .tuple(equals, fc.oneof({ weight: 12, arbitrary: value }, { weight: 1, arbitrary: oddSeconds }))
    .map(([sign, text]) => name + sign + text);
  return fc.oneof({ weight: 20, arbitrary: some }, { weight: 1, arbitrary: fc.constant(name) });
}

const responseDirective = fc.oneof(
  { weight: 6, arbitrary: delta("max-age", seconds) },
  { weight: 2, arbitrary: delta("s-maxage", seconds) },
  { weight: 3, arbitrary: delta("stale-while-revalidate", window) },
  { weight: 3, arbitrary: delta("stale-if-error", window) },
  { weight: 2, arbitrary: fc.constantFrom("public", "public", "public", "public=1", "immutable", "no-transform", "ext", "ext=5") },
  { weight: 2, arbitrary: fc.constantFrom("must-revalidate", "proxy-revalidate", "must-understand") },
  { weight: 1, arbitrary: fc.constantFrom("no-cache", 'no-cache="set-cookie"', 'no-cache="a, b"', 'no-cache=""', "no-cache=") },
  { weight: 1, arbitrary: fc.constantFrom("no-store", "no-store=1", "private", "private=a", 'private="a, b"', 'private=""') },
  { weight: 1, arbitrary: fc.constantFrom('ext="a, no-store, b"', 'ext="a, max-age=5, public"', 'ext="private"') },
);

const requestDirective = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom("no-cache", "no-transform", "ext=1") },
  { weight: 2, arbitrary: delta("max-age", seconds) },
  { weight: 2, arbitrary: delta("min-fresh", window) },
  { weight: 2, arbitrary: fc.oneof(fc.constant("max-stale"), delta("max-stale", window)) },
);

function controlOf(directive: fc.Arbitrary<string>, uniqueNames: boolean): fc.Arbitrary<Fields> {
  const name = (text: string): string => /^[^ =]*/.exec(text)?.[0] ?? "";
  const list = uniqueNames
    ? fc.uniqueArray(directive, { minLength: 1, maxLength: 3, selector: name })
    : fc.array(directive, { minLength: 1, maxLength: 5 });
  const bits = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(2 ** 30 - 1) });
  return fc.tuple(list, bits, fc.constantFrom(",", ", ", " , ")).map(([members, pattern, between]) => ({
    "cache-control": members.map((text) => inCase(name(text), pattern) + text.slice(name(text).length)).join(between),
  }));
}

function rfc850(ms: number): string {
  const [day = "", date = "", month = "", year = "", time = ""] = new Date(ms).toUTCString().split(/,? /);
  const long = { Mon: "Monday", Tue: "Tuesday", Wed: "Wednesday", Thu: "Thursday", Fri: "Friday", Sat: "Saturday", Sun: "Sunday" }[day];
  return `${long}, ${date}-${month}-${year.slice(2)} ${time} GMT`;
}

/** Without asctime's form, which Date.parse reads in the zone of the machine. */
function dateAround(offset: fc.Arbitrary<number>): fc.Arbitrary<string> {
  const form = fc.oneof(
    { weight: 16, arbitrary: fc.constant((ms: number) => new Date(ms).toUTCString()) },
    { weight: 2, arbitrary: fc.constant(rfc850) },
    { weight: 1, arbitrary: fc.constantFrom(...LOOSE_DATES) },
    { weight: 1, arbitrary: fc.constantFrom("0", "-1", "never", "Thu, 99 Jan 2026 00:00:00 GMT").map((text) => () => text) },
  );
  return fc.tuple(offset, form).map(([later_, format]) => format(ARRIVED + later_ * 1000));
}

function sometimes(weight: number, arbitrary: fc.Arbitrary<Fields>): fc.Arbitrary<Fields> {
  return fc.oneof({ weight: 10 - weight, arbitrary: fc.constant({}) }, { weight, arbitrary });
}

function field(name: string, value: fc.Arbitrary<string>): fc.Arbitrary<Fields> {
  return value.map((text) => ({ [name]: text }));
}

function together(...parts: readonly fc.Arbitrary<Fields>[]): fc.Arbitrary<Fields> {
  return fc.tuple(...parts).map((all) => Object.assign({}, ...all) as Fields);
}

const etag = fc.constantFrom('"1"', '"2"', 'W/"1"', "1");
const cases: fc.Arbitrary<Case> = fc.record({
  status: fc.oneof(
    { weight: 2, arbitrary: fc.constant(200) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(203, 204, 206, 299, 300, 301, 302, 303, 304, 307, 308, 400, 403, 404, 405, 410, 414, 429, 500, 501, 503),
    },
  ),
  response: together(
    sometimes(8, controlOf(responseDirective, false)),
    sometimes(3, field("expires", dateAround(spread))),
    sometimes(4, field("date", dateAround(fc.constantFrom(-864_000, -3600, -60, -10, 0, 0, 0, 60, 86_400)))),
    sometimes(2, field("age", fc.constantFrom("0", "1", "59", "60", "3600", "100000", "007", "7, 9", "-7", "5x", "1.5", "x"))),
    sometimes(4, field("last-modified", dateAround(fc.constantFrom(-20_000_000, -864_000, -3600, -60, -10, 0, 60)))),
    sometimes(5, field("etag", etag)),
    sometimes(1, field("vary", fc.constantFrom("accept", "Accept, Accept-Encoding", "*", "accept, *"))),
    sometimes(1, field("set-cookie", fc.constant("a=1"))),
    sometimes(1, field("pragma", fc.constantFrom("no-cache", "x"))),
  ),
  request: together(
    sometimes(2, field("authorization", fc.constant("Basic eA=="))),
    sometimes(1, field("cookie", fc.constant("a=1"))),
    sometimes(1, field("cache-control", fc.constantFrom("no-store", "No-Store", "no-cache", "max-age=0"))),
  ),
  again: together(
    sometimes(4, controlOf(requestDirective, true)),
    sometimes(1, field("pragma", fc.constantFrom("no-cache", "x"))),
    sometimes(1, field("if-none-match", etag)),
    sometimes(1, field("if-modified-since", dateAround(spread))),
    sometimes(1, field("range", fc.constant("bytes=0-1"))),
    sometimes(1, field("if-match", etag)),
  ),
  laterSeconds: fc.constantFrom(0, 0, 1, 5, 9, 10, 11, 59, 60, 61, 70, 120, 600, 659, 660, 3600, 86_400, 1_000_000),
});

// The rules.

test("outside of what the table names, both store the same", () => {
  const seen = { stored: 0, refused: 0 };
  fc.assert(
    fc.property(cases, (example) => {
      const ours = OURS.storable(example);
      seen[ours === true ? "stored" : "refused"] += 1;
      expect(ours).toBe(THEIRS.storable(told("storable", example)));
    }),
    { numRuns: RUNS, seed: SEED },
  );
  expect(Math.min(seen.stored, seen.refused)).toBeGreaterThan(RUNS / 10);
});

test.each(["lifetime", "age", "use", "on error", "conditions"] as const)(
  "outside of what the table names, both say the same of: %s",
  (question) => {
    const answers = new Map<string, number>();
    const may = cases.filter((example) => OURS.storable(example) === true);
    fc.assert(
      fc.property(may, (example) => {
        const ours = OURS[question](example);
        const text = JSON.stringify(ours);
        answers.set(text, (answers.get(text) ?? 0) + 1);
        expect(ours).toEqual(THEIRS[question](told(question, example)));
      }),
      { numRuns: RUNS, seed: SEED },
    );
    // No answer is so frequent that the others go unseen.
    expect(answers.size).toBeGreaterThan(1);
    expect(RUNS - Math.max(...answers.values())).toBeGreaterThan(RUNS / 20);
  },
);

test("what we do not store for want of use the library would not use without asking", () => {
  let refused = 0;
  fc.assert(
    fc.property(cases, (generated) => {
      const example = { ...generated, laterSeconds: 0, again: {} };
      if (!OF_NO_USE.includes(refusalOf(example) ?? "")) return;
      refused += 1;
      expect(THEIRS.use(told("use", example))).toBe("asked about");
      expect(THEIRS["on error"](told("on error", example))).toBe(false);
      expect(conditionsOf(THEIRS.conditions(told("conditions", example)) as Fields)).toEqual({});
    }),
    { numRuns: RUNS, seed: SEED },
  );
  expect(refused).toBeGreaterThan(RUNS / 50);
});

test.each(DISAGREEMENTS)("the two disagree about $name ($section)", ({ told: tell, example, shows, of }) => {
  expect(of).toContain(shows);
  const ours = OURS[shows](example);
  expect(THEIRS[shows](example)).not.toEqual(ours);
  expect(THEIRS[shows](tell(example))).toEqual(ours);
});

// The 304.

interface Update {
  readonly stored: Fields;
  readonly update: Fields;
}

interface UpdateDisagreement {
  readonly name: string;
  readonly section: string;
  readonly why: string;
  readonly of: "confirms" | "merge";
  readonly told: (example: Update) => Update;
  readonly example: Update;
}

/** Not taken over from a 304. */
const OF_THE_BYTES = ["content-length", "content-encoding", "content-range"];

const UPDATE_DISAGREEMENTS: readonly UpdateDisagreement[] = [
  {
    name: "a 304 that shares no validator with what is stored",
    section: "RFC 9111 4.3.3, 4.3.4",
    why: "We asked with the validators of this one response, so it is the one meant; the library wants the validator repeated.",
    of: "confirms",
    told: ({ stored, update }) => {
      const isSilent = !("etag" in update) && !("last-modified" in update && "last-modified" in stored);
      const own = Object.fromEntries(Object.entries(stored).filter(([name]) => name === "etag" || name === "last-modified"));
      return { stored, update: isSilent ? { ...without(update, "last-modified"), ...own } : update };
    },
    example: { stored: { etag: '"1"' }, update: {} },
  },
  {
    name: "a 304 with a weak entity tag for what has a date only",
    section: "RFC 9111 4.3.4",
    why: "The equal date would do, but a tag that was not there before speaks of something newer: refusing costs one request.",
    of: "confirms",
    told: ({ stored, update }) => ({ stored, update: "etag" in update && !("etag" in stored) ? without(update, "last-modified") : update }),
    example: {
      stored: { "last-modified": "Wed, 31 Dec 2025 00:00:00 GMT" },
      update: { etag: 'W/"1"', "last-modified": "Wed, 31 Dec 2025 00:00:00 GMT" },
    },
  },
  {
    name: "fields that only the 304 has",
    section: "RFC 9111 3.2",
    why: "They are added; the library only replaces.",
    of: "merge",
    told: ({ stored, update }) => {
      const added = Object.keys(update).filter((name) => !OF_THE_BYTES.includes(name) && !["connection", "set-cookie"].includes(name));
      return { stored: { ...Object.fromEntries(added.map((name) => [name, ""])), ...stored }, update };
    },
    example: { stored: { etag: '"1"' }, update: { etag: '"1"', "x-new": "1" } },
  },
  {
    name: "a Date and an Age that the 304 does not have",
    section: "RFC 9111 4.2.3, RFC 9110 6.6.1",
    why: "They tell the age of the old answer; the new one arrives now, and without a Date this is its Date. The library keeps them.",
    of: "merge",
    told: ({ stored, update }) => ({ stored: without(stored, ...["date", "age"].filter((name) => !(name in update))), update }),
    example: { stored: { etag: '"1"', age: "50", date: "Wed, 31 Dec 2025 23:59:00 GMT" }, update: { etag: '"1"' } },
  },
  {
    name: "Set-Cookie of a 304",
    section: "RFC 9111 7.3",
    why: "It is for the visitor who asked; a route that stores cookies takes it over elsewhere. The library replaces the stored one.",
    of: "merge",
    told: ({ stored, update }) => ({ stored, update: without(update, "set-cookie") }),
    example: { stored: { etag: '"1"', "set-cookie": "a=1" }, update: { etag: '"1"', "set-cookie": "a=2" } },
  },
];

const UPDATE_OURS = {
  confirms: ({ stored, update }: Update): unknown => confirms(new Headers(update), storedOf(stored)),
  merge: ({ stored, update }: Update): unknown => Object.fromEntries(mergedHeaders(storedOf(stored), new Headers(update))),
};

const UPDATE_THEIRS = {
  confirms: (example: Update): unknown => revalidated(example).matches === true,
  merge: (example: Update): unknown => revalidated(example).policy.toObject().resh,
};

function revalidated({ stored, update }: Update): { readonly policy: CachePolicy; readonly matches?: unknown } {
  return libraryOf(plain({ "cache-control": "max-age=60", ...stored })).revalidatedPolicy(libraryRequest({}), {
    status: 304,
    headers: { ...update },
  });
}

function toldUpdate(of: UpdateDisagreement["of"], example: Update): Update {
  return UPDATE_DISAGREEMENTS.filter((row) => row.of === of).reduce((known, row) => row.told(known), example);
}

const modified = fc.constantFrom("Wed, 31 Dec 2025 00:00:00 GMT", "Tue, 30 Dec 2025 00:00:00 GMT", "Wednesday, 31-Dec-25 00:00:00 GMT");
const validators = [sometimes(6, field("etag", etag)), sometimes(6, field("last-modified", modified))];
const dates = [sometimes(5, field("date", dateAround(spread))), sometimes(3, field("age", fc.constantFrom("0", "50", "x")))];
const updates: fc.Arbitrary<Update> = fc.record({
  stored: together(
    ...validators,
    ...dates,
    controlOf(responseDirective, false),
    sometimes(5, field("x-a", fc.constant("old"))),
    sometimes(3, field("vary", fc.constant("accept"))),
    sometimes(3, field("content-encoding", fc.constant("gzip"))),
    sometimes(2, field("set-cookie", fc.constant("a=1"))),
    sometimes(5, field("content-type", fc.constant("text/plain"))),
  ),
  update: together(
    ...validators,
    ...dates,
    sometimes(5, controlOf(responseDirective, false)),
    sometimes(3, field("expires", dateAround(spread))),
    sometimes(5, field("x-a", fc.constant("new"))),
    sometimes(2, field("x-b", fc.constant("new"))),
    sometimes(3, field("vary", fc.constantFrom("accept", "accept, x-a"))),
    sometimes(3, field("content-encoding", fc.constant("br"))),
    sometimes(3, field("content-length", fc.constant("0"))),
    sometimes(1, field("content-range", fc.constant("bytes 0-1/2"))),
    sometimes(2, field("set-cookie", fc.constant("a=2"))),
    sometimes(2, field("content-type", fc.constant("text/html"))),
    sometimes(2, field("connection", fc.constant("keep-alive"))),
  ),
});

test("outside of what the table names, a 304 confirms for both, and both merge it to the same fields", () => {
  const seen = { confirmed: 0, refused: 0 };
  fc.assert(
    fc.property(updates, (example) => {
      const confirmed = UPDATE_OURS.confirms(example);
      seen[confirmed === true ? "confirmed" : "refused"] += 1;
      expect(confirmed).toBe(UPDATE_THEIRS.confirms(toldUpdate("confirms", example)));
      if (UPDATE_THEIRS.confirms(example) === true)
        expect(UPDATE_OURS.merge(example)).toEqual(UPDATE_THEIRS.merge(toldUpdate("merge", example)));
    }),
    { numRuns: RUNS, seed: SEED },
  );
  expect(Math.min(seen.confirmed, seen.refused)).toBeGreaterThan(RUNS / 10);
});

test.each(UPDATE_DISAGREEMENTS)("the two disagree about $name ($section)", ({ told: tell, example, of }) => {
  const known = { "cache-control": "max-age=60", ...example.stored };
  const whole = { ...example, stored: known };
  const ours = UPDATE_OURS[of](whole);
  expect(UPDATE_THEIRS[of](whole)).not.toEqual(ours);
  expect(UPDATE_THEIRS[of](tell(whole))).toEqual(ours);
});
