// The circuit of one origin in one isolate: closed while it answers, open after failures, half-open when its time is over and
// one request may try it. Pure: time and randomness come in, a new state comes out. It never looks at requests or responses
// (classify.ts and verdict.ts do) and never decides alone whether an origin is used (merge.ts does).

import type { CircuitSnapshot } from "../config/pool-snapshot.ts";
import { CIRCUIT_JITTER, CIRCUIT_PROBE_LEASE_MS, RETRY_AFTER_MS_MAX, SLOW_LOSSES_MAX, SLOW_START_SHARE } from "../limits.ts";
import { addToSlices, sumSlices } from "./slices.ts";
import type { Slice } from "./slices.ts";

export interface Circuit {
  /** `open` includes half-open, which is an open circuit whose time is over; see `circuitPhase`. */
  readonly state: "closed" | "open";
  /** In a row, while closed. */
  readonly failures: number;
  readonly connectionFailures: number;
  /** Losses to a faster origin, in a row: without a good answer between them. */
  readonly slow: number;
  readonly slices: readonly Slice[];
  readonly openedAtMs: number;
  readonly openUntilMs: number;
  readonly openedBy: CircuitTrip | null;
  /** The next opening lasts `openMs` times two to the power of this. */
  readonly exponent: number;
  /** In half-open: a probe is under way until it reports or this time comes. */
  readonly probeUntilMs: number | null;
  readonly probeSuccesses: number;
  /** When it last closed after having been open; null when it never was. */
  readonly closedAtMs: number | null;
}

/** What opened a circuit. Only `connection` proves that the server is gone, so only the others count against the ejection limit. */
export type CircuitTrip = "connection" | "failures" | "success-rate";

export type CircuitPhase = "closed" | "open" | "half-open";

/** slow: given up, since another origin was faster by far; one may be chance, many in a row are not. neutral: the attempt says nothing about the origin (the visitor left, or every origin fails alike). */
export type CircuitOutcome = "success" | "failure" | "slow" | "connection-failure" | "neutral";

/** As what an attempt was admitted. Only a probe or a forced attempt moves a circuit that is not closed: late reports do not. */
export type Admission = "normal" | "probe" | "forced";

export interface CircuitEvent {
  readonly outcome: CircuitOutcome;
  readonly admission: Admission;
  /** From the origin's Retry-After; null when it sent none. */
  readonly retryAfterMs: number | null;
  readonly settings: CircuitSnapshot;
  /** When the attempt began: what began before the circuit opened says nothing about the time since. */
  readonly beganAtMs: number;
  readonly nowMs: number;
  /** In [0, 1). */
  readonly random: number;
}

export function closedCircuit(): Circuit {
  return {
    state: "closed",
    failures: 0,
    connectionFailures: 0,
    slow: 0,
    slices: [],
    openedAtMs: 0,
    openUntilMs: 0,
    openedBy: null,
    exponent: 0,
    probeUntilMs: null,
    probeSuccesses: 0,
    closedAtMs: null,
  };
}

/** `upSinceMs`: when the active checks last saw the origin up. That halves what is left of an open time; it never closes a circuit. */
export function circuitPhase(circuit: Circuit, nowMs: number, upSinceMs: number | null = null): CircuitPhase {
  if (circuit.state === "closed") return "closed";
  return nowMs >= halfOpenAtMs(circuit, upSinceMs) ? "half-open" : "open";
}

/** When an open circuit becomes half-open. `upSinceMs` as in `circuitPhase`. */
export function halfOpenAtMs(circuit: Circuit, upSinceMs: number | null = null): number {
  // The half of a jittered time is jittered too, so isolates still do not probe together.
  const sooner = upSinceMs !== null && upSinceMs > circuit.openedAtMs;
  return sooner ? circuit.openedAtMs + (circuit.openUntilMs - circuit.openedAtMs) / 2 : circuit.openUntilMs;
}

/** Whether a request may go to the origin: as traffic, as the one probe of a half-open circuit, or not at all. */
export function admits(circuit: Circuit, nowMs: number, upSinceMs: number | null = null): "traffic" | "probe" | "no" {
  switch (circuitPhase(circuit, nowMs, upSinceMs)) {
    case "closed":
      return "traffic";
    case "half-open":
      return circuit.probeUntilMs === null || nowMs >= circuit.probeUntilMs ? "probe" : "no";
    case "open":
      return "no";
  }
}

/** Notes that an attempt begins. `forced`: it goes although the circuit does not admit it, because nothing else is left. */
export function beginAttempt(circuit: Circuit, nowMs: number, upSinceMs: number | null = null): { circuit: Circuit; admission: Admission } {
  switch (admits(circuit, nowMs, upSinceMs)) {
    case "traffic":
      return { circuit, admission: "normal" };
    case "probe":
      return { circuit: { ...circuit, probeUntilMs: nowMs + CIRCUIT_PROBE_LEASE_MS }, admission: "probe" };
    case "no":
      return { circuit, admission: "forced" };
  }
}

