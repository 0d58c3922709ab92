// The plan of one request, made before any I/O: which pool, what the origin is asked, under which key it may be stored. Pure.
// `decide.ts` makes it, `explain` prints it, the stages lookup, fetch and admit carry it out.

import { cacheBypass, type CacheBypassReason } from "./cache/bypass.ts";
import { cacheKey, keySource, type CacheKey, type KeySource } from "./cache/key.ts";
import { sharedHeaders } from "./cache/shared-headers.ts";
import type { CachePolicySnapshot, ProxyActionSnapshot } from "./config/snapshot.ts";
import type { Facts } from "./facts.ts";
import type { RuleChanges } from "./firewall/changes.ts";
import type { RouteMatch, Route, Site } from "./ruleset.ts";
import { chooseSplit, type SplitChoice } from "./routing/split.ts";
import { originHeaders } from "./transform/origin-headers.ts";
import { rewriteTarget } from "./transform/rewrite.ts";
import type { TemplateValues } from "./transform/template.ts";

export interface Plan {
  readonly site: Site;
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
  readonly action: ProxyActionSnapshot;
  /** Name of the pool. */
  readonly pool: string;
  /** Why this pool, where the route shares its visitors out; null where it has one pool. */
  readonly split: SplitChoice | null;
  /** Rules have changed the request or its policy: another request for the URL may be planned otherwise. */
  readonly isRuled: boolean;
  readonly originRequest: OriginRequestPlan;
  readonly cache: CachePlan;
}

export interface OriginRequestPlan {
  readonly method: string;
  /** Path and query as the origin is asked, before the origin's own base path. For a cacheable request made from the cache key. */
  readonly target: string;
  /**
   * End-to-end request headers after hop-by-hop removal, forwarding headers and header rules. Without Host. For a cacheable request
   * as far as others may share the answer: variants are told apart by these.
   */
  readonly headers: Headers;
  /** The visitor's Host is sent to the origin by this platform option; null sends the URL's. */
  readonly resolveOverride: boolean;
}

export type CachePlan =
  | { readonly use: "bypass"; readonly reason: CacheBypassReason }
  | {
      readonly use: "cache";
      /** Canonical key URL on the request's own host: scheme, host, path, query; then what the route adds. */
      readonly key: string;
      readonly policy: CachePolicySnapshot;
    };

export interface PlanInput {
  readonly site: Site;
  readonly match: RouteMatch;
  readonly action: ProxyActionSnapshot;
  readonly facts: Facts;
  readonly values: TemplateValues;
  readonly requestId: string;
  /** What rules changed; null for nothing. */
  readonly changes: RuleChanges | null;
  /** What rules tell the origin besides path and query; null for nothing. */
  readonly changesKey: string | null;
}

export function plan(given: PlanInput): Plan {
  const { site, match, facts, changes } = given;
  const action = changes === null ? given.action : changedAction(given.action, changes);
  const input = { ...given, action };
  const reason = cacheBypass(facts, action.cache);
  const split = chooseSplit(action, match.route, facts);
  const keyed = reason === null ? cacheKey(facts, action.cache.key, sourceOf(match.route, split, given)) : null;
  let asked: OriginRequestPlan | null = null;
  return {
    site,
    route: match.route,
    params: match.params,
    action,
    pool: split?.pool ?? action.pool,
    split,
    isRuled: changes !== null || given.changesKey !== null,
    // Most of a plan's cost, and a hit without variants needs none of it: made when it is first asked for.
    get originRequest() {
      return (asked ??= originRequest(input, keyed));
    },
    cache: keyed === null ? { use: "bypass", reason: reason ?? "route" } : { use: "cache", key: keyed.key, policy: action.cache },
  };
}

/** The route's action with what rules have put in place of its parts. */
function changedAction(action: ProxyActionSnapshot, { pool, cache, timeouts, retry }: RuleChanges): ProxyActionSnapshot {
  return {
    ...action,
    ...(pool === null ? {} : { pool, split: null }),
    cache: cache ?? action.cache,
    timeouts: timeouts ?? action.timeouts,
    retry: retry ?? action.retry,
  };
}

/** Another pool, or other headers towards the origin, may bring another answer to the same URL. */
function sourceOf(route: Route, split: SplitChoice | null, { changes, changesKey }: PlanInput): KeySource {
  const source = keySource(route, split);
  return changes === null && changesKey === null ? source : { ...source, pool: changes?.pool ?? source.pool, changes: changesKey };
}

function originRequest({ facts, match, action, values: given, requestId }: PlanInput, keyed: CacheKey | null): OriginRequestPlan {
  // What the key leaves out must not reach the origin through a template either.
  const values = keyed === null ? given : { ...given, query: keyed.target.query };
  const asked = keyed === null ? { path: facts.rawPath, query: facts.query } : keyed.target;
  const headers = originHeaders(facts, match.route, { values, requestId, cacheable: keyed !== null });
  return {
    method: facts.method,
    target: joinTarget(rewriteTarget(asked, action.rewrite, values)),
    headers: keyed === null ? headers : sharedHeaders(headers, facts.headers, action.cache),
    resolveOverride: action.host === "visitor",
  };
}

function joinTarget(target: { readonly path: string; readonly query: string }): string {
  return target.query === "" ? target.path : `${target.path}?${target.query}`;
}
