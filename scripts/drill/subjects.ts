// What a walk through the config drills: for each route that leads to a pool one URL that comes to it, and the pools that may serve
// it. Pure. That a URL comes to the route is asked of the code that the Worker runs.

import type { RouteSnapshot, SiteSnapshot, Snapshot } from "../../src/config/snapshot.ts";
import type { PoolSnapshot } from "../../src/config/pool-snapshot.ts";
import { decide } from "../../src/decide.ts";
import { poolChain } from "../../src/origin/select.ts";
import type { Ruleset } from "../../src/ruleset.ts";
import { receive } from "../../src/stages/receive.ts";

export interface Subject {
  readonly url: string;
  /** Id of the route. */
  readonly route: string;
  /** The route's pool and those that take over, in their order; with a split, those of each share. */
  readonly chains: readonly (readonly PoolSnapshot[])[];
}

/** A route that is left out, and what would help. */
export interface Skipped {
  readonly route: string;
  readonly why: string;
}

export interface Subjects {
  readonly subjects: readonly Subject[];
  readonly skipped: readonly Skipped[];
}

export interface SubjectsInput {
  readonly snapshot: Snapshot;
  readonly ruleset: Ruleset;
  /** Given by the operator: they stand for the routes that they come to. */
  readonly urls: readonly string[];
  /** Host for a site that answers for any; null when there is none to ask. */
  readonly anyHost: string | null;
  /** https is asked whatever the site says: the signed header must not cross a network in the clear. */
  readonly isRemote: boolean;
  readonly nowMs: number;
}

const REQUEST_ID = "0".repeat(32);

export function findSubjects(input: SubjectsInput): Subjects {
  const subjects: Subject[] = [];
  const skipped: Skipped[] = [];
  for (const url of input.urls) {
    const route = routeOf(input, url);
    if (route === null) skipped.push({ route: url, why: "this URL comes to no route with a pool" });
    else subjects.push(subject(input, url, route));
  }
  const given = new Set(subjects.map(({ route }) => route));
  for (const site of input.snapshot.sites) {
    for (const route of site.routes) {
      if (route.action.kind !== "proxy" || given.has(route.id)) continue;
      const found = urlOf(input, site, route);
      if (typeof found === "string") subjects.push(subject(input, found, route));
      else skipped.push({ route: route.id, why: found.why });
    }
  }
  return { subjects, skipped };
}

function subject({ ruleset }: SubjectsInput, url: string, route: RouteSnapshot): Subject {
  if (route.action.kind !== "proxy") throw new Error("a route without a pool is no subject");
  const { pool, split } = route.action;
  const names = split === null ? [pool] : split.shares.map((share) => share.pool);
  return { url, route: route.id, chains: names.map((name) => poolChain(ruleset.pools, name)) };
}

function urlOf(input: SubjectsInput, site: SiteSnapshot, route: RouteSnapshot): string | { readonly why: string } {
  const help = "name a URL of it with --url";
  if (route.methods !== null && !route.methods.includes("GET")) return { why: "it takes no GET" };
  if (route.conditions.length > 0) return { why: `it has conditions that a URL alone may not meet; ${help}` };
  const path = literalPath(route);
  if (path === null) return { why: `its path has parameters; ${help}` };
  const host = hostOf(site, input.anyHost);
  if (host === null) return { why: `its site answers for any host; ${help}` };
  const url = `${site.httpsRedirect || input.isRemote ? "https" : "http"}://${host}${path}`;
  return routeOf(input, url)?.id === route.id ? url : { why: `${url} comes to another route; ${help}` };
}

/** A path that ends in a rest is matched without one too. */
function literalPath({ path }: RouteSnapshot): string | null {
  const texts = path.segments.map((segment) => (segment.kind === "literal" ? segment.text : null));
  return texts.includes(null) ? null : `/${texts.join("/")}`;
}

function hostOf({ canonicalHost, hosts }: SiteSnapshot, anyHost: string | null): string | null {
  const named = canonicalHost ?? hosts.find((host) => !host.includes("*")) ?? hosts.find((host) => host.startsWith("*."));
  return named === undefined ? anyHost : named.replace("*.", "www.");
}

/** The route with a pool that a plain GET of this URL comes to. */
function routeOf({ ruleset, nowMs }: SubjectsInput, url: string): RouteSnapshot | null {
  const received = receive({ method: "GET", url, headers: new Headers(), hasBody: false, connection: null, nowMs }, ruleset.client);
  if (!received.ok) return null;
  const { outcome } = decide(ruleset, received.value, REQUEST_ID);
  return outcome.kind === "proxy" ? outcome.plan.route : null;
}
