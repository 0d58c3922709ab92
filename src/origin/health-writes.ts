// What one run of the checks writes to KV: each document under the next generation, against the plan's allowance, and no faster than
// KV takes them. It never decides whether a document is worth a write, and never throws. Called by scheduled.ts and early-writes.ts.

import { HEALTH_WRITE_GATHER_MS } from "../limits.ts";
import type { Ports } from "../ports.ts";
import { HEALTH_KEY } from "../release/keys.ts";
import type { Sleep } from "./check.ts";
import { writesLeft, type WriteAllowance } from "./check-state.ts";
import type { HealthDocument, Transition } from "./health.ts";

export interface HealthWrites {
  /** What KV has as far as the run knows: what it read at its beginning, or wrote since. */
  last(): HealthDocument | null;
  /** Documents that this run has written. */
  count(): number;
  /** Whether the plan's allowance has so many writes left at this time. */
  allows(writes: number, nowMs: number): boolean;
  /** What KV said against it; null when it is written. */
  write(document: HealthDocument): Promise<string | null>;
}

export interface HealthWritesInput {
  readonly ports: Pick<Ports, "clock" | "config">;
  /** The document of the last run; null when there is none. */
  readonly previous: HealthDocument | null;
  /** Null where the plan bears every write. */
  readonly allowance: WriteAllowance | null;
  readonly sleep: Sleep;
}

export function createHealthWrites({ ports, previous, allowance, sleep }: HealthWritesInput): HealthWrites {
  const { clock, config } = ports;
  let last = previous;
  let count = 0;
  let triedAtMs = Number.NEGATIVE_INFINITY;
  return {
    last: () => last,
    count: () => count,
    allows: (writes, nowMs) => allowance === null || writesLeft(last, nowMs, allowance) >= writes,
    async write(document) {
      const tooSoonMs = triedAtMs + HEALTH_WRITE_GATHER_MS - clock.nowMs();
      if (tooSoonMs > 0) await sleep(tooSoonMs, null);
      const numbered = numberedAfter(last, document, allowance);
      try {
        await config.put(HEALTH_KEY, JSON.stringify(numbered));
      } catch (error) {
        return String(error);
      } finally {
        triedAtMs = clock.nowMs();
      }
      last = numbered;
      count += 1;
      return null;
    },
  };
}

function numberedAfter(last: HealthDocument | null, document: HealthDocument, allowance: WriteAllowance | null): HealthDocument {
  const next = { ...document, generation: (last?.generation ?? 0) + 1 };
  if (allowance === null) return next;
  const left = Math.max(0, writesLeft(last, document.asOfMs, allowance) - 1);
  return { ...next, writesLeft: Math.floor(left * 1000) / 1000 };
}

export function withUndelivered(document: HealthDocument, undelivered: readonly Transition[]): HealthDocument {
  return undelivered.length > 0 ? { ...document, undelivered } : document;
}
