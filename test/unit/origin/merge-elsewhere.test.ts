// What the word of another isolate does to an origin's standing, and what it can never do.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PoolSnapshot } from "../../../src/config/pool-snapshot.ts";
import { MARKER_ECHO_MS } from "../../../src/limits.ts";
import { closedCircuit } from "../../../src/origin/circuit.ts";
import type { Circuit } from "../../../src/origin/circuit.ts";
import type { HealthDocument } from "../../../src/origin/health.ts";
import type { MarkerEntry } from "../../../src/origin/marker.ts";
import { poolStandings } from "../../../src/origin/merge.ts";
import type { LocalView, Standing } from "../../../src/origin/merge.ts";
import { emptyOverrides } from "../../../src/origin/overrides.ts";
import type { Overrides } from "../../../src/origin/overrides.ts";
import { selectOrigin } from "../../../src/origin/select.ts";
import { CIRCUIT, downDocument, origin, override, overridesOf, pool } from "./fixtures.ts";

const NOW = 10_000_000;
const FRESH: LocalView = { circuit: closedCircuit(), recent: [], healthProbeAtMs: null };
const THREE = pool("web", [origin("a"), origin("b"), origin("c")]);
const SHARE_MS = CIRCUIT.shareMs;

interface Given {
  pool?: PoolSnapshot;
  overrides?: Overrides;
  health?: HealthDocument | null;
  local?: Record<string, Partial<LocalView>>;
  elsewhere?: Record<string, MarkerEntry>;
  nowMs?: number;
}

function standings(given: Given): readonly Standing[] {
  return poolStandings({
    pool: given.pool ?? THREE,
    overrides: given.overrides ?? emptyOverrides(),
    health: given.health ?? null,
    nowMs: given.nowMs ?? NOW,
    local: (key) => ({ ...FRESH, ...given.local?.[key] }),
    elsewhere: (key) => given.elsewhere?.[key] ?? null,
  });
}

function shown(given: Given): string[] {
  return standings(given).map(({ origin: { id }, use, reason }) => `${id} ${use} ${reason}`);
}

function word(more: Partial<Extract<MarkerEntry, { state: "open" }>> = {}): MarkerEntry {
  return { state: "open", atMs: NOW - 100, untilMs: NOW + 900, by: "connection", ...more };
}

function openCircuit(more: Partial<Circuit> = {}): Circuit {
  return { ...closedCircuit(), state: "open", openedAtMs: NOW - 100, openUntilMs: NOW + 900, openedBy: "connection", ...more };
}

test("an origin whose circuit is open in another isolate is avoided, and the others serve", () => {
  expect(shown({ elsewhere: { "web/a": word() } })).toEqual(["a avoided circuit-elsewhere", "b serving ok", "c serving ok"]);
});

describe("how long it holds", () => {
  test.each([
    ["while that circuit is open, and until its next try has been heard of", { untilMs: NOW - MARKER_ECHO_MS + 1, atMs: NOW - 6000 }, true],
    ["not longer than that", { untilMs: NOW - MARKER_ECHO_MS, atMs: NOW - 6000 }, false],
    ["while it is as young as the pool shares it", { untilMs: NOW + 60_000, atMs: NOW - SHARE_MS + 1 }, true],
    ["not when it is older, however long that circuit stays open", { untilMs: NOW + 60_000, atMs: NOW - SHARE_MS }, false],
    ["not before it was said, by a clock that is ahead", { atMs: NOW + 1, untilMs: NOW + 2000 }, false],
  ])("%s", (_, more, held) => {
    expect(shown({ elsewhere: { "web/a": word(more) } })[0]).toBe(held ? "a avoided circuit-elsewhere" : "a serving ok");
  });

  test("a pool that shares nothing hears nothing", () => {
    const silent = pool("web", [origin("a"), origin("b")], { circuit: { ...CIRCUIT, shareMs: 0 } });
    expect(shown({ pool: silent, elsewhere: { "web/a": word() } })[0]).toBe("a serving ok");
  });

  test("a circuit that closed elsewhere keeps nobody out", () => {
    expect(shown({ elsewhere: { "web/a": { state: "closed", atMs: NOW - 1 } } })[0]).toBe("a serving ok");
  });
});

