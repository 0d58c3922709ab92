// The release that was in force when the Worker was deployed, carried in its bundle as the last resort: a cold isolate uses it
// when neither KV nor the data centre's copies have anything. Null in the repository. `npm run deploy` builds with this module
// replaced by one that scripts/bake.ts generates, so that the checkout stays clean.

import type { Pointer } from "./pointer.ts";

export interface BakedRelease {
  readonly pointer: Pointer;
  /** The text under `release/<pointer.release>`; verified against its hash like any other. */
  readonly snapshot: string;
}

export const baked: BakedRelease | null = null;
