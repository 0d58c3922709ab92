// Telling the webhook of what one run of the checks found, and of what it did not take in runs before: a first try, whose outcome the
// health document says, and further ones while the run lasts. Never throws. Called by scheduled.ts.

import type { AlertsSnapshot } from "../config/snapshot.ts";
import { ALERT_RETRY_MS, ALERT_TIMEOUT_MS, ALERT_TRIES_MAX } from "../limits.ts";
import type { Ports } from "../ports.ts";
import type { Ruleset } from "../ruleset.ts";
import { alertEvent, keptTransitions, pendingTransitions, type AlertEvent } from "./alert.ts";
import { sendAlert, type AlertSent } from "./alert-send.ts";
import type { Sleep } from "./check.ts";
import type { HealthDocument, Transition } from "./health.ts";

export interface Telling {
  /** What the webhook has not taken at the first try. */
  readonly undelivered: readonly Transition[];
  /** Tries again while the run lasts. True when nothing is left to deliver that was before. */
  goOn(): Promise<boolean>;
}

export interface TellingContext {
  readonly ruleset: Pick<Ruleset, "release" | "pools" | "alerts">;
  readonly ports: Pick<Ports, "fetcher" | "secrets" | "clock" | "log">;
  readonly sleep: Sleep;
  /** When the run must be over. */
  readonly endsAtMs: number;
}

export interface Found {
  readonly previous: HealthDocument | null;
  readonly document: HealthDocument;
  readonly transitions: readonly Transition[];
}

/** The first try. Null when there is nothing to tell or nobody to be told. */
export async function beginTelling(context: TellingContext, { previous, document, transitions: found }: Found): Promise<Telling | null> {
  const { ruleset, ports } = context;
  const { alerts } = ruleset;
  const transitions = pendingTransitions(previous?.undelivered ?? [], found, ports.clock.nowMs());
  if (alerts === null || transitions.length === 0) return null;
  const event = await alertEvent({ ruleset, document, transitions });
  const sent = await sendAlert({ ...context, alerts, event });
  if (!isWaiting(sent)) {
    logAlert(ports, event, sent, 1);
    return { undelivered: [], goOn: () => Promise.resolve(false) };
  }
  return { undelivered: keptTransitions(transitions), goOn: () => tellAgain(context, { alerts, event, first: sent }) };
}

interface Again {
  readonly alerts: AlertsSnapshot;
  readonly event: AlertEvent;
  readonly first: AlertSent;
}

async function tellAgain(context: TellingContext, { alerts, event, first }: Again): Promise<boolean> {
  const { ports, sleep, endsAtMs } = context;
  let sent = first;
  let tries = 1;
  let waitMs = ALERT_RETRY_MS;
  // Without its secret no try of this isolate comes out otherwise.
  while (sent.outcome === "failed" && tries < ALERT_TRIES_MAX && ports.clock.nowMs() + waitMs + ALERT_TIMEOUT_MS <= endsAtMs) {
    await sleep(waitMs, null);
    sent = await sendAlert({ ...context, alerts, event });
    tries += 1;
    waitMs *= 3;
  }
  logAlert(ports, event, sent, tries);
  return !isWaiting(sent);
}

function isWaiting({ outcome }: AlertSent): boolean {
  return outcome === "failed" || outcome === "unsigned";
}

function logAlert({ log }: Pick<Ports, "log">, event: AlertEvent, { outcome, detail }: AlertSent, tries: number): void {
  log.write({ event: "alert", outcome, id: event.id, transitions: event.transitions.length, tries, detail });
}
