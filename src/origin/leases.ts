// An amount of something in flight (requests, kept bytes), that forgets what was never given back: the platform may end a
// request without running its last lines, and a plain counter would then be wrong for as long as the isolate lives.

import { LEASE_MS } from "../limits.ts";

export interface Leases {
  /** Takes an amount; the answer gives it back, once or more often. */
  take(amount: number, nowMs: number): () => void;
  inUse(nowMs: number): number;
}

interface Lease {
  readonly amount: number;
  readonly untilMs: number;
}

export function createLeases(): Leases {
  /** In the order in which they end. */
  const taken = new Set<Lease>();
  let sum = 0;
  const giveBack = (lease: Lease): void => {
    if (taken.delete(lease)) sum -= lease.amount;
  };
  const forgetEnded = (nowMs: number): void => {
    for (const lease of taken) {
      if (nowMs < lease.untilMs) return;
      giveBack(lease);
    }
  };
  return {
    take(amount, nowMs) {
      // Where nobody asks what is in use, nothing else would forget.
      forgetEnded(nowMs);
      const lease = { amount, untilMs: nowMs + LEASE_MS };
      taken.add(lease);
      sum += amount;
      return () => giveBack(lease);
    },
    inUse(nowMs) {
      forgetEnded(nowMs);
      return sum;
    },
  };
}
