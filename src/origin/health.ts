// The health document: what the cron's active checks found, one document for the whole fleet, kept in KV under `health`. This
// module knows its form and its age; it never decides whether an origin is used (see merge.ts). Garbage is an error value, so
// that a reader keeps its last good copy.

import { HEALTH_DOCUMENT_CHARS_MAX } from "../limits.ts";
import { fail, ok } from "../result.ts";
import type { Result } from "../result.ts";

/** Raised on a change that an older Worker would misread; a document of another format is refused. */
export const HEALTH_FORMAT = 1;

export interface HealthDocument {
  readonly format: typeof HEALTH_FORMAT;
  /** Rises by one with every run of the checks; a lower one than the one held is a read that went backwards. */
  readonly generation: number;
  /** When the run that made it ended. */
  readonly asOfMs: number;
  /** Data centre that the checks ran in, or `unknown`. */
  readonly region: string;
  /** By `pool/originId`, see `originKey`. */
  readonly origins: Readonly<Record<string, OriginHealth>>;
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

/** Why a text is not a health document. `path` names the place, `/` for the whole. */
export interface HealthParseError {
  readonly kind: "too-large" | "not-json" | "unknown-format" | "bad-field";
  readonly path: string;
  readonly message: string;
}

/** The name of an origin in the health document, in overrides and in the origin table. */
export function originKey(pool: string, originId: string): string {
  return `${pool}/${originId}`;
}

/** What the checks know of one origin; null when they never saw it. */
export function healthOf(document: HealthDocument | null, key: string): OriginHealth | null {
  if (document === null || !Object.hasOwn(document.origins, key)) return null;
  return document.origins[key] ?? null;
}

/** Reads a health document. Checked by hand, field by field, since the Worker's bundle has no schema library. */
export function parseHealthDocument(text: string): Result<HealthDocument, HealthParseError> {
  if (text.length > HEALTH_DOCUMENT_CHARS_MAX)
    return bad("too-large", "/", `has ${text.length} characters, at most ${HEALTH_DOCUMENT_CHARS_MAX} are read`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return bad("not-json", "/", "is not JSON");
  }
  if (!isRecord(value)) return bad("bad-field", "/", "is not an object");
  if (value["format"] !== HEALTH_FORMAT)
    return bad("unknown-format", "/format", `is ${shown(value["format"])}, this Worker reads ${HEALTH_FORMAT}`);
  const { generation, asOfMs, region, origins } = value;
  if (!isCount(generation)) return bad("bad-field", "/generation", "is not a whole number of 0 or more");
  if (!isCount(asOfMs)) return bad("bad-field", "/asOfMs", "is not a time in milliseconds");
  if (typeof region !== "string") return bad("bad-field", "/region", "is not a string");
  if (!isRecord(origins)) return bad("bad-field", "/origins", "is not an object");
  const entries: [string, OriginHealth][] = [];
  for (const [key, entry] of Object.entries(origins)) {
    const parsed = parseOriginHealth(entry, `/origins/${key}`);
    if (!parsed.ok) return parsed;
    entries.push([key, parsed.value]);
  }
  // fromEntries defines own properties, so a key of `__proto__` is a name like any other.
  return ok({ format: HEALTH_FORMAT, generation, asOfMs, region, origins: Object.fromEntries(entries) });
}

function parseOriginHealth(value: unknown, path: string): Result<OriginHealth, HealthParseError> {
  if (!isRecord(value)) return bad("bad-field", path, "is not an object");
  const { state, sinceMs, why, detail, rttMs, checkedAtMs, passes, failures } = value;
  if (state !== "up" && state !== "down") return bad("bad-field", `${path}/state`, `is ${shown(state)}, expected "up" or "down"`);
  if (!isReason(why)) return bad("bad-field", `${path}/why`, `is ${shown(why)}, expected one of ${REASONS.join(", ")}`);
  if (typeof detail !== "string") return bad("bad-field", `${path}/detail`, "is not a string");
  if (rttMs !== null && !isDuration(rttMs)) return bad("bad-field", `${path}/rttMs`, "is neither null nor a duration in milliseconds");
  if (!isCount(sinceMs)) return bad("bad-field", `${path}/sinceMs`, "is not a time in milliseconds");
  if (!isCount(checkedAtMs)) return bad("bad-field", `${path}/checkedAtMs`, "is not a time in milliseconds");
  if (!isCount(passes)) return bad("bad-field", `${path}/passes`, "is not a whole number of 0 or more");
  if (!isCount(failures)) return bad("bad-field", `${path}/failures`, "is not a whole number of 0 or more");
  return ok({ state, sinceMs, why, detail, rttMs, checkedAtMs, passes, failures });
}

function bad(kind: HealthParseError["kind"], path: string, message: string): { readonly ok: false; readonly error: HealthParseError } {
  return fail({ kind, path, message: `health document: ${path} ${message}` });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isDuration(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

function isReason(value: unknown): value is HealthReason {
  return typeof value === "string" && REASONS.includes(value);
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? "missing").slice(0, 60);
}
