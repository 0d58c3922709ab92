// Asking the origin about a stored response, and taking in its answer (RFC 9111 4.3). Pure: headers in, headers out. The visitor's
// own conditions and ranges are not passed on with such a request; they are applied to the outcome.

import { parseEntityTag, strongMatch, weakMatch } from "../http/etag.ts";
import { stripHopByHop } from "../http/hop-by-hop.ts";
import type { StoredResponse } from "./stored.ts";

/** Conditions of one visitor, or a part of the answer: what is fetched to be stored is asked for without them. */
const VISITOR_CONDITIONS = ["if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range", "range"] as const;

/** RFC 9111 3.2: these describe the stored bytes, which a 304 does not bring. */
const NOT_UPDATED: readonly string[] = ["content-length", "content-encoding", "content-range", "set-cookie"];

/** Statuses whose stored response a 304 can confirm. */
const CONFIRMABLE: readonly number[] = [200, 203];

/** The request for the whole answer: without what the visitor wanted for itself. */
export function unconditionalHeaders(headers: Headers): Headers {
  const whole = new Headers(headers);
  for (const name of VISITOR_CONDITIONS) whole.delete(name);
  return whole;
}

/** RFC 9111 4.3.1: with the stored validators. Without any, it is a plain request for the whole answer. */
export function conditionalHeaders(headers: Headers, stored: StoredResponse): Headers {
  const conditional = unconditionalHeaders(headers);
  if (!CONFIRMABLE.includes(stored.status)) return conditional;
  const { etag, lastModified } = validatorsOf(stored.headers);
  if (etag !== null) conditional.set("if-none-match", etag);
  if (lastModified !== null) conditional.set("if-modified-since", lastModified);
  return conditional;
}

/** RFC 9111 4.3.4: whether this 304 speaks of this stored response. A strong validator must be the same. */
export function confirms(notModified: Headers, stored: StoredResponse): boolean {
  const fresh = validatorsOf(notModified);
  const held = validatorsOf(stored.headers);
  if (fresh.etag !== null) {
    const [one, other] = [parseEntityTag(fresh.etag), parseEntityTag(held.etag)];
    // A tag that does not follow the grammar is compared as it is: it was sent back as it came.
    if (one === null || other === null) return fresh.etag === held.etag;
    return one.weak || other.weak ? weakMatch(one, other) : strongMatch(one, other);
  }
  return fresh.lastModified === null || held.lastModified === null || fresh.lastModified === held.lastModified;
}

/**
 * RFC 9111 3.2: the stored fields with those of the 304 in their place. The Date and Age of the old answer do not outlive it: a 304
 * without Date is dated by its arrival (RFC 9110 6.6.1), or the response would be as old as it was before.
 */
export function mergedHeaders(stored: StoredResponse, notModified: Headers): Headers {
  const merged = new Headers(stored.headers);
  for (const name of ["age", "date"]) merged.delete(name);
  const update = stripHopByHop(notModified);
  for (const [name, value] of update) {
    if (!NOT_UPDATED.includes(name) && name !== "cf-cache-status") merged.set(name, value);
  }
  return merged;
}

/** Whether the origin is asked by HEAD about a stored response: without a validator, or of no 200, its answer would say nothing. */
export function isAskedAsHead(method: string, stored: StoredResponse): boolean {
  const { etag, lastModified } = validatorsOf(stored.headers);
  return method === "HEAD" && CONFIRMABLE.includes(stored.status) && (etag !== null || lastModified !== null);
}

/**
 * RFC 9111 4.3.5: whether the answer to a HEAD speaks of this stored response: all validators that it has are the same, at least one,
 * and so is the length that it gives.
 */
export function describes(head: Headers, stored: StoredResponse): boolean {
  const [fresh, held] = [validatorsOf(head), validatorsOf(stored.headers)];
  const isCompared = (fresh.etag !== null && held.etag !== null) || (fresh.lastModified !== null && held.lastModified !== null);
  if (!isCompared) return false;
  const isSame = (one: string | null, other: string | null): boolean => one === null || one === other;
  const length = head.get("content-length");
  return isSame(fresh.etag, held.etag) && isSame(fresh.lastModified, held.lastModified) && isSame(length, String(stored.bodyBytes));
}

function validatorsOf(headers: Headers): { readonly etag: string | null; readonly lastModified: string | null } {
  return { etag: headers.get("etag"), lastModified: headers.get("last-modified") };
}
