// Whether a response may be stored, for everybody who asks with the same key (RFC 9111 3, for a shared cache). Pure. In doubt it
// refuses, with a reason: a miss costs time, a page of the wrong user costs trust. Called by the stage `admit`.

import type { CachePolicySnapshot } from "../config/snapshot.ts";
import type { CacheDetail } from "../exchange.ts";
import { parseCacheControl, type CacheControl } from "../http/cache-control.ts";
import { stripHopByHop } from "../http/hop-by-hop.ts";
import { parseVary } from "../http/vary.ts";
import { CACHE_TAGS_MAX, CACHE_VARY_FIELDS_MAX } from "../limits.ts";
import { governingControl, isSet, type GoverningControl } from "./control.ts";
import { typeContradictsName } from "./deception.ts";
import { currentAgeSeconds, freshnessLifetime, staleWindows, type Datable } from "./freshness.ts";
import { variantFields } from "./shared-headers.ts";
import { surrogateKeys } from "./tags.ts";

/** The answer to a GET: nothing else is asked for to be stored. */
export interface StorableInput {
  /** Canonical path of the request. */
  readonly path: string;
  /** Of the visitor's request. */
  readonly requestHeaders: Headers;
  readonly response: Datable;
  readonly policy: CachePolicySnapshot;
}

export type Storable =
  | {
      readonly store: true;
      /** What is stored: end-to-end fields only. */
      readonly headers: Headers;
      readonly vary: readonly string[];
      readonly tags: readonly string[];
    }
  | { readonly store: false; readonly reason: CacheDetail };

/** RFC 9110 15: what this cache knows the meaning of (RFC 9111 5.2.2.3, must-understand). */
const UNDERSTOOD: ReadonlySet<number> = new Set([
  200, 201, 202, 203, 204, 205, 300, 301, 302, 303, 305, 307, 308, 400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413,
  414, 415, 416, 417, 421, 422, 426, 428, 429, 431, 451, 500, 501, 502, 503, 504, 505, 511,
]);

/**
 * Errors that speak of one request or one connection: its size, its rate, its conditions. No key holds what caused them, so a stored
 * one would let any visitor take a page away from all ("CPDoS", H. V. Nguyen et al., 2019). RFC 6585 forbids 428, 429, 431 and 511.
 * 414 is not among them: it speaks of the URL, which is the key (RFC 9110 15.5.15).
 */
const ABOUT_ONE_REQUEST: ReadonlySet<number> = new Set([407, 408, 412, 413, 416, 417, 421, 425, 426, 428, 429, 431, 511]);

/** What one visitor's request provoked says nothing about the answer to others. */
export function isAboutOneRequest(status: number): boolean {
  return ABOUT_ONE_REQUEST.has(status);
}

/** Statuses whose stored response a conditional request can confirm. */
const VALIDATED: readonly number[] = [200, 203];

/** RFC 9110 15.1, without 206. */
const HEURISTIC: readonly number[] = [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501];

export function storable(input: StorableInput): Storable {
  const { response, policy } = input;
  const governing = governingControl(response.headers);
  const vary = varyOf(response.headers, policy);
  const tags = surrogateKeys(response.headers, policy.tags);
  const reason =
    statusProblem(input, governing.control) ??
    secrecyProblem(input, governing, vary) ??
    varyProblem(vary) ??
    (tags.length > CACHE_TAGS_MAX ? "tags-too-many" : null) ??
    contentProblem(input) ??
    useProblem(response, policy, governing.control);
  if (reason !== null || vary === "*") return { store: false, reason: reason ?? "vary-star" };
  return { store: true, headers: storedFields(response.headers, policy), vary, tags };
}

function statusProblem({ response: { status } }: StorableInput, control: CacheControl): CacheDetail | null {
  // RFC 9111 3.3: parts are not combined here.
  if (status === 206) return "partial";
  if (status < 200 || status === 304 || ABOUT_ONE_REQUEST.has(status)) return "status";
  return control.mustUnderstand && !UNDERSTOOD.has(status) ? "status" : null;
}

