// The pointer: the small document under `current` that says which release is in force. This module knows its form and which
// of two pointers is newer; it never reads KV. The command line writes it, every isolate polls it. Garbage is an error value,
// so that a reader keeps its last good one.

import { badField, isCount, isRecord, parseDocument, shown } from "../json-document.ts";
import type { DocumentError, FieldError, Fields } from "../json-document.ts";
import { POINTER_CHARS_MAX } from "../limits.ts";
import { ok } from "../result.ts";
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

/** Fields that it does not know are dropped. */
export function parsePointer(text: string): Result<Pointer, DocumentError> {
  return parseDocument(text, { name: "pointer", format: POINTER_FORMAT, charsMax: POINTER_CHARS_MAX, read: readPointer });
}

function readPointer(fields: Fields): Result<Pointer, FieldError> {
  const { number, release, predecessor, publishedAtMs, author, message } = fields;
  if (!isCount(number) || number === 0) return badField("/number", `is ${shown(number)}, expected a whole number of 1 or more`);
  if (!isReleaseHash(release)) return badField("/release", `is ${shown(release)}, expected ${HASH_FORM}`);
  if (predecessor !== null && !isReleaseHash(predecessor))
    return badField("/predecessor", `is ${shown(predecessor)}, expected null or ${HASH_FORM}`);
  if (!isCount(publishedAtMs)) return badField("/publishedAtMs", `is ${shown(publishedAtMs)}, expected a time in milliseconds`);
  if (typeof author !== "string") return badField("/author", `is ${shown(author)}, expected a string`);
  if (typeof message !== "string") return badField("/message", `is ${shown(message)}, expected a string`);
  const candidate = readCandidate(fields["candidate"] ?? null);
  if (!candidate.ok) return candidate;
  return ok({ format: POINTER_FORMAT, number, release, candidate: candidate.value, predecessor, publishedAtMs, author, message });
}

/** The text of a pointer, one field per line so that people can read it in KV. `parsePointer` of it gives the same pointer. */
export function encodePointer(pointer: Pointer): string {
  const { format, number, release, candidate, predecessor, publishedAtMs, author, message } = pointer;
  return JSON.stringify({ format, number, release, candidate, predecessor, publishedAtMs, author, message }, null, 2);
}

const HASH_FORM = "64 lower-case hexadecimal digits";

function readCandidate(value: unknown): Result<Candidate | null, FieldError> {
  if (value === null) return ok(null);
  if (!isRecord(value)) return badField("/candidate", "is neither null nor an object");
  const { hash, percent, guard } = value;
  if (!isReleaseHash(hash)) return badField("/candidate/hash", `is ${shown(hash)}, expected ${HASH_FORM}`);
  if (!isPercent(percent)) return badField("/candidate/percent", `is ${shown(percent)}, expected 0 to 100`);
  if (guard !== null && typeof guard !== "string") return badField("/candidate/guard", `is ${shown(guard)}, expected null or a string`);
  return ok({ hash, percent, guard });
}

function isPercent(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= 100;
}
