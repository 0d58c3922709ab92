// From an origin's URLs to those that visitors use: the reverse of what the route does to a request. Pure. It changes what names an
// origin of the release, in any spelling that a browser would follow, and leaves all other text alone.

import type { RewriteSnapshot } from "../config/snapshot.ts";

export interface OriginNames {
  /** Scheme and host of the origin that answered, and of all others of the release: a redirect may name a sibling. */
  readonly bases: readonly string[];
  /** Path in front of every path at the origin that answered: empty or `/base`. */
  readonly basePath: string;
  readonly rewrite: Pick<RewriteSnapshot, "strip" | "prefix">;
  /** What the visitor uses. */
  readonly scheme: "http" | "https";
  readonly host: string;
}

interface Server {
  readonly hostname: string;
  readonly port: string;
}

/** A URL reference as the visitor may use it. Relative references stay; absolute paths lose the origin's base path. */
export function visitorUrl(url: string, names: OriginNames): string {
  const trimmed = url.trim();
  if (/^\/(?![/\\])/.test(trimmed)) return visitorPath(trimmed, names);
  // Browsers take any number of slashes and backslashes behind the scheme, skip tabs and line breaks, and ignore userinfo.
  const match = /^(?:(https?):)?[/\\]{2,}(?:[^/\\?#]*@)?([^/\\?#]*)(.*)$/is.exec(trimmed.replaceAll(/[\t\r\n]/g, ""));
  if (match === null) return url;
  const [, scheme = names.scheme, authority = "", rest = ""] = match;
  const named = serverOf(`${scheme}://${authority}`);
  if (named === null || isVisitorHost(named, names) || !names.bases.some((base) => isSameServer(named, serverOf(base)))) return url;
  return `${names.scheme}://${names.host}${visitorPath(/^[/\\]/.test(rest) ? rest.replace(/^[/\\]+/, "/") : `/${rest}`, names)}`;
}

/**
 * The reverse of base path, prefix and strip: `/base/new/x` becomes `/static/x`. A path outside of them stays as it is.
 *
 * @param path - Absolute; a query and a fragment may follow.
 */
export function visitorPath(path: string, { basePath, rewrite }: OriginNames): string {
  const end = path.search(/[?#]/);
  const [pathOnly, rest] = end === -1 ? [path, ""] : [path.slice(0, end), path.slice(end)];
  const inside = withoutPrefix(pathOnly, basePath + rewrite.prefix);
  if (inside === null) return path;
  const outside = rewrite.strip + inside;
  // A path that begins with two slashes would be a host.
  return (outside === "" ? "/" : outside.replace(/^[/\\]{2,}/, "/")) + rest;
}

/** Hostnames of origins that occur in `text`, the longest first, so that none is replaced inside a longer one. */
export function originNamesIn(text: string, names: OriginNames): readonly string[] {
  const lower = text.toLowerCase();
  const own = serverOf(`${names.scheme}://${names.host}`)?.hostname;
  const found = new Set<string>();
  for (const base of names.bases) {
    const hostname = serverOf(base)?.hostname ?? "";
    // A name without a dot, like `web`, may be any word; the visitor's own is no secret.
    if (hostname.includes(".") && hostname !== own && lower.includes(hostname)) found.add(hostname);
  }
  return [...found].sort((a, b) => b.length - a.length);
}

/**
 * `text` with these hostnames, each with or without scheme and port, replaced by the visitor's. Only whole names: in
 * `origin.example.org` nothing stands for `origin.example`. Percent-encoded URLs, as in a return address, are found too.
 */
export function replaceNames(text: string, hostnames: readonly string[], names: OriginNames): string {
  let replaced = text;
  for (const hostname of hostnames) {
    const name = hostname.replaceAll(/[.[\]]/g, "\\$&");
    const pattern = `(?:https?(:|%3A)(//|%2F%2F)|(?<=^|[^a-z0-9.-]|%[0-9a-f]{2}))${name}(?:(?::|%3A)\\d{1,5})?(?![a-z0-9-]|\\.[a-z0-9])`;
    replaced = replaced.replaceAll(new RegExp(pattern, "gi"), (_, colon: string | undefined, slashes: string | undefined) => {
      if (colon === undefined || slashes === undefined) return names.host;
      return names.scheme + colon + slashes + (colon === ":" ? names.host : names.host.replaceAll(":", "%3A"));
    });
  }
  return replaced;
}

/** Without the URL parser, which costs a microsecond, and a release can have thousands of origins. Null when it is no http URL. */
function serverOf(base: string): Server | null {
  const match = /^(https?):\/\/(\[[^\]/]*\]|[^:/[\]]+)(?::(\d*))?$/i.exec(base);
  if (match === null) return null;
  const [, scheme = "", hostname = "", port = ""] = match;
  const isDefault = port === (scheme.toLowerCase() === "https" ? "443" : "80");
  // A trailing dot names the same host.
  return { hostname: hostname.toLowerCase().replace(/\.$/, ""), port: isDefault ? "" : port };
}

function isVisitorHost(named: Server, names: OriginNames): boolean {
  const own = serverOf(`${names.scheme}://${names.host}`);
  return own !== null && own.hostname === named.hostname && own.port === named.port;
}

/** A default port may stand for either scheme's: `http://app.internal/` names the origin `https://app.internal` too. */
function isSameServer(a: Server, b: Server | null): boolean {
  return b !== null && a.hostname === b.hostname && (a.port === b.port || a.port === "" || b.port === "");
}

/** Null when `path` is not below `prefix` on a segment border. */
function withoutPrefix(path: string, prefix: string): string | null {
  if (!path.startsWith(prefix)) return null;
  const rest = path.slice(prefix.length);
  return prefix === "" || rest === "" || rest.startsWith("/") ? rest : null;
}
