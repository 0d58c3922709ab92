// The Worker. Turns the platform's env and requests into ports and plain data, keeps what an isolate keeps, and has the one
// error fence. Thin: the order of things is in `pipeline.ts`, the decisions are below it.

import { createAdmin } from "./admin/app.ts";
import { errorAnswer } from "./answer.ts";
import { createEntryReader } from "./cache/entries.ts";
import { createFlightTable } from "./cache/flights.ts";
import { createRuleReporter } from "./observe/rule-reporter.ts";
import { createRateMemory } from "./firewall/rate-memory.ts";
import { createAuthKeys } from "./origin/auth.ts";
import { createStickyKeys } from "./origin/sticky-keys.ts";
import { createLeases } from "./origin/leases.ts";
import { createMarkers } from "./origin/markers.ts";
import { createOriginTable } from "./origin/table.ts";
import { handle, type Isolate } from "./pipeline.ts";
import { platformCacheStore } from "./platform/cache-store.ts";
import { platformClock } from "./platform/clock.ts";
import { createConfigStore } from "./platform/config-store.ts";
import { createBindings, createSecrets } from "./platform/bindings.ts";
import { platformConnector } from "./platform/connector.ts";
import { createFetcher } from "./platform/fetcher.ts";
import { consoleLog } from "./platform/log.ts";
import { createPurgeLedger, type PurgeLedger } from "./platform/purge-ledger.ts";
import { platformRandom } from "./platform/random.ts";
import { createRateBinding } from "./platform/rate-binding.ts";
import { createRateObjects, type RateCounter } from "./platform/rate-counter.ts";
import { createRuleStats, type RuleStats } from "./platform/rule-stats.ts";
import type { Log, Ports } from "./ports.ts";
import { baked } from "./release/baked.ts";
import { createStateHolder } from "./release/holder.ts";
import { readIntervals } from "./release/intervals.ts";
import { checkHealth } from "./scheduled.ts";
import { answerResponse } from "./stages/respond.ts";

export { PurgeLedger } from "./platform/purge-ledger.ts";
export { RateCounter } from "./platform/rate-counter.ts";
export { RuleStats } from "./platform/rule-stats.ts";

/** Bindings, variables and secrets of the Worker. */
export interface Env {
  readonly CONFIG: KVNamespace;
  readonly PURGE_LEDGER: DurableObjectNamespace<PurgeLedger>;
  /** Without it nothing is kept of what rules did. */
  readonly RULE_STATS?: DurableObjectNamespace<RuleStats>;
  /** Without them rate limits of 10 s and 60 s are counted by RATE_COUNTER. */
  readonly RATE_10S?: RateLimit;
  readonly RATE_60S?: RateLimit;
  /** Without it exact and longer rate limits have no counter. */
  readonly RATE_COUNTER?: DurableObjectNamespace<RateCounter>;
  /** Secret. Without it the control path does not exist. */
  readonly ADMIN_TOKEN?: string;
  /** Secret. Signs sticky cookies and drills; without it there are neither. */
  readonly SIGNING_KEY?: string;
  /** `off` turns the access log off; events are logged all the same. */
  readonly ACCESS_LOG?: string;
  /** `paid` lets the health checks use the larger subrequest budget and write more often. */
  readonly PLAN?: string;
}

let isolate: Isolate | null = null;

/** The isolate's own state, made with its first request: the env is the same for all of them. */
function isolateOf(env: Env): Isolate {
  isolate ??= newIsolate(env);
  return isolate;
}

function newIsolate(env: Env): Isolate {
  // The token in the scope keeps another Worker of the zone from reading or writing this one's copies.
  const held = { intervals: readIntervals({ ...env }), baked, scope: `breakwater ${env.ADMIN_TOKEN ?? ""}` };
  const fresh: Isolate["fresh"] = {
    holder: () => createStateHolder(held),
    memory: () => ({
      origins: createOriginTable(),
      flights: createFlightTable(),
      entries: createEntryReader(),
      sticky: createStickyKeys(),
      authKeys: createAuthKeys(),
      markers: createMarkers(held.scope),
      rates: createRateMemory(),
      inspecting: createLeases(),
    }),
  };
  return {
    holder: fresh.holder(),
    memory: fresh.memory(),
    fresh,
    control: { admin: createAdmin(), token: env.ADMIN_TOKEN ?? null },
    accessLog: env.ACCESS_LOG === "off" ? null : consoleLog,
    ruleReporter: createRuleReporter({ everyMs: held.intervals.ruleStatsMs, sleep: (ms) => scheduler.wait(ms) }),
  };
}

function portsOf(env: Env, ctx: ExecutionContext): Ports {
  const bindings = createBindings(env);
  return {
    clock: platformClock,
    random: platformRandom,
    cache: platformCacheStore,
    config: createConfigStore(env.CONFIG),
    fetcher: createFetcher(bindings, consoleLog),
    connector: platformConnector,
    secrets: createSecrets(bindings),
    purges: createPurgeLedger(env.PURGE_LEDGER),
    ruleStats: createRuleStats(env.RULE_STATS),
    rates: {
      binding: createRateBinding({ tenSeconds: env.RATE_10S, minute: env.RATE_60S }),
      object: createRateObjects(env.RATE_COUNTER),
    },
    log: consoleLog,
    defer: (work) => ctx.waitUntil(work.catch((cause: unknown) => crashed(consoleLog, "deferred", cause))),
  };
}

function crashed(log: Log, where: string, cause: unknown): void {
  const stack = cause instanceof Error ? cause.stack : undefined;
  log.write({ event: "crash", where, message: String(cause), stack });
}

export default {
  async fetch(request, env, ctx): Promise<Response> {
    const id = platformRandom.id();
    try {
      return await handle({ id, request, connection: request.cf ?? null }, isolateOf(env), portsOf(env, ctx));
    } catch (cause) {
      crashed(consoleLog, id, cause);
      const context = { requestId: id, facts: null, site: null, method: request.method, accept: request.headers.get("accept") };
      return answerResponse(errorAnswer({ code: "internal" }), context);
    }
  },

  async scheduled(_event, env, ctx): Promise<void> {
    const ports = portsOf(env, ctx);
    const state = await isolateOf(env).holder.current(ports, ports.clock.nowMs());
    if (state === null) return;
    await checkHealth({
      ruleset: state.ruleset,
      ports,
      auth: isolateOf(env).memory.authKeys,
      region: "unknown",
      plan: env.PLAN === "paid" ? "paid" : "free",
    });
  },
} satisfies ExportedHandler<Env>;
