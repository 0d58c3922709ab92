// One run of the active checks: all origins, in rounds within the minute, six at a time, and what follows from them. It reads and
// writes no KV and never throws for an origin's sake. Called by scheduled.ts.

import type { HealthCheckSnapshot, OriginSnapshot, PoolSnapshot } from "../config/pool-snapshot.ts";
import { CHECKS_AT_ONCE_MAX, SUBREQUESTS_FREE_PLAN } from "../limits.ts";
import type { Ports } from "../ports.ts";
import type { Ruleset } from "../ruleset.ts";
import type { AuthKeys } from "./auth.ts";
import { checkOrigin } from "./check.ts";
import type { Sleep } from "./check.ts";
import { RUN_EVERY_MS, checksMax, checksMsMax, roundsPerRun } from "./check-budget.ts";
import { afterCheck, transitionOf, uncheckedOrigin, withoutPending } from "./check-state.ts";
import { HEALTH_FORMAT, healthOf, originKey } from "./health.ts";
import type { HealthDocument, OriginHealth, Transition } from "./health.ts";

export interface CheckRun {
  readonly ruleset: Pick<Ruleset, "pools">;
  /** The document of the last run; null when there is none. */
  readonly previous: HealthDocument | null;
  readonly ports: Pick<Ports, "fetcher" | "connector" | "secrets" | "clock" | "log">;
  /** What the isolate keeps for signing requests to origins. */
  readonly auth: AuthKeys;
  /** Data centre that the run is in, or `unknown`. */
  readonly region: string;
  /** Changes will be told to a webhook, which needs time and requests of the run. */
  readonly alerts: boolean;
  /** Requests that the platform's plan gives to a run. Default: the free plan's. */
  readonly subrequests?: number;
  /** Rounds at most, whatever the interval; 1 for a check at the operator's request. Default: as many as fit. */
  readonly rounds?: number;
  /** Awaited before each check once a state has changed, to write that meanwhile. Default: nobody is. */
  readonly beforeCheck?: BeforeCheck;
  readonly sleep: Sleep;
}

/** @param atMs - When the check is due; it can begin later. */
export type BeforeCheck = (atMs: number, found: Findings) => Promise<void>;

/** A run on its way. */
export interface Findings {
  /** So far, in the order in which they happened; grows. */
  readonly transitions: readonly Transition[];
  /** As it stands now. */
  readonly document: () => HealthDocument;
}

export interface CheckRunOutcome {
  readonly document: HealthDocument;
  /** In the order in which they happened. */
  readonly transitions: readonly Transition[];
}

/** One origin on its way through the rounds. */
interface Target {
  readonly pool: PoolSnapshot;
  readonly key: string;
  readonly origin: OriginSnapshot;
  readonly health: HealthCheckSnapshot;
  everyMs: number;
  /** Rounds of this run, and those still to come. */
  planned: number;
  left: number;
  dueAtMs: number;
  state: OriginHealth;
}

/** Checks every origin that has a health check. Ends in time; origins that left the release are no longer in the document. */
export async function checkOrigins(run: CheckRun): Promise<CheckRunOutcome> {
  const { ports } = run;
  const startedAtMs = ports.clock.nowMs();
  const targets = targetsOf(run, startedAtMs);
  const queue = targets.filter(({ left }) => left > 0);
  const endsAtMs = startedAtMs + checksMsMax(run.alerts);
  const transitions: Transition[] = [];
  const document = (): HealthDocument => documentOf(targets, run);
  await Promise.all(Array.from({ length: CHECKS_AT_ONCE_MAX }, () => workThrough(queue, endsAtMs, { run, transitions, document })));
  return { document: document(), transitions };
}

function documentOf(targets: readonly Target[], { ports, previous, region }: CheckRun): HealthDocument {
  return {
    format: HEALTH_FORMAT,
    generation: (previous?.generation ?? 0) + 1,
    asOfMs: ports.clock.nowMs(),
    region,
    origins: Object.fromEntries(targets.map((target) => [target.key, stored(target)])),
  };
}

