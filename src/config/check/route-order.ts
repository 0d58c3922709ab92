// Routes, against each other: two that tie, and routes that no request can reach. Specificity decides, so a general route never
// hides a special one; what is left are routes with the same path.

import { comparePaths } from "../../routing/specificity.ts";
import { compileConditions } from "../compile/route.ts";
import type { NormalRoute, NormalSite } from "../normalize.ts";
import { parsePathPattern } from "../path-pattern.ts";
import type { ConditionSnapshot, PathSnapshot } from "../snapshot.ts";
import type { Path } from "../source.ts";
import { lineOf, report } from "./context.ts";
import type { CheckContext } from "./context.ts";

interface Candidate {
  readonly route: NormalRoute;
  readonly pattern: PathSnapshot;
  readonly conditions: readonly ConditionSnapshot[];
  readonly path: Path;
}

export function checkRouteOrder(context: CheckContext): void {
  for (const [index, site] of context.config.sites.entries()) {
    for (const group of samePaths(candidates(site, index))) {
      for (const candidate of group) checkReachable(context, candidate, group);
      checkTies(context, group);
    }
  }
}

function candidates(site: NormalSite, index: number): readonly Candidate[] {
  return site.routes.flatMap((route, at) => {
    const pattern = parsePathPattern(route.path);
    return pattern.ok
      ? [{ route, pattern: pattern.value, conditions: compileConditions(route.when), path: ["sites", index, "routes", at] }]
      : [];
  });
}

/** Groups by pattern: sorted first, so that the work is not quadratic in the number of routes. */
function samePaths(all: readonly Candidate[]): readonly (readonly Candidate[])[] {
  const groups: Candidate[][] = [];
  for (const candidate of all.toSorted((a, b) => comparePaths(a.pattern, b.pattern))) {
    const last = groups.at(-1);
    if (last?.[0] !== undefined && comparePaths(last[0].pattern, candidate.pattern) === 0) last.push(candidate);
    else groups.push([candidate]);
  }
  return groups.map((group) => group.toSorted((a, b) => Number(a.path[3]) - Number(b.path[3])));
}

function checkTies(context: CheckContext, group: readonly Candidate[]): void {
  for (const [index, later] of group.entries()) {
    const earlier = group.slice(0, index).find((candidate) => ties(candidate, later));
    if (earlier === undefined) continue;
    const methods = sharedMethods(earlier.route, later.route);
    const what = `${methods === null ? "every method" : methods.join(", ")} of ${later.route.path}`;
    const message = `This route ties with the one in ${lineOf(context, earlier.path)}: both match ${what}, and neither is more specific.`;
    report(context, [...later.path, "path"], {
      code: "route-tie",
      message,
      found: later.route.path,
      fix: "Remove one of them, or tell them apart by `methods` or `when`.",
    });
  }
}

/** The same rank, and a request that both take. */
function ties(a: Candidate, b: Candidate): boolean {
  if (a.conditions.length !== b.conditions.length) return false;
  if ((a.route.methods === undefined) !== (b.route.methods === undefined)) return false;
  const methods = sharedMethods(a.route, b.route);
  return methods?.length !== 0 && !a.conditions.some((condition) => b.conditions.some((other) => exclude(condition, other)));
}

/** Null is all. A HEAD that one of them names belongs to it, also when the other takes it by naming GET. */
function sharedMethods(a: NormalRoute, b: NormalRoute): readonly string[] | null {
  if (a.methods === undefined || b.methods === undefined) return a.methods ?? b.methods ?? null;
  return a.methods.filter((method) => b.methods?.includes(method));
}

/** No request has both: another value of the same name, or one the opposite of the other. */
function exclude(a: ConditionSnapshot, b: ConditionSnapshot): boolean {
  if (a.source !== b.source || a.name !== b.name) return false;
  if (a.negate && b.negate) return false;
  if (!a.negate && !b.negate) return a.equals !== null && b.equals !== null && a.equals !== b.equals;
  const [wanted, refused] = a.negate ? [b, a] : [a, b];
  return refused.equals === null || refused.equals === wanted.equals;
}

function checkReachable(context: CheckContext, candidate: Candidate, group: readonly Candidate[]): void {
  const pair = coveringPair(candidate, group);
  if (pair === null) return;
  const message = `No request reaches this route: those in ${lineOf(context, pair[0].path)} and ${lineOf(context, pair[1].path)} are more specific and take all of its requests.`;
  report(context, [...candidate.path, "path"], {
    code: "shadowed-route",
    message,
    found: candidate.route.path,
    fix: "Remove it, or change the conditions of the others.",
  });
}

/** Two routes that add a condition and its opposite to the candidate's conditions leave it nothing. */
function coveringPair(candidate: Candidate, group: readonly Candidate[]): readonly [Candidate, Candidate] | null {
  const narrower = group.filter((other) => coversMethods(other.route, candidate.route) && addedCondition(candidate, other) !== null);
  for (const first of narrower) {
    const added = addedCondition(candidate, first);
    const second = narrower.find((other) => isOpposite(added, addedCondition(candidate, other)));
    if (second !== undefined) return [first, second];
  }
  return null;
}

function coversMethods(wide: NormalRoute, narrow: NormalRoute): boolean {
  return wide.methods === undefined || (narrow.methods?.every((method) => wide.methods?.includes(method)) ?? false);
}

/** The one condition that `other` has besides all of the candidate's. */
function addedCondition(candidate: Candidate, other: Candidate): ConditionSnapshot | null {
  const texts = new Set(candidate.conditions.map((condition) => JSON.stringify(condition)));
  const added = other.conditions.filter((condition) => !texts.has(JSON.stringify(condition)));
  return other.conditions.length === texts.size + 1 && added.length === 1 ? (added[0] ?? null) : null;
}

function isOpposite(a: ConditionSnapshot | null, b: ConditionSnapshot | null): boolean {
  return a !== null && b !== null && a.source === b.source && a.name === b.name && a.equals === b.equals && a.negate !== b.negate;
}
