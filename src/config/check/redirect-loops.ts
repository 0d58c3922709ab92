// Redirects to a fixed path that the same route answers again: a browser would follow them until it gives up. Asks the compiled
// route tables, so it runs last, on a config without errors.

// Offline, and on purpose the very code that requests meet.
// oxlint-disable-next-line no-restricted-imports
import { receive } from "../../stages/receive.ts";
import { compileRoute } from "../compile/route.ts";
import { loadRuleset } from "../load.ts";
import type { NormalSite } from "../normalize.ts";
import type { Snapshot } from "../snapshot.ts";
import type { Ruleset } from "../../ruleset.ts";
import { report } from "./context.ts";
import type { CheckContext } from "./context.ts";

export function checkRedirectLoops(context: CheckContext, snapshot: Snapshot): void {
  const ruleset = loadRuleset(snapshot, "");
  for (const [index, site] of context.config.sites.entries()) {
    for (const [at, route] of site.routes.entries()) {
      const { id, action } = compileRoute(site, route, context.resources);
      const [to, ...more] = action.kind === "redirect" ? action.to : [];
      if (typeof to !== "string" || more.length > 0 || !to.startsWith("/") || routeOf(ruleset, context, site, to) !== id) continue;
      const message = `${to} is answered by this route again: a redirect without an end.`;
      report(context, ["sites", index, "routes", at, "redirect", "to"], {
        code: "redirect-loop",
        message,
        found: to,
        fix: `Add a route for ${to}, or redirect to another path.`,
      });
    }
  }
}

/** The id of the route that a visitor who follows a redirect to `target` meets; null when there is none. */
function routeOf(ruleset: Ruleset, context: CheckContext, site: NormalSite, target: string): string | null {
  const host = (site.hosts[0] ?? "*").replace("*.", "www.").replace("*", "www.example.com");
  const url = `https://${host}${target}`;
  const facts = receive(
    { method: "GET", url, headers: new Headers(), hasBody: false, connection: null, nowMs: context.nowMs },
    ruleset.client,
  );
  const match = facts.ok ? ruleset.hosts.find(facts.value.hostname)?.routes.match(facts.value) : undefined;
  return match?.kind === "route" ? match.route.id : null;
}
