// Finds the most specific route of a site for a request. Built once when a release is loaded: a tree with one level per path
// segment, so that a look-up depends on the depth of the path and not on the number of routes. Specificity decides, never the
// order in the file: at each segment a literal beats a glob, a glob a parameter, a parameter the rest; see `specificity.ts`.

import type { Facts } from "../facts.ts";
import type { PathSnapshot, SegmentSnapshot } from "../config/snapshot.ts";
import type { Route, RouteMatch, RouteMiss, RouteTable } from "../ruleset.ts";
import { conditionsHold } from "./conditions.ts";

interface Node {
  readonly literals: Map<string, Node>;
  /** In the order of the routes, and so the most specific first. */
  readonly globs: { readonly prefix: string; readonly suffix: string; readonly node: Node }[];
  param: Node | null;
  /** Routes whose path ends here, most specific first. */
  readonly exact: Route[];
  /** Routes that end in `/*` here, most specific first. */
  readonly rest: Route[];
}

/**
 * @param routes - Sorted by `compareRoutes`, as compiled: their order decides among routes that share a path and among globs.
 */
export function createRouteTable(routes: readonly Route[]): RouteTable {
  const root = newNode();
  for (const route of routes) {
    const node = route.path.segments.reduce(childFor, root);
    (route.path.rest ? node.rest : node.exact).push(route);
  }
  return Object.freeze({ match: (facts: Facts) => matchFrom(root, facts) });
}

function newNode(): Node {
  return { literals: new Map(), globs: [], param: null, exact: [], rest: [] };
}

function childFor(parent: Node, segment: SegmentSnapshot): Node {
  switch (segment.kind) {
    case "literal": {
      const node = parent.literals.get(segment.text) ?? newNode();
      parent.literals.set(segment.text, node);
      return node;
    }
    case "glob": {
      const found = parent.globs.find((glob) => glob.prefix === segment.prefix && glob.suffix === segment.suffix);
      if (found !== undefined) return found.node;
      const node = newNode();
      parent.globs.push({ prefix: segment.prefix, suffix: segment.suffix, node });
      return node;
    }
    case "param":
      return (parent.param ??= newNode());
    default:
      return segment satisfies never;
  }
}

function matchFrom(root: Node, facts: Facts): RouteMatch | RouteMiss {
  const segments = facts.path.slice(1).split("/");
  const search: Search = { facts, segments, allow: new Set() };
  const route = descend(root, 0, search);
  if (route !== null) return { kind: "route", route, params: paramsOf(route.path, segments) };
  return search.allow.size > 0 ? { kind: "no-method", allow: [...search.allow].sort() } : { kind: "no-path" };
}

interface Search {
  readonly facts: Facts;
  readonly segments: readonly string[];
  /** Methods of routes that only the method kept from matching. */
  readonly allow: Set<string>;
}

/** Depth first, the more specific child first. A tree has one way to each node, so the work is bounded by the number of nodes. */
function descend(node: Node, depth: number, search: Search): Route | null {
  const segment = search.segments[depth];
  if (segment === undefined) return firstThatHolds(node.exact, search) ?? firstThatHolds(node.rest, search);
  const literal = node.literals.get(segment);
  const viaLiteral = literal === undefined ? null : descend(literal, depth + 1, search);
  if (viaLiteral !== null) return viaLiteral;
  for (const glob of node.globs) {
    if (!globMatches(glob.prefix, glob.suffix, segment)) continue;
    const viaGlob = descend(glob.node, depth + 1, search);
    if (viaGlob !== null) return viaGlob;
  }
  const viaParam = node.param === null || segment === "" ? null : descend(node.param, depth + 1, search);
  return viaParam ?? firstThatHolds(node.rest, search);
}

/** The `*` of a glob stands for one character or more, so that `*.png` is not `.png`. */
function globMatches(prefix: string, suffix: string, segment: string): boolean {
  return segment.length > prefix.length + suffix.length && segment.startsWith(prefix) && segment.endsWith(suffix);
}

function firstThatHolds(routes: readonly Route[], search: Search): Route | null {
  for (const route of routes) {
    if (!conditionsHold(route.conditions, search.facts)) continue;
    if (methodHolds(route.methods, search.facts.method)) return route;
    for (const method of route.methods ?? []) search.allow.add(method);
  }
  return null;
}

/** GET includes HEAD (RFC 9110 9.3.2: the same without the content). */
function methodHolds(methods: readonly string[] | null, method: string): boolean {
  return methods === null || methods.includes(method) || (method === "HEAD" && methods.includes("GET"));
}

function paramsOf(path: PathSnapshot, segments: readonly string[]): Readonly<Record<string, string>> {
  const params: Record<string, string> = {};
  path.segments.forEach((segment, index) => {
    if (segment.kind === "param" && segment.name !== null) params[segment.name] = segments[index] ?? "";
  });
  if (path.rest) params["rest"] = segments.slice(path.segments.length).join("/");
  return params;
}
