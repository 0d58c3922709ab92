// A rate limit, loaded: what it asks its counter, and what its verdict means for the visitor: the answer to one that is over the
// limit, and the fields that tell the others where they stand. Pure; `stages/limit.ts` asks.

import { errorAnswer, type Answer } from "../answer.ts";
import type { RateLimitActionSnapshot, RuleSnapshot } from "../config/rule-snapshot.ts";
import { compileExpression } from "../expression/compile.ts";
import { formatList } from "../http/structured-fields-format.ts";
import type { Member, Parameters } from "../http/structured-fields.ts";
import { hash01 } from "../origin/hash.ts";
import type { RateRequest, RateVerdict } from "../ports.ts";
import type { RuleContext } from "./context.ts";
import { ruleScheme } from "./fields.ts";
import { loadRateKey, type Memberships } from "./rate-key.ts";

export interface RateLimit {
  readonly id: string;
  readonly mode: RuleSnapshot["mode"];
  readonly action: RateLimitActionSnapshot;
  /** Of its counter. A limit that is changed counts anew: that also lets everybody in again who was out. */
  readonly name: string;
  key(context: RuleContext): string;
  /** Whether `count` holds; never where the rule has none. */
  counts(context: RuleContext): boolean;
}

export type RateLimitRule = Pick<RuleSnapshot, "id" | "mode"> & { readonly action: RateLimitActionSnapshot };

/** @throws Error on an expression of a newer language. */
export function loadRateLimit({ id, mode, action }: RateLimitRule, lists: Memberships): RateLimit {
  const { count } = action;
  return {
    id,
    mode,
    action,
    name: `${id} ${fingerprint(mode, action)}`,
    key: loadRateKey(action.by, lists),
    counts: count === null ? () => false : compileExpression(count, ruleScheme, lists),
  };
}

/** What a counter is asked. */
export function rateRequest({ name, action }: RateLimit, key: string, does: RateRequest["does"]): RateRequest {
  const { requests, periodSeconds, blockSeconds } = action;
  return { name, key, requests, periodSeconds, blockSeconds, does };
}

/** What the visitor gets who is over the limit. The time to wait is in the fields. */
export function limitedAnswer({ id, action }: RateLimit, waitMs: number): Answer {
  const { status, contentType, body } = action;
  if (body !== null) return { kind: "page", status, contentType: contentType ?? "text/plain; charset=utf-8", body };
  return errorAnswer({ code: "rate-limited", status, retryAfterSeconds: seconds(waitMs), ruleId: id });
}

export interface RateStand {
  readonly limit: RateLimit;
  readonly verdict: RateVerdict;
}

/**
 * RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-11, 3 and 4) of all limits that a request was held against. A
 * counter that says no more than yes is in the first alone. Retry-After (RFC 9110 10.2.3) of the limit that was passed, if one was.
 */
export function rateFields(stands: readonly RateStand[]): readonly (readonly [name: string, value: string])[] {
  if (stands.length === 0) return [];
  const policies = stands.map(({ limit: { id, action } }) => item(id, { q: action.requests, w: action.periodSeconds }));
  const known = stands.flatMap(({ limit, verdict: { remaining, waitMs } }) =>
    remaining === null ? [] : [item(limit.id, waitMs === null ? { r: remaining } : { r: remaining, t: seconds(waitMs) })],
  );
  const over = stands.find(({ verdict }) => verdict.limited);
  return [
    ["ratelimit-policy", formatList(policies)],
    ...(known.length === 0 ? [] : [["ratelimit", formatList(known)] as const]),
    ...(over === undefined
      ? []
      : [["retry-after", String(seconds(over.verdict.waitMs ?? over.limit.action.periodSeconds * 1000))] as const]),
  ];
}

function item(id: string, values: Readonly<Record<string, number>>): Member {
  const parameters: Parameters = new Map(Object.entries(values).map(([name, value]) => [name, { type: "integer", value }]));
  return { kind: "item", value: { type: "string", value: id }, parameters };
}

/** Never 0: that would be no wait. */
function seconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000));
}

/** Ten digits of what makes counts of two limits differ in meaning. What the visitor is told is no such thing. */
function fingerprint(mode: string, { by, requests, periodSeconds, blockSeconds, counter, count }: RateLimitActionSnapshot): string {
  const text = JSON.stringify([mode, by, requests, periodSeconds, blockSeconds, counter, count]);
  return String(Math.floor(hash01(text) * 1e10)).padStart(10, "0");
}
