// Part of the stage fetch: what one request carries through its attempts, and which origin it would go to next. It asks nobody.

import type { PoolSnapshot } from "../config/pool-snapshot.ts";
import type { AuthKeys } from "../origin/auth.ts";
import { loadOf } from "../origin/load.ts";
import { poolStandings } from "../origin/merge.ts";
import type { Standing } from "../origin/merge.ts";
import type { ReplayBody } from "../origin/replay.ts";
import { isSafe } from "../origin/retry.ts";
import { selectOrigin } from "../origin/select.ts";
import type { Selection } from "../origin/select.ts";
import type { FetchInput, FetchedResponse } from "./fetch-outcome.ts";
import type { Testimony } from "./testimony.ts";

export interface Asking extends Testimony {
  readonly input: FetchInput;
  readonly body: ReplayBody | null;
  readonly authKeys: AuthKeys;
  /** When the route's total time is over; null without one. */
  readonly deadlineMs: number | null;
  /** Small answers are read whole before they count. */
  readonly hold: boolean;
  /** Servers that this request was sent to. */
  readonly tried: Set<string>;
  /** Tiers that it was sent to, see `tierOf`. */
  readonly tiers: Set<string>;
  /** The last real answer of an origin, passed on if nobody does better. Its body is unread. */
  best: FetchedResponse | null;
}

interface Selecting {
  /** Servers that are out of the question. Default: those that this request was sent to. */
  readonly tried?: ReadonlySet<string>;
  /** Only an origin of a tier (primaries or backups of a pool) that this request was not sent to, if one serves. */
  readonly isStepDown?: boolean;
}

/** Null when nobody is left. */
export function select(asking: Asking, { tried = asking.tried, isStepDown = false }: Selecting = {}): Selection | null {
  const { exchange, table, ports, input, routeId } = asking;
  const nowMs = ports.clock.nowMs();
  return selectOrigin({
    pools: exchange.state.ruleset.pools,
    pool: input.plan.pool,
    tried,
    isStepDown,
    mayProbe: tried.size === 0 && isSafe(input.method) && !exchange.facts.isUpgrade && input.plan.action.retry.attempts > 1,
    facts: exchange.facts,
    pins: input.pins,
    load: (key) => loadOf(table.routes.latency(routeId, key), table.inFlight(key, nowMs), nowMs),
    standings: (pool) => standingsOf(asking, pool),
    credits: (pool) => table.credits(pool),
    random: () => ports.random.next(),
  });
}

function standingsOf({ exchange, table, markers, ports, input }: Asking, pool: PoolSnapshot): readonly Standing[] {
  const { overrides, health } = exchange.state;
  const nowMs = ports.clock.nowMs();
  const keeps = input.pins.get(pool.name);
  return poolStandings({ pool, overrides, health, nowMs, keeps, local: (key) => table.local(key), elsewhere: (key) => markers.view(key) });
}

/** Origins that stand in for each other as equals: the primaries of a pool, or its backups. */
export function tierOf({ pool, origin }: Standing): string {
  return `${pool} ${origin.backup ? "backups" : "primaries"}`;
}

/** The pool whose origin it is. */
export function poolOf(asking: Asking, standing: Standing): PoolSnapshot {
  return poolNamed(asking, standing.pool);
}

/** The route's pool. Its budget counts requests, retries and hedges, whichever pool has taken over. */
export function routePool(asking: Asking): PoolSnapshot {
  return poolNamed(asking, asking.input.plan.pool);
}

function poolNamed({ exchange }: Asking, name: string): PoolSnapshot {
  const pool = exchange.state.ruleset.pools.get(name);
  if (pool === undefined) throw new Error(`an origin was selected from a pool that the release lacks: ${name}`);
  return pool;
}
