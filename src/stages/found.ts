// A stored response in the hands of one request: its metadata, and the entry that holds its bytes. Reads the store through its
// port; decides nothing. Used by the stages lookup and admit, and by nothing else.

import { offeredLanguage, wantedLanguage } from "../cache/language.ts";
import { decodeEntry, storedHeaders, type Entry, type StoredResponse } from "../cache/stored.ts";
import { markUrl, primaryUrl, variantUrl } from "../cache/location.ts";
import { multipartRanges } from "../cache/multipart.ts";
import { copyRange } from "../cache/slice.ts";
import { answerFromStore, type AnswerPart, type VisitorRequest } from "../cache/serve.ts";
import { clientCacheControl, withoutConsumedFields } from "../cache/client-headers.ts";
import { variantKey } from "../cache/variant.ts";
import { urlOfKey } from "../cache/key.ts";
import type { CachePolicySnapshot } from "../config/snapshot.ts";
import { rangeLength, type ByteRange } from "../http/range.ts";
import type { CacheStore, Ports } from "../ports.ts";

/** Where a stored response is, without its bytes: enough to ask the origin about it. */
export interface StoredAt {
  readonly stored: StoredResponse;
  /** Key URL of the entry that holds the metadata. */
  readonly entryUrl: string;
}

export interface Found extends StoredAt {
  /** Its body is the stored body, unread; it may be read once. */
  readonly body: Response;
  /** When an unsafe request invalidated the URL, as far as is known here; 0 for never, and for the one that this answers. */
  readonly invalidatedAtMs: number;
}

export type Search =
  | { readonly kind: "found"; readonly found: Found }
  | { readonly kind: "absent"; readonly fwd: "uri-miss" | "vary-miss" };

/** One look-up for a response without Vary whose body is small; one more each for Vary, a large body, and what a route adds to keys; two for a list of languages that is new. */
export async function findStored(cache: CacheStore, key: string, originHeaders: Headers): Promise<Search> {
  const url = urlOfKey(key);
  const [primary, markedAtMs] = await Promise.all([readEntry(cache, await primaryUrl(key), key), url === key ? 0 : readMark(cache, url)]);
  if (primary === null) return { kind: "absent", fwd: "uri-miss" };
  if (primary.entry.kind !== "index") return await withBody(cache, primary, "", markedAtMs);
  const { vary, invalidatedAtMs } = primary.entry;
  const variant = variantKey(vary, originHeaders);
  const own = await readEntry(cache, await variantUrl(key, variant), key);
  const since = Math.max(markedAtMs, invalidatedAtMs);
  return own === null ? await withLanguage(cache, { key, variant }, since) : await withBody(cache, own, variant, since);
}

/** For a list of languages that was not seen before: the variant in the one that it wants most. */
async function withLanguage(
  cache: CacheStore,
  { key, variant }: Pick<StoredResponse, "key" | "variant">,
  sinceMs: number,
): Promise<Search> {
  const absent: Search = { kind: "absent", fwd: "vary-miss" };
  const wanted = wantedLanguage(variant);
  const pointer = wanted === null ? null : await readEntry(cache, await variantUrl(key, wanted.name), key);
  if (pointer?.entry.kind !== "language") return absent;
  const entry = await readEntry(cache, await variantUrl(key, pointer.entry.variant), key);
  if (entry?.entry.kind !== "response") return absent;
  // It may have been replaced by an answer in another language.
  const offered = entry.entry.response;
  if (offeredLanguage(offered.variant, storedHeaders(offered).get("content-language"))?.name === wanted?.name) {
    return await withBody(cache, entry, pointer.entry.variant, sinceMs);
  }
  discard(entry.response);
  return absent;
}

/** When the URL was last invalidated here; 0 for never. */
export async function readMark(cache: CacheStore, url: string): Promise<number> {
  const marked = await readEntry(cache, await markUrl(url), url);
  return marked?.entry.kind === "mark" ? marked.entry.invalidatedAtMs : 0;
}

export interface ReadEntry {
  readonly entry: Entry;
  readonly url: string;
  readonly response: Response;
}

