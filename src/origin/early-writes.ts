// Changes of state that are written while their run still checks: a verdict that falls in the third round need not wait for the last
// one. A lane writes between two of its checks, so that a write is no seventh connection, and only while a check is still to come;
// what fails is tried again after the next check, and the run's end writes what is left over. The webhook is told then, once for
// the run, so that one that hangs delays no verdict; until then the document that shows a change also says that it is to be told.
// Called by scheduled.ts.

import { HEALTH_WRITE_GATHER_MS } from "../limits.ts";
import type { Clock } from "../ports.ts";
import { keptTransitions, pendingTransitions } from "./alert.ts";
import type { Sleep } from "./check.ts";
import type { BeforeCheck, Findings } from "./check-run.ts";
import { healthWriteNeeded } from "./check-state.ts";
import type { HealthDocument } from "./health.ts";
import { withUndelivered, type HealthWrites } from "./health-writes.ts";

export interface EarlyWritesInput {
  readonly writes: HealthWrites;
  /** The document of the last run; null when there is none. */
  readonly previous: HealthDocument | null;
  /** Changes will be told to a webhook. */
  readonly alerts: boolean;
  /** How often the run may write before its end. */
  readonly writesMax: number;
  readonly clock: Clock;
  readonly sleep: Sleep;
}

/** The run's end must find one write left: what the last checks say, or that the webhook was told. */
const WRITES_WANTED = 2;

export function createEarlyWrites(input: EarlyWritesInput): BeforeCheck {
  const { writes, clock, sleep } = input;
  let isBusy = false;
  let left = input.writesMax;
  let seen = 0;
  const writeUntil = async (untilMs: number, found: Findings): Promise<void> => {
    while (left > 0) {
      const first = found.transitions[seen];
      if (first === undefined) return;
      const nowMs = clock.nowMs();
      const dueAtMs = Math.max(nowMs, first.sinceMs + HEALTH_WRITE_GATHER_MS);
      if (dueAtMs > untilMs || !writes.allows(WRITES_WANTED, nowMs)) return;
      if (dueAtMs > nowMs) await sleep(dueAtMs - nowMs, null);
      const known = found.transitions.length;
      const document = onRecord(found, input);
      // What went down and came back meanwhile is as it was.
      if (healthWriteNeeded(writes.last(), document, Number.POSITIVE_INFINITY)) {
        left -= 1;
        // The next check, or the run's end, finds it unwritten.
        if ((await writes.write(document)) !== null) return;
      }
      seen = known;
    }
  };
  return async (atMs, found) => {
    if (isBusy) return;
    isBusy = true;
    await writeUntil(atMs, found);
    isBusy = false;
  };
}

function onRecord({ transitions, document }: Findings, { previous, alerts, clock }: EarlyWritesInput): HealthDocument {
  if (!alerts) return document();
  return withUndelivered(document(), keptTransitions(pendingTransitions(previous?.undelivered ?? [], transitions, clock.nowMs())));
}
