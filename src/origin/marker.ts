// The data centre's marker of a pool: what the isolates of one data centre tell each other about their circuits, so that not each
// of them has to pay for finding out that an origin is gone. Pure: form, parse, merge, and how long a word holds. It is hearsay
// and fades by itself; markers.ts carries it, merge.ts decides what it counts for.

import { badField, isCount, isRecord, parseDocument, parseEntries, shown } from "../json-document.ts";
import type { DocumentError, FieldError, Fields } from "../json-document.ts";
import { MARKER_CHARS_MAX, MARKER_ECHO_MS, MARKER_SKEW_MS_MAX, POOL_ORIGINS_MAX } from "../limits.ts";
import { ok } from "../result.ts";
import type { Result } from "../result.ts";
import type { Circuit, CircuitTrip } from "./circuit.ts";

/** Raised on a change that an older Worker would misread. It is part of the key as well, so that two Workers do not overwrite each other's. */
export const MARKER_FORMAT = 1;

/** The latest word on each origin, by its id. */
export type MarkerEntries = Readonly<Record<string, MarkerEntry>>;

export type MarkerEntry =
  | {
      readonly state: "open";
      /** When the circuit opened, by the clock of the isolate that says so. */
      readonly atMs: number;
      /** When that isolate tries the origin again. */
      readonly untilMs: number;
      readonly by: CircuitTrip;
    }
  /** Kept for a while although it keeps nobody out: an older word that comes later must not win. */
  | { readonly state: "closed"; readonly atMs: number };

const TRIPS: readonly string[] = ["connection", "failures", "success-rate"] satisfies CircuitTrip[];

/** What there is to tell after a circuit was observed; null when it neither opened, opened anew nor closed. */
export function wordOf(before: Circuit, after: Circuit): MarkerEntry | null {
  if (after.state === "open") {
    if (before.state === "open" && before.openedAtMs === after.openedAtMs) return null;
    return { state: "open", atMs: after.openedAtMs, untilMs: Math.ceil(after.openUntilMs), by: after.openedBy ?? "failures" };
  }
  return before.state === "open" && after.closedAtMs !== null ? { state: "closed", atMs: after.closedAtMs } : null;
}

/**
 * Until when a word keeps an origin out, at most `shareMs` after it was said. A little longer than the circuit behind it stays
 * open: its isolate then tries the origin, and the others wait to hear what comes of that instead of all trying themselves.
 */
export function heldOutUntilMs(entry: MarkerEntry, shareMs: number): number {
  return entry.state === "closed" ? entry.atMs : Math.min(entry.untilMs + MARKER_ECHO_MS, entry.atMs + shareMs);
}

/** The latest word on each origin wins, whatever the order in which they come. */
export function mergeMarkers(...markers: readonly MarkerEntries[]): MarkerEntries {
  const latest = new Map<string, MarkerEntry>();
  for (const marker of markers) {
    for (const [id, entry] of Object.entries(marker)) {
      const held = latest.get(id);
      if (held === undefined || isLater(entry, held)) latest.set(id, entry);
    }
  }
  return Object.fromEntries(latest);
}

/** At the same time: `closed` wins, since a wrong one costs a retry and a wrong `open` an origin; then what holds longer. */
function isLater(entry: MarkerEntry, held: MarkerEntry): boolean {
  if (entry.atMs !== held.atMs) return entry.atMs > held.atMs;
  if (entry.state === "closed" || held.state === "closed") return held.state !== "closed";
  return entry.untilMs === held.untilMs ? entry.by < held.by : entry.untilMs > held.untilMs;
}

/** Without words that hold no longer, and without those of a clock that is far ahead, which nothing true could overrule. */
export function currentEntries(marker: MarkerEntries, at: { readonly nowMs: number; readonly shareMs: number }): MarkerEntries {
  const { nowMs, shareMs } = at;
  return Object.fromEntries(Object.entries(marker).filter(([, { atMs }]) => nowMs < atMs + shareMs && atMs <= nowMs + MARKER_SKEW_MS_MAX));
}

export function markerText(origins: MarkerEntries): string {
  return JSON.stringify({ format: MARKER_FORMAT, origins });
}

export function parseMarker(text: string): Result<MarkerEntries, DocumentError> {
  return parseDocument(text, { name: "circuit marker", format: MARKER_FORMAT, charsMax: MARKER_CHARS_MAX, read: readMarker });
}

function readMarker({ origins }: Fields): Result<MarkerEntries, FieldError> {
  const parsed = parseEntries(origins, "/origins", readEntry);
  if (parsed.ok && Object.keys(parsed.value).length > POOL_ORIGINS_MAX)
    return badField("/origins", "has more entries than a pool has origins");
  return parsed;
}

function readEntry(value: unknown, path: string): Result<MarkerEntry, FieldError> {
  if (!isRecord(value)) return badField(path, "is not an object");
  const { state, atMs, untilMs, by } = value;
  if (!isCount(atMs)) return badField(`${path}/atMs`, "is not a time in milliseconds");
  if (state === "closed") return ok({ state, atMs });
  if (state !== "open") return badField(`${path}/state`, `is ${shown(state)}, expected "open" or "closed"`);
  if (!isCount(untilMs)) return badField(`${path}/untilMs`, "is not a time in milliseconds");
  if (!isTrip(by)) return badField(`${path}/by`, `is ${shown(by)}, expected one of ${TRIPS.join(", ")}`);
  return ok({ state, atMs, untilMs, by });
}

function isTrip(value: unknown): value is CircuitTrip {
  return typeof value === "string" && TRIPS.includes(value);
}
