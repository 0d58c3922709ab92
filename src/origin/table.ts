// The isolate's memory of its origins: circuits, last outcomes, requests in flight, round-robin credits, retry budgets, and how
// they answer each route. One factory; the object is handed in through the isolate, nothing here is global. All rules are in the
// pure modules; the table only keeps their states and forgets origins that left the release.

import type { BudgetSnapshot, CircuitSnapshot, PoolSnapshot } from "../config/pool-snapshot.ts";
import { RECENT_ATTEMPTS, SILENT_HOLD_MS, SILENT_MS_MIN, SILENT_REQUESTS_MIN } from "../limits.ts";
import { budgetUse, countExtra, countRequest, emptyBudget, mayHedge, mayRetry } from "./budget.ts";
import type { Budget } from "./budget.ts";
import { beginAttempt, circuitPhase, closedCircuit, halfOpenAtMs, observe } from "./circuit.ts";
import type { Admission, Circuit, CircuitEvent, CircuitOutcome, CircuitPhase, CircuitTrip } from "./circuit.ts";
import { originKey } from "./health.ts";
import { createLeases } from "./leases.ts";
import type { Leases } from "./leases.ts";
import type { LocalView, Standing } from "./merge.ts";
import type { Credits } from "./policy.ts";
import { addRecent } from "./recent.ts";
import type { Recent } from "./recent.ts";
import { createRouteTimes } from "./route-times.ts";
import type { RouteTimes } from "./route-times.ts";

export interface OriginTable {
  /** Drops what belongs to origins, pools and routes that this release does not have. Cheap when the release is the same. */
  keepOnly(release: string, pools: ReadonlyMap<string, PoolSnapshot>): void;
  local(key: string): LocalView;
  inFlight(key: string, nowMs: number): number;
  credits(pool: string): Credits;
  setCredits(pool: string, credits: Credits): void;
  /** An attempt begins; its ticket must be reported. */
  begin(standing: Standing, nowMs: number, upSinceMs: number | null): Ticket;
  /** How an attempt came out. Only the first report of a ticket counts; null for others. */
  report(ticket: Ticket, report: Report): CircuitChange | null;
  /** What became of an origin's answer after its attempt was reported: its body broke. Null for an origin that nobody asked. */
  observe(key: string, report: Report): CircuitChange | null;
  mayRetry(pool: BudgetOwner, nowMs: number): boolean;
  mayHedge(pool: BudgetOwner, nowMs: number): boolean;
  countRequest(pool: string, nowMs: number): void;
  /** A retry or a hedge. */
  countExtra(pool: string, nowMs: number): void;
  /** Whether an attempt was answered well, whatever that says about the circuit. */
  countOutcome(key: string, good: boolean, nowMs: number): void;
  /** Whether none of these origins has answered for a while, though it did before and many requests wait there. */
  areSilent(keys: readonly string[], nowMs: number): boolean;
  readonly routes: RouteTimes;
  /** Bytes of request bodies that are kept for a second attempt. */
  readonly replayBytes: Leases;
  /** Bytes of answers that are read whole before they go out. */
  readonly heldBytes: Leases;
  /**
   * For people: every origin that this isolate has used. `upSinceMs` by origin key: when the checks last saw it up, which lets an
   * open circuit be tried sooner.
   */
  describe(nowMs: number, upSinceMs?: (key: string) => number | null): readonly OriginStatus[];
  /** For people: the pool's retry budget. */
  describeBudget(pool: BudgetOwner, nowMs: number): BudgetStatus;
}

export interface BudgetOwner {
  readonly name: string;
  readonly budget: BudgetSnapshot;
}

/** The circuit before and after a report; the same where it says nothing. */
export interface CircuitChange {
  readonly before: Circuit;
  readonly after: Circuit;
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
  /** When it is tried again; null while it is closed. */
  readonly openUntilMs: number | null;
  readonly openedBy: CircuitTrip | null;
  readonly inFlight: number;
  /** Of the last requests. */
  readonly seen: number;
  readonly good: number;
}

/** Of the time over which retries are counted. */
export interface BudgetStatus {
  readonly requests: number;
  /** Hedges included. */
  readonly retries: number;
  /** Whether the pool bears one more retry now. */
  readonly mayRetry: boolean;
}

