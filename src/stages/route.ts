// Stage "route": the site by host name, then what a site answers by itself (https and host redirects, maintenance), then the
// most specific route by path, method and conditions. Pure. Runs before the cache: its answers apply to cached content too.

import { errorAnswer, type Answer } from "../answer.ts";
import type { Facts } from "../facts.ts";
import type { RouteMatch, Ruleset, Site } from "../ruleset.ts";

export interface Routed {
  readonly site: Site | null;
  readonly match: RouteMatch | null;
  /** Set when the request ends here. */
  readonly answer: Answer | null;
}

export function route(ruleset: Ruleset, facts: Facts): Routed {
  const site = ruleset.hosts.find(facts.hostname);
  if (site === null) return { site, match: null, answer: errorAnswer({ code: "unknown-host" }) };
  const ended = siteAnswer(site, facts);
  if (ended !== null) return { site, match: null, answer: ended };
  const match = site.routes.match(facts);
  if (match.kind === "route") return { site, match, answer: null };
  const error =
    match.kind === "no-method" ? ({ code: "method-not-allowed", allow: match.allow } as const) : ({ code: "no-route" } as const);
  return { site, match: null, answer: errorAnswer(error) };
}

function siteAnswer(site: Site, facts: Facts): Answer | null {
  if (site.httpsRedirect && facts.scheme === "http") {
    return redirectTo(`https://${site.canonicalHost ?? facts.hostname}`, facts, "https");
  }
  if (site.canonicalHost !== null && facts.hostname !== site.canonicalHost) {
    return redirectTo(`${facts.scheme}://${withPort(site.canonicalHost, facts)}`, facts, "canonical-host");
  }
  if (site.maintenance !== null && !site.maintenance.allows(facts.client.address)) {
    return errorAnswer({ code: "maintenance", retryAfterSeconds: site.maintenance.retryAfterSeconds });
  }
  return null;
}

/** 301 for GET and HEAD; 308 keeps the method and the body of others (RFC 9110 15.4.9). The raw path and query are preserved. */
function redirectTo(base: string, facts: Facts, why: "https" | "canonical-host"): Answer {
  const status = facts.method === "GET" || facts.method === "HEAD" ? 301 : 308;
  const query = facts.query === "" ? "" : `?${facts.query}`;
  return { kind: "redirect", status, location: `${base}${facts.rawPath}${query}`, why };
}

function withPort(hostname: string, facts: Facts): string {
  return hostname + facts.host.slice(facts.hostname.length);
}
