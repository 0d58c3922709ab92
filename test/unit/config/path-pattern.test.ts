import { expect, test } from "vitest";
import { canonicalText, paramNames, parsePathPattern } from "../../../src/config/path-pattern.ts";
import { ROUTE_SEGMENTS_MAX } from "../../../src/limits.ts";
import { canonicalPath } from "../../../src/http/url.ts";
import fc from "fast-check";

test.each([
  ["/", { segments: [{ kind: "literal", text: "" }], rest: false }],
  ["/*", { segments: [], rest: true }],
  ["/a/*", { segments: [{ kind: "literal", text: "a" }], rest: true }],
  [
    "/a/",
    {
      segments: [
        { kind: "literal", text: "a" },
        { kind: "literal", text: "" },
      ],
      rest: false,
    },
  ],
  ["/:id", { segments: [{ kind: "param", name: "id" }], rest: false }],
  [
    "/*/b",
    {
      segments: [
        { kind: "param", name: null },
        { kind: "literal", text: "b" },
      ],
      rest: false,
    },
  ],
  ["/x-*.png", { segments: [{ kind: "glob", prefix: "x-", suffix: ".png" }], rest: false }],
  [
    "=/:id/*",
    {
      segments: [
        { kind: "literal", text: ":id" },
        { kind: "literal", text: "*" },
      ],
      rest: false,
    },
  ],
])("%s is parsed", (source, expected) => {
  expect(parsePathPattern(source)).toEqual({ ok: true, value: { source, ...expected } });
});

test("the problem names the segment it is in", () => {
  const parsed = parsePathPattern("/shop/:id/:id");
  expect(parsed.ok ? null : parsed.error.index).toBe("/shop/:id/".length);
});

test("parameters and the rest are what templates may name", () => {
  const parsed = parsePathPattern("/:a/*/:b/*");
  expect(parsed.ok && paramNames(parsed.value)).toEqual(["a", "b", "rest"]);
});

test("a path may have as many segments as the limit says, and not one more", () => {
  expect(parsePathPattern("/a".repeat(ROUTE_SEGMENTS_MAX)).ok).toBe(true);
  expect(parsePathPattern("/a".repeat(ROUTE_SEGMENTS_MAX + 1)).ok).toBe(false);
});

test.each([
  ["café", "caf%C3%A9"],
  ["caf%c3%a9", "caf%C3%A9"],
  ["%7Euser", "~user"],
  ["a%2fb", "a%2Fb"],
  ["a b", "a%20b"],
  ["100%", "100%"],
])("%s is matched as %s", (text, expected) => {
  expect(canonicalText(text)).toBe(expected);
});

test("a literal segment is written the way requests are: the canonical path of its own text is itself", () => {
  const segment = fc
    .stringMatching(/^([A-Za-z0-9._~!$&'()+,;=:@-]|%[0-9A-Fa-f]{2}){1,12}$/)
    .filter((text) => !["", ".", ".."].includes(canonicalText(text)));
  fc.assert(
    fc.property(segment, (text) => {
      const { path, problem } = canonicalPath(`/${text}`);
      fc.pre(problem === null && !path.slice(1).includes("/"));
      expect(`/${canonicalText(text)}`).toBe(path);
    }),
  );
});
