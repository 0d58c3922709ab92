// What one isolate knows of the origins of its release, as plain data for GET /_breakwater/origins: standings, circuits, requests,
// the checks' verdicts and the operator's word. Pure; it changes nothing and names no addresses. Other isolates may know otherwise.

import type { PoolSnapshot } from "../config/pool-snapshot.ts";
import { RETRY_BUDGET_WINDOW_MS } from "../limits.ts";
import type { CircuitPhase, CircuitTrip } from "../origin/circuit.ts";
import { healthOf, originKey } from "../origin/health.ts";
import type { OriginHealth } from "../origin/health.ts";
import { healthAge, poolStandings, upSinceMs } from "../origin/merge.ts";
import type { Standing, StandingReason, Use } from "../origin/merge.ts";
import type { MarkerEntry } from "../origin/marker.ts";
import type { Markers } from "../origin/markers.ts";
import { activeOverride } from "../origin/overrides.ts";
import type { OriginOverride } from "../origin/overrides.ts";
import type { BudgetStatus, OriginStatus, OriginTable } from "../origin/table.ts";
import type { EdgeState } from "../release/state.ts";

export interface OriginsReport {
  readonly nowMs: number;
  readonly release: string;
  /** Data centre of the isolate; null when the platform does not say. */
  readonly colo: string | null;
  /** The checks' document that this isolate holds; null without one. */
  readonly health: { readonly asOfMs: number; readonly region: string } | null;
  /** In the order of the release. */
  readonly pools: readonly PoolReport[];
}

export interface PoolReport {
  readonly name: string;
  readonly policy: PoolSnapshot["policy"];
  readonly fallbacks: readonly string[];
  /** How far the checks are believed, by the age of their document; null for a pool without checks. */
  readonly checks: ReturnType<typeof healthAge> | null;
  readonly retryBudget: BudgetStatus & { readonly windowMs: number };
  readonly origins: readonly OriginReport[];
}

export interface OriginReport {
  readonly id: string;
  readonly backup: boolean;
  readonly standing: { readonly use: Use; readonly reason: StandingReason; readonly weight: number };
  readonly circuit: { readonly phase: CircuitPhase; readonly openUntilMs: number | null; readonly openedBy: CircuitTrip | null };
  readonly inFlight: number;
  /** The last requests, whatever their age. */
  readonly recent: { readonly seen: number; readonly good: number };
  /** Null: never checked. */
  readonly check: OriginHealth | null;
  /** The operator's word; null when there is none in force. */
  readonly override: OriginOverride | null;
}

export interface OriginsReportInput {
  readonly state: Pick<EdgeState, "ruleset" | "health" | "overrides">;
  readonly table: Pick<OriginTable, "local" | "describe" | "describeBudget">;
  /** What other isolates of the data centre say. */
  readonly markers: Pick<Markers, "view">;
  readonly colo: string | null;
  readonly nowMs: number;
}

export function originsReport(input: OriginsReportInput): OriginsReport {
  const { state, table, colo, nowMs } = input;
  const { ruleset, health } = state;
  const pools = [...ruleset.pools.values()];
  const upSince = new Map(pools.flatMap((pool) => upSinceOf(pool, input)));
  const statuses = new Map(table.describe(nowMs, (key) => upSince.get(key) ?? null).map((status) => [status.key, status]));
  return {
    nowMs,
    release: ruleset.release,
    colo,
    health: health === null ? null : { asOfMs: health.asOfMs, region: health.region },
    pools: pools.map((pool) => poolReport(pool, statuses, input)),
  };
}

/** When the checks last saw each origin up, as far as the pool believes them. */
function upSinceOf({ name, origins, trust }: PoolSnapshot, { state, nowMs }: OriginsReportInput): readonly [string, number | null][] {
  const keys = origins.map(({ id }) => originKey(name, id));
  return keys.map((key) => [key, upSinceMs(state.health, key, nowMs, trust)]);
}

function poolReport(pool: PoolSnapshot, statuses: ReadonlyMap<string, OriginStatus>, input: OriginsReportInput): PoolReport {
  const { state, table, markers, nowMs } = input;
  const { overrides, health } = state;
  const elsewhere = (key: string): MarkerEntry | null => markers.view(key);
  const standings = poolStandings({ pool, overrides, health, nowMs, local: (key) => table.local(key), elsewhere });
  return {
    name: pool.name,
    policy: pool.policy,
    fallbacks: pool.fallbacks,
    checks: pool.health === null ? null : healthAge(health, nowMs, pool.trust),
    retryBudget: { windowMs: RETRY_BUDGET_WINDOW_MS, ...table.describeBudget(pool, nowMs) },
    origins: standings.map((standing) => originReport(standing, statuses.get(standing.key), input)),
  };
}

/** @param status - Undefined for an origin that this isolate has not used yet. */
function originReport(standing: Standing, status: OriginStatus | undefined, { state, nowMs }: OriginsReportInput): OriginReport {
  const { origin, key, use, reason, weight } = standing;
  return {
    id: origin.id,
    backup: origin.backup,
    standing: { use, reason, weight },
    circuit: { phase: status?.circuit ?? "closed", openUntilMs: status?.openUntilMs ?? null, openedBy: status?.openedBy ?? null },
    inFlight: status?.inFlight ?? 0,
    recent: { seen: status?.seen ?? 0, good: status?.good ?? 0 },
    check: healthOf(state.health, key),
    override: activeOverride(state.overrides, key, nowMs),
  };
}
