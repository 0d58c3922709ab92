// How `health --watch` shows what it knows: on a terminal a table that is drawn over itself, in a pipe a block with its time for each
// change, with --json a line for each change. What only grows older is no change. Never reads the store.

import { EXIT } from "../output/exit-codes.ts";
import { printable, type Painter } from "../output/paint.ts";
import { redraw, type TerminalSize } from "../output/redraw.ts";
import { formatAgo, formatDuration, formatTime } from "../output/time.ts";
import { healthLines, whyText } from "./table.ts";
import { healthJson, healthView, type HealthRow, type HealthView } from "./view.ts";
import { watchedExit, type Watched } from "./watched.ts";

export interface ScreenInput {
  /** Between the end of one read and the begin of the next. */
  readonly everyMs: number;
  readonly json: boolean;
  readonly paint: Painter;
  /** Null where the output goes to a pipe or a file. */
  terminalSize(): TerminalSize | null;
  nowMs(): number;
  write(text: string): void;
}

/** A function that shows what is known now, if there is anything new to show. */
export function createScreen(screen: ScreenInput): (watched: Watched) => void {
  let drawn = 0;
  let shown = "";
  return (watched) => {
    const nowMs = screen.nowMs();
    const view = watched.read === null ? null : healthView(watched.read, nowMs);
    const size = screen.json ? null : screen.terminalSize();
    if (size !== null) {
      const frame = redraw([headline(screen, nowMs), ...lines(watched, view, screen)], drawn, size);
      drawn = frame.drawn;
      screen.write(frame.text);
      return;
    }
    const news = signature(watched, view);
    if (news === shown) return;
    const gap = shown === "" ? "" : "\n";
    shown = news;
    const block = [formatTime(nowMs), ...lines(watched, view, screen)];
    screen.write(screen.json ? `${JSON.stringify(document(watched, view, nowMs))}\n` : `${gap}${block.join("\n")}\n`);
  };
}

function headline({ everyMs, paint }: ScreenInput, nowMs: number): string {
  return paint("dim", `${formatTime(nowMs)}, again every ${formatDuration(everyMs)}; Ctrl-C ends`);
}

function lines({ problem, readAtMs }: Watched, view: HealthView | null, screen: ScreenInput): readonly string[] {
  const nowMs = screen.nowMs();
  const table = view === null ? [] : healthLines(view, screen.paint, nowMs);
  if (problem === null) return table;
  // First, because a narrow terminal shows only the begin of a line.
  const age = view === null ? "nothing was read yet" : `last read ${formatAgo(readAtMs, nowMs)}`;
  const why = problem.why === "" ? "" : `: ${problem.why}`;
  return [screen.paint("yellow", printable(`warning: ${age}; ${problem.what}${why}`)), ...table];
}

function document(watched: Watched, view: HealthView | null, nowMs: number): Readonly<Record<string, unknown>> {
  const { read, readAtMs, problem } = watched;
  const known = view === null ? { asOfMs: null, ageMs: null, stale: null, region: null, origins: [] } : healthJson(view);
  const store = { readAtMs: read === null ? null : readAtMs, problem: problem === null ? null : { what: problem.what, why: problem.why } };
  return { ok: watchedExit(watched, nowMs) === EXIT.ok, atMs: nowMs, ...known, store };
}

/** Equal for two states that a person would call the same: without ages, round trips and times of checks. */
function signature({ problem }: Watched, view: HealthView | null): string {
  const state = view === null ? null : [view.stale, view.why, view.document?.region, view.rows.map(rowSignature)];
  return JSON.stringify([problem, state]);
}

function rowSignature({ origin, health, checked, override }: HealthRow): unknown {
  return [origin, checked, override, health === null ? null : [health.state, health.sinceMs, whyText(health)]];
}
