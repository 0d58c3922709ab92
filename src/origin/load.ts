// How loaded an origin seems from here: the peak of its latency times what is under way (peak EWMA, as in Finagle's load balancer,
// "Beyond Round Robin", 2016). Pure. The policy least-latency compares it; latency.ts learns the peaks.

import { PEAK_DECAY_MS } from "../limits.ts";
import type { Latency } from "./latency.ts";

export interface Load {
  /** Null while the origin has not answered yet. */
  readonly ewmaMs: number | null;
  /** Requests that it has not answered yet. */
  readonly inFlight: number;
}

/** Milliseconds that stand for a latency that nobody knows: longer than any that is known. */
const UNKNOWN_MS = 1e9;

/** A peak fades while an origin is not asked: one that was slow once would otherwise never be asked again. */
export function loadOf(latency: Latency | null, inFlight: number, nowMs: number): Load {
  if (latency === null) return { ewmaMs: null, inFlight };
  return { ewmaMs: latency.peakMs * Math.exp(-Math.max(0, nowMs - latency.atMs) / PEAK_DECAY_MS), inFlight };
}

/**
 * What one more request may expect there, by the capacity that its weight stands for. An origin that is new costs nothing until it is
 * asked, and more than any other until it has answered: it is tried, with one request at a time.
 */
export function costOf({ ewmaMs, inFlight }: Load, weight: number): number {
  if (ewmaMs === null) return inFlight === 0 ? 0 : (UNKNOWN_MS * (inFlight + 1)) / weight;
  return (ewmaMs * (inFlight + 1)) / weight;
}
