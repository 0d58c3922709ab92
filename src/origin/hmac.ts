// HMAC-SHA256 in the form that receivers of webhooks know: `t=<unix seconds>,v1=<hexadecimal>`. What is signed begins with the
// time, so that a receiver can refuse what is old. Used by auth.ts and alert-send.ts; neither key nor secret is kept here.

/** @returns a key that can only sign. */
export function importSigningKey(secret: string): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", new TextEncoder().encode(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
}

/**
 * @param nowMs - Unix time; seconds are signed.
 * @param rest - Goes on after the seconds. Begins with a separator, a different one for each use.
 */
export async function timedSignature(key: CryptoKey, nowMs: number, rest: string): Promise<string> {
  const seconds = Math.floor(nowMs / 1000);
  const signature = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(`${seconds}${rest}`));
  return `t=${seconds},v1=${hexOf(signature)}`;
}

/** Lower case. */
export function hexOf(bytes: ArrayBuffer): string {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
