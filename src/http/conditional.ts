// Conditional requests (RFC 9110 13): which of the visitor's conditions count, in their order of precedence. Pure.

import { parseHttpDate } from "./date.ts";
import { parseEntityTag, parseEntityTagList, strongMatch, weakMatch } from "./etag.ts";

export interface Validators {
  readonly etag: string | null;
  readonly lastModified: string | null;
  /** For If-Modified-Since where a stored response has no Last-Modified (RFC 9111 4.3.2). */
  readonly date?: string | null;
}

export type ConditionResult = "pass" | "not-modified" | "precondition-failed";

/** RFC 9110 13.2.2: If-Match, else If-Unmodified-Since; then If-None-Match, else If-Modified-Since for GET and HEAD. */
export function evaluateConditions(method: string, request: Headers, stored: Validators, nowMs: number): ConditionResult {
  const ifMatch = request.get("if-match");
  const ifUnmodified = request.get("if-unmodified-since");
  if (ifMatch !== null ? !anyStrong(ifMatch, stored) : ifUnmodified !== null && !unmodified(ifUnmodified, stored, nowMs)) {
    return "precondition-failed";
  }
  const reads = method === "GET" || method === "HEAD";
  const ifNoneMatch = request.get("if-none-match");
  if (ifNoneMatch !== null) return anyWeak(ifNoneMatch, stored) ? (reads ? "not-modified" : "precondition-failed") : "pass";
  const since = request.get("if-modified-since");
  return reads && since !== null && notModifiedSince(since, stored, nowMs) ? "not-modified" : "pass";
}

/** If-Range (13.1.5): true when the range may be used. Only a strong tag or an exact, strong date will do. */
export function rangeApplies(ifRange: string | null, stored: Validators, nowMs: number): boolean {
  if (ifRange === null) return true;
  const tag = parseEntityTag(ifRange);
  if (tag !== null) return strongMatch(tag, parseEntityTag(stored.etag));
  const date = parseHttpDate(ifRange, nowMs);
  const lastModified = parseHttpDate(stored.lastModified, nowMs);
  const storedDate = parseHttpDate(stored.date ?? null, nowMs);
  // 8.8.2.2: a date is strong when it lies a second or more before the response was made.
  return date !== null && date === lastModified && storedDate !== null && storedDate - lastModified >= 1000;
}

function anyStrong(header: string, stored: Validators): boolean {
  const tags = parseEntityTagList(header);
  return tags === "*" || tags.some((tag) => strongMatch(tag, parseEntityTag(stored.etag)));
}

function anyWeak(header: string, stored: Validators): boolean {
  const tags = parseEntityTagList(header);
  return tags === "*" || tags.some((tag) => weakMatch(tag, parseEntityTag(stored.etag)));
}

/** 13.1.4: an invalid date is ignored. */
function unmodified(header: string, stored: Validators, nowMs: number): boolean {
  const limit = parseHttpDate(header, nowMs);
  const lastModified = parseHttpDate(stored.lastModified, nowMs);
  return limit === null || (lastModified !== null && lastModified <= limit);
}

function notModifiedSince(header: string, stored: Validators, nowMs: number): boolean {
  const since = parseHttpDate(header, nowMs);
  const changed = parseHttpDate(stored.lastModified ?? stored.date ?? null, nowMs);
  return since !== null && changed !== null && changed <= since;
}
