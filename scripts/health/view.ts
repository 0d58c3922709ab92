// What the store says of the origins' health, as rows: the checks' verdicts with the operators' word beside them, and whether that is
// too old. Read by `health`, `health --watch` and `origin list`; printing is in table.ts.

import type { Snapshot } from "../../src/config/snapshot.ts";
import { healthOf, originKey, type HealthDocument, type OriginHealth } from "../../src/origin/health.ts";
import { activeOverride, type OriginOverride, type Overrides } from "../../src/origin/overrides.ts";
import { EXIT, type ExitCode } from "../output/exit-codes.ts";
import { readHealth, readOverrides, requirePointer, requireRelease, type StoredRelease } from "../store/documents.ts";
import type { KvStore } from "../store/kv.ts";

/** From then on a Worker no longer takes a `down` at its word. */
export const HEALTH_STALE_MS = 180_000;

/** The documents as they were read. */
export interface HealthRead {
  readonly snapshot: Snapshot;
  readonly document: HealthDocument | null;
  /** Why there is no document; null when there is one. */
  readonly why: string | null;
  readonly overrides: Overrides;
}

export interface HealthRow {
  readonly origin: string;
  /** Null: never checked, or the pool has no checks. */
  readonly health: OriginHealth | null;
  readonly checked: boolean;
  readonly override: OriginOverride | null;
}

export interface HealthView {
  readonly rows: readonly HealthRow[];
  readonly document: HealthDocument | null;
  readonly why: string | null;
  /** Whether any pool of the release is checked. */
  readonly hasChecks: boolean;
  readonly ageMs: number;
  /** The checks do not run: their document is missing or too old. */
  readonly stale: boolean;
}

/** A function that reads what the store says now. The release is read again only when another one is in force. */
export function createHealthReader(store: KvStore): () => Promise<HealthRead> {
  let release: StoredRelease | null = null;
  return async () => {
    const [pointer, { document, why }, overrides] = await Promise.all([requirePointer(store), readHealth(store), readOverrides(store)]);
    if (release?.hash !== pointer.release) release = await requireRelease(store, pointer.release);
    return { snapshot: release.snapshot, document, why, overrides };
  };
}

/** What the documents mean at a time: words of operators lapse and documents age without being read again. */
export function healthView({ snapshot, document, why, overrides }: HealthRead, nowMs: number): HealthView {
  const rows = healthRows(snapshot, document, overrides, nowMs);
  const hasChecks = rows.some(({ checked }) => checked);
  const ageMs = document === null ? 0 : nowMs - document.asOfMs;
  return { rows, document, why, hasChecks, ageMs, stale: hasChecks && (document === null || isStale(ageMs)) };
}

/** Every origin of the release, in the order of its pools. */
export function healthRows(snapshot: Snapshot, document: HealthDocument | null, overrides: Overrides, nowMs: number): readonly HealthRow[] {
  return snapshot.pools.flatMap((pool) =>
    pool.origins.map(({ id }) => {
      const origin = originKey(pool.name, id);
      const override = activeOverride(overrides, origin, nowMs);
      return { origin, health: healthOf(document, origin), checked: pool.health !== null, override };
    }),
  );
}

export function isStale(ageMs: number): boolean {
  return ageMs > HEALTH_STALE_MS;
}

export function healthExit({ stale }: HealthView): ExitCode {
  return stale ? EXIT.usage : EXIT.ok;
}

/** For --json. */
export function healthJson({ rows, document, ageMs, stale }: HealthView): Readonly<Record<string, unknown>> {
  const asOfMs = document?.asOfMs ?? null;
  return { asOfMs, ageMs: document === null ? null : ageMs, stale, region: document?.region ?? null, origins: rows };
}
