// What an isolate keeps of the keys by which sticky cookies are signed: one key and the tags of its origins for each pool, made when
// first needed. One factory; the object is handed in through the isolate. A missing secret is told once and makes the pool a
// pool without `sticky`; visitors never notice.

import type { PoolSnapshot, StickySnapshot } from "../config/pool-snapshot.ts";
import type { Ports } from "../ports.ts";
import { importStickyKey, type StickyKey } from "./sticky.ts";

export interface StickyKeys {
  /** Null for a pool without `sticky`, and where the secret is missing. */
  of(pool: PoolSnapshot, ports: Pick<Ports, "secrets" | "log">): Promise<PoolKey | null>;
}

export interface PoolKey {
  readonly settings: StickySnapshot;
  readonly sticky: StickyKey;
}

export function createStickyKeys(): StickyKeys {
  // A pool of the release is one object as long as the release is held; what belongs to an older one goes with it.
  const known = new WeakMap<PoolSnapshot, PoolKey>();
  const missed = new Set<string>();
  return {
    async of(pool, { secrets, log }) {
      const held = known.get(pool);
      if (held !== undefined) return held;
      const settings = pool.sticky;
      if (settings === null) return null;
      const secret = secrets.get(settings.secret);
      if (secret === null) {
        if (!missed.has(settings.secret)) log.write({ event: "secret-missing", secret: settings.secret, pool: pool.name, use: "sticky" });
        missed.add(settings.secret);
        return null;
      }
      const ids = pool.origins.map(({ id }) => id);
      const made = { settings, sticky: await importStickyKey(secret, pool.name, ids) };
      known.set(pool, made);
      return made;
    },
  };
}
