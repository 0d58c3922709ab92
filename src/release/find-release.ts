// Gets a release by its hash: from the bundle, from the data centre's copy, then from KV, the first that is what its name
// says. What comes back is verified and loaded; nothing is used of a release that is not whole. Called by the holder.

import { decodeSnapshot, type DecodeError } from "../config/encode.ts";
import { loadRuleset } from "../config/load.ts";
import { RELEASE_READ_MS_MAX } from "../limits.ts";
import type { Ports } from "../ports.ts";
import { fail, ok, type Result } from "../result.ts";
import type { Ruleset } from "../ruleset.ts";
import type { BakedRelease } from "./baked.ts";
import type { Copies } from "./copies.ts";
import { releaseKey } from "./keys.ts";
import { causeText, type StateProblem, type StateProblemReason } from "./problem.ts";
import { within } from "./within.ts";

/** Where a release was found. */
export type ReleaseOrigin = "store" | "copy" | "baked";

export interface FoundRelease {
  readonly ruleset: Ruleset;
  readonly from: ReleaseOrigin;
}

export interface ReleaseSources {
  readonly ports: Ports;
  readonly copies: Copies;
  readonly baked: BakedRelease | null;
}

export async function findRelease(hash: string, sources: ReleaseSources): Promise<Result<FoundRelease, StateProblem>> {
  const { ports, copies, baked } = sources;
  if (baked !== null && baked.pointer.release === hash) {
    const loaded = await loadRelease(baked.snapshot, hash, ports);
    if (loaded.ok) return ok({ ruleset: loaded.value, from: "baked" });
  }
  const copy = await copies.readRelease(ports.cache, hash);
  if (copy !== null) {
    const loaded = await loadRelease(copy, hash, ports);
    if (loaded.ok) return ok({ ruleset: loaded.value, from: "copy" });
    ports.defer(copies.dropRelease(ports.cache, hash));
  }
  return findInStore(hash, sources);
}

async function findInStore(hash: string, { ports, copies }: ReleaseSources): Promise<Result<FoundRelease, StateProblem>> {
  const problem = (reason: StateProblemReason, message: string): Result<FoundRelease, StateProblem> =>
    fail({ reason, message, atMs: ports.clock.nowMs() });
  const key = releaseKey(hash);
  let read: { readonly value: string | null } | null;
  try {
    read = await within(ports.config.get(key), RELEASE_READ_MS_MAX);
  } catch (cause) {
    return problem("store-failed", `KV failed to read ${key}: ${causeText(cause)}`);
  }
  if (read === null) return problem("store-timeout", `KV did not answer for ${key} within ${RELEASE_READ_MS_MAX} ms`);
  if (read.value === null) return problem("release-missing", `${key} is not in KV; it may not have arrived here yet`);
  const loaded = await loadRelease(read.value, hash, ports);
  if (!loaded.ok) return loaded;
  ports.defer(copies.writeRelease(ports.cache, hash, read.value));
  return ok({ ruleset: loaded.value, from: "store" });
}

/** Verifies a release's text against its hash and loads it. */
export async function loadRelease(text: string, hash: string, { clock }: Pick<Ports, "clock">): Promise<Result<Ruleset, StateProblem>> {
  try {
    const decoded = await decodeSnapshot(text, hash);
    if (decoded.ok) return ok(loadRuleset(decoded.value, hash));
    return fail({ reason: reasonOf(decoded.error), message: decodeMessage(hash, decoded.error), atMs: clock.nowMs() });
  } catch (cause) {
    // The bytes are those that were published, so this is a bug or a snapshot of a newer compiler: either way not usable.
    return fail({ reason: "release-unreadable", message: `release ${hash} does not load: ${causeText(cause)}`, atMs: clock.nowMs() });
  }
}

function reasonOf(error: DecodeError): StateProblemReason {
  return error.kind === "unknown-format" ? "release-unreadable" : "release-corrupt";
}

function decodeMessage(hash: string, error: DecodeError): string {
  switch (error.kind) {
    case "too-large":
      return `release ${hash} has ${error.length} characters, at most ${error.lengthMax} are read`;
    case "hash-mismatch":
      return `release ${hash} is corrupt: its content has the hash ${error.found}`;
    case "not-json":
      return `release ${hash} is not JSON`;
    case "unknown-format":
      return `release ${hash} has format ${error.found ?? "none"}, which this Worker does not read; deploy the newer Worker, or roll back`;
    default:
      return error satisfies never;
  }
}
