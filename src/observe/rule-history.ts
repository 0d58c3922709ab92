// What one rule did in the last days, as it is kept for all isolates together: counts by the hour, and the newest samples. Pure: time
// is a parameter, and records are replaced, never changed. Knows neither storage nor network; used by platform/rule-stats.ts.

import { isCount, isRecord, parseJson } from "../json-document.ts";
import { RULE_STATS_KEPT_MS, RULE_STATS_SAMPLES_MAX } from "../limits.ts";
import { hourOf, type RuleCount, type RuleSample } from "./rule-counts.ts";

export interface RuleRecord {
  readonly rule: string;
  readonly did: string;
  readonly lastAtMs: number;
  /** Beginnings of hours with their counts, in the order of time. */
  readonly hours: readonly (readonly [hourMs: number, count: number])[];
  /** The newest first. */
  readonly samples: readonly RuleSample[];
}

/** The record with what an isolate counted. Times that are ahead of `nowMs` count as now, so that they do not stay for ever. */
export function withCount(record: RuleRecord | null, added: RuleCount, nowMs: number): RuleRecord {
  const hourMs = Math.min(added.hourMs, hourOf(nowMs));
  const hours = new Map(record?.hours);
  hours.set(hourMs, (hours.get(hourMs) ?? 0) + added.count);
  const samples = [...added.samples.map((sample) => ({ ...sample, atMs: Math.min(sample.atMs, nowMs) })), ...(record?.samples ?? [])];
  return {
    rule: added.rule,
    did: added.did,
    lastAtMs: Math.max(record?.lastAtMs ?? 0, Math.min(added.lastAtMs, nowMs)),
    hours: [...hours].toSorted(([a], [b]) => a - b),
    samples: samples.toSorted((a, b) => b.atMs - a.atMs).slice(0, RULE_STATS_SAMPLES_MAX),
  };
}

/** The record without what is older than it is kept; null when nothing is left. */
export function withoutOld(record: RuleRecord, nowMs: number): RuleRecord | null {
  const fromMs = nowMs - RULE_STATS_KEPT_MS;
  if (record.lastAtMs < fromMs) return null;
  const hours = record.hours.filter(([hourMs]) => hourMs >= hourOf(fromMs));
  const samples = record.samples.filter(({ atMs }) => atMs >= fromMs);
  return { ...record, hours, samples };
}

/** Matches from the hour on in which `sinceMs` is. */
export function countSince({ hours }: RuleRecord, sinceMs: number): number {
  const fromMs = hourOf(sinceMs);
  return hours.reduce((sum, [hourMs, count]) => (hourMs >= fromMs ? sum + count : sum), 0);
}

export function encodeRecord({ lastAtMs, hours, samples }: RuleRecord): string {
  return JSON.stringify({ lastAtMs, hours, samples });
}

/** Null for a text that another version wrote in another form: counting then begins anew. */
export function decodeRecord(names: Pick<RuleRecord, "rule" | "did">, text: string): RuleRecord | null {
  const value = parseJson(text);
  if (!isRecord(value)) return null;
  const { lastAtMs, hours, samples } = value;
  if (!isCount(lastAtMs) || !Array.isArray(hours) || !Array.isArray(samples)) return null;
  if (!hours.every((hour) => Array.isArray(hour) && hour.length === 2 && hour.every(isCount))) return null;
  if (!samples.every((sample) => isRecord(sample) && isCount(sample["atMs"]))) return null;
  return { ...names, lastAtMs, hours: hours as RuleRecord["hours"], samples: samples as RuleRecord["samples"] };
}
