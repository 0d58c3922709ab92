// URLs as strings: paths and hosts in one canonical spelling (RFC 3986 6.2.2), so that routing, rules and cache keys cannot be passed
// by spelling a path another way, and queries as pairs that keep order and every byte. Pure; `new URL()` would hide what was sent.

import { fail, ok, type Result } from "../result.ts";

export interface CanonicalPath {
  readonly path: string;
  /** The received path differs from `path` in more than the encoding of unreserved characters, or servers may read it in two ways. */
  readonly ambiguous: boolean;
  readonly problem: PathProblem | null;
}

/**
 * Why a path is refused. nul, control: raw or encoded, they cut strings short somewhere behind us. encoded-dot-segment: a dot
 * segment that shows only to a server that decodes slashes (`..%2f`), decodes twice (`%252e%252e/`) or takes parameters off
 * segments (`..;`), and would lead it past our rules.
 */
export type PathProblem = "control" | "nul" | "encoded-dot-segment";

/** The path is idempotent, and has no dot segment, `//`, backslash or stray `%`; one with a problem must not be used further. */
export function canonicalPath(rawPath: string): CanonicalPath {
  const received = normaliseEscapes(rawPath);
  const decoded = rawPath.includes("\\") ? normaliseEscapes(rawPath.replaceAll("\\", "/")) : received;
  const path = removeDotSegments(decoded);
  const ambiguous = path !== received || /%5C|%[01]|%7F/.test(path) || hasUnsafe(rawPath);
  return { path, ambiguous, problem: pathProblem(decoded, path) };
}

