// What the steps of one proxied request share: the request itself, what is outside, and what the isolate keeps between requests.

import type { EntryReader } from "../cache/entries.ts";
import type { FlightTable } from "../cache/flights.ts";
import type { Exchange } from "../exchange.ts";
import type { RateMemory } from "../firewall/rate-memory.ts";
import type { AuthKeys } from "../origin/auth.ts";
import type { Leases } from "../origin/leases.ts";
import type { Markers } from "../origin/markers.ts";
import type { StickyKeys } from "../origin/sticky-keys.ts";
import type { OriginTable } from "../origin/table.ts";
import type { Plan } from "../plan.ts";
import type { Ports } from "../ports.ts";

/** What an isolate keeps between requests for the sake of those that it proxies. */
export interface IsolateMemory {
  readonly origins: OriginTable;
  readonly flights: FlightTable;
  readonly entries: EntryReader;
  readonly sticky: StickyKeys;
  readonly authKeys: AuthKeys;
  readonly markers: Markers;
  /** Visitors who are out by a rate limit, and counters that do not answer. */
  readonly rates: RateMemory;
  /** Bytes of request bodies that rules look at. */
  readonly inspecting: Leases;
}

export interface Run extends IsolateMemory {
  readonly exchange: Exchange;
  readonly plan: Plan;
  readonly ports: Ports;
}
