// The selection policies: which of several origins that are equally fit takes a request. Pure. Availability is not looked at
// (merge.ts did), neither are places (geography.ts does), and candidates are never empty. Called by select.ts.

import { hash01 } from "./hash.ts";

export interface Candidate {
  readonly id: string;
  /** Above 0. */
  readonly weight: number;
}

/** How far each origin is owed requests; see `roundRobin`. */
export type Credits = ReadonlyMap<string, number>;

export interface RoundRobinChoice<T> {
  readonly chosen: T;
  /** To be kept for the next choice. */
  readonly credits: Credits;
}

/**
 * Smooth weighted round-robin: every candidate earns its weight, the richest is chosen and pays the sum of all weights. Weights
 * 5, 1, 1 give a a b a c a a, and may change at any time. A candidate that is new begins at a random point of its turn, so that
 * the many isolates of a data centre do not all begin with the same origin.
 */
export function roundRobin<T extends Candidate>(candidates: readonly T[], credits: Credits, random: () => number): RoundRobinChoice<T> {
  const total = candidates.reduce((sum, { weight }) => sum + weight, 0);
  const earned = new Map(credits);
  for (const { id, weight } of candidates) earned.set(id, (credits.get(id) ?? random() * weight - weight) + weight);
  const chosen = best(candidates, ({ id }) => earned.get(id) ?? 0);
  earned.set(chosen.id, (earned.get(chosen.id) ?? 0) - total);
  return { chosen, credits: earned };
}

/** `random` in [0, 1). */
export function weightedRandom<T extends Candidate>(candidates: readonly T[], random: number): T {
  const total = candidates.reduce((sum, { weight }) => sum + weight, 0);
  let left = random * total;
  for (const candidate of candidates) {
    left -= candidate.weight;
    if (left < 0) return candidate;
  }
  return best(candidates, ({ weight }) => weight);
}

/**
 * Weighted rendezvous hashing: every candidate draws a number from the key and its own name, the best one wins (Thaler and
 * Ravishankar 1998; weights as in Schindler 2015: -weight / ln(u)). Only the keys of an origin that leaves move.
 */
export function rendezvous<T extends Candidate>(candidates: readonly T[], key: string): T {
  return best(candidates, ({ id, weight }) => -weight / Math.log(hash01(`${id}\n${key}`)));
}

/**
 * The power of two choices (M. Mitzenmacher, 2001): two different candidates are drawn by weight, the cheaper one is chosen, the
 * first drawn where they are equal. Isolates that know little and learn late do not all run to the one that seems best.
 *
 * @param cost - Of one more request; see `costOf`.
 */
export function twoChoices<T extends Candidate>(candidates: readonly T[], cost: (candidate: T) => number, random: () => number): T {
  const first = weightedRandom(candidates, random());
  const others = candidates.filter((candidate) => candidate !== first);
  if (others.length === 0) return first;
  const second = weightedRandom(others, random());
  return cost(second) < cost(first) ? second : first;
}

/** The first of those with the highest score. */
function best<T>(candidates: readonly T[], score: (candidate: T) => number): T {
  let chosen: T | undefined;
  let highest = Number.NEGATIVE_INFINITY;
  for (const candidate of candidates) {
    const value = score(candidate);
    if (chosen !== undefined && value <= highest) continue;
    chosen = candidate;
    highest = value;
  }
  if (chosen === undefined) throw new RangeError("a selection policy was given no candidates");
  return chosen;
}
