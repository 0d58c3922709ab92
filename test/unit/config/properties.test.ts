// Properties of the whole way from text to ruleset, on configs that are made up at random.

import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeSnapshot } from "../../../src/config/encode.ts";
import { loadRuleset } from "../../../src/config/load.ts";
import { normalizeConfig } from "../../../src/config/normalize.ts";
import { configSchema } from "../../../src/config/schema.ts";
import type { PathSnapshot, RouteSnapshot, SiteSnapshot, Snapshot } from "../../../src/config/snapshot.ts";
import type { Facts } from "../../../src/facts.ts";
import { compareRoutes } from "../../../src/routing/specificity.ts";
import { factsOf } from "../../support/facts.ts";
import { buildValue } from "./build-helper.ts";

const segment = fc.constantFrom("a", "b", "c", "x-*", "*.png", "*", ":p", ":q", "caf%C3%A9");
const path = fc
  .tuple(fc.array(segment, { maxLength: 3 }), fc.constantFrom("", "/", "/*"))
  .map(([parts, end]) => `/${[...new Set(parts)].join("/")}${end}`.replace("//", "/"));
const when = fc.record({
  header: fc.dictionary(fc.constantFrom("x-a", "x-b"), fc.constantFrom<unknown>(true, false, "1", { not: "1" }), { maxKeys: 1 }),
  query: fc.dictionary(fc.constant("v"), fc.constantFrom<unknown>(true, "1"), { maxKeys: 1 }),
});
const methods = fc.option(fc.subarray(["GET", "HEAD", "POST"], { minLength: 1 }), { nil: undefined });
const action = fc.constantFrom<Readonly<Record<string, unknown>>>(
  { respond: 204 },
  { redirect: "/x" },
  { pool: "web" },
  { pool: "api", cache: "bypass", timeout: "5s", retry: "off" },
  { pool: "web", cache: { edge: "30d" }, retry: 2 },
);
const route = fc.record({ path, methods, when, action }).map(({ action: what, ...match }) => ({ ...match, ...what }));
const site = fc.record({
  routes: fc.array(route, { minLength: 1, maxLength: 8 }),
  hsts: fc.constantFrom<unknown>(true, false, "30d", { preload: true, includeSubdomains: true }),
  maintenance: fc.constantFrom<unknown>(true, false, { retryAfter: "5m", allow: ["192.0.2.0/24"] }),
  https: fc.constantFrom("allow", "redirect"),
});
const pools = {
  web: { origins: ["https://o1.example.net", { url: "https://o2.example.net", weight: 2 }], health: "/up" },
  api: { origins: ["https://o3.example.net"], balance: "hash", fallback: "web" },
};
const config = fc.array(site, { minLength: 1, maxLength: 3 }).map((sites) => ({
  sites: sites.map((one, index) => ({ ...one, name: `s${index}`, hosts: [`s${index}.example.com`, `*.s${index}.example.com`] })),
  pools,
}));

/** Keys of every mapping, and the order of sites and routes, turned around. */
function reordered(value: unknown, key = ""): unknown {
  if (Array.isArray(value)) return (key === "sites" || key === "routes" ? value.toReversed() : value).map((item) => reordered(item));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([name, member]) => [name, reordered(member, name)]),
  );
}

/** Null when the made-up config has routes that tie, or the like. */
async function snapshotOf(value: unknown): Promise<Snapshot | null> {
  return (await buildValue(JSON.parse(JSON.stringify(value)))).snapshot;
}

test("normalizing a normal config changes nothing", () => {
  fc.assert(
    fc.property(config, (value) => {
      const once = normalizeConfig(configSchema.parse(JSON.parse(JSON.stringify(value))));
      expect(normalizeConfig(configSchema.parse(once))).toEqual(once);
    }),
  );
});

test("the same config in another order compiles to the same bytes", async () => {
  await fc.assert(
    fc.asyncProperty(config, async (value) => {
      const [one, other] = [await snapshotOf(value), await snapshotOf(reordered(value))];
      const textOf = (snapshot: Snapshot | null): string | null => snapshot && encodeSnapshot(snapshot);
      expect(textOf(other)).toBe(textOf(one));
    }),
  );
});

