// The part of a snapshot that describes pools and their origins; see snapshot.ts. What the request path, the checks and the command
// line read of a pool is this and nothing else.

export interface PoolSnapshot {
  readonly name: string;
  readonly policy: PolicySnapshot;
  readonly sticky: StickySnapshot | null;
  readonly origins: readonly OriginSnapshot[];
  readonly auth: OriginAuthSnapshot | null;
  readonly health: HealthCheckSnapshot | null;
  readonly circuit: CircuitSnapshot;
  readonly trust: TrustSnapshot;
  readonly budget: BudgetSnapshot;
  /** Names of the pools that take over when this one has nothing to offer, in order; each with its own after it. */
  readonly fallbacks: readonly string[];
}

export type PolicySnapshot =
  | { readonly kind: "round-robin" | "random" | "least-latency" | "geo" | "nearest" }
  | { readonly kind: "hash"; readonly by: "client" | "path" | "url" | "header" | "cookie" | "query"; readonly name: string };

/** A visitor stays with the origin that a signed cookie names, while that may be used. */
export interface StickySnapshot {
  readonly cookie: string;
  /** Null: until the browser ends, and 24 hours at most. */
  readonly ttlSeconds: number | null;
  /** Name of the Worker's secret that signs. */
  readonly secret: string;
}

/** What shows an origin that a request came through Breakwater. */
export interface OriginAuthSnapshot {
  /** shared: the secret itself. hmac: a signature of time, method and target. */
  readonly kind: "shared" | "hmac";
  /** Lower case. */
  readonly header: string;
  /** Name of the Worker's secret. */
  readonly secret: string;
}

/** How far the verdicts of the active checks are believed. */
export interface TrustSnapshot {
  /** Older: `down` is doubted. */
  readonly freshMs: number;
  /** Older: ignored. */
  readonly uselessMs: number;
  /** Between two requests that try an origin which is called down. */
  readonly probeMs: number;
  /** Below this share of available weight, verdicts are ignored. */
  readonly panicShare: number;
  /** Of its weight, for an origin whose `down` is doubted. */
  readonly doubtedShare: number;
  /** Share of good answers here that outweighs a `down`. */
  readonly contradictionRate: number;
}

/** Retries and hedges together. */
export interface BudgetSnapshot {
  /** Per request of visitors. */
  readonly ratio: number;
  /** Allowed whatever the traffic. */
  readonly perSecond: number;
}

export interface OriginSnapshot {
  /** Unique in the pool; `host[:port]` unless named. Never shown to visitors. */
  readonly id: string;
  /** Scheme, host, port: no trailing slash. */
  readonly base: string;
  /** Path in front of every request's path: empty, or `/base` without a trailing slash. */
  readonly basePath: string;
  readonly weight: number;
  readonly backup: boolean;
  /** Name of the service binding that is asked in place of the network; null is the network. */
  readonly service: string | null;
  readonly place: PlaceSnapshot;
}

/** Whom an origin is meant for (`geo`) and where it stands (`nearest`). */
export interface PlaceSnapshot {
  /** Codes of data centres, countries, regions (`DE-BY`) and continents in upper case; all empty is nobody in particular. */
  readonly colos: readonly string[];
  readonly regions: readonly string[];
  readonly countries: readonly string[];
  readonly continents: readonly string[];
  /** Degrees; null when not given. */
  readonly at: readonly [latitude: number, longitude: number] | null;
}

export interface HealthCheckSnapshot {
  /** tcp: a connection that is accepted passes; everything about requests is then unused. */
  readonly kind: "http" | "tcp";
  /** Host that the check asks for; null is the origin's own. */
  readonly host: string | null;
  readonly method: "GET" | "HEAD";
  readonly path: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly rise: number;
  readonly fall: number;
  /** Inclusive ranges of expected statuses. */
  readonly expectStatus: readonly (readonly [from: number, to: number])[];
  /** The body's first 64 KiB must contain it; null is no condition. */
  readonly expectBody: string | null;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

export interface CircuitSnapshot {
  readonly consecutiveFailures: number;
  /** In [0, 1]: opens at or below it, once `volume` requests were seen in `windowMs`. */
  readonly successRateMin: number;
  readonly volume: number;
  readonly windowMs: number;
  readonly openMs: number;
  readonly openMsMax: number;
  /** Successes in half-open that close it. */
  readonly closeAfter: number;
  /** Connection failures in a row that open it. */
  readonly connectionFailures: number;
  /** At most this share of a pool is kept out for slow or failing answers. */
  readonly ejectedShareMax: number;
  /** From a tenth to the full share after it closed. */
  readonly slowStartMs: number;
  /** Closed for so long, it begins with the shortest open time again. */
  readonly decayMs: number;
  /** How long other isolates of the data centre believe that it is open; 0 tells nobody. */
  readonly shareMs: number;
}
