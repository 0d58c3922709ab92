// Who the visitor is, and how that is told to origins: Forwarded (RFC 7239) and the X-Forwarded-* family. Pure. What stands in these
// headers is believed only as far as the proxies that appended to it are trusted, from right to left; an origin gets what we
// know and nothing that a visitor claimed.

import { FORWARDED_HOPS_MAX } from "../limits.ts";
import { addressOf } from "./address.ts";
import { isToken } from "./header-syntax.ts";
import { quote, splitList, unquote } from "./list.ts";

export interface ClientAddressInput {
  /** The address that connected to the platform; empty when unknown. */
  readonly peerAddress: string;
  readonly headers: Headers;
  isTrustedProxy(address: string): boolean;
}

/**
 * The nearest address that is not a trusted proxy; the farthest trusted one where nothing beyond it can be believed.
 * X-Forwarded-For decides where it is present, Forwarded where it is not: a proxy appends to one of them, and a visitor who adds
 * the other must not be believed. A trusted proxy that writes Forwarded therefore has to drop X-Forwarded-For.
 */
export function clientAddress(input: ClientAddressInput): string {
  const { peerAddress, headers } = input;
  if (peerAddress === "" || !input.isTrustedProxy(peerAddress)) return peerAddress;
  let address = peerAddress;
  for (const hop of forwardedHops(headers).toReversed().slice(0, FORWARDED_HOPS_MAX)) {
    const known = addressOf(hop);
    // `unknown`, an obfuscated name or garbage: what stands left of it came through a hand that we do not know.
    if (known === null) return address;
    address = known;
    if (!input.isTrustedProxy(known)) return known;
  }
  return address;
}

/** The nodes of the header that counts, from left to right. An element without `for` is an empty node. */
function forwardedHops(headers: Headers): readonly string[] {
  const xForwardedFor = headers.get("x-forwarded-for");
  // An empty member is a hop that says nothing; dropping it would move trust one hop to the left.
  if (xForwardedFor !== null) return xForwardedFor.split(",").map((hop) => hop.trim());
  const forwarded = headers.get("forwarded");
  return forwarded === null ? [] : splitList(forwarded).map(forParameter);
}

function forParameter(element: string): string {
  const pairs = splitList(element, ";").filter((pair) => /^for=/i.test(pair));
  const value = pairs[0]?.slice(4) ?? "";
  // A parameter must not occur twice (RFC 7239 4).
  return pairs.length === 1 ? (unquote(value) ?? value) : "";
}

export interface ForwardingInput {
  /** Empty when unknown. */
  readonly clientAddress: string;
  /** With the port unless it is the scheme's default. */
  readonly host: string;
  readonly scheme: "http" | "https";
}

/** Names by which software is told who the visitor is, or where the request went; all are ours to say. */
const CLAIMS = [
  "forwarded",
  "x-forwarded",
  "x-forwarded-by",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-port",
  "x-forwarded-proto",
  "x-forwarded-protocol",
  "x-forwarded-ssl",
  "x-url-scheme",
  "front-end-https",
  "x-real-ip",
  "x-client-ip",
  "x-cluster-client-ip",
  "x-originating-ip",
  "x-remote-ip",
  "x-remote-addr",
  "client-ip",
  "fastly-client-ip",
  "proxy-client-ip",
  "wl-proxy-client-ip",
  "x-appengine-user-ip",
  "x-azure-clientip",
  "x-envoy-external-address",
  "x-original-forwarded-for",
] as const;

/** @param name - Lower case. */
export function isForwardingClaim(name: string): boolean {
  return (CLAIMS as readonly string[]).includes(name);
}

/** Changes `headers`: every claim is replaced. */
export function setForwardingHeaders(headers: Headers, input: ForwardingInput): void {
  for (const name of CLAIMS) headers.delete(name);
  const { host, scheme } = input;
  const address = addressOf(input.clientAddress);
  headers.set("forwarded", formatForwarded(address, host, scheme));
  headers.set("x-forwarded-proto", scheme);
  headers.set("x-forwarded-host", host);
  headers.set("x-forwarded-port", /:(\d+)$/.exec(host)?.[1] ?? (scheme === "https" ? "443" : "80"));
  if (address === null) return;
  headers.set("x-forwarded-for", address);
  headers.set("x-real-ip", address);
}

/** RFC 7239 4 and 6: IPv6 in brackets and quotes, a host with a port in quotes. */
function formatForwarded(address: string | null, host: string, scheme: string): string {
  const node = address === null ? "unknown" : address.includes(":") ? quote(`[${address}]`) : address;
  return `for=${node};host=${isToken(host) ? host : quote(host)};proto=${scheme}`;
}
