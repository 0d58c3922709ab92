// The cookie that keeps a visitor with an origin: `1.TAG.EXPIRES.SIGNATURE`. The tag stands for the origin and tells nobody its
// name; the HMAC-SHA256 binds it to the pool and to the time. Whoever has no valid one is a new visitor: nothing here is an error.
// Does no I/O; the keys are those of sticky-keys.ts. Called by the stage stick.

import { hexOf, hmacOf, importHmacKey, isHmacOf } from "../hmac.ts";
import { formatSetCookie, parseCookies } from "../http/cookies.ts";
import { STICKY_COOKIES_MAX, STICKY_SESSION_SECONDS } from "../limits.ts";
import type { StickySnapshot } from "../config/pool-snapshot.ts";

/** What a valid cookie says. */
export interface Pin {
  readonly originId: string;
  readonly expiresAtMs: number;
}

/** A pool's key, and the tags of its origins. */
export interface StickyKey {
  readonly pool: string;
  readonly key: CryptoKey;
  readonly tagByOrigin: ReadonlyMap<string, string>;
  readonly originByTag: ReadonlyMap<string, string>;
}

/** Bytes of a tag: enough that no two origins of a pool share one. */
const TAG_BYTES = 12;

/** A cookie ends with a second. */
const ROUNDING_MS = 1000;

const VALUE = /^1\.([0-9a-f]{24})\.([1-9]\d{0,10})\.([0-9a-f]{64})$/;

/** The secret may sign other things too: what is signed here begins like nothing else. */
const PURPOSE = "breakwater sticky 1";

/** @param origins - Ids of the pool's origins. */
export async function importStickyKey(secret: string, pool: string, origins: readonly string[]): Promise<StickyKey> {
  const key = await importHmacKey(secret);
  const tags = await Promise.all(
    origins.map(async (id) => [id, hexOf((await hmacOf(key, signedText(["origin", pool, id]))).subarray(0, TAG_BYTES))] as const),
  );
  return { pool, key, tagByOrigin: new Map(tags), originByTag: new Map(tags.map(([id, tag]) => [tag, id])) };
}

/**
 * The first valid cookie of this name; null without one.
 *
 * @param header - The visitor's Cookie header.
 */
export async function readPin(header: string | null, name: string, sticky: StickyKey, nowMs: number): Promise<Pin | null> {
  // Two Cookie lines arrive joined by a comma, which no value of ours has in it.
  const own = parseCookies(header?.replaceAll(",", ";") ?? null).filter(([cookie]) => cookie === name);
  for (const [, value] of own.slice(0, STICKY_COOKIES_MAX)) {
    const pin = await verified(value, sticky);
    if (pin !== null && nowMs < pin.expiresAtMs) return pin;
  }
  return null;
}

async function verified(value: string, { pool, key, originByTag }: StickyKey): Promise<Pin | null> {
  const [, tag = "", expires = "", signature = ""] = VALUE.exec(value) ?? [];
  const originId = originByTag.get(tag);
  if (originId === undefined) return null;
  const isOurs = await isHmacOf(key, unhex(signature), signedText(["pin", pool, tag, expires]));
  return isOurs ? { originId, expiresAtMs: Number(expires) * 1000 } : null;
}

/**
 * Whether the visitor needs a new cookie: it names another origin or none, half of its time is over, or it is from when visitors
 * stayed longer. Renewed with every response, it would keep responses from being stored elsewhere.
 */
export function needsCookie(pin: Pin | null, originId: string, settings: StickySnapshot, nowMs: number): boolean {
  if (pin === null || pin.originId !== originId) return true;
  const [leftMs, wholeMs] = [pin.expiresAtMs - nowMs, lifetimeSeconds(settings) * 1000];
  return leftMs < wholeMs / 2 || leftMs > wholeMs + ROUNDING_MS;
}

export interface CookieInput {
  readonly settings: StickySnapshot;
  readonly sticky: StickyKey;
  readonly originId: string;
  readonly secure: boolean;
  readonly nowMs: number;
}

/** The line of Set-Cookie; null for an origin that the pool does not have. */
export async function stickyCookieLine({ settings, sticky, originId, secure, nowMs }: CookieInput): Promise<string | null> {
  const tag = sticky.tagByOrigin.get(originId);
  if (tag === undefined) return null;
  const { cookie, ttlSeconds } = settings;
  const expires = String(Math.ceil(nowMs / 1000) + lifetimeSeconds(settings));
  const signature = hexOf(await hmacOf(sticky.key, signedText(["pin", sticky.pool, tag, expires])));
  return formatSetCookie({
    name: cookie,
    value: `1.${tag}.${expires}.${signature}`,
    attributes: [
      ["Path", "/"],
      ...(ttlSeconds === null ? [] : [["Max-Age", String(ttlSeconds)] as const]),
      ["HttpOnly", null],
      ["SameSite", "Lax"],
      ...(secure ? [["Secure", null] as const] : []),
    ],
  });
}

function lifetimeSeconds({ ttlSeconds }: StickySnapshot): number {
  return ttlSeconds ?? STICKY_SESSION_SECONDS;
}

/** No part has a line break in it: names, ids, digits. */
function signedText(parts: readonly string[]): string {
  return [PURPOSE, ...parts].join("\n");
}

function unhex(digits: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array((digits.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16)));
}
