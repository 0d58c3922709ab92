// One site of the snapshot: its policies and its routes, the most specific first.

import { compileRanges } from "../../expression/ip.ts";
import { compareRoutes } from "../../routing/specificity.ts";
import { canonicalHostOf } from "../canonical-host.ts";
import type { NormalSite } from "../normalize.ts";
import type { Resources } from "../resources.ts";
import type { MaintenanceSnapshot, PageSnapshot, SiteSnapshot } from "../snapshot.ts";
import { parseDurationSeconds } from "../units.ts";
import { contentTypeOf } from "./content-type.ts";
import { promised, sortedUnique } from "./order.ts";
import { compileRoute } from "./route.ts";

export function compileSite(site: NormalSite, resources: Resources): SiteSnapshot {
  const canonical = canonicalHostOf(site);
  return {
    name: site.name,
    hosts: sortedUnique(site.hosts),
    httpsRedirect: site.https === "redirect",
    hsts: hstsValue(site.hsts),
    canonicalHost: canonical.ok ? canonical.value : null,
    maintenance: compileMaintenance(site.maintenance, resources),
    errorPages: Object.fromEntries(Object.entries(site.errors).map(([status, page]) => [status, compilePage(page, resources)])),
    routes: site.routes.map((route) => compileRoute(site, route, resources)).toSorted(compareRoutes),
  };
}

/** RFC 6797 6.1. */
function hstsValue(hsts: NormalSite["hsts"]): string | null {
  if (hsts === false) return null;
  const maxAge = promised(parseDurationSeconds(hsts.maxAge), "hsts.maxAge");
  return [`max-age=${maxAge}`, ...(hsts.includeSubdomains ? ["includeSubDomains"] : []), ...(hsts.preload ? ["preload"] : [])].join("; ");
}

function compileMaintenance(maintenance: NormalSite["maintenance"], resources: Resources): MaintenanceSnapshot | null {
  if (!maintenance.enabled) return null;
  return {
    retryAfterSeconds: promised(parseDurationSeconds(maintenance.retryAfter), "maintenance.retryAfter"),
    page: maintenance.page === undefined ? null : compilePage({ file: maintenance.page }, resources),
    allow: compileRanges(maintenance.allow).ranges,
  };
}

function compilePage(page: { readonly file: string; readonly contentType?: string | undefined }, resources: Resources): PageSnapshot {
  return { contentType: page.contentType ?? contentTypeOf(page.file), body: promised(resources.pages.get(page.file), page.file) };
}
