import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { buildConfig, referencedFiles } from "../../../src/config/build.ts";
import { loadRuleset } from "../../../src/config/load.ts";
import { decide } from "../../../src/decide.ts";
import * as limits from "../../../src/limits.ts";
import { factsOf } from "../../support/facts.ts";
import { buildText, buildValue, errorCodes, NOW_MS, smallConfig } from "./build-helper.ts";

const EXAMPLES = join(import.meta.dirname, "../../../examples");

test.each(readdirSync(EXAMPLES).filter((name) => name.endsWith(".yaml")))("the example %s has no problem", async (name) => {
  const text = readFileSync(join(EXAMPLES, name), "utf8");
  const files = Object.fromEntries(
    referencedFiles(text).map((file) => [file, readFileSync(join(dirname(join(EXAMPLES, name)), file), "utf8")]),
  );
  const mode = text.includes("http://localhost") ? "local" : "production";
  const output = await buildConfig({ entry: name, files: { ...files, [name]: text }, mode, nowMs: NOW_MS });
  expect(output.diagnostics).toEqual([]);
  expect(output.snapshot).not.toBeNull();
});

test("referenced files are named once, as written", () => {
  const text = JSON.stringify(
    smallConfig({
      site: { errors: { 503: "./e.html", 404: "./e.html" }, maintenance: { page: "m.html" } },
      routes: [{ path: "/", respond: { file: "./r.txt" } }],
      more: { lists: { l: { kind: "string", file: "./l.txt" } } },
    }),
  );
  expect(referencedFiles(text)).toEqual(["m.html", "./e.html", "./r.txt", "./l.txt"]);
  expect(referencedFiles("a: [")).toEqual([]);
});

test("a file may be handed in with or without the leading ./", async () => {
  const value = smallConfig({ site: { errors: { 503: "./e.html" } } });
  expect(errorCodes(await buildValue(value, { files: { "e.html": "x" } }))).toEqual([]);
  expect(errorCodes(await buildValue(value, { files: { "./e.html": "x" } }))).toEqual([]);
  expect(errorCodes(await buildValue(value))).toEqual(["missing-file"]);
});

test("an origin on this machine is fine locally and an error in production", async () => {
  const value = smallConfig({ pool: { origins: ["http://localhost:9101"] } });
  expect(errorCodes(await buildValue(value, { mode: "local" }))).toEqual([]);
  expect(errorCodes(await buildValue(value))).toEqual(["local-origin"]);
});

test("warnings do not stop publishing", async () => {
  const { diagnostics, snapshot } = await buildValue(smallConfig({ pool: { origins: ["http://origin.example.net"] } }));
  expect(diagnostics.map(({ severity, code }) => [severity, code])).toEqual([["warning", "plain-http-origin"]]);
  expect(snapshot).not.toBeNull();
});

test("a rule that expires later is kept, one that expired is kept and warned of", async () => {
  const rule = (expires: string): unknown => ({ id: "r", when: "ip.src eq 192.0.2.1", action: "block", expires });
  const later = await buildValue(smallConfig({ more: { firewall: [rule("2026-11-01")] } }));
  expect(later.diagnostics).toEqual([]);
  expect(later.snapshot?.rules[0]?.expiresAtMs).toBe(Date.UTC(2026, 10, 2));
  const over = await buildValue(smallConfig({ more: { firewall: [rule("2026-10-31")] } }));
  expect(over.diagnostics.map((diagnostic) => diagnostic.code)).toEqual(["expired-rule"]);
  expect(over.snapshot).not.toBeNull();
});

test("rule tests run with the client's address, country and headers", async () => {
  const firewall = [
    {
      id: "r",
      when: 'ip.src eq 203.0.113.9 and ip.src.country eq "DE" and http.request.headers["x-a"][0] eq "1"',
      action: "block",
      tests: {
        match: [{ url: "/", address: "203.0.113.9", country: "DE", headers: { "X-A": "1" } }],
        pass: ["/", { url: "/", address: "203.0.113.9", country: "FR", headers: { "X-A": "1" } }],
      },
    },
  ];
  expect((await buildValue(smallConfig({ more: { firewall } }))).diagnostics).toEqual([]);
});

