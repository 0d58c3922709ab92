import fc from "fast-check";
import { expect, test } from "vitest";
import { LEASE_MS } from "../../../src/limits.ts";
import { createLeases } from "../../../src/origin/leases.ts";

test("what is never given back is forgotten when its time is over, not before", () => {
  const leases = createLeases();
  leases.take(3, 0);
  leases.take(4, 10);
  expect([LEASE_MS - 1, LEASE_MS, LEASE_MS + 9, LEASE_MS + 10].map((nowMs) => leases.inUse(nowMs))).toEqual([7, 4, 4, 0]);
});

test("in use is what was taken, without what was given back, however often, or is over", () => {
  const steps = fc.array(
    fc.record({ waitMs: fc.integer({ min: 0, max: LEASE_MS / 2 }), amount: fc.nat(100), back: fc.array(fc.nat(20), { maxLength: 3 }) }),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(steps, (all) => {
      const leases = createLeases();
      const model: { amount: number; untilMs: number; giveBack: () => void }[] = [];
      let nowMs = 0;
      for (const { waitMs, amount, back } of all) {
        nowMs += waitMs;
        model.push({ amount, untilMs: nowMs + LEASE_MS, giveBack: leases.take(amount, nowMs) });
        for (const lease of back.map((index) => model[index])) {
          lease?.giveBack();
          if (lease !== undefined) lease.amount = 0;
        }
        const expected = model.filter(({ untilMs }) => nowMs < untilMs).reduce((sum, lease) => sum + lease.amount, 0);
        expect(leases.inUse(nowMs)).toBe(expected);
      }
    }),
  );
});