const requestPath = fc
  .array(fc.constantFrom("a", "b", "c", "x-1", "y.png", "x-1.png", "z", "caf%C3%A9", ""), { maxLength: 4 })
  .map((parts) => `/${parts.join("/")}`.replace(/\/{2,}/g, "/"));
const request = fc.record({
  path: requestPath,
  method: fc.constantFrom("GET", "HEAD", "POST", "PUT"),
  a: fc.option(fc.constantFrom("1", "2"), { nil: undefined }),
  query: fc.constantFrom("", "?v=1", "?v=2"),
});

test("a loaded ruleset finds the route that trying every route finds", async () => {
  await fc.assert(
    fc.asyncProperty(config, fc.array(request, { minLength: 5, maxLength: 20 }), async (value, requests) => {
      const snapshot = await snapshotOf(value);
      fc.pre(snapshot !== null);
      const ruleset = loadRuleset(snapshot, "");
      for (const { path: at, method, a, query } of requests) {
        for (const siteSnapshot of snapshot.sites) {
          const facts = factsOf({
            method,
            url: `https://${siteSnapshot.name}.example.com${at}${query}`,
            headers: a === undefined ? {} : { "x-a": a },
          });
          const found = ruleset.hosts.find(facts.hostname)?.routes.match(facts);
          expect(found?.kind === "route" ? found.route.id : null).toBe(byTryingAll(siteSnapshot, facts)?.id ?? null);
        }
      }
    }),
    { numRuns: 300 },
  );
});

/** The oracle: every route that matches, by the plainest means, and of those the most specific. */
function byTryingAll(siteSnapshot: SiteSnapshot, facts: Facts): RouteSnapshot | null {
  const matching = siteSnapshot.routes.filter(
    (candidate) => patternOf(candidate.path).test(facts.path) && methodFits(candidate, facts) && conditionsFit(candidate, facts),
  );
  return matching.toSorted(compareRoutes)[0] ?? null;
}

function patternOf({ segments, rest }: PathSnapshot): RegExp {
  const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const parts = segments.map((part) => {
    if (part.kind === "literal") return escape(part.text);
    return part.kind === "glob" ? `${escape(part.prefix)}[^/]+${escape(part.suffix)}` : "[^/]+";
  });
  return new RegExp(`^${parts.map((part) => `/${part}`).join("")}${rest ? "(/.*)?" : ""}$`);
}

function methodFits({ methods: named }: RouteSnapshot, { method }: Facts): boolean {
  return named === null || named.includes(method) || (method === "HEAD" && named.includes("GET"));
}

function conditionsFit({ conditions }: RouteSnapshot, facts: Facts): boolean {
  return conditions.every(({ source, name, equals, negate }) => {
    const value = source === "header" ? facts.headers.get(name) : new URLSearchParams(facts.query).get(name);
    return (equals === null ? value !== null : value === equals) !== negate;
  });
}

test("the order of routes is total: it does not depend on where sorting starts", async () => {
  await fc.assert(
    fc.asyncProperty(config, fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), async (value, random) => {
      const snapshot = await snapshotOf(value);
      fc.pre(snapshot !== null);
      for (const { routes } of snapshot.sites) {
        const shuffled = routes.map((one) => ({ one, at: random.next().value })).toSorted((x, y) => x.at - y.at);
        expect(shuffled.map(({ one }) => one).toSorted(compareRoutes)).toEqual(routes);
      }
    }),
  );
});

test("what a config compiles to is frozen where requests share it", async () => {
  const snapshot = await snapshotOf({ sites: [{ name: "a", hosts: ["*"], routes: [{ path: "/*", respond: 204 }] }] });
  if (snapshot === null) throw new Error("this config is good");
  const ruleset = loadRuleset(snapshot, "abc");
  expect(ruleset.release).toBe("abc");
  expect(Object.isFrozen(ruleset)).toBe(true);
  expect(Object.isFrozen(ruleset.hosts.find("any.example.com"))).toBe(true);
  expect(Object.isFrozen(ruleset.rules)).toBe(true);
});
