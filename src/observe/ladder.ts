// The rungs that a request went down because an origin failed: other origins, other pools, a stored copy, the route's `failure`
// answer, an error page. Pure; made once per request when it is over, from what happened. The log, drills and `explain` show it;
// nothing is decided by it.

import type { AttemptDigest } from "../exchange.ts";

export type LadderStep =
  /** Origins of this pool were asked. */
  | `pool:${string}`
  /** The pool had no origin to offer: an operator, checks or circuits keep all of them out. */
  | `pool-skipped:${string}`
  /** A stored answer stood in; expired: there was one, and its time is over; none: there was none. */
  | "stale:served"
  | "stale:expired"
  | "stale:none"
  /** The failing answer of an origin was passed on as it is. */
  | "origin:answer"
  /** What the route's `failure` says. */
  | "failure:redirect"
  | "failure:page"
  /** The site's page for the status, or the built-in one. */
  | "error:page";

/** How a request that was sent to origins came out. */
export type LadderEnd =
  /** An origin answered as it should. */
  | "answered"
  | "stale"
  /** The answer of an origin, which is a failure by the route's own measure. */
  | "origin-answer"
  | "redirect"
  | "page"
  | "error";

export interface LadderInput {
  /** Names of the pool and those that take over from it, in their order. */
  readonly pools: readonly string[];
  readonly attempts: readonly Pick<AttemptDigest, "pool">[];
  /** A stored answer was at hand when the origin was asked. */
  readonly hadStored: boolean;
  readonly end: LadderEnd;
}

/** Empty when the first origin of the first pool answered: nothing was gone down. */
export function ladder({ pools, attempts, hadStored, end }: LadderInput): readonly LadderStep[] {
  if (end === "answered" && attempts.length === 1 && attempts[0]?.pool === pools[0]) return [];
  const asked = new Set(attempts.map(({ pool }) => pool));
  // Pools behind the last one that was asked were not come to; without any attempt all were.
  const last = attempts.length === 0 ? pools.length - 1 : pools.findLastIndex((pool) => asked.has(pool));
  const steps = pools.slice(0, last + 1).map((pool): LadderStep => (asked.has(pool) ? `pool:${pool}` : `pool-skipped:${pool}`));
  return [...steps, ...endSteps(end, hadStored)];
}

function endSteps(end: LadderEnd, hadStored: boolean): readonly LadderStep[] {
  const unusable = hadStored ? "stale:expired" : "stale:none";
  switch (end) {
    case "answered":
      return [];
    case "stale":
      return ["stale:served"];
    case "origin-answer":
      return [unusable, "origin:answer"];
    case "redirect":
      return [unusable, "failure:redirect"];
    case "page":
      return [unusable, "failure:page"];
    case "error":
      return [unusable, "error:page"];
    default:
      return end satisfies never;
  }
}