/** The circuit after an attempt came out. */
export function observe(circuit: Circuit, event: CircuitEvent): Circuit {
  // Its place is freed whatever the circuit's state: a forced attempt may have closed or reopened it meanwhile.
  const free = event.admission === "probe" ? { ...circuit, probeUntilMs: null } : circuit;
  return free.state === "closed" ? observeClosed(free, event) : observeOpen(free, event);
}

/** The share of its weight that an origin gets after its circuit closed: from a tenth to all, over the pool's slow start. */
export function slowStartShare(circuit: Circuit, { slowStartMs }: Pick<CircuitSnapshot, "slowStartMs">, nowMs: number): number {
  if (circuit.closedAtMs === null || circuit.state !== "closed" || slowStartMs <= 0) return 1;
  return Math.min(1, Math.max(SLOW_START_SHARE, (nowMs - circuit.closedAtMs) / slowStartMs));
}

function observeClosed(circuit: Circuit, event: CircuitEvent): Circuit {
  const { outcome, settings, nowMs } = event;
  if (outcome === "neutral") return circuit;
  const good = outcome === "success";
  const seen: Circuit = {
    ...circuit,
    failures: good ? 0 : circuit.failures + (outcome === "slow" ? 0 : 1),
    slow: good ? 0 : circuit.slow + (outcome === "slow" ? 1 : 0),
    connectionFailures: outcome === "connection-failure" ? circuit.connectionFailures + 1 : 0,
    slices: addToSlices(circuit.slices, good ? { good: 1 } : { bad: 1 }, { nowMs, windowMs: settings.windowMs }),
  };
  const trip = good ? null : tripOf(seen, event);
  return trip === null ? seen : open(seen, trip, event);
}

function tripOf(circuit: Circuit, { settings, nowMs }: CircuitEvent): CircuitTrip | null {
  if (circuit.connectionFailures >= Math.min(settings.connectionFailures, settings.consecutiveFailures)) return "connection";
  if (circuit.failures >= settings.consecutiveFailures || circuit.slow >= SLOW_LOSSES_MAX) return "failures";
  const { good, bad } = sumSlices(circuit.slices, { nowMs, windowMs: settings.windowMs });
  // At the rate too: an origin that fails every other request would otherwise cost a retry for ever.
  if (good + bad >= settings.volume && good <= settings.successRateMin * (good + bad)) return "success-rate";
  return null;
}

function observeOpen(circuit: Circuit, event: CircuitEvent): Circuit {
  const { outcome, admission, settings, nowMs } = event;
  if (admission === "normal" || outcome === "neutral" || event.beganAtMs < circuit.openedAtMs) return circuit;
  if (outcome === "success") {
    const probeSuccesses = circuit.probeSuccesses + 1;
    if (probeSuccesses < settings.closeAfter) return { ...circuit, probeSuccesses };
    return { ...closedCircuit(), exponent: circuit.exponent, probeUntilMs: circuit.probeUntilMs, closedAtMs: nowMs };
  }
  // A forced attempt that fails while the time still runs says nothing new; one that fails after it is a failed probe.
  if (admission === "forced" && nowMs < circuit.openUntilMs) return { ...circuit, probeSuccesses: 0 };
  return open(circuit, outcome === "connection-failure" ? "connection" : (circuit.openedBy ?? "failures"), event);
}

function open(circuit: Circuit, openedBy: CircuitTrip, { settings, nowMs, random, retryAfterMs }: CircuitEvent): Circuit {
  const quiet = circuit.state === "closed" && (circuit.closedAtMs === null || nowMs - circuit.closedAtMs >= settings.decayMs);
  const exponent = quiet ? 0 : circuit.exponent;
  const grownMs = Math.min(settings.openMsMax, settings.openMs * 2 ** exponent);
  const jitteredMs = grownMs * (1 - CIRCUIT_JITTER + 2 * CIRCUIT_JITTER * random);
  const openForMs = retryAfterMs === null ? jitteredMs : Math.min(RETRY_AFTER_MS_MAX, Math.max(settings.openMs, retryAfterMs));
  return {
    ...closedCircuit(),
    state: "open",
    openedAtMs: nowMs,
    openUntilMs: nowMs + openForMs,
    openedBy,
    // Past the cap a larger exponent changes nothing; it is held there so that it cannot overflow.
    exponent: grownMs >= settings.openMsMax ? exponent : exponent + 1,
    probeUntilMs: circuit.probeUntilMs,
    closedAtMs: circuit.closedAtMs,
  };
}
