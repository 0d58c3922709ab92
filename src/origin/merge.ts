// What is known of each origin of a pool, merged into one standing: the operator's word, the isolate's own circuit, and the
// verdicts of the active checks by their age. Pure. It never picks an origin (select.ts does) and never empties a pool: only
// an operator can take the last origin away.

import type { OriginSnapshot, PoolSnapshot } from "../config/snapshot.ts";
import { CONTRADICTION_REQUESTS, CONTRADICTION_SUCCESS_RATE, CONTRADICTION_WINDOW_MS, EJECTED_SHARE_MAX } from "../limits.ts";
import { HEALTH_FRESH_MS, HEALTH_PROBATION_SHARE, HEALTH_PROBE_INTERVAL_MS, HEALTH_SKEW_MS_MAX, HEALTH_USELESS_MS } from "../limits.ts";
import { PANIC_AVAILABLE_SHARE } from "../limits.ts";
import { admits, circuitPhase, slowStartShare } from "./circuit.ts";
import type { Circuit } from "./circuit.ts";
import { healthOf, originKey } from "./health.ts";
import type { HealthDocument, OriginHealth } from "./health.ts";
import { activeOverride } from "./overrides.ts";
import type { Overrides } from "./overrides.ts";
import { countRecent } from "./recent.ts";
import type { Recent } from "./recent.ts";

/**
 * serving: takes traffic. probing: may take one request, to learn whether it is back. avoided: only when nothing else is left.
 * excluded: an operator took it away; never used.
 */
export type Use = "serving" | "probing" | "avoided" | "excluded";

export type StandingReason =
  | "ok"
  | "operator-up"
  | "operator-down"
  | "operator-drain"
  | "operator-weight" // an operator set the weight to 0
  | "weight" // the config did
  | "circuit-open"
  | "circuit-half-open"
  | "health-down"
  | "health-probe" // called down, and it is time to try whether that holds
  | "health-old" // called down so long ago that it is doubted
  | "health-contradicted" // called down, but it answers here
  | "panic" // called down together with most of the pool: not believed
  | "ejection-limit"; // its circuit is open, but too much of the pool would be out

export interface Standing {
  readonly origin: OriginSnapshot;
  readonly pool: string;
  /** `pool/originId`. */
  readonly key: string;
  readonly use: Use;
  readonly reason: StandingReason;
  /** After the operator's weight, slow start and probation; above 0 unless excluded. */
  readonly weight: number;
}

/** What this isolate saw of one origin. */
export interface LocalView {
  readonly circuit: Circuit;
  readonly recent: Recent;
  /** When a request was last spent on an origin that the checks call down; null when never. */
  readonly healthProbeAtMs: number | null;
}

export interface MergeInput {
  readonly pool: PoolSnapshot;
  readonly overrides: Overrides;
  readonly health: HealthDocument | null;
  readonly nowMs: number;
  local(key: string): LocalView;
}

/** The standing of every origin of the pool, in the pool's order. */
export function poolStandings(input: MergeInput): readonly Standing[] {
  const each = input.pool.origins.map((origin) => originStanding(origin, input));
  const primaries = withGroupRules(
    each.filter(({ origin }) => !origin.backup),
    each.some(({ origin, use }) => origin.backup && use === "serving"),
    input,
  );
  const backups = withGroupRules(
    each.filter(({ origin }) => origin.backup),
    false,
    input,
  );
  const byKey = new Map([...primaries, ...backups].map((standing) => [standing.key, standing]));
  return each.map((standing) => byKey.get(standing.key) ?? standing);
}

/** When the checks last saw an origin up, if they are recent enough to be believed; null otherwise. */
export function upSinceMs(health: HealthDocument | null, key: string, nowMs: number): number | null {
  if (healthAge(health, nowMs) !== "fresh") return null;
  const state = healthOf(health, key);
  return state?.state === "up" && state.passes > 0 ? state.checkedAtMs : null;
}

/** How far the document is believed. fresh: as it says. decaying: only its `up`. useless: not at all. */
export function healthAge(health: HealthDocument | null, nowMs: number): "fresh" | "decaying" | "useless" {
  if (health === null) return "useless";
  const ageMs = nowMs - health.asOfMs;
  if (ageMs < -HEALTH_SKEW_MS_MAX || ageMs > HEALTH_USELESS_MS) return "useless";
  return ageMs <= HEALTH_FRESH_MS ? "fresh" : "decaying";
}

