// What may be stored for everybody, and the reason of each refusal.

import { expect, test } from "vitest";
import { storable, type Storable } from "../../../src/cache/storable.ts";
import type { CachePolicySnapshot } from "../../../src/config/snapshot.ts";
import { CACHE_TAGS_MAX, CACHE_VARY_FIELDS_MAX } from "../../../src/limits.ts";
import { policyOf } from "../../support/cache-policy.ts";

const NOW = Date.UTC(2026, 0, 1);

interface Case {
  readonly path?: string;
  readonly request?: Record<string, string>;
  readonly status?: number;
  readonly policy?: Partial<CachePolicySnapshot>;
  readonly guessable?: boolean;
}

function judge(headers: Record<string, string>, input: Case = {}): Storable {
  return storable({
    path: input.path ?? "/",
    requestHeaders: new Headers(input.request),
    response: {
      status: input.status ?? 200,
      headers: new Headers(headers),
      requestedAtMs: NOW,
      respondedAtMs: NOW,
      guessable: input.guessable ?? true,
    },
    policy: policyOf(input.policy),
  });
}

function reasonOf(headers: Record<string, string>, input: Case = {}): string {
  const verdict = judge(headers, input);
  return verdict.store ? "stored" : verdict.reason;
}

const fresh = { "cache-control": "max-age=60" };
const cookie = { cookie: "a=1" };
const authorization = { authorization: "Basic eA==" };

test.each<[string, Record<string, string>, Case, string]>([
  ["a lifetime", fresh, {}, "stored"],
  ["no-store", { "cache-control": "no-store, max-age=60" }, {}, "no-store"],
  ["no-store in any case", { "cache-control": "No-Store, max-age=60" }, {}, "no-store"],
  ["no-store behind a quote that never closes", { "cache-control": 'max-age=60, x="a, no-store' }, {}, "no-store"],
  ["no-store for CDNs only", { ...fresh, "cdn-cache-control": "no-store" }, {}, "no-store"],
  ["no-store for browsers only", { "cache-control": "no-store", "cdn-cache-control": "max-age=60" }, {}, "stored"],
  ["no-store of the visitor", fresh, { request: { "cache-control": "no-store" } }, "request-no-store"],
  ["private", { "cache-control": "private, max-age=60" }, {}, "private"],
  ["private with field names", { "cache-control": 'private="x-a", max-age=60' }, {}, "private"],
  ["an override leaves private alone", { "cache-control": "private" }, { policy: { mode: "override", edgeTtlSeconds: 60 } }, "private"],
  ["an override leaves no-store alone", { "cache-control": "no-store" }, { policy: { mode: "override", edgeTtlSeconds: 60 } }, "no-store"],
  ["an override stores no-cache", { "cache-control": "no-cache" }, { policy: { mode: "override", edgeTtlSeconds: 60 } }, "stored"],
  ["Authorization", fresh, { request: authorization }, "authorization"],
  ["Authorization with public", { "cache-control": "public, max-age=60" }, { request: authorization }, "stored"],
  ["Authorization with s-maxage", { "cache-control": "s-maxage=60" }, { request: authorization }, "stored"],
  ["Authorization with must-revalidate", { "cache-control": "must-revalidate, max-age=60" }, { request: authorization }, "stored"],
  ["Authorization under an override", {}, { request: authorization, policy: { mode: "override", edgeTtlSeconds: 60 } }, "authorization"],
  ["Set-Cookie", { ...fresh, "set-cookie": "a=1" }, {}, "set-cookie"],
  ["Set-Cookie with public", { "cache-control": "public, max-age=60", "set-cookie": "a=1" }, {}, "set-cookie"],
  ["Set-Cookie where the route strips it", { ...fresh, "set-cookie": "a=1" }, { policy: { setCookie: "strip" } }, "stored"],
  ["Set-Cookie where the route stores it", { ...fresh, "set-cookie": "a=1" }, { policy: { setCookie: "store" } }, "stored"],
  ["a Cookie in the request", fresh, { request: cookie }, "request-cookie"],
  ["a Cookie under an override", {}, { request: cookie, policy: { mode: "override", edgeTtlSeconds: 60 } }, "request-cookie"],
  ["a Cookie with public", { "cache-control": "public, max-age=60" }, { request: cookie }, "stored"],
  ["a Cookie with s-maxage", { "cache-control": "s-maxage=60" }, { request: cookie }, "stored"],
  ["a Cookie with a targeted field", { "cdn-cache-control": "max-age=60" }, { request: cookie }, "stored"],
  ["a Cookie that Vary names", { ...fresh, vary: "Cookie" }, { request: cookie }, "stored"],
  ["a Cookie that the route ignores", fresh, { request: cookie, policy: { requestCookies: "ignore" } }, "stored"],
  ["Vary: *", { ...fresh, vary: "a, *" }, {}, "vary-star"],
  ["a Vary that is no list of names", { ...fresh, vary: "a b" }, {}, "vary-star"],
  ["206", { ...fresh, "content-range": "bytes 0-1/2" }, { status: 206 }, "partial"],
  ["304", fresh, { status: 304 }, "status"],
  ["an unknown status with a lifetime", fresh, { status: 299 }, "stored"],
  ["an unknown status that must be understood", { "cache-control": "must-understand, max-age=60" }, { status: 299 }, "status"],
  ["500 with a lifetime", fresh, { status: 500 }, "stored"],
  ["500 without", {}, { status: 500 }, "status"],
  ["302 without a lifetime", { location: "/" }, { status: 302 }, "status"],
  ["404 without a lifetime", {}, { status: 404 }, "no-lifetime"],
  ["404 with one by status", {}, { status: 404, policy: { edgeTtlByStatus: { "404": 5 } } }, "stored"],
  ["nothing to go by", {}, {}, "no-lifetime"],
  ["an ETag to ask with", { etag: '"1"' }, {}, "stored"],
  ["no-cache with an ETag", { "cache-control": "no-cache", etag: '"1"' }, {}, "stored"],
  ["no-cache without", { "cache-control": "no-cache" }, {}, "no-cache"],
  ["a lifetime of nothing", { "cache-control": "max-age=0" }, { policy: { staleIfErrorSeconds: 60 } }, "no-lifetime"],
  ["a lifetime of nothing and a window of the origin", { "cache-control": "max-age=0, stale-while-revalidate=5" }, {}, "stored"],
  ["a lifetime that is over on arrival", { ...fresh, age: "60" }, {}, "no-lifetime"],
  ["a page for the name of a style sheet", { ...fresh, "content-type": "text/html" }, { path: "/account/x.css" }, "content-type"],
  ["data for the name of an image", { ...fresh, "content-type": "application/json" }, { path: "/me;x.PNG" }, "content-type"],
  ["a style sheet", { ...fresh, "content-type": "text/css" }, { path: "/x.css" }, "stored"],
  ["a page", { ...fresh, "content-type": "text/html" }, { path: "/account.html" }, "stored"],
  ["an error page for a missing image", { ...fresh, "content-type": "text/html" }, { path: "/x.png", status: 404 }, "stored"],
  ["as large as allowed", { ...fresh, "content-length": "1000" }, { policy: { objectBytesMax: 1000 } }, "stored"],
  ["larger", { ...fresh, "content-length": "1001" }, { policy: { objectBytesMax: 1000 } }, "too-large"],
])("%s", (_, headers, input, outcome) => {
  expect(reasonOf(headers, input)).toBe(outcome);
});

