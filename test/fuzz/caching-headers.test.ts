// Garbage in every header that caching depends on, and in what the store gives back. The garbage is structured: valid values with
// junk at their ends, beside them or in them, since random text is refused by the first parser and finds nothing. No exception,
// nothing fresher than the valid part says, nothing stored that the valid part forbids.

import { isDeepStrictEqual } from "node:util";
import { expect, test } from "vitest";
import { governingControl, isSet, requestControl } from "../../src/cache/control.ts";
import { decideStored, mayServeOnError, type CacheDecision } from "../../src/cache/decide.ts";
import { currentAgeSeconds, freshnessLifetime, staleWindows, type Datable } from "../../src/cache/freshness.ts";
import { conditionalHeaders, confirms, mergedHeaders } from "../../src/cache/revalidate.ts";
import { answerFromStore } from "../../src/cache/serve.ts";
import { storable, type Storable } from "../../src/cache/storable.ts";
import { decodeEntry, encodeEntry, type Entry, type StoredResponse } from "../../src/cache/stored.ts";
import type { CachePolicySnapshot } from "../../src/config/snapshot.ts";
import { CACHE_LIFETIME_SECONDS_MAX } from "../../src/limits.ts";
import { policyOf } from "../support/cache-policy.ts";
import { storedOf } from "../unit/cache/stored-response.ts";

const NOW = Date.UTC(2026, 0, 1, 12);
const KEY = "http://shop.test/a";
const ENTRY_HEADER = "x-breakwater-entry";
const CASES = 100_000;
const MUTATIONS = 20_000;

// A small generator of its own: fast-check would spend most of the time on shrinking trees that are never used. A failure is
// replayed by its seed and the number of its case.

interface Random {
  readonly below: (limit: number) => number;
  readonly pick: <T>(list: readonly T[]) => T;
  readonly chance: (share: number) => boolean;
}

/** xorshift32, seeded per case. */
function randomOf(seed: number, index: number): Random {
  let state = (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35)) | 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  for (let warm = 0; warm < 4; warm += 1) next();
  const below = (limit: number): number => Math.floor(next() * limit);
  return { below, pick: (list) => list[below(list.length)] as (typeof list)[number], chance: (share) => next() < share };
}

/**
 * Runs `check` for each case; the first that finds a fault, or throws, is reported with what replays it. The cases are the same each
 * time unless FUZZ_SEED names others.
 */
function expectForAll(count: number, check: (random: Random, index: number) => unknown): void {
  const seed = Number(process.env["FUZZ_SEED"] ?? "1");
  const only = process.env["FUZZ_CASE"];
  const [from, to] = only === undefined ? [0, count] : [Number(only), Number(only) + 1];
  for (let index = from; index < to; index += 1) {
    let fault: unknown = null;
    try {
      fault = check(randomOf(seed, index), index);
    } catch (error) {
      fault = error instanceof Error ? (error.stack ?? error.message) : error;
    }
    if (fault !== null)
      expect.fail(`FUZZ_SEED=${seed} FUZZ_CASE=${index}: ${typeof fault === "string" ? fault : JSON.stringify(fault, null, 1)}`);
  }
}

type Lines = readonly (readonly [name: string, value: string])[];

const at = (seconds: number): string => new Date(NOW + seconds * 1000).toUTCString();
const CONTROL = [
  "max-age=0",
  "max-age=10",
  "max-age=10",
  "max-age=600",
  'max-age="60"',
  "s-maxage=0",
  "s-maxage=60",
  "stale-while-revalidate=30",
  "stale-if-error=600",
  "no-store",
  "no-cache",
  'no-cache="set-cookie"',
  "private",
  'private="x-a"',
  "public",
  "must-revalidate",
  "proxy-revalidate",
  "must-understand",
  "immutable",
  "ext=5",
  'ext="a b"',
];

function controlOf(random: Random): string {
  return Array.from({ length: 1 + random.below(3) }, () => random.pick(CONTROL)).join(random.pick([",", ", "]));
}

