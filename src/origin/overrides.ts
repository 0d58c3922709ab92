// What operators said about origins from the command line: drain, down, up or another weight, for a while or until taken back.
// One KV document under `overrides`. It can take an origin away or lower its share; it can never add one, because it is only
// ever looked up by the keys of origins that the release has.

import { badField, isCount, isRecord, parseDocument, parseEntries, shown } from "../json-document.ts";
import type { DocumentError, FieldError, Fields } from "../json-document.ts";
import { ORIGIN_WEIGHT_MAX, OVERRIDES_CHARS_MAX } from "../limits.ts";
import { ok } from "../result.ts";
import type { Result } from "../result.ts";

/** Raised on a change that an older Worker would misread; a document of another format is refused. */
export const OVERRIDES_FORMAT = 1;

export interface Overrides {
  readonly format: typeof OVERRIDES_FORMAT;
  /** Rises with every edit; a lower one than the one held is a read that went backwards. */
  readonly version: number;
  /** By `pool/originId`. Entries of origins that the release lacks have no effect. */
  readonly origins: Readonly<Record<string, OriginOverride>>;
}

/** down: no requests. drain: no new visitors; those who stay with the origin by a cookie go on. up: used whatever checks and circuits say. weight: another share. */
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

export function parseOverrides(text: string): Result<Overrides, DocumentError> {
  return parseDocument(text, { name: "overrides", format: OVERRIDES_FORMAT, charsMax: OVERRIDES_CHARS_MAX, read: readDocument });
}

function readDocument({ version, origins }: Fields): Result<Overrides, FieldError> {
  if (!isCount(version)) return badField("/version", "is not a whole number of 0 or more");
  const parsed = parseEntries(origins, "/origins", readOverride);
  return parsed.ok ? ok({ format: OVERRIDES_FORMAT, version, origins: parsed.value }) : parsed;
}

function readOverride(value: unknown, path: string): Result<OriginOverride, FieldError> {
  if (!isRecord(value)) return badField(path, "is not an object");
  const { state, weight, untilMs, atMs, by, reason } = value;
  if (!isState(state)) return badField(`${path}/state`, `is ${shown(state)}, expected one of ${STATES.join(", ")}`);
  if (state === "weight" && !isWeight(weight)) return badField(`${path}/weight`, `is ${shown(weight)}, expected 0 to ${ORIGIN_WEIGHT_MAX}`);
  if (untilMs !== null && !isCount(untilMs)) return badField(`${path}/untilMs`, "is neither null nor a time in milliseconds");
  if (!isCount(atMs)) return badField(`${path}/atMs`, "is not a time in milliseconds");
  if (typeof by !== "string") return badField(`${path}/by`, "is not a string");
  if (typeof reason !== "string") return badField(`${path}/reason`, "is not a string");
  return ok({ state, weight: state === "weight" && isWeight(weight) ? weight : null, untilMs, atMs, by, reason });
}

function isWeight(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 && value <= ORIGIN_WEIGHT_MAX;
}

function isState(value: unknown): value is OverrideState {
  return typeof value === "string" && STATES.includes(value);
}
