// Stage "drill": one live request of an operator that lives through faults. Before everything else it takes the signed header off
// the request; with a good signature, everything that is outside and everything that an isolate remembers is replaced for this one
// request, so that faults happen to it and nobody learns from them. Without one the request is as any other.

import { printFault } from "../drill/faults.ts";
import { faultyFetcher } from "../drill/fetcher.ts";
import { verifyDrill, type Drill } from "../drill/signature.ts";
import { deadConfigStore, unchangedCache } from "../drill/stores.ts";
import type { Exchange } from "../exchange.ts";
import type { Ports, RateCounter } from "../ports.ts";
import type { StateHolder } from "../release/holder.ts";
import { DRILL_HEADER } from "../transform/origin-headers.ts";
import type { IsolateMemory } from "./run.ts";

/** The secret that signs; without it there are no drills. */
const SECRET = "SIGNING_KEY";

/** What of an isolate a drill must not touch, and how more of the same is made. */
export interface DrilledIsolate {
  readonly holder: StateHolder;
  readonly memory: IsolateMemory;
  /** As a cold isolate would have them. */
  readonly fresh: { readonly holder: () => StateHolder; readonly memory: () => IsolateMemory };
}

/** Null for nearly every request. */
export async function readDrill({ headers }: Request, { secrets, clock }: Pick<Ports, "secrets" | "clock">): Promise<Drill | null> {
  const value = headers.get(DRILL_HEADER);
  const key = value === null ? null : secrets.get(SECRET);
  return value === null || key === null ? null : await verifyDrill(value, key, clock.nowMs());
}

/** The request's headers without the one for drills, whatever it says: no rule, key or origin ever sees it. */
export function withoutDrill(headers: Headers): Headers {
  if (!headers.has(DRILL_HEADER)) return headers;
  const rest = new Headers(headers);
  rest.delete(DRILL_HEADER);
  return rest;
}

/** The same faults as text, for the log and the response. */
export function drillText({ faults }: Drill): string {
  return faults.length === 0 ? "none" : faults.map(printFault).join(", ");
}

export function drilledPorts(ports: Ports, drill: Drill): Ports {
  const { faults } = drill;
  const text = drillText(drill);
  return {
    ...ports,
    cache: unchangedCache(
      ports.cache,
      faults.some(({ kind }) => kind === "cache"),
    ),
    config: isKvDown(drill) ? deadConfigStore : ports.config,
    fetcher: faultyFetcher(ports.fetcher, faults),
    // A drill is no visit: it is neither counted nor held against a limit.
    rates: { binding: NO_COUNT, object: NO_COUNT },
    log: { write: (line) => ports.log.write({ ...line, drill: text }) },
  };
}

const NO_COUNT: RateCounter = { ask: () => Promise.resolve({ limited: false, remaining: null, waitMs: null }) };

/** @param ports - The real ones: what the isolate's own holder reads and copies is no part of the drill. */
export function drilledIsolate<T extends DrilledIsolate>(isolate: T, ports: Ports, drill: Drill): T {
  const { holder, fresh } = isolate;
  const current: StateHolder["current"] = (_drilled, nowMs) => holder.current(ports, nowMs);
  const loadLists: StateHolder["loadLists"] = (lists, names) => holder.loadLists(lists, names, ports);
  return { ...isolate, holder: isKvDown(drill) ? fresh.holder() : { ...holder, current, loadLists }, memory: fresh.memory() };
}

function isKvDown({ faults }: Drill): boolean {
  return faults.some(({ kind }) => kind === "kv");
}

/**
 * Says in the response what the request lived through, which nobody but who has the key gets to see, and keeps it out of every
 * cache on its way. A handshake's answer passes as it came: the socket hangs on it.
 */
export function tellDrill(response: Response, drill: Drill, exchange: Exchange | null): void {
  if (response.status === 101) return;
  const { headers } = response;
  const { attempts = [], ladder = [] } = exchange?.digest ?? {};
  headers.set("cache-control", "no-store");
  headers.set(DRILL_HEADER, drillText(drill));
  headers.set(`${DRILL_HEADER}-attempts`, listed(attempts.map(({ pool, origin, outcome }) => `${pool}/${origin} ${outcome}`)));
  headers.set(`${DRILL_HEADER}-ladder`, listed(ladder));
}

function listed(items: readonly string[]): string {
  return items.length === 0 ? "none" : items.join(", ");
}
