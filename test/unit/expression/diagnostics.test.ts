import { expect, test } from "vitest";
import { nearestName, renderDiagnostic } from "../../../src/expression/diagnostics.ts";
import { parseExpression } from "../../../src/expression/parse.ts";
import { scheme } from "./scheme.ts";

const render = (source: string): string => {
  const parsed = parseExpression(source, scheme);
  return parsed.ok ? "no error" : parsed.error.map((diagnostic) => renderDiagnostic(source, diagnostic)).join("\n");
};

test("a misspelt field is underlined, and the nearest one suggested", () => {
  expect(render('flag and txet eq "a"')).toBe(
    ['flag and txet eq "a"', "         ^^^^", "there is no field named txet", "fix: did you mean text?"].join("\n"),
  );
});

test("the end of the source has a caret too", () => {
  expect(render("text eq")).toBe(
    [
      "text eq",
      "       ^",
      "eq needs a value after it",
      "expected: a literal",
      "fix: write the text, the number or the address to compare with",
    ].join("\n"),
  );
});

test("only the line with the problem is shown", () => {
  expect(render('flag and\n  number eq "1"\nand flag')).toBe(
    ['  number eq "1"', "            ^^^", "an integer is written without quotes", "fix: write 1"].join("\n"),
  );
});

test("a problem inside a regular expression is shown at its place", () => {
  expect(render('text matches r#"ab(?=c)"#')).toBe(
    [
      'text matches r#"ab(?=c)"#',
      "                  ^",
      "look-around is not supported: it has no linear-time form",
      "fix: write two conditions joined with and / and not",
    ].join("\n"),
  );
});

test("a long line is cut on both sides", () => {
  const rendered = render(`${"flag and ".repeat(40)}txet eq "a"${" and flag".repeat(40)}`).split("\n");
  expect(rendered[0]).toMatch(/^….*txet eq "a".*…$/);
  expect(rendered[0]?.slice(rendered[1]?.indexOf("^")).startsWith("txet")).toBe(true);
});

test("control characters do not move the caret", () => {
  expect(render("flag\tand flag").split("\n").slice(0, 2)).toEqual(["flag and flag", "    ^"]);
});

test("characters that cannot be seen are not sent to a terminal", () => {
  expect(render("text eq \u202eabc")).not.toMatch(/\u202e/);
  expect(render('flag and "\u001b[31m" eq text')).not.toMatch(/\u001b/);
});

test("a cut never goes through the middle of a character", () => {
  const rendered = render(`text eq "${"😀".repeat(100)}" and txet eq 1 and text eq "${"😀".repeat(100)}"`);
  expect(rendered.isWellFormed()).toBe(true);
});

test.each([
  ["http.hosts", "http.host"],
  ["http.request.uri_path", "http.request.uri.path"],
  ["IP.SRC", "ip.src"],
  ["completely.else", null],
])("nearest to %s is %s", (name, nearest) => {
  expect(nearestName(name, ["http.host", "http.request.uri.path", "ip.src"])).toBe(nearest);
});
