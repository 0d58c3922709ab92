// The platform's rate limiting bindings, as the simulator has them, behind the port; and what the real ones are asked.

import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { RATE_BINDING_LIMIT, RATE_LIMIT_REQUESTS_MAX } from "../../src/limits.ts";
import { createRateBinding, rateShare } from "../../src/platform/rate-binding.ts";
import type { RateCounter, RateRequest } from "../../src/ports.ts";

interface Bindings {
  readonly RATE_10S: RateLimit;
  readonly RATE_60S: RateLimit;
}

const { RATE_10S, RATE_60S } = env as unknown as Bindings;

// The simulator's windows begin at the full minute by the real clock, which a test could run across.
beforeEach(waitForRoom);
afterEach(() => reset());

async function waitForRoom(): Promise<void> {
  const leftMs = 10_000 - (Date.now() % 10_000);
  if (leftMs < 3_000) await vi.waitUntil(() => Date.now() % 10_000 < 5_000, { timeout: 5_000, interval: 50 });
}

const request = (over: Partial<RateRequest> = {}): RateRequest => ({
  name: "api 1",
  key: crypto.randomUUID(),
  requests: 5,
  periodSeconds: 60,
  blockSeconds: null,
  does: "take",
  ...over,
});

function binding(tenSeconds: RateLimit = RATE_10S, minute: RateLimit = RATE_60S): RateCounter {
  const port = createRateBinding({ tenSeconds, minute });
  if (port === null) throw new Error("the tests have both bindings");
  return port;
}

test.each([
  [10, 1],
  [10, 5],
  [60, 5],
  [60, 100],
])("in %i s a limit of %i lets exactly as many pass", async (periodSeconds, requests) => {
  const asked = request({ periodSeconds, requests });
  const verdicts = await Promise.all(Array.from({ length: requests + 20 }, () => binding().ask(asked)));
  expect(verdicts.filter(({ limited }) => !limited)).toHaveLength(requests);
});

test("it says no more than yes or no", async () => {
  const asked = request({ requests: 1 });
  expect(await binding().ask(asked)).toEqual({ limited: false, remaining: null, waitMs: null });
  expect(await binding().ask(asked)).toEqual({ limited: true, remaining: 0, waitMs: null });
});

test("keys, and limits of another name, are counted apart", async () => {
  const key = crypto.randomUUID();
  const of = async (name: string, own: string): Promise<boolean> => (await binding().ask(request({ name, key: own, requests: 1 }))).limited;
  expect(await of("a 1", key)).toBe(false);
  expect(await of("a 1", `${key}x`)).toBe(false);
  expect(await of("b 1", key)).toBe(false);
  expect(await of("a 1", key)).toBe(true);
});

/** As the platform's types say of it: a call is allowed while the sum is below the limit, whatever it adds. */
function platformLimiter(): RateLimit & { readonly asked: RateLimitOptions[] } {
  const sums = new Map<string, number>();
  const asked: RateLimitOptions[] = [];
  return {
    asked,
    limit: async (options) => {
      asked.push(options);
      const { key, delta = 1 } = options;
      const sum = sums.get(key) ?? 0;
      if (sum >= RATE_BINDING_LIMIT) return { success: false };
      sums.set(key, sum + delta);
      return { success: true };
    },
  };
}

test.each([1, 2, 3, 7, 20, 99, 100, 250, 600, 1000, 1925])("the platform's own limiter lets exactly %i pass", async (requests) => {
  const limiter = platformLimiter();
  const port = binding(limiter, limiter);
  const asked = request({ requests });
  let passed = 0;
  while (!(await port.ask(asked)).limited) passed += 1;
  expect(passed).toBe(requests);
});

test("of the largest limit it lets no more pass than it says, and at most a tenth fewer", () => {
  const passes = (requests: number): number => Math.ceil(RATE_BINDING_LIMIT / rateShare(requests));
  for (let requests = 1; requests <= RATE_LIMIT_REQUESTS_MAX; requests += 97) {
    expect(passes(requests)).toBeLessThanOrEqual(requests);
    if (requests <= 30_000) expect(passes(requests)).toBeGreaterThan(requests * 0.99);
  }
  expect(passes(RATE_LIMIT_REQUESTS_MAX)).toBeGreaterThanOrEqual(RATE_LIMIT_REQUESTS_MAX * 0.9);
});

test("each period has its own limiter", async () => {
  const [ten, minute] = [platformLimiter(), platformLimiter()];
  await binding(ten, minute).ask(request({ periodSeconds: 10, requests: 4, key: "v" }));
  await binding(ten, minute).ask(request({ periodSeconds: 60, requests: 1, key: "v" }));
  expect(ten.asked).toEqual([{ key: "api 1 v", delta: RATE_BINDING_LIMIT / 4 }]);
  expect(minute.asked).toEqual([{ key: "api 1 v", delta: RATE_BINDING_LIMIT }]);
});

test("another failure of the limiter is a failure, and not asked again in another way", async () => {
  const limit = vi.fn<RateLimit["limit"]>(() => Promise.reject(new Error("internal error")));
  await expect(binding({ limit }, { limit }).ask(request())).rejects.toThrow("internal error");
  expect(limit).toHaveBeenCalledTimes(1);
});

test("without both bindings there is no port", () => {
  expect(createRateBinding({ tenSeconds: undefined, minute: RATE_60S })).toBeNull();
  expect(createRateBinding({ tenSeconds: RATE_10S, minute: undefined })).toBeNull();
});
