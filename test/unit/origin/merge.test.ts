import fc from "fast-check";
import { expect, test } from "vitest";
import { closedCircuit } from "../../../src/origin/circuit.ts";
import type { Circuit } from "../../../src/origin/circuit.ts";
import { healthAge, poolStandings, upSinceMs } from "../../../src/origin/merge.ts";
import type { LocalView, Standing } from "../../../src/origin/merge.ts";
import type { PoolSnapshot } from "../../../src/config/pool-snapshot.ts";
import { emptyOverrides } from "../../../src/origin/overrides.ts";
import type { Overrides } from "../../../src/origin/overrides.ts";
import type { HealthDocument } from "../../../src/origin/health.ts";
import type { Recent } from "../../../src/origin/recent.ts";
import { CONTRADICTION_REQUESTS, CONTRADICTION_WINDOW_MS, HEALTH_SKEW_MS_MAX } from "../../../src/limits.ts";
import { CIRCUIT, TRUST, downDocument, healthDocument, origin, originHealth, override, overridesOf, pool } from "./fixtures.ts";

const NOW = 10_000_000;
const FRESH: LocalView = { circuit: closedCircuit(), recent: [], healthProbeAtMs: null };
const THREE = pool("web", [origin("a"), origin("b"), origin("c")]);

interface Given {
  pool?: PoolSnapshot;
  overrides?: Overrides;
  health?: HealthDocument | null;
  local?: Record<string, Partial<LocalView>>;
  nowMs?: number;
}

function standings(given: Given): readonly Standing[] {
  return poolStandings({
    pool: given.pool ?? THREE,
    overrides: given.overrides ?? emptyOverrides(),
    health: given.health ?? null,
    nowMs: given.nowMs ?? NOW,
    local: (key) => ({ ...FRESH, ...given.local?.[key] }),
  });
}

function shown(given: Given): string[] {
  return standings(given).map(({ origin: { id }, use, reason }) => `${id} ${use} ${reason}`);
}

function openCircuit(more: Partial<Circuit> = {}): Circuit {
  return { ...closedCircuit(), state: "open", openedAtMs: NOW - 100, openUntilMs: NOW + 900, openedBy: "connection", ...more };
}

test("without any knowledge every origin serves", () => {
  expect(shown({})).toEqual(["a serving ok", "b serving ok", "c serving ok"]);
});

test.each([
  ["down excludes", override({ state: "down" }), "a excluded operator-down"],
  ["drain excludes", override({ state: "drain" }), "a excluded operator-drain"],
  ["weight 0 excludes", override({ state: "weight", weight: 0 }), "a excluded operator-weight"],
  ["weight 3 serves", override({ state: "weight", weight: 3 }), "a serving ok"],
  ["up serves whatever else is known", override({ state: "up" }), "a serving operator-up"],
  ["a word that lapsed is not heard", override({ state: "down", untilMs: NOW }), "a serving ok"],
  ["one that holds for a moment more is", override({ state: "down", untilMs: NOW + 1 }), "a excluded operator-down"],
])("the operator's word: %s", (_, word, expected) => {
  expect(shown({ overrides: overridesOf({ "web/a": word }) })[0]).toBe(expected);
});

test("the operator's up wins over an open circuit and a check's down", () => {
  const given = {
    overrides: overridesOf({ "web/a": override({ state: "up" }) }),
    health: downDocument(NOW, "web/a"),
    local: { "web/a": { circuit: openCircuit() } },
  };
  expect(shown(given)[0]).toBe("a serving operator-up");
});

test("an operator's weight replaces the config's", () => {
  expect(standings({ overrides: overridesOf({ "web/b": override({ state: "weight", weight: 3 }) }) }).map(({ weight }) => weight)).toEqual([
    1, 3, 1,
  ]);
});

test("an open circuit keeps an origin out until its half-open time", () => {
  expect(shown({ local: { "web/a": { circuit: openCircuit() } } })[0]).toBe("a avoided circuit-open");
  expect(shown({ local: { "web/a": { circuit: openCircuit({ openUntilMs: NOW }) } } })[0]).toBe("a probing circuit-half-open");
});

test("the verdict of a check by its age", () => {
  const at = (ageMs: number): string =>
    shown({ health: downDocument(NOW - ageMs, "web/a"), local: { "web/a": { healthProbeAtMs: NOW } } })[0] ?? "";
  expect(at(0)).toBe("a avoided health-down");
  expect(at(TRUST.freshMs)).toBe("a avoided health-down");
  expect(at(TRUST.freshMs + 1)).toBe("a serving health-old");
  expect(at(TRUST.uselessMs)).toBe("a serving health-old");
  expect(at(TRUST.uselessMs + 1)).toBe("a serving ok");
});

