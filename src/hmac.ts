// HMAC-SHA256, for all that is signed here: sticky cookies, drills, webhooks and what origins see. Keys are imported once by whoever
// uses them and kept there; nothing is kept here. One secret may sign several things, so each begins what it signs with its own
// purpose or form.

const ALGORITHM = { name: "HMAC", hash: "SHA-256" } as const;

/** @returns a key that can sign and verify, and cannot be read. */
export function importHmacKey(secret: string): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", utf8(secret), ALGORITHM, false, ["sign", "verify"]);
}

export async function hmacOf(key: CryptoKey, text: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, utf8(text)));
}

/** Takes as long whatever the signature is. */
export function isHmacOf(key: CryptoKey, signature: Uint8Array<ArrayBuffer>, text: string): Promise<boolean> {
  return crypto.subtle.verify("HMAC", key, signature, utf8(text));
}

/**
 * In the form that receivers of webhooks know, `t=<unix seconds>,v1=<hexadecimal>`. What is signed begins with the time, so that a
 * receiver can refuse what is old.
 *
 * @param nowMs - Unix time; seconds are signed.
 * @param rest - Goes on after the seconds. Begins with a separator, a different one for each use.
 */
export async function timedSignature(key: CryptoKey, nowMs: number, rest: string): Promise<string> {
  const seconds = Math.floor(nowMs / 1000);
  return `t=${seconds},v1=${hexOf(await hmacOf(key, `${seconds}${rest}`))}`;
}

/** Lower case. */
export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(text));
}
