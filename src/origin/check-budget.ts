// The arithmetic of health checks: how many one run of the cron makes, and whether they fit the platform's limits on requests
// and time. Pure. The config check refuses what does not fit; the run itself stretches intervals by the same numbers.

import type { HealthCheckSnapshot, PoolSnapshot } from "../config/pool-snapshot.ts";
import {
  ALERT_TIMEOUT_MS,
  CHECKS_AT_ONCE_MAX,
  CHECK_RUN_MS_MAX,
  HEALTH_EARLY_WRITES_MAX,
  SUBREQUESTS_FREE_PLAN,
  SUBREQUESTS_KEPT_BACK,
  SUBREQUESTS_KEPT_BACK_ALERTS,
  SUBREQUESTS_KEPT_BACK_EARLY,
  SUBREQUESTS_PAID_PLAN,
} from "../limits.ts";

/** The shortest time between two runs that the platform offers. */
export const RUN_EVERY_MS = 60_000;

export interface CheckBudget {
  /** Requests of one run. */
  readonly checks: number;
  readonly fitsFreePlan: boolean;
  readonly fitsPaidPlan: boolean;
  /** How long one round takes when no origin answers, and whether a run has that time. */
  readonly frozenRoundMs: number;
  readonly fitsTime: boolean;
  /** One line per pool and one for each limit that is broken, with the numbers. */
  readonly arithmetic: readonly string[];
}

/** @param alerts - Whether changes are told to a webhook, which takes requests and time of the run. */
export function checkBudget(pools: Iterable<Pick<PoolSnapshot, "name" | "origins" | "health">>, alerts: boolean): CheckBudget {
  const arithmetic: string[] = [];
  let checks = 0;
  let waitMs = 0;
  let longestMs = 0;
  const runMs = checksMsMax(alerts);
  for (const { name, origins, health } of pools) {
    if (health === null) continue;
    const rounds = roundsPerRun(health, alerts);
    checks += origins.length * rounds;
    waitMs += origins.length * health.timeoutMs;
    longestMs = Math.max(longestMs, health.timeoutMs);
    arithmetic.push(
      `pool ${name}: ${origins.length} origins x ${rounds} rounds (every ${health.intervalMs / 1000} s) = ${origins.length * rounds} checks a run`,
    );
  }
  const frozenRoundMs = Math.max(longestMs, Math.ceil(waitMs / CHECKS_AT_ONCE_MAX));
  const fits = (plan: number): boolean => checks <= checksMax(plan, alerts);
  for (const [plan, requests] of [
    ["free", SUBREQUESTS_FREE_PLAN],
    ["paid", SUBREQUESTS_PAID_PLAN],
  ] as const) {
    if (fits(requests)) continue;
    arithmetic.push(
      `${checks} checks a run, the ${plan} plan has room for ${checksMax(requests, alerts)} (${requests} requests, ${keptBack(alerts)} kept for KV${alerts ? " and the webhook" : ""})`,
    );
  }
  const fitsTime = frozenRoundMs <= runMs;
  if (!fitsTime) {
    const seconds = (ms: number): string => (ms / 1000).toFixed(1);
    if (longestMs > runMs) arithmetic.push(`a check may wait ${seconds(longestMs)} s, a run has ${seconds(runMs)} s`);
    else
      arithmetic.push(
        `a round of origins that do not answer takes ${seconds(waitMs)} s of timeouts / ${CHECKS_AT_ONCE_MAX} at a time = ${seconds(frozenRoundMs)} s, a run has ${seconds(runMs)} s`,
      );
  }
  return {
    checks,
    fitsFreePlan: fits(SUBREQUESTS_FREE_PLAN),
    fitsPaidPlan: fits(SUBREQUESTS_PAID_PLAN),
    frozenRoundMs,
    fitsTime,
    arithmetic,
  };
}

/** Checks that a run on such a plan may make. */
export function checksMax(subrequests: number, alerts: boolean): number {
  return Math.max(0, subrequests - keptBack(alerts));
}

function keptBack(alerts: boolean): number {
  return SUBREQUESTS_KEPT_BACK + (alerts ? SUBREQUESTS_KEPT_BACK_ALERTS : 0);
}

/** Writes of a run before its end: those that requests are kept back for, and those that the checks leave requests for. */
export function earlyWritesMax(
  pools: Iterable<Pick<PoolSnapshot, "name" | "origins" | "health">>,
  { subrequests, alerts }: { readonly subrequests: number; readonly alerts: boolean },
): number {
  const unused = Math.max(0, checksMax(subrequests, alerts) - checkBudget(pools, alerts).checks);
  return Math.min(HEALTH_EARLY_WRITES_MAX, SUBREQUESTS_KEPT_BACK_EARLY + unused);
}

/** Time that a run has for its checks: the rest is for the first try to tell the webhook, before the verdicts are written. */
export function checksMsMax(alerts: boolean): number {
  return CHECK_RUN_MS_MAX - (alerts ? ALERT_TIMEOUT_MS : 0);
}

/** How often a run checks an origin: at its beginning and after each interval, while a whole check still fits. */
export function roundsPerRun({ intervalMs, timeoutMs }: Pick<HealthCheckSnapshot, "intervalMs" | "timeoutMs">, alerts = false): number {
  if (intervalMs >= RUN_EVERY_MS) return 1;
  return 1 + Math.max(0, Math.floor((checksMsMax(alerts) - timeoutMs) / intervalMs));
}
