// Pools: origins that cannot be used or collide, fallbacks, hash keys, circuits, and health checks that fit a run of the cron.

import { POOL_FALLBACKS_MAX } from "../../limits.ts";
import { checkBudget } from "../../origin/check-budget.ts";
import { compileHealth, compileOrigin } from "../compile/pool.ts";
import type { NormalPool } from "../normalize.ts";
import type { Path } from "../source.ts";
import { parseDurationMs, parseStatusRange } from "../units.ts";
import { checkAuth } from "./auth.ts";
import { checkBalance } from "./balance.ts";
import { checkHealthTarget } from "./check-target.ts";
import { lineOf, report, reportKey } from "./context.ts";
import type { CheckContext } from "./context.ts";
import { checkPoolDurations } from "./durations.ts";
import { checkOriginUrl } from "./origin-url.ts";
import { checkReference } from "./references.ts";
import { checkServiceName } from "./secrets.ts";

export function checkPools(context: CheckContext): void {
  for (const [name, pool] of Object.entries(context.config.pools)) {
    const path = ["pools", name];
    const urlsAreGood = pool.origins.map((origin, index) => checkOriginUrl(context, origin, [...path, "origins", index])).every(Boolean);
    for (const [index, { service }] of pool.origins.entries()) checkServiceName(context, service, [...path, "origins", index, "service"]);
    if (urlsAreGood) checkOriginIds(context, pool, path);
    checkPrimary(context, name, pool, path);
    checkHash(context, pool, path);
    checkBalance(context, pool, path);
    checkCircuit(context, pool, path);
    checkHealthCheck(context, pool, path);
    checkHealthTarget(context, pool, path);
    checkAuth(context, pool, path);
    checkPoolDurations(context, pool, path);
    const known = Object.keys(context.config.pools);
    for (const fallback of pool.fallback) checkReference(context, [...path, "fallback"], { what: "pool", name: fallback, known });
    checkFallbacks(context, name, path);
  }
  checkUnused(context);
  checkRunBudget(context);
}

function checkOriginIds(context: CheckContext, pool: NormalPool, path: Path): void {
  const seen = new Map<string, Path>();
  for (const [index, origin] of pool.origins.entries()) {
    const { id } = compileOrigin(origin);
    const at = [...path, "origins", index];
    const first = seen.get(id);
    if (first === undefined) seen.set(id, at);
    else
      report(context, at, {
        code: "duplicate-origin",
        message: `The pool has an origin "${id}" already, in ${lineOf(context, first)}.`,
        fix: "Remove it, or give one of them a `name`.",
      });
  }
}

function checkPrimary(context: CheckContext, name: string, pool: NormalPool, path: Path): void {
  if (pool.origins.every((origin) => origin.backup)) {
    const fix = "Remove `backup: true` from one of them.";
    report(context, [...path, "origins"], {
      code: "no-primary",
      message: `All origins of the pool "${name}" are backups.`,
      expected: "an origin that is not",
      fix,
    });
  } else if (pool.origins.every((origin) => origin.backup || origin.weight === 0)) {
    const message = `No origin of the pool "${name}" takes traffic: all weights are 0.`;
    report(context, [...path, "origins"], {
      code: "no-primary",
      message,
      expected: "an origin with a weight of 1 or more",
      fix: "Give one of them a weight.",
    });
  }
}

function checkHash(context: CheckContext, pool: NormalPool, path: Path): void {
  if (typeof pool.balance === "string") return;
  const { by, name } = pool.balance.hash;
  const needsName = by === "header" || by === "cookie" || by === "query";
  const at = [...path, "balance", "hash"];
  if (needsName && name === undefined) {
    report(context, at, {
      code: "hash-name",
      message: `Hashing by ${by} needs its name.`,
      fix: `Write { hash: { by: ${by}, name: NAME } }.`,
    });
  } else if (!needsName && name !== undefined) {
    report(context, at, { code: "hash-name", message: `Hashing by ${by} takes no name.`, fix: "Remove `name`." });
  }
}

function checkCircuit(context: CheckContext, { circuit }: NormalPool, path: Path): void {
  if ((parseDurationMs(circuit.open) ?? 0) <= (parseDurationMs(circuit.openMax) ?? 0)) return;
  const message = `The circuit opens for ${circuit.open}, longer than its limit \`openMax\` of ${circuit.openMax}.`;
  report(context, [...path, "circuit", "open"], { code: "out-of-range", message, fix: "Raise `openMax`, or lower `open`." });
}

