// What an isolate remembers of rate limits between requests: keys that are out for a while, which are answered without asking, and
// counters that do not answer, which nobody waits for again at once. Bounded; forgetting costs a question. Made by `index.ts`.

import { RATE_OUTAGES_MAX, RATE_REMEMBERED_MAX } from "../limits.ts";

export interface RateMemory {
  /** Milliseconds that the key is still out; 0 when it is not known to be. */
  outMs(name: string, key: string, nowMs: number): number;
  putOut(name: string, key: string, untilMs: number): void;
  /** Its counter did not answer a moment ago. */
  isPaused(name: string, nowMs: number): boolean;
  /**
   * The counter did not answer.
   *
   * @param pausedUntilMs - Until then nobody waits for it.
   * @returns whether this is the first time since it last did.
   */
  failed(name: string, pausedUntilMs: number): boolean;
  answered(name: string): void;
}

export function createRateMemory(): RateMemory {
  const outs = new Map<string, number>();
  const outages = new Map<string, number>();
  return {
    outMs(name, key, nowMs) {
      const full = keyOf(name, key);
      const untilMs = outs.get(full);
      if (untilMs === undefined) return 0;
      if (untilMs <= nowMs) outs.delete(full);
      return Math.max(0, untilMs - nowMs);
    },
    putOut: (name, key, untilMs) => put(outs, keyOf(name, key), { value: untilMs, max: RATE_REMEMBERED_MAX }),
    isPaused: (name, nowMs) => nowMs < (outages.get(name) ?? 0),
    failed(name, pausedUntilMs) {
      const isFirst = !outages.has(name);
      put(outages, name, { value: pausedUntilMs, max: RATE_OUTAGES_MAX });
      return isFirst;
    },
    answered: (name) => void outages.delete(name),
  };
}

/** Neither part has a line break. */
function keyOf(name: string, key: string): string {
  return `${name}\n${key}`;
}

function put(map: Map<string, number>, key: string, { value, max }: { readonly value: number; readonly max: number }): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= max) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
