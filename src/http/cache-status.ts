// The Cache-Status field (RFC 9211): one member for what happened here, behind those of the caches nearer to the origin. It
// never names an origin, and the key only when the caller hands it over (signed debug requests).

import type { CacheDigest } from "../exchange.ts";
import { formatBareItem, textItem } from "./structured-fields-format.ts";
import { parseList } from "./structured-fields.ts";

const CACHE_NAME = "breakwater";

export interface CacheStatusExtras {
  /** The cache key; for debug requests only. */
  readonly key?: string;
}

/**
 * The whole value.
 *
 * @param upstream - The response's Cache-Status as received, or null. Members come in the order of the caches, the origin's side
 * first (RFC 9211 2); a value that is no structured list would spoil ours and is dropped.
 */
export function cacheStatusHeader(digest: CacheDigest, upstream: string | null, extras: CacheStatusExtras = {}): string {
  // A space behind the semicolon is valid (RFC 9651 4.2.3.2) and easier on the eye.
  const own = [CACHE_NAME, ...parametersOf(digest, extras)].join("; ");
  const before = upstream?.trim() ?? "";
  return before !== "" && parseList(before).ok ? `${before}, ${own}` : own;
}

/** As text: names, tokens and integers need no escaping. */
function parametersOf(digest: CacheDigest, extras: CacheStatusExtras): readonly string[] {
  const { fwd, fwdStatus, ttlSeconds, stored, collapsed, detail } = digest;
  const parameters: string[] = [];
  // hit and fwd exclude each other (RFC 9211 2.1, 2.2): a stale answer sent after the origin failed was forwarded.
  if (fwd !== null) parameters.push(`fwd=${fwd}`);
  else if (isHit(digest)) parameters.push("hit");
  if (fwd !== null && fwdStatus !== null) parameters.push(`fwd-status=${fwdStatus}`);
  if (ttlSeconds !== null) parameters.push(`ttl=${wholeSeconds(ttlSeconds)}`);
  if (fwd !== null && stored) parameters.push("stored");
  if (fwd !== null && collapsed) parameters.push("collapsed");
  if (extras.key !== undefined) parameters.push(`key=${formatBareItem({ type: "string", value: visible(extras.key) })}`);
  if (detail !== null) parameters.push(`detail=${formatBareItem(textItem(detail))}`);
  return parameters;
}

function visible(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, "?");
}

function isHit({ status }: CacheDigest): boolean {
  return status === "HIT" || status === "STALE" || status === "UPDATING";
}

/** Rounded down, so that nothing seems fresher than it is, and within what an integer holds. */
function wholeSeconds(seconds: number): number {
  return Number.isNaN(seconds) ? 0 : Math.floor(Math.min(Math.max(seconds, -999_999_999_999), 999_999_999_999));
}
