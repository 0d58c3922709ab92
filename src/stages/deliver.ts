// Stage "deliver": the last hand on a response. Runs after the cache, so for stored answers too, and what it changes is never
// stored: the route's response rules, HSTS, Via, this visitor's sticky cookie, and the headers that tell visitors and operators what
// happened.

import type { Exchange } from "../exchange.ts";
import { appendVia } from "../http/via.ts";
import { statusHeaders } from "../observe/status-headers.ts";
import { applyHeaderRules } from "../transform/header-rules.ts";
import { templateValues } from "../transform/template.ts";

/**
 * A response that was made here, from an origin's answer or from the store; its headers are changed in place. 101 passes untouched: a
 * changed one breaks the WebSocket.
 *
 * @param cookie - A line of Set-Cookie for this visitor: only where an origin was asked for this very request.
 */
export function deliver(exchange: Exchange, response: Response, cookie: string | null = null): Response {
  if (response.status === 101 || exchange.plan === null) return response;
  const { site, route, params } = exchange.plan;
  const { headers } = response;
  applyHeaderRules(headers, route.responseHeaders, templateValues(exchange.facts, { requestId: exchange.id, params }));
  if (site.hsts !== null && exchange.facts.scheme === "https") headers.set("strict-transport-security", site.hsts);
  if (cookie !== null) headers.append("set-cookie", cookie);
  appendVia(headers, "HTTP/1.1");
  for (const [name, value] of statusHeaders(exchange, headers)) headers.set(name, value);
  return response;
}
