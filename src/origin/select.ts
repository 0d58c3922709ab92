// Which origin a request goes to next: the pool's tiers (primaries, backups), then its fallback pools, then the origins that
// are avoided, and never the same server twice in one request. Pure. Among the members of a tier the pool's policy chooses.

import type { PoolSnapshot } from "../config/snapshot.ts";
import type { Facts } from "../facts.ts";
import { POOL_FALLBACKS_MAX } from "../limits.ts";
import type { Standing } from "./merge.ts";
import { rendezvous, roundRobin, weightedRandom } from "./policy.ts";
import type { Credits } from "./policy.ts";

export interface SelectInput {
  readonly pools: ReadonlyMap<string, PoolSnapshot>;
  /** Name of the pool to begin with. */
  readonly pool: string;
  /** Servers that this request was sent to (`serverOf`). */
  readonly tried: ReadonlySet<string>;
  /** The request can be repeated elsewhere when it fails, so it may be spent on an origin that is probably back. */
  readonly mayProbe: boolean;
  readonly facts: Pick<Facts, "path" | "query" | "rawUrl" | "headers" | "client">;
  standings(pool: PoolSnapshot): readonly Standing[];
  credits(pool: string): Credits;
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
  const tier = fitTier(tiers, input.mayProbe) ?? avoidedTier(tiers);
  return tier === null ? null : choose(tier, input);
}

/** The pool and those that take over from it, in order. A cycle ends where it closes; a name without a pool ends the chain. */
export function poolChain(pools: ReadonlyMap<string, PoolSnapshot>, first: string): readonly PoolSnapshot[] {
  const chain: PoolSnapshot[] = [];
  for (let name: string | null = first; name !== null && chain.length < POOL_FALLBACKS_MAX;) {
    const pool = pools.get(name);
    if (pool === undefined || chain.includes(pool)) break;
    chain.push(pool);
    name = pool.fallback;
  }
  return chain;
}

/** The server behind a standing: one that two pools share under different names is still one server. */
export function serverOf(standing: Standing): string {
  return standing.origin.base + standing.origin.basePath;
}

/** Origins that are used before all that follow: a pool's primaries, or its backups. */
interface Tier {
  readonly pool: PoolSnapshot;
  readonly standings: readonly Standing[];
}

function tiersOf(pool: PoolSnapshot, input: SelectInput): readonly Tier[] {
  const untried = input.standings(pool).filter((standing) => standing.use !== "excluded" && !input.tried.has(serverOf(standing)));
  return [false, true].map((backup) => ({ pool, standings: untried.filter(({ origin }) => origin.backup === backup) }));
}

/** The first tier that serves; before it one origin that may be back, if this request has somewhere to go when it is not. */
function fitTier(tiers: readonly Tier[], mayProbe: boolean): Tier | null {
  let probing: Tier | null = null;
  for (const tier of tiers) {
    probing ??= narrowed(tier, ({ use }) => use === "probing");
    const serving = narrowed(tier, ({ use }) => use === "serving");
    if (serving !== null) return mayProbe && probing !== null ? { ...probing, standings: probing.standings.slice(0, 1) } : serving;
  }
  return probing;
}

/** Nothing is fit. Origins that only the checks complain about are the better bet, then those with an open circuit. */
function avoidedTier(tiers: readonly Tier[]): Tier | null {
  for (const reason of ["health-down", "circuit-open"] satisfies Standing["reason"][]) {
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

function choose({ pool, standings }: Tier, input: SelectInput): Selection {
  const candidates = standings.map((standing) => ({ id: standing.origin.id, weight: standing.weight, standing }));
  const { policy } = pool;
  switch (policy.kind) {
    case "round-robin": {
      const { chosen, credits } = roundRobin(candidates, input.credits(pool.name), () => input.random());
      return { standing: chosen.standing, credits };
    }
    case "random":
      return { standing: weightedRandom(candidates, input.random()).standing, credits: null };
    case "hash": {
      const key = hashKey(policy, input.facts);
      // Requests without the header, cookie or parameter have nothing in common: they are spread, not sent to one origin.
      const chosen = key === null ? weightedRandom(candidates, input.random()) : rendezvous(candidates, key);
      return { standing: chosen.standing, credits: null };
    }
  }
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
      return cookieValue(facts.headers.get("cookie") ?? "", policy.name);
    case "query":
      return new URLSearchParams(facts.query).get(policy.name);
  }
}

/** The first cookie of that name (RFC 6265 4.2); names are compared exactly. */
function cookieValue(header: string, name: string): string | null {
  for (const pair of header.split(";")) {
    const equals = pair.indexOf("=");
    if (equals > 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
  }
  return null;
}
