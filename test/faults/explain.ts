// Why a row missed its goal, as far as the access log knows: the worst requests, each with what its visitor got and what the
// Worker tried. Pure.

import { hasFailed } from "./figures.ts";
import type { Sent } from "./load.ts";
import type { Measured } from "./measure.ts";

/** More would not be read. */
const EXAMPLES_MAX = 5;

/** Lines for people: first the failed requests, then the slowest. */
export function worst({ noted, log, beganAtMs }: Pick<Measured, "noted" | "log" | "beganAtMs">): readonly string[] {
  const failed = noted.filter(hasFailed);
  const slowest = noted.filter((one) => !hasFailed(one)).toSorted((a, b) => b.ms - a.ms);
  const examples = [...spread(failed, EXAMPLES_MAX), ...slowest.slice(0, EXAMPLES_MAX)].slice(0, EXAMPLES_MAX);
  return examples.map((one) => {
    const seconds = ((one.atMs - beganAtMs) / 1000).toFixed(2);
    const got = one.error ?? (one.status === 200 && !one.intact ? "200 with another body" : String(one.status));
    return `${seconds} s into the fault ${one.path}: ${got} after ${one.ms.toFixed(0)} ms; ${logged(one, log)}`;
  });
}

/** So many of them, evenly: the first, the last and some between. */
function spread<T>(all: readonly T[], count: number): readonly T[] {
  if (all.length <= count) return all;
  return Array.from({ length: count }, (_, i) => all[Math.round((i * (all.length - 1)) / (count - 1))]).filter((one) => one !== undefined);
}

function logged({ path, requestId }: Sent, log: readonly string[]): string {
  const line = log.find((text) => (requestId === null ? text.includes(`${path}"`) : text.includes(requestId)));
  if (line === undefined) return "not in the access log";
  try {
    const { status, ms, error, attempts, cache } = JSON.parse(line) as Record<string, unknown>;
    return `logged: ${JSON.stringify({ status, ms, error, cache, attempts })}`;
  } catch {
    return `logged: ${line}`;
  }
}
