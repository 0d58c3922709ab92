// GET /_breakwater/rule-stats?hours=24&samples=3&rule=ID: what rules did in the last hours, on all isolates of all data centres. This
// is the query and what comes back; who may ask is decided before. It changes nothing.

import { RULE_STATS_KEPT_MS, RULE_STATS_SAMPLES_MAX, RULES_MAX } from "../limits.ts";
import { hourOf } from "../observe/rule-counts.ts";
import type { RuleStats, RuleStatsLine, RuleStatsQuery } from "../ports.ts";
import { fail, ok, type Result } from "../result.ts";

export interface RuleStatsAnswer {
  readonly nowMs: number;
  /** The beginning of the first hour that is counted. */
  readonly sinceMs: number;
  /** The release that the isolate which answers has in force; null without one. */
  readonly release: string | null;
  readonly rules: readonly RuleStatsLine[];
}

const HOUR_MS = 3_600_000;
const HOURS_DEFAULT = 24;
const HOURS_MAX = RULE_STATS_KEPT_MS / HOUR_MS;

/** The error is a sentence. */
export function readStatsQuery(params: URLSearchParams, nowMs: number): Result<RuleStatsQuery, string> {
  const hours = wholeNumber(params.get("hours"), HOURS_DEFAULT);
  if (hours === null || hours < 1 || hours > HOURS_MAX) return fail(`hours: expected a whole number from 1 to ${HOURS_MAX}`);
  const samples = wholeNumber(params.get("samples"), 0);
  if (samples === null || samples > RULE_STATS_SAMPLES_MAX)
    return fail(`samples: expected a whole number from 0 to ${RULE_STATS_SAMPLES_MAX}`);
  const rules = params.getAll("rule");
  if (rules.length > RULES_MAX) return fail(`rule: expected ${RULES_MAX} at most`);
  return ok({ sinceMs: hourOf(nowMs - hours * HOUR_MS), rules, samples });
}

/** @throws what the port throws. */
export async function ruleStatsAnswer(
  stats: RuleStats,
  query: RuleStatsQuery,
  of: Pick<RuleStatsAnswer, "nowMs" | "release">,
): Promise<RuleStatsAnswer> {
  return { nowMs: of.nowMs, sinceMs: query.sinceMs, release: of.release, rules: await stats.read(query) };
}

function wholeNumber(text: string | null, otherwise: number): number | null {
  if (text === null) return otherwise;
  return /^\d{1,6}$/.test(text) ? Number(text) : null;
}
