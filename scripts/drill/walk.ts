// The walk through a config: every URL without a fault, then with each of its pools down, then with each single origin down, one
// request after the other, so that a drill is no load. What is sent and what is made of it is in the files beside this one.

import { printFault, type Fault } from "../../src/drill/faults.ts";
import type { PoolSnapshot } from "../../src/config/pool-snapshot.ts";
import { hasOtherServer, isGood, judge, type Verdict } from "./judge.ts";
import type { Seen } from "./probe.ts";
import type { Subject } from "./subjects.ts";

export interface Walked {
  readonly url: string;
  readonly route: string;
  readonly before: Seen;
  /** None where the request fails without a fault: there is nothing to compare with. */
  readonly drills: readonly WalkedDrill[];
}

export interface WalkedDrill {
  readonly fault: string;
  readonly seen: Seen;
  readonly verdict: Verdict;
}

export interface WalkInput {
  /** On every request, also on the one that others are compared with. */
  readonly always: readonly Fault[];
  /** Only these pools; null is all. */
  readonly pools: readonly string[] | null;
  readonly send: (url: string, faults: readonly Fault[]) => Promise<Seen>;
}

export async function walk(subject: Subject, { always, pools, send }: WalkInput): Promise<Walked> {
  const { url, route } = subject;
  const before = await send(url, always);
  const drills: WalkedDrill[] = [];
  for (const fault of isGood(before) ? faultsOf(subject, pools) : []) {
    const seen = await send(url, [...always, fault]);
    drills.push({ fault: printFault(fault), seen, verdict: judge(seen, before, hasOtherServer(subject, [fault])) });
  }
  return { url, route, before, drills };
}

/** Each pool, then each of its origins: alone in its pool, one fault says it all. */
export function faultsOf({ chains }: Subject, only: readonly string[] | null): readonly Fault[] {
  const pools = new Map(chains.flat().map((pool) => [pool.name, pool]));
  return [...pools.values()]
    .filter(({ name }) => only?.includes(name) ?? true)
    .flatMap((pool) => [{ kind: "pool", pool: pool.name }, ...origins(pool)]);
}

function origins({ name, origins: members }: PoolSnapshot): readonly Fault[] {
  if (members.length < 2) return [];
  return members.map(({ id }) => ({ kind: "origin", pool: name, origin: id, how: { kind: "down" } }));
}
