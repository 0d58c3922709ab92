// How a client's address is found, as closures. Loaded by the Worker, and by the check that runs rule tests.

import { isInRanges } from "../expression/ip.ts";
import type { ClientRules } from "../ruleset.ts";
import type { ClientSnapshot } from "./snapshot.ts";

export function loadClient(client: ClientSnapshot): ClientRules {
  return Object.freeze({
    addressHeader: client.addressHeader,
    isTrustedProxy: (address: string) => isInRanges(address, client.trustedProxies),
  });
}
