// Which of a route's pools a visitor comes to when the route shares its visitors out (a canary). Pure, and always the same for one
// visitor: nothing is remembered. Called by the plan, and by whoever has to know the plan of another request.

import type { ProxyActionSnapshot, RouteSnapshot, SplitSnapshot } from "../config/snapshot.ts";
import { networkOf, formatAddress, parseAddress } from "../expression/ip.ts";
import type { Facts } from "../facts.ts";
import { cookieValues } from "../http/cookies.ts";
import { rendezvous } from "../origin/policy.ts";

export type SplitFacts = Pick<Facts, "headers"> & { readonly client: Pick<Facts["client"], "address"> };

/** What a visitor is known by, and the pool that follows from it. */
export interface SplitChoice {
  readonly pool: string;
  /** What the visitor was known by: the address also where the header or cookie is missing. */
  readonly by: SplitSnapshot["by"];
  /** Null: nothing is known of the visitor. */
  readonly key: string | null;
}

/** Bits of an IPv6 address that stay with one household or phone: the rest changes by itself, by the hour. */
const V6_NETWORK_BITS = 64;

/**
 * Null for a route with one pool.
 *
 * Rendezvous hashing with the percentages as weights: a pool that grows takes visitors, and no other moves between two that stay as
 * they are; the order in the file means nothing. The route is part of what is hashed, so that not the same visitors are first
 * everywhere.
 */
export function chooseSplit(
  action: Pick<ProxyActionSnapshot, "split">,
  route: Pick<RouteSnapshot, "id">,
  facts: SplitFacts,
): SplitChoice | null {
  const { split } = action;
  if (split === null) return null;
  const { by, key } = visitorKey(split, facts);
  const candidates = split.shares.map(({ pool, percent }) => ({ id: pool, weight: percent }));
  // Visitors of whom nothing is known cannot be told apart: they are not for a canary.
  if (key === null) return { pool: candidates.reduce((most, each) => (each.weight > most.weight ? each : most)).id, by, key };
  return { pool: rendezvous(candidates, `${route.id}\n${key}`).id, by, key };
}

function visitorKey({ by, name }: SplitSnapshot, { headers, client }: SplitFacts): Pick<SplitChoice, "by" | "key"> {
  const named = by === "header" ? headers.get(name) : by === "cookie" ? (cookieValues(headers.get("cookie"), name)[0] ?? null) : null;
  return named === null || named === "" ? { by: "client", key: addressKey(client.address) } : { by, key: named };
}

function addressKey(text: string): string | null {
  if (text === "") return null;
  const address = parseAddress(text);
  if (address === null) return text;
  return typeof address === "number" ? formatAddress(address) : `${formatAddress(networkOf(address, V6_NETWORK_BITS))}/${V6_NETWORK_BITS}`;
}
