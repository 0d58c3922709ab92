import fc from "fast-check";
import { expect, test } from "vitest";
import { admits, beginAttempt, circuitPhase, closedCircuit, observe, slowStartShare } from "../../../src/origin/circuit.ts";
import type { CircuitSnapshot } from "../../../src/config/pool-snapshot.ts";
import type { Admission, Circuit, CircuitOutcome } from "../../../src/origin/circuit.ts";
import { CIRCUIT_JITTER, CIRCUIT_PROBE_LEASE_MS, RETRY_AFTER_MS_MAX, SLOW_START_SHARE, SLOW_LOSSES_MAX } from "../../../src/limits.ts";
import { CIRCUIT } from "./fixtures.ts";

/** 0.5 is the middle of the jitter: open times are then exactly as configured. */
function see(
  circuit: Circuit,
  outcome: CircuitOutcome,
  nowMs: number,
  more: { admission?: Admission; retryAfterMs?: number; random?: number; settings?: CircuitSnapshot } = {},
): Circuit {
  return observe(circuit, {
    outcome,
    admission: "normal",
    retryAfterMs: null,
    settings: CIRCUIT,
    beganAtMs: nowMs,
    nowMs,
    random: 0.5,
    ...more,
  });
}

function seeAll(outcomes: readonly CircuitOutcome[], circuit = closedCircuit(), nowMs = 0): Circuit {
  return outcomes.reduce((state, outcome) => see(state, outcome, nowMs), circuit);
}

function probe(circuit: Circuit, outcome: CircuitOutcome, nowMs: number): Circuit {
  const begun = beginAttempt(circuit, nowMs);
  return see(begun.circuit, outcome, nowMs, { admission: begun.admission });
}

const OPENED = seeAll(["failure", "failure", "failure"]);

test("a circuit opens at the configured number of failures in a row, not one before", () => {
  expect(seeAll(["failure", "failure"]).state).toBe("closed");
  expect(seeAll(["failure", "failure", "failure"])).toMatchObject({ state: "open", openedBy: "failures" });
});

test("a success between failures begins the row anew", () => {
  expect(seeAll(["failure", "failure", "success", "failure", "failure"]).state).toBe("closed");
});

test.each([
  ["sooner than other failures by default, because a dead server is dead at once", CIRCUIT.connectionFailures, 2],
  ["at the pool's number", 5, 5],
  ["at the number for all failures, where that is lower", 9, 6],
])("connection failures in a row open it %s", (_, connectionFailures, expected) => {
  const settings = { ...CIRCUIT, consecutiveFailures: connectionFailures < 3 ? 3 : 6, connectionFailures };
  const row = (count: number): Circuit =>
    Array.from({ length: count }).reduce<Circuit>((state) => see(state, "connection-failure", 0, { settings }), closedCircuit());
  expect(row(expected)).toMatchObject({ state: "open", openedBy: "connection" });
  expect(row(expected - 1).state).toBe("closed");
});

test("it opens at the success rate once there is volume, and not above it", () => {
  const turns = (count: number): CircuitOutcome[] => Array.from({ length: count }, (_, index) => (index % 2 === 0 ? "success" : "failure"));
  expect(seeAll(turns(9)).state).toBe("closed");
  expect(seeAll(turns(10))).toMatchObject({ state: "open", openedBy: "success-rate" });
  expect(seeAll(["success", "success", ...turns(10)]).state).toBe("closed");
});

test("failures that left the window no longer count for the rate", () => {
  const old = seeAll(["failure", "failure", "success", "failure", "failure", "success"], closedCircuit(), 0);
  const later = ["failure", "success", "failure", "success", "failure"].reduce(
    (state, outcome) => see(state, outcome as CircuitOutcome, 10_000),
    old,
  );
  expect(later.state).toBe("closed");
});

test("what says nothing about the origin changes nothing", () => {
  expect(seeAll(["neutral", "neutral", "neutral", "neutral"])).toEqual(closedCircuit());
});

