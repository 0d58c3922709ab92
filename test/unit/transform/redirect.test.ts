import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { redirectLocation } from "../../../src/transform/redirect.ts";
import { parseTemplate, templateValues } from "../../../src/transform/template.ts";
import { factsOf } from "../../support/facts.ts";

const PARAMS = ["rest", "id"];

function location(to: string, input: { rest?: string; id?: string; query?: string; url?: string } = {}): string {
  const parsed = parseTemplate(to, PARAMS);
  if (!parsed.ok) throw new Error(parsed.error.message);
  const values = templateValues(factsOf({ url: input.url ?? "http://shop.test/a?q=1" }), {
    requestId: "r1",
    params: { rest: input.rest ?? "", id: input.id ?? "" },
  });
  return redirectLocation({ to: parsed.value, preserveQuery: input.query !== undefined }, input.query ?? "", values);
}

test.each([
  ["/new", {}, "/new"],
  ["/new/{rest}", { rest: "a/b%20c" }, "/new/a/b%20c"],
  ["/new?page={rest}", { rest: "a/b" }, "/new?page=a/b"],
  ["https://{host}{path}?{query}", {}, "https://shop.test/a?q=1"],
  ["{scheme}://{hostname}/x", {}, "http://shop.test/x"],
  ["{path}/", {}, "/a/"],
  ["https://www.example.com/{rest}#top", { rest: "x" }, "https://www.example.com/x#top"],
  ["//cdn.example.com/{rest}", { rest: "x" }, "//cdn.example.com/x"],
  ["https://{id}.example.com/", { id: "tenant-1" }, "https://tenant-1.example.com/"],
  ["/caf\u00e9 x", {}, "/caf%C3%A9%20x"],
])("%s with %o leads to %s", (to, input, expected) => {
  expect(location(to, input)).toBe(expected);
});

describe("the query that is kept", () => {
  test.each([
    ["/n", "a=1&b=2", "/n?a=1&b=2"],
    ["/n", "", "/n"],
    ["/n?x=1", "a=1", "/n?x=1&a=1"],
    ["/n?a=9", "a=1&b=2&a=3", "/n?a=9&b=2"],
    ["/n?", "a=1", "/n?a=1"],
    ["/n#f", "a=1", "/n?a=1#f"],
    ["/n?x=1#f", "a=%zz&b=c d", "/n?x=1&a=%25zz&b=c%20d#f"],
    ["/n?{query}", "q=1", "/n?q=1"],
  ])("%s and %s: %s", (to, query, expected) => {
    expect(location(to, { query })).toBe(expected);
  });
});

describe("a visitor chooses no host", () => {
  test.each([
    ["/{rest}", "/evil.example", "/evil.example"],
    ["/{rest}", "\\evil.example", "/%5Cevil.example"],
    ["{rest}", "//evil.example", "/evil.example"],
    ["{rest}", "javascript:alert(1)", "/javascript:alert(1)"],
    ["{rest}", "https://evil.example", "/https://evil.example"],
    ["https://example.com{rest}", ".evil.example", "https://example.com/.evil.example"],
    ["https://example.com{rest}", "@evil.example", "https://example.com/@evil.example"],
    ["https://example.com:{rest}", "80@evil.example", "https://example.com:/80@evil.example"],
    ["https://{rest}.example.com/", "evil.example/", "https://evilexample.example.com/"],
    ["https://{rest}.example.com/", "user@evil", "https://userevil.example.com/"],
    ["/a?to={rest}", "x\r\nSet-Cookie: a", "/a?to=x%0D%0ASet-Cookie:%20a"],
    ["/a/{rest}", "x?y#z", "/a/x%3Fy%23z"],
  ])("%s with %j leads to %s", (to, rest, expected) => {
    expect(location(to, { rest })).toBe(expected);
  });

  test("whatever stands in a value, the host is the template's and the value one line of ASCII", () => {
    const value = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string({ unit: fc.constantFrom("/", "\\", ":", "@", ".", "?", "#", "a", "\t", "\n", "%2f", "[", "]") }),
    );
    const templates = [
      "/{rest}",
      "{rest}",
      "/x/{rest}?y={rest}",
      "https://fixed.example{rest}",
      "https://fixed.example/{rest}",
      "https://fixed.example/?{rest}",
      "//fixed.example{rest}",
    ];
    fc.assert(
      fc.property(fc.constantFrom(...templates), value, (to, rest) => {
        const target = location(to, { rest, query: rest.replaceAll("#", "") });
        expect(target).toMatch(/^[\x21-\x7e]*$/);
        expect(new URL(target, "https://own.example/").hostname).toBe(to.includes("fixed") ? "fixed.example" : "own.example");
      }),
      { numRuns: 1000 },
    );
  });
});
