// The compiled form of firewall rules, part of the snapshot: what each does, with every expression checked and every default filled.

import type { Expression, ScalarSource } from "../expression/ast.ts";
import type { PackedExpression } from "../expression/pack.ts";
import type { CachePolicySnapshot, RedirectActionSnapshot, RetrySnapshot, Template, TimeoutsSnapshot } from "./snapshot.ts";

/** How much of a request's body rules may look at. */
export interface InspectionSnapshot {
  readonly bytesMax: number;
  /** Of a longer body: rules see its beginning, the request is answered with 413, or rules see no body. */
  readonly over: "prefix" | "block" | "skip";
}

/** When a rule runs: before the cache, before an origin is asked, on the answer, when the log line is written. */
export type RulePhase = "request" | "origin" | "response" | "log";

export interface RuleSnapshot {
  readonly id: string;
  readonly description: string;
  readonly phase: RulePhase;
  /** As written, for people. */
  readonly when: string;
  /** Its subjects are the snapshot's. */
  readonly expression: PackedExpression;
  readonly action: RuleActionSnapshot;
  readonly enabled: boolean;
  /** log: evaluated and logged as it would act, but does not act. */
  readonly mode: "enforce" | "log";
  readonly expiresAtMs: number | null;
  readonly owner: string;
}

/** Text that is made when a rule matches. */
export type RuleText =
  | { readonly kind: "template"; readonly template: Template }
  | { readonly kind: "expression"; readonly value: ScalarSource };

export type RuleActionSnapshot =
  | ({ readonly kind: "block" } & RuleAnswerSnapshot)
  /** Values that go to the log line, by name. */
  | { readonly kind: "log"; readonly fields: readonly (readonly [name: string, value: ScalarSource])[] }
  | SkipActionSnapshot
  | { readonly kind: "redirect"; readonly status: RedirectActionSnapshot["status"]; readonly to: RuleText; readonly preserveQuery: boolean }
  | RewriteActionSnapshot
  | SetActionSnapshot
  | RateLimitActionSnapshot
  | { readonly kind: "score"; readonly add: number };

/** An error answer; without a body it is the site's page or the built-in one. */
export interface RuleAnswerSnapshot {
  readonly status: number;
  readonly contentType: string | null;
  readonly body: string | null;
}

export interface SkipActionSnapshot {
  readonly kind: "skip";
  /** All rules that follow in the phase. */
  readonly rest: boolean;
  /** These rules, wherever they stand after this one. */
  readonly rules: readonly string[];
  readonly phases: readonly Exclude<RulePhase, "request">[];
  readonly rateLimits: boolean;
  readonly managed: boolean;
}

export interface RewriteActionSnapshot {
  readonly kind: "rewrite";
  /** Null keeps it. */
  readonly path: RuleText | null;
  readonly query:
    | { readonly kind: "whole"; readonly value: RuleText }
    | { readonly kind: "changes"; readonly remove: readonly string[]; readonly set: readonly (readonly [name: string, value: RuleText])[] }
    | null;
  readonly headers: RuleHeadersSnapshot | null;
}

/** Applied in this order: remove, set, add. Names in lower case. */
export interface RuleHeadersSnapshot {
  readonly remove: readonly string[];
  readonly set: readonly (readonly [name: string, value: RuleText])[];
  readonly add: readonly (readonly [name: string, value: RuleText])[];
}

/** Parts of the route's policy that are replaced for a request; null keeps the route's. */
export interface SetActionSnapshot {
  readonly kind: "set";
  readonly pool: string | null;
  readonly cache: CachePolicySnapshot | null;
  readonly timeouts: TimeoutsSnapshot | null;
  readonly retry: RetrySnapshot | null;
}

export interface RateLimitActionSnapshot extends RuleAnswerSnapshot {
  readonly kind: "rateLimit";
  /** What one visitor is known by. */
  readonly by: readonly CharacteristicSnapshot[];
  readonly requests: number;
  readonly periodSeconds: number;
  /** binding: the platform's limiter, per data centre, 10 or 60 s. object: one place for all, exact. */
  readonly counter: "binding" | "object";
  /** Which requests are counted; null is those that the rule matches. */
  readonly count: Expression | null;
  /** `count` looks at the answer, so it counts when that is there. */
  readonly countsAnswers: boolean;
  /** How long a visitor over the limit stays out; null is until fewer requests are in the period. */
  readonly blockSeconds: number | null;
  /** What becomes of requests while the counter does not answer. */
  readonly unreachable: "allow" | "block";
}

export type CharacteristicSnapshot =
  | { readonly kind: "address" | "host" | "path" | "country" | "asn" }
  /** Header names in lower case. */
  | { readonly kind: "header" | "cookie" | "query" | "jwt"; readonly name: string }
  | { readonly kind: "expression"; readonly value: ScalarSource };
