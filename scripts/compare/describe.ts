// Changes of a config in words: one line each for the history, and with their details for `diff`. Pure.

import { printable, type Painter } from "../output/paint.ts";
import type { SnapshotChange } from "./snapshots.ts";

const VALUE_LENGTH_MAX = 100;
/** Lines of one publication that the history keeps. */
const SUMMARY_LINES_MAX = 20;

const SIGNS = { added: "+", removed: "-", changed: "~", moved: "~" } as const;
const PAINTS = { added: "green", removed: "red", changed: "yellow", moved: "yellow" } as const;

/** `+ rule block-wp`, with a line for each changed place below a changed thing. */
export function changeLines(changes: readonly SnapshotChange[], paint: Painter): readonly string[] {
  return changes.flatMap((change) => {
    const first = paint(PAINTS[change.kind], printable(`${SIGNS[change.kind]} ${title(change)}`));
    return [first, ...change.details.map((detail) => printable(`    ${detail.path}: ${shown(detail.before)} -> ${shown(detail.after)}`))];
  });
}

/** For the history: `rule block-wp added`, `list scrapers: +3 -1`. */
export function summaryLines(changes: readonly SnapshotChange[]): readonly string[] {
  const lines = changes.map((change) => (change.summary === undefined ? `${label(change)} ${change.kind}` : title(change)));
  const left = lines.length - SUMMARY_LINES_MAX;
  return left > 0 ? [...lines.slice(0, SUMMARY_LINES_MAX), `and ${left} more`] : lines;
}

function title(change: SnapshotChange): string {
  if (change.summary !== undefined) return `${label(change)}: ${change.summary}`;
  return change.kind === "moved" ? `${label(change)} (another place in the order)` : label(change);
}

function label(change: SnapshotChange): string {
  return change.thing === "client" ? "client settings" : `${change.thing} ${change.name}`;
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return "(none)";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const quoted = typeof value === "string" && /^$|^\s|\s$|\n/.test(text) ? JSON.stringify(text) : text;
  return quoted.length > VALUE_LENGTH_MAX ? `${quoted.slice(0, VALUE_LENGTH_MAX)}…` : quoted;
}
