// How long an origin takes to answer a route, learned from its good answers: what is usual there, for the time after which
// another origin is asked besides (hedging), and a peak that rises at once and falls slowly, for choosing the least loaded. Pure. Kept per
// origin and route, since a report that takes seconds says nothing about a page that takes milliseconds.

import { HEDGE_MS_MIN, HEDGE_UNKNOWN_MS, PEAK_DECAY_MS } from "../limits.ts";

export interface Latency {
  /** Smoothed time until an answer counts, in milliseconds. */
  readonly meanMs: number;
  /** Smoothed distance from the mean. */
  readonly deviationMs: number;
  readonly peakMs: number;
  readonly atMs: number;
}

/** Weights of a new sample, as TCP smooths its round trips (RFC 6298 2.3). */
const MEAN_GAIN = 1 / 8;
const DEVIATION_GAIN = 1 / 4;

/** Deviations above the mean, as for TCP's retransmission timeout. */
const DEVIATIONS = 4;

/** Times the mean: what "The Tail at Scale" (Dean and Barroso, 2013) does by the 95th percentile, without keeping a histogram. */
const MEANS = 3;

/** After a good answer. */
export function observeLatency(before: Latency | null, sampleMs: number, nowMs: number): Latency {
  if (before === null) return { meanMs: sampleMs, deviationMs: sampleMs / 2, peakMs: sampleMs, atMs: nowMs };
  const off = Math.abs(sampleMs - before.meanMs);
  return {
    meanMs: before.meanMs + MEAN_GAIN * (sampleMs - before.meanMs),
    deviationMs: before.deviationMs + DEVIATION_GAIN * (off - before.deviationMs),
    peakMs: risenPeak(before, sampleMs, nowMs),
    atMs: nowMs,
  };
}

/**
 * After an attempt that was given up: it would have taken at least so long. Only the peak learns of it: what is usual is known
 * from answers, or a frozen origin would teach us to wait for it.
 */
export function observeLoss(before: Latency, elapsedMs: number, nowMs: number): Latency {
  return { ...before, peakMs: risenPeak(before, elapsedMs, nowMs), atMs: nowMs };
}

/** Peak EWMA (as in Finagle's load balancer): a slower answer counts at once, a faster one by the time that has passed. */
function risenPeak(before: Latency, sampleMs: number, nowMs: number): number {
  if (sampleMs >= before.peakMs) return sampleMs;
  const kept = Math.exp(-Math.max(0, nowMs - before.atMs) / PEAK_DECAY_MS);
  return before.peakMs * kept + sampleMs * (1 - kept);
}

/**
 * How long to wait before another origin is asked besides.
 *
 * @param own - Of the origin that is waited for; null when it never answered this route.
 * @param peers - Of the pool's other origins on this route: what is usual there is the best guess for one that is not known.
 */
export function hedgeDelayMs(own: Latency | null, peers: readonly Latency[]): number {
  if (own !== null) return unusualMs(own);
  return peers.length === 0 ? HEDGE_UNKNOWN_MS : Math.max(...peers.map(unusualMs));
}

function unusualMs({ meanMs, deviationMs }: Latency): number {
  return Math.max(HEDGE_MS_MIN, MEANS * meanMs, meanMs + DEVIATIONS * deviationMs);
}
