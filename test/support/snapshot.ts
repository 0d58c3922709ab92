// A snapshot for tests that need one and care about little of it: nothing is in it but what they put there.

import { SNAPSHOT_FORMAT, type Snapshot } from "../../src/config/snapshot.ts";

export function emptySnapshot(more: Partial<Snapshot> = {}): Snapshot {
  return {
    format: SNAPSHOT_FORMAT,
    sites: [],
    pools: [],
    lists: {},
    rules: [],
    subjects: [],
    inspection: { bytesMax: 65_536, over: "prefix" },
    client: { trustedProxies: { v4: [], v6: [] }, addressHeader: "cf-connecting-ip" },
    alerts: null,
    ...more,
  };
}
