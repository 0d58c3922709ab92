// The cron of the simulated fleet: eleven rounds a minute as the real run makes them, rise and fall, and a document in the faulty
// KV where the real rules would write one, within the run or at its end. Runs are lost at times, or all of them.

import type { PoolSnapshot } from "../../src/config/pool-snapshot.ts";
import { HEALTH_EARLY_WRITES_MAX, HEALTH_HEARTBEAT_PAID_MS, HEALTH_WRITE_GATHER_MS } from "../../src/limits.ts";
import { RUN_EVERY_MS, roundsPerRun } from "../../src/origin/check-budget.ts";
import { afterCheck, healthWriteNeeded, uncheckedOrigin, withoutPending } from "../../src/origin/check-state.ts";
import { HEALTH_FORMAT, healthOf, originKey } from "../../src/origin/health.ts";
import type { HealthDocument, OriginHealth } from "../../src/origin/health.ts";
import type { FaultyKv } from "./kv.ts";
import type { RandomSource } from "./random.ts";
import type { Schedule } from "./schedule.ts";

const LOST_SHARE = 0.05;
const HEARTBEAT_MS = HEALTH_HEARTBEAT_PAID_MS - RUN_EVERY_MS / 2;

export interface CronInput {
  readonly pool: PoolSnapshot;
  readonly schedule: Schedule;
  readonly random: RandomSource;
  readonly kv: FaultyKv;
  /** No run begins from here on. */
  readonly deadFromMs: number;
  readonly loses: boolean;
  passes(originId: string, nowMs: number): boolean;
}

export function startCron(input: CronInput): void {
  const { schedule, random, pool } = input;
  const { health } = pool;
  if (health === null) return;
  let held: HealthDocument | null = null;
  const run = (): void => {
    const beganAtMs = schedule.nowMs();
    schedule.at(beganAtMs + RUN_EVERY_MS, run);
    if (beganAtMs >= input.deadFromMs || (input.loses && random() < LOST_SHARE)) return;
    const states = new Map<string, OriginHealth>(
      pool.origins.map(({ id }) => [id, healthOf(held, originKey(pool.name, id)) ?? uncheckedOrigin(beganAtMs)]),
    );
    const rounds = roundsPerRun(health);
    let early = 0;
    const writeEarly = (): void => {
      const before = held;
      held = publish(states, input, { held, heartbeatMs: Number.POSITIVE_INFINITY });
      if (held !== before) early += 1;
    };
    for (let round = 0; round < rounds; round += 1) {
      schedule.at(beganAtMs + round * health.intervalMs, () => {
        const nowMs = schedule.nowMs();
        let isChanged = false;
        for (const [id, state] of states) {
          const passed = input.passes(id, nowMs);
          const result = { passed, why: passed ? ("ok" as const) : ("reset" as const), detail: "", rttMs: null };
          const after = afterCheck(state, result, { health, nowMs });
          isChanged ||= after.state !== state.state;
          states.set(id, after);
        }
        if (round === rounds - 1) held = publish(states, input, { held, heartbeatMs: early > 0 ? Number.POSITIVE_INFINITY : HEARTBEAT_MS });
        else if (isChanged && early < HEALTH_EARLY_WRITES_MAX) schedule.at(nowMs + HEALTH_WRITE_GATHER_MS, writeEarly);
      });
    }
  };
  schedule.at(random() * RUN_EVERY_MS, run);
}

/** What the next run reads: the cron's own place sees its own writes. */
function publish(
  states: ReadonlyMap<string, OriginHealth>,
  { pool, schedule, kv }: CronInput,
  { held, heartbeatMs }: { readonly held: HealthDocument | null; readonly heartbeatMs: number },
): HealthDocument | null {
  const document: HealthDocument = {
    format: HEALTH_FORMAT,
    generation: (held?.generation ?? 0) + 1,
    asOfMs: schedule.nowMs(),
    region: "SIM",
    origins: Object.fromEntries([...states].map(([id, state]) => [originKey(pool.name, id), withoutPending(state)])),
  };
  if (!healthWriteNeeded(held, document, heartbeatMs)) return held;
  return kv.write(JSON.stringify(document), schedule.nowMs()) ? document : held;
}