/** Valid values of each field, and how many of ten responses have it. */
const RESPONSE: Readonly<Record<string, readonly [often: number, value: (random: Random) => string]>> = {
  "cache-control": [7, controlOf],
  "cdn-cache-control": [1, (random) => random.pick(["max-age=10", "no-store", "private", "max-age=60, stale-if-error=5", "public"])],
  "cloudflare-cdn-cache-control": [1, (random) => random.pick(["max-age=10", "no-store", "private", "s-maxage=5"])],
  "surrogate-control": [1, (random) => random.pick(["max-age=10", "no-store", 'content="ESI/1.0"', 'max-age=60, content="ESI/1.0"'])],
  expires: [3, (random) => random.pick([at(60), at(3600), at(-60), "0"])],
  date: [4, (random) => random.pick([at(0), at(-30), at(-3600), at(3600)])],
  age: [2, (random) => random.pick(["0", "5", "59", "4000"])],
  "last-modified": [4, (random) => random.pick([at(-600), at(-100_000), at(60)])],
  etag: [4, (random) => random.pick(['"1"', 'W/"1"', '"a,b"'])],
  vary: [2, (random) => random.pick(["accept", "Accept, Origin", "*", "cookie", "accept-encoding"])],
  pragma: [1, () => "no-cache"],
  "content-length": [3, (random) => random.pick(["0", "1000", "99999999999"])],
  "content-range": [1, () => "bytes 0-9/100"],
  "content-type": [3, () => "text/html"],
  "content-encoding": [1, () => "gzip"],
  "surrogate-key": [1, () => "a b"],
  "cache-tag": [1, () => "a, b"],
  "set-cookie": [1, () => "a=1; Path=/; Expires=Thu, 01 Jan 2026 00:00:00 GMT"],
  connection: [1, () => "keep-alive, x-a"],
};

const REQUEST: Readonly<Record<string, readonly [often: number, value: (random: Random) => string]>> = {
  "cache-control": [2, (random) => random.pick(["no-cache", "no-store", "max-age=5", "min-fresh=5", "max-stale=60", "max-stale"])],
  pragma: [1, () => "no-cache"],
  "if-none-match": [2, (random) => random.pick(['"1"', 'W/"1", "2"', "*"])],
  "if-match": [1, (random) => random.pick(['"1"', "*"])],
  "if-modified-since": [2, () => at(-60)],
  "if-unmodified-since": [1, () => at(-60)],
  "if-range": [1, (random) => random.pick(['"1"', at(-600)])],
  range: [3, (random) => random.pick(["bytes=0-9", "bytes=-5", "bytes=0-0,5-9", "bytes=2000-"])],
  authorization: [2, () => "Basic eA=="],
  cookie: [2, () => "a=1; b=2"],
};

function linesOf(fields: typeof RESPONSE, random: Random): Lines {
  return Object.entries(fields).flatMap(([name, [often, value]]) => (random.below(10) < often ? [[name, value(random)] as const] : []));
}

/** Nothing in it permits anything: each directive is garbled, each number that could pass for a lifetime too. */
const JUNK = [
  "max-age=99999x",
  "max-age='99999'",
  "max-age=1e9",
  "max-age=-1",
  "max-age=0x99999",
  "max-age =99999",
  "max-age= 99999",
  'max-age="99999',
  "max-age:99999",
  "max-age;=9",
  "MAX-AGE=99999;",
  "s-maxage=99999;",
  "s-maxage=",
  "public;",
  "public=1",
  "immutable=1",
  "must-understand=?0",
  "must-revalidate=?0",
  "proxy-revalidate;",
  "stale-while-revalidate=9x",
  "stale-if-error=;",
  "no-store;",
  "no-cache=",
  'private="',
  "ext",
  "ext=",
  'x="',
  '"',
  '"',
  "\\",
  '\\"',
  ";",
  "=",
  ",",
  ", ,",
  " ",
  "\t",
  "(",
  ")",
  "\u00e9",
  "\u00a0",
  "\u000b",
  "\u007f",
  "\u0001",
  "99999",
  "-",
  "*",
  "W/",
  '"1',
  "bytes=",
  "GMT",
  "Thu, 01 Jan",
  "2026",
  "Fri, 32 Jan 2099 00:00:00 GMT",
  "0x10",
  "?1",
  "@99999",
  ":AA==:",
  "%22",
];

