// Takes the origin's name and base path out of a response, before it is stored: in Location, Content-Location, Refresh, Link and
// cookies. Pure. Visitors see the site's host and the paths they asked for, whatever the origin calls itself.

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

/** What an origin's platform says about itself, not about the resource. */
const DROPPED = ["alt-svc", "cf-cache-status", "cf-ray", "report-to", "nel", "expect-ct", "public-key-pins"] as const;

/** Changes `headers` in place. */
export function hideOrigin(headers: Headers, names: OriginNames): void {
  for (const name of DROPPED) headers.delete(name);
  replace(headers, "location", (value) => visitorUrl(value, names));
  replace(headers, "content-location", (value) => visitorUrl(value, names));
  replace(headers, "refresh", (value) => refresh(value, names));
  replace(headers, "link", (value) => value.replaceAll(/<([^<>]*)>/g, (_, url: string) => `<${visitorUrl(url, names)}>`));
  const cookies = headers.getSetCookie();
  if (cookies.length === 0) return;
  headers.delete("set-cookie");
  for (const cookie of cookies) headers.append("set-cookie", visitorCookie(cookie, names));
}

function replace(headers: Headers, name: string, change: (value: string) => string): void {
  const value = headers.get(name);
  if (value === null) return;
  const changed = change(value);
  if (changed !== value) headers.set(name, changed);
}

/** A URL as the visitor may use it. Relative references stay; absolute paths lose the origin's base path. */
export function visitorUrl(url: string, names: OriginNames): string {
  const trimmed = url.trim();
  if (trimmed.startsWith("/") && !trimmed.startsWith("//")) return visitorPath(trimmed, names);
  const match = /^((?:https?:)?\/\/)(?:[^/?#@]*@)?([^/?#]*)(.*)$/i.exec(trimmed);
  if (match === null) return url;
  const [, prefix = "", authority = "", rest = ""] = match;
  if (!isOrigin(prefix, authority, names)) return url;
  const path = rest === "" || !rest.startsWith("/") ? `/${rest}` : rest;
  return `${names.scheme}://${names.host}${visitorPath(path, names)}`;
}

/** By host and port, whatever the scheme: an origin behind TLS termination often names itself with http:. */
function isOrigin(prefix: string, authority: string, names: OriginNames): boolean {
  const scheme = prefix.toLowerCase().startsWith("https") ? "https" : "http";
  const named = hostAndPort(`${scheme}://${authority}`);
  return named !== null && names.bases.some((base) => isSameServer(named, hostAndPort(base)));
}

interface Server {
  readonly hostname: string;
  readonly port: string;
}

function hostAndPort(base: string): Server | null {
  if (!URL.canParse(base)) return null;
  const { hostname, port } = new URL(base);
  return { hostname, port };
}

/** A default port may stand for either scheme's: `http://app.internal/` names the origin `https://app.internal` too. */
function isSameServer(a: Server, b: Server | null): boolean {
  return b !== null && a.hostname === b.hostname && (a.port === b.port || a.port === "" || b.port === "");
}

/** The reverse of base path, strip and prefix: `/base/new/x` becomes `/static/x`. A path outside of them stays as it is. */
function visitorPath(path: string, { basePath, rewrite }: OriginNames): string {
  const end = path.search(/[?#]/);
  const [pathOnly, rest] = end === -1 ? [path, ""] : [path.slice(0, end), path.slice(end)];
  const inside = withoutPrefix(pathOnly, basePath + rewrite.prefix);
  if (inside === null) return path;
  const outside = rewrite.strip + inside;
  return (outside === "" ? "/" : outside) + rest;
}

/** Null when `path` is not below `prefix` on a segment border. */
function withoutPrefix(path: string, prefix: string): string | null {
  if (prefix === "") return path;
  if (!path.startsWith(prefix)) return null;
  const rest = path.slice(prefix.length);
  return rest === "" || rest.startsWith("/") ? rest : null;
}

/** `5; url=https://origin/x`, `5;URL='...'`, `0, url="..."`: not standardised but as browsers read it (HTML, "refresh"). */
function refresh(value: string, names: OriginNames): string {
  const match = /^(\s*[\d.]*\s*[;,]?\s*(?:url\s*=\s*)?)(["']?)(.*?)(["']?)\s*$/i.exec(value);
  if (match === null || match[3] === undefined || match[3] === "") return value;
  const [, lead = "", open = "", url, close = ""] = match;
  return `${lead}${open}${visitorUrl(url, names)}${close}`;
}

/** A cookie for an origin's host becomes one for the visitor's host alone, and its Path follows the rewrite. */
function visitorCookie(cookie: string, names: OriginNames): string {
  const [pair = "", ...attributes] = cookie.split(";");
  const kept = attributes.flatMap((attribute) => {
    const [name = "", value = ""] = splitOnce(attribute);
    const key = name.trim().toLowerCase();
    if (key === "domain") return coversVisitor(value, names) ? [attribute] : [];
    if (key === "path") return [` Path=${visitorPath(value.trim(), names)}`];
    return [attribute];
  });
  return [pair, ...kept].join(";");
}

/** A Domain that the visitor's browser would accept stays: the site may share cookies with its own subdomains. */
function coversVisitor(domain: string, { host }: OriginNames): boolean {
  const wanted = domain.trim().toLowerCase().replace(/^\./, "");
  const hostname = host.replace(/:\d+$/, "");
  return wanted !== "" && (hostname === wanted || hostname.endsWith(`.${wanted}`));
}

function splitOnce(attribute: string): readonly [string, string] {
  const equals = attribute.indexOf("=");
  return equals === -1 ? [attribute, ""] : [attribute.slice(0, equals), attribute.slice(equals + 1)];
}
