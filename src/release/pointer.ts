// The pointer: the small document under `current` that says which release is in force. This module knows its form and which
// of two pointers is newer; it never reads KV. The command line writes it, every isolate polls it. Garbage is an error value,
// so that a reader keeps its last good one.

import { POINTER_CHARS_MAX } from "../limits.ts";
import { fail, ok } from "../result.ts";
import type { Result } from "../result.ts";
import { isReleaseHash } from "./keys.ts";

/** Raised on a change that an older Worker would misread; a pointer of another format is refused. */
export const POINTER_FORMAT = 1;

export interface Pointer {
  readonly format: typeof POINTER_FORMAT;
  /** Rises by one with every publication, a rollback included. A lower one than the one held is a read that went backwards. */
  readonly number: number;
  /** SHA-256 of the snapshot in force, lower-case hexadecimal. */
  readonly release: string;
  /** Reserved for gradual publishing. A Worker that does not know it serves `release`, the stable one. */
  readonly candidate: Candidate | null;
  /** The release that was in force before; used by a cold isolate that `release` has not reached yet. Null for the first. */
  readonly predecessor: string | null;
  readonly publishedAtMs: number;
  /** Who published, as they named themselves. */
  readonly author: string;
  readonly message: string;
}

export interface Candidate {
  readonly hash: string;
  /** Share of visitors that get it, 0 to 100. */
  readonly percent: number;
  /** Name of the condition that withdraws it, or null. */
  readonly guard: string | null;
}

/** Why a text is not a pointer. `path` names the place, `/` for the whole. */
export interface PointerParseError {
  readonly kind: "too-large" | "not-json" | "unknown-format" | "bad-field";
  readonly path: string;
  readonly message: string;
}

/** Reads a pointer. Checked by hand, since the Worker's bundle has no schema library. Fields that it does not know are dropped. */
export function parsePointer(text: string): Result<Pointer, PointerParseError> {
  if (text.length > POINTER_CHARS_MAX) return bad("too-large", "/", `has ${text.length} characters, at most ${POINTER_CHARS_MAX} are read`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return bad("not-json", "/", "is not JSON");
  }
  if (!isRecord(value)) return bad("bad-field", "/", "is not an object");
  if (value["format"] !== POINTER_FORMAT)
    return bad("unknown-format", "/format", `is ${shown(value["format"])}, expected ${POINTER_FORMAT}`);
  const { number, release, predecessor, publishedAtMs, author, message } = value;
  if (!isCount(number) || number === 0) return bad("bad-field", "/number", `is ${shown(number)}, expected a whole number of 1 or more`);
  if (!isReleaseHash(release)) return bad("bad-field", "/release", `is ${shown(release)}, expected ${HASH_FORM}`);
  if (predecessor !== null && !isReleaseHash(predecessor))
    return bad("bad-field", "/predecessor", `is ${shown(predecessor)}, expected null or ${HASH_FORM}`);
  if (!isCount(publishedAtMs)) return bad("bad-field", "/publishedAtMs", `is ${shown(publishedAtMs)}, expected a time in milliseconds`);
  if (typeof author !== "string") return bad("bad-field", "/author", `is ${shown(author)}, expected a string`);
  if (typeof message !== "string") return bad("bad-field", "/message", `is ${shown(message)}, expected a string`);
  const candidate = parseCandidate(value["candidate"] ?? null);
  if (!candidate.ok) return candidate;
  return ok({ format: POINTER_FORMAT, number, release, candidate: candidate.value, predecessor, publishedAtMs, author, message });
}

/** The text of a pointer, one field per line so that people can read it in KV. `parsePointer` of it gives the same pointer. */
export function encodePointer(pointer: Pointer): string {
  const { format, number, release, candidate, predecessor, publishedAtMs, author, message } = pointer;
  return JSON.stringify({ format, number, release, candidate, predecessor, publishedAtMs, author, message }, null, 2);
}

const HASH_FORM = "64 lower-case hexadecimal digits";

function parseCandidate(value: unknown): Result<Candidate | null, PointerParseError> {
  if (value === null) return ok(null);
  if (!isRecord(value)) return bad("bad-field", "/candidate", "is neither null nor an object");
  const { hash, percent, guard } = value;
  if (!isReleaseHash(hash)) return bad("bad-field", "/candidate/hash", `is ${shown(hash)}, expected ${HASH_FORM}`);
  if (!isPercent(percent)) return bad("bad-field", "/candidate/percent", `is ${shown(percent)}, expected 0 to 100`);
  if (guard !== null && typeof guard !== "string")
    return bad("bad-field", "/candidate/guard", `is ${shown(guard)}, expected null or a string`);
  return ok({ hash, percent, guard });
}

function bad(kind: PointerParseError["kind"], path: string, message: string): { readonly ok: false; readonly error: PointerParseError } {
  return fail({ kind, path, message: `pointer: ${path} ${message}` });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isPercent(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= 100;
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? "missing").slice(0, 60);
}
