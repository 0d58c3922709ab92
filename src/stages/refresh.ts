// Part of the stage admit: the outcome of a request that no visitor waits for, the refresh of a stale response that was served
// (RFC 5861 3) or the whole of which parts were asked for. It is stored, or not. An origin that fails changes nothing: the next request
// decides.

import type { Exchange } from "../exchange.ts";
import type { Plan } from "../plan.ts";
import type { Ports } from "../ports.ts";
import { contradicts, datable, isFailure, judge, refuse, type Admission, type Answered } from "./admission.ts";
import { confirm } from "./confirm.ts";
import { discard, readEntry, type StoredAt } from "./found.ts";
import type { Flight } from "../cache/flights.ts";
import type { StoredResponse } from "../cache/stored.ts";
import type { FetchOutcome } from "./fetch-outcome.ts";
import { streamAndStore } from "./stream-store.ts";

export interface AnsweredRefresh {
  /** What was served; null for a whole that was not stored. */
  readonly refresh: StoredAt | null;
  readonly outcome: FetchOutcome;
  /** Those who wait for the outcome; null when nobody does. Whoever called ends it. */
  readonly flight: Flight | null;
}

/** @param exchange - With a digest of its own: nothing of this is part of what happened to the visitor. */
export async function admitRefresh(exchange: Exchange, ports: Ports, plan: Plan, answered: AnsweredRefresh): Promise<void> {
  const { refresh, outcome, flight } = answered;
  if (plan.cache.use === "bypass" || outcome.kind === "failed") return;
  const facts = { ...exchange.facts, method: "GET" };
  const own: Exchange = { ...exchange, facts };
  const admission: Admission = { exchange: own, ports, plan, cached: plan.cache, flight };
  const { response } = outcome;
  if (response.status === 304 && refresh !== null) return await refreshed(admission, refresh, outcome);
  if (isFailure(response.status)) return discard(response);
  const verdict = judge(admission, datable(admission, outcome));
  if (verdict.store) {
    streamAndStore(admission, { outcome, verdict, isAwaited: false });
    return;
  }
  refuse(admission, response.status, verdict.reason);
  discard(response);
  if (refresh !== null && contradicts(response.status, verdict.reason)) await ports.cache.delete(refresh.entryUrl);
}

/** The bytes that share the entry are read again; whoever has replaced the entry meanwhile knows better. */
async function refreshed(admission: Admission, refresh: StoredAt, outcome: Answered): Promise<void> {
  const read = await readEntry(admission.ports.cache, refresh.entryUrl, refresh.stored.key);
  if (read?.entry.kind !== "response" || !isSameStored(read.entry.response, refresh.stored)) {
    if (read !== null) discard(read.response);
    return;
  }
  const bytes = refresh.stored.bodyKey === null ? new Uint8Array(await read.response.arrayBuffer()) : null;
  confirm({ admission, at: refresh, bytes, outcome });
}

/** Another variant may have taken the place. */
function isSameStored(one: StoredResponse, other: StoredResponse): boolean {
  return one.requestedAtMs === other.requestedAtMs && one.variant === other.variant && one.bodyKey === other.bodyKey;
}
