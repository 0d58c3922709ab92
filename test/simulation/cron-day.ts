// A day of the cron, in virtual time: the real run of the checks once a minute, against origins that do as they are told, and a KV
// that counts what is written to it.

import type { HealthCheckSnapshot } from "../../src/config/pool-snapshot.ts";
import { parseHealthDocument } from "../../src/origin/health.ts";
import type { HealthDocument } from "../../src/origin/health.ts";
import { checkHealth } from "../../src/scheduled.ts";
import type { HealthRun } from "../../src/scheduled.ts";
import { NO_CONNECTOR, NO_SECRETS } from "../support/ports.ts";
import { origin, pool } from "../unit/origin/fixtures.ts";
import { virtualTime } from "../unit/origin/virtual-time.ts";

const MINUTE_MS = 60_000;
export const MINUTES_PER_DAY = 1440;

export interface CronDayInput {
  readonly plan: "free" | "paid";
  readonly minutes: number;
  readonly check: HealthCheckSnapshot;
  /** How the origins `a` and `b` answer a check that begins at this time since the day's beginning: a status, or nothing in time. */
  readonly answers: (id: string, sinceStartMs: number) => number | "nothing";
}

export interface CronDay {
  readonly writes: number;
  /** After each run: its outcome, and the document that readers get. */
  readonly runs: readonly { readonly outcome: string; readonly document: HealthDocument | null }[];
}

export async function cronDay({ plan, minutes, check, answers }: CronDayInput): Promise<CronDay> {
  const time = virtualTime();
  const startMs = time.clock.nowMs();
  const sinceStartMs = (): number => time.clock.nowMs() - startMs;
  let stored: string | null = null;
  let writes = 0;
  const ports: HealthRun["ports"] = {
    clock: time.clock,
    connector: NO_CONNECTOR,
    secrets: NO_SECRETS,
    log: { write: () => undefined },
    fetcher: {
      fetch(url, { signal }) {
        const answer = answers(new URL(url).hostname.split(".")[0] ?? "", sinceStartMs());
        if (answer !== "nothing") return Promise.resolve(new Response("", { status: answer }));
        return new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(new Error("aborted"))));
      },
    },
    config: {
      get: () => Promise.resolve(stored),
      getAll: () => Promise.reject(new Error("the cron reads one key")),
      put(_key, value) {
        stored = value;
        writes += 1;
        return Promise.resolve();
      },
    },
  };
  const web = pool(
    "web",
    ["a", "b"].map((id) => origin(id)),
    { health: check },
  );
  const ruleset = { release: "day", pools: new Map([["web", web]]), alerts: null };
  const runs: CronDay["runs"][number][] = [];
  for (let minute = 0; minute < minutes; minute += 1) {
    const outcome = await time.run(checkHealth({ ruleset, ports, region: "SIM", plan, sleep: time.sleep }));
    const parsed = stored === null ? null : parseHealthDocument(stored);
    runs.push({ outcome, document: parsed?.ok === true ? parsed.value : null });
    time.advance((minute + 1) * MINUTE_MS - sinceStartMs());
  }
  return { writes, runs };
}