describe("what this isolate knows itself outweighs it", () => {
  const elsewhere = { "web/a": word() };
  test.each<[string, Partial<LocalView>, string]>([
    ["a good answer since", { recent: [{ atMs: NOW - 99, good: true }] }, "a serving ok"],
    ["not a good answer from before", { recent: [{ atMs: NOW - 100, good: true }] }, "a avoided circuit-elsewhere"],
    ["not a bad answer since", { recent: [{ atMs: NOW - 99, good: false }] }, "a avoided circuit-elsewhere"],
    ["a circuit of its own that closed since", { circuit: { ...closedCircuit(), closedAtMs: NOW - 99 } }, "a serving ok"],
    ["not one that closed before", { circuit: { ...closedCircuit(), closedAtMs: NOW - 100 } }, "a avoided circuit-elsewhere"],
    ["its own open circuit, whose time may be longer", { circuit: openCircuit() }, "a avoided circuit-open"],
    ["its own half-open circuit, which tries the origin", { circuit: openCircuit({ openUntilMs: NOW }) }, "a probing circuit-half-open"],
    [
      "not a half-open circuit that opened before the other one did: that isolate tries for both",
      { circuit: openCircuit({ openedAtMs: NOW - 101, openUntilMs: NOW }) },
      "a avoided circuit-elsewhere",
    ],
  ])("%s", (_, local, expected) => {
    expect(shown({ elsewhere, local: { "web/a": local } })[0]).toBe(expected);
  });

  test("the operator's up and down", () => {
    const says = (state: "up" | "down"): string => shown({ elsewhere, overrides: overridesOf({ "web/a": override({ state }) }) })[0] ?? "";
    expect([says("up"), says("down")]).toEqual(["a serving operator-up", "a excluded operator-down"]);
  });
});

describe("the ejection limit holds over what is seen here and what is heard", () => {
  const here = { circuit: openCircuit({ openedBy: "failures" }) };
  const heard = word({ by: "failures" });
  test("hearsay is given up first", () => {
    expect(shown({ local: { "web/a": here, "web/b": here }, elsewhere: { "web/c": heard } })).toEqual([
      "a avoided circuit-open",
      "b avoided circuit-open",
      "c serving ejection-limit",
    ]);
  });

  test("among hearsay that which would end soonest", () => {
    const soon = word({ by: "success-rate", untilMs: NOW - 4000, atMs: NOW - 6000 });
    expect(shown({ elsewhere: { "web/a": heard, "web/b": soon, "web/c": heard } })).toEqual([
      "a avoided circuit-elsewhere",
      "b serving ejection-limit",
      "c avoided circuit-elsewhere",
    ]);
  });

  test("a single origin stays, whatever others say of its answers", () => {
    expect(shown({ pool: pool("one", [origin("a")]), elsewhere: { "one/a": heard } })).toEqual(["a serving ejection-limit"]);
  });

  test("connections that fail elsewhere do not count against it", () => {
    expect(shown({ elsewhere: { "web/a": word(), "web/b": word() } })).toEqual([
      "a avoided circuit-elsewhere",
      "b avoided circuit-elsewhere",
      "c serving ok",
    ]);
  });
});

test("panic looks at what is left after both: the checks' down is not believed where hearsay took the rest", () => {
  const given = {
    health: downDocument(NOW, "web/c"),
    local: { "web/c": { healthProbeAtMs: NOW } },
    elsewhere: { "web/a": word(), "web/b": word() },
  };
  expect(shown(given)).toEqual(["a avoided circuit-elsewhere", "b avoided circuit-elsewhere", "c serving panic"]);
});

