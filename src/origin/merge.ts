// What is known of each origin of a pool, merged into one standing: the operator's word, the isolate's own circuit, what other
// isolates of the data centre say of theirs, and the verdicts of the active checks by their age. Pure. It never picks an origin
// (select.ts does) and never empties a pool: only an operator can take the last origin away.

import type { OriginSnapshot, PoolSnapshot, TrustSnapshot } from "../config/pool-snapshot.ts";
import { CONTRADICTION_REQUESTS, CONTRADICTION_WINDOW_MS } from "../limits.ts";
import { HEALTH_SKEW_MS_MAX } from "../limits.ts";
import { admits, circuitPhase, slowStartShare } from "./circuit.ts";
import type { Circuit } from "./circuit.ts";
import { healthOf, originKey } from "./health.ts";
import type { HealthDocument, OriginHealth } from "./health.ts";
import { heldOutUntilMs } from "./marker.ts";
import type { MarkerEntry } from "./marker.ts";
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
  | "circuit-elsewhere" // another isolate of the data centre says that its circuit is open
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
  /** Id of the origin that this visitor stays with, whom a drain does not send away; nobody's when left out. */
  readonly keeps?: string | undefined;
  local(key: string): LocalView;
  /** The latest word of the data centre's isolates on an origin's circuit; without it they are not listened to. */
  elsewhere?(key: string): MarkerEntry | null;
}

/** How long a health document is believed. */
export type HealthTrust = Pick<TrustSnapshot, "freshMs" | "uselessMs">;

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
export function upSinceMs(health: HealthDocument | null, key: string, nowMs: number, trust: HealthTrust): number | null {
  if (healthAge(health, nowMs, trust) !== "fresh") return null;
  const state = healthOf(health, key);
  return state?.state === "up" && state.passes > 0 ? state.checkedAtMs : null;
}

/** How far the document is believed. fresh: as it says. decaying: only its `up`. useless: not at all. */
export function healthAge(
  health: HealthDocument | null,
  nowMs: number,
  { freshMs, uselessMs }: HealthTrust,
): "fresh" | "decaying" | "useless" {
  if (health === null) return "useless";
  const ageMs = nowMs - health.asOfMs;
  if (ageMs < -HEALTH_SKEW_MS_MAX || ageMs > uselessMs) return "useless";
  return ageMs <= freshMs ? "fresh" : "decaying";
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
  if (override?.state === "drain") return servingDespiteDrain(origin, input) ?? standing("excluded", "operator-drain", 0);
  if (override?.state === "up") return { ...standing("serving", "operator-up"), weight: Math.max(weight, 1) };
  if (weight <= 0) return standing("excluded", override?.state === "weight" ? "operator-weight" : "weight", 0);
  const local = input.local(key);
  const admission = admits(local.circuit, input.nowMs, upSinceMs(input.health, key, input.nowMs, input.pool.trust));
  if (admission === "no") return standing("avoided", "circuit-open");
  const word = heldOutElsewhere(key, input);
  // Another isolate has tried since this one last did: of a data centre one tries at a time.
  if (admission === "probe" && (word === null || word.atMs <= local.circuit.openedAtMs)) return standing("probing", "circuit-half-open");
  if (word !== null) return standing("avoided", "circuit-elsewhere");
  return healthStanding(standing, slowStartShare(local.circuit, input.pool.circuit, input.nowMs), { key, local, input });
}

/** A drain is for new visitors: to one who stays with the origin it serves on, if it serves at all. */
function servingDespiteDrain(origin: OriginSnapshot, input: MergeInput): Standing | null {
  if (origin.id !== input.keeps) return null;
  const standing = originStanding(origin, { ...input, overrides: { ...input.overrides, origins: {} } });
  return standing.use === "serving" ? standing : null;
}

/** The word of another isolate that keeps the origin out, unless this isolate knows better: it was answered well since. */
function heldOutElsewhere(key: string, input: MergeInput): Extract<MarkerEntry, { state: "open" }> | null {
  const word = input.elsewhere?.(key) ?? null;
  if (word?.state !== "open" || word.atMs > input.nowMs) return null;
  if (input.nowMs >= heldOutUntilMs(word, input.pool.circuit.shareMs)) return null;
  const { circuit, recent } = input.local(key);
  if (circuit.closedAtMs !== null && circuit.closedAtMs > word.atMs) return null;
  return recent.some(({ good, atMs }) => good && atMs > word.atMs) ? null : word;
}

