// Which origin a request goes to next: the pool's tiers (the one that the visitor's cookie names, primaries, backups), then its
// fallback pools, then the origins that are avoided, and never the same server twice in one request. Pure. Among the members of a
// tier the pool's policy chooses.

import type { OriginSnapshot, PlaceSnapshot, PoolSnapshot } from "../config/pool-snapshot.ts";
import type { Facts } from "../facts.ts";
import { cookieValues } from "../http/cookies.ts";
import { POOL_FALLBACKS_MAX } from "../limits.ts";
import { mostExact, nearest } from "./geography.ts";
import { costOf } from "./load.ts";
import type { Load } from "./load.ts";
import type { Standing } from "./merge.ts";
import { rendezvous, roundRobin, twoChoices, weightedRandom } from "./policy.ts";
import type { Candidate, Credits } from "./policy.ts";

export interface SelectInput {
  readonly pools: ReadonlyMap<string, PoolSnapshot>;
  /** Name of the pool to begin with. */
  readonly pool: string;
  /** Servers that this request was sent to (`serverOf`). */
  readonly tried: ReadonlySet<string>;
  /** A step down: only an origin of a tier that this request was not sent to yet, if one serves. */
  readonly isStepDown?: boolean;
  /** The request can be repeated elsewhere when it fails, so it may be spent on an origin that is probably back. */
  readonly mayProbe: boolean;
  readonly facts: Pick<Facts, "path" | "query" | "rawUrl" | "headers" | "client">;
  /** By name of a pool with `sticky`: the id of the origin that the visitor stays with. */
  readonly pins: ReadonlyMap<string, string>;
  standings(pool: PoolSnapshot): readonly Standing[];
  credits(pool: string): Credits;
  /** Of an origin, by `pool/originId`. */
  load(key: string): Load;
  random(): number;
}

export interface Selection {
  readonly standing: Standing;
  /** Round-robin state of the origin's pool after this choice; null where the policy has none. */
  readonly credits: Credits | null;
}

/** Null when an operator took every origin away, or every one was tried. */
export function selectOrigin(input: SelectInput): Selection | null {
  const tiers = poolChain(input.pools, input.pool).flatMap((pool) => tiersOf(pool, input));
  const tier = input.isStepDown === true ? laterTier(tiers, input) : (fitTier(tiers, input.mayProbe) ?? avoidedTier(tiers));
  return tier === null ? null : choose(tier, input);
}

/**
 * The pool and those that take over from it, in the order in which they do: a pool's fallbacks one by one, each followed by its
 * own. A pool comes once, a name without a pool leads nowhere.
 */
export function poolChain(pools: ReadonlyMap<string, PoolSnapshot>, first: string): readonly PoolSnapshot[] {
  const chain = new Map<string, PoolSnapshot>();
  const walk = (name: string): void => {
    const pool = pools.get(name);
    if (pool === undefined || chain.has(name) || chain.size >= POOL_FALLBACKS_MAX) return;
    chain.set(name, pool);
    for (const fallback of pool.fallbacks) walk(fallback);
  };
  walk(first);
  return [...chain.values()];
}

/** The server behind a standing: one that two pools share under different names is still one server. */
export function serverOf({ origin }: Standing): string {
  return serverAt(origin);
}

/** Two services of one URL are two servers. */
export function serverAt({ service, base, basePath }: OriginSnapshot): string {
  return service === null ? base + basePath : `${service} ${base}${basePath}`;
}

/** Origins that are used before all that follow: the one that the visitor stays with, a pool's primaries, or its backups. */
interface Tier {
  readonly pool: PoolSnapshot;
  readonly standings: readonly Standing[];
}

function tiersOf(pool: PoolSnapshot, input: SelectInput): readonly Tier[] {
  const untried = input.standings(pool).filter((standing) => standing.use !== "excluded" && !input.tried.has(serverOf(standing)));
  const tiers = [false, true].map((backup) => ({ pool, standings: untried.filter(({ origin }) => origin.backup === backup) }));
  const pin = pool.sticky === null ? undefined : input.pins.get(pool.name);
  const pinned = untried.filter(({ origin }) => origin.id === pin);
  return pinned.length === 0 ? tiers : [{ pool, standings: pinned }, ...tiers];
}

