// Part of the stage fetch: hedging. While an origin is silent for longer than is usual there, another one is asked the same, and
// whoever answers first is heard ("The Tail at Scale", Dean and Barroso, 2013). A frozen server then costs its visitors a moment and
// not a timeout. Only what may safely run twice is hedged, only among equals, and only within the pool's budget.

import { isFailing } from "../origin/budget.ts";
import { hedgeDelayMs } from "../origin/latency.ts";
import type { Standing } from "../origin/merge.ts";
import type { Selection } from "../origin/select.ts";
import { HEDGE_MS_MIN, SLOW_LOSS_RATIO } from "../limits.ts";
import { poolOf, select, type Asking } from "./asking.ts";
import { discard, land, type Landing, type Launched } from "./launch.ts";
import { reportOutcome } from "./testimony.ts";

/** When another origin should be asked besides, by the clock; null for never. */
export function hedgeAtMs(asking: Asking, latest: Launched): number | null {
  const { exchange, input, tried } = asking;
  const { hedge, attempts } = input.plan.action.retry;
  if (hedge === null || tried.size >= attempts || exchange.facts.isUpgrade) return null;
  if (input.method !== "GET" && input.method !== "HEAD") return null;
  // Who stays with an origin has things there that no other origin knows, and one hiccup must not end that.
  if (input.pins.get(latest.standing.pool) === latest.standing.origin.id) return null;
  return latest.beganAtMs + (hedge.afterMs ?? usualMs(asking, latest.standing));
}

function usualMs({ table, routeId, exchange }: Asking, standing: Standing): number {
  const { origins } = poolOf({ exchange }, standing);
  const peers = origins.filter(({ id }) => id !== standing.origin.id);
  const known = peers.map(({ id }) => table.routes.latency(routeId, `${standing.pool}/${id}`)).filter((latency) => latency !== null);
  return hedgeDelayMs(table.routes.latency(routeId, standing.key), known);
}

/**
 * Whom to ask besides; null when there is nobody or the budget is spent. A backup or another pool is no equal: it may have other
 * things to say, and is there for when this one fails.
 */
export function hedgeSelection(asking: Asking, latest: Launched): Selection | null {
  const { table, ports, deadlineMs, exchange, input } = asking;
  const nowMs = ports.clock.nowMs();
  if (deadlineMs !== null && nowMs >= deadlineMs) return null;
  // Requests and extras are counted with the route's pool, whichever pool has taken over.
  const pool = exchange.state.ruleset.pools.get(input.plan.pool);
  if (pool === undefined || !table.mayHedge(pool, nowMs)) return null;
  const next = select(asking);
  if (next === null) return null;
  const { standing } = next;
  const isEqual = standing.pool === latest.standing.pool && standing.origin.backup === latest.standing.origin.backup;
  return isEqual && standing.use === "serving" && !isFailing(table.local(standing.key).recent, nowMs) ? next : null;
}

interface Landed {
  readonly launched: Launched;
  readonly landing: Landing;
}

/** The winner lands; attempts that are no longer needed end. All are told of in the order in which they began. */
export function settle(asking: Asking, winner: Landed, losers: ReadonlySet<Launched>): void {
  for (const launched of [...losers, winner.launched].toSorted((a, b) => a.beganAtMs - b.beganAtMs)) {
    if (launched === winner.launched) land(asking, launched, winner.landing);
    else abandon(asking, launched, winner);
  }
}

/** A loser that was slow by itself, and not for all, counts as failed. */
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
  reportOutcome(asking, { ticket, standing, retryAfterMs: null }, slow ? "failure" : "neutral");
}
