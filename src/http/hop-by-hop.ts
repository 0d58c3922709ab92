// Fields that belong to one connection (RFC 9110 7.6.1): they end at every hop, in both directions, together with those that
// Connection names. What else a message carries passes. Callers: plan (requests), deliver (responses).

import { isToken } from "./header-syntax.ts";
import { splitList } from "./list.ts";

/** RFC 9110 7.6.1, and what older software still sends. Credentials for a proxy are for us, and we ask for none. */
const HOP_BY_HOP = [
  "connection",
  "http2-settings",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
] as const;

/**
 * A sender may name any field in Connection. A proxy that obeyed would drop what the next server's safety rests on: credentials,
 * client address, loop guard, the length of the body, `private` on an answer ("hop-by-hop header abuse", N. Davison, 2019).
 * RFC 9110 7.6.1 forbids to name a field that is meant for all recipients, so these are kept whatever Connection says.
 */
const END_TO_END: ReadonlySet<string> = new Set([
  "accept-ranges",
  "age",
  "allow",
  "authorization",
  "cache-control",
  "cdn-cache-control",
  "cdn-loop",
  "cloudflare-cdn-cache-control",
  "cookie",
  "date",
  "etag",
  "expires",
  "forwarded",
  "host",
  "idempotency-key",
  "last-modified",
  "location",
  "origin",
  "pragma",
  "range",
  "referer",
  "set-cookie",
  "strict-transport-security",
  "surrogate-control",
  "surrogate-key",
  "true-client-ip",
  "user-agent",
  "vary",
  "via",
  "www-authenticate",
]);

/** Families of such fields. */
const END_TO_END_PREFIX = /^(?:accept-|access-control-|cf-|content-|cross-origin-|if-|sec-|x-forwarded-|x-frame-|x-real-|x-request-)/;

/**
 * A copy without the fields of the connection. A WebSocket handshake keeps `Upgrade: websocket`, by which the platform is asked to
 * make the same handshake on the next connection (RFC 6455 4.1).
 */
export function stripHopByHop(headers: Headers): Headers {
  const kept = new Headers(headers);
  for (const name of splitList(headers.get("connection") ?? "")) {
    const lower = name.toLowerCase();
    if (isToken(lower) && !isEndToEnd(lower)) kept.delete(lower);
  }
  for (const name of HOP_BY_HOP) kept.delete(name);
  if (isUpgradeRequest(headers)) kept.set("upgrade", "websocket");
  return kept;
}

/** A WebSocket handshake. The platform carries no other upgrades, and takes Connection away before we see it. */
export function isUpgradeRequest(headers: Headers): boolean {
  return splitList(headers.get("upgrade") ?? "").some((protocol) => protocol.toLowerCase() === "websocket");
}

function isEndToEnd(name: string): boolean {
  return END_TO_END.has(name) || END_TO_END_PREFIX.test(name);
}
