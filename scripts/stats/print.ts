// What rules did, as lines for a person: a table with a column for each effect, the samples of each rule, and what to do next. Pure.
// Paths and user agents are what strangers sent, so every text is made safe for a terminal.

import { printable, type Painter } from "../output/paint.ts";
import { table, type Column } from "../output/table.ts";
import { formatAgo, formatDuration, formatTime } from "../output/time.ts";
import type { RuleState, StatsRow, StatsSample } from "./view.ts";

export interface StatsPage {
  readonly rows: readonly StatsRow[];
  /** The beginning of the first hour that is counted. */
  readonly sinceMs: number;
  readonly nowMs: number;
  readonly paint: Painter;
}

/** Other effects follow in the order of their names, under their names. */
const COLUMNS: readonly (readonly [did: string, title: string])[] = [
  ["block", "BLOCKED"],
  ["redirect", "REDIRECTED"],
  ["skip", "SKIPPED"],
  ["rate-limit", "RATE LIMITED"],
  ["rewrite", "REWRITTEN"],
  ["set", "SET"],
  ["score", "SCORED"],
  ["log", "LOGGED"],
  ["would-block", "WOULD BLOCK"],
  ["would-redirect", "WOULD REDIRECT"],
  ["would-skip", "WOULD SKIP"],
  ["would-rate-limit", "WOULD RATE LIMIT"],
];

const PAINTS = { on: "green", "log only": "yellow", disabled: "dim", expired: "dim", gone: "dim" } as const satisfies Record<
  RuleState,
  string
>;

export function statsLines({ rows, sinceMs, nowMs, paint }: StatsPage): readonly string[] {
  const from = `Requests since ${formatTime(sinceMs)} that rules matched, on all isolates of all data centres`;
  if (rows.length === 0) return [from, "There are no rules, and none matched before."];
  const effects = effectsOf(rows);
  const columns: readonly Column[] = [
    { title: "RULE" },
    { title: "MODE" },
    { title: "UNCHANGED FOR" },
    ...effects.map((did) => ({ title: titleOf(did), align: "right" as const })),
    { title: "LAST MATCH" },
  ];
  const cells = rows.map((row) => [
    printable(row.rule),
    paint(PAINTS[row.state], row.state),
    row.sinceMs === null ? "" : formatDuration(nowMs - row.sinceMs),
    ...effects.map((did) => countText(row.counts[did])),
    row.lastAtMs === null ? "" : formatAgo(row.lastAtMs, nowMs),
  ]);
  const samples = rows.flatMap((row) => sampleLines(row, paint));
  return [from, ...table(columns, cells), ...samples, ...changedLines(rows, sinceMs), ...adviceLines(rows)];
}

function effectsOf(rows: readonly StatsRow[]): readonly string[] {
  const found = new Set(rows.flatMap(({ counts }) => Object.keys(counts)));
  const known = COLUMNS.map(([did]) => did);
  return [...known.filter((did) => found.has(did)), ...[...found].filter((did) => !known.includes(did)).toSorted()];
}

function titleOf(did: string): string {
  return COLUMNS.find(([name]) => name === did)?.[1] ?? printable(did).replaceAll("-", " ").toUpperCase();
}

function countText(count: number | undefined): string {
  return count === undefined ? "" : count.toLocaleString("en-US");
}

function sampleLines({ rule, samples }: StatsRow, paint: Painter): readonly string[] {
  if (samples.length === 0) return [];
  return ["", paint("bold", `${printable(rule)}, last matches`), ...samples.flatMap(sampleText)];
}

function sampleText(sample: StatsSample): readonly string[] {
  const { atMs, did, method, host, path, status, address, country, asn, userAgent, id } = sample;
  const from = [address, country, asn === null ? null : `AS${asn}`].filter((part) => part !== null && part !== "");
  const first = `  ${formatTime(atMs)}  ${did}  ${method} ${host}${path}${status === null ? "" : `, answered ${status}`}`;
  const second = `      from ${from.join(" ")}${userAgent === "" ? "" : `, ${userAgent}`}, request ${id}`;
  return [printable(first), printable(second)];
}

/** A rule's counts go by its name: an earlier form of it is in them. */
function changedLines(rows: readonly StatsRow[], sinceMs: number): readonly string[] {
  const isMixed = (row: StatsRow): boolean => row.changed && row.lastAtMs !== null && (row.sinceMs ?? 0) > sinceMs;
  const changed = rows.filter(isMixed).map(({ rule }) => rule);
  return changed.length === 0 ? [] : ["", `Changed in this time, so counts of an earlier form may be among theirs: ${names(changed)}`];
}

function adviceLines(rows: readonly StatsRow[]): readonly string[] {
  const watched = rows.filter(({ state }) => state === "log only").map(({ rule }) => rule);
  if (watched.length === 0) return [];
  const [only = ""] = watched;
  const look = watched.length === 1 && rows.length > 1 ? [`What it matched: breakwater rule stats ${printable(only)}`] : [];
  const several = watched.length > 1 ? ["What one of them matched: breakwater rule stats ID"] : [];
  return [
    "",
    `Only logged, acting on nobody: ${names(watched)}`,
    ...look,
    ...several,
    `To let it act: breakwater rule enforce ${watched.length === 1 ? printable(only) : "ID"}`,
  ];
}

const NAMES_MAX = 8;

function names(all: readonly string[]): string {
  const left = all.length - NAMES_MAX;
  const shown = all.slice(0, NAMES_MAX).map(printable).join(", ");
  return left > 0 ? `${shown} and ${left} more` : shown;
}
