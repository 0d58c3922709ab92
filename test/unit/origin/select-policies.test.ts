// What each policy makes of a whole pool, as the fetch stage asks: places level by level, distance, load, and the origin that a
// visitor stays with.

import { describe, expect, test } from "vitest";
import type { OriginSnapshot, PoolSnapshot, StickySnapshot } from "../../../src/config/pool-snapshot.ts";
import { NOBODY, type ClientFacts } from "../../../src/facts.ts";
import { closedCircuit } from "../../../src/origin/circuit.ts";
import type { Load } from "../../../src/origin/load.ts";
import { poolStandings, type MergeInput, type Standing, type Use } from "../../../src/origin/merge.ts";
import type { Credits } from "../../../src/origin/policy.ts";
import { selectOrigin, serverOf } from "../../../src/origin/select.ts";
import { downDocument, NOWHERE, origin, override, overridesOf, pool } from "./fixtures.ts";
import { seeded } from "./seeded.ts";

const STICKY: StickySnapshot = { cookie: "stay", ttlSeconds: 3600, secret: "SIGNING_KEY" };
const MUNICH: Partial<ClientFacts> = { colo: "MUC", country: "DE", regionCode: "BY", continent: "EU", latitude: 48.137, longitude: 11.575 };

interface Given {
  readonly pools: readonly PoolSnapshot[];
  readonly client?: Partial<ClientFacts>;
  /** `serving` for origins that are not named. */
  readonly uses?: Readonly<Record<string, Use>>;
  readonly loads?: Readonly<Record<string, Load>>;
  readonly pins?: Readonly<Record<string, string>>;
  readonly mayProbe?: boolean;
}

/** Origins in the order in which requests of one isolate come to them; `retry` goes on with the same request instead. */
function chosen(given: Given, count: number, retry = false): readonly string[] {
  const { pools, client = {}, uses = {}, loads = {}, pins = {}, mayProbe = false } = given;
  const credits = new Map<string, Credits>();
  const tried = new Set<string>();
  const random = seeded(5);
  const standing = (of: PoolSnapshot, each: OriginSnapshot): Standing => {
    const key = `${of.name}/${each.id}`;
    const use = uses[key] ?? "serving";
    const reason =
      use === "avoided" ? "circuit-open" : use === "probing" ? "circuit-half-open" : use === "excluded" ? "operator-down" : "ok";
    return { origin: each, pool: of.name, key, use, reason, weight: each.weight };
  };
  return Array.from({ length: count }, () => {
    const selection = selectOrigin({
      pools: new Map(pools.map((each) => [each.name, each])),
      pool: pools[0]?.name ?? "",
      tried,
      mayProbe,
      facts: { path: "/", query: "", rawUrl: "", headers: new Headers(), client: { ...NOBODY, ...client } },
      pins: new Map(Object.entries(pins)),
      load: (key) => loads[key] ?? { ewmaMs: null, inFlight: 0 },
      standings: (of) => of.origins.map((each) => standing(of, each)),
      credits: (name) => credits.get(name) ?? new Map(),
      random,
    });
    if (selection === null) return "nobody";
    if (selection.credits !== null) credits.set(selection.standing.pool, selection.credits);
    if (retry) tried.add(serverOf(selection.standing));
    return selection.standing.key;
  });
}

function counts(keys: readonly string[]): Readonly<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const key of keys.toSorted()) found[key] = (found[key] ?? 0) + 1;
  return found;
}

