// The route of a test's request, for rules that look at `bw.route`. Known only where the rest of the config is right: what is wrong
// there is reported by its own check. Called by `rule-tests.ts`.

import type { Facts } from "../../facts.ts";
import { createHostTable } from "../../routing/host-table.ts";
import { createRouteTable } from "../../routing/path-table.ts";
import type { HostTable } from "../../ruleset.ts";
import { compileSite } from "../compile/site.ts";
import type { CheckContext } from "./context.ts";

/** Makes the tables when they are first needed. */
export function routeFinder(context: CheckContext): (facts: Facts) => string | null {
  const isWrong = context.diagnostics.some(({ severity }) => severity === "error");
  let hosts: HostTable | null = null;
  return (facts) => {
    if (isWrong) return null;
    hosts ??= loadHosts(context);
    const match = hosts.find(facts.hostname)?.routes.match(facts);
    return match?.kind === "route" ? match.route.id : null;
  };
}

function loadHosts({ config, resources }: CheckContext): HostTable {
  return createHostTable(
    config.sites.map((site) => {
      const compiled = compileSite(site, resources);
      return { ...compiled, routes: createRouteTable(compiled.routes), maintenance: null };
    }),
  );
}
