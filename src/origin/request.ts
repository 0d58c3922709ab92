// What is sent to an origin: its URL, the headers that fetch will take, and the body if the method has one. Pure but for the
// body, which is handed through. It never sees the origin's answer.

import type { OriginSnapshot } from "../config/pool-snapshot.ts";
import type { FetchInit } from "../ports.ts";
import { originKey } from "./health.ts";

export interface OriginRequestInput {
  /** Name of the origin's pool. */
  readonly pool: string;
  readonly origin: OriginSnapshot;
  readonly method: string;
  /** Path and query, before the origin's base path. */
  readonly target: string;
  readonly headers: Headers;
  readonly body: FetchInit["body"];
  readonly signal: AbortSignal | null;
  /** What the origin has until its answer is no longer waited for; null tells it nothing. */
  readonly timeoutMs: number | null;
  /** Host name of the visitor's request, where the origin is to see it; null sends the origin's own. */
  readonly visitorHostname: string | null;
}

/** Milliseconds, counted from the request's arrival, since clocks differ. What a visitor says there is replaced. */
export const TIMEOUT_HEADER = "x-request-timeout-ms";

export function originRequest(input: OriginRequestInput): { readonly url: string; readonly init: FetchInit } {
  const { origin, method, visitorHostname } = input;
  const headers = new Headers(input.headers);
  // The platform refuses a Host of our own; the URL decides it.
  headers.delete("host");
  if (input.timeoutMs === null) headers.delete(TIMEOUT_HEADER);
  else headers.set(TIMEOUT_HEADER, String(Math.round(input.timeoutMs)));
  const body = isBodiless(method) ? null : input.body;
  if (body === null && isBodiless(method)) {
    // fetch throws for a GET with a body, and a length without the body would make the origin wait for it.
    for (const name of ["content-length", "transfer-encoding", "expect"]) headers.delete(name);
  }
  const url = originUrl(origin, input.target);
  const { service } = origin;
  const asked = { method, headers, body, signal: input.signal, service, originKey: originKey(input.pool, origin.id) };
  if (visitorHostname === null) return { url, init: { ...asked, resolveOverride: null } };
  // The platform takes the Host from the URL and the address from `resolveOverride`.
  const resolved = new URL(url);
  const originHostname = resolved.hostname;
  resolved.hostname = visitorHostname;
  return { url: resolved.href, init: { ...asked, resolveOverride: originHostname } };
}

/** Base, base path and target, joined so that a target can never change the authority (`@evil.example` after a bare base). */
export function originUrl(origin: Pick<OriginSnapshot, "base" | "basePath">, target: string): string {
  return `${origin.base}${origin.basePath}${target.startsWith("/") ? "" : "/"}${target}`;
}

/** fetch throws for a body with these. */
export function isBodiless(method: string): boolean {
  return method === "GET" || method === "HEAD";
}
