// Numbers that look random and are the same in every run (Lehmer's generator with the constants of Park and Miller, 1988).

/** Numbers in [0, 1). */
export function seeded(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}
