// The fleet: 300 isolates in 30 data centres with a share of 1,000 requests a second each, one pool of three origins, one KV and
// one cron. A scenario says what the origins do, what the checks see of them, and how long it goes on.

import type { PoolSnapshot } from "../../src/config/pool-snapshot.ts";
import type { Failure } from "../../src/origin/classify.ts";
import { parseHealthDocument } from "../../src/origin/health.ts";
import type { HealthDocument } from "../../src/origin/health.ts";
import { CHECK, CIRCUIT, origin, pool } from "../unit/origin/fixtures.ts";
import { startCron } from "./cron.ts";
import { createDataCentreCache } from "./data-centre.ts";
import type { DataCentreCache } from "./data-centre.ts";
import { createIsolate } from "./isolate.ts";
import type { RequestResult, SimulatedIsolate } from "./isolate.ts";
import { createFaultyKv } from "./kv.ts";
import type { FaultyKv } from "./kv.ts";
import { seededRandom, waitMs } from "./random.ts";
import type { RandomSource } from "./random.ts";
import { createSchedule } from "./schedule.ts";
import type { Schedule } from "./schedule.ts";

export interface FleetSize {
  readonly dataCentres: number;
  readonly isolates: number;
  readonly perSecond: number;
}

export const FLEET: FleetSize = { dataCentres: 30, isolates: 300, perSecond: 1000 };

export interface FleetInput {
  readonly seed: number;
  readonly marker: boolean;
  readonly size: FleetSize;
  readonly untilMs: number;
  readonly isAlive: (originId: string, nowMs: number) => boolean;
  /** As the checks see it, whose place may be the broken one. Default: as it is. */
  readonly passesCheck?: (originId: string, nowMs: number) => boolean;
  readonly cronDeadFromMs?: number;
  /** Whether runs of the cron are lost at random. Default: they are. */
  readonly cronLoses?: boolean;
  /** The first isolate of each data centre reaches no origin for this time, and tells the others so; its own requests are not counted. */
  readonly blind?: { readonly fromMs: number; readonly untilMs: number };
  /** KV's outage, if there is one. */
  readonly outage?: { readonly fromMs: number; readonly untilMs: number };
  /** Looks at the fleet once a second. */
  each?(nowMs: number, isolates: readonly SimulatedIsolate[]): void;
  done?(result: RequestResult, nowMs: number): void;
}

export interface FleetResult {
  readonly requests: number;
  readonly failed: number;
  /** Requests that needed more than one attempt. */
  readonly retried: number;
  readonly attempts: number;
  readonly markerPuts: number;
  readonly kvWrites: number;
}

export const ORIGINS = ["a", "b", "c"] as const;

/** Of an isolate's reads of what its data centre holds, and of a data centre's reads of KV. */
const POLL_MS = 10_000;
const COPY_MS = 30_000;
const GONE: Failure = { kind: "connect-error", status: null, mayHaveExecuted: false };
const LOST: Failure = { kind: "reset", status: null, mayHaveExecuted: true };

export async function runFleet(input: FleetInput): Promise<FleetResult> {
  const schedule = createSchedule();
  const random = seededRandom(input.seed);
  const web = pool(
    "web",
    ORIGINS.map((id) => origin(id)),
    {
      health: CHECK,
      circuit: { ...CIRCUIT, shareMs: input.marker ? CIRCUIT.shareMs : 0 },
    },
  );
  const kv = createFaultyKv(input.size.dataCentres, random);
  const counts = { requests: 0, failed: 0, retried: 0, attempts: 0 };
  const done = (result: RequestResult): void => {
    counts.requests += 1;
    counts.attempts += result.attempts.length;
    if (!result.good) counts.failed += 1;
    if (result.attempts.length > 1) counts.retried += 1;
    input.done?.(result, schedule.nowMs());
  };
  const context = { input, schedule, random, web, kv, done };
  const caches = Array.from({ length: input.size.dataCentres }, () => createDataCentreCache(() => schedule.nowMs(), random));
  const isolates = caches.flatMap((cache, place) => dataCentre(context, cache, place));
  startTraffic(context, isolates);
  startCron({
    pool: web,
    schedule,
    random,
    kv,
    deadFromMs: input.cronDeadFromMs ?? Number.POSITIVE_INFINITY,
    loses: input.cronLoses ?? true,
    passes: input.passesCheck ?? input.isAlive,
  });
  const { outage } = input;
  if (outage !== undefined) schedule.at(outage.fromMs, () => (kv.outageUntilMs = outage.untilMs));
  for (let atMs = 1000; input.each !== undefined && atMs <= input.untilMs; atMs += 1000) {
    schedule.at(atMs, () => input.each?.(schedule.nowMs(), isolates));
  }
  await schedule.run(input.untilMs);
  return { ...counts, markerPuts: caches.reduce((sum, { puts }) => sum + puts, 0), kvWrites: kv.writes };
}

