// What is done with a stored response: hit, stale, revalidate or miss.

import fc from "fast-check";
import { expect, test } from "vitest";
import { decideStored, mayServeOnError, type DecideInput } from "../../../src/cache/decide.ts";
import { parseCacheControl } from "../../../src/http/cache-control.ts";
import { CACHE_LIFETIME_SECONDS_MAX } from "../../../src/limits.ts";
import { policyOf } from "../../support/cache-policy.ts";

const NOW = Date.UTC(2026, 0, 1);

interface Case extends Partial<Omit<DecideInput, "request" | "response">> {
  readonly request?: string;
  readonly ageMs?: number;
}

function inputOf(cacheControl: string, { request, ageMs = 0, ...changes }: Case = {}): DecideInput {
  return {
    response: {
      status: 200,
      headers: new Headers({ "cache-control": cacheControl }),
      requestedAtMs: NOW,
      respondedAtMs: NOW,
      guessable: true,
    },
    policy: policyOf(),
    purged: { hardMs: 0, softMs: 0 },
    invalidatedAtMs: 0,
    request: request === undefined ? null : parseCacheControl(request),
    nowMs: NOW + ageMs,
    ...changes,
  };
}

test.each([
  ["max-age=10", 9_999, { kind: "hit", ttlSeconds: 1 }],
  ["max-age=10", 10_000, { kind: "revalidate", ttlSeconds: 0, why: "stale" }],
  ["max-age=10, stale-while-revalidate=5", 10_000, { kind: "stale", ttlSeconds: 0 }],
  ["max-age=10, stale-while-revalidate=5", 14_999, { kind: "stale", ttlSeconds: -4 }],
  ["max-age=10, stale-while-revalidate=5", 15_000, { kind: "revalidate", ttlSeconds: -5, why: "stale" }],
  ["max-age=10, no-cache", 0, { kind: "revalidate", ttlSeconds: 10, why: "no-cache" }],
  ['max-age=10, no-cache="set-cookie"', 0, { kind: "revalidate", ttlSeconds: 10, why: "no-cache" }],
  ["max-age=10, must-revalidate, stale-while-revalidate=5", 10_000, { kind: "revalidate", ttlSeconds: 0, why: "stale" }],
])("%s after %i ms", (cacheControl, ageMs, decision) => {
  expect(decideStored(inputOf(cacheControl, { ageMs }))).toEqual(decision);
});

test("what was asked for at or before a hard purge or an invalidation is a miss, one millisecond later is not", () => {
  expect(decideStored(inputOf("max-age=10", { purged: { hardMs: NOW, softMs: 0 } }))).toEqual({ kind: "miss", why: "purged" });
  expect(decideStored(inputOf("max-age=10", { invalidatedAtMs: NOW }))).toEqual({ kind: "miss", why: "invalidated" });
  expect(decideStored(inputOf("max-age=10", { purged: { hardMs: NOW - 1, softMs: 0 }, invalidatedAtMs: NOW - 1 })).kind).toBe("hit");
});

test("after a soft purge a response is stale, and its windows count from then", () => {
  const purged = { hardMs: 0, softMs: NOW + 1000 };
  expect(decideStored(inputOf("max-age=100", { purged, ageMs: 2000 }))).toEqual({ kind: "revalidate", ttlSeconds: -1, why: "stale" });
  expect(decideStored(inputOf("max-age=100, stale-while-revalidate=5", { purged, ageMs: 2000 })).kind).toBe("stale");
  expect(decideStored(inputOf("max-age=100, stale-while-revalidate=5", { purged, ageMs: 6000 })).kind).toBe("revalidate");
});

test("nothing is used for longer than purges are remembered", () => {
  const policy = policyOf({ staleIfErrorSeconds: 1e9 });
  const at = (ageMs: number): boolean => mayServeOnError(inputOf("max-age=10", { policy, ageMs }));
  expect(at(CACHE_LIFETIME_SECONDS_MAX * 1000)).toBe(true);
  expect(at(CACHE_LIFETIME_SECONDS_MAX * 1000 + 1)).toBe(false);
});

test.each([
  ["no-cache", 0, "revalidate"],
  ["max-age=5", 5_000, "hit"],
  ["max-age=5", 6_000, "revalidate"],
  ["min-fresh=5", 5_000, "hit"],
  ["min-fresh=5", 6_000, "revalidate"],
  ["max-age=100", 5_000, "hit"],
])("a request's %s, where it is honoured, after %i ms", (request, ageMs, kind) => {
  expect(decideStored(inputOf("max-age=10", { request, ageMs })).kind).toBe(kind);
});

