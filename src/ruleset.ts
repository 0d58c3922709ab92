// The loaded form of a snapshot: what a request is decided with. Frozen, swapped whole, shared by all requests of an isolate.
// Made by `config/load.ts`, the only place that turns a snapshot into closures.

import type { InspectionSnapshot } from "./config/rule-snapshot.ts";
import type { AlertsSnapshot, RouteSnapshot, SiteSnapshot } from "./config/snapshot.ts";
import type { PoolSnapshot } from "./config/pool-snapshot.ts";
import type { Facts } from "./facts.ts";
import type { ListTable } from "./firewall/list-table.ts";
import type { Rules } from "./firewall/rules.ts";

export interface Ruleset {
  /** SHA-256 of the snapshot, lower-case hexadecimal. */
  readonly release: string;
  readonly hosts: HostTable;
  readonly pools: ReadonlyMap<string, PoolSnapshot>;
  /** Scheme and host of every origin: names that no visitor may see. */
  readonly originBases: readonly string[];
  /** Enabled rules, by phase. */
  readonly rules: Rules;
  /** Those that rules look into. The one part that changes: long lists are loaded when a rule first needs them. */
  readonly lists: ListTable;
  readonly inspection: InspectionSnapshot;
  readonly client: ClientRules;
  readonly alerts: AlertsSnapshot | null;
}

export interface ClientRules {
  readonly addressHeader: string;
  readonly isTrustedProxy: (address: string) => boolean;
  /** Names of the cookies that keep a visitor with an origin: ours, so no rule, key or origin sees them. */
  readonly ownCookies: readonly string[];
  /** Lower case. Headers by which origins know us, of all pools: what a visitor sends under such a name is taken away. */
  readonly ownHeaders: readonly string[];
}

export interface HostTable {
  /** `hostname` in lower case, without a port. */
  find(hostname: string): Site | null;
}

export interface Site extends Omit<SiteSnapshot, "routes" | "maintenance"> {
  readonly routes: RouteTable;
  readonly maintenance: (Omit<NonNullable<SiteSnapshot["maintenance"]>, "allow"> & { allows(address: string): boolean }) | null;
}

export interface RouteTable {
  /** The most specific route whose path, methods and conditions hold. */
  match(facts: Facts): RouteMatch | RouteMiss;
}

export type Route = RouteSnapshot;

export interface RouteMatch {
  readonly kind: "route";
  readonly route: Route;
  /** Values of `:name` segments and `rest`, as in the canonical path. */
  readonly params: Readonly<Record<string, string>>;
}

export type RouteMiss =
  | { readonly kind: "no-path" }
  /** The path exists for other methods: 405 with Allow. */
  | { readonly kind: "no-method"; readonly allow: readonly string[] };
