// What rules did, as rows: the Worker's counts beside the rules of the release in force and how long each has been as it is. Pure.
// Rules without a match are rows too, and so are rules that are gone and matched before. Used by `rule stats`.

import type { RuleSnapshot } from "../../src/config/rule-snapshot.ts";
import { field } from "../store/rest.ts";
import type { HistoryEntry } from "../store/documents.ts";

/** `gone`: not in the release in force. */
export type RuleState = "on" | "log only" | "disabled" | "expired" | "gone";

export interface StatsRow {
  readonly rule: string;
  readonly state: RuleState;
  /** When it came or was last changed; null when that is not known. */
  readonly sinceMs: number | null;
  /** It was another rule of the same name before. */
  readonly changed: boolean;
  /** Matches by effect; what the rule does now is always there. */
  readonly counts: Readonly<Record<string, number>>;
  readonly lastAtMs: number | null;
  /** The newest first. */
  readonly samples: readonly StatsSample[];
}

export interface StatsSample {
  readonly did: string;
  readonly atMs: number;
  readonly id: string;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly status: number | null;
  readonly address: string;
  readonly country: string | null;
  readonly asn: number | null;
  readonly userAgent: string;
}

export interface StatsInput {
  /** Of the release in force. */
  readonly rules: readonly RuleSnapshot[];
  /** The Worker's answer, whatever its version. */
  readonly answer: unknown;
  /** Newest first. */
  readonly history: readonly HistoryEntry[];
  /** Ids; empty for all. */
  readonly wanted: readonly string[];
  /** At most, for each rule. */
  readonly samples: number;
  readonly nowMs: number;
}

/** In the order of the release, then those that are gone, the last to match first. */
export function statsRows(input: StatsInput): readonly StatsRow[] {
  const { rules, wanted } = input;
  const lines = linesOf(input.answer);
  const there = new Set(rules.map(({ id }) => id));
  const byRule = Map.groupBy(lines, ({ rule }) => rule);
  const rows = rules.map((rule) => rowOf(rule.id, { rule, lines: byRule.get(rule.id) ?? [] }, input));
  const gone = [...byRule].filter(([id]) => !there.has(id)).map(([id, its]) => rowOf(id, { rule: null, lines: its }, input));
  const all = [...rows, ...gone.toSorted((a, b) => (b.lastAtMs ?? 0) - (a.lastAtMs ?? 0))];
  return wanted.length === 0 ? all : all.filter(({ rule }) => wanted.includes(rule));
}

export interface RuleSince {
  readonly sinceMs: number | null;
  readonly changed: boolean;
}

/** When a rule came or was last changed, by what publications say of themselves; null when they do not reach back so far. */
export function ruleSince(id: string, history: readonly HistoryEntry[]): RuleSince {
  for (const { pointer, changes, from } of history) {
    const sinceMs = pointer.publishedAtMs;
    if (changes.includes(`rule ${id} added`)) return { sinceMs, changed: false };
    if (changes.includes(`rule ${id} changed`)) return { sinceMs, changed: true };
    // A long list of changes is cut, and this rule may be in the rest of it: in the first publication it must be.
    if (changes.some((line) => /^and \d+ more$/.test(line))) return { sinceMs: from === null ? sinceMs : null, changed: false };
  }
  return NOT_KNOWN;
}

const NOT_KNOWN: RuleSince = { sinceMs: null, changed: false };

interface Line {
  readonly rule: string;
  readonly did: string;
  readonly count: number;
  readonly lastAtMs: number;
  readonly samples: readonly StatsSample[];
}

function rowOf(id: string, of: { readonly rule: RuleSnapshot | null; readonly lines: readonly Line[] }, input: StatsInput): StatsRow {
  const { rule, lines } = of;
  const now = rule === null ? [] : [[effectOf(rule), 0] as const];
  const samples = lines.flatMap((line) => line.samples).toSorted((a, b) => b.atMs - a.atMs);
  return {
    rule: id,
    state: rule === null ? "gone" : stateOf(rule, input.nowMs),
    ...(rule === null ? NOT_KNOWN : ruleSince(id, input.history)),
    counts: Object.fromEntries([...now, ...lines.map(({ did, count }) => [did, count] as const)]),
    lastAtMs: lines.length === 0 ? null : Math.max(...lines.map(({ lastAtMs }) => lastAtMs)),
    samples: samples.slice(0, input.samples),
  };
}

/** As the Worker's rules name what they do. */
function effectOf({ action, mode }: RuleSnapshot): string {
  const deed = action.kind === "rateLimit" ? "rate-limit" : action.kind;
  return mode === "log" && deed !== "log" ? `would-${deed}` : deed;
}

function stateOf({ enabled, expiresAtMs, mode }: RuleSnapshot, nowMs: number): RuleState {
  if (!enabled) return "disabled";
  if (expiresAtMs !== null && expiresAtMs <= nowMs) return "expired";
  return mode === "log" ? "log only" : "on";
}

function linesOf(answer: unknown): readonly Line[] {
  const lines = field(answer, "rules");
  if (!Array.isArray(lines)) return [];
  return lines.flatMap((line: unknown): readonly Line[] => {
    const rule = field(line, "rule");
    const did = field(line, "did");
    if (typeof rule !== "string" || typeof did !== "string") return [];
    const samples = field(line, "samples");
    const read = Array.isArray(samples) ? samples.map((sample: unknown) => sampleOf(sample, did)) : [];
    return [{ rule, did, count: numberOf(line, "count") ?? 0, lastAtMs: numberOf(line, "lastAtMs") ?? 0, samples: read }];
  });
}

function sampleOf(sample: unknown, did: string): StatsSample {
  return {
    did,
    atMs: numberOf(sample, "atMs") ?? 0,
    id: textOf(sample, "id") ?? "",
    method: textOf(sample, "method") ?? "",
    host: textOf(sample, "host") ?? "",
    path: textOf(sample, "path") ?? "",
    status: numberOf(sample, "status"),
    address: textOf(sample, "address") ?? "",
    country: textOf(sample, "country"),
    asn: numberOf(sample, "asn"),
    userAgent: textOf(sample, "userAgent") ?? "",
  };
}

function numberOf(value: unknown, name: string): number | null {
  const found = field(value, name);
  // Beyond this no date can be printed.
  return typeof found === "number" && Math.abs(found) <= 8.64e15 ? found : null;
}

function textOf(value: unknown, name: string): string | null {
  const found = field(value, name);
  return typeof found === "string" ? found : null;
}
