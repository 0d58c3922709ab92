// Sends one event to the webhook, once: signed, without following redirects, without reading the answer. The result is a value,
// never an exception. Whether it is tried again is the caller's affair: scheduled.ts, and the admin API for a test.

import type { AlertsSnapshot } from "../config/snapshot.ts";
import { ALERT_TIMEOUT_MS } from "../limits.ts";
import type { Ports } from "../ports.ts";
import type { AlertEvent } from "./alert.ts";
import type { Sleep } from "./check.ts";
import { classifyError, failureText } from "./classify.ts";
import { importHmacKey, timedSignature } from "../hmac.ts";

/** refused: the receiver does not want it, now or later. unsigned: the secret that the config names is not there. */
export interface AlertSent {
  readonly outcome: "delivered" | "refused" | "failed" | "unsigned";
  /** For people: `status 204`, `no answer in 5000 ms`. Never the webhook's address, which may hold a secret. */
  readonly detail: string;
}

export interface AlertSendInput {
  readonly alerts: AlertsSnapshot;
  readonly event: AlertEvent;
  readonly ports: Pick<Ports, "fetcher" | "secrets" | "clock">;
  readonly sleep: Sleep;
}

export async function sendAlert(input: AlertSendInput): Promise<AlertSent> {
  const { alerts, event, ports } = input;
  const secret = alerts.secret === null ? null : ports.secrets.get(alerts.secret);
  // A receiver that relies on signatures must never get one event without.
  if (secret === null && alerts.secret !== null) return { outcome: "unsigned", detail: `the Worker has no secret ${alerts.secret}` };
  const body = JSON.stringify(event);
  const headers = new Headers({
    "content-type": "application/json",
    "user-agent": "breakwater-alert",
    "idempotency-key": event.id,
    "x-breakwater-event-id": event.id,
  });
  if (secret !== null) {
    const key = await importHmacKey(secret);
    headers.set("x-breakwater-signature", await timedSignature(key, ports.clock.nowMs(), `.${body}`));
  }
  return post(input, headers, new TextEncoder().encode(body));
}

async function post({ alerts, ports, sleep }: AlertSendInput, headers: Headers, body: Uint8Array): Promise<AlertSent> {
  const request = new AbortController();
  const finished = new AbortController();
  const silent: AlertSent = { outcome: "failed", detail: `no answer in ${ALERT_TIMEOUT_MS} ms` };
  const asked = ports.fetcher.fetch(alerts.url, {
    method: "POST",
    headers,
    body,
    signal: request.signal,
    resolveOverride: null,
    service: null,
    originKey: "webhook",
  });
  try {
    return await Promise.race([asked.then(judge, broken), sleep(ALERT_TIMEOUT_MS, finished.signal).then(() => silent)]);
  } finally {
    finished.abort();
    request.abort();
  }
}

function judge(response: Response): AlertSent {
  const { status, ok } = response;
  response.body?.cancel().catch(() => undefined);
  const detail = `status ${status}`;
  if (ok) return { outcome: "delivered", detail };
  const isFinal = status >= 400 && status < 500 && status !== 408 && status !== 429;
  return {
    outcome: isFinal ? "refused" : "failed",
    detail: status >= 300 && status < 400 ? `${detail}, redirects are not followed` : detail,
  };
}

function broken(error: unknown): AlertSent {
  return { outcome: "failed", detail: failureText(classifyError(error, { timedOut: false, clientGone: false })) };
}
