// What rules look at: the request's facts, and what of its body, its answer and its score is known when they run. Made once for
// each phase of a request; field getters take it and nothing else.

import type { Facts } from "../facts.ts";

export interface RuleContext {
  readonly facts: Facts;
  /** Id of the request's route; null before there is one. */
  readonly route: string | null;
  /** As far as it was read; null when it was not. */
  readonly body: BodyFacts | null;
  /** Null in the phases request and origin. */
  readonly response: ResponseFacts | null;
  /** What rules have added so far: changes while rules run. */
  score: number;
  /** Values that are derived from the rest, each at most once; see `derive.ts`. */
  readonly derived: Map<unknown, unknown>;
}

/** The beginning of a request's body, or all of it. */
export interface BodyFacts {
  /** A byte string: one character for each byte. */
  readonly bytes: string;
  /** There is more than was read. */
  readonly truncated: boolean;
  /** It is longer than rules may look at, and the config has such bodies passed over: what rules ask of it is missing. */
  readonly passedOver?: true;
}

export interface ResponseFacts {
  readonly status: number;
  readonly headers: Headers;
  /** Value of X-Cache; null for an answer of our own. */
  readonly cacheStatus: string | null;
}

export interface ContextInput {
  readonly facts: Facts;
  readonly route?: string | null;
  readonly body?: BodyFacts | null;
  readonly response?: ResponseFacts | null;
  readonly score?: number;
}

export function ruleContext({ facts, route = null, body = null, response = null, score = 0 }: ContextInput): RuleContext {
  return { facts, route, body, response, score, derived: new Map() };
}
