import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { prefersJson } from "../../../src/http/accept.ts";
import { parseMediaType } from "../../../src/http/media-type.ts";
import { normaliseAcceptEncoding, normaliseAcceptLanguage, parseVary } from "../../../src/http/vary.ts";
import { ACCEPT_LANGUAGES_MAX } from "../../../src/limits.ts";

const BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";

test.each([
  [null, false],
  ["", false],
  ["*/*", false],
  [BROWSER, false],
  ["application/json", true],
  ["Application/JSON", true],
  ["application/json, text/plain, */*", true],
  ["application/problem+json", true],
  ["application/json;q=0", false],
  ["text/html, application/json", false],
  ["application/json, text/html", true],
  ["text/html;q=0.5, application/json;q=0.6", true],
  ["application/json;q=0.5, text/html", false],
  ["application/json;q=junk", false],
  ["application/jsonp", false],
])("Accept: %s prefers JSON: %s", (accept, json) => {
  expect(prefersJson(accept)).toBe(json);
});

test.each([
  ["text/html", "text/html", {}],
  ["Text/HTML; Charset=UTF-8", "text/html", { charset: "UTF-8" }],
  ['multipart/form-data; boundary="a;b\\"c"; x', "multipart/form-data", { boundary: 'a;b"c' }],
  ["text/plain; charset=a; charset=b; bad value=1", "text/plain", { charset: "a" }],
])("%s is the media type %s", (value, essence, parameters) => {
  const type = parseMediaType(value);
  expect(type?.essence).toBe(essence);
  expect(Object.fromEntries(type?.parameters ?? [])).toEqual(parameters);
});

test.each([null, "", "text", "text/", "/html", "a/b/c", "text /html", "text/html text/plain"])("%s is no media type", (value) => {
  expect(parseMediaType(value)).toBeNull();
});

describe("Vary", () => {
  test.each([
    [null, []],
    ["", []],
    ["Accept-Encoding", ["accept-encoding"]],
    ["b, A,,b", ["a", "b"]],
    ["*", "*"],
    ["a, *", "*"],
    ["a b", "*"],
    ['"a"', "*"],
  ])("%s names %o", (value, names) => {
    expect(parseVary(value)).toEqual(names);
  });
});

describe("Accept-Encoding", () => {
  test.each([
    [null, "identity"],
    ["", "identity"],
    ["identity", "identity"],
    ["gzip", "gzip"],
    ["x-gzip", "gzip"],
    ["br", "br"],
    ["gzip, deflate, br, zstd", "br, gzip"],
    ["br;q=1.0, gzip;q=0.8, *;q=0.1", "br, gzip"],
    ["GZIP;q=1, br;q=0.5", "gzip, br"],
    ["*", "br, gzip"],
    ["*, br;q=0", "gzip"],
    ["*;q=0, gzip", "gzip"],
    ["gzip;q=0", "identity"],
    ["gzip;q=0.5, identity", "identity"],
    ["gzip;q=2", "identity"],
    ["deflate", "identity"],
  ])("%s asks for %s", (value, canonical) => {
    expect(normaliseAcceptEncoding(value)).toBe(canonical);
  });

  test("only what was accepted is asked for, and the canonical value stands for itself", () => {
    const member = fc.tuple(
      fc.constantFrom("br", "gzip", "identity", "*", "zstd", "junk"),
      fc.constantFrom("", ";q=0", ";q=0.5", ";q=1", ";q=x"),
    );
    fc.assert(
      fc.property(fc.array(member, { maxLength: 5 }), (members) => {
        const canonical = normaliseAcceptEncoding(members.map(([name, q]) => name + q).join(","));
        expect(normaliseAcceptEncoding(canonical)).toBe(canonical === "gzip, br" ? "br, gzip" : canonical);
        const accepted = members.filter(([, q]) => q !== ";q=0" && q !== ";q=x").map(([name]) => name);
        const allowed = accepted.includes("*") ? ["br", "gzip", "identity"] : ["identity", ...accepted];
        expect(canonical.split(", ").filter((coding) => !allowed.includes(coding))).toEqual([]);
      }),
    );
  });
});

describe("Accept-Language", () => {
  test.each([
    [null, ""],
    ["", ""],
    ["de", "de"],
    ["de-AT, de;q=0.9, en;q=0.8", "de-at, de;q=0.9, en;q=0.8"],
    ["en;q=0.3,de;q=0.7 , fr;q=0.7", "de, fr;q=0.9, en;q=0.8"],
    ["de, DE;q=0.1", "de"],
    ["en, *;q=0.1, fr;q=0", "en, *;q=0.9, fr;q=0"],
    ["<script>, en", "en"],
    ["zh-Hant-TW", "zh-hant-tw"],
    ["toolonglanguage", ""],
  ])("%s asks for %s", (value, canonical) => {
    expect(normaliseAcceptLanguage(value)).toBe(canonical);
  });

  test(`${ACCEPT_LANGUAGES_MAX} languages are told apart`, () => {
    const tags = Array.from({ length: ACCEPT_LANGUAGES_MAX + 1 }, (_, index) => `a${String.fromCharCode(97 + index)}`);
    expect(normaliseAcceptLanguage(tags.slice(0, ACCEPT_LANGUAGES_MAX).join(",")).split(", ")).toHaveLength(ACCEPT_LANGUAGES_MAX);
    expect(normaliseAcceptLanguage(tags.join(",")).split(", ")).toHaveLength(ACCEPT_LANGUAGES_MAX);
  });

  test("idempotent, and garbage is left out", () => {
    const member = fc.tuple(
      fc.constantFrom("de", "EN", "fr-CA", "*", "x y", ""),
      fc.constantFrom("", ";q=0", ";q=0.5", ";q=0.25", ";q=x", ";v=1"),
    );
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            member.map(([tag, q]) => tag + q),
            fc.string(),
          ),
          { maxLength: 8 },
        ),
        (members) => {
          const canonical = normaliseAcceptLanguage(members.join(","));
          expect(normaliseAcceptLanguage(canonical)).toBe(canonical);
          expect(canonical).toMatch(/^[a-z0-9*;=., -]*$/);
        },
      ),
    );
  });
});
