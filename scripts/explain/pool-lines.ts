// The pools of an explanation for a person: policy, fallbacks, whom the request prefers, each origin's standing with what the checks
// and operators say, and on what all that rests. Pure; print.ts calls it.

import { overrideText, whyText } from "../health/table.ts";
import { printable, type Painter } from "../output/paint.ts";
import { policyText } from "../output/policy-text.ts";
import { table } from "../output/table.ts";
import { formatAgo } from "../output/time.ts";
import type { ExplainedOrigin, ExplainedPool, ExplainedState } from "./pools.ts";

const COLUMNS = [
  { title: "ORIGIN" },
  { title: "USE" },
  { title: "WHY" },
  { title: "WEIGHT", align: "right" },
  { title: "CHECKS" },
  { title: "OPERATOR" },
] as const;

const DOUBTED: Readonly<Record<NonNullable<ExplainedPool["checks"]>, string | null>> = {
  fresh: null,
  decaying: "its checks are too old to be believed when they say down",
  useless: "its checks are missing, or too old to be believed",
};

/** Policy, preference and origins of one pool. */
export function poolLines(pool: ExplainedPool, atMs: number, paint: Painter): readonly string[] {
  const chain = pool.fallbacks.length === 0 ? "no fallback pool" : `then the pool ${pool.fallbacks.join(", then ")}`;
  const sticky = pool.sticky === null ? "" : `, a visitor stays by the cookie ${pool.sticky}`;
  const rows = pool.origins.map((origin) => cells(origin, atMs, paint));
  return [
    printable(`  ${policyText(pool.policy)}${sticky}; ${chain}`),
    ...doubtLines(pool.checks, paint),
    ...preferenceLines(pool).map((line) => printable(`  ${line}`)),
    ...table(COLUMNS, rows).map((line) => `  ${line}`),
  ];
}

function doubtLines(checks: ExplainedPool["checks"], paint: Painter): readonly string[] {
  const doubt = checks === null ? null : DOUBTED[checks];
  return doubt === null ? [] : [paint("yellow", `  ${doubt}`)];
}

function preferenceLines({ prefers, policy }: ExplainedPool): readonly string[] {
  if (prefers === null) return [];
  const { key, origins } = prefers;
  const names = origins.length === 0 ? "none: no origin may be used" : origins.join(", ");
  if (prefers.by === "geo") return [`this request prefers ${names}, by where --country says that the visitor is`];
  const [, ...by] = policyText(policy).split(" ");
  if (key === null) return [`this request has nothing to hash ${by.join(" ")}, so any origin may be taken`];
  return [`this request prefers ${names}, ${by.join(" ")}: ${JSON.stringify(key)}`];
}

function cells(origin: ExplainedOrigin, atMs: number, paint: Painter): readonly string[] {
  const { id, use, reason, weight, backup, check, override } = origin;
  const colour = use === "serving" ? "green" : use === "excluded" ? "red" : "yellow";
  return [
    printable(`${id}${backup ? " (backup)" : ""}`),
    paint(colour, use),
    reason,
    String(Math.round(weight * 100) / 100),
    check === null ? "" : printable(`${check.state} since ${formatAgo(check.sinceMs, atMs)}, ${whyText(check)}`),
    override === null ? "" : overrideText(override, atMs),
  ];
}

/** What the standings of all pools rest on. */
export function stateLines({ atMs, health, healthWhy, overrides }: ExplainedState): readonly string[] {
  const checks =
    health === null ? `none known (${healthWhy ?? "no document"})` : `as of ${formatAgo(health.asOfMs, atMs)} from ${health.region}`;
  return [
    printable(`  checks: ${checks}`),
    `  operators: ${overrides === "read" ? "as the store has it" : "not read"}`,
    "  circuits: known to the Worker's isolates only, so all count as closed here; breakwater status shows those of one",
  ];
}
