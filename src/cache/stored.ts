// What is kept in the data centre's store: the metadata of a response, or of an index of variants, as one header of a synthetic
// 200 that the store has no opinion on. Versioned and read by hand; anything that does not read is a miss, and is replaced by
// the next store. This module knows the form only: `stages/` reads and writes, `decide.ts` and `serve.ts` use what was read.

import { isCount, isRecord, parseJson, type Fields } from "../json-document.ts";
import { CACHE_ENVELOPE_SECONDS, CACHE_METADATA_CHARS_MAX } from "../limits.ts";

/** Raised on any change: entries of another format are misses. */
const ENTRY_FORMAT = 2;

const ENTRY_HEADER = "x-breakwater-entry";

/** What is found under a key. */
export type Entry =
  | { readonly kind: "response"; readonly response: StoredResponse }
  /** The URL has variants; `vary` says how to name them. */
  | { readonly kind: "index"; readonly key: string; readonly vary: readonly string[]; readonly invalidatedAtMs: number }
  /** The variant that requests get which want one language most and whose own list was not seen yet. */
  | { readonly kind: "language"; readonly key: string; readonly variant: string }
  /** An unsafe request invalidated the URL at this time (RFC 9111 4.4). */
  | { readonly kind: "mark"; readonly key: string; readonly invalidatedAtMs: number };

/** Which part of the whole the stored bytes are: from `start` on, as many as there are. */
export interface StoredPart {
  readonly start: number;
  /** Bytes of the whole. */
  readonly size: number;
}

export interface StoredResponse {
  /** The whole cache key: what was found is checked against what was looked for. */
  readonly key: string;
  /** Fields of Vary, lower case, sorted; empty without. */
  readonly vary: readonly string[];
  /** As made by `variantKey`; "" without Vary. */
  readonly variant: string;
  readonly status: number;
  readonly statusText: string;
  /** Never changed: it may be shared. */
  readonly headers: Headers;
  /** When the request that got or last validated it was sent, and its answer arrived (RFC 9111 4.2.3). */
  readonly requestedAtMs: number;
  readonly respondedAtMs: number;
  /** Surrogate keys that a purge can name. */
  readonly tags: readonly string[];
  /** False when the request had a query or a Cookie: such an answer is never fresh by guesswork. */
  readonly guessable: boolean;
  /** An unsafe request that invalidated the URL at exactly this time brought this response itself; 0 for the answer to a GET. */
  readonly ownMarkAtMs: number;
  /** Null for a whole response. The status is that of the whole. */
  readonly part: StoredPart | null;
  readonly bodyBytes: number;
  /** Key URL of the body; null when it is in the same entry. */
  readonly bodyKey: string | null;
}

/** An entry as the store takes it: no validators, no Vary, a plain lifetime. The body is as the origin encoded it. Null: too large. */
export function encodeEntry(entry: Entry, body: Uint8Array<ArrayBuffer> | null = null): Response | null {
  // Header values are bytes: other characters are escaped.
  const plain = entry.kind === "response" ? { ...entry, response: { ...entry.response, headers: [...entry.response.headers] } } : entry;
  const text = JSON.stringify({ format: ENTRY_FORMAT, ...plain }).replaceAll(/[^\x20-\x7e]/g, escaped);
  if (text.length > CACHE_METADATA_CHARS_MAX) return null;
  return new Response(body, { status: 200, headers: { ...envelopeHeaders(), [ENTRY_HEADER]: text } });
}

/** Headers of everything that is stored: no content coding either, or a hit would lose its length. */
export function envelopeHeaders(): Readonly<Record<string, string>> {
  return { "cache-control": `max-age=${CACHE_ENVELOPE_SECONDS}`, "content-type": "application/octet-stream" };
}

/** Null for anything that was not written by `encodeEntry` of this format for this key. */
export function decodeEntry(stored: Response, key: string): Entry | null {
  const text = entryText(stored);
  const entry = text === null ? null : parseEntry(text);
  return entry !== null && isEntryOf(entry, key) ? entry : null;
}

/** What an entry is read from; null for what is none. */
export function entryText(stored: Response): string | null {
  return stored.headers.get(ENTRY_HEADER);
}

export function parseEntry(text: string): Entry | null {
  const value = parseJson(text);
  return isRecord(value) && value["format"] === ENTRY_FORMAT ? entryOf(value) : null;
}

/** What was found under a hash is checked against what was looked for. */
export function isEntryOf(entry: Entry, key: string): boolean {
  return (entry.kind === "response" ? entry.response.key : entry.key) === key;
}

function entryOf(value: Fields): Entry | null {
  const { kind, key, vary, variant, invalidatedAtMs } = value;
  if (kind === "response") {
    const response = storedResponseOf(value["response"]);
    return response === null ? null : { kind, response };
  }
  if (typeof key !== "string") return null;
  if (kind === "language") return typeof variant === "string" ? { kind, key, variant } : null;
  if (!isCount(invalidatedAtMs)) return null;
  if (kind === "mark") return { kind, key, invalidatedAtMs };
  return kind === "index" && isStrings(vary) ? { kind, key, vary, invalidatedAtMs } : null;
}

function storedResponseOf(value: unknown): StoredResponse | null {
  if (!isRecord(value)) return null;
  const headers = headersOf(value["headers"]);
  const { key, vary, variant, status, statusText, requestedAtMs, respondedAtMs, tags, guessable, bodyBytes, bodyKey } = value;
  const { ownMarkAtMs, part } = value;
  if (typeof key !== "string" || typeof variant !== "string" || typeof statusText !== "string") return null;
  if (!isStrings(vary) || !isStrings(tags) || headers === null) return null;
  if (!isCount(status) || status < 200 || status > 599 || status === 304 || !/^[\t\x20-\x7e]*$/.test(statusText)) return null;
  if (!isCount(requestedAtMs) || !isCount(respondedAtMs) || !isCount(bodyBytes)) return null;
  if (typeof guessable !== "boolean" || (bodyKey !== null && typeof bodyKey !== "string")) return null;
  if (!isCount(ownMarkAtMs) || !(part === null || isPart(part, bodyBytes))) return null;
  const times = { requestedAtMs, respondedAtMs, ownMarkAtMs };
  return { key, vary, variant, status, statusText, headers, ...times, tags, guessable, part, bodyBytes, bodyKey };
}

function isPart(value: unknown, bodyBytes: number): value is StoredPart {
  if (!isRecord(value) || !isCount(value["start"]) || !isCount(value["size"])) return false;
  return value["start"] + bodyBytes <= value["size"];
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

/** The runtime that wrote them is the judge of what a header may be. */
function headersOf(value: unknown): Headers | null {
  if (!Array.isArray(value) || !value.every(isPair)) return null;
  try {
    return new Headers(value);
  } catch {
    return null;
  }
}

function isPair(value: unknown): value is [string, string] {
  return isStrings(value) && value.length === 2;
}
