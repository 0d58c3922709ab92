// Times and durations as people read and write them: `30m`, `2h`, `3 min ago`, `2026-11-23 20:04:05 UTC`. Pure; the time of now
// is a parameter.

import { fail, ok, type Result } from "../../src/result.ts";

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The longest duration that is taken: ten years, far from what overflows a date. */
const DURATION_MS_MAX = 3650 * 86_400_000;

/** Milliseconds of `90s`, `30m`, `2h`, `7d`. The error is a sentence. */
export function parseDuration(text: string): Result<number, string> {
  const match = /^(\d{1,9})(s|m|h|d)$/.exec(text);
  const unit = match === null ? undefined : UNITS[match[2] ?? ""];
  if (match === null || unit === undefined) return fail(`"${text}" is not a duration: write a whole number and s, m, h or d, such as 30m`);
  const ms = Number(match[1]) * unit;
  if (ms === 0) return fail(`"${text}" is no time at all: write at least 1s`);
  if (ms > DURATION_MS_MAX) return fail(`"${text}" is longer than ten years`);
  return ok(ms);
}

/** `2026-11-23 20:04:05 UTC`. */
export function formatTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** The two largest units, rounded down: `45 s`, `3 min`, `2 h 5 min`, `4 d 1 h`. Negative durations count as zero. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return hours % 24 === 0 ? `${Math.floor(hours / 24)} d` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

export function formatAgo(ms: number, nowMs: number): string {
  return `${formatDuration(nowMs - ms)} ago`;
}
