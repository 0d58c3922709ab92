// The cron's work: the active checks of all origins, the health document that follows from them, and the webhook that is told of
// changes. KV is written only when there is something new to say: what the webhook has not taken is part of that, so that an
// event is delivered or on record before its change is. It never throws for an origin's sake. Called by index.ts.

import {
  CHECK_RUN_MS_MAX,
  HEALTH_HEARTBEAT_FREE_MS,
  HEALTH_HEARTBEAT_PAID_MS,
  HEALTH_WRITES_AT_ONCE_FREE,
  HEALTH_WRITE_FREE_MS,
  SUBREQUESTS_FREE_PLAN,
  SUBREQUESTS_PAID_PLAN,
} from "./limits.ts";
import { beginTelling } from "./origin/alert-run.ts";
import { createAuthKeys, type AuthKeys } from "./origin/auth.ts";
import type { Sleep } from "./origin/check.ts";
import { RUN_EVERY_MS } from "./origin/check-budget.ts";
import { checkOrigins } from "./origin/check-run.ts";
import { healthWriteNeeded, writesLeft } from "./origin/check-state.ts";
import { parseHealthDocument } from "./origin/health.ts";
import type { HealthDocument, Transition } from "./origin/health.ts";
import { pause } from "./origin/pause.ts";
import type { Ports } from "./ports.ts";
import { HEALTH_KEY } from "./release/keys.ts";
import type { Ruleset } from "./ruleset.ts";

export interface HealthRun {
  readonly ruleset: Pick<Ruleset, "release" | "pools" | "alerts">;
  readonly ports: Pick<Ports, "fetcher" | "connector" | "secrets" | "clock" | "config" | "log">;
  /** What the isolate keeps for signing requests to origins. */
  readonly auth?: AuthKeys;
  /** Data centre that the run is in, or `unknown`. */
  readonly region: string;
  /** The platform's plan: what a run may ask for, and how often KV may be written. */
  readonly plan: "free" | "paid";
  readonly sleep?: Sleep;
}

/**
 * unreadable: KV gave no answer, and a document made without the last one could call a dead origin up. postponed: the plan's
 * writes are spent for now; nobody is told of anything, and the next run finds it again.
 */
export type HealthRunOutcome = "written" | "unchanged" | "postponed" | "unreadable" | "write-failed";

const FREE_WRITES = { everyMs: HEALTH_WRITE_FREE_MS, atOnce: HEALTH_WRITES_AT_ONCE_FREE };

/** One run of the cron: reads the last document, checks, tells the webhook, and writes the new one if it says something new. */
export async function checkHealth(run: HealthRun): Promise<HealthRunOutcome> {
  const { ports, plan, ruleset, region, sleep = pause } = run;
  const startedAtMs = ports.clock.nowMs();
  const finish = (outcome: HealthRunOutcome, more: Readonly<Record<string, unknown>> = {}): HealthRunOutcome => {
    ports.log.write({ event: "health-run", outcome, ...more });
    return outcome;
  };
  let text: string | null;
  try {
    text = await ports.config.get(HEALTH_KEY);
  } catch (error) {
    return finish("unreadable", { message: String(error) });
  }
  const parsed = text === null ? null : parseHealthDocument(text);
  const previous = parsed?.ok === true ? parsed.value : null;
  const paid = plan === "paid";
  const { document: found, transitions } = await checkOrigins({
    ruleset,
    previous,
    ports,
    auth: run.auth ?? createAuthKeys(),
    region,
    alerts: ruleset.alerts !== null,
    subrequests: paid ? SUBREQUESTS_PAID_PLAN : SUBREQUESTS_FREE_PLAN,
    sleep,
  });
  const left = paid ? null : writesLeft(previous, found.asOfMs, FREE_WRITES);
  if (left !== null && left < 1) return finish("postponed", summaryOf(found, parsed));
  const document = withWritesLeft(found, left === null ? null : left - 1);
  const telling = await beginTelling(
    { ruleset, ports, sleep, endsAtMs: startedAtMs + CHECK_RUN_MS_MAX },
    { previous, document, transitions },
  );
  const next = withUndelivered(document, telling?.undelivered ?? []);
  const summary = summaryOf(next, parsed);
  // Half a run of slack: runs do not end at the same second of every minute.
  const heartbeatMs = (paid ? HEALTH_HEARTBEAT_PAID_MS : HEALTH_HEARTBEAT_FREE_MS) - RUN_EVERY_MS / 2;
  const wanted = healthWriteNeeded(previous, next, heartbeatMs);
  const failure = wanted ? await write(ports, next) : null;
  // The verdicts are out; what the webhook did not take at once has the rest of the run, and then the next runs.
  const isSettled = await telling?.goOn();
  const mayWriteAgain = left === null || left >= 2;
  if (isSettled === true && failure === null && mayWriteAgain) await write(ports, withWritesLeft(found, left === null ? null : left - 2));
  if (failure !== null) return finish("write-failed", { ...summary, message: failure });
  return finish(wanted ? "written" : "unchanged", summary);
}

function summaryOf({ origins }: HealthDocument, parsed: ReturnType<typeof parseHealthDocument> | null): Readonly<Record<string, unknown>> {
  const keys = Object.keys(origins);
  const down = keys.filter((key) => origins[key]?.state === "down");
  return { origins: keys.length, down, ...(parsed?.ok === false ? { discarded: parsed.error.message } : {}) };
}

function withWritesLeft(document: HealthDocument, left: number | null): HealthDocument {
  return left === null ? document : { ...document, writesLeft: Math.floor(left * 1000) / 1000 };
}

/** What KV said against it; null when it is written. */
async function write({ config }: HealthRun["ports"], document: HealthDocument): Promise<string | null> {
  try {
    await config.put(HEALTH_KEY, JSON.stringify(document));
    return null;
  } catch (error) {
    return String(error);
  }
}

function withUndelivered(document: HealthDocument, undelivered: readonly Transition[]): HealthDocument {
  return undelivered.length > 0 ? { ...document, undelivered } : document;
}
