// What holds whatever the origins and the visitors do: how often an origin is tried, how fast it can come and go, and how much more
// than the visitors' requests the origins ever see. The rules together, over a virtual clock; each has its own tests beside it.

import fc from "fast-check";
import { expect, test } from "vitest";
import { CIRCUIT_JITTER, RETRY_BUDGET_WINDOW_MS } from "../../../src/limits.ts";
import { extrasMax } from "../../../src/origin/budget.ts";
import { admits, beginAttempt, closedCircuit, observe } from "../../../src/origin/circuit.ts";
import type { CircuitOutcome } from "../../../src/origin/circuit.ts";
import { poolStandings } from "../../../src/origin/merge.ts";
import { emptyOverrides } from "../../../src/origin/overrides.ts";
import { createOriginTable } from "../../../src/origin/table.ts";
import { CIRCUIT, TRUST, downDocument, origin, pool } from "./fixtures.ts";

const STEP = fc.record({
  waitMs: fc.oneof(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 70_000 })),
  outcome: fc.constantFrom<CircuitOutcome>("success", "success", "failure", "connection-failure", "neutral"),
  random: fc.double({ min: 0, max: 0.999, noNaN: true }),
});

test("a circuit that opens again was closed for a minute, or comes after its open time, which doubles: no faster than twice the first", () => {
  fc.assert(
    fc.property(fc.array(STEP, { maxLength: 300 }), (steps) => {
      let circuit = closedCircuit();
      let nowMs = 0;
      let row = 0;
      for (const { waitMs, outcome, random } of steps) {
        nowMs += waitMs;
        if (admits(circuit, nowMs) === "no") continue;
        const before = circuit;
        const begun = beginAttempt(circuit, nowMs);
        const { admission } = begun;
        circuit = observe(begun.circuit, { outcome, admission, retryAfterMs: null, settings: CIRCUIT, beganAtMs: nowMs, nowMs, random });
        if (circuit.state !== "open" || circuit.openedAtMs === before.openedAtMs) continue;
        const quiet = before.state === "closed" && (before.closedAtMs === null || nowMs - before.closedAtMs >= CIRCUIT.decayMs);
        row = quiet ? 0 : row + 1;
        const leastMs = (turn: number): number => (1 - CIRCUIT_JITTER) * Math.min(CIRCUIT.openMsMax, CIRCUIT.openMs * 2 ** turn);
        expect(circuit.openUntilMs - nowMs).toBeGreaterThanOrEqual(leastMs(row));
        if (row > 0 && before.state === "open") expect(nowMs - before.openedAtMs).toBeGreaterThanOrEqual(leastMs(row - 1));
        // From the second opening on the time is twice the first one's, but for the jitter.
        if (row > 0) expect(circuit.openUntilMs - nowMs).toBeGreaterThanOrEqual(2 * (1 - CIRCUIT_JITTER) * CIRCUIT.openMs);
      }
    }),
  );
});

test("an origin that the checks call down is tried once in the pool's time at most, however many requests there are", () => {
  const web = pool("web", [origin("a"), origin("b"), origin("c")]);
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 900 }), { minLength: 1, maxLength: 200 }),
      fc.integer({ min: 1, max: 10_000 }),
      (waits, probeMs) => {
        const own = { ...web, trust: { ...TRUST, probeMs } };
        const table = createOriginTable();
        let nowMs = 1_000_000;
        let probes = 0;
        for (const waitMs of waits) {
          nowMs += waitMs;
          const [standing] = poolStandings({
            pool: own,
            overrides: emptyOverrides(),
            health: downDocument(nowMs, "web/a"),
            nowMs,
            local: (key) => table.local(key),
          });
          if (standing?.use !== "probing") continue;
          probes += 1;
          table.begin(standing, nowMs, null);
        }
        expect(probes).toBeLessThanOrEqual(1 + (nowMs - 1_000_000) / probeMs);
      },
    ),
  );
});

test("amplification: in any window the origins see at most the visitors' requests and the pool's budget on top", () => {
  const request = fc.record({ waitMs: fc.integer({ min: 0, max: 300 }), tries: fc.integer({ min: 1, max: 3 }) });
  const budget = fc.record({ ratio: fc.double({ min: 0, max: 1, noNaN: true }), perSecond: fc.integer({ min: 0, max: 5 }) });
  fc.assert(
    fc.property(fc.array(request, { minLength: 1, maxLength: 200 }), budget, (requests, settings) => {
      const table = createOriginTable();
      const web = { name: "web", budget: settings };
      const asked: { atMs: number; extra: boolean }[] = [];
      let nowMs = 0;
      for (const { waitMs, tries } of requests) {
        nowMs += waitMs;
        table.countRequest("web", nowMs);
        asked.push({ atMs: nowMs, extra: false });
        for (let extra = 1; extra < tries && table.mayRetry(web, nowMs); extra += 1) {
          table.countExtra("web", nowMs);
          asked.push({ atMs: nowMs, extra: true });
        }
      }
      // The window of the budget forgets in tenths, so the one that bounds it is a tenth shorter, and begins where any request came.
      for (const { atMs: endMs } of asked) {
        const inWindow = asked.filter(({ atMs }) => atMs <= endMs && atMs > endMs - 0.9 * RETRY_BUDGET_WINDOW_MS);
        const extras = inWindow.filter(({ extra }) => extra).length;
        const visitors = asked.filter(({ atMs, extra }) => !extra && atMs <= endMs && atMs > endMs - 1.9 * RETRY_BUDGET_WINDOW_MS).length;
        expect(extras).toBeLessThanOrEqual(extrasMax(visitors, settings) + 1);
      }
    }),
  );
});
