// Stage "receive": what came in, as facts, or the reason why it is refused. Pure. The only place that reads a raw URL, a Host
// or a client address; everything after it works on the canonical forms and can still see the raw ones.

import type { ClientFacts, Facts } from "../facts.ts";
import type { EdgeError } from "../errors.ts";
import type { ClientRules } from "../ruleset.ts";
import { passesThrough } from "../http/cdn-loop.ts";
import { clientAddress } from "../http/forwarded.ts";
import { isUpgradeRequest } from "../http/hop-by-hop.ts";
import { canonicalHost, canonicalPath } from "../http/url.ts";
import { HEADER_BYTES_MAX, HEADER_COUNT_MAX, LOOP_PASSES_MAX, URL_BYTES_MAX } from "../limits.ts";
import { fail, ok, type Result } from "../result.ts";

export interface Received {
  readonly method: string;
  /** Absolute, as the runtime handed it over. */
  readonly url: string;
  readonly headers: Headers;
  readonly hasBody: boolean;
  /** What the platform knows of the connection; null on a bare socket and in `explain`. */
  readonly connection: Connection | null;
  readonly nowMs: number;
}

/** The parts of `request.cf` that are used. All are optional there. */
export interface Connection {
  readonly country?: string | undefined;
  readonly continent?: string | undefined;
  readonly region?: string | undefined;
  readonly city?: string | undefined;
  readonly asn?: number | undefined;
  readonly latitude?: string | undefined;
  readonly longitude?: string | undefined;
  readonly timezone?: string | undefined;
  readonly isEUCountry?: string | undefined;
  readonly colo?: string | undefined;
  readonly tlsVersion?: string | undefined;
  readonly tlsCipher?: string | undefined;
  readonly httpProtocol?: string | undefined;
  readonly clientAcceptEncoding?: string | undefined;
}

export function receive(received: Received, client: ClientRules): Result<Facts, EdgeError> {
  const tooLarge = sizeProblem(received);
  if (tooLarge !== null) return fail(tooLarge);
  // An origin answers TRACE with the request as it got it, secrets that header rules add for it included.
  if (received.method === "TRACE") return fail({ code: "method-not-allowed", allow: USUAL_METHODS });
  const url = splitUrl(received.url);
  if (url === null) return fail({ code: "bad-host" });
  const peer = received.headers.get(client.addressHeader) ?? "";
  const address = clientAddress({ peerAddress: peer, headers: received.headers, isTrustedProxy: client.isTrustedProxy });
  const scheme = peer !== "" && client.isTrustedProxy(peer) ? forwardedScheme(received.headers, url.scheme) : url.scheme;
  const host = canonicalHost(url.authority, scheme);
  if (!host.ok) return fail({ code: "bad-host" });
  const path = canonicalPath(url.path);
  if (path.problem !== null) return fail({ code: "bad-path" });
  if (passesThrough(received.headers.get("cdn-loop")) >= LOOP_PASSES_MAX) return fail({ code: "loop" });
  return ok({
    method: received.method,
    rawUrl: received.url,
    scheme,
    host: host.value.host,
    hostname: host.value.hostname,
    rawPath: url.path,
    path: path.path,
    pathIsAmbiguous: path.ambiguous,
    query: url.query,
    headers: received.headers,
    client: clientFacts(address, received),
    protocol: received.connection?.httpProtocol ?? "HTTP/1.1",
    hasBody: received.hasBody,
    contentLength: contentLength(received.headers),
    // A handshake is a GET (RFC 6455 4.1). The platform would make a GET of any other method, past the rules that saw a POST.
    isUpgrade: received.method === "GET" && isUpgradeRequest(received.headers),
    receivedAtMs: received.nowMs,
  });
}

const USUAL_METHODS: readonly string[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

function sizeProblem(received: Received): EdgeError | null {
  if (received.url.length > URL_BYTES_MAX) return { code: "uri-too-long" };
  let count = 0;
  let bytes = 0;
  for (const [name, value] of received.headers) {
    count += 1;
    bytes += name.length + value.length;
  }
  return count > HEADER_COUNT_MAX || bytes > HEADER_BYTES_MAX ? { code: "headers-too-large" } : null;
}

interface SplitUrl {
  readonly scheme: "http" | "https";
  readonly authority: string;
  readonly path: string;
  readonly query: string;
}

/** Splits the string itself: `new URL()` would normalise what the firewall has to see. Userinfo is no host and refused as one. */
function splitUrl(url: string): SplitUrl | null {
  const match = /^(https?):\/\/([^/?#]+)([^?#]*)(?:\?([^#]*))?/i.exec(url);
  if (match === null) return null;
  const [, scheme = "", authority = "", path = "", query = ""] = match;
  return { scheme: scheme.toLowerCase() === "https" ? "https" : "http", authority, path: path === "" ? "/" : path, query };
}

/** X-Forwarded-Proto, believed from a trusted proxy only: the value nearest to it is the last. */
function forwardedScheme(headers: Headers, fallback: "http" | "https"): "http" | "https" {
  const last = headers.get("x-forwarded-proto")?.split(",").at(-1)?.trim().toLowerCase();
  return last === "http" || last === "https" ? last : fallback;
}

function contentLength(headers: Headers): number | null {
  const value = headers.get("content-length");
  return value !== null && /^\d{1,15}$/.test(value) ? Number(value) : null;
}

function clientFacts(address: string, received: Received): ClientFacts {
  const connection = received.connection ?? {};
  return {
    address,
    acceptEncoding: connection.clientAcceptEncoding ?? received.headers.get("accept-encoding") ?? "",
    country: connection.country ?? null,
    continent: connection.continent ?? null,
    region: connection.region ?? null,
    city: connection.city ?? null,
    asn: connection.asn ?? null,
    latitude: degrees(connection.latitude),
    longitude: degrees(connection.longitude),
    timezone: connection.timezone ?? null,
    isEu: connection.isEUCountry === undefined ? null : connection.isEUCountry === "1",
    colo: connection.colo ?? null,
    tlsVersion: connection.tlsVersion ?? null,
    tlsCipher: connection.tlsCipher ?? null,
  };
}

function degrees(value: string | undefined): number | null {
  const number = Number(value);
  return value === undefined || value === "" || Number.isNaN(number) ? null : number;
}
