// A stored response in the hands of one request: its metadata, and the entry that holds its bytes. Reads the store through its
// port; decides nothing. Used by the stages lookup and admit, and by nothing else.

import { offeredLanguage, wantedLanguage } from "../cache/language.ts";
import { decodeEntry, type Entry, type StoredResponse } from "../cache/stored.ts";
import { languageUrl, markUrl, primaryUrl, variantUrl } from "../cache/location.ts";
import { variantKey } from "../cache/variant.ts";
import { urlOfKey } from "../cache/key.ts";
import type { CacheStore } from "../ports.ts";
import type { Run } from "./run.ts";

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
  /** variant: the one that was looked for, as far as the store tells variants of the key apart. */
  | { readonly kind: "absent"; readonly fwd: "uri-miss" | "vary-miss"; readonly variant: string };

/** One look-up for a response without Vary whose body is small; one more each for Vary, a large body, and what a route adds to keys; two for a list of languages that is new. */
export async function findStored({ ports: { cache }, entries, plan }: Run, key: string): Promise<Search> {
  const url = urlOfKey(key);
  const read = async (place: string): Promise<ReadEntry | null> =>
    await readEntry(cache, place, key, (stored, name) => entries.read(stored, name));
  const [primary, markedAtMs] = await Promise.all([read(await primaryUrl(key)), url === key ? 0 : readMark(cache, url)]);
  if (primary === null) return { kind: "absent", fwd: "uri-miss", variant: "" };
  if (primary.entry.kind !== "index") return await withBody(cache, primary, "", markedAtMs);
  const { vary, invalidatedAtMs } = primary.entry;
  const variant = variantKey(vary, plan.originRequest.headers);
  const own = await read(await variantUrl(key, variant));
  const since = Math.max(markedAtMs, invalidatedAtMs);
  if (own?.entry.kind === "response" && own.entry.response.variant === variant) return await withBody(cache, own, variant, since);
  // Another variant may live in the same place.
  if (own !== null) discard(own.response);
  return await withLanguage(cache, { key, variant }, since);
}

/** For a list of languages that was not seen before: the variant in the one that it wants most. */
async function withLanguage(
  cache: CacheStore,
  { key, variant }: Pick<StoredResponse, "key" | "variant">,
  sinceMs: number,
): Promise<Search> {
  const absent: Search = { kind: "absent", fwd: "vary-miss", variant };
  const wanted = wantedLanguage(variant);
  const pointer = wanted === null ? null : await readEntry(cache, await languageUrl(key, wanted.name), key);
  if (pointer?.entry.kind !== "language") return absent;
  const entry = await readEntry(cache, await variantUrl(key, pointer.entry.variant), key);
  if (entry?.entry.kind !== "response") return absent;
  // It may have been replaced by an answer in another language.
  const offered = entry.entry.response;
  if (offeredLanguage(offered.variant, offered.headers.get("content-language"))?.name === wanted?.name) {
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
export async function readEntry(cache: CacheStore, url: string, key: string, decode = decodeEntry): Promise<ReadEntry | null> {
  const response = await cache.match(url);
  if (response === undefined) return null;
  const entry = decode(response, key);
  if (entry !== null && entry.kind === "response") return { entry, url, response };
  discard(response);
  return entry === null ? null : { entry, url, response };
}

/** A body that was evicted before its metadata is a miss. */
async function withBody(cache: CacheStore, { entry, url, response }: ReadEntry, variant: string, invalidatedAtMs: number): Promise<Search> {
  const absent: Search = { kind: "absent", fwd: "uri-miss", variant };
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

export function discard(response: Response): void {
  response.body?.cancel().catch(() => undefined);
}
