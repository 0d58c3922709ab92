// CDN-Loop (RFC 8586): says through which CDNs a request has passed, so that two that point at each other stop. Pure.

const CDN_ID = "breakwater";

/** How often this CDN stands in the field. Garbage counts as nothing; parameters do not matter. */
export function passesThrough(value: string | null): number {
  if (value === null) return 0;
  return value.split(",").filter((part) => part.split(";")[0]?.trim().toLowerCase() === CDN_ID).length;
}

export function appendCdnLoop(headers: Headers): void {
  headers.append("cdn-loop", CDN_ID);
}
