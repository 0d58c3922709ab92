// The Fetcher port: the one place that calls fetch(). Every request to an origin passes by the zone's own cache, never follows
// a redirect, and takes the body as the origin encoded it.

import type { Fetcher } from "../ports.ts";

export const platformFetcher: Fetcher = {
  async fetch(url, init) {
    const options: RequestInit = {
      method: init.method,
      headers: init.headers,
      body: init.body,
      redirect: "manual",
      // In production a second cache sits under fetch(). Ours is the only one that may answer.
      cache: "no-store",
      // Bytes are passed on and stored as they came; without this the body is decoded while the header stays.
      encodeResponseBody: "manual",
      signal: init.signal,
    };
    if (init.resolveOverride !== null) options.cf = { resolveOverride: init.resolveOverride };
    return await fetch(url, options);
  },
};