function targetsOf(run: CheckRun, nowMs: number): Target[] {
  const targets: Target[] = [];
  for (const pool of run.ruleset.pools.values()) {
    const { health } = pool;
    if (health === null) continue;
    const fit = roundsPerRun(health, run.alerts);
    const rounds = isDue(health.intervalMs, nowMs) ? Math.min(run.rounds ?? Number.POSITIVE_INFINITY, fit) : 0;
    for (const origin of pool.origins) {
      const key = originKey(pool.name, origin.id);
      const state = healthOf(run.previous, key) ?? uncheckedOrigin(nowMs);
      const timing = { everyMs: health.intervalMs, planned: rounds, left: rounds, dueAtMs: nowMs };
      targets.push({ pool, key, origin, health, ...timing, state });
    }
  }
  return fitted(targets, run, nowMs);
}

/** Intervals beyond a minute: due when one of their borders lies in the last minute. Needs no memory, so nothing to write. */
function isDue(intervalMs: number, nowMs: number): boolean {
  return intervalMs <= RUN_EVERY_MS || nowMs % intervalMs < RUN_EVERY_MS;
}

/**
 * Fewer rounds, evenly, where the platform does not give a run enough requests; where not even one check each fits, every
 * minute begins with other origins.
 */
function fitted(targets: Target[], { subrequests = SUBREQUESTS_FREE_PLAN, alerts }: CheckRun, nowMs: number): Target[] {
  const checks = checksMax(subrequests, alerts);
  const wanted = targets.reduce((sum, { left }) => sum + left, 0);
  if (wanted <= checks) return targets;
  const first = (Math.floor(nowMs / RUN_EVERY_MS) * checks) % targets.length;
  const rotated = [...targets.slice(first), ...targets.slice(0, first)];
  let room = checks;
  for (const target of rotated) {
    target.left = Math.min(room, target.left, Math.max(1, Math.floor((target.left * checks) / wanted)));
    target.planned = target.left;
    target.everyMs = Math.max(target.everyMs, Math.floor((checksMsMax(alerts) - target.health.timeoutMs) / Math.max(1, target.left)));
    room -= target.left;
  }
  return rotated;
}

interface Lane extends Findings {
  readonly run: CheckRun;
  readonly transitions: Transition[];
}

/** One of six lanes: takes whoever is due first, waits for the time, checks, and puts it back for its next round. */
async function workThrough(queue: Target[], endsAtMs: number, { run, transitions, document }: Lane): Promise<void> {
  const { ports, auth, sleep } = run;
  const { clock } = ports;
  for (let target = takeEarliest(queue); target !== null; target = takeEarliest(queue)) {
    const { pool, origin, health, key, state: before } = target;
    if (transitions.length > 0) await run.beforeCheck?.(Math.max(target.dueAtMs, clock.nowMs()), { transitions, document });
    const beginsAtMs = Math.max(target.dueAtMs, clock.nowMs());
    // A check that could outlast the run is not begun.
    if (beginsAtMs + health.timeoutMs > endsAtMs) continue;
    if (beginsAtMs > clock.nowMs()) await sleep(beginsAtMs - clock.nowMs(), null);
    const result = await checkOrigin({ pool, origin, health, ports, auth, sleep });
    target.state = afterCheck(before, result, { health, nowMs: clock.nowMs() });
    if (target.state.state !== before.state) transitions.push(transitionOf(key, before, target.state));
    target.left -= 1;
    target.dueAtMs = Math.max(target.dueAtMs + target.everyMs, clock.nowMs());
    if (target.left > 0) queue.push(target);
  }
}

function takeEarliest(queue: Target[]): Target | null {
  let earliest: Target | null = null;
  for (const target of queue) if (earliest === null || target.dueAtMs < earliest.dueAtMs) earliest = target;
  if (earliest !== null) queue.splice(queue.indexOf(earliest), 1);
  return earliest;
}

/** A run with enough rounds for a verdict decides from its own rounds, and leaves no half-counted row for the next one. */
function stored({ state, health, planned }: Target): OriginHealth {
  return planned >= Math.max(health.rise, health.fall) ? withoutPending(state) : state;
}
