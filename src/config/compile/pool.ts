// One pool of the snapshot.

import type { NormalPool } from "../normalize.ts";
import type { CircuitSnapshot, HealthCheckSnapshot, OriginSnapshot, PoolSnapshot } from "../snapshot.ts";
import { parseDurationMs, parseStatusRange } from "../units.ts";
import { compareText, promised } from "./order.ts";

export function compilePool(name: string, pool: NormalPool): PoolSnapshot {
  return {
    name,
    policy: compilePolicy(pool.balance),
    origins: pool.origins.map(compileOrigin),
    health: pool.health === undefined ? null : compileHealth(pool.health),
    circuit: compileCircuit(pool.circuit),
    fallback: pool.fallback ?? null,
  };
}

function compilePolicy(balance: NormalPool["balance"]): PoolSnapshot["policy"] {
  if (typeof balance === "string") return { kind: balance };
  const { by, name = "" } = balance.hash;
  return { kind: "hash", by, name: by === "header" ? name.toLowerCase() : name };
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
  };
}

export function compileHealth(health: NonNullable<NormalPool["health"]>): HealthCheckSnapshot {
  return {
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
  };
}
