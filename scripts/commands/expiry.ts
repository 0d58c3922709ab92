// What --expires says, as a config has it: a day, a moment, or a time from now. Used by the commands that add rules and entries of lists;
// reads no clock of its own.

import { parseExpiryMs } from "../../src/config/units.ts";
import { usageFailure } from "../output/failure.ts";
import { parseDuration } from "../output/time.ts";

/**
 * @returns Null for `never`.
 * @throws a usage failure for what is no time, or over already.
 */
export function chosenExpiry(text: string, nowMs: number): string | null {
  if (text === "never") return null;
  const duration = parseDuration(text);
  if (duration.ok) return `${new Date(nowMs + duration.value).toISOString().slice(0, 19)}Z`;
  const endMs = parseExpiryMs(text);
  const help = "give a day such as 2027-01-31, a moment such as 2027-01-31T18:00:00Z, a time such as 30d or 2h, or never";
  if (endMs === null) throw usageFailure(`--expires "${text}" is no time`, help);
  if (endMs <= nowMs) throw usageFailure(`--expires "${text}" is over already`, help);
  return text;
}
