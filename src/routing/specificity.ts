// The order of routes: the most specific first, whatever their order in the file. The compiler sorts with it, the checks ask
// it for ties, and the route table relies on the result. Pure; the order is total, so that a config always compiles the same.

import type { PathSnapshot, RouteSnapshot, SegmentSnapshot } from "../config/snapshot.ts";

/** What may stand at one place of a path, the most specific first. `end` is a path that stops here without `/*`. */
const RANK = { end: 0, literal: 1, glob: 2, param: 3, rest: 4 } as const;

/**
 * Negative when `a` is more specific. In this order: path, segment by segment from the left (literal, glob, parameter, rest; the
 * glob with more fixed text first); more conditions; a named HEAD (which a named GET would also take); methods named before any.
 * What is left is ordered by text, which is no preference: the config check refuses such a tie when both could match.
 */
export function compareRoutes(a: RouteSnapshot, b: RouteSnapshot): number {
  return (
    comparePaths(a.path, b.path) ||
    b.conditions.length - a.conditions.length ||
    methodRank(a.methods) - methodRank(b.methods) ||
    compareText((a.methods ?? []).join(" "), (b.methods ?? []).join(" ")) ||
    compareText(conditionsText(a), conditionsText(b)) ||
    compareText(a.path.source, b.path.source)
  );
}

/** Zero when the two patterns match the same paths; the names of parameters do not count. */
export function comparePaths(a: PathSnapshot, b: PathSnapshot): number {
  const length = Math.max(a.segments.length, b.segments.length) + 1;
  for (let index = 0; index < length; index++) {
    const order = comparePlaces(a, b, index);
    if (order !== 0) return order;
  }
  return 0;
}

function comparePlaces(a: PathSnapshot, b: PathSnapshot, index: number): number {
  const [left, right] = [a.segments[index], b.segments[index]];
  const order = rankAt(a, left) - rankAt(b, right);
  if (order !== 0 || left === undefined || right === undefined) return order;
  if (left.kind === "literal" && right.kind === "literal") return compareText(left.text, right.text);
  if (left.kind === "glob" && right.kind === "glob") return compareGlobs(left, right);
  return 0;
}

function rankAt(path: PathSnapshot, segment: SegmentSnapshot | undefined): number {
  return segment === undefined ? (path.rest ? RANK.rest : RANK.end) : RANK[segment.kind];
}

type Glob = Extract<SegmentSnapshot, { kind: "glob" }>;

/** More fixed text first, then the longer prefix, then by text. */
function compareGlobs(a: Glob, b: Glob): number {
  const fixed = b.prefix.length + b.suffix.length - (a.prefix.length + a.suffix.length);
  return fixed || b.prefix.length - a.prefix.length || compareText(`${a.prefix}*${a.suffix}`, `${b.prefix}*${b.suffix}`);
}

function methodRank(methods: readonly string[] | null): number {
  return methods === null ? 2 : methods.includes("HEAD") ? 0 : 1;
}

function conditionsText(route: RouteSnapshot): string {
  return JSON.stringify(route.conditions.map((condition) => [condition.source, condition.name, condition.equals, condition.negate]));
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
