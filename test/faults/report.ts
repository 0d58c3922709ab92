// The table, for a terminal and as Markdown. Pure.

import type { Figures } from "./figures.ts";

export interface Result {
  readonly title: string;
  readonly goal: string;
  /** Of Breakwater; empty when the goal is reached. */
  readonly missed: readonly string[];
  /** The row counts executions. */
  readonly countsExecutions: boolean;
  /** By subject; null where the row is not for that subject. */
  readonly figures: readonly (Figures | null)[];
}

export interface Report {
  readonly subjects: readonly string[];
  readonly results: readonly Result[];
}

export const LEGEND =
  "failed / slower than 0.9 s / p99 ms / requests at origins per visitor's request; for POST also: executed twice. Of the requests under way during the fault.";

export function asText(report: Report): string {
  const rows = table(report);
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return [LEGEND, "", ...lines].join("\n");
}

export function asMarkdown(report: Report): string {
  const [head = [], ...rows] = table(report);
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [LEGEND, "", line(head), line(head.map(() => "---")), ...rows.map(line), ""].join("\n");
}

/** The last line of the run. */
export function verdict({ results }: Report): string {
  return `${results.filter(({ missed }) => missed.length === 0).length} of ${results.length} rows at goal`;
}

/** One subject's figures, in the order of the legend. */
export function inShort(figures: Figures, countsExecutions: boolean): string {
  const { failed, slow, p99Ms, load, twice } = figures;
  const parts = [String(failed), String(slow), Number.isNaN(p99Ms) ? "-" : p99Ms.toFixed(0), load.toFixed(2)];
  return [...parts, ...(countsExecutions ? [String(twice)] : [])].join("/");
}

/** With what the table has no room for. */
export function inFull(figures: Figures, countsExecutions: boolean): string {
  const { requests, p99BeforeMs, failedOutside } = figures;
  const before = Number.isNaN(p99BeforeMs) ? "" : `; p99 before ${p99BeforeMs.toFixed(0)} ms`;
  const outside = failedOutside === 0 ? "" : `; ${failedOutside} failed before or after`;
  return `${inShort(figures, countsExecutions)} of ${requests}${before}${outside}`;
}

function table({ subjects, results }: Report): readonly (readonly string[])[] {
  const rows = results.map((result) => [
    result.title,
    ...result.figures.map((figures) => (figures === null ? "" : inShort(figures, result.countsExecutions))),
    result.goal,
    result.missed.length === 0 ? "yes" : "no",
  ]);
  return [["fault", ...subjects, "goal", "reached"], ...rows];
}
