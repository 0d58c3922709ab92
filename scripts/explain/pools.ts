// The pools that a request may come to, as the store sees their origins: standings by the Worker's own merge, and the origin that
// the request itself decides for. Pure. Circuits are known to the Worker's isolates only, so all are taken as closed.

import type { PoolSnapshot } from "../../src/config/pool-snapshot.ts";
import type { Facts } from "../../src/facts.ts";
import { closedCircuit } from "../../src/origin/circuit.ts";
import { healthOf, type HealthDocument, type OriginHealth } from "../../src/origin/health.ts";
import { healthAge, poolStandings, type LocalView, type Standing } from "../../src/origin/merge.ts";
import { activeOverride, emptyOverrides, type OriginOverride, type Overrides } from "../../src/origin/overrides.ts";
import type { Credits } from "../../src/origin/policy.ts";
import { hashKey, poolChain, selectOrigin } from "../../src/origin/select.ts";
import type { Ruleset } from "../../src/ruleset.ts";

/** What the store says of origins beside the release; all null where no store was read. */
export interface OriginsKnown {
  readonly health: HealthDocument | null;
  /** Why there is no health; null when there is. */
  readonly healthWhy: string | null;
  readonly overrides: Overrides | null;
}

/** On what the standings rest. */
export interface ExplainedState {
  readonly atMs: number;
  readonly health: { readonly asOfMs: number; readonly region: string } | null;
  readonly healthWhy: string | null;
  readonly overrides: "read" | "not-read";
  readonly circuits: "unknown";
}

export interface ExplainedPool {
  readonly name: string;
  readonly policy: PoolSnapshot["policy"];
  readonly fallbacks: readonly string[];
  /** The cookie that keeps a visitor with an origin; null when there is none. */
  readonly sticky: string | null;
  /** Null where not the request decides, but turns, chance or what an isolate has measured. */
  readonly prefers: Preference | null;
  /** How far the checks are believed, by the age of their document; null for a pool without checks. */
  readonly checks: ReturnType<typeof healthAge> | null;
  readonly origins: readonly ExplainedOrigin[];
}

export interface Preference {
  readonly by: "hash" | "geo";
  /** What is hashed; null: the request has none of it, and any origin may be taken. Null for `geo`. */
  readonly key: string | null;
  /** Several take turns. None: without a key, and where no origin may be used. */
  readonly origins: readonly string[];
}

export interface ExplainedOrigin {
  readonly id: string;
  readonly use: Standing["use"];
  readonly reason: Standing["reason"];
  readonly weight: number;
  readonly backup: boolean;
  readonly check: OriginHealth | null;
  readonly override: OriginOverride | null;
}

interface PoolsInput extends OriginsKnown {
  readonly ruleset: Ruleset;
  readonly facts: Facts;
}

/** @param first - Name of the pool that the route leads to. */
export function explainPools(first: string, input: PoolsInput): readonly ExplainedPool[] {
  return poolChain(input.ruleset.pools, first).map((pool) => explainPool(pool, input));
}

export function explainState({ health, healthWhy, overrides }: OriginsKnown, atMs: number): ExplainedState {
  return {
    atMs,
    health: health === null ? null : { asOfMs: health.asOfMs, region: health.region },
    healthWhy,
    overrides: overrides === null ? "not-read" : "read",
    circuits: "unknown",
  };
}

function explainPool(pool: PoolSnapshot, input: PoolsInput): ExplainedPool {
  const { health, facts } = input;
  const overrides = input.overrides ?? emptyOverrides();
  const nowMs = facts.receivedAtMs;
  const local = (): LocalView => ({ circuit: closedCircuit(), recent: [], healthProbeAtMs: null });
  const standings = poolStandings({ pool, overrides, health, nowMs, local });
  const origins = standings.map(({ origin, key, use, reason, weight }) => ({
    id: origin.id,
    use,
    reason,
    weight,
    backup: origin.backup,
    check: healthOf(health, key),
    override: activeOverride(overrides, key, nowMs),
  }));
  const { name, policy, fallbacks } = pool;
  const checks = pool.health === null ? null : healthAge(health, nowMs, pool.trust);
  const sticky = pool.sticky?.cookie ?? null;
  return { name, policy, fallbacks, sticky, prefers: preference(pool, standings, facts), checks, origins };
}

function preference(pool: PoolSnapshot, standings: readonly Standing[], facts: Facts): Preference | null {
  const { policy } = pool;
  switch (policy.kind) {
    case "hash": {
      const key = hashKey(policy, facts);
      return { by: "hash", key, origins: key === null ? [] : taken(pool, standings, facts).slice(0, 1) };
    }
    case "geo":
      return { by: "geo", key: null, origins: taken(pool, standings, facts) };
    case "round-robin":
    case "random":
    case "least-latency":
    // Nobody tells this command line where on earth the visitor is.
    case "nearest":
      return null;
    default:
      return policy satisfies never;
  }
}

/** The origins that the Worker's own selection takes for this request, in the order of the pool. */
function taken(pool: PoolSnapshot, standings: readonly Standing[], facts: Facts): readonly string[] {
  // Weights say how often, not who: with equal ones each that takes turns has had one after as many choices as there are origins.
  const equal = standings.map((standing) => ({ ...standing, weight: 1 }));
  const ids = new Set<string>();
  let credits: Credits = new Map();
  for (const _ of standings) {
    const selection = selectOrigin({
      pools: new Map([[pool.name, { ...pool, fallbacks: [] }]]),
      pool: pool.name,
      tried: new Set(),
      // One request in seconds tries an origin that is called down; the others are the rule.
      mayProbe: false,
      facts,
      pins: new Map(),
      standings: () => (pool.policy.kind === "hash" ? standings : equal),
      credits: () => credits,
      load: () => ({ ewmaMs: null, inFlight: 0 }),
      random: () => 0,
    });
    if (selection === null) break;
    credits = selection.credits ?? credits;
    ids.add(selection.standing.origin.id);
  }
  return standings.map(({ origin }) => origin.id).filter((id) => ids.has(id));
}