interface Context {
  readonly input: FleetInput;
  readonly schedule: Schedule;
  readonly random: RandomSource;
  readonly web: PoolSnapshot;
  readonly kv: FaultyKv;
  done(result: RequestResult): void;
}

/** The isolates of one place, which read KV through one copy. */
function dataCentre(context: Context, cache: DataCentreCache, place: number): readonly SimulatedIsolate[] {
  const { input, schedule, random, web, kv } = context;
  const copy = { readAtMs: Number.NEGATIVE_INFINITY, health: null as HealthDocument | null };
  const polled = (): HealthDocument | null => {
    if (schedule.nowMs() - copy.readAtMs >= COPY_MS) {
      copy.readAtMs = schedule.nowMs();
      copy.health = newer(readHealth(kv, place, schedule.nowMs()), copy.health);
    }
    return copy.health;
  };
  return Array.from({ length: input.size.isolates / input.size.dataCentres }, (_, index) => {
    const isBlind = (): boolean => {
      const { blind } = input;
      return index === 0 && blind !== undefined && schedule.nowMs() >= blind.fromMs && schedule.nowMs() < blind.untilMs;
    };
    let health: HealthDocument | null = null;
    let polledAtMs = random() * -POLL_MS;
    return createIsolate({
      pool: web,
      schedule,
      random,
      ports: { cache, clock: { nowMs: () => schedule.nowMs() }, defer: (work) => schedule.defer(work) },
      health() {
        if (schedule.nowMs() - polledAtMs >= POLL_MS) {
          polledAtMs = schedule.nowMs();
          health = newer(polled(), health);
        }
        return health;
      },
      attempt: (id) => (isBlind() ? { failure: GONE, ms: 3 } : attemptOn(id, context)),
      done(result) {
        if (index > 0 || input.blind === undefined) context.done(result);
      },
    });
  });
}

/** A kill refuses what comes after it at once, and breaks what is under way. */
function attemptOn(id: string, { input, schedule, random }: Context): { failure: Failure | null; ms: number } {
  const nowMs = schedule.nowMs();
  if (!input.isAlive(id, nowMs)) return { failure: GONE, ms: 1 + random() * 4 };
  const ms = 20 + random() * 60;
  return { failure: input.isAlive(id, nowMs + ms) ? null : LOST, ms };
}

function readHealth(kv: FaultyKv, place: number, nowMs: number): HealthDocument | null {
  try {
    const text = kv.read(place, nowMs);
    const parsed = text === null ? null : parseHealthDocument(text);
    return parsed?.ok === true ? parsed.value : null;
  } catch {
    return null;
  }
}

/** A read that failed, missed or went backwards changes nothing. */
function newer(read: HealthDocument | null, held: HealthDocument | null): HealthDocument | null {
  if (read === null) return held;
  return held !== null && read.generation < held.generation ? held : read;
}

/** Isolates get between a fifth and nine fifths of the average. */
function startTraffic({ input, schedule, random }: Context, isolates: readonly SimulatedIsolate[]): void {
  const weights = isolates.map(() => 0.2 + 1.6 * random());
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  isolates.forEach((isolate, index) => {
    const perSecond = (input.size.perSecond * (weights[index] ?? 0)) / total;
    const arrive = (): void => {
      isolate.request();
      schedule.at(schedule.nowMs() + waitMs(random, perSecond), arrive);
    };
    schedule.at(waitMs(random, perSecond), arrive);
  });
}
