// An amount of something in flight (requests, kept bytes), that forgets what was never given back: the platform may end a
// request without running its last lines, and a plain counter would then be wrong for as long as the isolate lives.

import { LEASE_MS } from "../limits.ts";

export interface Leases {
  /** Takes an amount; the answer gives it back, once or more often. */
  take(amount: number, nowMs: number): () => void;
  inUse(nowMs: number): number;
}

export function createLeases(): Leases {
  const taken = new Map<symbol, { readonly amount: number; readonly untilMs: number }>();
  return {
    take(amount, nowMs) {
      const id = Symbol("lease");
      taken.set(id, { amount, untilMs: nowMs + LEASE_MS });
      return () => taken.delete(id);
    },
    inUse(nowMs) {
      let sum = 0;
      for (const [id, lease] of taken) {
        if (nowMs >= lease.untilMs) taken.delete(id);
        else sum += lease.amount;
      }
      return sum;
    },
  };
}
