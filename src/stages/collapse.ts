// Stage "collapse": between lookup and fetch. Of the requests for one key that find nothing to serve, one goes on to the origin; the
// others wait until its answer is in the store, and look again. Nobody waits for longer than the route says, nor for an answer that
// is not for them: then they ask as if they were alone. Asks no origin and stores nothing.

import type { Awaited, Flight } from "../cache/flights.ts";
import { isSet, requestControl } from "../cache/control.ts";
import { variantKey } from "../cache/variant.ts";
import { parseCacheControl } from "../http/cache-control.ts";
import { CACHE_FLIGHT_NAME_CHARS_MAX } from "../limits.ts";
import type { Plan } from "../plan.ts";
import { discard } from "./found.ts";
import { lookup, type Lookup } from "./lookup.ts";
import type { Run } from "./run.ts";

/** What the request goes on with, and the flight that it must end if it is the one that asks. */
export interface Collapsed {
  readonly found: Lookup;
  readonly flight: Flight | null;
}

/** A key, then the variant of it that was meant: more would be a chain of requests that each wait for the one before. */
const WAITS_MAX = 2;

export async function collapse(run: Run, first: Lookup): Promise<Collapsed> {
  const { flights, ports, plan } = run;
  let name = isWanting(first) ? flightName(run, first) : null;
  let found = first;
  if (name === null || plan.cache.use === "bypass") return { found, flight: null };
  const untilMs = ports.clock.nowMs() + plan.cache.policy.collapseMs;
  for (let waits = 0; waits < WAITS_MAX; waits++) {
    const nowMs = ports.clock.nowMs();
    const place = flights.board(name, nowMs);
    if (place.kind === "lead") return { found, flight: place.flight };
    if (place.kind === "alone") return { found: isHead(run) ? asHead(run, found) : found, flight: place.flight };
    const landing = await landed(place.awaited, plan, untilMs - nowMs);
    if (landing.kind === "ask") break;
    if (landing.kind === "other-variant") {
      name = nameOf(run, plan.cache.key, landing.variant);
      continue;
    }
    found = await lookAgain(run, found);
    const next = isWanting(found) ? flightName(run, found) : null;
    // What was stored meanwhile may have been purged meanwhile: then again one asks.
    if (landing.kind === "late" || next === null) break;
    name = next;
  }
  return { found, flight: null };
}

function isWanting({ kind }: Lookup): boolean {
  return kind === "miss" || kind === "revalidate";
}

/** For a request in the background: null when another one is under way, or would bring nothing that could be stored. */
export function backgroundFlight(run: Run, found: Lookup): { readonly flight: Flight | null } | null {
  const { plan, exchange, flights, ports } = run;
  const variant = variantOf(found);
  if (variant === null || plan.cache.use === "bypass" || wantsNoStore(run)) return null;
  const name = `${nameOf(run, plan.cache.key, variant)}${exchange.facts.headers.has("authorization") ? "\nauthorization" : ""}`;
  const place = flights.board(name, ports.clock.nowMs());
  return place.kind === "lead" ? { flight: place.flight } : null;
}

/** Null for a request that neither waits nor is waited for: what it gets is mostly its own. */
function flightName(run: Run, found: Lookup): string | null {
  const { exchange, plan } = run;
  const variant = variantOf(found);
  if (variant === null || plan.cache.use === "bypass" || plan.cache.policy.collapseMs === 0) return null;
  const { headers } = exchange.facts;
  if (headers.has("authorization") || wantsNoStore(run)) return null;
  const asked = requestControl(headers, plan.cache.policy);
  if (asked !== null && isSet(asked.noCache)) return null;
  const name = nameOf(run, plan.cache.key, variant);
  return name.length <= CACHE_FLIGHT_NAME_CHARS_MAX ? name : null;
}

/** Those with a cookie wait for each other only: most answers to them are not stored, and that must not keep others from waiting. */
function nameOf({ exchange, plan }: Run, key: string, variant: string): string {
  const isApart = plan.cache.use === "cache" && plan.cache.policy.requestCookies === "explicit" && exchange.facts.headers.has("cookie");
  return `${key}\n${variant}${isApart ? "\ncookie" : ""}`;
}

function wantsNoStore({ exchange }: Run): boolean {
  return parseCacheControl(exchange.facts.headers.get("cache-control")).noStore;
}

function variantOf(found: Lookup): string | null {
  switch (found.kind) {
    case "miss":
      return found.pass ? null : found.variant;
    case "revalidate":
      return found.found.stored.variant;
    case "stale":
      return found.refresh.stored.variant;
    case "complete":
    case "bypass":
    case "hit":
    case "not-in-cache":
      return null;
    default:
      return found satisfies never;
  }
}

/** Asked by GET, its content would only be thrown away. */
function asHead({ exchange }: Run, found: Lookup): Lookup {
  if (found.kind !== "miss") return found;
  exchange.digest.cache = { ...exchange.digest.cache, status: "DYNAMIC", detail: "hit-for-miss" };
  return { ...found, pass: true };
}

function isHead({ exchange }: Run): boolean {
  return exchange.facts.method === "HEAD";
}

type Landing = { readonly kind: "stored" | "ask" | "late" } | { readonly kind: "other-variant"; readonly variant: string };

async function landed(awaited: Awaited, plan: Plan, waitMs: number): Promise<Landing> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  // A timer of one's own: the request that is waited for may go away without a word.
  const late = new Promise<Landing>((resolve) => {
    timer = setTimeout(() => resolve({ kind: "late" }), Math.max(0, waitMs));
  });
  const landing = await Promise.race([outcome(awaited, plan), late]);
  if (timer !== undefined) clearTimeout(timer);
  return landing;
}

async function outcome({ announced, isStored }: Awaited, { originRequest }: Plan): Promise<Landing> {
  const coming = await announced;
  if (coming === null) return { kind: "ask" };
  const variant = variantKey(coming.vary, originRequest.headers);
  if (variant !== coming.variant) return { kind: "other-variant", variant };
  return (await isStored) ? { kind: "stored" } : { kind: "ask" };
}

async function lookAgain(run: Run, found: Lookup): Promise<Lookup> {
  const { exchange } = run;
  if (found.kind === "revalidate") discard(found.found.body);
  const { fwd } = exchange.digest.cache;
  const again = await lookup(run);
  // RFC 9211 2.6: it was forwarded, together with another request.
  if (again.kind === "hit" || again.kind === "stale") exchange.digest.cache = { ...exchange.digest.cache, fwd, collapsed: true };
  return again;
}