test("an open circuit admits nobody until its time, then one probe", () => {
  expect(admits(OPENED, 999)).toBe("no");
  expect(admits(OPENED, 1000)).toBe("probe");
  const begun = beginAttempt(OPENED, 1000);
  expect(begun.admission).toBe("probe");
  expect(admits(begun.circuit, 1000)).toBe("no");
  expect(beginAttempt(begun.circuit, 1000).admission).toBe("forced");
});

test("a probe that never reports gives its place up", () => {
  const { circuit } = beginAttempt(OPENED, 1000);
  expect(admits(circuit, 1000 + CIRCUIT_PROBE_LEASE_MS - 1)).toBe("no");
  expect(admits(circuit, 1000 + CIRCUIT_PROBE_LEASE_MS)).toBe("probe");
});

test("a probe that says nothing frees the place at once", () => {
  expect(admits(probe(OPENED, "neutral", 1000), 1000)).toBe("probe");
});

test("as many good probes as configured close it", () => {
  const once = probe(OPENED, "success", 1000);
  expect(circuitPhase(once, 1000)).toBe("half-open");
  const twice = probe(once, "success", 1001);
  expect(twice).toMatchObject({ state: "closed", closedAtMs: 1001, failures: 0 });
});

test("each failed probe doubles the open time, up to the cap", () => {
  let circuit = OPENED;
  const times: number[] = [];
  for (let round = 0; round < 7; round += 1) {
    times.push(circuit.openUntilMs - circuit.openedAtMs);
    circuit = probe(circuit, "failure", circuit.openUntilMs);
  }
  expect(times).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
});

test("the time grows on after a short close and begins anew after a long one", () => {
  const closed = probe(probe(OPENED, "success", 1000), "success", 1000);
  const soon = seeAll(["failure", "failure", "failure"], closed, 1000 + CIRCUIT.decayMs - 1);
  const late = seeAll(["failure", "failure", "failure"], closed, 1000 + CIRCUIT.decayMs);
  expect(soon.openUntilMs - soon.openedAtMs).toBe(2000);
  expect(late.openUntilMs - late.openedAtMs).toBe(1000);
});

test.each([
  ["Retry-After sets the open time", 5000, 5000],
  ["not below the configured time", 10, 1000],
  ["up to a minute", RETRY_AFTER_MS_MAX, RETRY_AFTER_MS_MAX],
  ["and no longer", RETRY_AFTER_MS_MAX + 1, RETRY_AFTER_MS_MAX],
])("%s", (_, retryAfterMs, expected) => {
  const opened = see(seeAll(["failure", "failure"]), "failure", 0, { retryAfterMs });
  expect(opened.openUntilMs).toBe(expected);
});

test("a late report of an attempt from before the opening moves nothing", () => {
  for (const outcome of ["success", "failure", "connection-failure"] as const) expect(see(OPENED, outcome, 5000)).toEqual(OPENED);
});

test("a probe from before a reopening says nothing about the time since", () => {
  const begun = beginAttempt(OPENED, 1000);
  const reopened = see(begun.circuit, "failure", 1001, { admission: "forced" });
  expect(admits(reopened, reopened.openUntilMs)).toBe("no");
  const reported = observe(reopened, {
    outcome: "success",
    admission: "probe",
    retryAfterMs: null,
    settings: CIRCUIT,
    beganAtMs: 1000,
    nowMs: 1002,
    random: 0.5,
  });
  expect(reported.probeSuccesses).toBe(0);
  expect(admits(reported, reported.openUntilMs)).toBe("probe");
});

test("a forced attempt that succeeds counts as a probe; one that fails does not prolong the time", () => {
  const good = see(OPENED, "success", 10, { admission: "forced" });
  expect(see(good, "success", 11, { admission: "forced" }).state).toBe("closed");
  expect(see(OPENED, "failure", 10, { admission: "forced" }).openUntilMs).toBe(OPENED.openUntilMs);
});

