// Stage "stick": which origin the visitor stays with, read before origins are asked, and the cookie that says so, written after the
// answer was stored. The cookie is taken out of the request by the stage receive, so neither rules nor keys nor origins see it; here
// it is read from the request itself. It never fails a request.

import type { FetchOutcome } from "./fetch-outcome.ts";
import { activeOverride } from "../origin/overrides.ts";
import { originKey } from "../origin/health.ts";
import { poolChain } from "../origin/select.ts";
import { needsCookie, readPin, stickyCookieLine, type Pin } from "../origin/sticky.ts";
import type { Run } from "./run.ts";

/** By pool: what the visitor's cookie says. */
export type Pins = ReadonlyMap<string, Pin>;

type StickRun = Pick<Run, "exchange" | "plan" | "ports" | "sticky">;

/** What nearly all requests have. */
export const NO_PINS: Pins = new Map();

/** Whether there is anything to read: the others need not wait for it. */
export function mayHavePins({ exchange, plan }: StickRun): boolean {
  if (!exchange.request.headers.has("cookie")) return false;
  return poolChain(exchange.state.ruleset.pools, plan.pool).some(({ sticky }) => sticky !== null);
}

/** Of the pools that this request may come to. */
export async function readPins({ exchange, plan, ports, sticky }: StickRun): Promise<Pins> {
  const pins = new Map<string, Pin>();
  const header = exchange.request.headers.get("cookie");
  if (header === null) return pins;
  for (const pool of poolChain(exchange.state.ruleset.pools, plan.pool)) {
    if (pool.sticky === null || !header.includes(pool.sticky.cookie)) continue;
    const key = await sticky.of(pool, ports);
    const pin = key === null ? null : await readPin(header, key.settings.cookie, key.sticky, ports.clock.nowMs());
    if (pin !== null) pins.set(pool.name, pin);
  }
  return pins;
}

/** Ids of the origins by pool, as selection takes them. */
export function pinnedOrigins(pins: Pins): ReadonlyMap<string, string> {
  return new Map([...pins].map(([pool, { originId }]) => [pool, originId]));
}

/** The line of Set-Cookie that this visitor needs; null when it has a good one, and where nobody stays. */
export async function stickyCookie({ exchange, ports, sticky }: StickRun, pins: Pins, outcome: FetchOutcome): Promise<string | null> {
  // An origin that fails is none to stay with.
  if (outcome.kind !== "response" || outcome.response.status >= 500) return null;
  const { pool: name, id: originId } = outcome.origin;
  const pool = exchange.state.ruleset.pools.get(name);
  if (pool === undefined || pool.sticky === null) return null;
  const nowMs = ports.clock.nowMs();
  const pin = pins.get(name) ?? null;
  if (!needsCookie(pin, originId, pool.sticky, nowMs)) return null;
  // Who stays with a drained origin does so until its cookie ends.
  if (activeOverride(exchange.state.overrides, originKey(name, originId), nowMs)?.state === "drain") return null;
  const key = await sticky.of(pool, ports);
  if (key === null) return null;
  return await stickyCookieLine({ ...key, originId, secure: exchange.facts.scheme === "https", nowMs });
}
