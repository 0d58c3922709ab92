// Part of the stage fetch: what the attempts of one request say about the origins, told to the origin table. A failure that may be
// the request's own fault is held back until another origin has answered the request, or it is over. It decides nothing about the
// request itself.

import type { Exchange } from "../exchange.ts";
import type { CircuitOutcome } from "../origin/circuit.ts";
import type { Failure } from "../origin/classify.ts";
import type { Standing } from "../origin/merge.ts";
import type { Markers } from "../origin/markers.ts";
import type { CircuitChange, OriginTable, Report, Ticket } from "../origin/table.ts";
import { verdictOf } from "../origin/verdict.ts";
import type { Ports } from "../ports.ts";

export interface Testimony {
  readonly exchange: Exchange;
  readonly ports: Ports;
  readonly table: OriginTable;
  readonly markers: Markers;
  readonly routeId: string;
  /** Attempts whose failure counts only if another origin answers well. */
  readonly suspects: Suspect[];
}

export interface Suspect {
  readonly ticket: Ticket;
  readonly standing: Standing;
  readonly retryAfterMs: number | null;
}

/** Tells the table how the attempt came out, or puts it among the suspects. A good answer is what proves them guilty. */
export function report(testimony: Testimony, failure: Failure | null, suspect: Suspect): void {
  const { table, ports, routeId, suspects } = testimony;
  const { standing } = suspect;
  const nowMs = ports.clock.nowMs();
  if (failure?.kind !== "client-gone") table.countOutcome(standing.key, failure === null, nowMs);
  const verdict = verdictOf(failure);
  if (verdict.kind === "now") {
    if (failure === null) for (const guilty of suspects.splice(0)) reportOutcome(testimony, guilty, "failure");
    return reportOutcome(testimony, suspect, verdict.outcome);
  }
  table.routes.failed(routeId, standing.key, nowMs);
  if (isOwnFault(testimony, suspect)) return reportOutcome(testimony, suspect, "failure");
  suspects.push(suspect);
}

/** At the end of the request, which no origin has answered well. */
export function settleSuspects(testimony: Testimony): void {
  for (const suspect of testimony.suspects.splice(0))
    reportOutcome(testimony, suspect, isOwnFault(testimony, suspect) ? "failure" : "neutral");
}

function isOwnFault({ table, routeId }: Testimony, { standing, ticket }: Suspect): boolean {
  return table.routes.anotherIsWell(routeId, standing.key, ticket.beganAtMs);
}

/** Tells the table, at once. */
export function reportOutcome(testimony: Testimony, { ticket, standing, retryAfterMs }: Suspect, outcome: CircuitOutcome): void {
  tell(testimony, standing, (base) => testimony.table.report(ticket, { ...base, outcome, retryAfterMs }));
}

/** The body of a good answer broke afterwards. */
export function reportBroken(testimony: Testimony, standing: Standing): void {
  const { table, ports } = testimony;
  table.countOutcome(standing.key, false, ports.clock.nowMs());
  tell(testimony, standing, (base) => table.observe(standing.key, { ...base, outcome: "failure", retryAfterMs: null }));
}

/** What opens or closes a circuit here is told to the other isolates of the data centre. */
function tell({ exchange, markers, ports }: Testimony, standing: Standing, observe: (base: ReportBase) => CircuitChange | null): void {
  const pool = exchange.state.ruleset.pools.get(standing.pool);
  if (pool === undefined) return;
  const change = observe({ settings: pool.circuit, nowMs: ports.clock.nowMs(), random: ports.random.next() });
  if (change !== null) markers.tell(pool, { originId: standing.origin.id, ...change }, ports);
}

type ReportBase = Omit<Report, "outcome" | "retryAfterMs">;
