// What the schema cannot say: that names lead somewhere, that nothing contradicts or hides anything else, that rules do what their
// tests say. Collects every problem; throws on none.

import { checkAlerts } from "./check/alerts.ts";
import { checkClient } from "./check/client.ts";
import type { CheckContext } from "./check/context.ts";
import { checkInspection } from "./check/inspection.ts";
import { checkLists } from "./check/lists.ts";
import { checkPools } from "./check/pools.ts";
import { checkRouteOrder } from "./check/route-order.ts";
import { checkRoutes } from "./check/routes.ts";
import { checkRuleLogic } from "./check/rule-logic.ts";
import { checkRuleTests } from "./check/rule-tests.ts";
import { checkRules, type CheckedRule } from "./check/rules.ts";
import { checkSites } from "./check/sites.ts";
import { checkSticky } from "./check/sticky.ts";
import type { ListContent } from "./snapshot.ts";

export interface CheckOutput {
  /** Expressions of the rules, in their order; null where one is wrong. */
  readonly rules: readonly CheckedRule[];
  readonly lists: ReadonlyMap<string, ListContent>;
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
  checkInspection(context);
  const rules = checkRules(context);
  checkRuleLogic(context, rules);
  checkRuleTests(context, rules, lists);
  return { rules, lists };
}
