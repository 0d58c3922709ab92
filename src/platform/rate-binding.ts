// The platform's rate limiting bindings as a RateCounter: one for 10 s and one for 60 s, both of one large limit, of which a request
// takes a part that is as large as its own limit is small. Counts in each data centre alone, about, and says no more than yes or no.

import { RATE_BINDING_LIMIT } from "../limits.ts";
import type { RateCounter } from "../ports.ts";

export interface RateLimiters {
  readonly tenSeconds: RateLimit | undefined;
  readonly minute: RateLimit | undefined;
}

/** Null where the deployment has not both. */
export function createRateBinding({ tenSeconds, minute }: RateLimiters): RateCounter | null {
  if (tenSeconds === undefined || minute === undefined) return null;
  return {
    async ask({ name, key, requests, periodSeconds }) {
      const { success } = await limit(periodSeconds === 10 ? tenSeconds : minute, `${name} ${key}`, requests);
      return { limited: !success, remaining: success ? null : 0, waitMs: null };
    },
  };
}

/** The part that one request takes. A request passes while the sum of those before it is below the whole. */
export function rateShare(requests: number): number {
  return Math.ceil(RATE_BINDING_LIMIT / requests);
}

async function limit(limiter: RateLimit, key: string, requests: number): Promise<RateLimitOutcome> {
  try {
    return await limiter.limit({ key, delta: rateShare(requests) });
  } catch (cause) {
    // The simulator on a developer's machine refuses `delta`, and takes another limit for each call in its place.
    if (!String(cause).includes("bad rate limit options: [delta]")) throw cause;
    return await limiter.limit({ key, limit: requests } as RateLimitOptions);
  }
}