/** Null when there is none, or none that reads. */
export async function readEntry(cache: CacheStore, url: string, key: string): Promise<ReadEntry | null> {
  const response = await cache.match(url);
  if (response === undefined) return null;
  const entry = decodeEntry(response, key);
  if (entry !== null && entry.kind === "response") return { entry, url, response };
  discard(response);
  return entry === null ? null : { entry, url, response };
}

/** A body that was evicted before its metadata is a miss. */
async function withBody(cache: CacheStore, { entry, url, response }: ReadEntry, variant: string, invalidatedAtMs: number): Promise<Search> {
  const absent: Search = { kind: "absent", fwd: "uri-miss" };
  if (entry.kind !== "response") return absent;
  const stored = entry.response;
  if (stored.variant !== variant) {
    discard(response);
    return absent;
  }
  const at = { stored, entryUrl: url, invalidatedAtMs: stored.ownMarkAtMs === invalidatedAtMs ? 0 : invalidatedAtMs };
  if (stored.bodyKey === null) return { kind: "found", found: { ...at, body: response } };
  discard(response);
  const body = await cache.match(stored.bodyKey);
  return body === undefined ? absent : { kind: "found", found: { ...at, body } };
}

/** The visitor's answer from what was found. Uses up its body. */
export async function respondFrom(found: Found, request: VisitorRequest, policy: CachePolicySnapshot, ports: Ports): Promise<Response> {
  const answer = answerFromStore(found.stored, request, ports.clock.nowMs());
  const { status, statusText } = answer;
  // The route may have stored it once and not say so any more.
  if (policy.setCookie !== "store") answer.headers.delete("set-cookie");
  const { body, headers } = await contentOf(found, answer.part, answer.headers, ports);
  const shown = clientCacheControl(withoutConsumedFields(headers), status, policy);
  return new Response(body, { status, statusText, headers: shown, encodeBody: "manual" });
}

export function discard(response: Response): void {
  response.body?.cancel().catch(() => undefined);
}

interface Content {
  readonly body: ReadableStream<Uint8Array> | Uint8Array | null;
  readonly headers: Headers;
}

async function contentOf(found: Found, part: AnswerPart, headers: Headers, ports: Ports): Promise<Content> {
  switch (part.kind) {
    case "none":
      discard(found.body);
      return { body: null, headers };
    case "whole":
      return { body: found.body.body, headers };
    case "range":
      return { body: await rangeOf(found, part.range, ports), headers };
    case "multiple":
      return await multipleOf(found, part.ranges, headers, ports);
    default:
      return part satisfies never;
  }
}

/** Of a large body the store reads only this part, where it can. */
async function rangeOf(found: Found, range: ByteRange, ports: Ports): Promise<ReadableStream<Uint8Array> | Uint8Array | null> {
  const { bodyKey } = found.stored;
  if (bodyKey === null) return new Uint8Array(await found.body.arrayBuffer()).subarray(range.start, range.end + 1);
  const part = await ports.cache.match(bodyKey, `bytes=${range.start}-${range.end}`);
  if (part?.status === 206 && part.headers.get("content-length") === String(rangeLength(range))) {
    discard(found.body);
    return part.body;
  }
  if (part !== undefined) discard(part);
  if (found.body.body === null) return null;
  const { readable, writable } = new FixedLengthStream(rangeLength(range));
  ports.defer(copyRange(found.body.body, range, writable));
  return readable;
}

/** Several ranges are put together in memory; `answerFromStore` allows them for small bodies only. */
async function multipleOf(found: Found, ranges: readonly ByteRange[], headers: Headers, ports: Ports): Promise<Content> {
  const whole = new Uint8Array(await found.body.arrayBuffer());
  const { contentType, bytes } = multipartRanges(whole, ranges, { type: headers.get("content-type"), boundary: ports.random.id() });
  const changed = new Headers(headers);
  changed.set("content-type", contentType);
  changed.set("content-length", String(bytes.byteLength));
  return { body: bytes, headers: changed };
}
