// The end-to-end headers of a request as an origin gets them. Pure. Runs before the cache: it never sees what is stored.
// Order: what a hop must not pass on, what poisons caches, what we state ourselves, then the route's own rules.

import type { Facts } from "./facts.ts";
import type { Route } from "./ruleset.ts";
import { appendCdnLoop } from "./http/cdn-loop.ts";
import { setForwardingHeaders } from "./http/forwarded.ts";
import { stripHopByHop } from "./http/hop-by-hop.ts";
import { appendVia } from "./http/via.ts";
import { applyHeaderRules } from "./transform/header-rules.ts";
import type { TemplateValues } from "./transform/template.ts";

/**
 * Frameworks take the URL from these in place of the request line, past every path rule and cache key: never passed on
 * (J. Kettle, "Practical Web Cache Poisoning", 2018).
 */
const URL_OVERRIDE_HEADERS = ["x-original-url", "x-rewrite-url", "x-original-host", "x-host", "x-forwarded-server"] as const;

/** They change an answer without being in the cache key. Passed on where nothing is stored: old clients of APIs rely on them. */
const UNKEYED_HEADERS = [
  "x-forwarded-path",
  "x-forwarded-prefix",
  "x-forwarded-scheme",
  "x-http-method-override",
  "x-http-method",
  "x-method-override",
] as const;

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

export interface OriginHeadersContext {
  readonly values: TemplateValues;
  readonly requestId: string;
  /** The answer may be stored and given to others. */
  readonly cacheable: boolean;
}

export function originHeaders(facts: Facts, route: Route, context: OriginHeadersContext): Headers {
  const headers = stripHopByHop(facts.headers);
  // The runtime has answered Expect with 100 by itself.
  for (const name of ["host", "expect", ...URL_OVERRIDE_HEADERS, ...PLATFORM_HEADERS]) headers.delete(name);
  if (context.cacheable) for (const name of UNKEYED_HEADERS) headers.delete(name);
  setForwardingHeaders(headers, { clientAddress: facts.client.address, host: facts.host, scheme: facts.scheme });
  appendVia(headers, facts.protocol);
  appendCdnLoop(headers);
  headers.set("x-request-id", context.requestId);
  // The header that reaches the Worker was rewritten on the way in production; the visitor's own wins.
  if (facts.client.acceptEncoding === "") headers.delete("accept-encoding");
  else headers.set("accept-encoding", facts.client.acceptEncoding);
  applyHeaderRules(headers, route.requestHeaders, context.values);
  return headers;
}
