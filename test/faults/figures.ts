// From what became of every request and what the origins noted to the figures of a row. Pure.

import type { Sent } from "./load.ts";

/** One line of an origin's journal. */
export interface Seen {
  readonly atMs: number;
  readonly id: string;
}

export interface Observed {
  readonly sent: readonly Sent[];
  /** By origin. */
  readonly seen: readonly (readonly Seen[])[];
  /** The fault was there from then on ... */
  readonly beganAtMs: number;
  /** ... and was being taken away from then on. */
  readonly endedAtMs: number;
  /** The first of the origins that had been dead listened again; null when none had been. */
  readonly backAtMs: number | null;
}

/** Null: this row does not have the figure. Those that end in Ms are milliseconds. */
export interface Figures {
  /** That were under way while the fault lasted; all figures are of these but where it says otherwise. */
  readonly requests: number;
  /** No answer, a status other than 200, or another body than what is at the path. */
  readonly failed: number;
  /** Before the fault and after it. */
  readonly failedOutside: number;
  /** 200, and then not the whole body. */
  readonly broken: number;
  readonly slow: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Of those that were due before the fault; NaN where there was no such time. */
  readonly p99BeforeMs: number;
  /** Requests that origins saw for each request of a visitor. */
  readonly load: number;
  /** Orders that were executed more than once, in the whole run. */
  readonly twice: number;
  /** Of the requests for pages that are stored. */
  readonly storedFailed: number;
  /** Failed answers of other pages that do not say when to come back. */
  readonly withoutRetryAfter: number;
  /** Half of the failed answers of other pages came within this time. */
  readonly errorP50Ms: number | null;
  /** From the return of the first origin to the end of the first good answer from an origin. */
  readonly firstSuccessMs: number | null;
  /** Requests that the first origin saw during the fault. */
  readonly faulty: number;
  /** Their share in what all origins saw. */
  readonly faultyShare: number;
  /** Requests that the first origin saw after its return ... */
  readonly returned: number | null;
  /** ... and the time to the tenth of them. */
  readonly backMs: number | null;
  /** From the start of the fault until the first origin saw five requests within five seconds. */
  readonly inUseMs: number | null;
}

/** What the table calls slow. */
export const SLOW_MS = 900;

/** The first requests meet a cold start; what is learned after it is the state before the fault. */
const COLD_MS = 500;

/** More than probes: an origin that is only probed gets one request in five seconds. */
const IN_USE = { requests: 5, withinMs: 5_000 };
const RETURNED_REQUESTS = 10;

export function figuresOf(observed: Observed): Figures {
  const { sent, seen, beganAtMs, backAtMs } = observed;
  const inside = sent.filter((one) => isDuring(one, observed));
  const insideIds = new Set(inside.map(({ id }) => id));
  const outside = sent.filter(({ id }) => !insideIds.has(id));
  const before = sent.filter(({ atMs }) => atMs >= (sent[0]?.atMs ?? 0) + COLD_MS && atMs < beganAtMs);
  const times = inside.map(({ ms }) => ms);
  const errors = inside.filter((one) => hasFailed(one) && !one.stored);
  const atOrigins = seen.flat().filter(({ id }) => insideIds.has(id)).length;
  const faulty = (seen[0] ?? []).filter(({ id }) => insideIds.has(id)).length;
  const since = (fromMs: number): number[] => (seen[0] ?? []).map(({ atMs }) => atMs).filter((atMs) => atMs >= fromMs);
  return {
    requests: inside.length,
    failed: inside.filter(hasFailed).length,
    failedOutside: outside.filter(hasFailed).length,
    broken: inside.filter(({ status, intact }) => status === 200 && !intact).length,
    slow: times.filter((ms) => ms > SLOW_MS).length,
    p99Ms: percentile(times, 0.99),
    maxMs: percentile(times, 1),
    p99BeforeMs: percentile(
      before.map(({ ms }) => ms),
      0.99,
    ),
    load: inside.length === 0 ? 0 : atOrigins / inside.length,
    twice: executedTwice(seen.flat()),
    storedFailed: inside.filter((one) => one.stored && hasFailed(one)).length,
    withoutRetryAfter: errors.filter(({ hasRetryAfter }) => !hasRetryAfter).length,
    errorP50Ms:
      errors.length === 0
        ? null
        : percentile(
            errors.map(({ ms }) => ms),
            0.5,
          ),
    firstSuccessMs: backAtMs === null ? null : firstSuccess(sent, backAtMs),
    faulty,
    faultyShare: atOrigins === 0 ? 0 : faulty / atOrigins,
    returned: backAtMs === null ? null : since(backAtMs).length,
    backMs: backAtMs === null ? null : (nthAfter(since(backAtMs), RETURNED_REQUESTS, backAtMs) ?? null),
    inUseMs: inUse(since(beganAtMs), beganAtMs),
  };
}

/** Under way at some time of the fault. */
export function isDuring({ atMs, ms }: Sent, { beganAtMs, endedAtMs }: Pick<Observed, "beganAtMs" | "endedAtMs">): boolean {
  return atMs < endedAtMs && atMs + ms >= beganAtMs;
}

export function hasFailed({ status, intact }: Sent): boolean {
  return status !== 200 || !intact;
}

/** The smallest of the numbers that so large a share of them does not exceed (nearest rank); NaN of none. */
export function percentile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** Ids that come more than once. */
export function executedTwice(seen: readonly Seen[]): number {
  const counts = new Map<string, number>();
  for (const { id } of seen) counts.set(id, (counts.get(id) ?? 0) + 1);
  return [...counts.values()].filter((count) => count > 1).length;
}

/** The journal's text as lines. A line that was being written when its origin died does not count. */
export function parseJournal(text: string): readonly Seen[] {
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => {
      const [atMs = "", id = ""] = line.split(" ");
      return { atMs: Number(atMs), id };
    });
}

function firstSuccess(sent: readonly Sent[], backAtMs: number): number | null {
  const ends = sent.filter((one) => !one.stored && !hasFailed(one) && one.atMs + one.ms >= backAtMs).map((one) => one.atMs + one.ms);
  return ends.length === 0 ? null : Math.min(...ends) - backAtMs;
}

function nthAfter(times: readonly number[], count: number, fromMs: number): number | null {
  const nth = times[count - 1];
  return nth === undefined ? null : nth - fromMs;
}

function inUse(times: readonly number[], fromMs: number): number | null {
  const at = times.findIndex((timeMs, i) => timeMs - (times[i - IN_USE.requests + 1] ?? Number.NEGATIVE_INFINITY) <= IN_USE.withinMs);
  return at === -1 ? null : (times[at] ?? fromMs) - fromMs;
}
