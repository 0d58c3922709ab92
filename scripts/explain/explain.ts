// What Breakwater does with a request, and why, as plain data: the Worker's own receive and decide, and beside their result what
// they passed over. Pure but for nothing: no store, no clock. The command prints it.

import { decide, type Decision } from "../../src/decide.ts";
import { errorKind, type EdgeError } from "../../src/errors.ts";
import type { Facts } from "../../src/facts.ts";
import type { PoolSnapshot, Snapshot } from "../../src/config/snapshot.ts";
import type { HealthDocument } from "../../src/origin/health.ts";
import { emptyOverrides, type Overrides } from "../../src/origin/overrides.ts";
import { poolStandings, type LocalView } from "../../src/origin/merge.ts";
import { poolChain } from "../../src/origin/select.ts";
import { closedCircuit } from "../../src/origin/circuit.ts";
import type { Plan } from "../../src/plan.ts";
import type { Ruleset } from "../../src/ruleset.ts";
import { receive, type Received } from "../../src/stages/receive.ts";
import { requestReasons, type RequestReason } from "./cache-reasons.ts";
import { explainRoutes, type RouteVerdict } from "./routes.ts";

export interface ExplainInput {
  readonly ruleset: Ruleset;
  readonly snapshot: Snapshot;
  readonly received: Received;
  readonly health: HealthDocument | null;
  readonly overrides: Overrides | null;
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
  readonly pools: readonly ExplainedPool[];
}

export interface RuleVerdict {
  readonly id: string;
  /** What the decision did with it; `no-match`, `not-reached` (an earlier rule ended or skipped it), `disabled` and `expired` did nothing. */
  readonly did: Decision["rules"][number]["did"] | "no-match" | "not-reached" | "disabled" | "expired";
}

export type ExplainedOutcome =
  | { readonly kind: "error"; readonly stage: string; readonly status: number; readonly code: string; readonly message: string }
  | { readonly kind: "redirect"; readonly stage: string; readonly status: number; readonly location: string; readonly why: string }
  | { readonly kind: "page"; readonly stage: string; readonly status: number; readonly contentType: string; readonly bodyBytes: number }
  | {
      readonly kind: "proxy";
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

export interface ExplainedPool {
  readonly name: string;
  readonly policy: PoolSnapshot["policy"];
  readonly origins: readonly {
    readonly id: string;
    readonly use: string;
    readonly reason: string;
    readonly weight: number;
    readonly backup: boolean;
  }[];
}

/** The id that a real request would draw at random. */
const REQUEST_ID = "0".repeat(32);

export function explain(input: ExplainInput): Explanation {
  const received = receive(input.received, input.ruleset.client);
  if (!received.ok) {
    return { request: null, site: null, route: null, routes: [], rules: [], outcome: errorOutcome("receive", received.error), pools: [] };
  }
  const facts = received.value;
  const decision = decide(input.ruleset, facts, REQUEST_ID);
  const { site, match } = decision;
  const routes = input.snapshot.sites.find((entry) => entry.name === site?.name)?.routes ?? [];
  const pool = decision.outcome.kind === "proxy" ? decision.outcome.plan.pool : null;
  return {
    request: { method: facts.method, host: facts.host, path: facts.path, query: facts.query, client: facts.client.address },
    site: site?.name ?? null,
    route: match === null ? null : { id: match.route.id, params: match.params },
    routes: explainRoutes(routes, facts, match?.route.id ?? null),
    rules: ruleVerdicts(input, facts, decision),
    outcome: outcomeOf(decision, facts),
    pools: pool === null ? [] : poolChain(input.ruleset.pools, pool).map((entry) => explainPool(entry, input, facts.receivedAtMs)),
  };
}

/** Rules run on a routed request only; without a route none is reached. */
function ruleVerdicts(input: ExplainInput, facts: Facts, decision: Decision): readonly RuleVerdict[] {
  const did = new Map(decision.rules.map((rule) => [rule.id, rule.did]));
  const loaded = new Map(input.ruleset.rules.map((rule) => [rule.id, rule]));
  return input.snapshot.rules.map((rule): RuleVerdict => {
    const acted = did.get(rule.id);
    if (acted !== undefined) return { id: rule.id, did: acted };
    if (!rule.enabled) return { id: rule.id, did: "disabled" };
    if (rule.expiresAtMs !== null && rule.expiresAtMs <= facts.receivedAtMs) return { id: rule.id, did: "expired" };
    return { id: rule.id, did: decision.match !== null && loaded.get(rule.id)?.matches(facts) === false ? "no-match" : "not-reached" };
  });
}

function outcomeOf(decision: Decision, facts: Facts): ExplainedOutcome {
  const { outcome } = decision;
  if (outcome.kind === "proxy") {
    const { originRequest, cache, action } = outcome.plan;
    const request = { method: originRequest.method, target: originRequest.target, headers: [...originRequest.headers] };
    const cacheReasons = cache.use === "cache" ? requestReasons(facts, cache.policy) : [];
    return { kind: "proxy", originRequest: request, cache, cacheReasons, timeouts: action.timeouts, retry: action.retry };
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

/** As a fresh isolate sees it: circuits are known to the isolates only. */
function explainPool(pool: PoolSnapshot, input: ExplainInput, nowMs: number): ExplainedPool {
  const local = (): LocalView => ({ circuit: closedCircuit(), recent: [], healthProbeAtMs: null });
  const standings = poolStandings({ pool, overrides: input.overrides ?? emptyOverrides(), health: input.health, nowMs, local });
  const origins = standings.map(({ origin, use, reason, weight }) => ({ id: origin.id, use, reason, weight, backup: origin.backup }));
  return { name: pool.name, policy: pool.policy, origins };
}
