import { expect, test } from "vitest";
import { comparePaths, compareRoutes } from "../../../src/routing/specificity.ts";
import { pathOf, routeOf, type RouteInput } from "../../support/routes.ts";

const header = (name: string) => ({ source: "header", name, equals: null, negate: false }) as const;

test.each<readonly [winner: string, loser: string]>([
  ["/a", "/*"],
  ["/a", "/:id"],
  ["/a", "/*.png"],
  ["/a", "/a/*"],
  ["/a/b", "/a/:id"],
  ["/a/:id", "/a/*"],
  ["/a/*.png", "/a/:id"],
  ["/a/thumb-*.png", "/a/*.png"],
  ["/a/ab*", "/a/*ab"],
  ["/a/:id/c", "/a/*"],
  ["/a/:id", "/:x/b"],
  ["/a/*", "/:x/b/c"],
  ["/", "/*"],
])("%s is more specific than %s", (winner, loser) => {
  expect(comparePaths(pathOf(winner), pathOf(loser))).toBeLessThan(0);
  expect(comparePaths(pathOf(loser), pathOf(winner))).toBeGreaterThan(0);
});

test.each([
  ["/users/:id", "/users/:name"],
  ["/a/*/c", "/a/:b/c"],
  ["/*", "/*"],
])("%s and %s match the same paths", (one, other) => {
  expect(comparePaths(pathOf(one), pathOf(other))).toBe(0);
});

test.each<readonly [string, RouteInput, RouteInput]>([
  ["more conditions win over fewer", { conditions: [header("a"), header("b")] }, { conditions: [header("a")] }],
  ["named methods win over any", { methods: ["GET"] }, {}],
  ["a named HEAD wins over a GET that would take it", { methods: ["HEAD"] }, { methods: ["GET"] }],
  ["conditions count before methods", { conditions: [header("a")] }, { methods: ["GET"] }],
])("on the same path, %s", (_rule, winner, loser) => {
  expect(compareRoutes(routeOf("/a", winner), routeOf("/a", loser))).toBeLessThan(0);
  expect(compareRoutes(routeOf("/a", loser), routeOf("/a", winner))).toBeGreaterThan(0);
});

test("the path counts before conditions and methods", () => {
  expect(compareRoutes(routeOf("/a/b"), routeOf("/a/:id", { methods: ["GET"], conditions: [header("a")] }))).toBeLessThan(0);
});
