// A short form of `npm run simulate`: a third of the fleet and of its traffic, with fixed seeds, so that it is the same every time.

import { expect, test } from "vitest";
import type { FleetResult } from "../../simulation/fleet.ts";
import { runFleet } from "../../simulation/fleet.ts";
import { blindRows, darkKillRows, flapRows, isMet, killRows, wrongVerdictRows } from "../../simulation/scenarios.ts";
import type { Pace, Row } from "../../simulation/scenarios.ts";

const SHARE = 3;
const PACE: Pace = { size: { dataCentres: 10, isolates: 100, perSecond: 333 }, heatMs: 8000, afterMs: 8000 };
/** Where a count of failures is to be 0, a small fleet shows it as well. */
const SMALL: Pace = { ...PACE, size: { dataCentres: 3, isolates: 30, perSecond: 100 } };
const PATIENCE_MS = 60_000;

const missed = (rows: readonly Row[]): readonly Row[] => rows.filter((row) => !isMet(row));

test.each([1, 2])(
  "a kill costs a third of the fleet at most a third of 600 retries and no request (seed %i)",
  { timeout: PATIENCE_MS },
  async (seed) => {
    const rows = await killRows(seed, PACE);
    expect(missed(rows)).toEqual([]);
    expect(rows[0]?.value).toBeLessThanOrEqual(600 / SHARE);
    // Without the markers each isolate pays for itself; a simulation in which that costs no more would prove nothing.
    expect(rows[0]?.without).toBeGreaterThan((2 * 600) / SHARE);
  },
);

test("with KV and the cron dead no request fails either", { timeout: PATIENCE_MS }, async () => {
  expect(missed(await darkKillRows(3, SMALL))).toEqual([]);
});

test("an isolate that lost its network and says that everything is gone costs the others nothing", { timeout: PATIENCE_MS }, async () => {
  expect(missed(await blindRows(8, SMALL))).toEqual([]);
});

test("an origin that comes and goes fails no request, and origins see at most a tenth more", { timeout: PATIENCE_MS }, async () => {
  expect(missed(await flapRows(4, SMALL))).toEqual([]);
});

test("a wrong verdict of a cron that then dies keeps a healthy origin out for 210 s at most", { timeout: PATIENCE_MS }, async () => {
  const [row] = await wrongVerdictRows(5, { ...PACE, size: { dataCentres: 10, isolates: 50, perSecond: 160 } });
  expect(row?.value).toBeLessThanOrEqual(210);
  expect(row?.value).toBeGreaterThan(0);
});

test("the same seed gives the same run, another one another", { timeout: PATIENCE_MS }, async () => {
  const run = (seed: number): Promise<FleetResult> =>
    runFleet({ seed, marker: true, size: SMALL.size, untilMs: 20_000, isAlive: (id, nowMs) => id !== "a" || nowMs < 5000 });
  const [first, again, other] = [await run(6), await run(6), await run(7)];
  expect(again).toEqual(first);
  expect(other).not.toEqual(first);
});
