// What a visitor would get for a request if its origins failed, from the first pool down to the error page. Pure; the rungs are those
// that the Worker goes down and logs. Part of explain.

import type { Facts } from "../../src/facts.ts";
import type { Plan } from "../../src/plan.ts";
import { ownAnswer } from "../../src/transform/own-answer.ts";
import { templateValues } from "../../src/transform/template.ts";
import { formatDuration } from "../output/time.ts";

export interface ExplainedLadder {
  /** In the order in which they take over. */
  readonly pools: readonly string[];
  /** Seconds for which a stored answer stands in where the origin names none; null: this request never gets one. */
  readonly staleSeconds: number | null;
  /** Why there is no stored answer for it. */
  readonly noStaleBecause: string | null;
  /** The route's own answer; null when it has none. */
  readonly failure: ExplainedFailure | null;
  /** Statuses of the error pages that come without one: those of the site, where it has them. */
  readonly errorPages: Readonly<Record<"502" | "503" | "504", "own" | "built-in">>;
}

export interface ExplainedFailure {
  /** Statuses of origins that count as no answer. */
  readonly onStatus: readonly number[];
  readonly status: number;
  /** Of a redirect; null for a page. */
  readonly location: string | null;
  readonly contentType: string | null;
  readonly bodyBytes: number | null;
}

interface LadderInput {
  readonly plan: Plan;
  readonly facts: Facts;
  readonly pools: readonly { readonly name: string }[];
  readonly requestId: string;
}

export function explainLadder({ plan, facts, pools, requestId }: LadderInput): ExplainedLadder {
  const { cache, site } = plan;
  const page = (status: string): "own" | "built-in" =>
    site.errorPages[status] === undefined && site.errorPages["5xx"] === undefined ? "built-in" : "own";
  return {
    pools: pools.map(({ name }) => name),
    staleSeconds: cache.use === "cache" ? cache.policy.staleIfErrorSeconds : null,
    noStaleBecause: cache.use === "cache" ? null : cache.reason,
    failure: explainFailure(plan, facts, requestId),
    errorPages: { 502: page("502"), 503: page("503"), 504: page("504") },
  };
}

function explainFailure({ action, params }: Plan, facts: Facts, requestId: string): ExplainedFailure | null {
  if (action.failure === null) return null;
  const { onStatus, answer } = action.failure;
  const values = templateValues(facts, { requestId, params });
  const own = ownAnswer(answer, { query: facts.query, values, why: "failure" });
  if (own.kind === "error") return null;
  if (own.kind === "redirect") return { onStatus, status: own.status, location: own.location, contentType: null, bodyBytes: null };
  const bodyBytes = new TextEncoder().encode(own.body).byteLength;
  return { onStatus, status: own.status, location: null, contentType: own.contentType, bodyBytes };
}

export function ladderLines({ pools, staleSeconds, noStaleBecause, failure, errorPages }: ExplainedLadder): readonly string[] {
  const stale =
    staleSeconds === null
      ? `no stored answer: the request passes by the cache (${noStaleBecause ?? ""})`
      : staleSeconds === 0
        ? "a stored answer, only where the origin allows it (stale-if-error)"
        : `a stored answer, up to ${formatDuration(staleSeconds * 1000)} past its time unless the origin says otherwise`;
  return [
    `  pools: ${pools.join(", then ")}`,
    `  then ${stale}`,
    `  then ${failure === null ? pageText(errorPages) : failureText(failure)}`,
  ];
}

function failureText({ onStatus, status, location, contentType, bodyBytes }: ExplainedFailure): string {
  const what = location === null ? `${status} ${contentType ?? ""}, ${bodyBytes ?? 0} bytes` : `${status} to ${location}`;
  const when = onStatus.length === 0 ? "" : `, also in place of an origin's own ${onStatus.join(", ")}`;
  return `the route's failure answer: ${what}${when}`;
}

function pageText(pages: ExplainedLadder["errorPages"]): string {
  const kinds = Object.entries(pages).map(([status, kind]) => `${status} ${kind}`);
  return `an error page with Retry-After: ${kinds.join(", ")}`;
}