test("checks that see the origin up halve the open time, and never close the circuit", () => {
  expect(admits(OPENED, 499, 400)).toBe("no");
  expect(admits(OPENED, 500, 400)).toBe("probe");
  expect(admits(OPENED, 500, 0)).toBe("no");
});

test("a closed circuit gives the origin a tenth at first and all after the slow start", () => {
  const closed = probe(probe(OPENED, "success", 1000), "success", 1000);
  const share = (ms: number, slowStartMs = 10_000): number => slowStartShare(closed, { slowStartMs }, 1000 + ms);
  expect([0, 5000, 10_000, 90_000].map((ms) => share(ms))).toEqual([SLOW_START_SHARE, 0.5, 1, 1]);
  expect([share(0), share(SLOW_START_SHARE * 10_000)]).toEqual([SLOW_START_SHARE, SLOW_START_SHARE]);
  expect(share(SLOW_START_SHARE * 10_000 + 1)).toBeGreaterThan(SLOW_START_SHARE);
  expect(share(9999)).toBeLessThan(1);
  expect([share(15_000, 30_000), share(0, 0)]).toEqual([0.5, 1]);
  expect(slowStartShare(closedCircuit(), CIRCUIT, 0)).toBe(1);
});

test("an origin that always fails is probed no more often than its growing open times allow", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ waitMs: fc.integer({ min: 0, max: 5000 }), random: fc.double({ min: 0, max: 0.999, noNaN: true }) }), {
        maxLength: 300,
      }),
      (steps) => {
        let circuit = OPENED;
        let nowMs = 0;
        let probes = 0;
        for (const { waitMs, random } of steps) {
          nowMs += waitMs;
          if (admits(circuit, nowMs) === "no") continue;
          probes += 1;
          circuit = see(beginAttempt(circuit, nowMs).circuit, "failure", nowMs, { admission: "probe", random });
        }
        // The open times of n probes, each at its shortest, add up to no more than the time that passed.
        let leastMs = 0;
        for (let n = 0; n < probes; n += 1) leastMs += Math.min(30_000, 1000 * 2 ** n) * (n === 0 ? 1 : 1 - CIRCUIT_JITTER);
        expect(leastMs).toBeLessThanOrEqual(nowMs);
      },
    ),
  );
});

test("whatever happens, no two probes are under way at once", () => {
  const event = fc.record({
    waitMs: fc.integer({ min: 0, max: 4000 }),
    outcome: fc.constantFrom<CircuitOutcome>("success", "failure", "connection-failure", "neutral"),
    finish: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      let circuit = closedCircuit();
      let nowMs = 0;
      const flying: Admission[] = [];
      let most = 0;
      for (const { waitMs, outcome, finish } of events) {
        nowMs += waitMs;
        const begun = beginAttempt(circuit, nowMs);
        circuit = begun.circuit;
        flying.push(begun.admission);
        // Past a lease the place of a lost probe is given to another one.
        if (nowMs >= CIRCUIT_PROBE_LEASE_MS) break;
        most = Math.max(most, flying.filter((admission) => admission === "probe").length);
        const done = finish ? flying.shift() : undefined;
        if (done !== undefined) circuit = see(circuit, outcome, nowMs, { admission: done });
      }
      expect(most).toBeLessThanOrEqual(1);
    }),
  );
});

test("losses to a faster origin open a circuit when there are many in a row, and a good answer between them starts anew", () => {
  const losses = (count: number): CircuitOutcome[] => Array.from({ length: count }, () => "slow");
  const busy = seeAll(Array.from({ length: 100 }, () => "success"));
  expect(seeAll(losses(SLOW_LOSSES_MAX - 1), busy).state).toBe("closed");
  expect(seeAll(losses(SLOW_LOSSES_MAX), busy)).toMatchObject({ state: "open", openedBy: "failures" });
  expect(seeAll([...losses(SLOW_LOSSES_MAX - 1), "success", ...losses(SLOW_LOSSES_MAX - 1)], busy).state).toBe("closed");
});
