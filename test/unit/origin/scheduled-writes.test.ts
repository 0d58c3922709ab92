// How often the cron writes KV, over whole days: the free plan of the platform allows 1,000 writes a day, for everything.

import { expect, test } from "vitest";
import type { HealthCheckSnapshot } from "../../../src/config/pool-snapshot.ts";
import { HEALTH_WRITES_AT_ONCE_FREE, HEALTH_WRITE_FREE_MS } from "../../../src/limits.ts";
import { writesLeft } from "../../../src/origin/check-state.ts";
import { cronDay, MINUTES_PER_DAY } from "../../simulation/cron-day.ts";
import type { CronDay, CronDayInput } from "../../simulation/cron-day.ts";
import { CHECK, healthDocument } from "./fixtures.ts";

const MINUTE_MS = 60_000;
const WRITES_FREE_PLAN = 1000;

/** Once a minute: what is on its way to a verdict has to be written, too. */
const EVERY_MINUTE: HealthCheckSnapshot = { ...CHECK, intervalMs: MINUTE_MS, timeoutMs: 5000 };
/** Three rounds a minute: each run comes to a verdict of its own. */
const ROUNDS: HealthCheckSnapshot = { ...EVERY_MINUTE, intervalMs: 20_000 };

/** And one check is a verdict: changes fall within a run, too. */
const HASTY: HealthCheckSnapshot = { ...ROUNDS, rise: 1, fall: 1 };

type Answers = CronDayInput["answers"];

const stable: Answers = () => 200;
const slowAtTimes: Answers = (id, atMs) => (id === "a" && Math.floor(atMs / MINUTE_MS) % 3 === 0 ? "nothing" : 200);
const flapping =
  (everyMinutes: number): Answers =>
  (id, atMs) =>
    id === "a" && Math.floor(atMs / MINUTE_MS / everyMinutes) % 2 === 1 ? 503 : 200;

const withinTheRun: Answers = (id, atMs) => (id === "a" && Math.floor(atMs / ROUNDS.intervalMs) % 2 === 1 ? 503 : 200);

const freeDay = (check: HealthCheckSnapshot, answers: Answers): Promise<CronDay> =>
  cronDay({ plan: "free", check, answers, minutes: MINUTES_PER_DAY });

/** A simulated day is some ten thousand turns of the event loop. */
const PATIENCE_MS = 60_000;

/** In any 24 hours, and so whenever the platform begins to count. */
const FREE_MAX = Math.ceil((MINUTES_PER_DAY * MINUTE_MS) / HEALTH_WRITE_FREE_MS) + HEALTH_WRITES_AT_ONCE_FREE;

test("what the rule allows in a day leaves writes for operators", () => {
  expect(FREE_MAX).toBeLessThanOrEqual(WRITES_FREE_PLAN - 100);
});

test.each<[string, HealthCheckSnapshot, Answers, number]>([
  ["origins that are well", EVERY_MINUTE, stable, 720],
  ["one that comes and goes every three minutes", EVERY_MINUTE, flapping(3), FREE_MAX],
  ["one that is slow at times, and never for long enough to be down", EVERY_MINUTE, slowAtTimes, FREE_MAX],
  ["one that comes and goes within each run", HASTY, withinTheRun, FREE_MAX],
])("free plan, %s: the day's writes stay below 1,000", { timeout: PATIENCE_MS }, async (_, check, answers, writesMax) => {
  const { writes } = await freeDay(check, answers);
  expect(writes).toBeLessThanOrEqual(writesMax);
  expect(writes).toBeGreaterThan(600);
});

test(
  "free plan, one that comes and goes with every run: writes stay below 1,000, and a verdict comes one run late, never more",
  {
    timeout: PATIENCE_MS,
  },
  async () => {
    const { writes, runs } = await freeDay(ROUNDS, flapping(1));
    expect(writes).toBeLessThanOrEqual(FREE_MAX);
    const outcomes = runs.map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === "postponed").length).toBeGreaterThan(100);
    expect(outcomes.join(" ")).not.toContain("postponed postponed");
  },
);

test.each<[string, HealthCheckSnapshot, Answers]>([
  ["origins that are well", EVERY_MINUTE, stable],
  ["one that comes and goes with every run", ROUNDS, flapping(1)],
  ["one that is slow at times", EVERY_MINUTE, slowAtTimes],
])("paid plan, %s: one write a minute, and every run is heard", async (_, check, answers) => {
  const { writes, runs } = await cronDay({ plan: "paid", check, answers, minutes: 180 });
  expect(writes).toBe(180);
  expect(runs.filter(({ outcome }) => outcome === "postponed")).toEqual([]);
});

test.each<[string, HealthCheckSnapshot, Answers]>([
  ["with every run", ROUNDS, flapping(1)],
  ["within each run", HASTY, withinTheRun],
])(
  "an origin that dies after hours of flapping by another, %s, is down in the document within a run of its death",
  async (_, check, flaps) => {
    const minutes = 600;
    const dies = (minutes - 20) * MINUTE_MS;
    const { runs } = await cronDay({
      plan: "free",
      check,
      minutes,
      answers: (id, atMs) => (id === "b" && atMs >= dies ? 503 : flaps(id, atMs)),
    });
    const state = (run: number): string | undefined => runs[minutes - 20 + run]?.document?.origins["web/b"]?.state;
    expect(runs[minutes - 21]?.document?.origins["web/b"]?.state).toBe("up");
    expect(state(1)).toBe("down");
  },
);

test("after a quiet time changes are written with every run", async () => {
  const quiet = 180;
  const burst = 20;
  const flaps = flapping(1);
  const { runs } = await cronDay({
    plan: "free",
    check: ROUNDS,
    minutes: quiet + burst,
    answers: (id, atMs) => (atMs < quiet * MINUTE_MS ? 200 : flaps(id, atMs)),
  });
  expect(runs.slice(quiet).map(({ outcome }) => outcome)).not.toContain("postponed");
});

test.each([
  ["without a document there is all", null, 60],
  ["one from a Worker that did not count is taken for none", healthDocument(0, {}), 60],
  ["time gives some back", { ...healthDocument(0, {}), writesLeft: 3 }, 5],
  ["but no more than the most", { ...healthDocument(0, {}), writesLeft: 59.5 }, 60],
  ["a clock that went backwards gives nothing", { ...healthDocument(500, {}), writesLeft: 3 }, 3],
])("%s", (_, previous, expected) => {
  expect(writesLeft(previous, 200, { everyMs: 100, atOnce: 60 })).toBe(expected);
});
