// The headers that say what happened: X-Cache, Cache-Status (RFC 9211), X-Request-Id, Server-Timing. Pure. Never an origin's name.

import type { Exchange } from "../exchange.ts";
import { cacheStatusHeader } from "../http/cache-status.ts";

export function statusHeaders(exchange: Exchange, response: Headers): readonly (readonly [name: string, value: string])[] {
  const { digest } = exchange;
  return [
    ["x-cache", digest.cache.status],
    ["cache-status", cacheStatusHeader(digest.cache, response.get("cache-status"))],
    ["x-request-id", exchange.id],
    ...serverTiming(exchange, response),
  ];
}

/** One `origin` entry with the time of all attempts; an upstream's own entries stay in front of it. */
function serverTiming(exchange: Exchange, response: Headers): readonly (readonly [name: string, value: string])[] {
  const { attempts } = exchange.digest;
  if (attempts.length === 0) return [];
  const total = attempts.reduce((sum, attempt) => sum + attempt.ms, 0);
  const own = `origin;dur=${total};desc="${attempts.length} ${attempts.length === 1 ? "attempt" : "attempts"}"`;
  const upstream = response.get("server-timing");
  return [["server-timing", upstream === null ? own : `${upstream}, ${own}`]];
}
