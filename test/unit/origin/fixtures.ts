// Pools, settings and facts for the tests of origins, with the defaults of the product where a test does not care.

import type { RetrySnapshot, TimeoutsSnapshot } from "../../../src/config/snapshot.ts";
import type {
  CircuitSnapshot,
  HealthCheckSnapshot,
  OriginSnapshot,
  PlaceSnapshot,
  PoolSnapshot,
  TrustSnapshot,
} from "../../../src/config/pool-snapshot.ts";
import { HEALTH_FORMAT } from "../../../src/origin/health.ts";
import type { HealthDocument, OriginHealth } from "../../../src/origin/health.ts";
import { OVERRIDES_FORMAT } from "../../../src/origin/overrides.ts";
import type { OriginOverride, Overrides } from "../../../src/origin/overrides.ts";

export const CIRCUIT: CircuitSnapshot = {
  consecutiveFailures: 3,
  successRateMin: 0.5,
  volume: 10,
  windowMs: 10_000,
  openMs: 1000,
  openMsMax: 30_000,
  closeAfter: 2,
  connectionFailures: 2,
  ejectedShareMax: 0.5,
  slowStartMs: 10_000,
  decayMs: 60_000,
  shareMs: 10_000,
};

export const TRUST: TrustSnapshot = {
  freshMs: 180_000,
  uselessMs: 900_000,
  probeMs: 5000,
  panicShare: 0.5,
  doubtedShare: 0.1,
  contradictionRate: 0.95,
};

/** Every 5 s, 2 to rise and 3 to fall: what a test changes is what it is about. */
export const CHECK: HealthCheckSnapshot = {
  kind: "http",
  host: null,
  method: "GET",
  path: "/healthz",
  intervalMs: 5000,
  timeoutMs: 2000,
  rise: 2,
  fall: 3,
  expectStatus: [[200, 299]],
  expectBody: null,
  headers: [],
};

export const NOWHERE: PlaceSnapshot = { colos: [], regions: [], countries: [], continents: [], at: null };

export const RETRY: RetrySnapshot = {
  attempts: 3,
  onConnectError: true,
  onTimeout: true,
  onStatus: [500, 502, 503, 504],
  unsafeMethods: false,
  replayBytesMax: 65_536,
  hedge: { afterMs: null },
  holdBytesMax: 65_536,
  resume: true,
};

/** A route that asks once and passes on what comes, as it comes. */
export const ONE_ATTEMPT: RetrySnapshot = {
  attempts: 1,
  onConnectError: false,
  onTimeout: false,
  onStatus: [],
  unsafeMethods: false,
  replayBytesMax: 0,
  hedge: null,
  holdBytesMax: 0,
  resume: false,
};

export const TIMEOUTS: TimeoutsSnapshot = { headersMs: 30_000, headersWithBodyMs: 100_000, idleMs: 30_000, totalMs: null };

export function origin(id: string, more: Partial<OriginSnapshot> = {}): OriginSnapshot {
  return { id, base: `https://${id}.example`, basePath: "", weight: 1, backup: false, service: null, place: NOWHERE, ...more };
}

export function pool(name: string, origins: readonly OriginSnapshot[], more: Partial<PoolSnapshot> = {}): PoolSnapshot {
  return {
    name,
    policy: { kind: "round-robin" },
    sticky: null,
    origins,
    auth: null,
    health: null,
    circuit: CIRCUIT,
    trust: TRUST,
    budget: { ratio: 0.1, perSecond: 10 },
    fallbacks: [],
    ...more,
  };
}

export function originHealth(more: Partial<OriginHealth> = {}): OriginHealth {
  return { state: "up", sinceMs: 0, why: "ok", detail: "status 200", rttMs: 5, checkedAtMs: 0, passes: 1, failures: 0, ...more };
}

export function healthDocument(asOfMs: number, origins: Record<string, OriginHealth>): HealthDocument {
  return { format: HEALTH_FORMAT, generation: 1, asOfMs, region: "FRA", origins };
}

export function downDocument(asOfMs: number, ...keys: string[]): HealthDocument {
  const down = originHealth({ state: "down", why: "timeout", failures: 3, passes: 0, checkedAtMs: asOfMs });
  return healthDocument(asOfMs, Object.fromEntries(keys.map((key) => [key, down])));
}

export function override(more: Partial<OriginOverride> = {}): OriginOverride {
  return { state: "down", weight: null, untilMs: null, atMs: 0, by: "kim", reason: "disk", ...more };
}

export function overridesOf(origins: Record<string, OriginOverride>): Overrides {
  return { format: OVERRIDES_FORMAT, version: 1, origins };
}
