// The isolate's memory of its origins: circuits, last outcomes, requests in flight, round-robin credits, retry budgets, and who
// answered which route. One factory; the object is handed in through the isolate, nothing here is global. All rules are in the
// pure modules; the table only keeps their states and forgets origins that left the release.

import type { CircuitSnapshot, PoolSnapshot } from "../config/snapshot.ts";
import { EVIDENCE_MS, RECENT_ATTEMPTS } from "../limits.ts";
import { countRequest, countRetry, emptyBudget, mayRetry } from "./budget.ts";
import type { Budget } from "./budget.ts";
import { beginAttempt, circuitPhase, closedCircuit, observe } from "./circuit.ts";
import type { Admission, Circuit, CircuitOutcome, CircuitPhase } from "./circuit.ts";
import { originKey } from "./health.ts";
import { createLeases } from "./leases.ts";
import type { Leases } from "./leases.ts";
import type { LocalView, Standing } from "./merge.ts";
import type { Credits } from "./policy.ts";
import { addRecent } from "./recent.ts";
import type { Recent } from "./recent.ts";

export interface OriginTable {
  /** Drops what belongs to origins, pools and routes that this release does not have. Cheap when the release is the same. */
  keepOnly(release: string, pools: ReadonlyMap<string, PoolSnapshot>): void;
  local(key: string): LocalView;
  inFlight(key: string, nowMs: number): number;
  credits(pool: string): Credits;
  setCredits(pool: string, credits: Credits): void;
  /** An attempt begins; its ticket must be reported. */
  begin(standing: Standing, nowMs: number, upSinceMs: number | null): Ticket;
  /** How an attempt came out. Only the first report of a ticket counts. */
  report(ticket: Ticket, report: Report): void;
  mayRetry(pool: string, nowMs: number): boolean;
  countRequest(pool: string, nowMs: number): void;
  countRetry(pool: string, nowMs: number): void;
  /** Whether an attempt was answered well, whatever that says about the circuit. */
  countOutcome(key: string, good: boolean, nowMs: number): void;
  noteAnswer(routeId: string, key: string, nowMs: number): void;
  /** Whether another origin answered this route well since shortly before `sinceMs`. */
  anotherAnswered(routeId: string, key: string, sinceMs: number): boolean;
  /** Bytes of request bodies that are kept for a second attempt. */
  readonly replayBytes: Leases;
  /** For `status` and `explain`. */
  describe(nowMs: number): readonly OriginStatus[];
}

/** One attempt that has begun. */
export interface Ticket {
  readonly key: string;
  readonly admission: Admission;
  readonly beganAtMs: number;
}

export interface Report {
  readonly outcome: CircuitOutcome;
  readonly retryAfterMs: number | null;
  readonly settings: CircuitSnapshot;
  readonly nowMs: number;
  readonly random: number;
}

export interface OriginStatus {
  readonly key: string;
  readonly circuit: CircuitPhase;
  readonly openUntilMs: number | null;
  readonly inFlight: number;
  /** Of the last requests. */
  readonly seen: number;
  readonly good: number;
}

interface OriginRecord {
  circuit: Circuit;
  recent: Recent;
  healthProbeAtMs: number | null;
  readonly flights: Leases;
}

interface PoolRecord {
  credits: Credits;
  budget: Budget;
}

export function createOriginTable(): OriginTable {
  const origins = new Map<string, OriginRecord>();
  const pools = new Map<string, PoolRecord>();
  /** By route id, then origin key: when that origin last answered it well. */
  const answers = new Map<string, Map<string, number>>();
  /** Weak, because a request may end without a report. */
  const flying = new WeakMap<Ticket, () => void>();
  let keptRelease: string | null = null;

  const origin = (key: string): OriginRecord => ensure(origins, key, newOrigin);
  const pool = (name: string): PoolRecord => ensure(pools, name, newPool);

  return {
    keepOnly(release, wanted) {
      if (release === keptRelease) return;
      keptRelease = release;
      const keys = new Set([...wanted.values()].flatMap(({ name, origins: members }) => members.map(({ id }) => originKey(name, id))));
      for (const key of origins.keys()) if (!keys.has(key)) origins.delete(key);
      for (const name of pools.keys()) if (!wanted.has(name)) pools.delete(name);
      // Routes are learned again within a request or two; telling old from new is not worth its code.
      answers.clear();
    },
    local: (key) => origins.get(key) ?? UNKNOWN,
    inFlight: (key, nowMs) => origins.get(key)?.flights.inUse(nowMs) ?? 0,
    credits: (name) => pool(name).credits,
    setCredits(name, credits) {
      pool(name).credits = credits;
    },
    begin(standing, nowMs, upSinceMs) {
      const record = origin(standing.key);
      const begun = beginAttempt(record.circuit, nowMs, upSinceMs);
      record.circuit = begun.circuit;
      if (standing.reason === "health-probe") record.healthProbeAtMs = nowMs;
      const ticket: Ticket = { key: standing.key, admission: begun.admission, beganAtMs: nowMs };
      flying.set(ticket, record.flights.take(1, nowMs));
      return ticket;
    },
    report(ticket, report) {
      const land = flying.get(ticket);
      if (land === undefined) return;
      flying.delete(ticket);
      land();
      const record = origins.get(ticket.key);
      if (record === undefined) return;
      record.circuit = observe(record.circuit, { ...report, admission: ticket.admission, beganAtMs: ticket.beganAtMs });
    },
    mayRetry: (name, nowMs) => mayRetry(pool(name).budget, nowMs),
    countRequest(name, nowMs) {
      pool(name).budget = countRequest(pool(name).budget, nowMs);
    },
    countRetry(name, nowMs) {
      pool(name).budget = countRetry(pool(name).budget, nowMs);
    },
    countOutcome(key, good, nowMs) {
      const record = origin(key);
      record.recent = addRecent(record.recent, { atMs: nowMs, good }, RECENT_ATTEMPTS);
    },
    noteAnswer(routeId, key, nowMs) {
      ensure(answers, routeId, () => new Map<string, number>()).set(key, nowMs);
    },
    anotherAnswered(routeId, key, sinceMs) {
      for (const [other, atMs] of answers.get(routeId) ?? []) if (other !== key && atMs >= sinceMs - EVIDENCE_MS) return true;
      return false;
    },
    replayBytes: createLeases(),
    describe: (nowMs) => [...origins].map(([key, record]) => describeOrigin(key, record, nowMs)),
  };
}

function describeOrigin(key: string, record: OriginRecord, nowMs: number): OriginStatus {
  const circuit = circuitPhase(record.circuit, nowMs);
  return {
    key,
    circuit,
    openUntilMs: circuit === "closed" ? null : record.circuit.openUntilMs,
    inFlight: record.flights.inUse(nowMs),
    seen: record.recent.length,
    good: record.recent.filter(({ good }) => good).length,
  };
}

const UNKNOWN: LocalView = { circuit: closedCircuit(), recent: [], healthProbeAtMs: null };

function newOrigin(): OriginRecord {
  return { ...UNKNOWN, flights: createLeases() };
}

function newPool(): PoolRecord {
  return { credits: new Map(), budget: emptyBudget() };
}

function ensure<V>(map: Map<string, V>, key: string, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
