// The decision about one request, made before any I/O: (Ruleset, Facts) -> Plan. `explain` prints it, stages carry it out.

import type { CachePolicySnapshot, ProxyActionSnapshot } from "./config/snapshot.ts";
import type { Route, Site } from "./ruleset.ts";

export interface Plan {
  readonly site: Site;
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
  readonly action: ProxyActionSnapshot;
  /** Name of the pool. */
  readonly pool: string;
  readonly originRequest: OriginRequestPlan;
  readonly cache: CachePlan;
}

export interface OriginRequestPlan {
  readonly method: string;
  /** Path and query as the origin is asked, before the origin's own base path. For a cacheable request made from the cache key. */
  readonly target: string;
  /** End-to-end request headers after hop-by-hop removal, forwarding headers and header rules. Without Host. */
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

/** Why a request is not looked up in the cache at all. */
export type CacheBypassReason =
  | "route" // the route's policy says bypass
  | "method" // not GET or HEAD
  | "upgrade" // a WebSocket
  | "ambiguous-path" // raw and canonical path differ in more than unreserved encoding
  | "cookie" // one of the route's bypass cookies is present
  | "debug"; // a signed debug or drill request
