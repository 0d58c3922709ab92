// The answer to a visitor from a stored response: Age, the visitor's own conditions, HEAD and ranges (RFC 9111 4, RFC 9110 13 and
// 14). Pure: it says which status, headers and bytes; the stage that called it fetches the bytes.

import { evaluateConditions, rangeApplies, validatorsOf, type Validators } from "../http/conditional.ts";
import { formatHttpDate } from "../http/date.ts";
import { formatContentRange, formatUnsatisfiedRange, parseRange, rangeLength, type ByteRange } from "../http/range.ts";
import { withoutConsumedFields } from "./client-headers.ts";
import { currentAgeSeconds, readFreshnessFields, type FreshnessFields } from "./freshness.ts";
import type { StoredPart, StoredResponse } from "./stored.ts";

export interface StoredAnswer {
  readonly status: number;
  readonly statusText: string;
  /** Without Age. Never changed: they may be shared. */
  readonly headers: Headers;
  readonly ageSeconds: number;
  readonly part: AnswerPart;
}

export type AnswerPart =
  | { readonly kind: "none" }
  | { readonly kind: "whole" }
  /** Counted from the first stored byte. */
  | { readonly kind: "range"; readonly range: ByteRange }
  | { readonly kind: "multiple"; readonly ranges: readonly ByteRange[] };

export interface VisitorRequest {
  readonly method: string;
  readonly headers: Headers;
}

/** Fields of the bytes that a 304 or 416 does not have (RFC 9110 15.4.5). */
const CONTENT_FIELDS = ["content-length", "content-type", "content-encoding", "content-language", "content-range"] as const;

/** What is the same in every answer from one stored response; made once where many are given. */
export interface StoredFacts {
  readonly fields: FreshnessFields;
  readonly validators: Validators;
  readonly hasCookies: boolean;
  /** Of the whole answer, but for its age. Never changed. */
  readonly headers: Headers;
}

export function storedFacts(stored: StoredResponse): StoredFacts {
  const headers = new Headers(withoutConsumedFields(stored.headers));
  // RFC 9110 6.6.1: a cache states the time of arrival where the origin stated none.
  if (!headers.has("date")) headers.set("date", formatHttpDate(stored.respondedAtMs));
  if (!hasNoContent(stored.status)) headers.set("content-length", String(stored.bodyBytes));
  return { fields: readFreshnessFields(stored), validators: validatorsOf(headers), hasCookies: headers.has("set-cookie"), headers };
}

/** @param stored - A part only for a request that `part.ts` says it answers. */
export function answerFromStore(
  stored: StoredResponse,
  request: VisitorRequest,
  nowMs: number,
  facts: StoredFacts = storedFacts(stored),
): StoredAnswer {
  const { validators, headers } = facts;
  const { status, statusText } = stored;
  // RFC 9111 5.1.
  const ageSeconds = currentAgeSeconds(stored, nowMs, facts.fields);
  if (isNotModified(status, request, validators, nowMs)) return { ...notModified(headers), ageSeconds };
  const isWhole = request.method !== "HEAD" && !hasNoContent(status);
  const whole: StoredAnswer = { status, statusText, headers, ageSeconds, part: { kind: isWhole ? "whole" : "none" } };
  // RFC 9110 14.2: ranges are for GET, and for what would have been a 200.
  const range = request.method === "GET" && status === 200 ? request.headers.get("range") : null;
  if (range === null || !rangeApplies(request.headers.get("if-range"), validators, nowMs)) return whole;
  return rangedAnswer(whole, range, stored);
}

function within(part: StoredPart | null, { start, end }: ByteRange): ByteRange {
  const offset = part?.start ?? 0;
  return { start: start - offset, end: end - offset };
}

/** True when the visitor's copy is the one that this response is (RFC 9111 4.3.2): if so, the content need not be sent. */
export function isNotModified(status: number, request: VisitorRequest, validators: Validators, nowMs: number): boolean {
  if (status !== 200) return false;
  return evaluateConditions(request.method, request.headers, validators, nowMs) === "not-modified";
}

export function notModified(headers: Headers): Omit<StoredAnswer, "ageSeconds"> {
  const kept = new Headers(headers);
  for (const name of CONTENT_FIELDS) kept.delete(name);
  return { status: 304, statusText: "Not Modified", headers: kept, part: { kind: "none" } };
}

/** RFC 9110 15.3.5, 15.3.6. */
function hasNoContent(status: number): boolean {
  return status === 204 || status === 205;
}

function rangedAnswer(whole: StoredAnswer, header: string, { part, bodyBytes }: StoredResponse): StoredAnswer {
  const bytes = part?.size ?? bodyBytes;
  const wanted = parseRange(header, bytes);
  const headers = new Headers(whole.headers);
  switch (wanted.kind) {
    case "ignored":
      return whole;
    case "unsatisfiable":
      for (const name of CONTENT_FIELDS) headers.delete(name);
      headers.set("content-range", formatUnsatisfiedRange(bytes));
      headers.set("content-length", "0");
      return { ...whole, status: 416, statusText: "Range Not Satisfiable", headers, part: { kind: "none" } };
    case "single":
      headers.set("content-range", formatContentRange(wanted.range, bytes));
      headers.set("content-length", String(rangeLength(wanted.range)));
      return { ...whole, status: 206, statusText: "Partial Content", headers, part: { kind: "range", range: within(part, wanted.range) } };
    case "multiple":
      headers.delete("content-length");
      return { ...whole, status: 206, statusText: "Partial Content", headers, part: { kind: "multiple", ranges: wanted.ranges } };
    default:
      return wanted satisfies never;
  }
}
