// The cron's work: the active checks of all origins, the health document that follows from them, and the webhook that is told of
// changes. KV is written only when there is something new to say, a change of state within the run and the rest at its end: what
// the webhook has not taken is part of that, so that an event is delivered or on record before its change is, or in the same write.
// It never throws for an origin's sake. Called by index.ts.

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
import { RUN_EVERY_MS, earlyWritesMax } from "./origin/check-budget.ts";
import { checkOrigins, type CheckRunOutcome } from "./origin/check-run.ts";
import { healthWriteNeeded } from "./origin/check-state.ts";
import { createEarlyWrites } from "./origin/early-writes.ts";
import { parseHealthDocument } from "./origin/health.ts";
import type { HealthDocument } from "./origin/health.ts";
import { createHealthWrites, withUndelivered, type HealthWrites } from "./origin/health-writes.ts";
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

/** One run of the cron: reads the last document, checks, tells the webhook, and writes what is new. */
export async function checkHealth(run: HealthRun): Promise<HealthRunOutcome> {
  const ended = await runToEnd(run);
  run.ports.log.write({ event: "health-run", ...ended });
  return ended.outcome;
}

/** As it is logged. */
interface Ended extends Readonly<Record<string, unknown>> {
  readonly outcome: HealthRunOutcome;
}

async function runToEnd(run: HealthRun): Promise<Ended> {
  const { ports, plan, ruleset, region, sleep = pause } = run;
  const { clock } = ports;
  const endsAtMs = clock.nowMs() + CHECK_RUN_MS_MAX;
  let text: string | null;
  try {
    text = await ports.config.get(HEALTH_KEY);
  } catch (error) {
    return { outcome: "unreadable", message: String(error) };
  }
  const parsed = text === null ? null : parseHealthDocument(text);
  const previous = parsed?.ok === true ? parsed.value : null;
  const isPaid = plan === "paid";
  const alerts = ruleset.alerts !== null;
  const subrequests = isPaid ? SUBREQUESTS_PAID_PLAN : SUBREQUESTS_FREE_PLAN;
  const writes = createHealthWrites({ ports, previous, allowance: isPaid ? null : FREE_WRITES, sleep });
  const writesMax = earlyWritesMax(ruleset.pools.values(), { subrequests, alerts });
  const beforeCheck = createEarlyWrites({ writes, previous, alerts, writesMax, clock, sleep });
  const auth = run.auth ?? createAuthKeys();
  const found = await checkOrigins({ ruleset, previous, ports, auth, region, alerts, subrequests, sleep, beforeCheck });
  const early = writes.count();
  const ended: Ended = writes.allows(1, found.document.asOfMs)
    ? await publish(run, { previous, found, writes, endsAtMs })
    : { outcome: "postponed" };
  return { ...ended, early, ...summaryOf(found.document, parsed) };
}

interface RunFound {
  readonly previous: HealthDocument | null;
  readonly found: CheckRunOutcome;
  readonly writes: HealthWrites;
  /** When the run must be over. */
  readonly endsAtMs: number;
}

/** The run's end: tells the webhook, and writes what was not written within the run. */
async function publish(
  { ruleset, ports, plan, sleep = pause }: HealthRun,
  { previous, found, writes, endsAtMs }: RunFound,
): Promise<Ended> {
  const telling = await beginTelling({ ruleset, ports, sleep, endsAtMs }, { previous, ...found });
  const next = withUndelivered(found.document, telling?.undelivered ?? []);
  const isWanted = healthWriteNeeded(writes.last(), next, writes.count() > 0 ? Number.POSITIVE_INFINITY : heartbeatMs(plan));
  const failure = isWanted ? await writes.write(next) : null;
  // The verdicts are out; what the webhook did not take at once has the rest of the run, and then the next runs.
  const isSettled = await telling?.goOn();
  if (isSettled === true && failure === null && writes.allows(1, found.document.asOfMs)) await writes.write(found.document);
  if (failure !== null) return { outcome: "write-failed", message: failure };
  return { outcome: writes.count() > 0 ? "written" : "unchanged" };
}

/** Half a run of slack: runs do not end at the same second of every minute. */
function heartbeatMs(plan: HealthRun["plan"]): number {
  return (plan === "paid" ? HEALTH_HEARTBEAT_PAID_MS : HEALTH_HEARTBEAT_FREE_MS) - RUN_EVERY_MS / 2;
}

function summaryOf({ origins }: HealthDocument, parsed: ReturnType<typeof parseHealthDocument> | null): Readonly<Record<string, unknown>> {
  const keys = Object.keys(origins);
  const down = keys.filter((key) => origins[key]?.state === "down");
  return { origins: keys.length, down, ...(parsed?.ok === false ? { discarded: parsed.error.message } : {}) };
}