test("a published ruleset routes, and knows its lists and trusted proxies", async () => {
  const { snapshot } = await buildValue(
    smallConfig({
      routes: [{ path: "/api/:id", pool: "web" }],
      more: {
        lists: { bad: { kind: "ip", entries: ["192.0.2.0/24"] } },
        firewall: [
          { id: "bad", when: "ip.src in $bad", action: "block" },
          { id: "off", when: "ip.src in $bad", action: "block", enabled: false },
        ],
        client: { trustedProxies: ["198.51.100.0/24"] },
      },
    }),
  );
  if (snapshot === null) throw new Error("this config is good");
  const ruleset = loadRuleset(snapshot, "");
  const facts = factsOf({ url: "https://a.example.com/api/7", address: "192.0.2.7" });
  expect(ruleset.hosts.find("a.example.com")?.routes.match(facts)).toMatchObject({ kind: "route", params: { id: "7" } });
  expect(decide(ruleset, facts, "id").verdict.matched).toEqual([{ id: "bad", did: "block" }]);
  expect([ruleset.client.isTrustedProxy("198.51.100.7"), ruleset.client.isTrustedProxy("192.0.2.7")]).toEqual([true, false]);
});

const many = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

interface Limit {
  readonly name: string;
  readonly max: number;
  readonly make: (count: number) => unknown;
}

