// Redirects to a fixed path that the same route answers again: a browser would follow them until it gives up. Asks the compiled
// route tables, so it runs last, on a config without errors.

// Offline, and on purpose the very code that requests meet.
// oxlint-disable-next-line no-restricted-imports
import { receive } from "../../stages/receive.ts";
import { compileRoute } from "../compile/route.ts";
import { loadRuleset } from "../load.ts";
import type { NormalSite } from "../normalize.ts";
import type { Snapshot, Template } from "../snapshot.ts";
import type { Path } from "../source.ts";
import type { Ruleset } from "../../ruleset.ts";
import { report } from "./context.ts";
import type { CheckContext } from "./context.ts";

export function checkRedirectLoops(context: CheckContext, snapshot: Snapshot): void {
  const ruleset = loadRuleset(snapshot, "");
  for (const [index, site] of context.config.sites.entries()) {
    for (const [at, route] of site.routes.entries()) {
      const { id, action } = compileRoute(site, route, context.resources);
      const path = ["sites", index, "routes", at] as const;
      const isBack = (target: string): boolean => routeOf(ruleset, context, site, target) === id;
      // A route may well lead from http: to the same path on https:, so only paths are looked at.
      const to = action.kind === "redirect" ? fixedText(action.to) : null;
      if (to?.startsWith("/") === true && isBack(to)) reportLoop(context, [...path, "redirect", "to"], { to, by: "this route again" });
      const failure = action.kind === "proxy" && action.failure?.answer.kind === "redirect" ? action.failure.answer.to : null;
      const target = failure === null ? null : ownPath(failure, site);
      if (target === null || (target !== SAME_PATH && !isBack(target))) continue;
      reportLoop(context, [...path, "failure", "redirect", "to"], { to: target, by: "this route, whose origins have just failed" });
    }
  }
}

const SAME_PATH = "{path}";

function fixedText(to: Template): string | null {
  const [text, ...more] = to;
  return typeof text === "string" && more.length === 0 ? text : null;
}

function reportLoop(context: CheckContext, path: Path, { to, by }: { readonly to: string; readonly by: string }): void {
  report(context, path, {
    code: "redirect-loop",
    message: `${to} is answered by ${by}: a redirect without an end.`,
    found: to,
    fix: to === SAME_PATH ? "Redirect to another path or host." : `Add a route for ${to}, or redirect to another path.`,
  });
}

/** The path of a target on the site itself; null for another host, and where placeholders decide. */
function ownPath(to: Template, { hosts }: NormalSite): string | null {
  const [first] = to;
  if (to.length === 1 && typeof first === "object" && first.ref === "path") return SAME_PATH;
  const target = fixedText(to);
  if (target === null || (target.startsWith("/") && !target.startsWith("//"))) return target;
  const url = URL.canParse(target) ? new URL(target) : null;
  return url !== null && hosts.includes(url.hostname) ? url.pathname : null;
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
