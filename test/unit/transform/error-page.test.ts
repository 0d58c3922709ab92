import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { renderErrorPage, type ErrorPageInput } from "../../../src/transform/error-page.ts";

const blocked: ErrorPageInput = {
  status: 403,
  code: "blocked",
  title: "Access denied",
  message: "By the site's rules.",
  requestId: "0f3a",
  json: false,
  ruleId: "block-wp",
};

test("the page says what happened and names the request and the rule", () => {
  const page = renderErrorPage(blocked);
  expect(page.contentType).toBe("text/html; charset=utf-8");
  for (const text of ["<title>403 Access denied</title>", "By the site&#39;s rules.", "0f3a", "block-wp", 'lang="en"', "color-scheme"])
    expect(page.body).toContain(text);
});

test("the page loads nothing, runs nothing and is not indexed", () => {
  const { body } = renderErrorPage(blocked);
  expect(body).not.toMatch(/<script|<link|<img|<iframe|@import|url\(|https?:|src=|href=/i);
  expect(body).toContain('name="robots" content="noindex"');
});

test("JSON has the same facts for programs", () => {
  const page = renderErrorPage({ ...blocked, json: true });
  expect(page.contentType).toBe("application/json; charset=utf-8");
  expect(JSON.parse(page.body)).toEqual({
    error: { status: 403, code: "blocked", title: "Access denied", message: "By the site's rules.", requestId: "0f3a", ruleId: "block-wp" },
  });
});

test("without a rule none is named", () => {
  const { ruleId: _, ...input } = blocked;
  expect(renderErrorPage(input).body).not.toContain("Rule");
  expect(renderErrorPage({ ...input, json: true }).body).not.toContain("ruleId");
});

describe("everything is escaped", () => {
  test("markup in any field stays text", () => {
    const attack = `</title><script>alert("1")</script><b a='x'>&amp;`;
    const { body } = renderErrorPage({ ...blocked, title: attack, message: attack, requestId: attack, ruleId: attack });
    expect(body).not.toContain("<script");
    expect(body).toContain("&lt;script&gt;alert(&quot;1&quot;)");
    expect(body).toContain("&amp;amp;");
  });

  test("no text adds an element or breaks the JSON", () => {
    const tags = (body: string): number => body.split("<").length;
    const plain = tags(renderErrorPage(blocked).body);
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const fields = { title: text, message: text, requestId: text, ruleId: text };
        expect(tags(renderErrorPage({ ...blocked, ...fields }).body)).toBe(plain);
        expect(JSON.parse(renderErrorPage({ ...blocked, ...fields, json: true }).body)).toMatchObject({ error: fields });
      }),
    );
  });
});
