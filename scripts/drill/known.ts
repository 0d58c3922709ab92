// Whether faults name what the config has: a drill of a pool that does not exist would show that all is well. Pure.

import type { Snapshot } from "../../src/config/snapshot.ts";
import type { Fault } from "../../src/drill/faults.ts";
import { usageFailure } from "../output/failure.ts";

/** @throws a CLI failure that names what there is. */
export function checkFaults({ pools }: Pick<Snapshot, "pools">, faults: readonly Fault[]): void {
  const names = pools.map(({ name }) => name);
  for (const fault of faults) {
    if (fault.kind === "kv" || fault.kind === "cache") continue;
    if (fault.pool !== null && !names.includes(fault.pool))
      throw usageFailure(`there is no pool "${fault.pool}"`, `the pools are: ${names.join(", ")}`);
    if (fault.kind === "pool") continue;
    const within = pools.filter(({ name }) => fault.pool === null || name === fault.pool);
    const origins = within.flatMap(({ name, origins: members }) => members.map(({ id }) => ({ id, key: `${name}/${id}` })));
    if (origins.some(({ id }) => id === fault.origin)) continue;
    const where = fault.pool === null ? "" : ` in the pool ${fault.pool}`;
    throw usageFailure(`there is no origin "${fault.origin}"${where}`, `the origins are: ${origins.map(({ key }) => key).join(", ")}`);
  }
}
