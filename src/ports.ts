// The interfaces of everything outside the Worker's own code. Decisions never import the platform; stages reach it through
// these. `platform/` has one adapter for each, tests hand in their own clock and randomness.

import type { RuleBatch, RuleSample } from "./observe/rule-counts.ts";

/** Wall-clock time. Inside workerd it advances only with I/O. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  nowMs(): number;
}

export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** A fresh identifier of 128 random bits, lower-case hexadecimal. */
  id(): string;
}

/** The data centre's blob store (Cache API). Keys are absolute URLs on the request's own host. Never throws: a failure is a miss. */
export interface CacheStore {
  /** With `range` (a Range header of one range) the store may answer 206 with that part only, or 200 with the whole. */
  match(key: string, range?: string): Promise<Response | undefined>;
  /** Resolves to false when the store refused or failed. `response` must have a status of 200 and a plain max-age. */
  put(key: string, response: Response): Promise<boolean>;
  delete(key: string): Promise<boolean>;
}

/** Reading and writing KV. A failed read throws `ConfigStoreError`; a missing key is null. */
export interface ConfigStore {
  get(key: string): Promise<string | null>;
  /** Several small keys in one operation; a missing key is null. Fails as a whole. */
  getAll(keys: readonly string[]): Promise<ReadonlyMap<string, string | null>>;
  /** Used by the cron (`health`) and by the purge ledger (`purges`) only: nothing that a visitor sends causes a write. */
  put(key: string, value: string): Promise<void>;
}

/** Sends one request to an origin. Throws what the platform throws; `origin/classify.ts` is the one place that reads it. */
export interface Fetcher {
  fetch(url: string, init: FetchInit): Promise<Response>;
}

export interface FetchInit {
  readonly method: string;
  readonly headers: Headers;
  readonly body: ReadableStream<Uint8Array> | Uint8Array | null;
  readonly signal: AbortSignal | null;
  /** Sends the visitor's Host (same-zone deployments only); null keeps the URL's. */
  readonly resolveOverride: string | null;
  /** Name of the service binding that is asked; null is the network. */
  readonly service: string | null;
  /** `pool/originId` of the origin that is asked: for drills, never sent. */
  readonly originKey: string;
}

/** Opens a TCP connection and closes it again. Throws what the platform throws. */
export interface Connector {
  /** @param signal - Gives the attempt up; what it then resolves to means nothing. */
  connect(hostname: string, port: number, signal: AbortSignal): Promise<void>;
}

/** The Worker's secrets, by the names that the config uses. */
export interface Secrets {
  /** Null when there is none, or an empty one. */
  get(name: string): string | null;
}

/** Records purges in one place, in order (a Durable Object). */
export interface PurgeLedger {
  /** All of them at one time and in one write: all are on record, or none. At most PURGES_AT_ONCE_MAX. */
  record(requests: readonly PurgeRequest[]): Promise<PurgeReceipt>;
}

export interface PurgeRequest {
  readonly kind: "everything" | "host" | "prefix" | "tag" | "url";
  /** Canonical value: empty for everything, a host, `host/path` prefix, a surrogate key, or a cache-key URL. */
  readonly value: string;
  /** Soft: what is stored becomes stale. Hard: it becomes a miss. */
  readonly soft: boolean;
}

export interface PurgeReceipt {
  readonly id: string;
  readonly atMs: number;
  /** When every data centre must have seen it. */
  readonly everywhereByMs: number;
  /** The generations as they now are, for whoever cannot wait until KV shows them. */
  readonly generations: string;
}

/** Keeps what rules did, of all isolates, in one place (a Durable Object). Either call may fail; no answer depends on it. */
export interface RuleStats {
  /** A batch that arrives twice counts once. */
  add(batch: RuleBatch): Promise<void>;
  read(query: RuleStatsQuery): Promise<readonly RuleStatsLine[]>;
}

export interface RuleStatsQuery {
  /** From the hour on in which this is. */
  readonly sinceMs: number;
  /** Ids; empty for all. */
  readonly rules: readonly string[];
  /** At most, for each line. */
  readonly samples: number;
}

/** One effect of one rule. */
export interface RuleStatsLine {
  readonly rule: string;
  readonly did: string;
  readonly count: number;
  readonly lastAtMs: number;
  /** The newest first. */
  readonly samples: readonly RuleSample[];
}

/** Counts requests for rate limits. Null is a counter that the deployment does not have. */
export interface RateCounters {
  /** The platform's limiters: one count for each data centre. They know 10 s and 60 s, `take`, and no time to wait. */
  readonly binding: RateCounter | null;
  /** One count for all (Durable Objects). */
  readonly object: RateCounter | null;
}

export interface RateCounter {
  /** Rejects when it cannot be reached, and may take for ever. */
  ask(request: RateRequest): Promise<RateVerdict>;
}

export interface RateRequest {
  /** Of the limit; what has another name is counted apart. */
  readonly name: string;
  /** Of the visitor. */
  readonly key: string;
  /** So many pass ... */
  readonly requests: number;
  /** ... in any such time. */
  readonly periodSeconds: number;
  /** How long one that is over the limit stays out; null is until fewer were counted. */
  readonly blockSeconds: number | null;
  /** take: is counted if it passes. check: is not counted. count: is counted, whatever comes of it. */
  readonly does: "take" | "check" | "count";
}

export interface RateVerdict {
  readonly limited: boolean;
  /** Requests that would pass now; null is not known. */
  readonly remaining: number | null;
  /** Milliseconds until one that is limited may pass, or until more may than `remaining`; null is not known. */
  readonly waitMs: number | null;
}

/** One JSON line per call. Never throws. */
export interface Log {
  write(line: Readonly<Record<string, unknown>>): void;
}

export interface Ports {
  readonly clock: Clock;
  readonly random: Random;
  readonly cache: CacheStore;
  readonly config: ConfigStore;
  readonly fetcher: Fetcher;
  readonly connector: Connector;
  readonly secrets: Secrets;
  readonly purges: PurgeLedger;
  /** Null, or not there, where the deployment keeps none. */
  readonly ruleStats?: RuleStats | null;
  /** Not there: no limit has a counter. */
  readonly rates?: RateCounters;
  readonly log: Log;
  /** Keeps work alive after the response (waitUntil). Rejections are logged, never thrown. */
  defer(work: Promise<unknown>): void;
}
