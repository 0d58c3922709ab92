// The record of one request while it passes through the stages: facts and plan, which never change, and a digest of what
// happened, which stages append to and `stages/record.ts` turns into one log line. Nothing is decided from the digest.

import type { CacheBypassReason } from "./cache/bypass.ts";
import type { Plan } from "./plan.ts";
import type { EdgeState } from "./release/state.ts";
import type { Facts } from "./facts.ts";
import type { BodyFacts } from "./firewall/context.ts";
import type { MatchedLimit, PhaseVerdict } from "./firewall/evaluate.ts";
import type { LadderStep } from "./observe/ladder.ts";

export interface Exchange {
  /** Request id: sent as X-Request-Id, shown on error pages, in every log line. */
  readonly id: string;
  /** As rules have changed the request. */
  readonly facts: Facts;
  /** Id of the route, also of one that asks no origin; null when there is none. */
  readonly route: string | null;
  readonly state: EdgeState;
  /** The visitor's request; its body is not to be read from here. */
  readonly request: Request;
  /** The visitor's body, all of it, though rules may have looked at its beginning. May be read once, by the fetch stage. */
  readonly body: ReadableStream<Uint8Array> | null;
  readonly firewall: FirewallState;
  plan: Plan | null;
  readonly digest: Digest;
}

/** What the rules of one phase leave for the later ones. */
export interface FirewallState {
  /** Of the last phase that ran. */
  latest: PhaseVerdict;
  /** What rules have seen of the request's body; null when it was not read. */
  readonly body: BodyFacts | null;
  /** A rule or a rate limit has ended the request: rules on the answer have nothing to say about that. */
  isRefused: boolean;
  /** Where this visitor stands with rate limits; set on whatever answer there will be. */
  headers: readonly (readonly [name: string, value: string])[];
  /** Rate limits that may count this request by its answer, with the request as their phase saw it. */
  counting: readonly MatchedLimit[];
}

export interface Digest {
  /** Rule ids that matched, in order, with what they did. */
  readonly rules: MatchedRule[];
  cache: CacheDigest;
  readonly attempts: AttemptDigest[];
  /** Values that rules put into the log line. */
  readonly logged: Record<string, string>;
  /** What was gone down because an origin failed; empty when the first one answered, or none was asked. */
  ladder: readonly LadderStep[];
  /** Code of the error answer, when there was one. */
  error: string | null;
}

export interface MatchedRule {
  readonly id: string;
  readonly did: RuleEffect;
}

/** `would-` is a rule in log mode; no-value: what the rule should write has a part that is missing, so it did nothing; no-list: a
 * list that it looks into could not be had, so it was passed over. */
export type RuleEffect = RuleDeed | `would-${Exclude<RuleDeed, "log">}` | "no-value" | "no-list";

export type RuleDeed = "block" | "log" | "skip" | "redirect" | "rewrite" | "set" | "rate-limit" | "score";

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
