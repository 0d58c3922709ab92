// One isolate: the real origin table, markers, merge, selection, budget and retry rules, and in place of the network a function
// that says how an attempt comes out. It does what the fetch stage does, in virtual time and for GETs only.

import type { PoolSnapshot } from "../../src/config/pool-snapshot.ts";
import { isFailing } from "../../src/origin/budget.ts";
import type { Failure } from "../../src/origin/classify.ts";
import type { HealthDocument } from "../../src/origin/health.ts";
import { createMarkers } from "../../src/origin/markers.ts";
import type { MarkerPorts } from "../../src/origin/markers.ts";
import { poolStandings, upSinceMs } from "../../src/origin/merge.ts";
import type { Standing } from "../../src/origin/merge.ts";
import { emptyOverrides } from "../../src/origin/overrides.ts";
import { decideRetry } from "../../src/origin/retry.ts";
import { selectOrigin, serverOf } from "../../src/origin/select.ts";
import type { Selection } from "../../src/origin/select.ts";
import { createOriginTable } from "../../src/origin/table.ts";
import { RETRY } from "../unit/origin/fixtures.ts";
import type { RandomSource } from "./random.ts";
import type { Schedule } from "./schedule.ts";

export interface IsolateInput {
  readonly pool: PoolSnapshot;
  readonly schedule: Schedule;
  readonly random: RandomSource;
  readonly ports: MarkerPorts;
  /** The verdicts as this isolate knows them now. */
  health(): HealthDocument | null;
  /** How an attempt that begins now comes out, and after what time. */
  attempt(originId: string): { readonly failure: Failure | null; readonly ms: number };
  /** A request is over. */
  done(result: RequestResult): void;
}

export interface RequestResult {
  readonly good: boolean;
  readonly attempts: readonly string[];
}

export interface SimulatedIsolate {
  request(): void;
  /** Whether the origin takes traffic here. */
  serves(originId: string): boolean;
}

const FACTS = { path: "/", query: "", rawUrl: "/", headers: new Headers(), client: {} } as never;

export function createIsolate(input: IsolateInput): SimulatedIsolate {
  const { pool, schedule, random, ports } = input;
  const table = createOriginTable();
  const markers = createMarkers("simulation");
  const overrides = emptyOverrides();
  const pools = new Map([[pool.name, pool]]);

  const standings = (): readonly Standing[] =>
    poolStandings({
      pool,
      overrides,
      health: input.health(),
      nowMs: schedule.nowMs(),
      local: (key) => table.local(key),
      elsewhere: (key) => markers.view(key),
    });
  const select = (tried: ReadonlySet<string>): Selection | null =>
    selectOrigin({
      pools,
      pool: pool.name,
      tried,
      mayProbe: tried.size === 0,
      facts: FACTS,
      pins: new Map(),
      load: () => ({ ewmaMs: null, inFlight: 0 }),
      standings,
      credits: (name) => table.credits(name),
      random,
    });
  const attempt = (selection: Selection, tried: ReadonlySet<string>, attempts: readonly string[]): void => {
    const { standing } = selection;
    const beganAtMs = schedule.nowMs();
    if (selection.credits !== null) table.setCredits(pool.name, selection.credits);
    const ticket = table.begin(standing, beganAtMs, upSinceMs(input.health(), standing.key, beganAtMs, pool.trust));
    const { failure, ms } = input.attempt(standing.origin.id);
    const asked = new Set([...tried, serverOf(standing)]);
    schedule.at(beganAtMs + ms, () => {
      const nowMs = schedule.nowMs();
      table.countOutcome(standing.key, failure === null, nowMs);
      const outcome = failure === null ? "success" : "connection-failure";
      const change = table.report(ticket, { outcome, retryAfterMs: null, settings: pool.circuit, nowMs, random: random() });
      if (change !== null) markers.tell(pool, { originId: standing.origin.id, ...change }, ports);
      over(failure, asked, [...attempts, standing.origin.id]);
    });
  };
  const over = (failure: Failure | null, tried: ReadonlySet<string>, attempts: readonly string[]): void => {
    if (failure === null) return input.done({ good: true, attempts });
    const nowMs = schedule.nowMs();
    const next = select(tried);
    const decision = decideRetry({
      failure,
      settings: RETRY,
      method: "GET",
      hasIdempotencyKey: false,
      isUpgrade: false,
      attemptsMade: attempts.length,
      hasOtherOrigin: next !== null,
      bodyReplayable: true,
      remainingMs: null,
      nextIsFailing: next !== null && isFailing(table.local(next.standing.key).recent, nowMs),
      budgetLeft: table.mayRetry(pool, nowMs),
    });
    if (!decision.retry || next === null) return input.done({ good: false, attempts });
    table.countExtra(pool.name, nowMs);
    attempt(next, tried, attempts);
  };
  return {
    request() {
      markers.look(pool, ports);
      const selection = select(new Set());
      if (selection === null) return input.done({ good: false, attempts: [] });
      table.countRequest(pool.name, schedule.nowMs());
      attempt(selection, new Set(), []);
    },
    serves: (originId) => standings().some(({ origin, use }) => origin.id === originId && use === "serving"),
  };
}
