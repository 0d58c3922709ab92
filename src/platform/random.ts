// The Random port: cryptographic randomness for request ids, the ordinary generator for load balancing.

import type { Random } from "../ports.ts";

export const platformRandom: Random = {
  next: () => Math.random(),
  id: () => crypto.randomUUID().replaceAll("-", ""),
};
