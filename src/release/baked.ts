// The release that was in force when the Worker was deployed, carried in its bundle as the last resort: a cold isolate uses it
// when neither KV nor the data centre's copies have anything. Null in the repository; `npm run deploy` builds from a copy of the
// sources in which scripts/bake.ts has replaced this module.

import type { Pointer } from "./pointer.ts";

export interface BakedRelease {
  readonly pointer: Pointer;
  /** The text under `release/<pointer.release>`; verified against its hash like any other. */
  readonly snapshot: string;
}

export const baked: BakedRelease | null = null;
