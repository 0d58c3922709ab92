// Lifetimes, ages and stale windows: RFC 9111 4.2, RFC 9213, RFC 5861.

import fc from "fast-check";
import { expect, test } from "vitest";
import { currentAgeSeconds, freshnessLifetime, staleWindows, type Datable } from "../../../src/cache/freshness.ts";
import { CACHE_LIFETIME_SECONDS_MAX } from "../../../src/limits.ts";
import { policyOf } from "../../support/cache-policy.ts";

const NOW = Date.UTC(2026, 0, 1);
const DATE = "Thu, 01 Jan 2026 00:00:00 GMT";

function responseOf(headers: Record<string, string>, changes: Partial<Datable> = {}): Datable {
  return { status: 200, headers: new Headers(headers), requestedAtMs: NOW, respondedAtMs: NOW, guessable: true, ...changes };
}

test.each([
  ["s-maxage wins over max-age in a shared cache", { "cache-control": "max-age=1, s-maxage=2" }, 2, "s-maxage"],
  ["max-age wins over Expires", { "cache-control": "max-age=1", expires: "Thu, 01 Jan 2026 01:00:00 GMT" }, 1, "max-age"],
  ["directive names have no case", { "cache-control": "Max-AGE=7" }, 7, "max-age"],
  ["of two lifetimes the shorter counts", { "cache-control": "max-age=10, max-age=5" }, 5, "max-age"],
  ["a lifetime that is no number is none", { "cache-control": "max-age=1.5" }, 0, "max-age"],
  ["Expires counts from Date", { expires: "Thu, 01 Jan 2026 01:00:00 GMT", date: "Thu, 01 Jan 2026 00:30:00 GMT" }, 1800, "expires"],
  ["Expires counts from arrival without Date", { expires: "Thu, 01 Jan 2026 01:00:00 GMT" }, 3600, "expires"],
  ["Expires: 0 is in the past", { expires: "0" }, 0, "expires"],
  ["Expires before Date is in the past", { expires: "Thu, 01 Jan 2026 00:00:00 GMT", date: "Fri, 02 Jan 2026 00:00:00 GMT" }, 0, "expires"],
  ["CDN-Cache-Control replaces both", { "cdn-cache-control": "max-age=9", "cache-control": "max-age=1, s-maxage=2" }, 9, "targeted"],
  [
    "Cloudflare-CDN-Cache-Control is the more specific",
    { "cloudflare-cdn-cache-control": "max-age=3", "cdn-cache-control": "max-age=9" },
    3,
    "targeted",
  ],
  ["an invalid targeted field is ignored", { "cdn-cache-control": "max-age=3 junk", "cache-control": "max-age=1" }, 1, "max-age"],
  ["an empty targeted field is ignored", { "cdn-cache-control": "", "cache-control": "max-age=1" }, 1, "max-age"],
  [
    "a targeted field without a lifetime hides Expires",
    { "cdn-cache-control": "public", expires: "Thu, 01 Jan 2026 01:00:00 GMT" },
    0,
    "none",
  ],
  ["Surrogate-Control stands before Cache-Control", { "surrogate-control": "max-age=8", "cache-control": "max-age=1" }, 8, "targeted"],
  [
    "Surrogate-Control may add a stale window to its lifetime",
    { "surrogate-control": "max-age=8+60", "cache-control": "max-age=1" },
    8,
    "targeted",
  ],
  [
    "Surrogate-Control without a lifetime governs nothing",
    { "surrogate-control": 'content="ESI/1.0"', "cache-control": "max-age=1" },
    1,
    "max-age",
  ],
  [
    "a guess is a tenth of the time since the last change",
    { "last-modified": "Wed, 31 Dec 2025 23:50:00 GMT", date: DATE },
    60,
    "heuristic",
  ],
  ["nothing is guessed for no-cache", { "last-modified": "Wed, 31 Dec 2025 23:50:00 GMT", "cache-control": "no-cache" }, 0, "none"],
  ["nothing is guessed from the future", { "last-modified": "Fri, 02 Jan 2026 00:00:00 GMT" }, 0, "none"],
  ["nothing is known of a plain response", {}, 0, "none"],
])("%s", (_, headers, seconds, from) => {
  expect(freshnessLifetime(responseOf(headers), policyOf())).toEqual({ seconds, from });
});

test("nothing is guessed for a query or a Cookie, nor for statuses that do not allow it", () => {
  const headers = { "last-modified": "Wed, 31 Dec 2025 00:00:00 GMT" };
  expect(freshnessLifetime(responseOf(headers, { guessable: false }), policyOf()).from).toBe("none");
  expect(freshnessLifetime(responseOf(headers, { status: 302 }), policyOf()).from).toBe("none");
  expect(freshnessLifetime(responseOf({ ...headers, "cache-control": "public" }, { status: 302 }), policyOf()).from).toBe("heuristic");
});

