// A clock that moves only when everything that can happen now has happened, and a sleep that goes with it: an hour of health
// checks takes milliseconds, in an order that is always the same.

import type { Clock } from "../../../src/ports.ts";

interface Sleeper {
  readonly atMs: number;
  wake(): void;
}

export interface VirtualTime {
  readonly clock: Clock;
  readonly sleep: (ms: number, signal?: AbortSignal | null) => Promise<void>;
  /** Moves time on from sleeper to sleeper until the work is done. */
  run<T>(work: Promise<T>): Promise<T>;
  advance(ms: number): void;
}

export function virtualTime(startMs = 1_000_000_020_000): VirtualTime {
  let nowMs = startMs;
  const sleepers = new Set<Sleeper>();
  const sleep = (ms: number, signal: AbortSignal | null = null): Promise<void> =>
    new Promise((resolve) => {
      const sleeper: Sleeper = {
        atMs: nowMs + ms,
        wake: () => {
          sleepers.delete(sleeper);
          resolve();
        },
      };
      sleepers.add(sleeper);
      signal?.addEventListener("abort", () => sleeper.wake());
    });
  const run = async <T>(work: Promise<T>): Promise<T> => {
    let done = false;
    const finished = work.finally(() => (done = true));
    finished.catch(() => undefined);
    for (;;) {
      // A turn of the event loop lets all promises settle that do not wait for time.
      await new Promise((resolve) => setImmediate(resolve));
      if (done) return await finished;
      const next = [...sleepers].sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) continue;
      nowMs = Math.max(nowMs, next.atMs);
      next.wake();
    }
  };
  return { clock: { nowMs: () => nowMs }, sleep, run, advance: (ms) => void (nowMs += ms) };
}