test("an origin on probation gets a tenth of its weight", () => {
  expect(standings({ health: downDocument(NOW - TRUST.freshMs - 1, "web/a") })[0]?.weight).toBe(TRUST.doubtedShare);
});

test("a document from the future is believed only within the skew of clocks", () => {
  expect(healthAge(downDocument(NOW + HEALTH_SKEW_MS_MAX), NOW, TRUST)).toBe("fresh");
  expect(healthAge(downDocument(NOW + HEALTH_SKEW_MS_MAX + 1), NOW, TRUST)).toBe("useless");
});

test("an origin that is called down is tried once in five seconds", () => {
  const after = (ms: number): string =>
    shown({ health: downDocument(NOW, "web/a"), local: { "web/a": { healthProbeAtMs: NOW - ms } } })[0] ?? "";
  expect(after(TRUST.probeMs - 1)).toBe("a avoided health-down");
  expect(after(TRUST.probeMs)).toBe("a probing health-probe");
});

test("enough good answers here outweigh the check's down, one fewer does not", () => {
  const good = (count: number, bad = 0): LocalView["recent"] =>
    Array.from({ length: count }, (_, index) => ({ atMs: NOW - 1000, good: index >= bad }));
  const standingWith = (recent: LocalView["recent"]): string =>
    shown({ health: downDocument(NOW, "web/a"), local: { "web/a": { recent, healthProbeAtMs: NOW } } })[0] ?? "";
  expect(standingWith(good(CONTRADICTION_REQUESTS))).toBe("a serving health-contradicted");
  expect(standingWith(good(CONTRADICTION_REQUESTS, 1))).toBe("a serving health-contradicted");
  expect(standingWith(good(CONTRADICTION_REQUESTS, 2))).toBe("a avoided health-down");
  expect(standingWith(good(CONTRADICTION_REQUESTS - 1))).toBe("a avoided health-down");
});

test("good answers outweigh the check's down at the rate, and not just below it", () => {
  const standingAt = (rate: number): string => {
    const total = 1000;
    const recent = Array.from({ length: total }, (_, index) => ({ atMs: NOW, good: index < Math.round(rate * total) }));
    return shown({ health: downDocument(NOW, "web/a"), local: { "web/a": { recent, healthProbeAtMs: NOW } } })[0] ?? "";
  };
  expect(standingAt(TRUST.contradictionRate)).toBe("a serving health-contradicted");
  expect(standingAt(TRUST.contradictionRate - 0.001)).toBe("a avoided health-down");
});

test("good answers count while they are as old as the window, and not a millisecond longer", () => {
  const standingAt = (ageMs: number): string => {
    const recent = Array.from({ length: CONTRADICTION_REQUESTS }, () => ({ atMs: NOW - ageMs, good: true }));
    return shown({ health: downDocument(NOW, "web/a"), local: { "web/a": { recent, healthProbeAtMs: NOW } } })[0] ?? "";
  };
  expect(standingAt(CONTRADICTION_WINDOW_MS)).toBe("a serving health-contradicted");
  expect(standingAt(CONTRADICTION_WINDOW_MS + 1)).toBe("a avoided health-down");
});

test("panic begins just below the share of weight that must be available, not at it", () => {
  const withWeight = (serving: number): string[] => {
    const origins = [origin("a", { weight: 1000 - serving }), origin("b", { weight: serving })];
    return shown({ pool: pool("web", origins), health: downDocument(NOW, "web/a"), local: { "web/a": { healthProbeAtMs: NOW } } });
  };
  const enough = 1000 * TRUST.panicShare;
  expect(withWeight(enough)).toEqual(["a avoided health-down", "b serving ok"]);
  expect(withWeight(enough - 1)).toEqual(["a serving panic", "b serving ok"]);
});

test.each([2, 4, 10])("of %i origins the share that may be ejected stays out, and one more is called back", (size) => {
  const origins = Array.from({ length: size }, (_, index) => origin(`o${index}`));
  const out = (count: number): number => {
    const circuit = openCircuit({ openedBy: "failures" });
    const local = Object.fromEntries(origins.slice(0, count).map(({ id }) => [`web/${id}`, { circuit }]));
    return standings({ pool: pool("web", origins), local }).filter(({ use }) => use === "avoided").length;
  };
  const outMax = size * CIRCUIT.ejectedShareMax;
  expect([out(outMax), out(outMax + 1), out(size)]).toEqual([outMax, outMax, outMax]);
});