function originStanding(origin: OriginSnapshot, input: MergeInput): Standing {
  const key = originKey(input.pool.name, origin.id);
  const override = activeOverride(input.overrides, key, input.nowMs);
  const weight = override?.weight ?? origin.weight;
  const standing = (use: Use, reason: StandingReason, share = 1): Standing => ({
    origin,
    pool: input.pool.name,
    key,
    use,
    reason,
    weight: weight * share,
  });
  if (override?.state === "down") return standing("excluded", "operator-down", 0);
  if (override?.state === "drain") return standing("excluded", "operator-drain", 0);
  if (override?.state === "up") return { ...standing("serving", "operator-up"), weight: Math.max(weight, 1) };
  if (weight <= 0) return standing("excluded", override?.state === "weight" ? "operator-weight" : "weight", 0);
  const local = input.local(key);
  const admission = admits(local.circuit, input.nowMs, upSinceMs(input.health, key, input.nowMs));
  if (admission === "no") return standing("avoided", "circuit-open");
  if (admission === "probe") return standing("probing", "circuit-half-open");
  return healthStanding(standing, slowStartShare(local.circuit, input.nowMs), { key, local, input });
}

type MakeStanding = (use: Use, reason: StandingReason, share?: number) => Standing;

function healthStanding(standing: MakeStanding, share: number, of: { key: string; local: LocalView; input: MergeInput }): Standing {
  const { health, nowMs } = of.input;
  const state: OriginHealth | null = healthOf(health, of.key);
  if (state === null || state.state === "up") return standing("serving", "ok", share);
  const age = healthAge(health, nowMs);
  if (age === "useless") return standing("serving", "ok", share);
  if (isContradicted(of.local.recent, nowMs)) return standing("serving", "health-contradicted", share);
  if (age === "decaying") return standing("serving", "health-old", share * HEALTH_PROBATION_SHARE);
  const { healthProbeAtMs } = of.local;
  const due = healthProbeAtMs === null || nowMs - healthProbeAtMs >= HEALTH_PROBE_INTERVAL_MS;
  return due ? standing("probing", "health-probe") : standing("avoided", "health-down");
}

/** The checks see the origin from one place, which may be the broken one: enough good answers here outweigh them. */
function isContradicted(recent: Recent, nowMs: number): boolean {
  const { total, good } = countRecent(recent, nowMs - CONTRADICTION_WINDOW_MS);
  return total >= CONTRADICTION_REQUESTS && good >= CONTRADICTION_SUCCESS_RATE * total;
}

/** What holds for a group (the primaries, or the backups) as a whole: panic first, then the ejection limit. */
function withGroupRules(group: readonly Standing[], hasServingBackup: boolean, input: MergeInput): readonly Standing[] {
  return withEjectionLimit(withoutPanic(group, hasServingBackup), input);
}

/**
 * When the checks leave less than half of the weight, they are not believed: the more origins they call down at once, the
 * likelier it is that they look from a broken place. Where only backups would serve, those are used instead of doubting.
 */
function withoutPanic(group: readonly Standing[], hasServingBackup: boolean): readonly Standing[] {
  const total = sumWeights(group.filter(({ use }) => use !== "excluded"));
  const serving = sumWeights(group.filter(({ use }) => use === "serving"));
  if (serving >= PANIC_AVAILABLE_SHARE * total) return group;
  if (serving === 0 && hasServingBackup) return group;
  return group.map((standing) =>
    standing.reason === "health-down" || standing.reason === "health-probe" ? { ...standing, use: "serving", reason: "panic" } : standing,
  );
}

/**
 * Circuits that opened for failing or slow answers keep at most half of a group out, and one origin always stays. Those whose
 * connections fail are not called back: they have nothing to give.
 */
function withEjectionLimit(group: readonly Standing[], input: MergeInput): readonly Standing[] {
  const members = group.filter(({ use }) => use !== "excluded").length;
  const outMax = Math.min(members - 1, Math.ceil(EJECTED_SHARE_MAX * members));
  const ejected = group
    .filter(({ use, key }) => use === "avoided" && isEjected(input.local(key).circuit, input.nowMs))
    .sort((a, b) => input.local(a.key).circuit.openUntilMs - input.local(b.key).circuit.openUntilMs);
  const calledBack = new Set(ejected.slice(0, Math.max(0, ejected.length - outMax)).map(({ key }) => key));
  if (calledBack.size === 0) return group;
  return group.map((standing) => (calledBack.has(standing.key) ? { ...standing, use: "serving", reason: "ejection-limit" } : standing));
}

function isEjected(circuit: Circuit, nowMs: number): boolean {
  return circuitPhase(circuit, nowMs) === "open" && circuit.openedBy !== "connection";
}

function sumWeights(standings: readonly Standing[]): number {
  return standings.reduce((sum, { weight }) => sum + weight, 0);
}
