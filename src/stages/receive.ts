// Stage "receive": what came in, as facts, or the reason why it is refused. Pure. The only place that reads a raw URL, a Host
// or a client address; everything after it works on the canonical forms and can still see the raw ones.

import type { ClientFacts, Connection, Facts } from "../facts.ts";
import type { EdgeError } from "../errors.ts";
import type { ClientRules } from "../ruleset.ts";
import { declaredLength } from "../http/byte-stream.ts";
import { passesThrough } from "../http/cdn-loop.ts";
import { withoutCookies } from "../http/cookies.ts";
import { clientAddress } from "../http/forwarded.ts";
import { isUpgradeRequest } from "../http/hop-by-hop.ts";
import { readRequestUrl, type Scheme } from "../http/request-url.ts";
import { HEADER_BYTES_MAX, HEADER_COUNT_MAX, LOOP_PASSES_MAX, URL_BYTES_MAX } from "../limits.ts";
import { withoutAuthHeaders } from "../origin/auth.ts";
import { fail, ok, type Result } from "../result.ts";

export type { Connection } from "../facts.ts";

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

export function receive(received: Received, client: ClientRules): Result<Facts, EdgeError> {
  const tooLarge = sizeProblem(received);
  if (tooLarge !== null) return fail(tooLarge);
  // An origin answers TRACE with the request as it got it, secrets that header rules add for it included.
  if (received.method === "TRACE") return fail({ code: "method-not-allowed", allow: USUAL_METHODS });
  const peer = received.headers.get(client.addressHeader) ?? "";
  const address = clientAddress({ peerAddress: peer, headers: received.headers, isTrustedProxy: client.isTrustedProxy });
  const claimedScheme = peer !== "" && client.isTrustedProxy(peer) ? forwardedScheme(received.headers) : null;
  const url = readRequestUrl(received.url, claimedScheme);
  if (!url.ok) return fail({ code: url.error === "host" ? "bad-host" : "bad-path" });
  if (passesThrough(received.headers.get("cdn-loop")) >= LOOP_PASSES_MAX) return fail({ code: "loop" });
  return ok({
    method: received.method,
    rawUrl: received.url,
    ...url.value,
    headers: withoutAuthHeaders(withoutCookies(received.headers, client.ownCookies), client.ownHeaders),
    client: clientFacts(address, received),
    protocol: received.connection?.httpProtocol ?? "HTTP/1.1",
    hasBody: received.hasBody,
    contentLength: declaredLength(received.headers),
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

/** X-Forwarded-Proto, believed from a trusted proxy only: the value nearest to it is the last. */
function forwardedScheme(headers: Headers): Scheme | null {
  const last = headers.get("x-forwarded-proto")?.split(",").at(-1)?.trim().toLowerCase();
  return last === "http" || last === "https" ? last : null;
}

function clientFacts(address: string, received: Received): ClientFacts {
  const connection = received.connection ?? {};
  return {
    address,
    acceptEncoding: connection.clientAcceptEncoding ?? received.headers.get("accept-encoding") ?? "",
    country: connection.country ?? null,
    continent: connection.continent ?? null,
    region: connection.region ?? null,
    regionCode: connection.regionCode ?? null,
    city: connection.city ?? null,
    asn: connection.asn ?? null,
    latitude: degrees(connection.latitude),
    longitude: degrees(connection.longitude),
    timezone: connection.timezone ?? null,
    isEu: connection.isEUCountry === undefined ? null : connection.isEUCountry === "1",
    colo: connection.colo ?? null,
    tlsVersion: connection.tlsVersion ?? null,
    tlsCipher: connection.tlsCipher ?? null,
    connection,
  };
}

function degrees(value: string | undefined): number | null {
  const number = Number(value);
  return value === undefined || value === "" || Number.isNaN(number) ? null : number;
}