const rule = (index: number): unknown => ({ id: `r${index}`, when: "ip.src eq 192.0.2.1", action: "log" });
const languages = (count: number): readonly string[] => many(count).map((index) => `de-x${index}`);
const LIMITS: readonly Limit[] = [
  {
    name: "sites",
    max: limits.SITES_MAX,
    make: (count) => ({
      sites: many(count).map((index) => ({ name: `s${index}`, hosts: [`s${index}.example.com`], routes: [{ path: "/", respond: 204 }] })),
    }),
  },
  {
    name: "hosts",
    max: limits.SITE_HOSTS_MAX,
    make: (count) => smallConfig({ site: { hosts: many(count).map((index) => `h${index}.example.com`) } }),
  },
  {
    name: "routes",
    max: limits.SITE_ROUTES_MAX,
    make: (count) =>
      smallConfig({ routes: [{ path: "/*", pool: "web" }, ...many(count - 1).map((index) => ({ path: `/${index}`, respond: 204 }))] }),
  },
  {
    name: "conditions",
    max: limits.ROUTE_CONDITIONS_MAX,
    make: (count) =>
      smallConfig({
        routes: [{ path: "/*", pool: "web", when: { query: Object.fromEntries(many(count).map((index) => [`q${index}`, true])) } }],
      }),
  },
  {
    name: "header rules",
    max: limits.HEADER_RULES_MAX,
    make: (count) =>
      smallConfig({ site: { headers: { response: { set: Object.fromEntries(many(count).map((index) => [`x-${index}`, "1"])) } } } }),
  },
  {
    name: "characters of a header",
    max: limits.HEADER_VALUE_CHARS_MAX,
    make: (count) => smallConfig({ site: { headers: { response: { set: { "x-a": "v".repeat(count) } } } } }),
  },
  {
    name: "pools",
    max: limits.POOLS_MAX,
    make: (count) =>
      smallConfig({
        more: {
          pools: Object.fromEntries(
            many(count).map((index) => [index === 0 ? "web" : `p${index}`, { origins: ["https://o.example.net"] }]),
          ),
        },
      }),
  },
  {
    name: "origins",
    max: limits.POOL_ORIGINS_MAX,
    make: (count) => smallConfig({ pool: { origins: many(count).map((index) => `https://o${index}.example.net`) } }),
  },
  {
    name: "fallbacks in a chain",
    max: limits.POOL_FALLBACKS_MAX,
    make: (count) =>
      smallConfig({
        more: {
          pools: Object.fromEntries(
            many(count).map((index) => [
              index === 0 ? "web" : `p${index}`,
              { origins: ["https://o.example.net"], ...(index + 1 < count && { fallback: `p${index + 1}` }) },
            ]),
          ),
        },
      }),
  },
  {
    name: "lists",
    max: limits.LISTS_MAX,
    make: (count) =>
      smallConfig({ more: { lists: Object.fromEntries(many(count).map((index) => [`l${index}`, { kind: "string", entries: ["a"] }])) } }),
  },
  { name: "rules", max: limits.RULES_MAX, make: (count) => smallConfig({ more: { firewall: many(count).map(rule) } }) },
  {
    name: "tests of a rule",
    max: limits.RULE_TESTS_MAX,
    make: (count) =>
      smallConfig({
        more: { firewall: [{ id: "r", when: "ip.src eq 192.0.2.1", action: "log", tests: { pass: many(count).map(() => "/") } }] },
      }),
  },
  {
    name: "attempts",
    max: limits.RETRY_ATTEMPTS_MAX,
    make: (count) => smallConfig({ routes: [{ path: "/*", pool: "web", retry: count }] }),
  },
  {
    name: "bytes of a fixed answer",
    max: limits.PAGE_BYTES_MAX,
    make: (count) =>
      smallConfig({
        routes: [
          { path: "/*", pool: "web" },
          { path: "/x", respond: "x".repeat(count) },
        ],
      }),
  },
  {
    name: "weight",
    max: limits.ORIGIN_WEIGHT_MAX,
    make: (count) => smallConfig({ pool: { origins: [{ url: "https://o.example.net", weight: count }] } }),
  },
  {
    name: "seconds in the cache",
    max: limits.CACHE_LIFETIME_SECONDS_MAX,
    make: (count) => smallConfig({ routes: [{ path: "/*", pool: "web", cache: `${count}s` }] }),
  },
  {
    name: "languages of a key",
    max: limits.CACHE_LANGUAGES_MAX,
    make: (count) => smallConfig({ routes: [{ path: "/*", pool: "web", cache: { key: { language: languages(count) } } }] }),
  },
  {
    name: "languages of variants",
    max: limits.CACHE_LANGUAGES_MAX,
    make: (count) => smallConfig({ routes: [{ path: "/*", pool: "web", cache: { vary: { language: languages(count) } } }] }),
  },
  {
    name: "media types of variants",
    max: limits.CACHE_ACCEPT_TYPES_MAX,
    make: (count) =>
      smallConfig({ routes: [{ path: "/*", pool: "web", cache: { vary: { accept: many(count).map((index) => `image/x${index}`) } } }] }),
  },
  {
    name: "ignored headers",
    max: limits.CACHE_VARY_IGNORE_MAX,
    make: (count) =>
      smallConfig({ routes: [{ path: "/*", pool: "web", cache: { vary: { ignore: many(count).map((index) => `x-${index}`) } } }] }),
  },
  {
    name: "milliseconds that one request waits for another",
    max: limits.CACHE_COLLAPSE_MS_MAX,
    make: (count) => smallConfig({ routes: [{ path: "/*", pool: "web", cache: { collapse: `${count}ms` } }] }),
  },
  {
    name: "bytes of a request",
    max: limits.BODY_BYTES_MAX,
    make: (count) => smallConfig({ routes: [{ path: "/*", pool: "web", maxBody: `${count}B` }] }),
  },
  {
    name: "bytes of a stored answer",
    max: limits.CACHE_OBJECT_BYTES_MAX,
    make: (count) => smallConfig({ routes: [{ path: "/*", pool: "web", cache: { maxObject: `${count}B` } }] }),
  },
  {
    name: "bytes kept for a retry",
    max: limits.REPLAY_BYTES_MAX,
    make: (count) => smallConfig({ routes: [{ path: "/*", pool: "web", retry: { replay: `${count}B` } }] }),
  },
  {
    name: "milliseconds of a timeout",
    max: limits.TIMEOUT_MS_MAX,
    make: (count) => smallConfig({ routes: [{ path: "/*", pool: "web", timeout: `${count}ms` }] }),
  },
  {
    name: "milliseconds between health checks",
    max: limits.CHECK_INTERVAL_MS_MAX,
    make: (count) => smallConfig({ pool: { health: { interval: `${count}ms` } } }),
  },
];

