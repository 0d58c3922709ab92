import fc from "fast-check";
import { expect, test } from "vitest";
import { countExtra, countRequest, emptyBudget, extrasMax, isFailing, mayHedge, mayRetry } from "../../../src/origin/budget.ts";
import type { Budget } from "../../../src/origin/budget.ts";
import { addRecent } from "../../../src/origin/recent.ts";
import type { Recent } from "../../../src/origin/recent.ts";
import { HEDGE_BUDGET_SHARE, NEXT_ATTEMPTS_MIN, RECENT_ATTEMPTS, RETRY_BUDGET_WINDOW_MS } from "../../../src/limits.ts";

function times(count: number, budget: Budget, step: (budget: Budget, index: number) => Budget): Budget {
  return Array.from({ length: count }, (_, index) => index).reduce(step, budget);
}

const BUDGET = { ratio: 0.1, perSecond: 10 };

const FREE = (BUDGET.perSecond * RETRY_BUDGET_WINDOW_MS) / 1000;

test("with little traffic the free retries of the window are allowed, and not one more", () => {
  const nearly = times(FREE - 1, emptyBudget(), (budget) => countExtra(budget, 0));
  expect(mayRetry(nearly, BUDGET, 0)).toBe(true);
  expect(mayRetry(countExtra(nearly, 0), BUDGET, 0)).toBe(false);
});

test("what is spent comes back when it leaves the window", () => {
  const spent = times(FREE, emptyBudget(), (budget) => countExtra(budget, 0));
  expect(mayRetry(spent, BUDGET, RETRY_BUDGET_WINDOW_MS - 1)).toBe(false);
  expect(mayRetry(spent, BUDGET, RETRY_BUDGET_WINDOW_MS)).toBe(true);
});

test("with much traffic the budget is a share of it", () => {
  const busy = times(5000, emptyBudget(), (budget) => countRequest(budget, 0));
  const nearly = times(5000 * BUDGET.ratio - 1, busy, (budget) => countExtra(budget, 0));
  expect(mayRetry(nearly, BUDGET, 0)).toBe(true);
  expect(mayRetry(countExtra(nearly, 0), BUDGET, 0)).toBe(false);
});

test("hedges use their share of the budget and leave the rest to retries", () => {
  const share = FREE * HEDGE_BUDGET_SHARE;
  const nearly = times(share - 1, emptyBudget(), (budget) => countExtra(budget, 0));
  expect(mayHedge(nearly, BUDGET, 0)).toBe(true);
  const spent = countExtra(nearly, 0);
  expect(mayHedge(spent, BUDGET, 0)).toBe(false);
  expect(mayRetry(spent, BUDGET, 0)).toBe(true);
});

test("a budget of nothing allows nothing", () => {
  const busy = times(1000, emptyBudget(), (budget) => countRequest(budget, 0));
  const none = { ratio: 0, perSecond: 0 };
  expect([mayRetry(busy, none, 0), mayHedge(busy, none, 0)]).toEqual([false, false]);
});

function outcomes(good: number, bad: number, atMs = 0): Recent {
  return [...Array.from({ length: good }, () => ({ atMs, good: true })), ...Array.from({ length: bad }, () => ({ atMs, good: false }))];
}

test("an origin fails when less than half of its last attempts succeeded, once there are enough to judge", () => {
  expect(isFailing(outcomes(0, NEXT_ATTEMPTS_MIN - 1), 0)).toBe(false);
  expect(isFailing(outcomes(0, NEXT_ATTEMPTS_MIN), 0)).toBe(true);
  expect(isFailing(outcomes(5, 5), 0)).toBe(false);
  expect(isFailing(outcomes(4, 6), 0)).toBe(true);
});

test("old failures do not keep an origin from being next", () => {
  expect(isFailing(outcomes(0, RECENT_ATTEMPTS), RETRY_BUDGET_WINDOW_MS)).toBe(true);
  expect(isFailing(outcomes(0, RECENT_ATTEMPTS), RETRY_BUDGET_WINDOW_MS + 1)).toBe(false);
});

test("amplification: whatever fails, retries in a window stay within the budget of its requests", () => {
  const request = fc.record({ waitMs: fc.integer({ min: 0, max: 40 }), good: fc.boolean() });
  fc.assert(
    fc.property(fc.array(request, { minLength: 1, maxLength: 400 }), (requests) => {
      let budget = emptyBudget();
      let nowMs = 0;
      let retries = 0;
      for (const { waitMs, good } of requests) {
        nowMs += waitMs;
        budget = countRequest(budget, nowMs);
        if (good || !mayRetry(budget, BUDGET, nowMs)) continue;
        retries += 1;
        budget = countExtra(budget, nowMs);
      }
      const windows = 1 + Math.ceil(nowMs / RETRY_BUDGET_WINDOW_MS);
      expect(retries).toBeLessThanOrEqual(windows * (extrasMax(requests.length, BUDGET) + 1));
    }),
  );
});

test("three origins that all answer 503 at 300 requests a second see at most 1.10 times the requests", () => {
  let budget = emptyBudget();
  const recents: Recent[] = [[], [], []];
  let attempts = 0;
  const perSecond = 300;
  const run = (seconds: number, fromMs: number, good: boolean): void => {
    for (let index = 0; index < seconds * perSecond; index += 1) {
      const nowMs = fromMs + (index * 1000) / perSecond;
      budget = countRequest(budget, nowMs);
      for (let tries = 0; tries < 3; tries += 1) {
        const at = (index + tries) % 3;
        attempts += 1;
        recents[at] = addRecent(recents[at] ?? [], { atMs: nowMs, good }, RECENT_ATTEMPTS);
        if (good || !mayRetry(budget, BUDGET, nowMs) || isFailing(recents[(at + 1) % 3] ?? [], nowMs)) break;
        budget = countExtra(budget, nowMs);
      }
    }
  };
  run(20, 0, true);
  attempts = 0;
  run(5, 20_000, false);
  expect(attempts / (5 * perSecond)).toBeLessThanOrEqual(1.1);
});
