// What of a visitor's headers reaches the origin in a request whose answer others may get.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sharedHeaders, variantFields } from "../../../src/cache/shared-headers.ts";
import type { CacheKeySnapshot, CachePolicySnapshot } from "../../../src/config/snapshot.ts";
import { policyOf } from "../../support/cache-policy.ts";

const KEY = policyOf().key;
const VARY = policyOf().vary;

function shared(policy: Partial<CachePolicySnapshot>, headers: Record<string, string>): Record<string, string> {
  const visitor = new Headers(headers);
  return Object.fromEntries(sharedHeaders(visitor, visitor, policyOf(policy)));
}

const keyed = (key: Partial<CacheKeySnapshot>): Partial<CachePolicySnapshot> => ({ key: { ...KEY, ...key } });
const varied = (vary: Partial<CachePolicySnapshot["vary"]>): Partial<CachePolicySnapshot> => ({ vary: { ...VARY, ...vary } });

test("a route that says nothing changes nothing, and the visitor's headers are never changed in place", () => {
  const visitor = new Headers({ accept: "a/b", "accept-language": "fr", "user-agent": "x", cookie: "a=1" });
  expect([...sharedHeaders(visitor, visitor, policyOf())]).toEqual([...visitor]);
  sharedHeaders(visitor, visitor, policyOf({ requestCookies: "ignore", ...varied({ ignore: ["user-agent"], accept: ["image/webp"] }) }));
  expect(visitor.get("cookie")).toBe("a=1");
  expect(visitor.has("user-agent")).toBe(true);
});

describe("cookies", () => {
  const policy: Partial<CachePolicySnapshot> = { requestCookies: "ignore", ...keyed({ cookies: ["currency"] }) };
  test.each([
    ["session=1; currency=EUR", "currency=EUR"],
    ["currency=EUR; a=1; currency=USD", "currency=EUR; currency=USD"],
    ["session=1", undefined],
  ])("ignored, %s becomes %s", (cookie, expected) => {
    expect(shared(policy, { cookie })["cookie"]).toBe(expected);
  });
});

test("ignored fields do not reach the origin, others do", () => {
  expect(shared(varied({ ignore: ["user-agent", "origin"] }), { "user-agent": "x", origin: "https://a.test", "x-other": "1" })).toEqual({
    "x-other": "1",
  });
});

describe("Accept", () => {
  const policy = varied({ accept: ["image/avif", "image/webp"] });
  test.each<readonly [string, Record<string, string>, string]>([
    ["both, in the route's order", { accept: "image/webp, image/avif" }, "image/avif, image/webp, */*"],
    ["what a browser sends", { accept: "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8" }, "image/avif, image/webp, */*"],
    ["one", { accept: "text/html, image/WEBP;q=0.1" }, "image/webp, */*"],
    ["wildcards name nothing", { accept: "image/*, */*" }, "*/*"],
    ["a refused one is not taken", { accept: "image/avif;q=0, image/webp" }, "image/webp, */*"],
    ["a type with parameters is another type", { accept: "image/webp;version=2" }, "*/*"],
    ["none", {}, "*/*"],
  ])("%s", (_, headers, expected) => {
    expect(shared(policy, headers)["accept"]).toBe(expected);
  });

  test("has at most 2^n values for n types, whatever visitors send", () => {
    const types = ["image/avif", "image/webp", "text/html"];
    const seen = new Set<string>();
    const member = fc
      .tuple(fc.constantFrom(...types, "*/*", "image/*", "a/b"), fc.constantFrom("", ";q=0", ";q=0.5", ";q=x"))
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(fc.array(fc.oneof(member, fc.stringMatching(/^[ -~]{0,12}$/))), (members) => {
        seen.add(shared(varied({ accept: types }), { accept: members.join(",") })["accept"] ?? "");
      }),
    );
    expect(seen.size).toBeLessThanOrEqual(8);
  });
});

describe("Accept-Language is exactly the language of the key, or of the variants", () => {
  test.each([
    ["de-CH, en;q=0.5", "de"],
    ["fr", "en"],
  ])("%s becomes %s", (header, expected) => {
    const headers = { "accept-language": header };
    expect(shared(keyed({ languages: ["en", "de"] }), headers)["accept-language"]).toBe(expected);
    expect(shared(varied({ languages: ["en", "de"] }), headers)["accept-language"]).toBe(expected);
  });

  test("without the header it is the default", () => {
    expect(shared(keyed({ languages: ["en", "de"] }), {})["accept-language"]).toBe("en");
  });
});

test("the device class of the key replaces what a visitor claims, and is not sent where it is not part of the key", () => {
  const headers = { "user-agent": "Mozilla/5.0 (iPhone) Mobile", "x-device-class": "evil" };
  expect(shared(keyed({ device: true }), headers)["x-device-class"]).toBe("mobile");
  expect(shared(keyed({ device: true }), { "x-device-class": "evil" })["x-device-class"]).toBe("desktop");
  expect(shared({}, headers)["x-device-class"]).toBe("evil");
});

test("the class is known although the origin does not get the User-Agent", () => {
  const policy = { ...keyed({ device: true }), ...varied({ ignore: ["user-agent"] }) };
  expect(shared(policy, { "user-agent": "Mozilla/5.0 (iPad)" })).toEqual({ "x-device-class": "tablet" });
});

test("a header rule brings nothing back: what counts is what the visitor sent and the key holds", () => {
  const headers = new Headers({ "accept-language": "fr", "user-agent": "rule" });
  const visitor = new Headers({ "accept-language": "de" });
  const policy = policyOf({ ...keyed({ languages: ["en", "de"] }), ...varied({ ignore: ["user-agent"] }) });
  expect([...sharedHeaders(headers, visitor, policy)]).toEqual([["accept-language", "de"]]);
});

test("fields that are not sent or are part of the key make no variants", () => {
  const fields = ["accept", "accept-language", "origin", "x-device-class"];
  expect(variantFields(fields, policyOf())).toEqual(fields);
  expect(variantFields(fields, policyOf(varied({ ignore: ["origin"], languages: ["en"] })))).toEqual([
    "accept",
    "accept-language",
    "x-device-class",
  ]);
  expect(variantFields(fields, policyOf(keyed({ device: true, languages: ["en"] })))).toEqual(["accept", "origin"]);
});
