// Where entries are kept: key URLs on the request's own host under `/_breakwater/c/`, a path that no visitor can reach. The
// cache key is hashed, so that its length and characters do not matter; what is found is checked against the whole key.

/** Of a response without Vary, or of the index of variants. */
export async function primaryUrl(key: string): Promise<string> {
  return entryUrl(key, "p", key);
}

export async function variantUrl(key: string, variant: string): Promise<string> {
  return entryUrl(key, "v", `${key}\n${variant}`);
}

/** Of the time at which a URL was invalidated; one for all keys of the URL. */
export async function markUrl(url: string): Promise<string> {
  return entryUrl(url, "m", url);
}

/** Each stored response has a body of its own: a reader of the old one is never given parts of the new one. */
export function bodyUrl(key: string, id: string): string {
  return `${prefixOf(key)}b/${id}`;
}

async function entryUrl(key: string, kind: "p" | "v" | "m", name: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(name));
  const hash = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${prefixOf(key)}${kind}/${hash}`;
}

function prefixOf(key: string): string {
  const hostEnd = key.indexOf("/", key.indexOf("://") + 3);
  return `${key.slice(0, hostEnd)}/_breakwater/c/`;
}
