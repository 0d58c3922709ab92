// The URL of a request, as received and in canonical form. The text itself is split: `new URL()` would normalise what rules have
// to see. Pure. Callers: the stage receive, for a visitor's request, and the admin API, for a URL that an operator names.

import { fail, ok, type Result } from "../result.ts";
import { canonicalHost, canonicalPath } from "./url.ts";

export type Scheme = "http" | "https";

export interface RequestUrl {
  readonly scheme: Scheme;
  /** Lower case, with the port unless it is the scheme's default. */
  readonly host: string;
  readonly hostname: string;
  /** As received; `/` when there is none. */
  readonly rawPath: string;
  readonly path: string;
  readonly pathIsAmbiguous: boolean;
  /** As received, without the `?` and the fragment. */
  readonly query: string;
}

/**
 * @param url - Absolute. Userinfo is no host, and refused as one.
 * @param claimedScheme - In place of the URL's own, when a trusted proxy says that the visitor used another.
 * @returns what is wrong with it: `host` also for a text that is no http or https URL.
 */
export function readRequestUrl(url: string, claimedScheme: Scheme | null = null): Result<RequestUrl, "host" | "path"> {
  const match = /^(https?):\/\/([^/?#]+)([^?#]*)(?:\?([^#]*))?/i.exec(url);
  if (match === null) return fail("host");
  const [, ownScheme = "", authority = "", pathText = "", query = ""] = match;
  const scheme = claimedScheme ?? (ownScheme.toLowerCase() === "https" ? "https" : "http");
  const host = canonicalHost(authority, scheme);
  if (!host.ok) return fail("host");
  const rawPath = pathText === "" ? "/" : pathText;
  const { path, ambiguous, problem } = canonicalPath(rawPath);
  if (problem !== null) return fail("path");
  return ok({ scheme, ...host.value, rawPath, path, pathIsAmbiguous: ambiguous, query });
}
