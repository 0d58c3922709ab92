// The CacheStore port: the platform's Cache API as a blob store. Never throws: what fails is a miss, or a store that did not
// happen. It has no opinion on HTTP caching; `cache/` decides everything.

import type { CacheStore } from "../ports.ts";

export const platformCacheStore: CacheStore = {
  async match(key, range) {
    try {
      return await caches.default.match(range === undefined ? key : new Request(key, { headers: { range } }));
    } catch {
      return undefined;
    }
  },
  async put(key, response) {
    try {
      await caches.default.put(key, response);
      return true;
    } catch {
      return false;
    }
  },
  async delete(key) {
    try {
      return await caches.default.delete(key);
    } catch {
      return false;
    }
  },
};
