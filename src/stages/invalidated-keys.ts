// The keys whose stored answers an unsafe request makes unusable (RFC 9111 4.4): those that a GET of its URLs would have, by the policy
// of the route that would answer it, not of the route that took the POST. Pure. Called by `invalidate.ts`.

import { invalidatedUrls } from "../cache/invalidate.ts";
import { cacheKey, urlOfKey } from "../cache/key.ts";
import type { Facts } from "../facts.ts";
import type { Plan } from "../plan.ts";
import type { Route } from "../ruleset.ts";

/** Each once, without what a route adds: a mark is for all keys of the URL. */
export function invalidatedKeys(facts: Facts, plan: Pick<Plan, "site" | "route" | "isRuled">, response: Response): readonly string[] {
  const urls = invalidatedUrls(facts, response);
  if (urls.length === 0) return [];
  const keys = urls.map(({ path, query }) => keyOfGet({ ...facts, method: "GET", path, rawPath: path, query }, plan));
  // Where a rule has moved the path, the route is that of the path before: by the new path another one would be found, or none.
  if (plan.isRuled) keys.push(keyOf(facts, plan.route));
  return [...new Set(keys)].filter((key) => key !== null);
}

function keyOfGet(facts: Facts, { site }: Pick<Plan, "site">): string | null {
  const match = site.routes.match(facts);
  return match.kind === "route" ? keyOf(facts, match.route) : null;
}

function keyOf(facts: Facts, { action }: Route): string | null {
  return action.kind !== "proxy" || action.cache.mode === "bypass" ? null : urlOfKey(cacheKey(facts, action.cache.key).key);
}