describe("limits: as many as the limit, and one more", () => {
  test.each(LIMITS)("$name", { timeout: 60_000 }, async ({ max, make }) => {
    expect(errorCodes(await buildValue(make(max)))).toEqual([]);
    expect((await buildValue(make(max + 1))).snapshot).toBeNull();
  });

  test("milliseconds between health checks, from below", async () => {
    const value = (ms: number): unknown => smallConfig({ pool: { health: { interval: `${ms}ms`, timeout: "10ms" } } });
    expect(errorCodes(await buildValue(value(limits.CHECK_INTERVAL_MS_MIN)))).toEqual([]);
    expect(errorCodes(await buildValue(value(limits.CHECK_INTERVAL_MS_MIN - 1)))).toEqual(["out-of-range"]);
  });

  test("entries of a list in a file", async () => {
    const value = smallConfig({ more: { lists: { l: { kind: "asn", file: "./l.txt" } } } });
    const text = many(limits.LIST_ENTRIES_MAX).join("\n");
    expect(errorCodes(await buildValue(value, { files: { "./l.txt": text } }))).toEqual([]);
    expect(errorCodes(await buildValue(value, { files: { "./l.txt": `${text}\n1` } }))).toEqual(["list-too-long"]);
  });

  test("bytes of a page and of a list file", async () => {
    const page = smallConfig({ site: { errors: { 503: "./e.html" } } });
    expect(errorCodes(await buildValue(page, { files: { "./e.html": "x".repeat(limits.PAGE_BYTES_MAX) } }))).toEqual([]);
    expect(errorCodes(await buildValue(page, { files: { "./e.html": "x".repeat(limits.PAGE_BYTES_MAX + 1) } }))).toEqual([
      "file-too-large",
    ]);
    const list = smallConfig({ more: { lists: { l: { kind: "string", file: "./l.txt" } } } });
    const comment = `a\n#${"x".repeat(limits.CONFIG_REFERENCED_BYTES_MAX - 3)}`;
    expect(errorCodes(await buildValue(list, { files: { "./l.txt": comment } }))).toEqual([]);
    expect(errorCodes(await buildValue(list, { files: { "./l.txt": `${comment}x` } }))).toEqual(["file-too-large"]);
  });

  test("problems that are shown", async () => {
    const bad = (count: number): unknown => smallConfig({ more: Object.fromEntries(many(count).map((index) => [`unknown${index}`, 1])) });
    expect((await buildValue(bad(limits.CONFIG_DIAGNOSTICS_MAX))).diagnostics.map(({ code }) => code)).not.toContain("too-many-problems");
    const { diagnostics } = await buildValue(bad(limits.CONFIG_DIAGNOSTICS_MAX + 1));
    expect(diagnostics).toHaveLength(limits.CONFIG_DIAGNOSTICS_MAX);
    expect(diagnostics.at(-1)).toMatchObject({ code: "too-many-problems", message: "2 more problems are not shown." });
  });
});

test("host: preserve is planned for production, and has no effect locally, where nothing resolves the visitor's host to the origin", async () => {
  const value = smallConfig({
    routes: [{ path: "/*", pool: "web", host: "preserve" }],
    pool: { origins: ["https://origin.example.com"] },
  });
  const isPreserved = async (mode: "local" | "production"): Promise<unknown> => {
    const { snapshot } = await buildValue(value, { mode });
    if (snapshot === null) throw new Error("this config is good");
    return decide(loadRuleset(snapshot, ""), factsOf({ url: "https://a.example.com/" }), "id").outcome;
  };
  expect(await isPreserved("production")).toMatchObject({ plan: { originRequest: { resolveOverride: true } } });
  expect(await isPreserved("local")).toMatchObject({ plan: { originRequest: { resolveOverride: false } } });
  expect((await buildValue(value, { mode: "local" })).diagnostics.map(({ code }) => code)).toEqual(["host-preserve"]);
});

