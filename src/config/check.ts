// What the schema cannot say: that names lead somewhere, that nothing contradicts or hides anything else, that rules do what their
// tests say. Collects every problem; throws on none.

import type { Expression } from "../expression/ast.ts";
import { checkAlerts } from "./check/alerts.ts";
import { checkClient } from "./check/client.ts";
import type { CheckContext } from "./check/context.ts";
import { checkLists } from "./check/lists.ts";
import { checkPools } from "./check/pools.ts";
import { checkRouteOrder } from "./check/route-order.ts";
import { checkRoutes } from "./check/routes.ts";
import { checkRuleTests } from "./check/rule-tests.ts";
import { checkRules } from "./check/rules.ts";
import { checkSites } from "./check/sites.ts";
import { checkSticky } from "./check/sticky.ts";
import type { ListSnapshot } from "./snapshot.ts";

export interface CheckOutput {
  /** In the order of the rules; null where one is wrong. */
  readonly expressions: readonly (Expression | null)[];
  readonly lists: ReadonlyMap<string, ListSnapshot>;
}

/** Adds to `context.diagnostics`. */
export function checkConfig(context: CheckContext): CheckOutput {
  checkSites(context);
  checkRoutes(context);
  checkRouteOrder(context);
  checkPools(context);
  checkSticky(context);
  checkClient(context);
  checkAlerts(context);
  const lists = checkLists(context);
  const expressions = checkRules(context);
  checkRuleTests(context, expressions, lists);
  return { expressions, lists };
}