/** What makes a piece of junk, beside others, something with a meaning of its own: then it is no junk. */
const MEANS_SOMETHING = /(?:max-age|s-maxage|stale-[a-z-]+)="?[\d\\]+"?\s*(?:[,"]|$)/i;

/** Field values are bytes, and these three end a line or a header. */
function fieldValue(text: string): string {
  return text.replaceAll(/[\0\r\n]|[^\u0000-\u00ff]/g, "");
}

function junkOf(random: Random): string {
  for (;;) {
    const junk = Array.from({ length: 1 + random.below(4) }, () => random.pick(JUNK)).join("");
    if (!MEANS_SOMETHING.test(junk)) return junk;
  }
}

/** What stands between junk and a value that it touches: glued on by letters or digits the value would be another, valid one. */
const GLUE = ['"', ";", "=", "\\", "(", ":", "\u00e9", "\u000b", "\u007f", '";', " "];

function spoiled(value: string, random: Random): string {
  const junk = junkOf(random);
  switch (random.below(5)) {
    case 0:
      return value + random.pick(GLUE) + junk;
    case 1:
      // After `ext=` it would be the argument of that.
      return junk + random.pick(GLUE.filter((glue) => glue !== "=")) + value;
    case 2:
      return `${value}, ${junk}`;
    case 3:
      return `${junk}, ${value}`;
    default:
      // A quote at both ends makes a quoted string of what is between, as it should.
      return `${junk}, ${value}${random.pick(GLUE.filter((glue) => !glue.includes('"')))}`;
  }
}

/** Anything that may happen to a value. */
function mutated(value: string, random: Random): string {
  return fieldValue(edited(value, random));
}

function edited(value: string, random: Random): string {
  const from = random.below(value.length + 1);
  const to = from + random.below(6);
  switch (random.below(6)) {
    case 0:
      return value.slice(0, from) + value.slice(to);
    case 1:
      return value.slice(0, from) + junkOf(random) + value.slice(to);
    case 2:
      return value + value.slice(from);
    case 3:
      return value.slice(0, from) + String.fromCharCode((value.charCodeAt(from) || 65) ^ (1 << random.below(8))) + value.slice(from + 1);
    case 4:
      return value.replaceAll(/\d+/g, () => random.pick(["", "-1", "1.5", "9".repeat(30), "00", "1e3"]));
    default:
      return junkOf(random).repeat(random.pick([1, 1, 1, 50]));
  }
}

interface Message {
  readonly status: number;
  readonly method: string;
  readonly response: Lines;
  readonly request: Lines;
}

/** A message read once, for all that is asked about it. */
interface Read {
  readonly method: string;
  readonly requestHeaders: Headers;
  readonly response: Datable;
}

function headersOf(lines: Lines): Headers {
  const headers = new Headers();
  for (const [name, value] of lines) headers.append(name, value);
  return headers;
}

function read({ status, method, response, request }: Message): Read {
  const headers = headersOf(response);
  return {
    method,
    requestHeaders: headersOf(request),
    response: { status, headers, requestedAtMs: NOW, respondedAtMs: NOW, guessable: true },
  };
}

function judge(message: Read, policy: CachePolicySnapshot): Storable {
  return storable({ ...message, path: "/a", policy });
}

const POLICIES: readonly CachePolicySnapshot[] = [
  policyOf(),
  policyOf({ edgeTtlSeconds: 300, edgeTtlByStatus: { "404": 20, "5xx": 5 }, staleWhileRevalidateSeconds: 30, staleIfErrorSeconds: 300 }),
  policyOf({ mode: "override", edgeTtlSeconds: 300, staleIfErrorSeconds: 300 }),
  policyOf({ setCookie: "strip", requestCookies: "ignore" }),
];

function messageOf(random: Random): Message {
  return {
    status: random.pick([200, 200, 200, 200, 203, 204, 206, 299, 301, 302, 304, 404, 429, 500, 503]),
    method: random.pick(["GET", "GET", "GET", "GET", "HEAD"]),
    response: linesOf(RESPONSE, random),
    request: linesOf(REQUEST, random),
  };
}

/** How long it may be given out without the origin's word: fresh, and at the most, errors and refreshes included. */
function reachOf({ response }: Read, policy: CachePolicySnapshot): { readonly fresh: number; readonly usable: number } {
  const lifetime = freshnessLifetime(response, policy);
  const { noStore, noCache } = governingControl(response.headers).control;
  if (noStore || (isSet(noCache) && lifetime.from !== "override")) return { fresh: 0, usable: 0 };
  const { whileRevalidate, ifError } = staleWindows(response, policy);
  const left = lifetime.seconds - currentAgeSeconds(response, NOW);
  return { fresh: Math.max(0, left), usable: Math.max(0, left + Math.max(whileRevalidate, ifError)) };
}

/**
 * A spoiled field that its RFC says to ignore counts as absent: Age and Date (RFC 9111 5.1, RFC 9110 6.6.1), and a targeted field
 * that is no dictionary (RFC 9213 2.1). What is then said is bounded by the valid parts with it, or without it.
 */
const IGNORED_WHEN_SPOILED: readonly string[] = ["age", "date", "cdn-cache-control", "cloudflare-cdn-cache-control"];

/** In a dictionary a name with parameters is valid, also as a parameter, and of equal names the last counts: no directive is junk. */
const DICTIONARY_WORDS = /max-age|s-maxage|stale|public|no-|private|must|proxy|immutable/i;

/** Refusals that are prohibitions, not a want of use; the length is counted while the body comes. */
const PROHIBITIONS: readonly string[] = [
  "no-store",
  "private",
  "authorization",
  "set-cookie",
  "request-cookie",
  "vary-star",
  "partial",
  "status",
];

/**
 * Known exceptions, each as narrow as can be said. These directives permit the answer to a request with credentials to be stored
 * (RFC 9111 3.5) and restrict at once: garbled they restrict, and are there. And any lifetime makes a status storable (RFC 9111 3),
 * also one that is read as nothing: it then waits in the origin's own stale window.
 */
const PERMITS_CREDENTIALS = /must-revalidate|s-maxage/i;
const PERMITS_STATUS = /max-age|s-maxage/i;

interface Spoiling {
  readonly spoiled: Message;
  /** The valid parts, with and without each field that may be ignored. */
  readonly bounds: readonly Message[];
}

/** Surrogate-Control governs by its max-age or no-store. Garbled they restrict, and govern all the same: Cache-Control is hidden. */
function governedByNothing(message: Message): Message {
  const others = message.response.filter(([name]) => name !== "surrogate-control");
  return { ...message, response: [...others, ["surrogate-control", "max-age=0"]] };
}

function spoil(whole: Message, random: Random): Spoiling {
  const names = [...new Set(whole.response.map(([name]) => name))];
  const chosen = new Set(Array.from({ length: 1 + random.below(2) }, () => random.pick(names)));
  const junked = whole.response.map(([name, value]): readonly [string, string] => {
    if (!chosen.has(name)) return [name, value];
    for (;;) {
      const text = spoiled(value, random);
      const isDictionary = name.endsWith("cdn-cache-control");
      if (!isDictionary || !(DICTIONARY_WORDS.test(text.replace(value, "")) || text.includes(`;${value}`))) return [name, text];
    }
  });
  // Another line of the same field, or a field that was not there. Junk with quotes on both sides would make one string of it all.
  const extra = random.pick(["cache-control", "expires", "last-modified", "vary", "age", "pragma", "x-a"]);
  const junk = chosen.has(extra) ? junkOf(random).replaceAll('"', "") : junkOf(random);
  const more = random.chance(0.4) ? [[extra, junk] as const] : [];
  const request = whole.request.map(([name, value]): readonly [string, string] => [
    name,
    random.chance(0.2) ? spoiled(value, random) : value,
  ]);
  const optional = [...new Set([...chosen, ...more.map(([name]) => name)])].filter((name) => IGNORED_WHEN_SPOILED.includes(name));
  const bounds = optional.reduce<readonly Message[]>(
    (all, name) => [...all, ...all.map((message) => ({ ...message, response: message.response.filter(([other]) => other !== name) }))],
    [whole],
  );
  const surrogate = junked.find(([name]) => name === "surrogate-control" && chosen.has(name))?.[1] ?? "";
  const governing = /max-age|no-store/i.test(surrogate) ? bounds.map(governedByNothing) : [];
  const lines = random.chance(0.5) ? [...junked, ...more] : [...more, ...junked];
  return { spoiled: { ...whole, response: lines, request }, bounds: [...bounds, ...governing] };
}

/** How often the rule had something to say. */
const occurred = { fresh: 0, stored: 0, forbidden: 0, used: 0 };

/** Null: as it should be. */
function faultOfSpoiling({ spoiled: message, bounds }: Spoiling, policy: CachePolicySnapshot): unknown {
  const after = read(message);
  const before = bounds.map(read);
  const reach = reachOf(after, policy);
  const limits = before.map((bound) => reachOf(bound, policy));
  const fresh = Math.max(...limits.map((limit) => limit.fresh));
  const usable = Math.max(...limits.map((limit) => limit.usable));
  if (reach.fresh > 0) occurred.fresh += 1;
  if (reach.fresh > fresh) return { fault: `fresh for ${reach.fresh} s, the valid part says ${fresh}`, message, bounds };
  if (reach.usable > usable) return { fault: `usable for ${reach.usable} s, the valid part says ${usable}`, message, bounds };
  const reasons = before.map((bound) => prohibitionOf(judge(bound, policy)));
  if (reasons.includes(null)) {
    occurred.stored += 1;
    return null;
  }
  occurred.forbidden += 1;
  const { headers } = after.response;
  const said = `${headers.get("cache-control")}, ${headers.get("surrogate-control")}`;
  const isExcepted = reasons.some(
    (reason) =>
      ((reason === "authorization" || reason === "request-cookie") && PERMITS_CREDENTIALS.test(said)) ||
      (reason === "status" &&
        !(message.status === 299 && /must-understand/i.test(said)) &&
        (PERMITS_STATUS.test(said) || headers.has("expires"))),
  );
  if (isExcepted || !judge(after, policy).store) return null;
  return { fault: `stored, the valid part forbids it: ${reasons.join()}`, message, bounds };
}

/** Null where it is stored, or refused for another cause. */
function prohibitionOf(verdict: Storable): string | null {
  return !verdict.store && PROHIBITIONS.includes(verdict.reason) ? verdict.reason : null;
}

/** Headers have no fields that could be compared. */
function isSameEntry(one: Entry | null, other: Entry): boolean {
  const plainOf = (entry: Entry | null): unknown =>
    entry?.kind === "response" ? { ...entry.response, headers: [...entry.response.headers] } : entry;
  return isDeepStrictEqual(plainOf(one), plainOf(other));
}

/** Everything that a response goes through, in order. Null: as it should be. */
function faultOfUse(message: Message, notModified: Lines, random: Random): unknown {
  const policy = random.pick(POLICIES);
  const asRead = read(message);
  const { requestHeaders } = asRead;
  const verdict = judge(asRead, policy);
  const stored = storedOf(
    {},
    {
      status: [206, 304].includes(message.status) ? 200 : message.status,
      headers: verdict.store ? verdict.headers : asRead.response.headers,
      vary: verdict.store ? verdict.vary : [],
      tags: verdict.store ? verdict.tags : [],
      bodyBytes: random.pick([0, 1, 1000]),
    },
  );
  const nowMs = NOW + random.pick([-5000, 0, 999, 10_000, 60_000, 86_400_000, 4e9]);
  const input = { response: stored, policy, purged: { hardMs: 0, softMs: random.pick([0, 0, NOW]) }, invalidatedAtMs: 0, nowMs };
  const decision = decideStored({ ...input, request: requestControl(requestHeaders, { requestDirectives: "obey" }) });
  const update = headersOf(notModified);
  const merged = { ...stored, headers: mergedHeaders(stored, update) };
  const asked = conditionalHeaders(requestHeaders, stored);
  const entry: Entry = { kind: "response", response: stored };
  const encoded = random.chance(0.3) ? encodeEntry(entry) : null;
  const faults = [
    ...faultsOfDecision(decision, mayServeOnError(input), input),
    typeof confirms(update, stored) === "boolean" ? null : "confirms is no boolean",
    asked.has("range") || asked.has("if-match") ? "a visitor's wish reaches the origin" : null,
    ...faultsOfAnswer(random.pick([stored, merged]), message, requestHeaders, nowMs),
    encoded === null || isSameEntry(decodeEntry(encoded, KEY), entry) ? null : "what was stored is read differently",
  ].filter((fault) => fault !== null);
  return faults.length === 0 ? null : { faults, message, notModified, nowMs };
}

function faultsOfDecision(
  decision: CacheDecision,
  onError: boolean,
  { response, policy, nowMs }: { response: Datable; policy: CachePolicySnapshot; nowMs: number },
) {
  const lifetime = freshnessLifetime(response, policy).seconds;
  const age = currentAgeSeconds(response, nowMs);
  const { whileRevalidate, ifError } = staleWindows(response, policy);
  const isWhole = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
  return [
    isWhole(lifetime) && lifetime <= CACHE_LIFETIME_SECONDS_MAX ? null : `lifetime ${lifetime}`,
    isWhole(age) ? null : `age ${age}`,
    isWhole(whileRevalidate) && isWhole(ifError) ? null : `windows ${whileRevalidate}, ${ifError}`,
    decision.kind === "hit" && age >= lifetime ? "a hit that is stale" : null,
    decision.kind === "stale" && age - lifetime >= whileRevalidate ? "stale past its window" : null,
    onError && age - lifetime >= Math.max(whileRevalidate, ifError) ? "on error past its window" : null,
  ];
}

function faultsOfAnswer(stored: StoredResponse, { method }: Message, headers: Headers, nowMs: number): readonly (string | null)[] {
  const { status, part, ageSeconds } = answerFromStore(stored, { method, headers }, nowMs);
  const ranges = part.kind === "range" ? [part.range] : part.kind === "multiple" ? part.ranges : [];
  return [
    [stored.status, 206, 304, 416].includes(status) ? null : `status ${status}`,
    ranges.every(({ start, end }) => start >= 0 && end >= start && end < stored.bodyBytes) ? null : "a range outside of the body",
    Number.isSafeInteger(ageSeconds) && ageSeconds >= 0 ? null : `Age: ${ageSeconds}`,
    status !== 206 || part.kind === "range" || part.kind === "multiple" ? null : "206 without a range",
  ];
}

function garbled(lines: Lines, random: Random): Lines {
  return lines.map(([name, value]) => [name, random.chance(0.4) ? mutated(value, random) : value]);
}

test("junk in the headers makes nothing fresher, usable for longer or storable, and throws nothing", { timeout: 120_000 }, () => {
  expectForAll(CASES, (random, index) => {
    const whole = messageOf(random);
    if (index % 2 === 0) return whole.response.length === 0 ? null : faultOfSpoiling(spoil(whole, random), random.pick(POLICIES));
    occurred.used += 1;
    const message = { ...whole, response: garbled(whole.response, random), request: garbled(whole.request, random) };
    return faultOfUse(message, garbled(linesOf(RESPONSE, random), random), random);
  });
  // The rules are worth something only where the valid part says something, and where junk does not end all freshness.
  if (process.env["FUZZ_CASE"] === undefined) expect(Math.min(...Object.values(occurred))).toBeGreaterThan(CASES / 50);
});

// What the store gives back.

const ENTRIES: readonly Entry[] = [
  {
    kind: "response",
    response: storedOf({ etag: '"1"', "cache-control": "max-age=60", "x-a": "\u00ff" }, { vary: ["accept"], variant: "v", tags: ["a"] }),
  },
  { kind: "response", response: storedOf({ age: "5" }, { bodyKey: "http://shop.test/b", part: { start: 0, size: 2000 } }) },
  { kind: "index", key: KEY, vary: ["accept", "cookie"], invalidatedAtMs: NOW },
  { kind: "language", key: KEY, variant: "v" },
  { kind: "mark", key: KEY, invalidatedAtMs: NOW },
];

const VALUES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  199,
  600,
  1e21,
  2 ** 53,
  "",
  "x",
  "0",
  [],
  ["a"],
  [["a", "1"]],
  [["a b", "1"]],
  [[]],
  {},
  { start: 0, size: 0 },
];

/** The text with one value of it replaced by one of another type, or taken out, doubled, or put where it does not belong. */
function retyped(text: string, random: Random): string {
  const value = JSON.parse(text) as unknown;
  const places: [parent: Record<string, unknown>, key: string][] = [];
  const walk = (parent: unknown): void => {
    if (typeof parent !== "object" || parent === null) return;
    for (const [key, child] of Object.entries(parent)) {
      places.push([parent as Record<string, unknown>, key]);
      walk(child);
    }
  };
  walk(value);
  const [parent, key] = random.pick(places);
  const [other, otherKey] = random.pick(places);
  if (random.chance(0.2)) Reflect.deleteProperty(parent, key);
  else parent[key] = random.chance(0.3) ? structuredClone(other[otherKey]) : random.pick(VALUES);
  // Header values are bytes.
  return JSON.stringify(value).replaceAll(/[^\x20-\x7e]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function corrupted(text: string, random: Random): string {
  const from = random.below(text.length);
  switch (random.below(6)) {
    case 0:
      return fieldValue(text.slice(0, from) + String.fromCharCode(text.charCodeAt(from) ^ (1 << random.below(8))) + text.slice(from + 1));
    case 1:
      return text.slice(0, from);
    case 2:
      return text.slice(0, from) + text.slice(from + 1 + random.below(20));
    case 3:
      return text.slice(0, from) + text.slice(random.below(text.length));
    case 4:
      return text.replace(random.pick([/\d+/, /:"[^"]*"/, /true|null/, /\[[^[\]]*\]/]), () =>
        random.pick([":1", "0", "1e400", "[]", '"x"', "{}"]),
      );
    default:
      return retyped(text, random);
  }
}

/** Null for an entry that the stages can work with. */
function faultOfEntry(entry: Entry): string | null {
  const again = encodeEntry(entry);
  if (again === null || !isSameEntry(decodeEntry(again, KEY), entry)) return "it is not read again as it is";
  if (entry.kind !== "response") return null;
  const { response } = entry;
  const answer = answerFromStore(response, { method: "GET", headers: new Headers({ range: "bytes=0-9" }) }, NOW);
  const input = { response: response, policy: policyOf(), purged: { hardMs: 0, softMs: 0 }, invalidatedAtMs: 0, nowMs: NOW };
  const { kind } = decideStored({ ...input, request: null });
  const isSent = conditionalHeaders(new Headers(), response).has("if-none-match");
  if (isSent && !mergedHeaders(response, new Headers()).has("etag")) return "its entity tag is lost";
  return typeof kind === "string" && answer.status >= 200 && typeof mayServeOnError(input) === "boolean" ? null : "it cannot be used";
}

test("a stored entry that was damaged is a miss or an entry, whatever happened to its text", { timeout: 60_000 }, () => {
  const seen = { miss: 0, entry: 0 };
  expectForAll(MUTATIONS, (random) => {
    const original = random.pick(ENTRIES);
    const text = encodeEntry(original)?.headers.get(ENTRY_HEADER) ?? "";
    const damaged = Array.from({ length: 1 + random.below(2) }).reduce<string>((before) => {
      try {
        return corrupted(before, random);
      } catch {
        // Damaged before, it is no JSON any more whose types could be changed.
        return before.slice(1);
      }
    }, text);
    const decoded = decodeEntry(new Response(null, { headers: { [ENTRY_HEADER]: damaged } }), KEY);
    seen[decoded === null ? "miss" : "entry"] += 1;
    const fault = decoded === null ? null : faultOfEntry(decoded);
    return fault === null ? null : { fault, damaged };
  });
  if (process.env["FUZZ_CASE"] === undefined) expect(Math.min(seen.miss, seen.entry)).toBeGreaterThan(MUTATIONS / 20);
});

test("a targeted field that is no dictionary changes nothing", { timeout: 60_000 }, () => {
  let compared = 0;
  expectForAll(5_000, (random) => {
    const message = messageOf(random);
    const broken = `${random.pick(['"', "(", "\u00e9", "=", "A B"])}${junkOf(random)}`;
    const added: Message = {
      ...message,
      response: [[random.pick(["cdn-cache-control", "cloudflare-cdn-cache-control"]), broken], ...message.response],
    };
    // One that is there is spoiled too by a second line.
    if (message.response.some(([name]) => name.endsWith("cdn-cache-control"))) return null;
    compared += 1;
    const [one, other] = [read(message), read(added)];
    const same =
      isDeepStrictEqual(reachOf(one, policyOf()), reachOf(other, policyOf())) &&
      judge(one, policyOf()).store === judge(other, policyOf()).store;
    return same ? null : { broken, message };
  });
  if (process.env["FUZZ_CASE"] === undefined) expect(compared).toBeGreaterThan(3_000);
});
