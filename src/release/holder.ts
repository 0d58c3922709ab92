// Holds an isolate's state: swaps it whole, keeps the last good one, and refreshes it without a request waiting longer than it
// must. One per isolate, made by `index.ts`; the pipeline asks it at the start of each request. It never throws: what goes
// wrong is in `status()` and in the log.

import { REFRESH_OLD_COPY_WAIT_MS_MAX } from "../limits.ts";
import type { ListTable } from "../firewall/list-table.ts";
import type { Ports } from "../ports.ts";
import type { BakedRelease } from "./baked.ts";
import { createCopies, type Copies } from "./copies.ts";
import type { DocumentName, Held } from "./documents.ts";
import type { Intervals } from "./intervals.ts";
import { loadWantedLists, type ListProblem } from "./lists.ts";
import { createMemory, type Memory } from "./memory.ts";
import { causeText, type StateProblem } from "./problem.ts";
import type { EdgeState } from "./state.ts";
import { adoptPurges, refreshMemory, useBaked, type ForceOptions } from "./update.ts";
import { decideRefresh, type RefreshFacts } from "./refresh.ts";
import type { ReleaseOrigin } from "./find-release.ts";
import { within } from "./within.ts";

export interface StateHolder {
  /** The state to decide a request with; null when there never was a release. Waits only when there is reason to. */
  current(ports: Ports, nowMs: number): Promise<EdgeState | null>;
  /** Reads everything again at once, for an operator who has just changed something. */
  refreshNow(ports: Ports, options: ForceOptions): Promise<HolderStatus>;
  /** Loads lists that rules of a request look into, see `loadWantedLists`. The ruleset is the one that the request began with. */
  loadLists(lists: ListTable, names: readonly string[], ports: Ports): Promise<void>;
  /** Takes over the document that the purge ledger has just answered with, so that this isolate need not wait for KV. */
  takePurges(text: string, ports: Ports): void;
  status(nowMs: number): HolderStatus;
}

export interface HolderInput {
  readonly intervals: Intervals;
  readonly baked: BakedRelease | null;
  /** Differs between deployments that share a zone, see `createCopies`. */
  readonly scope: string;
}

/** What the admin API shows. */
export interface HolderStatus {
  /** The release in force; null when there is none. */
  readonly release: string | null;
  /** The release that the pointer names; another one than `release` while that has not arrived or does not load. */
  readonly wanted: string | null;
  readonly number: number | null;
  readonly from: ReleaseOrigin | null;
  /** Since the documents were last read from KV. */
  readonly ageMs: number | null;
  readonly intervals: Intervals;
  readonly documents: Readonly<Record<DocumentName, DocumentStatus>>;
  /** What is wrong at the moment, apart from the documents. */
  readonly problems: {
    readonly store: StateProblem | null;
    readonly release: StateProblem | null;
    /** Lists that rules look into and that cannot be had. */
    readonly lists: readonly ListProblem[];
  };
}

export interface DocumentStatus {
  /** Its own version, number or generation; null when none was ever read. */
  readonly version: number | null;
  /** Since it was last read and found good. */
  readonly ageMs: number | null;
  readonly problem: StateProblem | null;
}

export function createStateHolder(input: HolderInput): StateHolder {
  const memory = createMemory();
  const copies = createCopies(input.scope);
  return {
    current: (ports, nowMs) => currentState(memory, { ports, nowMs, copies, ...input }),
    refreshNow: async (ports, options) => {
      await refreshMemory(memory, { ports, copies, ...input }, options);
      return statusOf(memory, input.intervals, ports.clock.nowMs());
    },
    loadLists: (lists, names, ports) => loadWantedLists(lists, names, { ports, copies, memory: memory.lists }),
    takePurges: (text, ports) => adoptPurges(memory, text, { ports, copies, ...input }),
    status: (nowMs) => statusOf(memory, input.intervals, nowMs),
  };
}

interface CurrentInput extends HolderInput {
  readonly ports: Ports;
  readonly nowMs: number;
  readonly copies: Copies;
}

async function currentState(memory: Memory, input: CurrentInput): Promise<EdgeState | null> {
  const { nowMs, intervals } = input;
  const decision = decideRefresh(refreshFacts(memory, nowMs), intervals);
  if (decision.kind === "background") begin(memory, "background", input);
  if (decision.kind !== "block") return memory.state;
  if (decision.start) begin(memory, "waited", input);
  const done = memory.running?.done;
  if (done === undefined) return memory.state;
  if (memory.isWarm) {
    await within(done, decision.waitMs);
    return memory.state;
  }
  // An old copy of this data centre is at hand after a moment, but KV is only slow here and not down, most likely.
  await within(done, Math.min(decision.waitMs, REFRESH_OLD_COPY_WAIT_MS_MAX));
  if (memory.state === null) await within(done, decision.waitMs);
  if (memory.state === null) await useBaked(memory, input);
  memory.isWarm = memory.state !== null;
  return memory.state;
}

function refreshFacts(memory: Memory, nowMs: number): RefreshFacts {
  return {
    ageMs: memory.isWarm ? sinceMs(memory.polledAtMs, nowMs) : null,
    sinceStartMs: memory.startedAtMs === null ? null : nowMs - memory.startedAtMs,
    running: memory.running?.kind ?? null,
  };
}

/** A state without a time comes from the bundle alone: as old as can be. */
function sinceMs(atMs: number | null, nowMs: number): number {
  return atMs === null ? Number.POSITIVE_INFINITY : nowMs - atMs;
}

/** Starts the one refresh of this isolate; it lives on after the response of the request that started it. */
function begin(memory: Memory, kind: "background" | "waited", input: CurrentInput): void {
  const done = refreshMemory(memory, input, { pastCopies: false })
    // A bug in here must not take a request down that can be planned with what is held.
    .catch((cause: unknown) => input.ports.log.write({ event: "refresh-failed", message: causeText(cause) }))
    .finally(() => {
      if (memory.running === running) memory.running = null;
    });
  const running = { kind, done };
  memory.running = running;
  memory.startedAtMs = input.nowMs;
  input.ports.defer(done);
}

function statusOf(memory: Memory, intervals: Intervals, nowMs: number): HolderStatus {
  const { documents, inForce } = memory;
  const { pointer, health, overrides, purges } = documents;
  return {
    release: inForce?.ruleset.release ?? null,
    wanted: pointer.value?.release ?? null,
    number: (pointer.value ?? memory.state?.pointer)?.number ?? null,
    from: inForce?.from ?? null,
    ageMs: memory.polledAtMs === null ? null : nowMs - memory.polledAtMs,
    intervals,
    documents: {
      pointer: documentStatus(pointer, pointer.value?.number, nowMs),
      health: documentStatus(health, health.value?.generation, nowMs),
      overrides: documentStatus(overrides, overrides.value.version, nowMs),
      purges: documentStatus(purges, purges.value.version, nowMs),
    },
    problems: { store: memory.storeProblem, release: memory.releaseProblem, lists: [...memory.lists.failed.values()] },
  };
}

function documentStatus(held: Held<unknown>, version: number | undefined, nowMs: number): DocumentStatus {
  return {
    version: held.text === null ? null : (version ?? null),
    ageMs: held.confirmedAtMs === null ? null : nowMs - held.confirmedAtMs,
    problem: held.problem,
  };
}