describe("geo", () => {
  const serves = (id: string, place: Partial<OriginSnapshot["place"]>, more: Partial<OriginSnapshot> = {}): OriginSnapshot =>
    origin(id, { place: { ...NOWHERE, ...place }, ...more });
  const world = pool(
    "web",
    [
      serves("us", { countries: ["US"] }),
      serves("any", {}),
      serves("eu", { continents: ["EU"] }),
      serves("de", { countries: ["DE"] }),
      serves("by", { regions: ["DE-BY"] }),
      serves("muc", { colos: ["MUC"] }),
      serves("muc-spare", { colos: ["MUC"] }, { backup: true }),
    ],
    { policy: { kind: "geo" } },
  );

  test("a request that fails goes on level by level, and to backups when all others had it", () => {
    const order = ["muc", "by", "de", "eu", "any", "us", "muc-spare"].map((id) => `web/${id}`);
    expect(chosen({ pools: [world], client: MUNICH }, 8, true)).toEqual([...order, "nobody"]);
  });

  test("an origin that is out leaves its visitors to the next level", () => {
    const uses: Record<string, Use> = { "web/muc": "avoided", "web/by": "excluded", "web/de": "probing" };
    expect(new Set(chosen({ pools: [world], client: MUNICH, uses }, 10))).toEqual(new Set(["web/eu"]));
  });

  test("a visitor from nowhere goes to those that serve nobody in particular", () => {
    expect(new Set(chosen({ pools: [world] }, 10))).toEqual(new Set(["web/any"]));
  });

  test("equals take turns by weight", () => {
    const twins = pool("web", [serves("a", { countries: ["DE"] }, { weight: 3 }), serves("b", { countries: ["DE"] }), serves("c", {})], {
      policy: { kind: "geo" },
    });
    expect(counts(chosen({ pools: [twins], client: MUNICH }, 40))).toEqual({ "web/a": 30, "web/b": 10 });
  });
});

describe("nearest", () => {
  const stands = (id: string, at: readonly [number, number], weight = 1): OriginSnapshot =>
    origin(id, { weight, place: { ...NOWHERE, at } });
  const world = pool("web", [stands("akl", [-36.85, 174.76]), stands("fra", [50.11, 8.68], 3), stands("wiesbaden", [50.08, 8.24])], {
    policy: { kind: "nearest" },
  });

  test("those that are as near take turns by weight, and the far one is for when both are gone", () => {
    expect(counts(chosen({ pools: [world], client: MUNICH }, 40))).toEqual({ "web/fra": 30, "web/wiesbaden": 10 });
    expect(chosen({ pools: [world], client: MUNICH }, 3, true)[2]).toBe("web/akl");
  });

  test("a visitor whose place is not known comes to any", () => {
    expect(counts(chosen({ pools: [world] }, 50))).toEqual({ "web/akl": 10, "web/fra": 30, "web/wiesbaden": 10 });
  });
});

test("least-latency: the faster of two, and each new one once", () => {
  const web = pool("web", [origin("a"), origin("b")], { policy: { kind: "least-latency" } });
  const known = { "web/a": { ewmaMs: 20, inFlight: 0 }, "web/b": { ewmaMs: 10, inFlight: 0 } };
  expect(new Set(chosen({ pools: [web], loads: known }, 20))).toEqual(new Set(["web/b"]));
  expect(new Set(chosen({ pools: [web], loads: { ...known, "web/a": { ewmaMs: null, inFlight: 0 } } }, 20))).toEqual(new Set(["web/a"]));
  expect(new Set(chosen({ pools: [web], loads: { ...known, "web/a": { ewmaMs: null, inFlight: 1 } } }, 20))).toEqual(new Set(["web/b"]));
});

