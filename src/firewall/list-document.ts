// A long list as a text, and back: a document of its own under the hash of the text, written once when a config is published and
// read by an isolate when a rule first needs it. Numbers are in base64, so that nothing of a million digits is parsed.

import { isRecord, parseJson, type Fields } from "../json-document.ts";
import { fail, ok, type Result } from "../result.ts";
import type { ListArrays } from "./list-arrays.ts";

/** Raised when the form changes: a Worker does not use a list that it would misread. */
export const LIST_FORMAT = 1;

const TEXT_KINDS = ["string", "host", "country"] as const;

/** Equal lists have equal texts. */
export function encodeList(list: ListArrays): string {
  const head = { format: LIST_FORMAT, kind: list.kind };
  const until = list.until.length === 0 ? {} : { until: base64Of(list.until) };
  if (list.kind === "ip") return JSON.stringify({ ...head, v4: base64Of(list.v4), v6: base64Of(list.v6), ...until });
  if (list.kind === "asn") return JSON.stringify({ ...head, numbers: base64Of(list.entries), ...until });
  return JSON.stringify({ ...head, entries: list.entries, ...until });
}

/**
 * The error is a sentence's end: `has format 2, ...`.
 *
 * @param text - What was published; its hash has been verified.
 */
export function decodeList(text: string): Result<ListArrays, string> {
  const value = parseJson(text);
  if (!isRecord(value)) return fail("is not JSON");
  if (value["format"] !== LIST_FORMAT)
    return fail(`has format ${String(value["format"])}, which this Worker does not read; deploy the newer Worker, or roll back`);
  try {
    const arrays = readArrays(value);
    return arrays === null ? fail(`is of a kind that this Worker does not know: ${String(value["kind"])}`) : ok(arrays);
  } catch (cause) {
    return fail(`does not load: ${String(cause)}`);
  }
}

function readArrays(fields: Fields): ListArrays | null {
  const until = fields["until"] === undefined ? new Float64Array(0) : new Float64Array(bytesOf(fields["until"]).buffer);
  const words = (name: string): Uint32Array => new Uint32Array(bytesOf(fields[name]).buffer);
  const { kind } = fields;
  if (kind === "ip") return { kind, v4: words("v4"), v6: words("v6"), until };
  if (kind === "asn") return { kind, entries: words("numbers"), until };
  const textKind = TEXT_KINDS.find((known) => known === kind);
  if (textKind === undefined || !Array.isArray(fields["entries"])) return null;
  return { kind: textKind, entries: fields["entries"] as readonly string[], until };
}

/** Characters that are made at once: more would be arguments of one call. */
const CHUNK_BYTES = 8192;

function base64Of(array: Uint32Array | Float64Array): string {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  let binary = "";
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK_BYTES));
  return btoa(binary);
}

function bytesOf(base64: unknown): Uint8Array<ArrayBuffer> {
  if (typeof base64 !== "string") throw new Error("a field is missing");
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index);
  return bytes;
}
