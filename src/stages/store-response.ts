// Writes one response into the data centre's store, in the form that `found.ts` reads: variants under keys of their own, an index
// that only names their fields, and a mark that an unsafe request leaves. A response whose request began before the URL was
// invalidated is not stored, however late it comes. Used by the stage admit.

import { bodyUrl, languageUrl, markUrl, primaryUrl, variantUrl } from "../cache/location.ts";
import { cacheFill, type FilledBody } from "../cache/fill.ts";
import { heldPart, type DeclaredPart } from "../cache/part.ts";
import type { StoreSink } from "../cache/pump.ts";
import { offeredLanguage } from "../cache/language.ts";
import { encodeEntry, type Entry, type StoredResponse } from "../cache/stored.ts";
import { urlOfKey } from "../cache/key.ts";
import type { CacheStore, Ports } from "../ports.ts";
import { discard, readEntry, readMark } from "./found.ts";

/** All of a stored response but where its body is and which part it holds, which are known when it has arrived. */
export type Unplaced = Omit<StoredResponse, "bodyBytes" | "bodyKey" | "part"> & { readonly part: DeclaredPart | null };

/** The sink that a pump fills; its close tells whether the response is in the store. */
export function storeResponse(response: Unplaced, expectedBytes: number | null, ports: Ports): StoreSink {
  const { cache } = ports;
  return cacheFill({
    cache,
    bodyUrl: bodyUrl(response.key, ports.random.id()),
    expectedBytes,
    commit: async (body) => {
      const placed = placedAt(response, body);
      if (placed === null) return await forget(cache, [body.kind === "inline" ? null : body.bodyUrl]);
      return await writeResponse(cache, placed, body.kind === "inline" ? body.bytes : null);
    },
  });
}

/** Null for a part whose bytes are not those that it declared. */
function placedAt(response: Unplaced, body: FilledBody): StoredResponse | null {
  const bodyBytes = body.kind === "inline" ? body.bytes.byteLength : body.bodyBytes;
  const part = response.part === null ? "whole" : heldPart(response.part, bodyBytes);
  if (part === null) return null;
  return { ...response, part: part === "whole" ? null : part, bodyBytes, bodyKey: body.kind === "inline" ? null : body.bodyUrl };
}

/** The metadata, and with it a small body. @param bytes - Null when the body is stored already, under `bodyKey`. */
export async function writeResponse(cache: CacheStore, response: StoredResponse, bytes: Uint8Array<ArrayBuffer> | null): Promise<boolean> {
  const url = urlOfKey(response.key);
  const entry = encodeEntry({ kind: "response", response }, bytes);
  const markedAtMs = await readMark(cache, url);
  const primary = await primaryUrl(response.key);
  const own = response.variant === "" ? primary : await variantUrl(response.key, response.variant);
  if (entry === null || isInvalidated(response, markedAtMs) || (await isWorthLess(cache, own, response))) {
    return await forget(cache, [response.bodyKey]);
  }
  const displaced = own === primary ? null : await bodyInPlaceOf(cache, own, response);
  const stored = (await cache.put(own, entry)) && (own === primary || (await writeIndex(cache, primary, response, markedAtMs)));
  // An invalidation between the first look and the put would have been overwritten.
  if (stored) await Promise.all([writeLanguage(cache, response), displaced === null ? null : cache.delete(displaced)]);
  const isLate = stored && isInvalidated(response, await readMark(cache, url));
  return stored && !isLate ? true : await forget(cache, [own, isLate ? primary : null, response.bodyKey]);
}

/** At the same millisecond the order is not known, unless the mark and the response come from one request. */
function isInvalidated({ requestedAtMs, ownMarkAtMs }: StoredResponse, markedAtMs: number): boolean {
  return requestedAtMs <= markedAtMs && ownMarkAtMs !== markedAtMs;
}

/** A part never takes the place of a whole response that is as new, which may have arrived meanwhile. */
async function isWorthLess(cache: CacheStore, url: string, { key, part, requestedAtMs }: StoredResponse): Promise<boolean> {
  if (part === null) return false;
  const held = await readEntry(cache, url, key);
  if (held?.entry.kind !== "response") return false;
  discard(held.response);
  return held.entry.response.part === null && held.entry.response.requestedAtMs >= requestedAtMs;
}

/** The body of another variant that loses its place to this one: left behind, bodies would fill the store that the places bound. */
async function bodyInPlaceOf(cache: CacheStore, url: string, { key, variant }: StoredResponse): Promise<string | null> {
  const held = await readEntry(cache, url, key);
  if (held?.entry.kind !== "response") return null;
  discard(held.response);
  return held.entry.response.variant === variant ? null : held.entry.response.bodyKey;
}

/** The index holds nothing but the fields and the last invalidation, so that writers of different variants write the same. */
async function writeIndex(cache: CacheStore, primary: string, { key, vary }: StoredResponse, markedAtMs: number): Promise<boolean> {
  const held = (await readEntry(cache, primary, key))?.entry;
  const heldAtMs = held?.kind === "index" ? held.invalidatedAtMs : 0;
  if (held?.kind === "index" && heldAtMs >= markedAtMs && held.vary.join() === vary.join()) return true;
  return await putEntry(cache, primary, { kind: "index", key, vary, invalidatedAtMs: Math.max(heldAtMs, markedAtMs) });
}

/** The pointer by which other lists that want this response's language most find it. */
async function writeLanguage(cache: CacheStore, response: StoredResponse): Promise<void> {
  const { key, variant } = response;
  const offered = offeredLanguage(variant, response.headers.get("content-language"));
  if (offered !== null) await putEntry(cache, await languageUrl(key, offered.name), { kind: "language", key, variant });
}

/** RFC 9111 4.4: what was asked for before now is not used any more, nor stored when it arrives later. */
export async function invalidate(cache: CacheStore, key: string, nowMs: number): Promise<void> {
  const url = urlOfKey(key);
  await putEntry(cache, await markUrl(url), { kind: "mark", key: url, invalidatedAtMs: nowMs });
  await cache.delete(await primaryUrl(key));
}

async function putEntry(cache: CacheStore, url: string, entry: Entry): Promise<boolean> {
  const response = encodeEntry(entry);
  return response !== null && (await cache.put(url, response));
}

async function forget(cache: CacheStore, urls: readonly (string | null)[]): Promise<false> {
  await Promise.all(urls.filter((url) => url !== null).map((url) => cache.delete(url)));
  return false;
}
