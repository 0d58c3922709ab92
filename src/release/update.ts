// One refresh of an isolate's state: reads the polled documents from the data centre's copy or KV, merges them, and makes the
// release that the pointer names the one in force, if it can be had whole. It never makes the state worse: every step either
// moves it forward or leaves it. Called by the holder; several may run at once without harm.

import { RELEASE_RETRY_MS, STATE_READ_MS_MAX } from "../limits.ts";
import type { Ports } from "../ports.ts";
import { fail, ok, type Result } from "../result.ts";
import type { BakedRelease } from "./baked.ts";
import { isYoung, type Copies } from "./copies.ts";
import { DOCUMENT_KEYS, mergeDocuments, textsOf, type DocumentTexts } from "./documents.ts";
import { findRelease, loadRelease, type FoundRelease } from "./find-release.ts";
import type { Intervals } from "./intervals.ts";
import { loadWantedLists, type ListSources } from "./lists.ts";
import type { Memory } from "./memory.ts";
import type { Pointer } from "./pointer.ts";
import { causeText, type StateProblem } from "./problem.ts";
import { within } from "./within.ts";

export interface UpdateInput {
  readonly ports: Ports;
  readonly copies: Copies;
  readonly baked: BakedRelease | null;
  readonly intervals: Intervals;
}

export interface ForceOptions {
  /** Reads KV even when the data centre has a young copy, and tries a rejected release again. */
  readonly pastCopies: boolean;
}

/** Never rejects: a failure is a problem in memory. */
export async function refreshMemory(memory: Memory, input: UpdateInput, options: ForceOptions): Promise<void> {
  const { ports, copies, intervals } = input;
  if (!options.pastCopies || memory.state === null) {
    const copy = await copies.readPolled(ports.cache);
    if (copy !== null) takeTexts(memory, copy.texts, copy.readAtMs);
    const young = copy !== null && isYoung(copy, ports.clock.nowMs(), intervals.copyMs);
    // A cold isolate gets ready to plan with an old copy, in case that KV does not answer.
    if (young || (copy !== null && memory.state === null)) await settle(memory, input, options);
    if (young && !options.pastCopies && memory.state !== null) return void (memory.isWarm = true);
  }
  const read = await readStore(ports);
  memory.storeProblem = noted(memory.storeProblem, read.ok ? null : read.error, ports);
  if (read.ok) takeTexts(memory, read.value, ports.clock.nowMs());
  await settle(memory, input, options);
  if (memory.state === null) await useBaked(memory, input);
  memory.isWarm = memory.state !== null;
  if (read.ok) {
    const written = writeCopy(memory, input);
    // An operator's answer means that the other isolates of this data centre can see it, too.
    if (options.pastCopies) await written;
    else ports.defer(written);
  }
}

/** Makes the release of the bundle the one in force, when there is none at all. */
export async function useBaked(memory: Memory, { baked, ports }: UpdateInput): Promise<void> {
  if (baked === null || memory.inForce !== null) return;
  const loaded = await loadRelease(baked.snapshot, baked.pointer.release, ports);
  if (!loaded.ok) {
    memory.releaseProblem = noted(memory.releaseProblem, loaded.error, ports);
    return;
  }
  // Another refresh may have found a better one meanwhile.
  if (memory.inForce === null) putInForce(memory, { ruleset: loaded.value, from: "baked" }, baked.pointer, ports);
}

/** The purge ledger's own answer is as good as a read from KV, and newer. The data centre's copy gets it too. */
export function adoptPurges(memory: Memory, text: string, input: UpdateInput): void {
  const texts = { ...textsOf(memory.documents), purges: text };
  memory.documents = { ...memory.documents, purges: mergeDocuments(memory.documents, texts, input.ports.clock.nowMs()).purges };
  renew(memory);
  input.ports.defer(writeCopy(memory, input));
}

/** What is held, which is never older than what was read: a copy does not go backwards either. */
async function writeCopy(memory: Memory, { ports, copies }: UpdateInput): Promise<void> {
  if (memory.polledAtMs === null) return;
  await copies.writePolled(ports.cache, { readAtMs: memory.polledAtMs, texts: textsOf(memory.documents) });
}

function takeTexts(memory: Memory, texts: DocumentTexts, readAtMs: number): void {
  // A copy can be older than what this isolate has read itself.
  if (memory.polledAtMs !== null && readAtMs < memory.polledAtMs) return;
  memory.documents = mergeDocuments(memory.documents, texts, readAtMs);
  memory.polledAtMs = readAtMs;
  renew(memory);
}

