// Which rules look into which lists, whatever part of a rule it is: its condition, a value, or what a rate limit counts.

import type { Snapshot } from "../../src/config/snapshot.ts";

/** Ids of rules in their order, by the list's name. */
export function rulesByList(snapshot: Snapshot): ReadonlyMap<string, readonly string[]> {
  const users = new Map<string, string[]>();
  for (const rule of snapshot.rules) {
    const names = new Set<string>();
    collect(rule, names);
    for (const name of names) users.set(name, [...(users.get(name) ?? []), rule.id]);
  }
  return users;
}

/** A look-up is the one node of an expression with this operator. */
function collect(node: unknown, names: Set<string>): void {
  if (typeof node !== "object" || node === null) return;
  if ("op" in node && node.op === "in-list" && "list" in node && typeof node.list === "string") names.add(node.list);
  for (const child of Object.values(node)) collect(child, names);
}
