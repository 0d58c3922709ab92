// The cron's work: active checks of all origins, in rounds within the minute, and the health document that follows from them,
// written to KV only when there is something new to say. It never throws for an origin's sake. Called by index.ts.

import type { HealthCheckSnapshot, OriginSnapshot } from "./config/snapshot.ts";
import { CHECKS_AT_ONCE_MAX, CHECK_RUN_MS_MAX, HEALTH_HEARTBEAT_FREE_MS, HEALTH_HEARTBEAT_PAID_MS } from "./limits.ts";
import { SUBREQUESTS_FREE_PLAN, SUBREQUESTS_PAID_PLAN } from "./limits.ts";
import { checkOrigin } from "./origin/check.ts";
import type { Sleep } from "./origin/check.ts";
import { RUN_EVERY_MS, checksMax, roundsPerRun } from "./origin/check-budget.ts";
import { afterCheck, healthWriteNeeded, uncheckedOrigin, withoutPending } from "./origin/check-state.ts";
import { HEALTH_FORMAT, healthOf, originKey, parseHealthDocument } from "./origin/health.ts";
import type { HealthDocument, OriginHealth } from "./origin/health.ts";
import type { Ports } from "./ports.ts";
import { HEALTH_KEY } from "./release/keys.ts";
import type { Ruleset } from "./ruleset.ts";

export interface CheckRun {
  readonly ruleset: Pick<Ruleset, "pools">;
  /** The document of the last run; null when there is none. */
  readonly previous: HealthDocument | null;
  readonly ports: Pick<Ports, "fetcher" | "clock">;
  /** Data centre that the run is in, or `unknown`. */
  readonly region: string;
  /** Requests that the platform's plan gives to a run. Default: the free plan's. */
  readonly subrequests?: number;
  /** Rounds at most, whatever the interval; 1 for a check at the operator's request. Default: as many as fit. */
  readonly rounds?: number;
  readonly sleep?: Sleep;
}

export interface HealthRun extends Omit<CheckRun, "previous" | "ports" | "subrequests"> {
  readonly ports: Pick<Ports, "fetcher" | "clock" | "config" | "log">;
  /** The platform's plan: what a run may ask for, and how often KV may be written. */
  readonly plan: "free" | "paid";
}

/** unreadable: KV gave no answer, and a document made without the last one could call a dead origin up. */
export type HealthRunOutcome = "written" | "unchanged" | "unreadable" | "write-failed";

/** One run of the cron: reads the last document, checks, and writes the new one if it says something new. */
export async function checkHealth(run: HealthRun): Promise<HealthRunOutcome> {
  const { ports, plan } = run;
  const finish = (outcome: HealthRunOutcome, more: Readonly<Record<string, unknown>> = {}): HealthRunOutcome => {
    ports.log.write({ event: "health-run", outcome, ...more });
    return outcome;
  };
  let text: string | null;
  try {
    text = await ports.config.get(HEALTH_KEY);
  } catch (error) {
    return finish("unreadable", { message: String(error) });
  }
  const parsed = text === null ? null : parseHealthDocument(text);
  const previous = parsed?.ok === true ? parsed.value : null;
  const paid = plan === "paid";
  const next = await checkOrigins({ ...run, previous, subrequests: paid ? SUBREQUESTS_PAID_PLAN : SUBREQUESTS_FREE_PLAN });
  const down = Object.keys(next.origins).filter((key) => next.origins[key]?.state === "down");
  const summary = { origins: Object.keys(next.origins).length, down, ...(parsed?.ok === false ? { discarded: parsed.error.message } : {}) };
  // Half a run of slack: runs do not end at the same second of every minute.
  const heartbeatMs = (paid ? HEALTH_HEARTBEAT_PAID_MS : HEALTH_HEARTBEAT_FREE_MS) - RUN_EVERY_MS / 2;
  if (!healthWriteNeeded(previous, next, heartbeatMs)) return finish("unchanged", summary);
  try {
    await ports.config.put(HEALTH_KEY, JSON.stringify(next));
    return finish("written", summary);
  } catch (error) {
    return finish("write-failed", { ...summary, message: String(error) });
  }
}

/** One origin on its way through the rounds. */
interface Target {
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

/** Checks every origin that has a health check. Ends within 55 s; origins that left the release are no longer in the document. */
export async function checkOrigins(run: CheckRun): Promise<HealthDocument> {
  const { ports, previous, region } = run;
  const startedAtMs = ports.clock.nowMs();
  const targets = targetsOf(run, startedAtMs);
  const queue = targets.filter(({ left }) => left > 0);
  const endsAtMs = startedAtMs + CHECK_RUN_MS_MAX;
  await Promise.all(Array.from({ length: CHECKS_AT_ONCE_MAX }, () => workThrough(queue, endsAtMs, run)));
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
    const rounds = isDue(health.intervalMs, nowMs) ? Math.min(run.rounds ?? Number.POSITIVE_INFINITY, roundsPerRun(health)) : 0;
    for (const origin of pool.origins) {
      const key = originKey(pool.name, origin.id);
      const state = healthOf(run.previous, key) ?? uncheckedOrigin(nowMs);
      targets.push({ key, origin, health, everyMs: health.intervalMs, planned: rounds, left: rounds, dueAtMs: nowMs, state });
    }
  }
  return fitted(targets, checksMax(run.subrequests ?? SUBREQUESTS_FREE_PLAN), nowMs);
}

/** Intervals beyond a minute: due when one of their borders lies in the last minute. Needs no memory, so nothing to write. */
function isDue(intervalMs: number, nowMs: number): boolean {
  return intervalMs <= RUN_EVERY_MS || nowMs % intervalMs < RUN_EVERY_MS;
}

/**
 * Fewer rounds, evenly, where the platform does not give a run enough requests; where not even one check each fits, every
 * minute begins with other origins.
 */
function fitted(targets: Target[], checks: number, nowMs: number): Target[] {
  const wanted = targets.reduce((sum, { left }) => sum + left, 0);
  if (wanted <= checks) return targets;
  const first = (Math.floor(nowMs / RUN_EVERY_MS) * checks) % targets.length;
  const rotated = [...targets.slice(first), ...targets.slice(0, first)];
  let room = checks;
  for (const target of rotated) {
    target.left = Math.min(room, target.left, Math.max(1, Math.floor((target.left * checks) / wanted)));
    target.planned = target.left;
    target.everyMs = Math.max(target.everyMs, Math.floor((CHECK_RUN_MS_MAX - target.health.timeoutMs) / Math.max(1, target.left)));
    room -= target.left;
  }
  return rotated;
}

/** One of six lanes: takes whoever is due first, waits for the time, checks, and puts it back for its next round. */
async function workThrough(queue: Target[], endsAtMs: number, run: CheckRun): Promise<void> {
  const { clock } = run.ports;
  const sleep = run.sleep ?? platformSleep;
  for (let target = takeEarliest(queue); target !== null; target = takeEarliest(queue)) {
    const beginsAtMs = Math.max(target.dueAtMs, clock.nowMs());
    // A check that could outlast the run is not begun.
    if (beginsAtMs + target.health.timeoutMs > endsAtMs) continue;
    if (beginsAtMs > clock.nowMs()) await sleep(beginsAtMs - clock.nowMs(), null);
    const result = await checkOrigin({ origin: target.origin, health: target.health, ports: run.ports, sleep });
    target.state = afterCheck(target.state, result, { health: target.health, nowMs: clock.nowMs() });
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

function platformSleep(ms: number, signal: AbortSignal | null): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
