// POST /_breakwater/alert-test: sends a test event to the webhook of the release in force, with the Worker's own secret and network,
// once, and says how it went. It changes nothing.

import { testEvent } from "../origin/alert.ts";
import { sendAlert, type AlertSent } from "../origin/alert-send.ts";
import { pause } from "../origin/pause.ts";
import type { Ports } from "../ports.ts";
import type { Ruleset } from "../ruleset.ts";

export interface AlertTested extends AlertSent {
  /** Of the event: what the receiver got as X-Breakwater-Event-Id. */
  readonly id: string;
  readonly signed: boolean;
}

/** Null when the release names no webhook. */
export async function alertTest(
  { alerts, release }: Pick<Ruleset, "alerts" | "release">,
  region: string,
  ports: Ports,
): Promise<AlertTested | null> {
  if (alerts === null) return null;
  const event = testEvent({ id: ports.random.id(), release, region, nowMs: ports.clock.nowMs() });
  const sent = await sendAlert({ alerts, event, ports, sleep: pause });
  ports.log.write({ event: "alert", test: true, id: event.id, ...sent });
  return { id: event.id, signed: alerts.secret !== null && sent.outcome !== "unsigned", ...sent };
}
