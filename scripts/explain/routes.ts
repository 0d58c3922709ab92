// Why each route of a site was or was not taken for a request. Pure: asks the Worker's own route table about one route at a time,
// so that it cannot disagree with it.

import type { RouteSnapshot } from "../../src/config/snapshot.ts";
import type { Facts } from "../../src/facts.ts";
import { createRouteTable } from "../../src/routing/path-table.ts";
import { conditionsHold } from "../../src/routing/conditions.ts";

export type RouteReason = "taken" | "path" | "method" | "condition" | "less-specific";

export interface RouteVerdict {
  readonly id: string;
  readonly reason: RouteReason;
  /** In words, for a person. */
  readonly why: string;
}

/** @param taken - Id of the route that the decision took; null when there was none. */
export function explainRoutes(routes: readonly RouteSnapshot[], facts: Facts, taken: string | null): readonly RouteVerdict[] {
  return routes.map((route) => {
    const { reason, why } =
      route.id === taken ? { reason: "taken" as const, why: "the most specific that holds" } : missReason(route, facts);
    return { id: route.id, reason, why };
  });
}

function missReason(route: RouteSnapshot, facts: Facts): Omit<RouteVerdict, "id"> {
  const anyMethod = { ...route, methods: null, conditions: [] };
  if (createRouteTable([anyMethod]).match(facts).kind !== "route")
    return { reason: "path", why: `the path does not fit ${route.path.source}` };
  const failed = route.conditions.find((condition) => !conditionsHold([condition], facts));
  if (failed !== undefined) {
    const wanted = failed.equals === null ? "is there" : `is ${JSON.stringify(failed.equals)}`;
    return { reason: "condition", why: `it wants that the ${failed.source} ${failed.name} ${wanted}${failed.negate ? ", negated" : ""}` };
  }
  if (createRouteTable([route]).match(facts).kind !== "route")
    return { reason: "method", why: `it takes ${(route.methods ?? []).join(", ")} only` };
  return { reason: "less-specific", why: "it fits, but a more specific route does, too" };
}
