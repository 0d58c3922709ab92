// Which rules look into which lists: in their condition, or in what a rate limit counts. No other part of a rule can.

import type { Snapshot } from "../../src/config/snapshot.ts";
import { listsOf } from "../../src/expression/may-hold.ts";
import { unpackExpressions } from "../../src/expression/pack.ts";

/** Ids of rules in their order, by the list's name. */
export function rulesByList({ rules, subjects }: Snapshot): ReadonlyMap<string, readonly string[]> {
  const expressions = unpackExpressions({ subjects, expressions: rules.map(({ expression }) => expression) });
  const users = new Map<string, string[]>();
  for (const [index, { id, action }] of rules.entries()) {
    const counted = action.kind === "rateLimit" && action.count !== null ? [action.count] : [];
    const own = expressions[index];
    const names = new Set([...(own === undefined ? [] : [own]), ...counted].flatMap((expression) => [...listsOf(expression)]));
    for (const name of names) users.set(name, [...(users.get(name) ?? []), id]);
  }
  return users;
}
