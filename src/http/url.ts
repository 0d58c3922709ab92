// URLs as strings: hosts, paths and queries in one canonical spelling (RFC 3986 6.2.2), so that routing, rules and cache keys
// cannot be passed by spelling a path another way. Pure; `new URL()` is not used, since it hides what was sent.

import { fail, ok, type Result } from "../result.ts";

export interface CanonicalPath {
  readonly path: string;
  /** The received path differs from `path` in more than the encoding of unreserved characters. */
  readonly ambiguous: boolean;
  readonly problem: PathProblem | null;
}

/**
 * Paths that are refused: control characters and NUL, raw or encoded, cut strings short somewhere behind us; a dot segment behind
 * an encoded slash or backslash (`..%2f`) is resolved by some servers and not by others.
 */
export type PathProblem = "control" | "nul" | "encoded-dot-segment";

/** Idempotent: the canonical path of a canonical path is itself. Never contains dot segments, `//` or a backslash. */
export function canonicalPath(rawPath: string): CanonicalPath {
  const problem = pathProblem(rawPath);
  if (problem !== null) return { path: "/", ambiguous: true, problem };
  const decoded = decodeUnreserved(rawPath);
  const path = removeDotSegments(encodeUnsafe(decoded.replaceAll("\\", "/")));
  return { path, ambiguous: path !== decoded || hasBadEscape(rawPath), problem: null };
}

function pathProblem(rawPath: string): PathProblem | null {
  if (/%00|\0/.test(rawPath)) return "nul";
  if (/[\x01-\x1f\x7f]|%(?:0[1-9a-f]|1[0-9a-f]|7f)/i.test(rawPath)) return "control";
  // Decoded once and twice: `%252e%252e%252f` is an attack on a server that decodes twice.
  const once = decodeSeparators(rawPath);
  const twice = decodeSeparators(once.replaceAll(/%25/g, "%"));
  return [once, twice].some((path) => path !== rawPath && hasHiddenDotSegment(rawPath, path)) ? "encoded-dot-segment" : null;
}

/** Dots, slashes and backslashes, which servers may decode before they resolve dot segments. */
function decodeSeparators(path: string): string {
  return path.replaceAll(/%2e/gi, ".").replaceAll(/%2f/gi, "/").replaceAll(/%5c/gi, "\\");
}

const DOT_SEGMENT = /(?:^|[/\\])\.\.?(?:;[^/\\]*)?(?=[/\\]|$)/g;

/** Plain dot segments are resolved here like everywhere. Ones that show only after decoding a separator are hidden. */
function hasHiddenDotSegment(rawPath: string, decoded: string): boolean {
  const plain = rawPath.replaceAll(/%2e/gi, ".").replaceAll("\\", "/");
  return (decoded.match(DOT_SEGMENT)?.length ?? 0) > (plain.match(DOT_SEGMENT)?.length ?? 0);
}

/** `%7E` becomes `~`; all other escapes are put in upper case (RFC 3986 6.2.2.1 and 6.2.2.2). */
function decodeUnreserved(path: string): string {
  return path.replaceAll(/%([0-9a-f]{2})/gi, (escape, hex: string) => {
    const char = String.fromCharCode(Number.parseInt(hex, 16));
    return /[A-Za-z0-9\-._~]/.test(char) ? char : escape.toUpperCase();
  });
}

/** What may not stand in a path (RFC 3986 3.3) is encoded; an escape that is none keeps its characters, with the `%` encoded. */
function encodeUnsafe(path: string): string {
  return path
    .replaceAll(/%(?![0-9A-F]{2})/g, "%25")
    .replaceAll(/[^A-Za-z0-9\-._~!$&'()*+,;=:@/%]+/g, (text) => [...new TextEncoder().encode(text.toWellFormed())].map(percent).join(""));
}

function percent(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
}

function hasBadEscape(rawPath: string): boolean {
  return /%(?![0-9a-f]{2})/i.test(rawPath);
}

/** RFC 3986 5.2.4, and empty segments are merged. A trailing slash stays; `/..` at the end leaves one. */
function removeDotSegments(path: string): string {
  const kept: string[] = [];
  const segments = path.split("/").slice(1);
  for (const segment of segments) {
    if (segment === "..") kept.pop();
    else if (segment !== "." && segment !== "") kept.push(segment);
  }
  const last = segments.at(-1);
  const directory = last === "" || last === "." || last === "..";
  return `/${kept.join("/")}${directory && kept.length > 0 ? "/" : ""}`;
}

export interface CanonicalHost {
  /** With the port unless it is the scheme's default. */
  readonly host: string;
  /** Without a port; IPv6 in brackets. */
  readonly hostname: string;
}

export type HostProblem = "empty" | "syntax" | "port" | "too-long";

const LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?";
const NAME = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);

/**
 * @param authority - Host and optional port as received: `Shop.Example.com:443`. A trailing dot is dropped.
 */
export function canonicalHost(authority: string, scheme: "http" | "https"): Result<CanonicalHost, HostProblem> {
  const match = /^(\[[0-9a-f:.]+\]|[^:[\]]*)(?::(\d*))?$/i.exec(authority);
  if (match === null) return fail("syntax");
  const hostname = (match[1] ?? "").toLowerCase().replace(/\.$/, "");
  if (hostname === "") return fail("empty");
  if (hostname.length > 253) return fail("too-long");
  if (!hostname.startsWith("[") && !NAME.test(hostname)) return fail("syntax");
  const port = match[2] ?? "";
  if (port !== "" && (Number(port) < 1 || Number(port) > 65_535)) return fail("port");
  const number = port === "" ? "" : String(Number(port));
  const isDefault = number === "" || number === (scheme === "https" ? "443" : "80");
  return ok({ host: isDefault ? hostname : `${hostname}:${number}`, hostname });
}

/** One `name=value` of a query, as it was written. */
export interface QueryPair {
  /** The whole pair, untouched. */
  readonly raw: string;
  /** Decoded as a form would be: `+` is a space. For comparison only. */
  readonly name: string;
  readonly value: string;
}

/** In order, nothing lost: `formatQuery(parseQuery(q))` is `q`. */
export function parseQuery(query: string): readonly QueryPair[] {
  return query === "" ? [] : query.split("&").map(pairOf);
}

export function formatQuery(pairs: readonly QueryPair[]): string {
  return pairs.map(({ raw }) => raw).join("&");
}

function pairOf(raw: string): QueryPair {
  const equals = raw.indexOf("=");
  const [name, value] = equals === -1 ? [raw, ""] : [raw.slice(0, equals), raw.slice(equals + 1)];
  return { raw, name: decodeFormText(name), value: decodeFormText(value) };
}

/** Escapes that are none stay as they are. */
function decodeFormText(text: string): string {
  const spaced = text.replaceAll("+", " ");
  if (!spaced.includes("%")) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}