test("as many Vary fields and surrogate keys as the limits, and one more", () => {
  const list = (count: number): string => Array.from({ length: count }, (_, index) => `f${index}`).join(", ");
  expect(reasonOf({ ...fresh, vary: list(CACHE_VARY_FIELDS_MAX) })).toBe("stored");
  expect(reasonOf({ ...fresh, vary: list(CACHE_VARY_FIELDS_MAX + 1) })).toBe("vary-too-many");
  expect(reasonOf({ ...fresh, "cache-tag": list(CACHE_TAGS_MAX) })).toBe("stored");
  expect(reasonOf({ ...fresh, "cache-tag": list(CACHE_TAGS_MAX + 1) })).toBe("tags-too-many");
});

test("fields that the route ignores or keys by are not among those that tell variants apart, and do not count against the limit", () => {
  const policy = policyOf({ vary: { ignore: ["origin", "user-agent"], accept: [], languages: [] } });
  const verdict = judge({ ...fresh, vary: "User-Agent, Origin, Accept" }, { policy });
  expect(verdict.store && verdict.vary).toEqual(["accept"]);
  expect(verdict.store && verdict.headers.get("vary")).toBe("User-Agent, Origin, Accept");
  const list = Array.from({ length: CACHE_VARY_FIELDS_MAX }, (_, index) => `f${index}`).join(", ");
  expect(reasonOf({ ...fresh, vary: `origin, ${list}` }, { policy })).toBe("stored");
  expect(reasonOf({ ...fresh, vary: "origin, *" }, { policy })).toBe("vary-star");
});

test("connection headers, cookies and the length are not stored, everything else is", () => {
  const verdict = judge(
    { ...fresh, connection: "x-hop", "x-hop": "1", "keep-alive": "1", "set-cookie": "a=1", "content-length": "5", "x-end": "1" },
    { policy: { setCookie: "strip" } },
  );
  expect(verdict.store && [...verdict.headers.keys()]).toEqual(["cache-control", "x-end"]);
});

test("surrogate keys come from both headers and the route, each once", () => {
  const verdict = judge({ ...fresh, "surrogate-key": "a b", "cache-tag": "b, c" }, { policy: { tags: ["a", "d"] } });
  expect(verdict.store && verdict.tags).toEqual(["a", "b", "c", "d"]);
});

test.each([407, 408, 412, 413, 416, 417, 421, 425, 426, 428, 429, 431, 511])(
  "%i is about one request and never stored, whatever the origin or the route says",
  (status) => {
    const policy = { mode: "override", edgeTtlByStatus: { [String(status)]: 60 } } as const;
    expect(reasonOf({ "cache-control": "public, max-age=60" }, { status, policy })).toBe("status");
  },
);

test.each([
  ["an encoding without Vary", { "content-encoding": "gzip" }, ["accept-encoding"]],
  ["an encoding with another Vary", { "content-encoding": "br", vary: "Origin, Accept" }, ["accept", "accept-encoding", "origin"]],
  ["an encoding that is named", { "content-encoding": "br", vary: "Accept-Encoding" }, ["accept-encoding"]],
  ["no encoding", {}, []],
])("%s is stored for those who take it", (_, headers, vary) => {
  expect(judge({ ...fresh, ...headers })).toMatchObject({ store: true, vary });
});