async function readStore({ config, clock }: Ports): Promise<Result<DocumentTexts, StateProblem>> {
  try {
    const read = await within(config.getAll(Object.values(DOCUMENT_KEYS)), STATE_READ_MS_MAX);
    if (read === null) {
      return fail({ reason: "store-timeout", message: `KV did not answer within ${STATE_READ_MS_MAX} ms`, atMs: clock.nowMs() });
    }
    const text = (name: keyof DocumentTexts): string | null => read.value.get(DOCUMENT_KEYS[name]) ?? null;
    return ok({ pointer: text("pointer"), health: text("health"), overrides: text("overrides"), purges: text("purges") });
  } catch (cause) {
    return fail({ reason: "store-failed", message: `KV failed: ${causeText(cause)}`, atMs: clock.nowMs() });
  }
}

/** Brings the release in force in line with the pointer; a cold isolate takes an earlier one when the release is not to be had. */
async function settle(memory: Memory, input: UpdateInput, options: ForceOptions): Promise<void> {
  const pointer = memory.documents.pointer.value;
  if (pointer === null) return;
  if (options.pastCopies) forgetWaits(memory);
  if (memory.inForce?.ruleset.release === pointer.release) {
    memory.releaseProblem = null;
    const { lists } = memory.inForce.ruleset;
    // An older edition of a list stands in as long as the newer one cannot be had; nobody else asks for it.
    input.ports.defer(loadWantedLists(lists, lists.outdated(), listSources(memory, input)));
    return;
  }
  const nowMs = input.ports.clock.nowMs();
  const { rejected } = memory;
  const waiting = rejected?.release === pointer.release && nowMs - rejected.atMs < RELEASE_RETRY_MS;
  if (!waiting || options.pastCopies) await take(memory, pointer, input);
  if (memory.inForce === null) await takeEarlier(memory, pointer, input);
}

/** The predecessor that the pointer names, else the release that was last in force in this data centre. */
async function takeEarlier(memory: Memory, pointer: Pointer, input: UpdateInput): Promise<void> {
  const { copies, ports } = input;
  for (const release of [pointer.predecessor, await copies.readLastGood(ports.cache)]) {
    if (release === null || release === pointer.release) continue;
    const found = await findRelease(release, input);
    // Another refresh may have found a better one meanwhile.
    if (memory.inForce !== null) return;
    if (found.ok) return putInForce(memory, found.value, pointer, ports);
  }
}

async function take(memory: Memory, pointer: Pointer, input: UpdateInput): Promise<void> {
  const found = await findRelease(pointer.release, input);
  if (found.ok && memory.inForce !== null) {
    // Lists that requests here have looked into are there before the release is, so that none of them waits.
    const { lists } = found.value.ruleset;
    lists.adopt(memory.inForce.ruleset.lists);
    await loadWantedLists(lists, lists.outdated(), listSources(memory, input));
  }
  // While this waited, another refresh may have seen a newer pointer; its release must not be replaced by this one.
  if (memory.documents.pointer.value?.release !== pointer.release) return;
  memory.releaseProblem = noted(memory.releaseProblem, found.ok ? null : found.error, input.ports);
  if (found.ok) {
    memory.rejected = null;
    putInForce(memory, found.value, pointer, input.ports);
    input.ports.defer(input.copies.writeLastGood(input.ports.cache, pointer.release));
  } else if (found.error.reason === "release-corrupt" || found.error.reason === "release-unreadable") {
    memory.rejected = { release: pointer.release, atMs: found.error.atMs };
  }
}

function listSources(memory: Memory, { ports, copies }: UpdateInput): ListSources {
  return { ports, copies, memory: memory.lists };
}

/** An operator who asks for a refresh does not wait until lists that failed are due again. */
function forgetWaits({ lists }: Memory): void {
  for (const [hash, failure] of lists.failed) lists.failed.set(hash, { ...failure, atMs: 0 });
}

function putInForce(memory: Memory, found: FoundRelease, pointer: Pointer, ports: Ports): void {
  if (memory.inForce !== null) found.ruleset.lists.adopt(memory.inForce.ruleset.lists);
  memory.inForce = { ...found, pointer };
  // What failed for another release is nobody's trouble any more.
  for (const hash of memory.lists.failed.keys()) if (!found.ruleset.lists.names(hash)) memory.lists.failed.delete(hash);
  renew(memory);
  ports.log.write({ event: "release", release: found.ruleset.release, wanted: pointer.release, number: pointer.number, from: found.from });
}

/** One new state from what is held; requests that run keep the one that they began with. */
function renew(memory: Memory): void {
  const { documents, inForce } = memory;
  if (inForce === null) return;
  memory.state = Object.freeze({
    pointer: documents.pointer.value ?? inForce.pointer,
    ruleset: inForce.ruleset,
    health: documents.health.value,
    overrides: documents.overrides.value,
    purges: documents.purges.value,
  });
}

/** Logs a problem when it begins or changes and when it ends, not at every poll. */
function noted(before: StateProblem | null, now: StateProblem | null, ports: Ports): StateProblem | null {
  if (before?.reason !== now?.reason) {
    ports.log.write({ event: "state-problem", reason: now?.reason ?? "none", message: now?.message ?? `over: ${before?.reason ?? ""}` });
  }
  return now;
}
