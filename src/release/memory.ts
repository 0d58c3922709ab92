// What an isolate remembers of its state between requests: plain data, changed only by `update.ts` and `holder.ts`. No
// streams or responses are kept, since those belong to the request that made them.

import { noDocuments, type Documents } from "./documents.ts";
import type { FoundRelease } from "./find-release.ts";
import { createListMemory, type ListMemory } from "./lists.ts";
import type { Pointer } from "./pointer.ts";
import type { StateProblem } from "./problem.ts";
import type { EdgeState } from "./state.ts";

export interface Memory {
  documents: Documents;
  /** The ruleset in force and the pointer that stands for it while no document has one (the bundle's). */
  inForce: (FoundRelease & { readonly pointer: Pointer }) | null;
  /** Made of the two above, frozen; null while there is no ruleset. */
  state: EdgeState | null;
  /** False until a first refresh has ended, or was waited for long enough: a state held before comes from an old copy. */
  isWarm: boolean;
  /** When the newest documents held were read from KV, here or by whoever left the copy. */
  polledAtMs: number | null;
  /** The last start of a refresh. */
  startedAtMs: number | null;
  running: { readonly kind: "background" | "waited"; readonly done: Promise<void> } | null;
  /** A release that did not load, so that it is not read again at every poll. */
  rejected: { readonly release: string; readonly atMs: number } | null;
  storeProblem: StateProblem | null;
  releaseProblem: StateProblem | null;
  /** Loads of lists that run, and those that failed. */
  readonly lists: ListMemory;
}

export function createMemory(): Memory {
  return {
    documents: noDocuments(),
    inForce: null,
    state: null,
    isWarm: false,
    polledAtMs: null,
    startedAtMs: null,
    running: null,
    rejected: null,
    storeProblem: null,
    releaseProblem: null,
    lists: createListMemory(),
  };
}
