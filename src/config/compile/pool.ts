// One pool of the snapshot.

import type { NormalPool } from "../normalize.ts";
import type {
  CircuitSnapshot,
  HealthCheckSnapshot,
  OriginSnapshot,
  PoolSnapshot,
  StickySnapshot,
  TrustSnapshot,
} from "../pool-snapshot.ts";
import { parseDurationMs, parseDurationSeconds, parseStatusRange } from "../units.ts";
import { compareText, promised, sortedUnique } from "./order.ts";

export function compilePool(name: string, pool: NormalPool): PoolSnapshot {
  return {
    name,
    policy: compilePolicy(pool.balance),
    sticky: pool.sticky === false ? null : compileSticky(pool.sticky),
    origins: pool.origins.map(compileOrigin),
    auth: pool.auth === undefined ? null : { ...pool.auth, header: pool.auth.header.toLowerCase() },
    health: pool.health === undefined ? null : compileHealth(pool.health),
    circuit: compileCircuit(pool.circuit),
    trust: compileTrust(pool.trust),
    budget: pool.budget,
    fallbacks: pool.fallback,
  };
}

function compilePolicy(balance: NormalPool["balance"]): PoolSnapshot["policy"] {
  if (typeof balance === "string") return { kind: balance };
  const { by, name = "" } = balance.hash;
  return { kind: "hash", by, name: by === "header" ? name.toLowerCase() : name };
}

function compileSticky({ cookie, ttl, secret }: Exclude<NormalPool["sticky"], false>): StickySnapshot {
  return { cookie, ttlSeconds: ttl === undefined ? null : promised(parseDurationSeconds(ttl), "sticky.ttl"), secret };
}

/** The order of origins is kept: round-robin follows it. */
export function compileOrigin(origin: NormalPool["origins"][number]): OriginSnapshot {
  const url = new URL(origin.url);
  return {
    id: origin.name ?? url.host,
    base: url.origin,
    basePath: url.pathname.replace(/\/+$/, ""),
    weight: origin.weight,
    backup: origin.backup,
    service: origin.service ?? null,
    place: {
      colos: sortedUnique(origin.serves.colos),
      regions: sortedUnique(origin.serves.regions),
      countries: sortedUnique(origin.serves.countries),
      continents: sortedUnique(origin.serves.continents),
      at: origin.at ?? null,
    },
  };
}

export function compileHealth(health: NonNullable<NormalPool["health"]>): HealthCheckSnapshot {
  return {
    kind: health.type,
    host: health.host ?? null,
    method: health.method,
    path: health.path,
    intervalMs: promised(parseDurationMs(health.interval), "health.interval"),
    timeoutMs: promised(parseDurationMs(health.timeout), "health.timeout"),
    rise: health.rise,
    fall: health.fall,
    expectStatus: health.expect
      .map((range) => promised(parseStatusRange(String(range)), "health.expect"))
      .toSorted((a, b) => a[0] - b[0] || a[1] - b[1]),
    expectBody: health.body ?? null,
    headers: Object.entries(health.headers)
      .map(([name, value]) => [name.toLowerCase(), value] as const)
      .toSorted(([a], [b]) => compareText(a, b)),
  };
}

function compileCircuit(circuit: NormalPool["circuit"]): CircuitSnapshot {
  return {
    consecutiveFailures: circuit.failures,
    successRateMin: circuit.successRate,
    volume: circuit.volume,
    windowMs: promised(parseDurationMs(circuit.window), "circuit.window"),
    openMs: promised(parseDurationMs(circuit.open), "circuit.open"),
    openMsMax: promised(parseDurationMs(circuit.openMax), "circuit.openMax"),
    closeAfter: circuit.closeAfter,
    connectionFailures: circuit.connectionFailures,
    ejectedShareMax: circuit.ejectedShare,
    slowStartMs: promised(parseDurationMs(circuit.slowStart), "circuit.slowStart"),
    decayMs: promised(parseDurationMs(circuit.decay), "circuit.decay"),
    shareMs: promised(parseDurationMs(circuit.share), "circuit.share"),
  };
}

function compileTrust(trust: NormalPool["trust"]): TrustSnapshot {
  return {
    freshMs: promised(parseDurationMs(trust.fresh), "trust.fresh"),
    uselessMs: promised(parseDurationMs(trust.useless), "trust.useless"),
    probeMs: promised(parseDurationMs(trust.probe), "trust.probe"),
    panicShare: trust.panic,
    doubtedShare: trust.doubted,
    contradictionRate: trust.contradiction,
  };
}
