// The record of one request while it passes through the stages: facts and plan, which never change, and a digest of what
// happened, which stages append to and `stages/record.ts` turns into one log line. Nothing is decided from the digest.

import type { CacheBypassReason } from "./cache/bypass.ts";
import type { Plan } from "./plan.ts";
import type { EdgeState } from "./release/state.ts";
import type { Facts } from "./facts.ts";
import type { LadderStep } from "./observe/ladder.ts";

export interface Exchange {
  /** Request id: sent as X-Request-Id, shown on error pages, in every log line. */
  readonly id: string;
  readonly facts: Facts;
  readonly state: EdgeState;
  /** The visitor's request; its body may be read once, by the fetch stage. */
  readonly request: Request;
  plan: Plan | null;
  readonly digest: Digest;
}

export interface Digest {
  /** Rule ids that matched, in order, with what they did. */
  readonly rules: {
    readonly id: string;
    readonly did: "block" | "log" | "skip" | "redirect" | "would-block" | "would-skip" | "would-redirect";
  }[];
  cache: CacheDigest;
  readonly attempts: AttemptDigest[];
  /** What was gone down because an origin failed; empty when the first one answered, or none was asked. */
  ladder: readonly LadderStep[];
  /** Code of the error answer, when there was one. */
  error: string | null;
}

/** What happened at the cache, in the terms of RFC 9211. */
export interface CacheDigest {
  status: CacheStatus;
  /** Seconds of freshness left; negative when stale. Null where it has no meaning. */
  ttlSeconds: number | null;
  fwd: "uri-miss" | "vary-miss" | "stale" | "bypass" | "method" | "partial" | "request" | null;
  fwdStatus: number | null;
  stored: boolean;
  /** It waited for another request's answer, and got that (RFC 9211 2.6). */
  collapsed: boolean;
  /** Closed union of reasons; goes to Cache-Status `detail`, the log and `explain`. */
  detail: CacheBypassReason | CacheDetail | null;
}

/** The value of X-Cache. DYNAMIC: looked up nothing and stored nothing, as the route or the response decides. */
export type CacheStatus = "HIT" | "MISS" | "STALE" | "EXPIRED" | "UPDATING" | "REVALIDATED" | "BYPASS" | "DYNAMIC" | "NONE";

/** Why a response was not stored, or not served from store. The cache's modules extend this union. */
export type CacheDetail =
  | "no-store"
  | "request-no-store"
  | "hit-for-miss"
  | "private"
  | "no-cache"
  | "authorization"
  | "set-cookie"
  | "request-cookie"
  | "vary-star"
  | "vary-too-many"
  | "tags-too-many"
  | "status"
  | "no-lifetime"
  | "too-large"
  | "length-mismatch"
  | "content-type"
  | "partial"
  | "purged"
  | "invalidated"
  | "too-old"
  | "stalled"
  | "store-failed"
  | "origin-error"
  /** Not a refusal: it is stale, and the visitor takes it so. */
  | "max-stale";

export interface AttemptDigest {
  readonly pool: string;
  readonly origin: string;
  /** HTTP status, or the classified failure. */
  readonly outcome: string;
  readonly ms: number;
}
