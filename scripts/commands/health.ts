// breakwater health: what the cron's checks say of every origin, with the operators' word beside it, once or again with every change.
// Read from the store, so that it works when the Worker does not. A document older than 180 s means that the checks do not run, and
// is exit code 2.

import type { Command } from "commander";
import { healthLines } from "../health/table.ts";
import { createHealthReader, healthExit, healthJson, healthView, type HealthView } from "../health/view.ts";
import { watchHealth } from "../health/watch.ts";
import { EXIT } from "../output/exit-codes.ts";
import { failure, usageFailure, type Failure } from "../output/failure.ts";
import { printed, report, type Report } from "../output/report.ts";
import { parseDuration } from "../output/time.ts";
import { withStore, type Run } from "./options.ts";
import { openStore, type Session, type StoreOptions } from "./session.ts";

interface HealthOptions extends StoreOptions {
  readonly watch?: boolean;
  readonly every?: string;
  readonly for?: string;
}

const EVERY_DEFAULT = "5s";

export function addHealth(program: Command, run: Run): void {
  const command = program
    .command("health")
    .description("what the health checks say of every origin; exit code 2 when that is older than 180 s")
    .option("--watch", "show it again whenever it changes, until Ctrl-C; with --json one line for each change")
    .option("--every <duration>", `with --watch: how often the store is read (default: ${EVERY_DEFAULT})`)
    .option("--for <duration>", "with --watch: end after so long, with the exit code that health has then");
  withStore(command).action((options: HealthOptions) =>
    run(options, (session) => (options.watch === true ? watch(session, options) : health(session, options))),
  );
}

async function health(session: Session, options: HealthOptions): Promise<Report> {
  for (const name of ["every", "for"] as const)
    if (options[name] !== undefined) throw usageFailure(`--${name} needs --watch`, "for example: breakwater health --watch --for 1m");
  const { store } = await openStore(session, options);
  const read = await createHealthReader(store)();
  const nowMs = session.nowMs();
  const view = healthView(read, nowMs);
  if (view.document === null && view.hasChecks) throw missing(view);
  return report(healthLines(view, session.paint, nowMs), healthJson(view), healthExit(view));
}

function missing({ why, rows }: HealthView): Failure {
  return failure({
    what: "there is no health of the origins",
    why: why ?? "the document is missing",
    fix: "look whether the cron runs: npx wrangler tail    (on this machine npm start runs it)",
    exit: EXIT.usage,
    data: { asOfMs: null, stale: true, origins: rows },
  });
}

async function watch(session: Session, options: HealthOptions): Promise<Report> {
  const everyMs = durationOf("every", options.every ?? EVERY_DEFAULT);
  const forMs = options.for === undefined ? null : durationOf("for", options.for);
  const ended = new AbortController();
  const { store } = await openStore(session, options, ended.signal);
  try {
    return printed(
      await watchHealth({
        everyMs,
        forMs,
        interrupted: session.interruption(),
        json: options.json === true,
        paint: session.paint,
        terminalSize: () => session.terminalSize(),
        nowMs: () => session.nowMs(),
        sleep: (ms, signal) => session.sleep(ms, signal),
        write: (text) => session.write(text),
        read: createHealthReader(store),
      }),
    );
  } finally {
    ended.abort();
  }
}

function durationOf(name: string, text: string): number {
  const duration = parseDuration(text);
  if (!duration.ok) throw usageFailure(`--${name}: ${duration.error}`, "for example: breakwater health --watch --every 5s --for 1m");
  return duration.value;
}
