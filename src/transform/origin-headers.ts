// The end-to-end headers of a request as an origin gets them. Pure. Runs before the cache: it never sees what is stored.
// Order: what a hop must not pass on, what poisons caches, what we state ourselves, then the route's own rules.

import type { HeaderRulesSnapshot } from "../config/snapshot.ts";
import { TIMEOUT_HEADER } from "../origin/request.ts";
import type { Facts } from "../facts.ts";
import type { Route } from "../ruleset.ts";
import { appendCdnLoop } from "../http/cdn-loop.ts";
import { isForwardingClaim, setForwardingHeaders } from "../http/forwarded.ts";
import { stripHopByHop } from "../http/hop-by-hop.ts";
import { appendVia } from "../http/via.ts";
import { applyHeaderRules } from "./header-rules.ts";
import type { TemplateValues } from "./template.ts";

/**
 * Frameworks take the URL from these in place of the request line, past every path rule and cache key: never passed on
 * (J. Kettle, "Practical Web Cache Poisoning", 2018).
 */
const URL_OVERRIDE_HEADERS = ["x-original-url", "x-rewrite-url", "x-original-host", "x-host", "x-forwarded-server"] as const;

/** What WAFs, CGI and test tools read in the same way; `Proxy` becomes HTTP_PROXY in CGI ("httpoxy", CVE-2016-5385). */
const OTHER_CLAIMS = ["proxy", "x-host-override", "x-http-host-override", "x-original-method", "x-original-uri", "x-rewrite-uri"] as const;

/** They change an answer without being in the cache key. Passed on where nothing is stored: old clients of APIs rely on them. */
const UNKEYED_HEADERS = [
  "x-forwarded-path",
  "x-forwarded-prefix",
  "x-forwarded-scheme",
  "x-http-method-override",
  "x-http-method",
  "x-method-override",
] as const;

/** Whether an answer to these may depend on what no cache key holds. */
export function hasUnkeyedHeaders(headers: Headers): boolean {
  return UNKEYED_HEADERS.some((name) => headers.has(name));
}

/** The platform adds these for the Worker; an origin gets the standard forwarding headers instead. */
const PLATFORM_HEADERS = [
  "cf-connecting-ip",
  "cf-connecting-ipv6",
  "cf-ipcountry",
  "cf-ray",
  "cf-visitor",
  "cf-ew-via",
  "cf-worker",
  "cf-warp-tag-id",
  "true-client-ip",
] as const;

/** For operators' drills: never an origin's matter, and never part of a key. */
export const DRILL_HEADER = "x-breakwater-drill";

export interface OriginHeadersContext {
  readonly values: TemplateValues;
  readonly requestId: string;
  /** The answer may be stored and given to others. */
  readonly cacheable: boolean;
}

export function originHeaders(facts: Facts, route: Route, context: OriginHeadersContext): Headers {
  const headers = stripHopByHop(facts.headers);
  // The runtime has answered Expect with 100 by itself.
  for (const name of ["host", "expect", DRILL_HEADER, ...URL_OVERRIDE_HEADERS, ...OTHER_CLAIMS, ...PLATFORM_HEADERS]) headers.delete(name);
  if (!facts.isUpgrade) headers.delete("upgrade");
  if (context.cacheable) for (const name of UNKEYED_HEADERS) headers.delete(name);
  for (const name of [...headers.keys()].filter(isForged)) headers.delete(name);
  setForwardingHeaders(headers, { clientAddress: facts.client.address, host: facts.host, scheme: facts.scheme });
  appendVia(headers, facts.protocol);
  appendCdnLoop(headers);
  headers.set("x-request-id", context.requestId);
  // The header that reaches the Worker was rewritten on the way in production; the visitor's own wins.
  if (facts.client.acceptEncoding === "") headers.delete("accept-encoding");
  else headers.set("accept-encoding", facts.client.acceptEncoding);
  for (const name of twinsOf(headers, route.requestHeaders)) headers.delete(name);
  applyHeaderRules(headers, route.requestHeaders, context.values);
  return headers;
}

/** What a rule states or removes, in the spelling that CGI and its heirs read as the same: `X_Role` beside `X-Role`. */
function twinsOf(headers: Headers, { remove, set }: HeaderRulesSnapshot): readonly string[] {
  const ruled = new Set([...remove, ...set.map(([name]) => name)]);
  return ruled.size === 0
    ? []
    : [...headers.keys()].filter((name) => name.includes("_") && !ruled.has(name) && ruled.has(name.replaceAll("_", "-")));
}

function isForged(name: string): boolean {
  return isForeignClaim(name) || posesAsAnother(name);
}

/** X-Forwarded-* is ours to say; these of it are instructions rather than claims, and were dealt with above. */
function isForeignClaim(name: string): boolean {
  return name.startsWith("x-forwarded-") && !(UNKEYED_HEADERS as readonly string[]).includes(name);
}

/** CGI and its heirs read `X_Forwarded_For` and `X-Forwarded-For` as one: a name that we strip or state, in disguise. */
function posesAsAnother(name: string): boolean {
  if (!name.includes("_")) return false;
  const dashed = name.replaceAll("_", "-");
  return STATED.has(dashed) || /^(?:accept|cdn|cf|content|if|proxy|sec|transfer|x-forwarded)-/.test(dashed) || isForwardingClaim(dashed);
}

const STATED: ReadonlySet<string> = new Set([
  ...URL_OVERRIDE_HEADERS,
  ...OTHER_CLAIMS,
  ...UNKEYED_HEADERS,
  ...PLATFORM_HEADERS,
  DRILL_HEADER,
  "cache-control",
  "idempotency-key",
  "user-agent",
  "x-device-class",
  "x-request-id",
  TIMEOUT_HEADER,
]);