test("a route that says nothing has the default limits, and its largest request body passes while one byte more gets 413", async () => {
  const { snapshot } = await buildValue(smallConfig());
  if (snapshot === null) throw new Error("this config is good");
  const [route] = snapshot.sites[0]?.routes ?? [];
  expect(route).toMatchObject({
    bodyBytesMax: limits.BODY_BYTES_MAX_DEFAULT,
    action: {
      cache: { objectBytesMax: limits.CACHE_OBJECT_BYTES_MAX_DEFAULT },
      retry: { replayBytesMax: limits.REPLAY_BYTES_MAX_DEFAULT },
    },
  });
  const ruleset = loadRuleset(snapshot, "");
  const outcomeOf = (bytes: number): unknown => {
    const headers = { "content-length": String(bytes) };
    return decide(ruleset, factsOf({ method: "POST", url: "https://a.example.com/", hasBody: true, headers }), "id").outcome;
  };
  expect(outcomeOf(limits.BODY_BYTES_MAX_DEFAULT)).toMatchObject({ kind: "proxy" });
  expect(outcomeOf(limits.BODY_BYTES_MAX_DEFAULT + 1)).toMatchObject({ kind: "answer", answer: { error: { code: "body-too-large" } } });
});

test.each([
  [1000, 1000],
  [limits.CHECK_TIMEOUT_MS_DEFAULT_MAX - 1, limits.CHECK_TIMEOUT_MS_DEFAULT_MAX - 1],
  [limits.CHECK_TIMEOUT_MS_DEFAULT_MAX, limits.CHECK_TIMEOUT_MS_DEFAULT_MAX],
  [limits.CHECK_TIMEOUT_MS_DEFAULT_MAX + 1, limits.CHECK_TIMEOUT_MS_DEFAULT_MAX],
])("a health check every %i ms waits %i ms for its answer unless told otherwise", async (intervalMs, timeoutMs) => {
  const { snapshot } = await buildValue(smallConfig({ pool: { health: { interval: `${intervalMs}ms` } } }));
  expect(snapshot?.pools[0]?.health).toMatchObject({ intervalMs, timeoutMs });
});

test("a value of the wrong type anywhere is a diagnostic, never an exception", async () => {
  const whole = JSON.parse(
    JSON.stringify(
      smallConfig({
        site: { headers: { request: { set: { a: "b" } } }, errors: { 503: "./e.html" }, maintenance: { allow: ["192.0.2.1"] } },
        routes: [
          { path: "/*", pool: "web", cache: { key: { query: { only: ["a"] } } }, retry: { on: [503] }, when: { header: { a: true } } },
          { path: "/r", redirect: { to: "/x" } },
          { path: "/s", respond: { body: "x" } },
        ],
        pool: { health: { expect: [200] }, balance: { hash: { by: "cookie", name: "a" } }, circuit: { failures: 1 } },
        more: {
          lists: { l: { kind: "ip", entries: ["192.0.2.1"] } },
          firewall: [{ id: "r", when: "ip.src in $l", action: { block: {} }, tests: { match: [{ url: "/" }] } }],
          client: { trustedProxies: [] },
        },
      }),
    ),
  ) as unknown;
  const places = pathsOf(whole);
  const junk = fc.constantFrom<unknown>(null, true, 0, -1, 1e308, "", "x", "\u0000", [], {}, [[]], [null], { "": null }, { a: { b: [] } });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...places), junk, async (place, value) => {
      const output = await buildValue(replaced(whole, place, value), { files: { "./e.html": "x" } });
      expect(output.snapshot !== null || output.diagnostics.some(({ severity }) => severity === "error")).toBe(true);
    }),
    { numRuns: 600 },
  );
});

function pathsOf(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([name, member]) => pathsOf(member, [...path, name]))];
}

function replaced(value: unknown, [step, ...rest]: readonly string[], junk: unknown): unknown {
  if (step === undefined) return junk;
  const copy: unknown = structuredClone(value);
  const members = copy as Record<string, unknown>;
  members[step] = replaced(members[step], rest, junk);
  return copy;
}

test("all problems are reported at once, in the order of the file", async () => {
  const text = [
    "sites:",
    "  - name: a",
    "    hosts: [a.example.com]",
    "    rutes: []",
    "    routes:",
    "      - { path: /a, pool: nowhere }",
    "      - { path: /b, pol: web }",
    "pools:",
    "  web: { origins: [https://203.0.113.1], fallback: web2 }",
  ].join("\n");
  const { diagnostics, snapshot } = await buildText(text);
  expect(diagnostics.map(({ code, line }) => `${line} ${code}`)).toEqual([
    "4 unknown-key",
    "6 dangling-pool",
    "7 unknown-key",
    "9 address-origin",
    "9 dangling-pool",
  ]);
  expect(snapshot).toBeNull();
});
