// `npm run simulate`: the fleet through its faults, in virtual time, as a table. A run is the same for the same seed; without one it
// takes another each time and says which. Exit code 1 when a goal is missed.

import { parseArgs } from "node:util";

import { runMain } from "../../scripts/local/main.ts";
import { usageFailure } from "../../scripts/output/failure.ts";
import { FLEET } from "./fleet.ts";
import { blindRows, darkKillRows, flapRows, isMet, killRows, longKillRows, writeRows, wrongVerdictRows } from "./scenarios.ts";
import type { Pace, Row } from "./scenarios.ts";

const USAGE = "npm run simulate -- [--seed NUMBER]";
const SEED_MAX = 2 ** 32 - 1;
const PACE: Pace = { size: FLEET, heatMs: 40_000, afterMs: 40_000 };

async function main(): Promise<void> {
  const seed = readSeed(process.argv.slice(2));
  const { isolates, dataCentres, perSecond } = FLEET;
  console.log(`${isolates} isolates in ${dataCentres} data centres, ${perSecond} requests/s, three origins. Replay: --seed ${seed}\n`);
  console.log(`${"".padEnd(58)}${["no marker", "marker", "goal"].map((head) => head.padStart(11)).join("")}`);
  const rows: Row[] = [];
  for (const scenario of [killRows, longKillRows, darkKillRows, blindRows, flapRows, wrongVerdictRows, writeRows]) {
    const found = await scenario(seed, PACE);
    for (const row of found) console.log(lineOf(row));
    rows.push(...found);
  }
  const goals = rows.filter(({ goal }) => goal !== null);
  const met = goals.filter(isMet).length;
  console.log(`\n${met} of ${goals.length} goals met`);
  if (met < goals.length) process.exitCode = 1;
}

function lineOf(row: Row): string {
  const { what, without, value, goal } = row;
  const columns = [without === null ? "" : String(without), String(value), goal === null ? "" : `<= ${goal}`];
  return `${what.padEnd(58)}${columns.map((text) => text.padStart(11)).join("")}${isMet(row) ? "" : "  MISSED"}`;
}

/** @throws a usage failure. */
function readSeed(args: readonly string[]): number {
  let text: string | undefined;
  try {
    text = parseArgs({ args: [...args], options: { seed: { type: "string" } } }).values.seed;
  } catch (error) {
    throw usageFailure(error instanceof Error ? error.message : String(error), USAGE);
  }
  if (text === undefined) return Math.floor(Math.random() * (SEED_MAX + 1));
  const seed = Number(text);
  if (/^\d{1,10}$/.test(text) && seed <= SEED_MAX) return seed;
  throw usageFailure(`--seed is "${text}", which is not a whole number of 0 to ${SEED_MAX}`, USAGE);
}

runMain(main);