type MakeStanding = (use: Use, reason: StandingReason, share?: number) => Standing;

function healthStanding(standing: MakeStanding, share: number, of: { key: string; local: LocalView; input: MergeInput }): Standing {
  const { health, nowMs } = of.input;
  const state: OriginHealth | null = healthOf(health, of.key);
  if (state === null || state.state === "up") return standing("serving", "ok", share);
  const { trust } = of.input.pool;
  const age = healthAge(health, nowMs, trust);
  if (age === "useless") return standing("serving", "ok", share);
  if (isContradicted(of.local.recent, trust, nowMs)) return standing("serving", "health-contradicted", share);
  if (age === "decaying") return standing("serving", "health-old", share * trust.doubtedShare);
  const { healthProbeAtMs } = of.local;
  const due = healthProbeAtMs === null || nowMs - healthProbeAtMs >= trust.probeMs;
  return due ? standing("probing", "health-probe") : standing("avoided", "health-down");
}

/** The checks see the origin from one place, which may be the broken one: enough good answers here outweigh them. */
function isContradicted(recent: Recent, { contradictionRate }: TrustSnapshot, nowMs: number): boolean {
  const { total, good } = countRecent(recent, nowMs - CONTRADICTION_WINDOW_MS);
  return total >= CONTRADICTION_REQUESTS && good >= contradictionRate * total;
}

/** What holds for a group (the primaries, or the backups) as a whole: panic first, then the ejection limit. */
function withGroupRules(group: readonly Standing[], hasServingBackup: boolean, input: MergeInput): readonly Standing[] {
  return withEjectionLimit(withoutPanic(group, hasServingBackup, input.pool.trust), input);
}

/**
 * When less than the pool's share of the weight is left, the checks are not believed: the more origins they call down at once,
 * the likelier it is that they look from a broken place. Where only backups would serve, those are used instead of doubting.
 */
function withoutPanic(group: readonly Standing[], hasServingBackup: boolean, { panicShare }: TrustSnapshot): readonly Standing[] {
  const total = sumWeights(group.filter(({ use }) => use !== "excluded"));
  const serving = sumWeights(group.filter(({ use }) => use === "serving"));
  if (serving >= panicShare * total) return group;
  if (serving === 0 && hasServingBackup) return group;
  return group.map((standing) =>
    standing.reason === "health-down" || standing.reason === "health-probe" ? { ...standing, use: "serving", reason: "panic" } : standing,
  );
}

/**
 * Circuits that opened for failing or slow answers, here or elsewhere in the data centre, keep at most the pool's share of a
 * group out, and one origin always stays. Hearsay is the first to be given up, then what would be tried soonest. Those whose
 * connections fail are not called back: they have nothing to give.
 */
function withEjectionLimit(group: readonly Standing[], input: MergeInput): readonly Standing[] {
  const members = group.filter(({ use }) => use !== "excluded").length;
  const outMax = Math.min(members - 1, Math.ceil(input.pool.circuit.ejectedShareMax * members));
  const ejected = group
    .flatMap((standing) => ejectionOf(standing, input) ?? [])
    .sort((a, b) => Number(b.hearsay) - Number(a.hearsay) || a.untilMs - b.untilMs);
  const calledBack = new Set(ejected.slice(0, Math.max(0, ejected.length - outMax)).map(({ key }) => key));
  if (calledBack.size === 0) return group;
  return group.map((standing) => (calledBack.has(standing.key) ? { ...standing, use: "serving", reason: "ejection-limit" } : standing));
}

interface Ejection {
  readonly key: string;
  readonly hearsay: boolean;
  readonly untilMs: number;
}

/** Null for an origin that is not out, or is so because no connection comes about. */
function ejectionOf({ key, use, reason }: Standing, input: MergeInput): Ejection | null {
  if (use !== "avoided") return null;
  if (reason === "circuit-elsewhere") {
    const word = heldOutElsewhere(key, input);
    if (word === null || word.by === "connection") return null;
    return { key, hearsay: true, untilMs: heldOutUntilMs(word, input.pool.circuit.shareMs) };
  }
  const { circuit } = input.local(key);
  if (circuitPhase(circuit, input.nowMs) !== "open" || circuit.openedBy === "connection") return null;
  return { key, hearsay: false, untilMs: circuit.openUntilMs };
}

function sumWeights(standings: readonly Standing[]): number {
  return standings.reduce((sum, { weight }) => sum + weight, 0);
}
