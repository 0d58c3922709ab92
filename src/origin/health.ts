// The health document: what the cron's active checks found, one document for the whole fleet, kept in KV under `health`. This
// module knows its form and its age; it never decides whether an origin is used (see merge.ts). Garbage is an error value, so
// that a reader keeps its last good copy.

import { badField, isCount, isRecord, parseDocument, parseEntries, shown } from "../json-document.ts";
import type { DocumentError, FieldError, Fields } from "../json-document.ts";
import { ALERT_TRANSITIONS_MAX, HEALTH_DOCUMENT_CHARS_MAX } from "../limits.ts";
import { ok } from "../result.ts";
import type { Result } from "../result.ts";

/** Raised on a change that an older Worker would misread; a document of another format is refused. */
export const HEALTH_FORMAT = 1;

export interface HealthDocument {
  readonly format: typeof HEALTH_FORMAT;
  /** Rises by one with every document that is written; a lower one than the one held is a read that went backwards. */
  readonly generation: number;
  /** When it was made: at the end of a run of the checks, or within one. */
  readonly asOfMs: number;
  /** Data centre that the checks ran in, or `unknown`. */
  readonly region: string;
  /** By `pool/originId`, see `originKey`. */
  readonly origins: Readonly<Record<string, OriginHealth>>;
  /** Changes that the webhook has not taken yet, the oldest first; absent when there are none. */
  readonly undelivered?: readonly Transition[];
  /** Writes that the plan's allowance had left after this one; absent where the plan has none. The cron has no other memory. */
  readonly writesLeft?: number;
}

/** A change of an origin's state, as the webhook is told. */
export interface Transition {
  /** The same whenever the same change is found again, by whichever run. */
  readonly id: string;
  /** `pool/originId`, never its address. */
  readonly origin: string;
  readonly from: OriginHealth["state"];
  readonly to: OriginHealth["state"];
  /** When it changed. */
  readonly sinceMs: number;
  readonly why: HealthReason;
  readonly detail: string;
  /** How long it was in the state before; null when nobody knows. */
  readonly previousMs: number | null;
}

export interface OriginHealth {
  readonly state: "up" | "down";
  /** When it entered this state. */
  readonly sinceMs: number;
  readonly why: HealthReason;
  /** What the last check saw, for people: `status 503`, `no answer in 2000 ms`. Never an origin's address. */
  readonly detail: string;
  /** Time to the headers of the last check that got an answer; null when none did. */
  readonly rttMs: number | null;
  readonly checkedAtMs: number;
  /** Checks in a row that passed or failed, the last one included; one of the two is 0. */
  readonly passes: number;
  readonly failures: number;
}

/** Why the last check came out as it did. */
export type HealthReason = "ok" | "connect-error" | "timeout" | "dns" | "tls" | "reset" | "status" | "body";

const REASONS: readonly string[] = ["ok", "connect-error", "timeout", "dns", "tls", "reset", "status", "body"] satisfies HealthReason[];

/** The name of an origin in the health document, in overrides and in the origin table. */
export function originKey(pool: string, originId: string): string {
  return `${pool}/${originId}`;
}

/** What the checks know of one origin; null when they never saw it. */
export function healthOf(document: HealthDocument | null, key: string): OriginHealth | null {
  if (document === null || !Object.hasOwn(document.origins, key)) return null;
  return document.origins[key] ?? null;
}

export function parseHealthDocument(text: string): Result<HealthDocument, DocumentError> {
  return parseDocument(text, { name: "health document", format: HEALTH_FORMAT, charsMax: HEALTH_DOCUMENT_CHARS_MAX, read: readDocument });
}

function readDocument({ generation, asOfMs, region, origins, undelivered, writesLeft }: Fields): Result<HealthDocument, FieldError> {
  if (!isCount(generation)) return badField("/generation", "is not a whole number of 0 or more");
  if (!isCount(asOfMs)) return badField("/asOfMs", "is not a time in milliseconds");
  if (typeof region !== "string") return badField("/region", "is not a string");
  const parsed = parseEntries(origins, "/origins", readOrigin);
  if (!parsed.ok) return parsed;
  const transitions = readTransitions(undelivered);
  const left = isDuration(writesLeft) ? { writesLeft } : {};
  const more = { ...(transitions.length > 0 ? { undelivered: transitions } : {}), ...left };
  return ok({ format: HEALTH_FORMAT, generation, asOfMs, region, origins: parsed.value, ...more });
}

/** What cannot be read is left out: a lost alert must not cost the verdicts. */
function readTransitions(value: unknown): readonly Transition[] {
  return Array.isArray(value) ? value.slice(-ALERT_TRANSITIONS_MAX).filter(isTransition) : [];
}

function isTransition(value: unknown): value is Transition {
  if (!isRecord(value)) return false;
  const { id, origin, from, to, sinceMs, why, detail, previousMs } = value;
  return (
    [id, origin, detail].every((text) => typeof text === "string") &&
    isState(from) &&
    isState(to) &&
    isCount(sinceMs) &&
    isReason(why) &&
    (previousMs === null || isDuration(previousMs))
  );
}

function isState(value: unknown): value is OriginHealth["state"] {
  return value === "up" || value === "down";
}

function readOrigin(value: unknown, path: string): Result<OriginHealth, FieldError> {
  if (!isRecord(value)) return badField(path, "is not an object");
  const { state, sinceMs, why, detail, rttMs, checkedAtMs, passes, failures } = value;
  if (!isState(state)) return badField(`${path}/state`, `is ${shown(state)}, expected "up" or "down"`);
  if (!isReason(why)) return badField(`${path}/why`, `is ${shown(why)}, expected one of ${REASONS.join(", ")}`);
  if (typeof detail !== "string") return badField(`${path}/detail`, "is not a string");
  if (rttMs !== null && !isDuration(rttMs)) return badField(`${path}/rttMs`, "is neither null nor a duration in milliseconds");
  if (!isCount(sinceMs)) return badField(`${path}/sinceMs`, "is not a time in milliseconds");
  if (!isCount(checkedAtMs)) return badField(`${path}/checkedAtMs`, "is not a time in milliseconds");
  if (!isCount(passes)) return badField(`${path}/passes`, "is not a whole number of 0 or more");
  if (!isCount(failures)) return badField(`${path}/failures`, "is not a whole number of 0 or more");
  return ok({ state, sinceMs, why, detail, rttMs, checkedAtMs, passes, failures });
}

function isDuration(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

function isReason(value: unknown): value is HealthReason {
  return typeof value === "string" && REASONS.includes(value);
}
