// What the simulated fleet goes through, and what must come of it: one row for each measure, with and without the markers.

import type { HealthCheckSnapshot } from "../../src/config/pool-snapshot.ts";
import { cronDay, MINUTES_PER_DAY } from "./cron-day.ts";
import type { CronDayInput } from "./cron-day.ts";
import { ORIGINS, runFleet } from "./fleet.ts";
import type { FleetInput, FleetResult, FleetSize } from "./fleet.ts";
import { CHECK } from "../unit/origin/fixtures.ts";

export interface Row {
  readonly what: string;
  /** Null where markers play no part. */
  readonly without: number | null;
  readonly value: number;
  /** At most; null for a number that is shown for comparison only. */
  readonly goal: number | null;
}

export interface Pace {
  readonly size: FleetSize;
  /** Before a fault, so that every isolate knows its origins, and after it. */
  readonly heatMs: number;
  readonly afterMs: number;
}

type Alive = FleetInput["isAlive"];
type Fleet = Omit<FleetInput, "marker">;

/** The kill that is measured lasts as long as a server takes to start again; the long one until the checks are heard everywhere. */
const KILL_MS = 20_000;
const LONG_KILL_MS = 60_000;
const FLAP_MS = 5_000;
const FLAPPING_MS = 60_000;

export async function killRows(seed: number, pace: Pace): Promise<readonly Row[]> {
  const { without, value } = await both(killed(seed, pace, KILL_MS));
  return [
    { what: "kill of 20 s: requests that paid a retry", without: without.retried, value: value.retried, goal: 600 },
    { what: "kill of 20 s: failed requests", without: without.failed, value: value.failed, goal: 0 },
    { what: "kill of 20 s: writes of markers", without: null, value: value.markerPuts, goal: null },
  ];
}

export async function longKillRows(seed: number, pace: Pace): Promise<readonly Row[]> {
  const { without, value } = await both(killed(seed, pace, LONG_KILL_MS));
  return [
    { what: "kill of 60 s: requests that paid a retry", without: without.retried, value: value.retried, goal: null },
    { what: "kill of 60 s: failed requests", without: without.failed, value: value.failed, goal: 0 },
  ];
}

/** KV does not answer and the cron is dead: circuits and markers are all there is. */
export async function darkKillRows(seed: number, pace: Pace): Promise<readonly Row[]> {
  const fleet = killed(seed, pace, KILL_MS);
  const { without, value } = await both({ ...fleet, cronDeadFromMs: 0, outage: { fromMs: 0, untilMs: fleet.untilMs } });
  return [{ what: "kill with KV and cron dead: failed requests", without: without.failed, value: value.failed, goal: 0 }];
}

/** One isolate of each data centre has lost its network, and tells the others that every origin is gone. */
export async function blindRows(seed: number, pace: Pace): Promise<readonly Row[]> {
  const blind = { fromMs: pace.heatMs, untilMs: pace.heatMs + LONG_KILL_MS };
  const isAlive: Alive = () => true;
  const { without, value } = await both({ seed, size: pace.size, untilMs: blind.untilMs + pace.afterMs, isAlive, blind });
  return [
    { what: "an isolate without network: failed requests of others", without: without.failed, value: value.failed, goal: 0 },
    { what: "an isolate without network: retries of others", without: without.retried, value: value.retried, goal: 0 },
  ];
}

export async function flapRows(seed: number, pace: Pace): Promise<readonly Row[]> {
  const endMs = pace.heatMs + FLAPPING_MS;
  const isAlive: Alive = (id, nowMs) =>
    id !== "a" || nowMs < pace.heatMs || nowMs >= endMs || Math.floor((nowMs - pace.heatMs) / FLAP_MS) % 2 === 1;
  const { without, value } = await both({ seed, size: pace.size, untilMs: endMs + pace.afterMs, isAlive });
  const percent = ({ attempts, requests }: FleetResult): number => Math.round((1000 * attempts) / requests) / 10;
  return [
    { what: "flap every 5 s for 60 s: failed requests", without: without.failed, value: value.failed, goal: 0 },
    { what: "flap: requests that paid a retry", without: without.retried, value: value.retried, goal: null },
    { what: "flap: attempts per 100 requests", without: percent(without), value: percent(value), goal: 110 },
  ];
}

/**
 * The checks call a healthy origin down once and are never heard of again. Little traffic, because that is harder: much of it
 * contradicts a wrong verdict sooner.
 */
export async function wrongVerdictRows(seed: number, { size }: Pace): Promise<readonly Row[]> {
  const quiet = { ...size, perSecond: size.perSecond / 10 };
  const longest = async (marker: boolean): Promise<number> => {
    const outSinceMs = new Map<number, number>();
    let longestMs = 0;
    await runFleet({
      seed,
      marker,
      size: quiet,
      untilMs: 420_000,
      isAlive: () => true,
      passesCheck: (id) => id !== "a",
      cronDeadFromMs: 60_000,
      cronLoses: false,
      each(nowMs, isolates) {
        isolates.forEach((isolate, index) => {
          if (isolate.serves("a")) outSinceMs.delete(index);
          else longestMs = Math.max(longestMs, nowMs - setOnce(outSinceMs, index, nowMs));
        });
      },
    });
    return Math.round(longestMs / 1000);
  };
  const [without, value] = [await longest(false), await longest(true)];
  return [{ what: "wrong verdict, then no cron: a healthy origin out, s", without, value, goal: 210 }];
}

/** Three rounds a minute; each run decides by itself, so that an origin that comes and goes with every run changes state each time. */
const EVERY_20_S: HealthCheckSnapshot = { ...CHECK, intervalMs: 20_000, timeoutMs: 5000 };

export async function writeRows(): Promise<readonly Row[]> {
  const flapping: CronDayInput["answers"] = (id, atMs) => (id === "a" && Math.floor(atMs / 60_000) % 2 === 1 ? 503 : 200);
  const rows: Row[] = [];
  for (const plan of ["free", "paid"] as const) {
    for (const [fleet, answers] of [
      ["stable fleet", () => 200],
      ["flapping origin", flapping],
    ] as const) {
      const { writes } = await cronDay({ plan, minutes: MINUTES_PER_DAY, check: EVERY_20_S, answers });
      rows.push({
        what: `KV writes a day, ${plan} plan, ${fleet}`,
        without: null,
        value: writes,
        goal: plan === "free" ? 999 : MINUTES_PER_DAY,
      });
    }
  }
  return rows;
}

export function isMet({ value, goal }: Row): boolean {
  return goal === null || value <= goal;
}

function killed(seed: number, { size, heatMs, afterMs }: Pace, killMs: number): Fleet {
  const isAlive: Alive = (id, nowMs) => id !== ORIGINS[0] || nowMs < heatMs || nowMs >= heatMs + killMs;
  return { seed, size, untilMs: heatMs + killMs + afterMs, isAlive };
}

async function both(fleet: Fleet): Promise<{ readonly without: FleetResult; readonly value: FleetResult }> {
  return { without: await runFleet({ ...fleet, marker: false }), value: await runFleet({ ...fleet, marker: true }) };
}

function setOnce(map: Map<number, number>, key: number, value: number): number {
  const held = map.get(key);
  if (held !== undefined) return held;
  map.set(key, value);
  return value;
}
