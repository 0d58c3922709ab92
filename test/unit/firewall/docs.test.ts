import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { renderDiagnostic } from "../../../src/expression/diagnostics.ts";
import { parseExpression } from "../../../src/expression/parse.ts";
import { withLists } from "../../../src/expression/scheme.ts";
import { ruleScheme } from "../../../src/firewall/fields.ts";

const page = readFileSync(join(import.meta.dirname, "../../../docs/rules.md"), "utf8");
const recipes = Array.from(page.matchAll(/```rules\n([\s\S]*?)```/g), ([, source]) => [source?.trim() ?? ""] as const);
const scheme = withLists(
  ruleScheme,
  new Map([
    ["office", "Ip"],
    ["scrapers", "Bytes"],
    ["hosters", "Int"],
  ]),
);

test("the page has a dozen recipes", () => {
  expect(recipes.length).toBeGreaterThanOrEqual(12);
});

test.each(recipes)("the recipe is correct and not doubtful: %s", (source) => {
  const parsed = parseExpression(source, scheme);
  const problems = parsed.ok ? parsed.value.warnings : parsed.error;
  expect(problems.map((problem) => renderDiagnostic(source, problem))).toEqual([]);
});
