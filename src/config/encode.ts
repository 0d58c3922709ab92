// A snapshot as text, and back. The text is canonical JSON, so that equal snapshots have equal hashes; the hash names the
// release and is verified before a byte of it is used. Loaded by the Worker (decode) and the command line (encode).

import { parseJson } from "../json-document.ts";
import { SNAPSHOT_BYTES_MAX } from "../limits.ts";
import { fail, ok } from "../result.ts";
import type { Result } from "../result.ts";
import { SNAPSHOT_FORMAT } from "./snapshot.ts";
import type { Snapshot } from "./snapshot.ts";

/** Why a stored release cannot be used. The last good one stays in force. */
export type DecodeError =
  | { readonly kind: "too-large"; readonly length: number; readonly lengthMax: number }
  | { readonly kind: "hash-mismatch"; readonly expected: string; readonly found: string }
  | { readonly kind: "not-json" }
  /** Written by another version of Breakwater; `found` is null when there is no format at all. */
  | { readonly kind: "unknown-format"; readonly found: number | null };

/** Keys sorted by code unit at every level, no white space. */
export function encodeSnapshot(snapshot: Snapshot): string {
  return JSON.stringify(snapshot, sortKeys);
}

/** Takes the place of each mapping by one with sorted keys. A null prototype, so that a key named `__proto__` stays a key. */
function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const sorted = Object.create(null) as Record<string, unknown>;
  for (const [name, member] of Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) sorted[name] = member;
  return sorted;
}

/** SHA-256 of the encoded snapshot in UTF-8, 64 lower-case hexadecimal digits. */
export function hashSnapshot(snapshot: Snapshot): Promise<string> {
  return hashText(encodeSnapshot(snapshot));
}

/**
 * @param text - As stored under `release/<expectedHash>`.
 * @param expectedHash - 64 lower-case hexadecimal digits.
 */
export async function decodeSnapshot(text: string, expectedHash: string): Promise<Result<Snapshot, DecodeError>> {
  if (text.length > SNAPSHOT_BYTES_MAX) return fail({ kind: "too-large", length: text.length, lengthMax: SNAPSHOT_BYTES_MAX });
  const found = await hashText(text);
  if (found !== expectedHash) return fail({ kind: "hash-mismatch", expected: expectedHash, found });
  const value = parseJson(text);
  if (value === undefined) return fail({ kind: "not-json" });
  const format = formatOf(value);
  return format === SNAPSHOT_FORMAT ? ok(value as Snapshot) : fail({ kind: "unknown-format", found: format });
}

/** SHA-256 of a text in UTF-8, 64 lower-case hexadecimal digits. */
export async function hashText(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function formatOf(value: unknown): number | null {
  if (typeof value !== "object" || value === null || !("format" in value)) return null;
  return typeof value.format === "number" ? value.format : null;
}