test.each([
  ["the route's default comes after what the origin says", "respect", { "cache-control": "max-age=1" }, 200, 1],
  ["the route's default comes before a guess", "respect", { "last-modified": "Wed, 31 Dec 2025 23:50:00 GMT" }, 200, 500],
  ["the route's default is not for errors", "respect", {}, 302, 0],
  ["a lifetime by status", "respect", {}, 404, 40],
  ["a lifetime by class", "respect", {}, 502, 5],
  ["a class 4xx is for errors of the resource", "respect", {}, 410, 9],
  ["a class 4xx is not for errors of one request", "respect", {}, 400, 0],
  ["a class 4xx is not for what credentials would change", "respect", {}, 401, 0],
  ["an error of one request that is named has its lifetime", "respect", {}, 403, 7],
  ["an override comes before what the origin says", "override", { "cache-control": "no-cache, max-age=1" }, 200, 500],
  ["an override is not for redirects that may change", "override", { "cache-control": "max-age=1" }, 302, 1],
  ["an override by status", "override", { "cache-control": "max-age=1" }, 404, 40],
] as const)("%s", (_, mode, headers, status, seconds) => {
  const policy = policyOf({ mode, edgeTtlSeconds: 500, edgeTtlByStatus: { "403": 7, "404": 40, "4xx": 9, "5xx": 5 } });
  expect(freshnessLifetime(responseOf(headers, { status }), policy).seconds).toBe(seconds);
});

test("no lifetime is longer than purges are remembered", () => {
  const of = (seconds: number): number => freshnessLifetime(responseOf({ "cache-control": `max-age=${seconds}` }), policyOf()).seconds;
  expect(of(CACHE_LIFETIME_SECONDS_MAX)).toBe(CACHE_LIFETIME_SECONDS_MAX);
  expect(of(CACHE_LIFETIME_SECONDS_MAX + 1)).toBe(CACHE_LIFETIME_SECONDS_MAX);
});

test.each([
  ["time in the store", {}, {}, 10_999, 10],
  ["the Age that it came with", { age: "5" }, {}, 1000, 6],
  ["the time that the answer took", { age: "5" }, { requestedAtMs: NOW - 3000 }, 0, 8],
  ["a Date that lies in the past", { date: "Wed, 31 Dec 2025 23:59:00 GMT" }, {}, 0, 60],
  ["a Date that lies in the future is no reason to be younger", { date: "Fri, 02 Jan 2026 00:00:00 GMT" }, {}, 1000, 1],
  ["the larger of apparent and stated age", { date: "Wed, 31 Dec 2025 23:59:00 GMT", age: "100" }, {}, 0, 100],
  ["of an Age list the first", { age: "7, 9" }, {}, 0, 7],
  ["an Age that is no number is none", { age: "-7" }, {}, 0, 0],
  ["a clock that went backwards", { age: "7" }, {}, -60_000, 7],
])("age: %s", (_, headers, changes, laterMs, age) => {
  expect(currentAgeSeconds(responseOf(headers, changes), NOW + laterMs)).toBe(age);
});

const route = { staleWhileRevalidateSeconds: 30, staleIfErrorSeconds: 300 };

test.each([
  ["the route's windows where the origin does not say", "max-age=1", 30, 300],
  ["the origin's own", "max-age=1, stale-while-revalidate=5, stale-if-error=6", 5, 6],
  ["must-revalidate forbids", "max-age=1, must-revalidate, stale-while-revalidate=5", 0, 0],
  ["proxy-revalidate forbids", "max-age=1, proxy-revalidate, stale-if-error=5", 0, 0],
  ["s-maxage forbids", "s-maxage=1, stale-while-revalidate=5, stale-if-error=5", 0, 0],
  ["no-cache forbids", "no-cache, stale-if-error=5", 0, 0],
  ["the route does not prolong a lifetime of nothing", "max-age=0", 0, 300],
  ["the origin may", "max-age=0, stale-while-revalidate=5", 5, 300],
])("stale windows: %s", (_, cacheControl, whileRevalidate, ifError) => {
  expect(staleWindows(responseOf({ "cache-control": cacheControl }), policyOf(route))).toEqual({ whileRevalidate, ifError });
});

test("an override replaces the no-cache and s-maxage that would forbid staleness, but not must-revalidate", () => {
  const policy = policyOf({ ...route, mode: "override", edgeTtlSeconds: 10 });
  expect(staleWindows(responseOf({ "cache-control": "no-cache, s-maxage=1" }), policy).whileRevalidate).toBe(30);
  expect(staleWindows(responseOf({ "cache-control": "must-revalidate" }), policy).whileRevalidate).toBe(0);
});

test("the stale window of Surrogate-Control is the one that counts", () => {
  const response = responseOf({ "surrogate-control": "max-age=8+60", "cache-control": "max-age=1, stale-while-revalidate=5" });
  expect(staleWindows(response, policyOf()).whileRevalidate).toBe(60);
});

test("garbage beside a lifetime never makes it longer", () => {
  const junk = fc.oneof(
    fc.string(),
    fc.stringMatching(/^[a-z"=,; -]{0,20}$/),
    fc.constantFrom("max-age=9999999999999", "s-maxage", 'max-age="'),
  );
  fc.assert(
    fc.property(junk, (text) => {
      const value = `max-age=10, ${text.replaceAll(/[^\x20-\x7e]/g, "")}`;
      const { seconds, from } = freshnessLifetime(responseOf({ "cache-control": value }), policyOf());
      if (from === "max-age") expect(seconds).toBeLessThanOrEqual(10);
    }),
    { numRuns: 2000 },
  );
});
