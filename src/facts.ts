// What is known of a request before anything is decided: plain data, made once per request by `stages/receive.ts`. Every
// decision takes these facts and no Request, so that `explain` and the tests can make them from a method, a URL and headers.

export interface Facts {
  readonly method: string;
  /** As the runtime handed it over, fragment removed. */
  readonly rawUrl: string;
  readonly scheme: "http" | "https";
  /** Lower case, with the port unless it is the scheme's default. */
  readonly host: string;
  /** Lower case, without a port. */
  readonly hostname: string;
  /** Path as received: percent-encoding untouched, starts with `/`. */
  readonly rawPath: string;
  /** Canonical path: unreserved characters decoded, escapes in upper case, dot segments and empty segments removed. */
  readonly path: string;
  /** True when `rawPath` differs from `path` in more than the encoding of unreserved characters: such a request bypasses the cache. */
  readonly pathIsAmbiguous: boolean;
  /** Without the `?`, as received. */
  readonly query: string;
  readonly headers: Headers;
  readonly client: ClientFacts;
  /** `HTTP/1.1`, `HTTP/2`, `HTTP/3`. */
  readonly protocol: string;
  readonly hasBody: boolean;
  /** From Content-Length; null when absent. */
  readonly contentLength: number | null;
  readonly isUpgrade: boolean;
  readonly receivedAtMs: number;
}

export interface ClientFacts {
  /** The visitor's address, after trusted proxies; empty when the platform gave none. */
  readonly address: string;
  /** What the visitor really accepts: in production the header is rewritten before the Worker sees it. */
  readonly acceptEncoding: string;
  /** ISO 3166-1 alpha-2 in upper case; null when unknown. */
  readonly country: string | null;
  readonly continent: string | null;
  /** By name. */
  readonly region: string | null;
  /** ISO 3166-2 without the country: `BY` of DE-BY. */
  readonly regionCode: string | null;
  readonly city: string | null;
  readonly asn: number | null;
  readonly latitude: number | null;
  readonly longitude: number | null;
  readonly timezone: string | null;
  readonly isEu: boolean | null;
  /** The data centre's code. */
  readonly colo: string | null;
  readonly tlsVersion: string | null;
  readonly tlsCipher: string | null;
  /** Everything as the platform told it, for rules: read when one asks, never copied. Empty when the platform told nothing. */
  readonly connection: Connection;
}

/**
 * The parts of `request.cf` that are used. All are optional there. What is `unknown` here is rarely there, and read by rules only,
 * which check its type.
 */
export interface Connection {
  readonly country?: string | undefined;
  readonly continent?: string | undefined;
  readonly region?: string | undefined;
  readonly regionCode?: string | undefined;
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
  readonly postalCode?: unknown;
  readonly metroCode?: unknown;
  readonly clientTcpRtt?: unknown;
  readonly clientQuicRtt?: unknown;
  readonly edgeL4?: unknown;
  readonly botManagement?: unknown;
  readonly verifiedBotCategory?: unknown;
  readonly hostMetadata?: unknown;
  readonly tlsClientAuth?: unknown;
  readonly tlsClientHelloLength?: unknown;
  readonly tlsClientRandom?: unknown;
  readonly tlsClientCiphersSha1?: unknown;
  readonly tlsClientExtensionsSha1?: unknown;
  readonly tlsClientExtensionsSha1Le?: unknown;
}

/** Of a request that nobody sent: a URL that an operator names, a test. */
export const NOBODY: ClientFacts = {
  address: "",
  acceptEncoding: "",
  country: null,
  continent: null,
  region: null,
  regionCode: null,
  city: null,
  asn: null,
  latitude: null,
  longitude: null,
  timezone: null,
  isEu: null,
  colo: null,
  tlsVersion: null,
  tlsCipher: null,
  connection: {},
};