interface OriginRecord {
  circuit: Circuit;
  recent: Recent;
  /** Its last good answer; null when there was none. */
  answeredAtMs: number | null;
  /** When it was last found silent together with its equals. */
  silentAtMs: number | null;
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
  const routes = createRouteTimes();
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
      routes.clear();
    },
    local: (key) => origins.get(key) ?? UNKNOWN,
    inFlight: (key, nowMs) => origins.get(key)?.flights.inUse(nowMs) ?? 0,
    credits: (name) => pool(name).credits,
    setCredits: (name, credits) => void (pool(name).credits = credits),
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
      if (land === undefined) return null;
      flying.delete(ticket);
      land();
      return change(origins.get(ticket.key), { ...report, admission: ticket.admission, beganAtMs: ticket.beganAtMs });
    },
    observe(key, report) {
      return change(origins.get(key), { ...report, admission: "normal", beganAtMs: report.nowMs });
    },
    mayRetry: ({ name, budget }, nowMs) => mayRetry(pool(name).budget, budget, nowMs),
    mayHedge: ({ name, budget }, nowMs) => mayHedge(pool(name).budget, budget, nowMs),
    countRequest(name, nowMs) {
      pool(name).budget = countRequest(pool(name).budget, nowMs);
    },
    countExtra(name, nowMs) {
      pool(name).budget = countExtra(pool(name).budget, nowMs);
    },
    countOutcome(key, good, nowMs) {
      const record = origin(key);
      record.recent = addRecent(record.recent, { atMs: nowMs, good }, RECENT_ATTEMPTS);
      if (good) record.answeredAtMs = nowMs;
    },
    areSilent: (keys, nowMs) =>
      areSilent(
        keys.flatMap((key) => origins.get(key) ?? []),
        nowMs,
      ),
    routes,
    replayBytes: createLeases(),
    heldBytes: createLeases(),
    describe: (nowMs, upSinceMs = () => null) =>
      [...origins].map(([key, record]) => describeOrigin(key, record, { nowMs, upSinceMs: upSinceMs(key) })),
    describeBudget({ name, budget }, nowMs) {
      const used = pools.get(name)?.budget ?? emptyBudget();
      const { requests, extras } = budgetUse(used, nowMs);
      return { requests, retries: extras, mayRetry: mayRetry(used, budget, nowMs) };
    },
  };
}

/** Also notes it: found once, it holds for those too who still wait when the others are gone. */
function areSilent(records: readonly OriginRecord[], nowMs: number): boolean {
  const answeredAtMs = Math.max(...records.map((record) => record.answeredAtMs ?? Number.NEGATIVE_INFINITY));
  const foundAtMs = Math.max(...records.map((record) => record.silentAtMs ?? Number.NEGATIVE_INFINITY));
  if (foundAtMs > answeredAtMs && nowMs - foundAtMs < SILENT_HOLD_MS) return true;
  const waiting = records.reduce((sum, { flights }) => sum + flights.inUse(nowMs), 0);
  if (!Number.isFinite(answeredAtMs) || nowMs - answeredAtMs < SILENT_MS_MIN || waiting < SILENT_REQUESTS_MIN) return false;
  for (const record of records) record.silentAtMs = nowMs;
  return true;
}

function change(record: OriginRecord | undefined, event: CircuitEvent): CircuitChange | null {
  if (record === undefined) return null;
  const before = record.circuit;
  record.circuit = observe(before, event);
  return { before, after: record.circuit };
}

function describeOrigin(key: string, record: OriginRecord, at: { nowMs: number; upSinceMs: number | null }): OriginStatus {
  const { nowMs, upSinceMs } = at;
  const circuit = circuitPhase(record.circuit, nowMs, upSinceMs);
  return {
    key,
    circuit,
    openUntilMs: circuit === "closed" ? null : halfOpenAtMs(record.circuit, upSinceMs),
    openedBy: circuit === "closed" ? null : record.circuit.openedBy,
    inFlight: record.flights.inUse(nowMs),
    seen: record.recent.length,
    good: record.recent.filter(({ good }) => good).length,
  };
}

const UNKNOWN: LocalView = { circuit: closedCircuit(), recent: [], healthProbeAtMs: null };

function newOrigin(): OriginRecord {
  return { ...UNKNOWN, answeredAtMs: null, silentAtMs: null, flights: createLeases() };
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