/** What belongs to one user or to nobody. No mode of a route changes this, except where it says so. */
function secrecyProblem({ requestHeaders, response, policy }: StorableInput, governing: GoverningControl, vary: Vary): CacheDetail | null {
  const { control, source } = governing;
  if (control.noStore) return "no-store";
  if (parseCacheControl(requestHeaders.get("cache-control")).noStore) return "request-no-store";
  // With field names, only those fields are private; the whole is refused all the same.
  if (isSet(control.private)) return "private";
  const shared = control.public || control.sMaxage !== null;
  // RFC 9111 3.5.
  if (requestHeaders.has("authorization") && !shared && !control.mustRevalidate) return "authorization";
  const cookiesMayPass = policy.setCookie === "strip" || policy.setCookie === "store";
  if (response.headers.has("set-cookie") && !cookiesMayPass) return "set-cookie";
  if (!requestHeaders.has("cookie") || policy.requestCookies === "ignore") return null;
  // A logged-in page mostly differs from other pages by its cookie only, whatever its max-age says.
  const keyed = vary !== "*" && vary.includes("cookie");
  return shared || keyed || source === "targeted" ? null : "request-cookie";
}

type Vary = ReturnType<typeof parseVary>;

/** An encoded answer is for those who take the encoding, also where the origin forgot to say so. */
function varyOf(headers: Headers, policy: CachePolicySnapshot): Vary {
  const listed = parseVary(headers.get("vary"));
  const vary = listed === "*" ? listed : variantFields(listed, policy);
  if (vary === "*" || vary.includes("accept-encoding") || !headers.has("content-encoding")) return vary;
  return [...vary, "accept-encoding"].toSorted();
}

function varyProblem(vary: Vary): CacheDetail | null {
  // RFC 9111 4.1: it never matches. `parseVary` reads what does not follow the grammar as `*` too.
  if (vary === "*") return "vary-star";
  return vary.length > CACHE_VARY_FIELDS_MAX ? "vary-too-many" : null;
}

function contentProblem({ path, response, policy }: StorableInput): CacheDetail | null {
  const { status, headers } = response;
  if (status < 300 && typeContradictsName(path, headers.get("content-type"))) return "content-type";
  const length = headers.get("content-length");
  return length !== null && Number(length) > policy.objectBytesMax ? "too-large" : null;
}

/** Storing must be allowed by a lifetime or the status (RFC 9111 3), and be of use: fresh, confirmable, or usable when stale. */
function useProblem(response: Datable, policy: CachePolicySnapshot, control: CacheControl): CacheDetail | null {
  const lifetime = freshnessLifetime(response, policy);
  if (lifetime.from === "none" && !control.public && !HEURISTIC.includes(response.status)) return "status";
  const canConfirm = VALIDATED.includes(response.status) && (response.headers.has("etag") || response.headers.has("last-modified"));
  if (canConfirm) return null;
  if (isSet(control.noCache) && lifetime.from !== "override") return "no-cache";
  // A lifetime of nothing, and no window of the origin's own: it would be stored to wait for an outage.
  if (lifetime.seconds === 0 && (control.staleWhileRevalidate ?? 0) === 0 && (control.staleIfError ?? 0) === 0) return "no-lifetime";
  const windows = staleWindows(response, policy);
  const usableSeconds = lifetime.seconds + Math.max(windows.whileRevalidate, windows.ifError);
  return usableSeconds > currentAgeSeconds(response, response.respondedAtMs) ? null : "no-lifetime";
}

/** RFC 9111 3.1. Content-Length is that of the stored bytes, which are counted. Set-Cookie is one visitor's, unless the route says not. */
function storedFields(headers: Headers, { setCookie }: CachePolicySnapshot): Headers {
  const stored = stripHopByHop(headers);
  for (const name of ["content-length", "cf-cache-status"]) stored.delete(name);
  if (setCookie !== "store") stored.delete("set-cookie");
  return stored;
}
