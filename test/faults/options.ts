// The options of `npm run faults`. Pure.

import { parseArgs } from "node:util";

import { usageFailure } from "../../scripts/output/failure.ts";
import type { Pace } from "./measure.ts";

export interface Options {
  readonly short: boolean;
  /** Breakwater only. */
  readonly alone: boolean;
  /** Names of rows; null for all. */
  readonly only: readonly string[] | null;
  /** File for the table; null for none. */
  readonly markdown: string | null;
  readonly pace: Pace;
}

const USAGE =
  "npm run faults -- [--short] [--alone] [--only ROW,ROW] [--rate REQUESTS_PER_SECOND] [--seconds FAULT_SECONDS] [--markdown FILE]";

const LONG = { heatRequests: 500, beforeMs: 3000, afterMs: 2000, waits: true };
const SHORT = { heatRequests: 50, beforeMs: 800, afterMs: 400, waits: false };

/** Above it the load itself is what is measured. */
const RATE_MAX = 2000;
const SECONDS_MAX = 60;

/** @throws a usage failure. */
export function readOptions(args: readonly string[], rowNames: readonly string[]): Options {
  const values = parse(args);
  const short = values.short === true;
  const rate = numberOf("--rate", values.rate ?? (short ? "150" : "300"), RATE_MAX);
  const seconds = numberOf("--seconds", values.seconds ?? (short ? "1.2" : "5"), SECONDS_MAX);
  return {
    short,
    alone: short || values.alone === true,
    only: values.only === undefined ? null : rowsOf(values.only, rowNames),
    markdown: values.markdown ?? null,
    pace: { perSecond: rate, faultMs: seconds * 1000, ...(short ? SHORT : LONG) },
  };
}

function parse(args: readonly string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const options = { short: flag, alone: flag, only: text, rate: text, seconds: text, markdown: text };
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw usageFailure(error instanceof Error ? error.message : String(error), USAGE);
  }
}

function numberOf(name: string, text: string, max: number): number {
  const number = Number(text);
  if (text.trim() !== "" && number > 0 && number <= max) return number;
  throw usageFailure(`${name} is "${text}", which is not a number above 0 and up to ${max}`, USAGE);
}

function rowsOf(text: string, rowNames: readonly string[]): readonly string[] {
  const names = text.split(",").map((name) => name.trim());
  const unknown = names.filter((name) => !rowNames.includes(name));
  if (unknown.length === 0) return names;
  throw usageFailure(`--only names no row "${unknown.join(", ")}"`, `Rows: ${rowNames.join(", ")}`);
}
