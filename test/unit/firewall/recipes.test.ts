// The recipes of docs/rules.md as their readers paste them: each compiles without a warning and passes its own tests, and those
// tests would notice a rule that does the opposite.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { buildConfig, type BuildOutput } from "../../../src/config/build.ts";
import { formatDiagnostic } from "../../../src/config/diagnostic.ts";
import { loadRuleset } from "../../../src/config/load.ts";
import { decide, type Decision } from "../../../src/decide.ts";
import { factsOf, type FactsInput } from "../../support/facts.ts";

interface RecipeRule {
  readonly id: string;
  readonly when: string;
  readonly tests?: { readonly match?: readonly unknown[]; readonly pass?: readonly unknown[] };
}

interface Recipe {
  readonly title: string;
  readonly lists: Readonly<Record<string, unknown>>;
  readonly firewall: readonly RecipeRule[];
}

const NOW_MS = Date.UTC(2026, 10, 25);

const page = readFileSync(join(import.meta.dirname, "../../../docs/rules.md"), "utf8");

const recipes: readonly Recipe[] = section("Recipes")
  .split(/^### /m)
  .slice(1)
  .map((text) => {
    const title = text.slice(0, text.indexOf("\n"));
    const blocks = Array.from(text.matchAll(/```yaml\n([\s\S]*?)```/g), ([, source]) => source ?? "");
    if (blocks.length !== 1) throw new Error(`"${title}" has ${blocks.length} blocks of YAML`);
    return { title, lists: {}, ...(parse(blocks[0] ?? "") as Omit<Recipe, "title" | "lists">) };
  });

/** A second-level section of the page. */
function section(title: string): string {
  const start = page.indexOf(`\n## ${title}\n`);
  const end = page.indexOf("\n## ", start + 1);
  if (start < 0 || end < 0) throw new Error(`the page has no section ${title}`);
  return page.slice(start, end);
}

interface Parts {
  readonly lists: Readonly<Record<string, unknown>>;
  readonly firewall: readonly unknown[];
}

async function build({ lists, firewall }: Parts): Promise<{ readonly output: BuildOutput; readonly problems: readonly string[] }> {
  const config = {
    sites: [
      {
        name: "shop",
        hosts: ["www.example.com", "example.com", "*.example.com"],
        routes: [
          { path: "/*", pool: "web" },
          { path: "/beta/*", pool: "canary" },
        ],
      },
    ],
    pools: { web: { origins: ["https://web.example.net"] }, canary: { origins: ["https://canary.example.net"] } },
    lists,
    firewall,
  };
  // JSON is YAML.
  const text = JSON.stringify(config, null, 1);
  const output = await buildConfig({ entry: "recipe.yaml", files: { "recipe.yaml": text }, mode: "production", nowMs: NOW_MS });
  return { output, problems: output.diagnostics.map((diagnostic) => formatDiagnostic(diagnostic, text)) };
}

test("there are twenty recipes and more, each rule with a name of its own", () => {
  expect(recipes.length).toBeGreaterThanOrEqual(20);
  const ids = recipes.flatMap(({ firewall }) => firewall.map(({ id }) => id));
  expect(ids).toEqual([...new Set(ids)]);
});

describe.each(recipes.map((recipe) => [recipe.title, recipe] as const))("%s", (_title, recipe) => {
  test("compiles without a warning and passes its tests", async () => {
    expect((await build(recipe)).problems).toEqual([]);
  });

  test("brings tests of both kinds", () => {
    for (const { when, tests } of recipe.firewall) {
      // The score of a test is 0: a rule about it cannot be shown to match.
      if (!when.includes("bw.score")) expect(tests?.match?.length).toBeGreaterThan(0);
      expect(tests?.pass?.length).toBeGreaterThan(0);
    }
  });

  test("its tests fail when they are turned round", async () => {
    const firewall = recipe.firewall.map((rule) => ({ ...rule, tests: { match: rule.tests?.pass ?? [], pass: rule.tests?.match ?? [] } }));
    const { output } = await build({ ...recipe, firewall });
    const failed = output.diagnostics.filter(({ code }) => code === "rule-test");
    const count = firewall.reduce((sum, { tests }) => sum + tests.match.length + tests.pass.length, 0);
    expect(failed).toHaveLength(count);
  });
});

/** What a request of a visitor comes to under one recipe, before the cache. */
async function decided(title: string, request: FactsInput): Promise<Decision> {
  const recipe = recipes.find((each) => each.title === title);
  if (recipe === undefined) throw new Error(`there is no recipe "${title}"`);
  const { output } = await build(recipe);
  if (output.snapshot === null) throw new Error(`"${title}" does not compile`);
  return decide(loadRuleset(output.snapshot, "0".repeat(64)), factsOf(request), "request-1");
}

const ANSWERS: readonly (readonly [title: string, request: FactsInput, answer: Readonly<Record<string, unknown>>])[] = [
  ["Block a path", { url: "https://www.example.com/wp-login.php" }, { kind: "error", error: { code: "blocked", status: 403 } }],
  ["Files that nobody should ask for", { url: "https://www.example.com/.env" }, { kind: "error", error: { status: 404 } }],
  ["Geo fence", { url: "https://www.example.com/betting/" }, { kind: "page", status: 451, body: "Not available in your country." }],
  ["The form of an API key", { url: "https://www.example.com/api/x" }, { kind: "page", status: 401, contentType: "application/json" }],
  ["Maintenance page", { url: "https://www.example.com/shop/" }, { kind: "page", status: 503, contentType: "text/html; charset=utf-8" }],
  [
    "Old paths to new ones",
    { url: "https://www.example.com/blog/2024/hello?page=2" },
    { kind: "redirect", status: 301, location: "/articles/2024/hello?page=2" },
  ],
  [
    "One host for all",
    { url: "https://example.com/page?x=1" },
    { kind: "redirect", status: 308, location: "https://www.example.com/page?x=1" },
  ],
];

test.each(ANSWERS)("%s: the visitor gets what the recipe says", async (title, request, answer) => {
  const { outcome } = await decided(title, request);
  expect(outcome).toMatchObject({ kind: "answer", answer });
});

const PLANS: readonly (readonly [title: string, request: FactsInput, plan: Readonly<Record<string, unknown>>])[] = [
  ["Tracking parameters away", { url: "https://www.example.com/?utm_source=x&page=2&fbclid=1" }, { originRequest: { target: "/?page=2" } }],
  ["Some visitors to another pool", { url: "https://www.example.com/", headers: { Cookie: "group=b" } }, { pool: "canary" }],
  ["Some visitors to another pool", { url: "https://www.example.com/", headers: { Cookie: "group=a" } }, { pool: "web" }],
  ["No cache for who is logged in", { url: "https://www.example.com/", headers: { Cookie: "session=1" } }, { cache: { use: "bypass" } }],
  ["No cache for who is logged in", { url: "https://www.example.com/" }, { cache: { use: "cache" } }],
];

test.each(PLANS)("%s: the origin is asked as the recipe says", async (title, request, plan) => {
  const { outcome } = await decided(title, request);
  expect(outcome).toMatchObject({ kind: "proxy", plan });
});

test("Signs that add up: the signs of a request reach the rule that compares them", async () => {
  const request = { url: "https://www.example.com/", headers: { "User-Agent": "curl/8.5" } };
  const { verdict } = await decided("Signs that add up", request);
  expect(verdict).toMatchObject({ score: 7, matched: [{ did: "score" }, { did: "score" }, { id: "too-many-signs", did: "would-block" }] });
});

test("all of them together make a config", async () => {
  const lists = Object.assign({}, ...recipes.map((recipe) => recipe.lists)) as Recipe["lists"];
  const { output } = await build({ lists, firewall: recipes.flatMap(({ firewall }) => firewall) });
  expect(output.diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  expect(output.snapshot?.rules.length).toBeGreaterThanOrEqual(20);
});

test("the first example of the page compiles, too", async () => {
  const example = parse(/```yaml\n(firewall:[\s\S]*?)```/.exec(page)?.[1] ?? "") as Pick<Recipe, "firewall">;
  const lists = { office: { kind: "ip", entries: ["203.0.113.0/24"] } };
  expect((await build({ lists, ...example })).problems).toEqual([]);
});
