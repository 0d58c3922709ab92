import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RewriteSnapshot, Template } from "../../../src/config/snapshot.ts";
import { rewriteTarget } from "../../../src/transform/rewrite.ts";

const none: RewriteSnapshot = { strip: "", prefix: "", path: null, query: { remove: [], set: [] } };

function path(from: string, rewrite: Partial<RewriteSnapshot>, values: Record<string, string> = {}): string {
  return rewriteTarget({ path: from, query: "" }, { ...none, ...rewrite }, values).path;
}

test("without a rewrite every byte stays", () => {
  const target = { path: "/a//b/%7e%2f;x", query: "&a=%zz&&b+c" };
  expect(rewriteTarget(target, none, {})).toEqual(target);
});

describe("prefixes", () => {
  test.each([
    ["/static/a.css", "/static", "", "/a.css"],
    ["/static/", "/static", "", "/"],
    ["/static", "/static", "", "/"],
    ["/statics/a", "/static", "", "/statics/a"],
    ["/other", "/static", "", "/other"],
    ["/static/static/a", "/static", "", "/static/a"],
    ["/a", "", "/v2", "/v2/a"],
    ["/", "", "/v2", "/v2/"],
    ["/static/a", "/static", "/assets", "/assets/a"],
    ["/static", "/static", "/assets", "/assets"],
    // The raw path spells the prefix in another way than the route that matched.
    ["/%73tatic/a", "/static", "", "/a"],
    ["//static/a", "/static", "", "/a"],
    ["/static//a", "/static", "", "//a"],
  ])("%s without %j behind %j is %s", (from, strip, prefix, to) => {
    expect(path(from, { strip, prefix })).toBe(to);
  });

  test.each([
    ["/static/../static/y", "/static", "/y"],
    ["/static/..", "", "/"],
    ["/a/%2e%2e/b", "", "/b"],
    ["/a\\..\\..\\b", "", "/b"],
    ["/../x", "/static", "/x"],
    ["/.. ", "", "/..%20"],
    ["/.\t./x", "", "/.%09./x"],
  ])("%s cannot climb out of a base path", (from, strip, to) => {
    expect(path(from, { strip })).toBe(to);
  });
});

describe("paths", () => {
  const rest = (before: string, after = ""): Template => [before, { ref: "rest" }, after];
  test.each([
    [rest("/new/"), "a/b%20c", "/new/a/b%20c"],
    [rest("/new/"), "x?y#z", "/new/x%3Fy%23z"],
    [rest("/new/"), "../../etc", "/etc"],
    [rest("/new/", ".html"), "a", "/new/a.html"],
    [rest(""), "//evil.example/x", "/evil.example/x"],
    [rest("new/"), "a", "/new/a"],
    [rest("/a/"), "b c\r\nd\u00e9", "/a/b%20c%0D%0Ad%C3%A9"],
  ])("%j with %j is %s", (template, value, to) => {
    expect(path("/old", { path: template }, { rest: value })).toBe(to);
  });
});

describe("queries", () => {
  function query(from: string, rules: Partial<RewriteSnapshot["query"]>, values: Record<string, string> = {}): string {
    return rewriteTarget({ path: "/", query: from }, { ...none, query: { remove: [], set: [], ...rules } }, values).query;
  }

  test.each([
    ["a=1&b=2&a=3", ["a"], "b=2"],
    ["%61=1&b=2", ["a"], "b=2"],
    ["a+b=1&c", ["a b"], "c"],
    ["a=1", ["b"], "a=1"],
    ["&&a=%zz", ["b"], "&&a=%zz"],
    ["a=1", ["a"], ""],
  ])("%s without %j is %s", (from, remove, to) => {
    expect(query(from, { remove })).toBe(to);
  });

  test.each([
    ["a=1&b=2", "b", "x y", "a=1&b=x%20y"],
    ["b=1&a=1&b=2", "b", "9", "b=9&a=1"],
    ["a=1", "b", "x&y=z+#", "a=1&b=x%26y%3Dz%2B%23"],
    ["", "b", "", "b="],
    ["", "b", "a%2Fb", "b=a%2Fb"],
    ["", "q[]", "1", "q%5B%5D=1"],
  ])("%s with %s set to %s is %s", (from, name, value, to) => {
    expect(query(from, { set: [[name, [{ ref: "v" }]]] }, { v: value })).toBe(to);
  });

  test("a parameter that is removed and set is set", () => {
    expect(query("a=1&b=2", { remove: ["a"], set: [["a", ["3"]]] })).toBe("b=2&a=3");
  });
});

test("whatever comes in, the path stays one absolute path below any base", () => {
  const text = fc.string({
    unit: fc.oneof(
      fc.constantFrom("/", ".", "..", "%2e", "\\", "%2f", ";", "?", "#", "static", " "),
      fc.string({ unit: "binary", maxLength: 1 }),
    ),
  });
  fc.assert(
    fc.property(text, fc.constantFrom("", "/static", "/a/b"), fc.constantFrom("", "/v2"), (raw, strip, prefix) => {
      for (const result of [
        path(`/${raw.replaceAll(/[?#]/g, "")}`, { strip, prefix }),
        path("/", { path: ["/x/", { ref: "rest" }] }, { rest: raw }),
      ]) {
        expect(result.startsWith("/")).toBe(true);
        expect(new URL(`https://origin.example/base${result}`).pathname.startsWith("/base/")).toBe(true);
        expect(new URL(`https://origin.example/base${result}`).hostname).toBe("origin.example");
      }
    }),
    { numRuns: 1000 },
  );
});
