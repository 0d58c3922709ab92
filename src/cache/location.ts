// Where entries are kept: key URLs on the request's own host under `/_breakwater/c/`, a path that no visitor can reach. Cache keys
// are encoded or hashed, so that their characters do not matter; what is found is checked against the whole key. Variants
// share a fixed number of places for each key: an origin that varies on a field with endless values cannot fill the store.

import { CACHE_VARIANTS_MAX } from "../limits.ts";

/** Keys up to this length are written out: every look-up asks for one, and a hash takes longer than the rest of a hit. */
const PLAIN_KEY_CHARS_MAX = 1024;

/** Of a response without Vary, or of the index of variants. */
export async function primaryUrl(key: string): Promise<string> {
  return `${prefixOf(key)}p/${await placeOf(key)}`;
}

/** One of CACHE_VARIANTS_MAX; what is found there may be another variant, and is checked against the whole variant. */
export async function variantUrl(key: string, variant: string): Promise<string> {
  return await placeUrl("v", key, variant);
}

/** Of the pointer by which a language is found: apart from the variants, so that none displaces what it points to. */
export async function languageUrl(key: string, name: string): Promise<string> {
  return await placeUrl("l", key, name);
}

/** Of the time at which a URL was invalidated; one for all keys of the URL. */
export async function markUrl(url: string): Promise<string> {
  return `${prefixOf(url)}m/${await placeOf(url)}`;
}

/** Each stored response has a body of its own: a reader of the old one is never given parts of the new one. */
export function bodyUrl(key: string, id: string): string {
  return `${prefixOf(key)}b/${id}`;
}

async function placeUrl(kind: "v" | "l", key: string, name: string): Promise<string> {
  const [ofKey, ofName] = await Promise.all([placeOf(key), hashOf(name)]);
  // 13 hexadecimal digits are 52 bits: exact as a number, and even over the places.
  const place = Number.parseInt(ofName.slice(0, 13), 16) % CACHE_VARIANTS_MAX;
  return `${prefixOf(key)}${kind}/${ofKey}/${place}`;
}

/** A key as one segment of a path. */
async function placeOf(key: string): Promise<string> {
  return key.length <= PLAIN_KEY_CHARS_MAX ? encodeURIComponent(key.toWellFormed()) : await hashOf(key);
}

/** SHA-256 in lower-case hexadecimal digits. */
async function hashOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function prefixOf(key: string): string {
  const hostEnd = key.indexOf("/", key.indexOf("://") + 3);
  return `${key.slice(0, hostEnd)}/_breakwater/c/`;
}
