import { describe, expect, test } from "vitest";
import { prefersJson } from "../../../src/http/accept.ts";
import { parseMediaType } from "../../../src/http/media-type.ts";
import { parseVary } from "../../../src/http/vary.ts";

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
