// Durations that are too short to mean anything or too long to be kept: timeouts, health checks, circuits.

import { CHECK_INTERVAL_MS_MAX, CHECK_INTERVAL_MS_MIN, TIMEOUT_MS_MAX } from "../../limits.ts";
import type { NormalPool, NormalRoute } from "../normalize.ts";
import type { Path } from "../source.ts";
import { parseDurationMs } from "../units.ts";
import { report } from "./context.ts";
import type { CheckContext } from "./context.ts";

interface Bounds {
  readonly msMin: number;
  readonly msMax: number;
}

const TIMEOUT: Bounds = { msMin: 1, msMax: TIMEOUT_MS_MAX };
const INTERVAL: Bounds = { msMin: CHECK_INTERVAL_MS_MIN, msMax: CHECK_INTERVAL_MS_MAX };
/** 0 turns it off. */
const OR_NONE: Bounds = { msMin: 0, msMax: CHECK_INTERVAL_MS_MAX };
const WINDOW: Bounds = { msMin: 1, msMax: CHECK_INTERVAL_MS_MAX };

/**
 * @param path - Of the route, or of the rule that replaces its policies.
 */
export function checkTimeouts(context: CheckContext, { timeout, retry }: Pick<NormalRoute, "timeout" | "retry">, path: Path): void {
  const hedge = retry?.hedge;
  if (hedge !== "auto" && hedge !== "off") checkBounds(context, [...path, "retry", "hedge"], hedge, TIMEOUT);
  if (timeout === undefined) return;
  for (const key of ["attempt", "attemptWithBody", "idle", "total"] as const)
    checkBounds(context, [...path, "timeout", key], timeout[key], TIMEOUT);
}

/**
 * @param path - Of the pool.
 */
export function checkPoolDurations(context: CheckContext, { health, circuit, trust }: NormalPool, path: Path): void {
  checkBounds(context, [...path, "health", "interval"], health?.interval, INTERVAL);
  checkBounds(context, [...path, "health", "timeout"], health?.timeout, TIMEOUT);
  for (const key of ["window", "open", "openMax", "decay"] as const) checkBounds(context, [...path, "circuit", key], circuit[key], WINDOW);
  for (const key of ["slowStart", "share"] as const) checkBounds(context, [...path, "circuit", key], circuit[key], OR_NONE);
  for (const key of ["fresh", "useless", "probe"] as const) checkBounds(context, [...path, "trust", key], trust[key], WINDOW);
  if ((parseDurationMs(trust.fresh) ?? 0) <= (parseDurationMs(trust.useless) ?? 0)) return;
  report(context, [...path, "trust", "fresh"], {
    code: "out-of-range",
    message: `Verdicts would be ignored after ${trust.useless}, before they are doubted.`,
    expected: `at most \`useless\`, ${trust.useless}`,
    found: trust.fresh,
    fix: "Lower `fresh`, or raise `useless`.",
  });
}

function checkBounds(context: CheckContext, path: Path, text: string | undefined, { msMin, msMax }: Bounds): void {
  const ms = text === undefined ? null : parseDurationMs(text);
  if (ms === null || (ms >= msMin && ms <= msMax)) return;
  const expected = `${shown(msMin)} to ${shown(msMax)}`;
  const message = `\`${String(path.at(-1))}\` is too ${ms < msMin ? "short" : "long"}.`;
  report(context, path, { code: "out-of-range", message, expected, found: text ?? "", fix: `Write a duration from ${expected}.` });
}

function shown(ms: number): string {
  if (ms === 0) return "0s";
  if (ms % 60_000 === 0) return `${ms / 60_000}m`;
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}