/** Everything that can be said about one origin. */
const SAID = fc.record({
  word: fc.constantFrom(null, "down", "drain", "up"),
  health: fc.constantFrom("up", "down"),
  circuit: fc.constantFrom<Circuit>(
    closedCircuit(),
    openCircuit(),
    openCircuit({ openedBy: "failures" }),
    openCircuit({ openUntilMs: NOW - 1, probeUntilMs: NOW + 1000 }),
  ),
  elsewhere: fc.option(
    fc.record({
      state: fc.constant("open" as const),
      atMs: fc.integer({ min: NOW - 2 * SHARE_MS, max: NOW + 2 * SHARE_MS }),
      untilMs: fc.integer({ min: NOW - 2 * SHARE_MS, max: NOW + 100_000 }),
      by: fc.constantFrom("connection" as const, "failures" as const, "success-rate" as const),
    }),
  ),
  backup: fc.boolean(),
});

function worldOf(states: readonly (typeof SAID extends fc.Arbitrary<infer T> ? T : never)[]): Required<Omit<Given, "nowMs">> {
  const each = <T>(value: (state: (typeof states)[number]) => T | null): Record<string, T> =>
    Object.fromEntries(
      states.flatMap((state, index) => {
        const made = value(state);
        return made === null ? [] : [[`web/o${index}`, made]];
      }),
    );
  return {
    pool: pool(
      "web",
      states.map(({ backup }, index) => origin(`o${index}`, { backup })),
    ),
    overrides: overridesOf(each(({ word: state }) => (state === null ? null : override({ state: state as "down" })))),
    health: downDocument(NOW, ...Object.keys(each(({ health }) => (health === "down" ? true : null)))),
    local: each(({ circuit }) => ({ circuit })),
    elsewhere: each<MarkerEntry>(({ elsewhere }) => elsewhere),
  };
}

test("whatever is said: an origin that an operator took away is never chosen, and without that there is always one to choose", () => {
  fc.assert(
    fc.property(fc.array(SAID, { minLength: 1, maxLength: 6 }), fc.boolean(), (states, mayProbe) => {
      const all = worldOf(states);
      const chosen = selectOrigin({
        pools: new Map([["web", all.pool]]),
        pool: "web",
        tried: new Set(),
        mayProbe,
        facts: { path: "/", query: "", rawUrl: "/", headers: new Headers(), client: {} } as never,
        pins: new Map(),
        load: () => ({}) as never,
        standings: () => standings(all),
        credits: () => new Map(),
        random: () => 0.5,
      });
      const left = states.filter(({ word: state }) => state !== "down" && state !== "drain");
      if (left.length === 0) {
        expect(chosen).toBeNull();
        return;
      }
      const index = Number(chosen?.standing.origin.id.slice(1));
      expect(left).toContain(states[index]);
    }),
  );
});

test("a word alone never keeps an origin out for longer than the pool shares it", () => {
  fc.assert(
    fc.property(fc.array(SAID, { minLength: 1, maxLength: 6 }), fc.integer({ min: 0, max: 3 * SHARE_MS }), (states, laterMs) => {
      const all = worldOf(states);
      for (const { key, reason } of standings({ ...all, nowMs: NOW + laterMs })) {
        const said = all.elsewhere[key];
        if (reason !== "circuit-elsewhere") continue;
        expect(said?.atMs).toBeLessThanOrEqual(NOW + laterMs);
        expect(NOW + laterMs - (said?.atMs ?? 0)).toBeLessThan(SHARE_MS);
      }
    }),
  );
});

test("of failing answers, here and elsewhere together, no more are kept out than the pool allows", () => {
  const failing = SAID.map((state) => ({
    ...state,
    word: null,
    health: "up" as const,
    backup: false,
    elsewhere: state.elsewhere === null ? null : { ...state.elsewhere, by: "failures" as const },
    circuit: state.circuit.state === "open" ? openCircuit({ openedBy: "failures" }) : closedCircuit(),
  }));
  fc.assert(
    fc.property(fc.array(failing, { minLength: 1, maxLength: 8 }), (states) => {
      const out = standings(worldOf(states)).filter(({ use }) => use === "avoided").length;
      expect(out).toBeLessThanOrEqual(Math.min(states.length - 1, Math.ceil(CIRCUIT.ejectedShareMax * states.length)));
    }),
  );
});
