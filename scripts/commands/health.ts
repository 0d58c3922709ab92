// breakwater health: what the cron's checks say of every origin, with the operators' word beside it. Read from the store, so that
// it works when the Worker does not. A document older than 180 s means that the checks do not run, and is exit code 2.

import type { Command } from "commander";
import { activeOverride, type OriginOverride, type Overrides } from "../../src/origin/overrides.ts";
import { originKey, type HealthDocument, type OriginHealth } from "../../src/origin/health.ts";
import type { Snapshot } from "../../src/config/snapshot.ts";
import { EXIT } from "../output/exit-codes.ts";
import { failure } from "../output/failure.ts";
import { printable, type Painter } from "../output/paint.ts";
import { report, type Report } from "../output/report.ts";
import { table } from "../output/table.ts";
import { formatAgo, formatDuration } from "../output/time.ts";
import { readHealth, readOverrides, requirePointer, requireRelease } from "../store/documents.ts";
import { withStore, type Run } from "./options.ts";
import { openStore, type Session, type StoreOptions } from "./session.ts";

/** From then on a Worker no longer takes a `down` at its word (see docs/origins). */
export const HEALTH_STALE_MS = 180_000;

export interface HealthRow {
  readonly origin: string;
  /** Null: never checked, or the pool has no checks. */
  readonly health: OriginHealth | null;
  readonly checked: boolean;
  readonly override: OriginOverride | null;
}

export function addHealth(program: Command, run: Run): void {
  const command = program
    .command("health")
    .description("what the health checks say of every origin; exit code 2 when that is older than 180 s");
  withStore(command).action((options: StoreOptions) => run(options, (session) => health(session, options)));
}

async function health(session: Session, options: StoreOptions): Promise<Report> {
  const { store } = await openStore(session, options);
  const { snapshot } = await requireRelease(store, (await requirePointer(store)).release);
  const { document, why } = await readHealth(store);
  const nowMs = session.nowMs();
  const rows = healthRows(snapshot, document, await readOverrides(store), nowMs);
  const hasChecks = rows.some((row) => row.checked);
  if (document === null && hasChecks) {
    throw failure({
      what: "there is no health of the origins",
      why: why ?? "the document is missing",
      fix: "look whether the cron runs: npx wrangler tail    (on this machine npm start runs it)",
      exit: EXIT.usage,
      data: { asOfMs: null, stale: true, origins: rows },
    });
  }
  const ageMs = document === null ? 0 : nowMs - document.asOfMs;
  const stale = hasChecks && isStale(ageMs);
  const json = { asOfMs: document?.asOfMs ?? null, ageMs, stale, region: document?.region ?? null, origins: rows };
  return report(
    [...healthTable(rows, { paint: session.paint, nowMs, document }), ...ageLines(document, ageMs, stale, session.paint)],
    json,
    stale ? EXIT.usage : EXIT.ok,
  );
}

export function isStale(ageMs: number): boolean {
  return ageMs > HEALTH_STALE_MS;
}

/** Every origin of the release, in the order of its pools. */
export function healthRows(snapshot: Snapshot, document: HealthDocument | null, overrides: Overrides, nowMs: number): readonly HealthRow[] {
  return snapshot.pools.flatMap((pool) =>
    pool.origins.map(({ id }) => {
      const origin = originKey(pool.name, id);
      const known = document !== null && Object.hasOwn(document.origins, origin) ? (document.origins[origin] ?? null) : null;
      return { origin, health: known, checked: pool.health !== null, override: activeOverride(overrides, origin, nowMs) };
    }),
  );
}

interface TableInput {
  readonly paint: Painter;
  readonly nowMs: number;
  readonly document: HealthDocument | null;
}

function healthTable(rows: readonly HealthRow[], { paint, nowMs, document }: TableInput): readonly string[] {
  const columns = [
    { title: "ORIGIN" },
    { title: "STATE" },
    { title: "SINCE" },
    { title: "WHY" },
    { title: "RTT", align: "right" as const },
    { title: "REGION" },
    { title: "OPERATOR" },
  ];
  return table(
    columns,
    rows.map(({ origin, health: known, checked, override }) => [
      printable(origin),
      stateText(known, checked, paint),
      known === null ? "" : formatAgo(known.sinceMs, nowMs),
      known === null ? "" : printable(known.why === "ok" ? "ok" : `${known.why}: ${known.detail}`),
      known?.rttMs === null || known === null ? "" : `${Math.round(known.rttMs)} ms`,
      known === null ? "" : printable(document?.region ?? ""),
      override === null ? "" : overrideText(override, nowMs),
    ]),
  );
}

function stateText(known: OriginHealth | null, checked: boolean, paint: Painter): string {
  if (!checked) return paint("dim", "no checks");
  if (known === null) return paint("yellow", "unknown");
  return known.state === "up" ? paint("green", "up") : paint("red", "down");
}

/** `drain for 12 min more, by kim: new disk`. */
export function overrideText(override: OriginOverride, nowMs: number): string {
  const state = override.state === "weight" ? `weight ${override.weight ?? 0}` : override.state;
  const until = override.untilMs === null ? "" : ` for ${formatDuration(override.untilMs - nowMs)} more`;
  const by = override.by === "" ? "" : `, by ${override.by}`;
  return printable(`${state}${until}${by}${override.reason === "" ? "" : `: ${override.reason}`}`);
}

function ageLines(document: HealthDocument | null, ageMs: number, stale: boolean, paint: Painter): readonly string[] {
  if (document === null) return ["No pool of this release has health checks."];
  const line = `As of ${formatDuration(ageMs)} ago, generation ${document.generation}.`;
  if (!stale) return [line];
  return [
    line,
    paint(
      "yellow",
      `warning: that is older than ${HEALTH_STALE_MS / 1000} s, so the checks do not run; look at the cron: npx wrangler tail`,
    ),
  ];
}