/** An escape, or a run of characters that may not stand in a path (RFC 3986 3.3), a `%` that begins no escape among them. */
const ESCAPE_OR_UNSAFE = /%([0-9A-Fa-f]{2})|(?:[^A-Za-z0-9\-._~!$&'()*+,;=:@/%]|%(?![0-9A-Fa-f]{2}))+/g;
const UNRESERVED = /^[A-Za-z0-9\-._~]$/;

/** Unreserved characters decoded, other escapes in upper case, what may not stand in a path encoded (RFC 3986 6.2.2). */
function normaliseEscapes(path: string): string {
  return path.replaceAll(ESCAPE_OR_UNSAFE, (text, hex: string | undefined) => {
    if (hex === undefined) return percentEncode(text);
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return UNRESERVED.test(character) ? character : text.toUpperCase();
  });
}

function hasUnsafe(path: string): boolean {
  return /%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~!$&'()*+,;=:@/%]/.test(path);
}

function percentEncode(text: string): string {
  return [...new TextEncoder().encode(text)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
}

/** RFC 3986 5.2.4, and empty segments are merged. `/..` and `/.` at the end leave a slash. */
function removeDotSegments(path: string): string {
  const kept: string[] = [];
  const segments = path.split("/");
  for (const segment of segments) {
    if (segment === "..") kept.pop();
    else if (segment !== "." && segment !== "") kept.push(segment);
  }
  const last = segments.at(-1);
  const isDirectory = last === "" || last === "." || last === "..";
  return `/${kept.join("/")}${isDirectory && kept.length > 0 ? "/" : ""}`;
}

function pathProblem(decoded: string, path: string): PathProblem | null {
  if (/%00/.test(path)) return "nul";
  if (/%(?:0[1-9A-F]|1[0-9A-F]|7F)/.test(path)) return "control";
  return hidesDotSegment(decoded) ? "encoded-dot-segment" : null;
}

/**
 * Plain dot segments, also as `%2e`, are resolved and no problem. Decoding slashes, or everything a second time, must not make more.
 *
 * @param path - With its escapes normalised, before dot segments are removed.
 */
function hidesDotSegment(path: string): boolean {
  if (!/%2F|%5C|%25|;/.test(path)) return false;
  const once = decodeSlashes(path);
  const twice = decodeSlashes(normaliseEscapes(once.replaceAll("%25", "%")));
  return [once, twice].some((read) => dotSegments(read, true) > dotSegments(path, false));
}

function decodeSlashes(path: string): string {
  return path.replaceAll(/%2F|%5C/g, "/");
}

/** @param withParameters - `..;x` counts as `..`, as Java servers read it. */
function dotSegments(path: string, withParameters: boolean): number {
  return path.split("/").filter((segment) => {
    const name = withParameters ? (segment.split(";", 1)[0] ?? "") : segment;
    return name === "." || name === "..";
  }).length;
}

export interface CanonicalHost {
  /** With the port unless it is the scheme's default. */
  readonly host: string;
  /** Without a port; IPv6 in brackets. */
  readonly hostname: string;
}

/** character: not a letter, digit, hyphen, underscore or dot. label: empty, over 63, or with a hyphen at an end. */
export type HostProblem = "empty" | "character" | "label" | "too-long" | "port" | "address";

/**
 * @param authority - Host and optional port as received: `Shop.Example.com:443`. One trailing dot is dropped. Names in other scripts
 * are refused: on the wire they are `xn--` labels.
 */
export function canonicalHost(authority: string, scheme: "http" | "https"): Result<CanonicalHost, HostProblem> {
  const [, name = "", portText] = /^(\[[^\]]*\]|[^:[\]]*)(?::(.*))?$/s.exec(authority) ?? [];
  if (name === "") return fail(authority === "" || authority.startsWith(":") ? "empty" : "character");
  const hostname = name.startsWith("[") ? ipv6Literal(name) : hostnameOf(name);
  if (!hostname.ok) return hostname;
  const port = portOf(portText ?? "", scheme);
  if (!port.ok) return port;
  return ok({ host: hostname.value + port.value, hostname: hostname.value });
}

/** The compressed lower-case form (RFC 5952). Zone ids are refused. */
function ipv6Literal(literal: string): Result<string, HostProblem> {
  if (!/^\[[0-9a-f:.]+\]$/i.test(literal) || !URL.canParse(`http://${literal}/`)) return fail("address");
  return ok(new URL(`http://${literal}/`).hostname);
}

function hostnameOf(name: string): Result<string, HostProblem> {
  const hostname = name.toLowerCase().replace(/\.$/, "");
  if (hostname === "") return fail("empty");
  if (hostname.length > 253) return fail("too-long");
  if (!/^[a-z0-9._-]+$/.test(hostname)) return fail("character");
  const labels = hostname.split(".");
  if (labels.some((label) => label === "" || label.length > 63 || label.startsWith("-") || label.endsWith("-"))) return fail("label");
  // URL parsers read `127.1` and `0x7f000001` as addresses: a name whose last label is a number must be one, in its plain form.
  if (/^(?:\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? "") && !isIpv4(labels)) return fail("address");
  return ok(hostname);
}

function isIpv4(labels: readonly string[]): boolean {
  return labels.length === 4 && labels.every((label) => /^(?:0|[1-9]\d{0,2})$/.test(label) && Number(label) <= 255);
}

/** `:8080`, or nothing for the default; an empty port is the default too (RFC 3986 3.2.3). */
function portOf(text: string, scheme: "http" | "https"): Result<string, HostProblem> {
  if (text === "") return ok("");
  if (!/^\d{1,5}$/.test(text) || Number(text) < 1 || Number(text) > 65_535) return fail("port");
  const port = Number(text);
  return ok(port === (scheme === "https" ? 443 : 80) ? "" : `:${port}`);
}

/** One `name=value` of a query. */
export interface QueryPair {
  /** The whole pair as written. */
  readonly raw: string;
  /** Decoded as a form would be: `+` is a space, escapes that are none stay. */
  readonly name: string;
  readonly value: string;
}

/** `formatQuery(parseQuery(query))` is `query`. Without `?`. */
export function parseQuery(query: string): readonly QueryPair[] {
  return query === "" ? [] : query.split("&").map(queryPair);
}

export function formatQuery(pairs: readonly QueryPair[]): string {
  return pairs.map(({ raw }) => raw).join("&");
}

/** @param raw - As it will stand in the query: without `&`. */
export function queryPair(raw: string): QueryPair {
  const equals = raw.indexOf("=");
  const [name, value] = equals === -1 ? [raw, ""] : [raw.slice(0, equals), raw.slice(equals + 1)];
  return { raw, name: decodeFormText(name), value: decodeFormText(value) };
}

/** Valid escapes are decoded even where others are not; bytes that are no UTF-8 become U+FFFD, so nothing is ever refused. */
function decodeFormText(text: string): string {
  const spaced = text.replaceAll("+", " ");
  if (!spaced.includes("%")) return spaced;
  return spaced.replaceAll(/(?:%[0-9A-Fa-f]{2})+/g, (escapes) => {
    const bytes = Uint8Array.from(escapes.slice(1).split("%"), (hex) => Number.parseInt(hex, 16));
    return new TextDecoder("utf-8", { fatal: false, ignoreBOM: true }).decode(bytes);
  });
}
