// Part of the stage fetch: hedging. While an origin is silent for longer than is usual there, another one is asked the same, and
// whoever answers first is heard ("The Tail at Scale", Dean and Barroso, 2013). A frozen server then costs its visitors a moment and
// not a timeout. Only what may safely run twice is hedged, among equals and within the pool's budget; others are asked only when a
// whole tier has gone silent.

import { isFailing } from "../origin/budget.ts";
import { originKey } from "../origin/health.ts";
import { hedgeDelayMs } from "../origin/latency.ts";
import type { Standing } from "../origin/merge.ts";
import type { Selection } from "../origin/select.ts";
import { HEDGE_MS_MIN, SILENT_MS_MIN, SLOW_LOSS_RATIO, STEP_DOWNS_MAX } from "../limits.ts";
import { poolOf, routePool, select, tierOf, type Asking } from "./asking.ts";
import { discard, land, type GoodLanding, type Launched } from "./launch.ts";
import { reportOutcome } from "./testimony.ts";

/** When another origin should be asked besides, by the clock; null for never. */
export function hedgeAtMs(asking: Asking, latest: Launched): number | null {
  const { exchange, input, tried, table, routeId } = asking;
  const { hedge, attempts } = input.plan.action.retry;
  if (hedge === null || attempts < 2 || tried.size >= attempts + STEP_DOWNS_MAX || exchange.facts.isUpgrade) return null;
  if (input.method !== "GET" && input.method !== "HEAD") return null;
  // Nobody else to ask, as with most pools: no clock runs for it.
  const { origins, fallbacks } = routePool(asking);
  if (origins.length === 1 && fallbacks.length === 0) return null;
  // Who stays with an origin has things there that no other origin knows, and one hiccup must not end that.
  if (input.pins.get(latest.standing.pool) === latest.standing.origin.id) return null;
  return latest.beganAtMs + (hedge.afterMs ?? usualMs(asking, latest.standing) * table.routes.patience(routeId, latest.beganAtMs));
}

function usualMs(asking: Asking, standing: Standing): number {
  const { table, routeId } = asking;
  const own = table.routes.latency(routeId, standing.key);
  // Only of one that never answered the route are the times of its peers expected.
  const peers = own === null ? poolOf(asking, standing).origins.map(({ id }) => originKey(standing.pool, id)) : [];
  return hedgeDelayMs(
    own,
    peers.map((key) => table.routes.latency(routeId, key)).filter((latency) => latency !== null),
  );
}

/**
 * Whom to ask besides; null when there is nobody or the budget is spent. A backup or another pool is no equal: it may have other
 * things to say. It is asked when what is waited for was a try whether an origin is back, and when its whole tier is silent.
 */
export function hedgeSelection(asking: Asking, latest: Launched): Selection | null {
  const { table, ports, deadlineMs, tried, input } = asking;
  const nowMs = ports.clock.nowMs();
  const atMs = hedgeAtMs(asking, latest);
  if (atMs === null || (deadlineMs !== null && nowMs >= deadlineMs)) return null;
  // Whatever is usual: where nothing comes at all, nothing will.
  const isLong = nowMs >= Math.min(atMs, latest.beganAtMs + SILENT_MS_MIN);
  const lower = isLong && isSilent(asking, latest) ? select(asking, { isStepDown: true }) : null;
  if (lower !== null || nowMs < atMs) return lower;
  const next = select(asking);
  if (next === null || next.standing.use !== "serving" || isFailing(table.local(next.standing.key).recent, nowMs)) return null;
  if (tierOf(next.standing) !== tierOf(latest.standing)) return latest.standing.use === "probing" ? next : null;
  return tried.size < input.plan.action.retry.attempts && table.mayHedge(routePool(asking), nowMs) ? next : null;
}

/** None of its equals has answered anything for a while, though many requests wait there: that is no slow report any more. */
function isSilent(asking: Asking, { standing }: Launched): boolean {
  const equals = poolOf(asking, standing).origins.filter(({ backup }) => backup === standing.origin.backup);
  const keys = equals.map(({ id }) => originKey(standing.pool, id));
  return asking.table.areSilent(keys, asking.ports.clock.nowMs());
}

interface Landed {
  readonly launched: Launched;
  readonly landing: GoodLanding;
}

/** The winner lands; attempts that are no longer needed end. All are told of in the order in which they began. */
export function settle(asking: Asking, winner: Landed, losers: ReadonlySet<Launched>): void {
  const { table, routeId, ports } = asking;
  const isFirst = [...losers].every(({ beganAtMs }) => beganAtMs >= winner.launched.beganAtMs);
  if (losers.size > 0) table.routes.hedged(routeId, !isFirst, ports.clock.nowMs());
  for (const launched of [...losers, winner.launched].toSorted((a, b) => a.beganAtMs - b.beganAtMs)) {
    if (launched === winner.launched) land(asking, launched, winner.landing);
    else abandon(asking, launched, winner);
  }
}

/** A loser that was slow by itself, and not for all, is told of. */
function abandon(asking: Asking, { standing, ticket, beganAtMs, cancel, landing }: Launched, winner: Landed): void {
  const { exchange, ports, table, routeId } = asking;
  cancel.abort();
  void landing.then(({ answer }) => answer !== null && discard(answer.response));
  const nowMs = ports.clock.nowMs();
  const ms = nowMs - beganAtMs;
  const tookMs = winner.landing.landedAtMs - winner.launched.beganAtMs;
  const slow = beganAtMs < winner.launched.beganAtMs && ms >= HEDGE_MS_MIN && ms >= SLOW_LOSS_RATIO * tookMs;
  exchange.digest.attempts.push({ pool: standing.pool, origin: standing.origin.id, outcome: slow ? "slow" : "not-needed", ms });
  if (slow) {
    table.countOutcome(standing.key, false, nowMs);
    table.routes.lost(routeId, standing.key, { ms, nowMs });
  }
  reportOutcome(asking, { ticket, standing, retryAfterMs: null }, slow ? "slow" : "neutral");
}
