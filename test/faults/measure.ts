// One row with one subject: requests before the fault, during it and after it, and what became of them.

import type { ChildProcess } from "node:child_process";
import { join } from "node:path";

import { figuresOf, hasFailed, isDuring } from "./figures.ts";
import type { Figures } from "./figures.ts";
import type { LoadJob, LoadMessage, Sent } from "./load.ts";
import type { Origins } from "./origins.ts";
import { nextMessage } from "./processes.ts";
import { BACK_MS_MAX, IN_USE_MS_MAX } from "./rows.ts";
import type { Row } from "./rows.ts";
import type { Subject, World } from "./subject.ts";
import { storedPaths } from "./traffic.ts";

export interface Pace {
  readonly perSecond: number;
  /** Sent before all else, to be done with cold starts. */
  readonly heatRequests: number;
  /** Before the fault: so that latencies are learned. */
  readonly beforeMs: number;
  readonly faultMs: number;
  readonly afterMs: number;
  /** Rows that wait for an origin's return to use wait for it; otherwise the time after the fault is the same for all. */
  readonly waits: boolean;
}

export interface Measured {
  readonly figures: Figures;
  readonly beganAtMs: number;
  /** Requests of the fault, and failed ones before and after it. */
  readonly noted: readonly Sent[];
  readonly log: readonly string[];
}

/** A row that waits looks so often whether its wait is over. */
const LOOK_EVERY_MS = 500;

const HEAT_AT_ONCE = 4;

export async function measure(row: Row, subject: Subject, of: { world: World; origins: Origins; pace: Pace }): Promise<Measured> {
  const { world, origins, pace } = of;
  await origins.forget();
  const running = await subject.start(row);
  const perSecond = Math.max(1, Math.round(pace.perSecond * row.rateShare));
  const run = `${row.name}-${subject.name.replaceAll(" ", "-")}`;
  // Where the fault is there from the start, there is no time before it, and the first request meets it.
  if (row.happening !== null) await heat(running.url, pace.heatRequests);
  // Before the load: on a busy machine some would still be under way when all origins are gone.
  for (const path of storedPaths(row.traffic, run)) await (await fetch(running.url + path)).arrayBuffer();
  const load = await startLoad(world, { url: running.url, traffic: row.traffic, perSecond, run });
  await until(load.beganAtMs + (row.happening === null ? 0 : pace.beforeMs));
  const beganAtMs = now();
  await origins.begin(row.happening, row.origins);
  await until(beganAtMs + Math.max(pace.faultMs, row.faultMsMin ?? 0));
  const endedAtMs = now();
  const backAtMs = await origins.restore();
  await afterwards(row, { origins, pace, beganAtMs, endedAtMs, backAtMs });
  const sent = await load.stop();
  await running.stop();
  const figures = figuresOf({ sent, seen: await origins.seen(), beganAtMs, endedAtMs, backAtMs });
  return { figures, beganAtMs, noted: sent.filter((one) => hasFailed(one) || isDuring(one, { beganAtMs, endedAtMs })), log: running.log };
}

/** One after the other, a few at once: code that runs for the first time is slow, whoever runs it. */
async function heat(url: string, requests: number): Promise<void> {
  let next = 0;
  const visitor = async (): Promise<void> => {
    while (next < requests) await (await fetch(`${url}/fresh/1024/heat-${next++}`)).arrayBuffer();
  };
  await Promise.all(Array.from({ length: HEAT_AT_ONCE }, visitor));
}

interface Times {
  readonly beganAtMs: number;
  readonly endedAtMs: number;
  readonly backAtMs: number | null;
}

/** The time after the fault: as long as the pace says, or until the row has what it waits for. */
async function afterwards(row: Row, of: Times & { origins: Origins; pace: Pace }): Promise<void> {
  const { origins, pace } = of;
  const least = until(of.endedAtMs + pace.afterMs);
  if (row.awaits === "return") await look(of.endedAtMs + BACK_MS_MAX * 1.5, async () => (await figuresNow(of, origins)).backMs !== null);
  if (row.awaits === "use" && pace.waits) {
    await look(of.beganAtMs + IN_USE_MS_MAX * 1.1, async () => (await figuresNow(of, origins)).inUseMs !== null);
  }
  await least;
}

async function figuresNow(times: Times, origins: Origins): Promise<Figures> {
  return figuresOf({ ...times, sent: [], seen: await origins.seen() });
}

async function look(deadlineMs: number, holds: () => Promise<boolean>): Promise<void> {
  while (now() < deadlineMs && !(await holds())) await until(now() + LOOK_EVERY_MS);
}

interface Load {
  readonly beganAtMs: number;
  /** No further requests; resolves when all were answered or given up. */
  stop(): Promise<readonly Sent[]>;
}

async function startLoad(world: World, job: LoadJob): Promise<Load> {
  const child: ChildProcess = world.processes.script(join(import.meta.dirname, "load.ts"), [JSON.stringify(job)]);
  const first = await nextMessage<LoadMessage>(child, "the load");
  return {
    beganAtMs: "beganAtMs" in first ? first.beganAtMs : now(),
    stop: async () => {
      child.send("stop");
      const last = await nextMessage<LoadMessage>(child, "the load");
      return "sent" in last ? last.sent : [];
    },
  };
}

/** Since the epoch, as the load and the origins count. */
function now(): number {
  return Date.now();
}

function until(timeMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, timeMs - now())));
}