function checkHealthCheck(context: CheckContext, { health }: NormalPool, path: Path): void {
  if (health === undefined) return;
  const at = [...path, "health"];
  for (const [index, range] of health.expect.entries()) {
    if (parseStatusRange(String(range)) !== null) continue;
    report(context, [...at, "expect", index], {
      code: "out-of-range",
      message: "The range ends before it begins.",
      found: String(range),
      fix: "Write the lower status first.",
    });
  }
  const [intervalMs, timeoutMs] = [parseDurationMs(health.interval) ?? 0, parseDurationMs(health.timeout) ?? 0];
  if (timeoutMs > intervalMs) {
    const message = "A check must end before the next one begins.";
    report(context, [...at, "timeout"], {
      code: "out-of-range",
      message,
      expected: `at most ${health.interval}`,
      found: health.timeout,
      fix: "Lower `timeout`, or raise `interval`.",
    });
  }
  if (health.method === "HEAD" && health.body !== undefined) {
    report(context, [...at, "body"], {
      code: "conflicting-options",
      message: "An answer to HEAD has no body to look into.",
      fix: "Use `method: GET`.",
    });
  }
}

/** Walks the tree of fallbacks; each cycle is reported once, at the pool whose name comes first. */
function checkFallbacks(context: CheckContext, name: string, path: Path): void {
  const fallbacksOf = (pool: string): readonly string[] => context.config.pools[pool]?.fallback ?? [];
  const cycle = pathBackTo(name, fallbacksOf);
  if (cycle !== null) {
    if (cycle.toSorted()[0] !== name) return;
    const message = `The fallbacks go in a circle: ${[...cycle, name].join(" -> ")}.`;
    return report(context, [...path, "fallback"], { code: "fallback-cycle", message, fix: "Let the last pool have no fallback." });
  }
  const pools = [...reachable(name, fallbacksOf)];
  if (pools.length <= POOL_FALLBACKS_MAX) return;
  const message = `One request may come to ${pools.length} pools by fallbacks: ${pools.join(", ")}.`;
  report(context, [...path, "fallback"], {
    code: "fallback-chain",
    message,
    expected: `at most ${POOL_FALLBACKS_MAX}`,
    fix: "Leave out some of them.",
  });
}

type Next = (pool: string) => readonly string[];

/** The pools on a way from the pool to itself; null when there is none. */
function pathBackTo(name: string, next: Next): readonly string[] | null {
  const seen = new Set<string>();
  const walk = (at: string, way: readonly string[]): readonly string[] | null => {
    for (const pool of next(at)) {
      if (pool === name) return way;
      if (seen.has(pool)) continue;
      seen.add(pool);
      const found = walk(pool, [...way, pool]);
      if (found !== null) return found;
    }
    return null;
  };
  return walk(name, [name]);
}

function reachable(name: string, next: Next): ReadonlySet<string> {
  const found = new Set([name]);
  for (const pool of found) for (const other of next(pool)) found.add(other);
  return found;
}

/** Silent while a name leads nowhere: it was probably meant to be one of these. */
function checkUnused(context: CheckContext): void {
  if (context.diagnostics.some((diagnostic) => diagnostic.code === "dangling-pool")) return;
  const { pools, sites, firewall } = context.config;
  const used = new Set([
    ...sites.flatMap((site) => site.routes.flatMap((route) => Object.keys(route.pool?.split ?? {}))),
    ...Object.values(pools).flatMap((pool) => pool.fallback),
    ...firewall.map((rule) => rule.action.set?.pool ?? ""),
  ]);
  for (const name of Object.keys(pools).filter((candidate) => !used.has(candidate))) {
    const checked = pools[name]?.health === undefined ? "" : "; it is health-checked all the same";
    const message = `No route, no fallback and no rule uses the pool "${name}"${checked}.`;
    reportKey(context, ["pools", name], { severity: "warning", code: "unused-pool", message, fix: "Remove it, or use it." });
  }
}

/** The cron has one run a minute: what does not fit is refused here, with the arithmetic, not dropped there. */
function checkRunBudget(context: CheckContext): void {
  if (context.diagnostics.some((diagnostic) => diagnostic.severity === "error" && diagnostic.path[0] === "pools")) return;
  const pools = Object.entries(context.config.pools).flatMap(([name, { origins, health }]) =>
    health === undefined ? [] : [{ name, origins: origins.map(compileOrigin), health: compileHealth(health) }],
  );
  const budget = checkBudget(pools, context.config.alerts !== undefined);
  const fix = "Raise `interval` or lower `timeout` of the pools with the most checks, or check fewer origins.";
  const found = budget.arithmetic.join("; ");
  if (!budget.fitsPaidPlan || !budget.fitsTime) {
    reportKey(context, ["pools"], { code: "check-budget", message: "The health checks do not fit into one run of the cron.", found, fix });
  } else if (!budget.fitsFreePlan) {
    const message = "The health checks do not fit the platform's free plan; on it they run less often.";
    reportKey(context, ["pools"], { severity: "warning", code: "check-budget", message, found, fix });
  }
}
