// Randomness that is the same for the same seed: Mulberry32, 32 bits of state. Good enough for delays and choices, and nothing else.

export type RandomSource = () => number;

/** Numbers in [0, 1). */
export function seededRandom(seed: number): RandomSource {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Time until the next of events that come independently, so many a second on average. */
export function waitMs(random: RandomSource, perSecond: number): number {
  return (-Math.log(1 - random()) / perSecond) * 1000;
}
