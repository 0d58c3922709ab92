// Which stored URLs an unsafe request makes unusable (RFC 9111 4.4). Pure. It reaches this data centre only; a purge reaches all.

import type { Facts } from "../facts.ts";
import { canonicalHost, canonicalPath } from "../http/url.ts";

/** RFC 9110 9.2.1, and the read-only methods of other RFCs that origins behind a cache see (RFC 4918, RFC 3253). */
const SAFE_METHODS: readonly string[] = ["GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "REPORT", "SEARCH", "QUERY"];

export interface InvalidatedUrl {
  readonly path: string;
  readonly query: string;
}

/**
 * The target, and what Location and Content-Location name on the same host; nothing for a safe method or an error.
 * Another host is never touched: it would be a way to empty its cache (RFC 9111 4.4).
 */
export function invalidatedUrls(facts: Facts, response: { readonly status: number; readonly headers: Headers }): readonly InvalidatedUrl[] {
  if (SAFE_METHODS.includes(facts.method) || response.status < 200 || response.status > 399) return [];
  const urls: InvalidatedUrl[] = [{ path: facts.path, query: facts.query }];
  for (const name of ["location", "content-location"]) {
    const url = sameHostUrl(facts, response.headers.get(name));
    if (url !== null && !urls.some(({ path, query }) => path === url.path && query === url.query)) urls.push(url);
  }
  return urls;
}

/** Whether Content-Location names the URL that was asked for, so that the content is a representation of it (RFC 9110 8.7). */
export function isOwnLocation(facts: Facts, headers: Headers): boolean {
  const url = sameHostUrl(facts, headers.get("content-location"));
  return url !== null && url.path === facts.path && url.query === facts.query;
}

function sameHostUrl(facts: Facts, reference: string | null): InvalidatedUrl | null {
  if (reference === null) return null;
  const base = `${facts.scheme}://${facts.host}${facts.rawPath}${facts.query === "" ? "" : `?${facts.query}`}`;
  const url = URL.parse(reference, base);
  if (url === null || url.protocol !== `${facts.scheme}:`) return null;
  const host = canonicalHost(url.host, facts.scheme);
  const path = canonicalPath(url.pathname);
  if (!host.ok || host.value.host !== facts.host || path.problem !== null) return null;
  return { path: path.path, query: url.search.slice(1) };
}