/** The first tier that serves; before it one origin that may be back, if this request has somewhere to go when it is not. */
function fitTier(tiers: readonly Tier[], mayProbe: boolean): Tier | null {
  let probing: Tier | null = null;
  let spared: Tier | null = null;
  for (const tier of tiers) {
    probing ??= narrowed(tier, ({ use }) => use === "probing");
    const serving = narrowed(tier, ({ use }) => use === "serving");
    if (serving === null) continue;
    if (!isSpared(serving)) return mayProbe && probing !== null ? { ...probing, standings: probing.standings.slice(0, 1) } : serving;
    spared ??= serving;
  }
  return spared ?? probing;
}

/** All of it is kept in only so that the pool is not empty: whoever serves in a later tier is better. */
function isSpared({ standings }: Tier): boolean {
  return standings.every(({ reason }) => reason === "ejection-limit");
}

/** The first that serves, of those none of whose origins this request was sent to. */
function laterTier(tiers: readonly Tier[], { tried }: SelectInput): Tier | null {
  const isAsked = ({ pool, standings: [first] }: Tier): boolean =>
    pool.origins.some((origin) => tried.has(serverAt(origin)) && origin.backup === first?.origin.backup);
  const later = tiers.filter((tier) => !isAsked(tier)).map((tier) => narrowed(tier, ({ use }) => use === "serving"));
  return later.find((tier) => tier !== null && !isSpared(tier)) ?? null;
}

/** Nothing is fit. Origins that only the checks complain about are the better bet, then those that other isolates do, then those with an open circuit. */
function avoidedTier(tiers: readonly Tier[]): Tier | null {
  for (const reason of ["health-down", "circuit-elsewhere", "circuit-open"] satisfies Standing["reason"][]) {
    for (const tier of tiers) {
      const avoided = narrowed(tier, (standing) => standing.reason === reason);
      if (avoided !== null) return avoided;
    }
  }
  return null;
}

/** Null when nobody is left. */
function narrowed(tier: Tier, keep: (standing: Standing) => boolean): Tier | null {
  const standings = tier.standings.filter(keep);
  return standings.length === 0 ? null : { pool: tier.pool, standings };
}

interface Member extends Candidate {
  readonly place: PlaceSnapshot;
  readonly standing: Standing;
}

function choose({ pool, standings }: Tier, input: SelectInput): Selection {
  const candidates = standings.map((standing): Member => ({
    id: standing.origin.id,
    weight: standing.weight,
    place: standing.origin.place,
    standing,
  }));
  const { policy } = pool;
  switch (policy.kind) {
    case "round-robin":
      return takeTurns(candidates, pool, input);
    case "geo":
      return takeTurns(mostExact(candidates, input.facts.client), pool, input);
    case "nearest":
      return takeTurns(nearest(candidates, input.facts.client), pool, input);
    case "random":
      return { standing: weightedRandom(candidates, input.random()).standing, credits: null };
    case "least-latency": {
      const cost = ({ standing, weight }: Member): number => costOf(input.load(standing.key), weight);
      return { standing: twoChoices(candidates, cost, () => input.random()).standing, credits: null };
    }
    case "hash": {
      const key = hashKey(policy, input.facts);
      // Requests without the header, cookie or parameter have nothing in common: they are spread, not sent to one origin.
      const chosen = key === null ? weightedRandom(candidates, input.random()) : rendezvous(candidates, key);
      return { standing: chosen.standing, credits: null };
    }
  }
}

function takeTurns(candidates: readonly Member[], pool: PoolSnapshot, input: SelectInput): Selection {
  const { chosen, credits } = roundRobin(candidates, input.credits(pool.name), () => input.random());
  return { standing: chosen.standing, credits };
}

/** What a hash policy looks at; null when the request has none of it. */
export function hashKey(policy: Extract<PoolSnapshot["policy"], { kind: "hash" }>, facts: SelectInput["facts"]): string | null {
  switch (policy.by) {
    case "client":
      return facts.client.address === "" ? null : facts.client.address;
    case "path":
      return facts.path;
    case "url":
      return facts.query === "" ? facts.path : `${facts.path}?${facts.query}`;
    case "header":
      return facts.headers.get(policy.name);
    case "cookie":
      // The first of that name (RFC 6265 4.2).
      return cookieValues(facts.headers.get("cookie"), policy.name)[0] ?? null;
    case "query":
      return new URLSearchParams(facts.query).get(policy.name);
  }
}
