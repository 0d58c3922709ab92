// Who the visitor is, and how that is told to origins: Forwarded (RFC 7239) and the X-Forwarded-* family. Pure. What a visitor
// sends in these headers is believed only as far as the proxies that appended to it are trusted, from right to left.

export interface ClientAddressInput {
  /** The address that connected to the platform; empty when unknown. */
  readonly peerAddress: string;
  readonly headers: Headers;
  isTrustedProxy(address: string): boolean;
}

/** The nearest address that is not a trusted proxy; the peer's when nothing beyond it can be believed. */
export function clientAddress(input: ClientAddressInput): string {
  const { peerAddress, headers, isTrustedProxy } = input;
  if (peerAddress === "" || !isTrustedProxy(peerAddress)) return peerAddress;
  let address = peerAddress;
  for (const hop of forwardedHops(headers).reverse()) {
    // `unknown`, an obfuscated name or garbage: nothing left of it can be believed either.
    if (hop === null) return address;
    address = hop;
    if (!isTrustedProxy(hop)) return hop;
  }
  return address;
}

export interface ForwardingInput {
  readonly clientAddress: string;
  /** With the port unless it is the scheme's default. */
  readonly host: string;
  readonly scheme: "http" | "https";
}

/** Replaces all of them: an origin sees what we know and nothing that a visitor claimed. */
export function setForwardingHeaders(headers: Headers, input: ForwardingInput): void {
  for (const name of ["forwarded", "x-forwarded-for", "x-forwarded-port", "x-real-ip", "x-client-ip", "x-cluster-client-ip"]) headers.delete(name);
  const { clientAddress: address, host, scheme } = input;
  headers.set("x-forwarded-proto", scheme);
  headers.set("x-forwarded-host", host);
  headers.set("x-forwarded-port", /:(\d+)$/.exec(host)?.[1] ?? (scheme === "https" ? "443" : "80"));
  if (address !== "") {
    headers.set("x-forwarded-for", address);
    headers.set("x-real-ip", address);
  }
  headers.set("forwarded", formatForwarded(input));
}

/** RFC 7239 4 and 6: IPv6 in brackets and quotes, a host with a port in quotes. */
function formatForwarded({ clientAddress: address, host, scheme }: ForwardingInput): string {
  const node = address === "" ? "unknown" : address.includes(":") ? `"[${address}]"` : address;
  const named = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(host) ? host : `"${host}"`;
  return `for=${node};host=${named};proto=${scheme}`;
}

/** Addresses from left to right; null where a hop has none. X-Forwarded-For counts where it is present, else Forwarded. */
function forwardedHops(headers: Headers): (string | null)[] {
  const xForwardedFor = headers.get("x-forwarded-for");
  if (xForwardedFor !== null) return xForwardedFor.split(",").map((hop) => addressOf(hop.trim()));
  const forwarded = headers.get("forwarded");
  return forwarded === null ? [] : forwarded.split(",").map((element) => addressOf(forParameter(element)));
}

function forParameter(element: string): string {
  const pair = element.split(";").find((part) => part.trim().toLowerCase().startsWith("for="));
  return pair === undefined ? "" : pair.trim().slice(4).replace(/^"(.*)"$/, "$1");
}

/** An address without port and brackets, or null. The shape is enough here: whoever compares it parses it. */
function addressOf(node: string): string | null {
  const bracketed = /^\[([0-9a-f:.]+)\](?::\d{1,5})?$/i.exec(node);
  if (bracketed?.[1] !== undefined) return bracketed[1].toLowerCase();
  const v4 = /^(\d{1,3}(?:\.\d{1,3}){3})(?::\d{1,5})?$/.exec(node);
  if (v4?.[1] !== undefined) return v4[1];
  return /^[0-9a-f]*:[0-9a-f:.]+$/i.test(node) ? node.toLowerCase() : null;
}
