// The table of the origins' health for a person, with its age below it. Pure. Used by `health` and `health --watch`, and by other
// tables for the operator's word.

import type { OriginHealth } from "../../src/origin/health.ts";
import type { OriginOverride } from "../../src/origin/overrides.ts";
import { printable, type Painter } from "../output/paint.ts";
import { table } from "../output/table.ts";
import { formatAgo, formatDuration } from "../output/time.ts";
import { HEALTH_STALE_MS, type HealthRow, type HealthView } from "./view.ts";

const COLUMNS = [
  { title: "ORIGIN" },
  { title: "STATE" },
  { title: "SINCE" },
  { title: "WHY" },
  { title: "RTT", align: "right" },
  { title: "REGION" },
  { title: "OPERATOR" },
] as const;

export function healthLines(view: HealthView, paint: Painter, nowMs: number): readonly string[] {
  const region = printable(view.document?.region ?? "");
  return [
    ...table(
      COLUMNS,
      view.rows.map((row) => cells(row, { region, paint, nowMs })),
    ),
    ...ageLines(view, paint),
  ];
}

function cells(row: HealthRow, of: { region: string; paint: Painter; nowMs: number }): readonly string[] {
  const { origin, health, checked, override } = row;
  const word = override === null ? "" : overrideText(override, of.nowMs);
  const state = stateText(health, checked, of.paint);
  if (health === null) return [printable(origin), state, "", "", "", "", word];
  const rtt = health.rttMs === null ? "" : `${Math.round(health.rttMs)} ms`;
  return [printable(origin), state, formatAgo(health.sinceMs, of.nowMs), printable(whyText(health)), rtt, of.region, word];
}

function stateText(health: OriginHealth | null, checked: boolean, paint: Painter): string {
  if (!checked) return paint("dim", "no checks");
  if (health === null) return paint("yellow", "unknown");
  return health.state === "up" ? paint("green", "up") : paint("red", "down");
}

/** `status: status 503`; with how many checks in a row say so where they disagree with the state and may soon change it. */
export function whyText({ state, why, detail, passes, failures }: OriginHealth): string {
  const said = detail === "" ? why : `${why}: ${detail}`;
  if (state === "up" && failures > 0) return `${said}, ${failures} failed in a row`;
  return state === "down" && passes > 0 ? `${said}, ${passes} passed in a row` : said;
}

/** `drain for 12 min more, by kim: new disk`. */
export function overrideText(override: OriginOverride, nowMs: number): string {
  const state = override.state === "weight" ? `weight ${override.weight ?? 0}` : override.state;
  const until = override.untilMs === null ? "" : ` for ${formatDuration(override.untilMs - nowMs)} more`;
  const by = override.by === "" ? "" : `, by ${override.by}`;
  return printable(`${state}${until}${by}${override.reason === "" ? "" : `: ${override.reason}`}`);
}

function ageLines({ document, why, hasChecks, ageMs, stale }: HealthView, paint: Painter): readonly string[] {
  if (!hasChecks) return ["No pool of this release has health checks."];
  if (document === null)
    return [paint("yellow", printable(`warning: there is no health of the origins: ${why ?? "the document is missing"}`))];
  const line = `As of ${formatDuration(ageMs)} ago, generation ${document.generation}.`;
  if (!stale) return [line];
  const old = `warning: that is older than ${HEALTH_STALE_MS / 1000} s, so the checks do not run; look at the cron: npx wrangler tail`;
  return [line, paint("yellow", old)];
}
