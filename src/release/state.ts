// All that one request is decided with, read at its start and never changed under it: the ruleset of a release, and what
// operators and the health checks say. An isolate swaps it whole.

import type { HealthDocument } from "../origin/health.ts";
import type { Overrides } from "../origin/overrides.ts";
import type { PurgeGenerations } from "../cache/purge.ts";
import type { Ruleset } from "../ruleset.ts";
import type { Pointer } from "./pointer.ts";

export interface EdgeState {
  readonly pointer: Pointer;
  readonly ruleset: Ruleset;
  /** Null when none was ever read: every origin then counts as unknown. */
  readonly health: HealthDocument | null;
  readonly overrides: Overrides;
  readonly purges: PurgeGenerations;
}