describe("a visitor who stays", () => {
  const web = pool("web", [origin("a"), origin("b"), origin("c"), origin("spare", { backup: true })], {
    sticky: STICKY,
    fallbacks: ["archive"],
  });
  const archive = pool("archive", [origin("x"), origin("y")], { sticky: { ...STICKY, cookie: "archive" } });
  const pools = [web, archive];
  const down: Record<string, Use> = { "web/a": "avoided", "web/b": "avoided", "web/c": "avoided", "web/spare": "avoided" };

  test("comes to that origin whatever the policy would choose, and takes nobody's turn", () => {
    expect(new Set(chosen({ pools, pins: { web: "b" } }, 20))).toEqual(new Set(["web/b"]));
    expect(counts(chosen({ pools }, 30))).toEqual({ "web/a": 10, "web/b": 10, "web/c": 10 });
  });

  test.each<[string, Given["uses"], boolean, string]>([
    ["stays with a backup while it serves", {}, false, "web/spare"],
    ["is not sent to try an origin of the same pool that may be back", { "web/a": "probing" }, true, "web/spare"],
  ])("%s", (_, uses = {}, mayProbe, expected) => {
    expect(chosen({ pools, pins: { web: "spare" }, uses, mayProbe }, 1)).toEqual([expected]);
  });

  test.each<Use>(["avoided", "probing", "excluded"])("goes elsewhere when it is %s", (use) => {
    const found = chosen({ pools, pins: { web: "b" }, uses: { "web/b": use } }, 20);
    expect(new Set(found)).toEqual(new Set(["web/a", "web/c"]));
  });

  test("is the first to try whether it is back, and comes to it again when no other is left", () => {
    const back: Record<string, Use> = { "web/a": "probing", "web/b": "probing" };
    expect(chosen({ pools, pins: { web: "b" }, uses: back, mayProbe: true }, 1)).toEqual(["web/b"]);
    const gone: Record<string, Use> = { ...down, "archive/x": "avoided", "archive/y": "avoided" };
    expect(chosen({ pools, pins: { web: "b" }, uses: gone }, 1)).toEqual(["web/b"]);
  });

  test("goes elsewhere when it has just failed this request", () => {
    const [first, second] = chosen({ pools, pins: { web: "b" } }, 2, true);
    expect([first, second === "web/b"]).toEqual(["web/b", false]);
  });

  test("with an origin of the fallback pool, as long as the first pool has nothing to offer", () => {
    const pins = { archive: "y" };
    expect(new Set(chosen({ pools, pins, uses: down }, 10))).toEqual(new Set(["archive/y"]));
    expect(new Set(chosen({ pools, pins, uses: { ...down, "web/a": "serving" } }, 10))).toEqual(new Set(["web/a"]));
  });

  test("and its requests try whether the first pool is back, as all others' do", () => {
    const uses: Record<string, Use> = { ...down, "web/c": "probing" };
    expect(chosen({ pools, pins: { archive: "y" }, uses, mayProbe: true }, 1)).toEqual(["web/c"]);
  });

  test("is nobody special in a pool that is no longer sticky, or with an origin that is gone", () => {
    expect(counts(chosen({ pools: [{ ...web, sticky: null }], pins: { web: "b" } }, 30))).toEqual({
      "web/a": 10,
      "web/b": 10,
      "web/c": 10,
    });
    expect(counts(chosen({ pools: [web], pins: { web: "gone" } }, 30))).toEqual({ "web/a": 10, "web/b": 10, "web/c": 10 });
  });
});

describe("a drain", () => {
  const web = pool("web", [origin("a"), origin("b")]);
  const NOW = 1_000_000;
  const standingOfA = (more: Partial<MergeInput>): string => {
    const overrides = overridesOf({ "web/a": override({ state: "drain" }) });
    const local: MergeInput["local"] = () => ({ circuit: closedCircuit(), recent: [], healthProbeAtMs: null });
    const [a] = poolStandings({ pool: web, overrides, health: null, nowMs: NOW, local, ...more });
    return `${a?.use} ${a?.reason}`;
  };

  test("sends away whoever does not stay with the origin", () => {
    expect([standingOfA({}), standingOfA({ keeps: "b" })]).toEqual(["excluded operator-drain", "excluded operator-drain"]);
  });

  test("keeps those who do, while the origin serves", () => {
    expect(standingOfA({ keeps: "a" })).toBe("serving ok");
  });

  test("keeps nobody with an origin that is down, or whose circuit is open", () => {
    const both = downDocument(NOW, "web/a");
    expect(standingOfA({ keeps: "a", health: both })).toBe("excluded operator-drain");
    const circuit = { ...closedCircuit(), state: "open" as const, openedAtMs: NOW, openUntilMs: NOW + 1000 };
    expect(standingOfA({ keeps: "a", local: () => ({ circuit, recent: [], healthProbeAtMs: null }) })).toBe("excluded operator-drain");
  });

  test.each(["down", "weight"] as const)("an operator's %s is for everybody", (state) => {
    const overrides = overridesOf({ "web/a": override({ state, weight: state === "weight" ? 0 : null }) });
    expect(standingOfA({ keeps: "a", overrides })).toBe(`excluded operator-${state}`);
  });
});
