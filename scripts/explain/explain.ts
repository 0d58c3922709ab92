// What Breakwater does with a request, and why, as plain data: the Worker's own receive and decide, and beside their result what
// they passed over. Pure but for nothing: no store, no clock. The command prints it.

import { decide, type Decision } from "../../src/decide.ts";
import { errorKind, type EdgeError } from "../../src/errors.ts";
import type { Facts } from "../../src/facts.ts";
import type { BodyFacts } from "../../src/firewall/context.ts";
import type { Snapshot } from "../../src/config/snapshot.ts";
import type { Plan } from "../../src/plan.ts";
import type { Ruleset } from "../../src/ruleset.ts";
import { receive, type Received } from "../../src/stages/receive.ts";
import { explainLadder, type ExplainedLadder } from "./ladder.ts";
import { requestReasons, type RequestReason } from "./cache-reasons.ts";
import { explainPools, explainState, type ExplainedPool, type ExplainedState, type OriginsKnown } from "./pools.ts";
import { explainRoutes, type RouteVerdict } from "./routes.ts";
import { ruleVerdicts, type RuleVerdict } from "./rules.ts";

export interface ExplainInput extends OriginsKnown {
  readonly ruleset: Ruleset;
  readonly snapshot: Snapshot;
  readonly received: Received;
  /** The request's body, as a byte string; empty when none was given. */
  readonly body: string;
}

export interface Explanation {
  /** Null when the request is refused before anything is decided. */
  readonly request: {
    readonly method: string;
    readonly host: string;
    readonly path: string;
    readonly query: string;
    readonly client: string;
  } | null;
  readonly site: string | null;
  readonly route: { readonly id: string; readonly params: Readonly<Record<string, string>> } | null;
  readonly routes: readonly RouteVerdict[];
  readonly rules: readonly RuleVerdict[];
  readonly outcome: ExplainedOutcome;
  /** The pool of the route and its fallbacks, in the order in which they are used; none where no origin is asked. */
  readonly pools: readonly ExplainedPool[];
  /** What comes when these fail; null where no origin is asked. */
  readonly whenAllFail: ExplainedLadder | null;
  /** On what the standings in `pools` rest. */
  readonly state: ExplainedState;
}

export type ExplainedOutcome =
  | { readonly kind: "error"; readonly stage: string; readonly status: number; readonly code: string; readonly message: string }
  | { readonly kind: "redirect"; readonly stage: string; readonly status: number; readonly location: string; readonly why: string }
  | { readonly kind: "page"; readonly stage: string; readonly status: number; readonly contentType: string; readonly bodyBytes: number }
  | {
      readonly kind: "proxy";
      /** Where the route shares its visitors out: the pool of this one, and what it was known by. */
      readonly split:
        | (NonNullable<Plan["split"]> & { readonly shares: readonly { readonly pool: string; readonly percent: number }[] })
        | null;
      readonly originRequest: {
        readonly method: string;
        readonly target: string;
        readonly headers: readonly (readonly [string, string])[];
      };
      readonly cache: Plan["cache"];
      /** What of the request alone decides about its answer in the cache; empty where the cache is not used. */
      readonly cacheReasons: readonly RequestReason[];
      readonly timeouts: Plan["action"]["timeouts"];
      readonly retry: Plan["action"]["retry"];
    };

/** The id that a real request would draw at random. */
const REQUEST_ID = "0".repeat(32);

export function explain(input: ExplainInput): Explanation {
  const received = receive(input.received, input.ruleset.client);
  const state = explainState(input, input.received.nowMs);
  if (!received.ok) {
    const outcome = errorOutcome("receive", received.error);
    return { request: null, site: null, route: null, routes: [], rules: [], outcome, pools: [], whenAllFail: null, state };
  }
  const facts = received.value;
  const brought = { body: inspected(input), lists: true };
  const decision = decide(input.ruleset, facts, REQUEST_ID, brought);
  const { site, match } = decision;
  const routes = input.snapshot.sites.find((entry) => entry.name === site?.name)?.routes ?? [];
  const plan = decision.outcome.kind === "proxy" ? decision.outcome.plan : null;
  const pools = plan === null ? [] : explainPools(plan.pool, { ...input, facts });
  return {
    request: { method: facts.method, host: facts.host, path: facts.path, query: facts.query, client: facts.client.address },
    site: site?.name ?? null,
    route: match === null ? null : { id: match.route.id, params: match.params },
    routes: explainRoutes(routes, facts, match?.route.id ?? null),
    rules: ruleVerdicts(input, { facts, decision, body: brought.body }),
    outcome: outcomeOf(decision, decision.facts),
    pools,
    whenAllFail: plan === null ? null : explainLadder({ plan, facts, pools, requestId: REQUEST_ID }),
    state,
  };
}

/** So much of the body as the Worker would let rules see. */
function inspected({ body, snapshot: { inspection } }: ExplainInput): BodyFacts {
  const truncated = body.length > inspection.bytesMax;
  return truncated && inspection.over === "skip" ? { bytes: "", truncated } : { bytes: body.slice(0, inspection.bytesMax), truncated };
}

function outcomeOf(decision: Decision, facts: Facts): ExplainedOutcome {
  const { outcome } = decision;
  if (outcome.kind === "proxy") {
    const { plan } = outcome;
    const { originRequest, cache, action } = plan;
    const request = { method: originRequest.method, target: originRequest.target, headers: [...originRequest.headers] };
    const cacheReasons = cache.use === "cache" ? requestReasons(facts, cache.policy) : [];
    const split = plan.split === null ? null : { ...plan.split, shares: action.split?.shares ?? [] };
    return { kind: "proxy", split, originRequest: request, cache, cacheReasons, timeouts: action.timeouts, retry: action.retry };
  }
  const { stage, answer } = outcome;
  switch (answer.kind) {
    case "error":
      return errorOutcome(stage, answer.error);
    case "redirect":
      return { kind: "redirect", stage, status: answer.status, location: answer.location, why: answer.why };
    case "page":
      return {
        kind: "page",
        stage,
        status: answer.status,
        contentType: answer.contentType,
        bodyBytes: new TextEncoder().encode(answer.body).byteLength,
      };
    default:
      return answer satisfies never;
  }
}

function errorOutcome(stage: string, error: EdgeError): ExplainedOutcome {
  const { status, message } = errorKind(error);
  return { kind: "error", stage, status, code: error.code, message };
}
