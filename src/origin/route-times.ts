// The isolate's memory of which origin answered which route, when, and how long that took. Bounded; what is forgotten is learned
// again within a request or two. The rules are in latency.ts and verdict.ts; this file only keeps.

import { EVIDENCE_MS, HEDGE_PATIENCE_HALF_MS, HEDGE_PATIENCE_MAX, LATENCIES_MAX } from "../limits.ts";
import { observeLatency, observeLoss } from "./latency.ts";
import type { Latency } from "./latency.ts";

export interface RouteTimes {
  /** A good answer. `ms`: until it counted, with its headers or, where it was held, its body. */
  answered(routeId: string, key: string, sample: { readonly ms: number; readonly nowMs: number }): void;
  /** An attempt that was given up because another origin was faster. */
  lost(routeId: string, key: string, elapsed: { readonly ms: number; readonly nowMs: number }): void;
  /** Null when the origin never answered this route. */
  latency(routeId: string, key: string): Latency | null;
  /** An answer that was bad, late or broken. */
  failed(routeId: string, key: string, nowMs: number): void;
  /**
   * Whether another origin answered this route well since shortly before `sinceMs`, and never otherwise: where some requests fail at
   * every origin, good answers to others prove nothing.
   */
  anotherIsWell(routeId: string, key: string, sinceMs: number): boolean;
  /** A hedge on this route came out: whether its answer was the visitor's. */
  hedged(routeId: string, won: boolean, nowMs: number): void;
  /** By what the wait before a hedge is multiplied: 1, and more after hedges in vain. */
  patience(routeId: string, nowMs: number): number;
  clear(): void;
}

interface Patience {
  readonly factor: number;
  readonly atMs: number;
}

interface Answers {
  latency: Latency;
  answeredAtMs: number;
  /** Null when it never failed. */
  failedAtMs: number | null;
}

/** @param pairsMax - Pairs of route and origin. */
export function createRouteTimes(pairsMax: number = LATENCIES_MAX): RouteTimes {
  /** By route id, then origin key. The route that was new longest ago comes first. */
  const routes = new Map<string, Map<string, Answers>>();
  /** Of routes with hedges in vain. */
  const patiences = new Map<string, Patience>();
  let pairs = 0;

  const patienceOf = (routeId: string, nowMs: number): number => {
    const { factor, atMs } = patiences.get(routeId) ?? { factor: 1, atMs: nowMs };
    return Math.max(1, factor * 0.5 ** (Math.max(0, nowMs - atMs) / HEDGE_PATIENCE_HALF_MS));
  };
  const forgetOldest = (): void => {
    for (const [routeId, answers] of routes) {
      if (pairs <= pairsMax || routes.size === 1) return;
      routes.delete(routeId);
      patiences.delete(routeId);
      pairs -= answers.size;
    }
  };
  const routeOf = (routeId: string): Map<string, Answers> => {
    const known = routes.get(routeId);
    if (known !== undefined) return known;
    const made = new Map<string, Answers>();
    routes.set(routeId, made);
    return made;
  };

  return {
    answered(routeId, key, { ms, nowMs }) {
      const route = routeOf(routeId);
      const before = route.get(key);
      if (before === undefined) {
        route.set(key, { latency: observeLatency(null, ms, nowMs), answeredAtMs: nowMs, failedAtMs: null });
        pairs += 1;
        return forgetOldest();
      }
      before.latency = observeLatency(before.latency, ms, nowMs);
      before.answeredAtMs = nowMs;
    },
    lost(routeId, key, { ms, nowMs }) {
      const before = routes.get(routeId)?.get(key);
      if (before !== undefined) before.latency = observeLoss(before.latency, ms, nowMs);
    },
    latency: (routeId, key) => routes.get(routeId)?.get(key)?.latency ?? null,
    failed(routeId, key, nowMs) {
      const before = routes.get(routeId)?.get(key);
      if (before !== undefined) before.failedAtMs = nowMs;
    },
    anotherIsWell(routeId, key, sinceMs) {
      const fromMs = sinceMs - EVIDENCE_MS;
      for (const [other, { answeredAtMs, failedAtMs }] of routes.get(routeId) ?? [])
        if (other !== key && answeredAtMs >= fromMs && (failedAtMs === null || failedAtMs < fromMs)) return true;
      return false;
    },
    hedged(routeId, won, nowMs) {
      // A route that nobody has answered yet is not remembered.
      if (won || !routes.has(routeId)) patiences.delete(routeId);
      else patiences.set(routeId, { factor: Math.min(HEDGE_PATIENCE_MAX, 2 * patienceOf(routeId, nowMs)), atMs: nowMs });
    },
    patience: patienceOf,
    clear() {
      routes.clear();
      patiences.clear();
      pairs = 0;
    },
  };
}
