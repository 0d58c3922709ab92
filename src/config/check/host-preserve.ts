// `host: preserve`: the platform sends the visitor's Host to another server only when both names are proxied in the Worker's
// own zone (resolveOverride). Which zone a name is in cannot be seen here; names without a common parent cannot share one.

import type { NormalRoute, NormalSite } from "../normalize.ts";
import type { Path } from "../source.ts";
import { report } from "./context.ts";
import type { CheckContext } from "./context.ts";

export function checkHostPreserve(context: CheckContext, site: NormalSite, route: NormalRoute, path: Path): void {
  const at = [...path, "host"];
  const fix = "Use `host: origin` and let the origin read X-Forwarded-Host, or give the origin a name in the zone of the site.";
  if (context.mode === "local") {
    const message = "`host: preserve` has no effect locally: origins get the host of their own URL.";
    report(context, at, {
      severity: "warning",
      code: "host-preserve",
      message,
      fix: "Nothing to do; it is checked again when you publish to production.",
    });
    return;
  }
  const zones = new Set(site.hosts.filter((host) => host !== "*").map(zoneGuess));
  const origins = Object.keys(route.pool?.split ?? {}).flatMap((name) => context.config.pools[name]?.origins ?? []);
  // Another Worker behind a binding gets whatever host we say.
  const hostnames = origins.filter(({ service }) => service === undefined).map(({ url }) => new URL(url).hostname);
  const foreign = hostnames.filter((host) => !zones.has(zoneGuess(host)));
  if (foreign.length > 0) {
    const message = `The visitor's host cannot be sent to ${foreign.join(", ")}: the platform allows that only between names of the Worker's own zone.`;
    report(context, at, { code: "host-preserve", message, fix });
  } else if (site.hosts.includes("*") || zones.size > 1) {
    const message = "The visitor's host reaches the origin only for hosts in the origin's own zone; the site has others too.";
    report(context, at, { severity: "warning", code: "host-preserve", message, fix: "Make a site of its own for the hosts of that zone." });
  }
}

/** The last two labels: never longer than the zone's name, so that no possible pair is refused. */
export function zoneGuess(host: string): string {
  return host.split(".").slice(-2).join(".");
}
