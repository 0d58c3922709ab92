// How a client's address is found, as closures, and which of its cookies and headers are our own. Loaded by the Worker, and by the check that runs rule tests.

import { isInRanges } from "../expression/ip.ts";
import type { ClientRules } from "../ruleset.ts";
import type { ClientSnapshot } from "./snapshot.ts";
import type { PoolSnapshot } from "./pool-snapshot.ts";

export function loadClient(client: ClientSnapshot, pools: readonly Pick<PoolSnapshot, "sticky" | "auth">[] = []): ClientRules {
  return Object.freeze({
    addressHeader: client.addressHeader,
    isTrustedProxy: (address: string) => isInRanges(address, client.trustedProxies),
    ownCookies: [...new Set(pools.flatMap(({ sticky }) => (sticky === null ? [] : [sticky.cookie])))],
    ownHeaders: [...new Set(pools.flatMap(({ auth }) => (auth === null ? [] : [auth.header])))],
  });
}
