// Conditional requests against a response that is at hand (RFC 9110 13): which of its conditions counts, and what it says. Pure;
// it never asks an origin. The cache calls it once it knows that the stored response may be used.

import { parseHttpDate } from "./date.ts";
import { parseEntityTag, parseEntityTagList, strongMatch, weakMatch, type EntityTag } from "./etag.ts";

/** Fields of the response at hand, as stored; null when absent. */
export interface Validators {
  readonly etag: string | null;
  readonly lastModified: string | null;
  /** Stands in for a missing Last-Modified (RFC 9111 4.3.2), and tells whether one is strong. */
  readonly date?: string | null;
}

export type ConditionResult = "pass" | "not-modified" | "precondition-failed";

export function validatorsOf(headers: Headers): Validators {
  return { etag: headers.get("etag"), lastModified: headers.get("last-modified"), date: headers.get("date") };
}

/**
 * The order of RFC 9110 13.2.2: If-Match, else If-Unmodified-Since; then If-None-Match, else If-Modified-Since for GET and HEAD.
 * If-Range takes no part: it decides whether Range counts, see `rangeApplies`.
 *
 * @param nowMs - For dates with a two-digit year.
 */
export function evaluateConditions(method: string, request: Headers, stored: Validators, nowMs: number): ConditionResult {
  const ifMatch = request.get("if-match");
  if (ifMatch !== null) {
    if (!matchesAny(ifMatch, stored, strongMatch)) return "precondition-failed";
  } else if (changedSince(request.get("if-unmodified-since"), stored.lastModified, nowMs) === true) {
    return "precondition-failed";
  }
  const isRead = method === "GET" || method === "HEAD";
  const ifNoneMatch = request.get("if-none-match");
  if (ifNoneMatch !== null) {
    if (!matchesAny(ifNoneMatch, stored, weakMatch)) return "pass";
    return isRead ? "not-modified" : "precondition-failed";
  }
  const modified = stored.lastModified ?? stored.date ?? null;
  return isRead && changedSince(request.get("if-modified-since"), modified, nowMs) === false ? "not-modified" : "pass";
}

/**
 * Whether Range counts (RFC 9110 13.1.5). True without If-Range. Otherwise the validator must be strong and the same: an entity
 * tag by strong comparison, a date only if it is exactly the Last-Modified and lies a second or more before the response's Date
 * (RFC 9110 8.8.2.2).
 */
export function rangeApplies(ifRange: string | null, stored: Validators, nowMs: number): boolean {
  if (ifRange === null) return true;
  const tag = parseEntityTag(ifRange);
  if (tag !== null) return strongMatch(tag, parseEntityTag(stored.etag));
  const since = parseHttpDate(ifRange, nowMs);
  const modified = parseHttpDate(stored.lastModified, nowMs);
  const date = parseHttpDate(stored.date ?? null, nowMs);
  return since !== null && since === modified && date !== null && date - modified >= 1000;
}

/** `*` matches whatever is there: the response at hand exists. */
function matchesAny(list: string, stored: Validators, match: (a: EntityTag, b: EntityTag | null) => boolean): boolean {
  const tags = parseEntityTagList(list);
  const own = parseEntityTag(stored.etag);
  return tags === "*" || tags.some((tag) => match(tag, own));
}

/** Null when either date is missing or no date: the condition is then ignored (RFC 9110 13.1.3, 13.1.4). */
function changedSince(since: string | null, modified: string | null, nowMs: number): boolean | null {
  if (since === null) return null;
  const sinceMs = parseHttpDate(since, nowMs);
  const modifiedMs = parseHttpDate(modified, nowMs);
  return sinceMs === null || modifiedMs === null ? null : modifiedMs > sinceMs;
}