test.each([
  ["max-stale", 60_000, "accepted"],
  ["max-stale=5", 10_000, "accepted"],
  ["max-stale=5", 15_000, "accepted"],
  ["max-stale=5", 16_000, "revalidate"],
  ["max-stale=0", 10_000, "revalidate"],
  ["max-stale=junk", 10_000, "revalidate"],
  ["max-stale=5, max-stale=2", 13_000, "revalidate"],
  ["max-stale", 9_000, "hit"],
  ["max-stale, no-cache", 11_000, "revalidate"],
  ["max-stale, max-age=11", 11_000, "accepted"],
  ["max-stale, max-age=11", 12_000, "revalidate"],
  ["max-stale, min-fresh=1", 11_000, "revalidate"],
  ["", 11_000, "revalidate"],
])("a request's %s, where it is honoured, after %i ms of a lifetime of 10 s", (request, ageMs, kind) => {
  expect(decideStored(inputOf("max-age=10", { request, ageMs })).kind).toBe(kind);
});

test.each([
  ["max-age=10, must-revalidate", "revalidate"],
  ["max-age=10, proxy-revalidate", "revalidate"],
  ["s-maxage=10", "revalidate"],
  ["max-age=10, no-cache", "revalidate"],
  ['max-age=10, no-cache="set-cookie"', "revalidate"],
  ["max-age=10", "accepted"],
  ["public", "accepted"],
])("max-stale does not get past what forbids staleness: %s", (cacheControl, kind) => {
  expect(decideStored(inputOf(cacheControl, { request: "max-stale", ageMs: 11_000 })).kind).toBe(kind);
});

test("max-stale gets past no purge, no invalidation, and not past the time that purges are remembered", () => {
  const stale = { request: "max-stale", ageMs: 20_000 };
  expect(decideStored(inputOf("max-age=10", { ...stale, purged: { hardMs: NOW, softMs: 0 } })).kind).toBe("miss");
  expect(decideStored(inputOf("max-age=10", { ...stale, purged: { hardMs: 0, softMs: NOW } })).kind).toBe("revalidate");
  expect(decideStored(inputOf("max-age=100", { ...stale, purged: { hardMs: 0, softMs: NOW + 1000 } })).kind).toBe("revalidate");
  expect(decideStored(inputOf("max-age=10", { ...stale, purged: { hardMs: 0, softMs: NOW - 1 } })).kind).toBe("accepted");
  expect(decideStored(inputOf("max-age=10", { ...stale, invalidatedAtMs: NOW })).kind).toBe("miss");
  const ageMs = CACHE_LIFETIME_SECONDS_MAX * 1000;
  expect(decideStored(inputOf("max-age=10", { ...stale, ageMs })).kind).toBe("accepted");
  expect(decideStored(inputOf("max-age=10", { ...stale, ageMs: ageMs + 1 })).kind).toBe("miss");
});

test("within the origin's own window a refresh is begun whatever max-stale says, unless the request wants it fresh", () => {
  const windowed = "max-age=10, stale-while-revalidate=5";
  const kinds = ["", "max-stale", "max-age=60", "max-age=60, max-stale", "max-age=5", "min-fresh=1", "no-cache"].map(
    (request) => decideStored(inputOf(windowed, { request, ageMs: 11_000 })).kind,
  );
  expect(kinds).toEqual(["stale", "stale", "revalidate", "stale", "revalidate", "revalidate", "revalidate"]);
});

test("a route's own lifetime lifts what the origin's s-maxage and no-cache forbid, not what must-revalidate does", () => {
  const policy = policyOf({ mode: "override", edgeTtlSeconds: 10 });
  const kinds = ["s-maxage=1", "no-cache", "must-revalidate"].map(
    (cacheControl) => decideStored(inputOf(cacheControl, { policy, request: "max-stale", ageMs: 11_000 })).kind,
  );
  expect(kinds).toEqual(["accepted", "accepted", "revalidate"]);
});

test.each([
  ["max-age=10, stale-if-error=5", 14_999, true],
  ["max-age=10, stale-if-error=5", 15_000, false],
  ["max-age=10, stale-if-error=5, must-revalidate", 11_000, false],
  ["max-age=10, stale-if-error=5, no-cache", 1_000, false],
  ["max-age=10", 11_000, false],
  ["max-age=10", 9_000, true],
])("on error: %s after %i ms is used: %s", (cacheControl, ageMs, used) => {
  expect(mayServeOnError(inputOf(cacheControl, { ageMs }))).toBe(used);
});

test("a stale response is never served past its window, and never at all where that is forbidden", () => {
  const seconds = fc.integer({ min: 0, max: 100 });
  const forbids = fc.constantFrom("", ", must-revalidate", ", proxy-revalidate", ", no-cache");
  fc.assert(
    fc.property(seconds, seconds, seconds, forbids, fc.integer({ min: 0, max: 300_000 }), (life, swr, sie, extra, ageMs) => {
      const input = inputOf(`max-age=${life}, stale-while-revalidate=${swr}, stale-if-error=${sie}${extra}`, { ageMs });
      const age = Math.floor(ageMs / 1000);
      const { kind } = decideStored(input);
      if (kind === "hit") expect(age).toBeLessThan(life);
      if (kind === "stale") expect(age - life).toBeLessThan(swr);
      if (age >= life && mayServeOnError(input)) expect(age - life).toBeLessThan(Math.max(swr, sie));
      if (extra !== "") expect(kind === "stale" || (age >= life && mayServeOnError(input))).toBe(false);
    }),
  );
});
