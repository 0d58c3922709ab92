// What operators said about origins from the command line: drain, down, up or another weight, for a while or until taken back.
// One KV document under `overrides`. It can take an origin away or lower its share; it can never add one, because it is only
// ever looked up by the keys of origins that the release has.

import { ORIGIN_WEIGHT_MAX, OVERRIDES_CHARS_MAX } from "../limits.ts";
import { fail, ok } from "../result.ts";
import type { Result } from "../result.ts";

/** Raised on a change that an older Worker would misread; a document of another format is refused. */
export const OVERRIDES_FORMAT = 1;

export interface Overrides {
  readonly format: typeof OVERRIDES_FORMAT;
  /** Rises with every edit; the release pointer carries it, so that an isolate knows when to read again. */
  readonly version: number;
  /** By `pool/originId`. Entries of origins that the release lacks have no effect. */
  readonly origins: Readonly<Record<string, OriginOverride>>;
}

/** drain: no new visitors. down: no traffic at all. up: used whatever checks and circuits say. weight: another share. */
export type OverrideState = "drain" | "down" | "up" | "weight";

export interface OriginOverride {
  readonly state: OverrideState;
  /** With `weight` only; 0 takes the origin away. Null otherwise. */
  readonly weight: number | null;
  /** When it lapses; null holds until it is taken back. */
  readonly untilMs: number | null;
  readonly atMs: number;
  readonly by: string;
  readonly reason: string;
}

/** Why a text is not a document of overrides. `path` names the place, `/` for the whole. */
export interface OverridesParseError {
  readonly kind: "too-large" | "not-json" | "unknown-format" | "bad-field";
  readonly path: string;
  readonly message: string;
}

const STATES: readonly string[] = ["drain", "down", "up", "weight"] satisfies OverrideState[];

/** What holds where no operator ever said anything. */
export function emptyOverrides(): Overrides {
  return { format: OVERRIDES_FORMAT, version: 0, origins: {} };
}

/** The operator's word on an origin (`pool/originId`) at this time; null when there is none or it has lapsed. */
export function activeOverride(overrides: Overrides, key: string, nowMs: number): OriginOverride | null {
  if (!Object.hasOwn(overrides.origins, key)) return null;
  const override = overrides.origins[key];
  if (override === undefined) return null;
  return override.untilMs !== null && nowMs >= override.untilMs ? null : override;
}

/** Reads the overrides document. Checked by hand, since the Worker's bundle has no schema library. */
export function parseOverrides(text: string): Result<Overrides, OverridesParseError> {
  if (text.length > OVERRIDES_CHARS_MAX)
    return bad("too-large", "/", `has ${text.length} characters, at most ${OVERRIDES_CHARS_MAX} are read`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return bad("not-json", "/", "is not JSON");
  }
  if (!isRecord(value)) return bad("bad-field", "/", "is not an object");
  if (value["format"] !== OVERRIDES_FORMAT)
    return bad("unknown-format", "/format", `is ${shown(value["format"])}, this Worker reads ${OVERRIDES_FORMAT}`);
  const { version, origins } = value;
  if (!isCount(version)) return bad("bad-field", "/version", "is not a whole number of 0 or more");
  if (!isRecord(origins)) return bad("bad-field", "/origins", "is not an object");
  const entries: [string, OriginOverride][] = [];
  for (const [key, entry] of Object.entries(origins)) {
    const parsed = parseOverride(entry, `/origins/${key}`);
    if (!parsed.ok) return parsed;
    entries.push([key, parsed.value]);
  }
  return ok({ format: OVERRIDES_FORMAT, version, origins: Object.fromEntries(entries) });
}

function parseOverride(value: unknown, path: string): Result<OriginOverride, OverridesParseError> {
  if (!isRecord(value)) return bad("bad-field", path, "is not an object");
  const { state, weight, untilMs, atMs, by, reason } = value;
  if (!isState(state)) return bad("bad-field", `${path}/state`, `is ${shown(state)}, expected one of ${STATES.join(", ")}`);
  if (state === "weight" && !isWeight(weight))
    return bad("bad-field", `${path}/weight`, `is ${shown(weight)}, expected 0 to ${ORIGIN_WEIGHT_MAX}`);
  if (untilMs !== null && !isCount(untilMs)) return bad("bad-field", `${path}/untilMs`, "is neither null nor a time in milliseconds");
  if (!isCount(atMs)) return bad("bad-field", `${path}/atMs`, "is not a time in milliseconds");
  if (typeof by !== "string") return bad("bad-field", `${path}/by`, "is not a string");
  if (typeof reason !== "string") return bad("bad-field", `${path}/reason`, "is not a string");
  return ok({ state, weight: state === "weight" && isWeight(weight) ? weight : null, untilMs, atMs, by, reason });
}

function bad(
  kind: OverridesParseError["kind"],
  path: string,
  message: string,
): { readonly ok: false; readonly error: OverridesParseError } {
  return fail({ kind, path, message: `overrides: ${path} ${message}` });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isWeight(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 && value <= ORIGIN_WEIGHT_MAX;
}

function isState(value: unknown): value is OverrideState {
  return typeof value === "string" && STATES.includes(value);
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? "missing").slice(0, 60);
}
