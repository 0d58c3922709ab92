// Finds the site of a host name: exact names first, then the longest matching wildcard, then the default site. Built once when
// a release is loaded. A look-up costs one map access per label of the name, however many sites there are.

import type { HostTable, Site } from "../ruleset.ts";

/**
 * @param sites - Hosts in lower case: `shop.example.com`, `*.example.com` (any depth below, not the apex itself), `*` (all others).
 * Should two sites claim one host, the first keeps it; the config check refuses that before it gets here.
 */
export function createHostTable(sites: readonly Site[]): HostTable {
  const exact = new Map<string, Site>();
  const wildcard = new Map<string, Site>();
  let fallback: Site | null = null;
  for (const site of sites) {
    for (const host of site.hosts) {
      if (host === "*") fallback ??= site;
      else if (host.startsWith("*.")) addFirst(wildcard, host.slice(2), site);
      else addFirst(exact, host, site);
    }
  }
  return Object.freeze({ find: (hostname: string) => exact.get(hostname) ?? findWildcard(wildcard, hostname) ?? fallback });
}

function addFirst(table: Map<string, Site>, key: string, site: Site): void {
  if (!table.has(key)) table.set(key, site);
}

/** Tries `b.c.d`, `c.d`, `d` for `a.b.c.d`: the first hit is the longest suffix. */
function findWildcard(table: ReadonlyMap<string, Site>, hostname: string): Site | null {
  if (table.size === 0) return null;
  for (let dot = hostname.indexOf("."); dot !== -1; dot = hostname.indexOf(".", dot + 1)) {
    const site = table.get(hostname.slice(dot + 1));
    if (site !== undefined) return site;
  }
  return null;
}
