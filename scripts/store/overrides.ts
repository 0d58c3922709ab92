// Changing the operators' overrides: read, modify, write, read back. Another operator who writes at the same moment is noticed
// when the text that is read back is not the one written, and then the change is made again on top of theirs.

import { OVERRIDES_KEY } from "../../src/release/keys.ts";
import { OVERRIDES_FORMAT, type OriginOverride, type Overrides } from "../../src/origin/overrides.ts";
import { failure } from "../output/failure.ts";
import { readOverrides } from "./documents.ts";
import type { KvStore } from "./kv.ts";

export interface OverrideChange {
  /** `pool/origin`. */
  readonly origin: string;
  /** Null takes the operator's word back. */
  readonly override: OriginOverride | null;
}

export interface OverrideTiming {
  readonly settleMs: number;
  nowMs(): number;
  sleep(ms: number): Promise<void>;
}

const ATTEMPTS = 5;
/** Reads after a write that may still show the old text. */
const READ_BACK_TRIES = 5;
const READ_BACK_PAUSE_MS = 200;

export interface OverrideResult {
  readonly overrides: Overrides;
  /** False: written, but the store still showed the old document. */
  readonly confirmed: boolean;
}

export async function changeOverrides(store: KvStore, change: OverrideChange, timing: OverrideTiming): Promise<OverrideResult> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const next = applyChange(await readOverrides(store), change, timing.nowMs());
    const text = JSON.stringify(next, null, 2);
    await store.put(OVERRIDES_KEY, text);
    await timing.sleep(timing.settleMs);
    const held = await readBack(store, text, next.version, timing);
    if (held !== "other") return { overrides: next, confirmed: held === "same" };
  }
  throw failure({
    what: `the override of ${change.origin} was not kept`,
    why: `others changed the overrides at the same moment, ${ATTEMPTS} times in a row`,
    fix: "run the command again",
  });
}

/** Lapsed overrides are dropped on the way: they have no effect any more. */
export function applyChange(overrides: Overrides, { origin, override }: OverrideChange, nowMs: number): Overrides {
  const kept = Object.entries(overrides.origins).filter(
    ([key, entry]) => key !== origin && (entry.untilMs === null || entry.untilMs > nowMs),
  );
  const origins = Object.fromEntries(override === null ? kept : [...kept, [origin, override]]);
  return { format: OVERRIDES_FORMAT, version: overrides.version + 1, origins };
}

async function readBack(store: KvStore, text: string, version: number, timing: OverrideTiming): Promise<"same" | "other" | "old"> {
  for (let attempt = 0; attempt < READ_BACK_TRIES; attempt += 1) {
    if (attempt > 0) await timing.sleep(READ_BACK_PAUSE_MS);
    const held = await store.get(OVERRIDES_KEY);
    if (held === text) return "same";
    if (held !== null && (await readOverrides(store)).version >= version) return "other";
  }
  return "old";
}
