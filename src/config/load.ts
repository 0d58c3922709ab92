// A snapshot to the ruleset that requests are decided with: tables, closures, compiled rules. Loaded by the Worker, once per
// release and isolate; does no checking, since a snapshot was checked when it was published and its hash verified when read.

import { isInRanges } from "../expression/ip.ts";
import { createListTable } from "../firewall/list-table.ts";
import { loadRules } from "../firewall/rules.ts";
import { createHostTable } from "../routing/host-table.ts";
import { createRouteTable } from "../routing/path-table.ts";
import type { Ruleset, Site } from "../ruleset.ts";
import { loadClient } from "./load-client.ts";
import type { SiteSnapshot, Snapshot } from "./snapshot.ts";

/**
 * @param release - The snapshot's hash: 64 lower-case hexadecimal digits.
 * @throws Error on a rule of a newer language than this Worker's; the caller keeps its last good ruleset.
 */
export function loadRuleset(snapshot: Snapshot, release: string): Ruleset {
  const lists = createListTable(snapshot.lists);
  return Object.freeze({
    release,
    hosts: createHostTable(snapshot.sites.map(loadSite)),
    pools: new Map(snapshot.pools.map((pool) => [pool.name, pool])),
    originBases: [...new Set(snapshot.pools.flatMap((pool) => pool.origins.map((origin) => origin.base)))],
    rules: Object.freeze(loadRules(snapshot, lists.memberships)),
    lists,
    inspection: snapshot.inspection,
    client: loadClient(snapshot.client, snapshot.pools),
    alerts: snapshot.alerts,
  });
}

function loadSite(site: SiteSnapshot): Site {
  const { maintenance } = site;
  return Object.freeze({
    ...site,
    routes: createRouteTable(site.routes),
    maintenance: maintenance === null ? null : { ...maintenance, allows: (address: string) => isInRanges(address, maintenance.allow) },
  });
}
