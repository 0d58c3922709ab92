import fc from "fast-check";
import { expect, test } from "vitest";
import type { RouteSnapshot } from "../../../src/config/snapshot.ts";
import { createRouteTable } from "../../../src/routing/path-table.ts";
import { compareRoutes } from "../../../src/routing/specificity.ts";
import { factsOf, type FactsInput } from "../../support/facts.ts";
import { routeOf } from "../../support/routes.ts";

function matchIn(routes: readonly RouteSnapshot[], url: string, input: FactsInput = {}) {
  const sorted = [...routes].sort(compareRoutes);
  return createRouteTable(sorted).match(factsOf({ url: `http://shop.test${url}`, ...input }));
}

function pathOf(routes: readonly RouteSnapshot[], url: string, input: FactsInput = {}): string {
  const match = matchIn(routes, url, input);
  return match.kind === "route" ? match.route.path.source : match.kind;
}

const ROUTES = ["/*", "/", "/api/*", "/api/users/:id", "/api/users/me", "/img/*.png", "/img/thumb-*.png", "/img/:name", "/a/*/c"].map(
  (path) => routeOf(path),
);

test.each([
  ["/", "/"],
  ["/api", "/api/*"],
  ["/api/", "/api/*"],
  ["/api/x/y", "/api/*"],
  ["/apiary", "/*"],
  ["/api/users/7", "/api/users/:id"],
  ["/api/users/me", "/api/users/me"],
  ["/api/users/7/posts", "/api/*"],
  ["/api/users/", "/api/*"],
  ["/img/logo.png", "/img/*.png"],
  ["/img/thumb-1.png", "/img/thumb-*.png"],
  ["/img/thumb-.png", "/img/*.png"],
  ["/img/.png", "/img/:name"],
  ["/img/a.jpg", "/img/:name"],
  ["/a/b/c", "/a/*/c"],
  ["/a//c", "/*"],
  ["/API", "/*"],
])("%s is routed to %s", (url, path) => {
  expect(pathOf(ROUTES, url)).toBe(path);
});

test("parameters and the rest are handed over as in the canonical path", () => {
  const match = matchIn([routeOf("/u/:user/files/*")], "/u/%61nn/files/a/b%20c");
  expect(match).toMatchObject({ kind: "route", params: { user: "ann", rest: "a/b%20c" } });
});

test("a path without a route is no-path; a path for other methods names them", () => {
  const routes = [routeOf("/form", { methods: ["POST", "PUT"] }), routeOf("/form/*", { methods: ["DELETE"] })];
  expect(matchIn(routes, "/other")).toEqual({ kind: "no-path" });
  expect(matchIn(routes, "/form")).toEqual({ kind: "no-method", allow: ["DELETE", "POST", "PUT"] });
});

test("GET includes HEAD, and no other method", () => {
  const routes = [routeOf("/x", { methods: ["GET"] })];
  expect(pathOf(routes, "/x", { method: "HEAD" })).toBe("/x");
  expect(pathOf(routes, "/x", { method: "OPTIONS" })).toBe("no-method");
});

test("a route that fails its conditions leaves the path to a less specific one", () => {
  const beta = routeOf("/app/*", { conditions: [{ source: "cookie", name: "beta", equals: "1", negate: false }] });
  const routes = [beta, routeOf("/*")];
  expect(pathOf(routes, "/app/x", { headers: { cookie: "a=b; beta=1" } })).toBe("/app/*");
  expect(pathOf(routes, "/app/x", { headers: { cookie: "beta=10" } })).toBe("/*");
});

const segment = fc.constantFrom("a", "b", "c.png", "x-c.png", ":p", "*", "*.png", "x-*.png");
const pattern = fc
  .tuple(fc.array(segment, { maxLength: 4 }), fc.boolean())
  .map(([parts, rest]) => `/${[...parts, ...(rest ? ["*"] : [])].join("/")}`);
const path = fc.array(fc.constantFrom("a", "b", "c.png", "x-c.png", "d", ".png"), { maxLength: 5 }).map((parts) => `/${parts.join("/")}`);

/** Tries every route on its own, then takes the most specific of those that match. */
function oracle(routes: readonly RouteSnapshot[], url: string): string {
  const matching = routes.filter((route) => pathOf([route], url) !== "no-path");
  return [...matching].sort(compareRoutes)[0]?.path.source ?? "no-path";
}

test("the table picks what an oracle that tries every route picks", () => {
  fc.assert(
    fc.property(fc.uniqueArray(pattern, { maxLength: 8 }), path, (patterns, url) => {
      const routes = patterns.map((source) => routeOf(source));
      expect(pathOf(routes, url)).toBe(oracle(routes, url));
    }),
    { numRuns: 2000 },
  );
});
