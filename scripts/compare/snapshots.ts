// What differs between two compiled configs, by name: sites, routes, pools, origins, rules, lists, alerts. Pure. Formatting, comments and
// the order of what has no order make no difference here, because they make none in a snapshot.

import { isDeepStrictEqual } from "node:util";
import type { ListSnapshot, SiteSnapshot, Snapshot } from "../../src/config/snapshot.ts";
import type { PoolSnapshot } from "../../src/config/pool-snapshot.ts";
import { compareLists } from "./lists.ts";
import { plainAction } from "../output/rule-action.ts";

export type ChangedThing = "site" | "route" | "pool" | "origin" | "rule" | "list" | "client" | "alerts";

export interface SnapshotChange {
  readonly kind: "added" | "removed" | "changed" | "moved";
  readonly thing: ChangedThing;
  readonly name: string;
  /** The change in short, where there is a short form. */
  readonly summary?: string;
  /** For `changed`: what, by its place inside the thing. */
  readonly details: readonly ChangeDetail[];
}

export interface ChangeDetail {
  readonly path: string;
  /** Undefined: it was not there. */
  readonly before: unknown;
  readonly after: unknown;
}

type Named = Readonly<Record<string, unknown>>;

/** @param before - Null for the first release: everything is then added. */
export function compareSnapshots(before: Snapshot | null, after: Snapshot): readonly SnapshotChange[] {
  return [
    ...compareNamed("site", sitesOf(before), sitesOf(after)),
    ...compareNamed("route", routesOf(before), routesOf(after)),
    ...compareNamed("pool", poolsOf(before), poolsOf(after)),
    ...compareNamed("origin", originsOf(before), originsOf(after)),
    ...compareNamed("rule", rulesOf(before), rulesOf(after)),
    ...movedRules(before, after),
    ...changedLists(before?.lists ?? {}, after.lists),
    ...(before === null ? [] : compareNamed("client", new Map([["client", before.client]]), new Map([["client", after.client]]))),
    ...compareNamed("alerts", alertsOf(before), alertsOf(after)),
  ];
}

function alertsOf(snapshot: Snapshot | null): ReadonlyMap<string, unknown> {
  const alerts = snapshot?.alerts ?? null;
  return new Map(alerts === null ? [] : [["webhook", alerts]]);
}

function sitesOf(snapshot: Snapshot | null): ReadonlyMap<string, unknown> {
  return new Map(snapshot?.sites.map(({ routes: _routes, ...site }: SiteSnapshot) => [site.name, site]));
}

function routesOf(snapshot: Snapshot | null): ReadonlyMap<string, unknown> {
  return new Map(snapshot?.sites.flatMap((site) => site.routes.map(({ path: _path, ...route }) => [route.id, route] as const)));
}

function poolsOf(snapshot: Snapshot | null): ReadonlyMap<string, unknown> {
  return new Map(snapshot?.pools.map(({ origins: _origins, ...pool }: PoolSnapshot) => [pool.name, pool]));
}

function originsOf(snapshot: Snapshot | null): ReadonlyMap<string, unknown> {
  return new Map(snapshot?.pools.flatMap((pool) => pool.origins.map((origin) => [`${pool.name}/${origin.id}`, origin] as const)));
}

function rulesOf(snapshot: Snapshot | null): ReadonlyMap<string, unknown> {
  // The expression is the compiled form of `when`: showing both would say the same twice.
  return new Map(
    snapshot?.rules.map(({ expression: _expression, action, ...rule }) => [rule.id, { ...rule, action: plainAction(action) }]),
  );
}

function compareNamed(
  thing: ChangedThing,
  before: ReadonlyMap<string, unknown>,
  after: ReadonlyMap<string, unknown>,
): readonly SnapshotChange[] {
  const changes: SnapshotChange[] = [];
  for (const name of before.keys()) {
    if (!after.has(name)) changes.push({ kind: "removed", thing, name, details: [] });
  }
  for (const [name, value] of after) {
    if (!before.has(name)) changes.push({ kind: "added", thing, name, details: [] });
    else {
      const details = compareValues("", before.get(name), value);
      if (details.length > 0) changes.push({ kind: "changed", thing, name, details });
    }
  }
  return changes;
}

/** Rules that are in both but whose order changed: the fewest that, taken out, leave the rest in order. */
function movedRules(before: Snapshot | null, after: Snapshot): readonly SnapshotChange[] {
  if (before === null) return [];
  const position = new Map(before.rules.map((rule, index) => [rule.id, index]));
  const shared = after.rules.filter((rule) => position.has(rule.id));
  const kept = longestRising(shared.map((rule) => position.get(rule.id) ?? 0));
  return shared.filter((_rule, index) => !kept.has(index)).map((rule) => ({ kind: "moved", thing: "rule", name: rule.id, details: [] }));
}

/** Indexes of a longest strictly rising subsequence (patience sorting). */
function longestRising(values: readonly number[]): ReadonlySet<number> {
  const tails: number[] = [];
  const previous: number[] = [];
  values.forEach((value, index) => {
    let low = 0;
    let high = tails.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((values[tails[middle] ?? 0] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    previous[index] = low > 0 ? (tails[low - 1] ?? -1) : -1;
    tails[low] = index;
  });
  const kept = new Set<number>();
  for (let index = tails.at(-1) ?? -1; index >= 0; index = previous[index] ?? -1) kept.add(index);
  return kept;
}

function changedLists(
  before: Readonly<Record<string, ListSnapshot>>,
  after: Readonly<Record<string, ListSnapshot>>,
): readonly SnapshotChange[] {
  const plain = compareNamed("list", new Map(Object.entries(before)), new Map(Object.entries(after)));
  return plain.map((change) => {
    const [was, is] = [before[change.name], after[change.name]];
    if (change.kind !== "changed" || was === undefined || is === undefined) return change;
    const { summary, details } = compareLists(was, is);
    return summary === null ? { ...change, details } : { ...change, summary, details };
  });
}

/** Places where two plain values differ. Lists of equal length are compared item by item, others as a whole. */
function compareValues(path: string, before: unknown, after: unknown): readonly ChangeDetail[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (isNamed(before) && isNamed(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys.flatMap((key) => compareValues(path === "" ? key : `${path}.${key}`, before[key], after[key]));
  }
  return [{ path, before, after }];
}

function isNamed(value: unknown): value is Named {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
