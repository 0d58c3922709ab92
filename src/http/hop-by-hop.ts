// Connection-specific headers (RFC 9110 7.6.1): dropped in both directions, with those that Connection names. Pure.

/** RFC 9110 7.6.1 and what older software still sends. */
const HOP_BY_HOP = [
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-authentication-info",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
] as const;

/**
 * A sender may name any header in Connection, and a proxy that obeyed would drop what the origin's safety depends on: the
 * client address, the credentials, the length of the body ("hop-by-hop header abuse", N. Davison, 2019).
 */
const NEVER_NAMED: ReadonlySet<string> = new Set([
  "authorization",
  "cache-control",
  "cdn-loop",
  "content-encoding",
  "content-length",
  "content-type",
  "cookie",
  "date",
  "etag",
  "expires",
  "forwarded",
  "host",
  "location",
  "range",
  "set-cookie",
  "vary",
  "via",
  "www-authenticate",
]);

/** A copy without connection-specific headers. */
export function stripHopByHop(headers: Headers): Headers {
  const kept = new Headers(headers);
  for (const name of (headers.get("connection") ?? "").toLowerCase().split(",")) {
    const trimmed = name.trim();
    if (mayBeNamed(trimmed)) kept.delete(trimmed);
  }
  for (const name of HOP_BY_HOP) kept.delete(name);
  return kept;
}

/** A WebSocket handshake (RFC 6455 4.1). Other upgrades are not carried by the platform. */
export function isUpgradeRequest(headers: Headers): boolean {
  return headers.get("upgrade")?.trim().toLowerCase() === "websocket";
}

/** Names that are no tokens would make `delete` throw. */
function mayBeNamed(name: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name) && !NEVER_NAMED.has(name) && !/^(?:x-forwarded-|cf-|x-real-ip|x-request-id)/.test(name);
}
