// What is sent to an origin: its URL, the headers that fetch will take, and the body if the method has one. Pure but for the
// body, which is handed through. It never sees the origin's answer.

import type { OriginSnapshot } from "../config/snapshot.ts";
import type { FetchInit } from "../ports.ts";

export interface OriginRequestInput {
  readonly origin: OriginSnapshot;
  readonly method: string;
  /** Path and query, before the origin's base path. */
  readonly target: string;
  readonly headers: Headers;
  readonly body: FetchInit["body"];
  readonly signal: AbortSignal | null;
  /** Host name of the visitor's request, where the origin is to see it; null sends the origin's own. */
  readonly visitorHostname: string | null;
}

export function originRequest(input: OriginRequestInput): { readonly url: string; readonly init: FetchInit } {
  const { origin, method, visitorHostname } = input;
  const headers = new Headers(input.headers);
  // The platform refuses a Host of our own; the URL decides it.
  headers.delete("host");
  const body = isBodiless(method) ? null : input.body;
  if (body === null && isBodiless(method)) {
    // fetch throws for a GET with a body, and a length without the body would make the origin wait for it.
    for (const name of ["content-length", "transfer-encoding", "expect"]) headers.delete(name);
  }
  const url = originUrl(origin, input.target);
  if (visitorHostname === null) return { url, init: { method, headers, body, signal: input.signal, resolveOverride: null } };
  // The platform takes the Host from the URL and the address from `resolveOverride`.
  const resolved = new URL(url);
  const originHostname = resolved.hostname;
  resolved.hostname = visitorHostname;
  return { url: resolved.href, init: { method, headers, body, signal: input.signal, resolveOverride: originHostname } };
}

/** Base, base path and target, joined so that a target can never change the authority (`@evil.example` after a bare base). */
export function originUrl(origin: Pick<OriginSnapshot, "base" | "basePath">, target: string): string {
  return `${origin.base}${origin.basePath}${target.startsWith("/") ? "" : "/"}${target}`;
}

/** fetch throws for a body with these. */
export function isBodiless(method: string): boolean {
  return method === "GET" || method === "HEAD";
}
