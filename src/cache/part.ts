// Parts of a representation (RFC 9111 3.3, 3.4): which 206 can be stored, which requests a stored part answers, what to ask for to
// complete it, and whether the rest that came is the rest of the same. Pure.

import { rangeApplies, validatorsOf } from "../http/conditional.ts";
import { parseContentRange, parseRange, rangeLength, type ByteRange } from "../http/range.ts";
import { unconditionalHeaders } from "./revalidate.ts";
import { isNotModified, type VisitorRequest } from "./serve.ts";
import type { StoredPart, StoredResponse } from "./stored.ts";

/** As a 206 says of itself. */
export interface DeclaredPart {
  readonly range: ByteRange;
  /** Bytes of the whole. */
  readonly size: number;
  /** It has a Content-Encoding: its bytes were counted by whoever encoded them, perhaps not by whoever cut them. */
  readonly encoded: boolean;
  /** It has a Content-Length, which is checked: without one, an end may be a connection that broke. */
  readonly counted: boolean;
}

/**
 * Null for what is no single part whose place is known, and for the answer to If-Range, which need not have all header fields of
 * the whole (RFC 9110 15.3.7).
 */
export function declaredPart(
  request: VisitorRequest,
  response: { readonly status: number; readonly headers: Headers },
): DeclaredPart | null {
  if (response.status !== 206 || request.method !== "GET" || !request.headers.has("range") || request.headers.has("if-range")) return null;
  const declared = parseContentRange(response.headers.get("content-range"));
  if (declared?.kind !== "range" || declared.size === null) return null;
  const { headers } = response;
  const [encoded, counted] = [headers.has("content-encoding"), headers.has("content-length")];
  return { range: declared.range, size: declared.size, encoded, counted };
}

/**
 * What is held when so many bytes have come: the part, "whole" when it is all there is, null when it is not what was declared. A
 * part that is said to reach the end of the whole ends where its bytes end, even when that is earlier than it says: origins that
 * count the end wrongly do so in both numbers. From the first byte on it would pass for the whole, so there the numbers must agree.
 */
export function heldPart({ range, size, encoded, counted }: DeclaredPart, bytes: number): StoredPart | "whole" | null {
  const { start, end } = range;
  if (bytes === rangeLength(range)) return bytes === size ? "whole" : { start, size };
  const endsEarly = bytes > 0 && bytes < rangeLength(range);
  return endsEarly && end === size - 1 && start > 0 && !encoded && counted ? { start, size: start + bytes } : null;
}

/** Whether what is stored answers this request. What is whole always does. */
export function answersRequest(stored: StoredResponse, request: VisitorRequest, nowMs: number): boolean {
  const { part, bodyBytes } = stored;
  if (part === null) return true;
  if (request.method !== "GET") return false;
  const validators = validatorsOf(stored.headers);
  if (isNotModified(stored.status, request, validators, nowMs)) return true;
  if (!rangeApplies(request.headers.get("if-range"), validators, nowMs)) return false;
  const wanted = parseRange(request.headers.get("range"), part.size);
  return wanted.kind === "single" && wanted.range.start >= part.start && wanted.range.end < part.start + bodyBytes;
}

/** Only from the first byte on, and only what is held with its metadata: the beginning of a video is not copied in memory. */
export function canBeCompleted({ part, bodyKey }: StoredResponse): boolean {
  return part !== null && part.start === 0 && bodyKey === null;
}

/** The request for what is missing. An origin whose representation has changed sends the whole one (RFC 9110 13.1.5). */
export function completingHeaders(headers: Headers, stored: StoredResponse, nowMs: number): Headers {
  const rest = unconditionalHeaders(headers);
  rest.set("range", `bytes=${stored.bodyBytes}-`);
  const validator = strongValidator(stored, nowMs);
  if (validator !== null) rest.set("if-range", validator);
  return rest;
}

/** RFC 9111 3.4: parts are put together only under the same strong validator. */
export function completes(stored: StoredResponse, rest: { readonly status: number; readonly headers: Headers }, nowMs: number): boolean {
  const range = parseContentRange(rest.headers.get("content-range"));
  if (rest.status !== 206 || stored.part === null || range?.kind !== "range") return false;
  const { size } = stored.part;
  if (range.size !== size || range.range.start !== stored.bodyBytes || range.range.end !== size - 1) return false;
  if (rest.headers.get("content-encoding") !== stored.headers.get("content-encoding")) return false;
  const validator = strongValidator(stored, nowMs);
  return validator !== null && rangeApplies(validator, validatorsOf(rest.headers), nowMs);
}

function strongValidator(stored: StoredResponse, nowMs: number): string | null {
  const validators = validatorsOf(stored.headers);
  // Whoever sends an entity tag means that one to be used (RFC 9110 13.1.5).
  const validator = validators.etag ?? validators.lastModified;
  return validator !== null && rangeApplies(validator, validators, nowMs) ? validator : null;
}
