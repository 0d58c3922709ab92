// Age (RFC 9111 5.1): how many seconds ago an answer was made or confirmed at its origin, as the cache before us says.

import { DELTA_SECONDS_MAX } from "./cache-control.ts";

/** Seconds; null when absent or no age: of a list the first member counts, and anything but digits is as if it were not there. */
export function parseAge(value: string | null): number | null {
  const first = value?.split(",", 1)[0]?.trim() ?? "";
  return /^\d+$/.test(first) ? Math.min(Number(first), DELTA_SECONDS_MAX) : null;
}
