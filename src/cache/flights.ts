// Requests for one key at the same moment: one asks the origin, the others wait for what it stores (request collapsing), unless
// answers of that key were found not to be storable a short time ago (hit-for-miss). One table for each isolate. It knows names and
// times, nothing of HTTP and nothing of the store; the stage `collapse` decides who may wait, and for how long.

import { CACHE_FLIGHTS_MAX, CACHE_FLIGHT_LEASE_MS, CACHE_FLIGHT_NAME_CHARS_MAX, CACHE_REFUSALS_MAX, CACHE_REFUSAL_MS } from "../limits.ts";

/** Which of the variants of a key the answer is. */
export interface FlightVariant {
  readonly vary: readonly string[];
  /** As made by `variantKey`. */
  readonly variant: string;
}

/** The request that asks. What is called after the flight has ended does nothing. */
export interface Flight {
  /** The answer has come and is being stored: now only `end` ends the flight. */
  announce(variant: FlightVariant): void;
  /** Ends it: the answer is in the store, or else whoever waits must ask. */
  end(isStored: boolean): void;
  /** Ends it, and nobody waits for an answer of this name for a while. */
  refuse(nowMs: number): void;
  /** Ends it unless an answer was announced: called by whoever leads, whatever has happened. */
  leave(): void;
}

/** What those who wait see of a flight. Neither promise ever rejects; both may stay open when the request that asks is lost. */
export interface Awaited {
  /** Null when the flight ended before there was an answer to store. */
  readonly announced: Promise<FlightVariant | null>;
  readonly isStored: Promise<boolean>;
}

export type Place =
  /** Nobody else asks: this request does. */
  | { readonly kind: "lead"; readonly flight: Flight }
  /** Answers of this name are not stored: this request asks, and so may others at the same time. */
  | { readonly kind: "alone"; readonly flight: Flight }
  | { readonly kind: "wait"; readonly awaited: Awaited };

export interface FlightTable {
  board(name: string, nowMs: number): Place;
}

interface Entry {
  readonly awaited: Awaited;
  readonly untilMs: number;
}

export function createFlightTable(): FlightTable {
  const flying = new Map<string, Entry>();
  const refusals = new Map<string, number>();
  return {
    board(name, nowMs) {
      const refusedUntilMs = refusals.get(name) ?? 0;
      if (refusedUntilMs <= nowMs) refusals.delete(name);
      // Refused or not, an answer that can be stored after all opens the name again.
      if (refusedUntilMs > nowMs) return { kind: "alone", flight: flightOf(refusals, name).flight };
      const entry = flying.get(name);
      if (entry !== undefined && entry.untilMs > nowMs) return { kind: "wait", awaited: entry.awaited };
      if (entry === undefined && flying.size >= CACHE_FLIGHTS_MAX) dropFirst(flying);
      const { flight, awaited } = flightOf(refusals, name, () => {
        if (flying.get(name)?.awaited === awaited) flying.delete(name);
      });
      flying.set(name, { awaited, untilMs: nowMs + CACHE_FLIGHT_LEASE_MS });
      return { kind: "lead", flight };
    },
  };
}

function flightOf(
  refusals: Map<string, number>,
  name: string,
  onEnd: () => void = () => undefined,
): { readonly flight: Flight; readonly awaited: Awaited } {
  const announced = Promise.withResolvers<FlightVariant | null>();
  const stored = Promise.withResolvers<boolean>();
  let isEnded = false;
  let isAnnounced = false;
  const end = (isStored: boolean): void => {
    if (isEnded) return;
    isEnded = true;
    onEnd();
    announced.resolve(null);
    stored.resolve(isStored);
  };
  const flight: Flight = {
    announce(variant) {
      if (isEnded) return;
      isAnnounced = true;
      refusals.delete(name);
      announced.resolve(variant);
    },
    end,
    leave: () => (isAnnounced ? undefined : end(false)),
    refuse(nowMs) {
      if (isEnded) return;
      refusals.delete(name);
      if (refusals.size >= CACHE_REFUSALS_MAX) dropFirst(refusals);
      if (name.length <= CACHE_FLIGHT_NAME_CHARS_MAX) refusals.set(name, nowMs + CACHE_REFUSAL_MS);
      end(false);
    },
  };
  return { flight, awaited: { announced: announced.promise, isStored: stored.promise } };
}

/** Maps keep the order of insertion: the first is the oldest. */
function dropFirst(map: Map<string, unknown>): void {
  for (const name of map.keys()) {
    map.delete(name);
    return;
  }
}