test("panic: verdicts that leave less than half of the pool are not believed", () => {
  expect(shown({ health: downDocument(NOW, "web/a", "web/b") })).toEqual(["a serving panic", "b serving panic", "c serving ok"]);
  expect(shown({ health: downDocument(NOW, "web/a"), local: { "web/a": { healthProbeAtMs: NOW } } })[0]).toBe("a avoided health-down");
});

test("at exactly half there is no panic", () => {
  const four = pool("web", [origin("a"), origin("b"), origin("c"), origin("d")]);
  const local = { "web/a": { healthProbeAtMs: NOW }, "web/b": { healthProbeAtMs: NOW } };
  expect(shown({ pool: four, health: downDocument(NOW, "web/a", "web/b"), local }).slice(0, 2)).toEqual([
    "a avoided health-down",
    "b avoided health-down",
  ]);
});

test("a serving backup is used before the checks of all primaries are doubted", () => {
  const withBackup = pool("web", [origin("a"), origin("b"), origin("spare", { backup: true })]);
  const local = { "web/a": { healthProbeAtMs: NOW }, "web/b": { healthProbeAtMs: NOW } };
  expect(shown({ pool: withBackup, health: downDocument(NOW, "web/a", "web/b"), local })).toEqual([
    "a avoided health-down",
    "b avoided health-down",
    "spare serving ok",
  ]);
});

test("failing answers keep at most half of a pool out; the one that is free soonest comes back", () => {
  const circuit = (openUntilMs: number): Partial<LocalView> => ({ circuit: openCircuit({ openedBy: "failures", openUntilMs }) });
  const local = { "web/a": circuit(NOW + 500), "web/b": circuit(NOW + 100), "web/c": circuit(NOW + 900) };
  expect(shown({ local })).toEqual(["a avoided circuit-open", "b serving ejection-limit", "c avoided circuit-open"]);
});

test("a single origin stays, however badly it answers", () => {
  expect(shown({ pool: pool("one", [origin("a")]), local: { "one/a": { circuit: openCircuit({ openedBy: "success-rate" }) } } })).toEqual([
    "a serving ejection-limit",
  ]);
});

test("origins whose connections fail are not called back: they have nothing to give", () => {
  const dead = { circuit: openCircuit() };
  expect(shown({ local: { "web/a": dead, "web/b": dead } })).toEqual(["a avoided circuit-open", "b avoided circuit-open", "c serving ok"]);
});

test("only a fresh document with a passed check says since when an origin is up", () => {
  expect(upSinceMs(healthDocument(NOW, { "web/a": originHealth({ checkedAtMs: NOW - 5 }) }), "web/a", NOW, TRUST)).toBe(NOW - 5);
  expect(
    upSinceMs(healthDocument(NOW, { "web/a": originHealth({ checkedAtMs: NOW - 5, passes: 0, failures: 1 }) }), "web/a", NOW, TRUST),
  ).toBeNull();
  expect(upSinceMs(healthDocument(NOW - TRUST.freshMs - 1, { "web/a": originHealth() }), "web/a", NOW, TRUST)).toBeNull();
});

test("only an operator can take the last origin away", () => {
  const state = fc.record({
    circuit: fc.constantFrom("closed", "connection", "failures"),
    health: fc.constantFrom("up", "down", "unknown"),
    word: fc.constantFrom(null, "down", "drain", "up"),
  });
  fc.assert(
    fc.property(fc.array(state, { minLength: 1, maxLength: 6 }), fc.integer({ min: 0, max: TRUST.uselessMs + 10 }), (states, ageMs) => {
      const key = (index: number): string => `web/o${index}`;
      const entries = states.map((value, index) => [index, value] as const);
      const result = standings({
        pool: pool(
          "web",
          states.map((_, index) => origin(`o${index}`)),
        ),
        overrides: overridesOf(
          Object.fromEntries(
            entries.flatMap(([index, { word }]) => (word === null ? [] : [[key(index), override({ state: word as "down" })]])),
          ),
        ),
        health: downDocument(NOW - ageMs, ...entries.filter(([, { health }]) => health === "down").map(([index]) => key(index))),
        local: Object.fromEntries(
          entries.map(([index, { circuit }]) => [
            key(index),
            circuit === "closed" ? {} : { circuit: openCircuit({ openedBy: circuit as "failures" }) },
          ]),
        ),
      });
      for (const [index, { word }] of entries) expect(result[index]?.use === "excluded").toBe(word === "down" || word === "drain");
      expect(result.filter(({ use, weight }) => use !== "excluded" && weight <= 0)).toEqual([]);
    }),
  );
});

