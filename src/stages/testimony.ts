// Part of the stage fetch: what the attempts of one request say about the origins, told to the origin table. A failure that may be
// the request's own fault is held back until another origin has answered the same route, or the request is over. It decides
// nothing about the request itself.

import type { Exchange } from "../exchange.ts";
import type { Failure } from "../origin/classify.ts";
import type { Standing } from "../origin/merge.ts";
import type { OriginTable, Ticket } from "../origin/table.ts";
import { verdictOf } from "../origin/verdict.ts";
import type { Ports } from "../ports.ts";

export interface Testimony {
  readonly exchange: Exchange;
  readonly ports: Ports;
  readonly table: OriginTable;
  readonly routeId: string;
  /** Attempts whose failure counts only if another origin answers. */
  readonly suspects: Suspect[];
}

export interface Suspect {
  readonly ticket: Ticket;
  readonly standing: Standing;
  readonly retryAfterMs: number | null;
}

/** Tells the table how the attempt came out, or puts it among the suspects until another origin has answered. */
export function report(testimony: Testimony, failure: Failure | null, suspect: Suspect): void {
  const { table, ports, routeId } = testimony;
  const { ticket, standing } = suspect;
  const nowMs = ports.clock.nowMs();
  if (failure?.kind !== "client-gone") table.countOutcome(standing.key, failure === null, nowMs);
  if (failure === null) table.noteAnswer(routeId, standing.key, nowMs);
  const verdict = verdictOf(failure);
  if (verdict.kind === "now") return observed(testimony, suspect, verdict.outcome);
  if (table.anotherAnswered(routeId, standing.key, ticket.beganAtMs)) return observed(testimony, suspect, "failure");
  testimony.suspects.push(suspect);
}

/** At the end of the request: guilty are those whose route another origin has answered meanwhile. */
export function settleSuspects(testimony: Testimony): void {
  for (const suspect of testimony.suspects.splice(0)) {
    const guilty = testimony.table.anotherAnswered(testimony.routeId, suspect.standing.key, suspect.ticket.beganAtMs);
    observed(testimony, suspect, guilty ? "failure" : "neutral");
  }
}

function observed(testimony: Testimony, suspect: Suspect, outcome: Parameters<OriginTable["report"]>[1]["outcome"]): void {
  const { exchange, table, ports } = testimony;
  const settings = exchange.state.ruleset.pools.get(suspect.standing.pool)?.circuit;
  if (settings === undefined) return;
  const { ticket, retryAfterMs } = suspect;
  table.report(ticket, { outcome, retryAfterMs, settings, nowMs: ports.clock.nowMs(), random: ports.random.next() });
}
