// A KV as bad as the platform's may be: each location sees a write after its own delay of up to 90 s, now and then an older one
// than before, a miss is remembered for a minute, writes are refused when they come too fast, and at times nothing answers.

import type { RandomSource } from "./random.ts";

const DELAY_MS_MAX = 90_000;
const MISS_MS = 60_000;
const WRITE_EVERY_MS = 1000;
/** Of the reads, those that see the version before. */
const BACKWARDS_SHARE = 0.05;

interface Version {
  readonly text: string;
  readonly visibleAtMs: readonly number[];
}

export interface FaultyKv {
  /** As the location sees it; null for a miss. @throws while there is an outage. */
  read(location: number, nowMs: number): string | null;
  /** False when KV refused it. */
  write(text: string, nowMs: number): boolean;
  writes: number;
  refused: number;
  /** Nothing answers until then. */
  outageUntilMs: number;
}

export function createFaultyKv(locations: number, random: RandomSource): FaultyKv {
  const versions: Version[] = [];
  const missUntilMs = Array.from({ length: locations }, () => 0);
  let wroteAtMs = Number.NEGATIVE_INFINITY;
  const kv: FaultyKv = {
    writes: 0,
    refused: 0,
    outageUntilMs: 0,
    read(location, nowMs) {
      if (nowMs < kv.outageUntilMs) throw new Error("KV does not answer");
      if (nowMs < (missUntilMs[location] ?? 0)) return null;
      const seen = versions.filter(({ visibleAtMs }) => nowMs >= (visibleAtMs[location] ?? 0));
      if (seen.length === 0) missUntilMs[location] = nowMs + MISS_MS;
      return seen.at(random() < BACKWARDS_SHARE && seen.length > 1 ? -2 : -1)?.text ?? null;
    },
    write(text, nowMs) {
      if (nowMs < kv.outageUntilMs || nowMs - wroteAtMs < WRITE_EVERY_MS) {
        kv.refused += 1;
        return false;
      }
      wroteAtMs = nowMs;
      kv.writes += 1;
      versions.push({ text, visibleAtMs: Array.from({ length: locations }, () => nowMs + random() * DELAY_MS_MAX) });
      if (versions.length > 8) versions.shift();
      return true;
    },
  };
  return kv;
}