test("a pool that always believes its checks has no panic", () => {
  const trusting = pool("web", [origin("a"), origin("b"), origin("c")], { trust: { ...TRUST, panicShare: 0 } });
  const local = { "web/a": { healthProbeAtMs: NOW }, "web/b": { healthProbeAtMs: NOW }, "web/c": { healthProbeAtMs: NOW } };
  expect(shown({ pool: trusting, health: downDocument(NOW, "web/a", "web/b", "web/c"), local })).toEqual([
    "a avoided health-down",
    "b avoided health-down",
    "c avoided health-down",
  ]);
});

test("how long a verdict is believed, how often it is tried and how much may be out is the pool's own affair", () => {
  const trust = { ...TRUST, freshMs: 1000, uselessMs: 2000, probeMs: 100, panicShare: 0.1 };
  const own = pool("web", [origin("a"), origin("b"), origin("c"), origin("d")], { trust, circuit: { ...CIRCUIT, ejectedShareMax: 0.25 } });
  const at = (ageMs: number, triedMsAgo = 0): string =>
    shown({
      pool: own,
      health: downDocument(NOW - ageMs, "web/a"),
      local: { "web/a": { healthProbeAtMs: NOW - triedMsAgo } },
    })[0] ?? "";
  expect([at(1000), at(1001), at(2000), at(2001)]).toEqual([
    "a avoided health-down",
    "a serving health-old",
    "a serving health-old",
    "a serving ok",
  ]);
  expect([at(0, 99), at(0, 100)]).toEqual(["a avoided health-down", "a probing health-probe"]);
  const down = downDocument(NOW, "web/a", "web/b");
  expect(shown({ pool: own, health: down }).slice(0, 2)).toEqual(["a probing health-probe", "b probing health-probe"]);
  const ejected = { circuit: openCircuit({ openedBy: "failures" }) };
  expect(shown({ pool: own, local: { "web/a": ejected, "web/b": ejected } }).filter((each) => each.includes("avoided"))).toHaveLength(1);
});

test("by the pool's own trust an old document neither says since when an origin is up nor brings its next try forward", () => {
  const trust = { ...TRUST, freshMs: 1000 };
  const health = healthDocument(NOW - 1001, { "web/a": originHealth({ checkedAtMs: NOW - 50 }) });
  expect([upSinceMs(health, "web/a", NOW, TRUST), upSinceMs(health, "web/a", NOW, trust)]).toEqual([NOW - 50, null]);
  const half = { circuit: openCircuit({ openedAtMs: NOW - 500, openUntilMs: NOW + 500 }) };
  const checked = healthDocument(NOW - 1001, { "web/a": originHealth({ checkedAtMs: NOW - 1001 }) });
  expect(shown({ health: checked, local: { "web/a": half } })[0]).toBe("a avoided circuit-open");
});

test("how far the checks are believed is the pool's to say", () => {
  const trust = { ...TRUST, doubtedShare: 0.5, contradictionRate: 1 };
  const web = pool("web", [origin("a"), origin("b"), origin("c")], { trust });
  const standingsWith = (health: HealthDocument, recent: Recent = []): readonly Standing[] =>
    poolStandings({
      pool: web,
      overrides: emptyOverrides(),
      health,
      nowMs: NOW,
      local: () => ({ circuit: closedCircuit(), recent, healthProbeAtMs: NOW }),
    });
  expect(standingsWith(downDocument(NOW - TRUST.freshMs - 1, "web/a"))[0]?.weight).toBe(0.5);
  const nineteen = Array.from({ length: CONTRADICTION_REQUESTS }, (_, index) => ({ atMs: NOW, good: index > 0 }));
  expect(standingsWith(downDocument(NOW, "web/a"), nineteen)[0]?.reason).toBe("health-down");
  expect(
    standingsWith(
      downDocument(NOW, "web/a"),
      nineteen.map(({ atMs }) => ({ atMs, good: true })),
    )[0]?.reason,
  ).toBe("health-contradicted");
});
