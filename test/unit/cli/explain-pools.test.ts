// What `explain` says of pools: the standings that the store gives, and the origin that the request decides for.

import fc from "fast-check";
import { expect, test } from "vitest";
import { poolLines, stateLines } from "../../../scripts/explain/pool-lines.ts";
import { explainPools, explainState, type ExplainedPool, type OriginsKnown } from "../../../scripts/explain/pools.ts";
import { painter } from "../../../scripts/output/paint.ts";
import type { HealthCheckSnapshot, PoolSnapshot } from "../../../src/config/pool-snapshot.ts";
import type { Facts } from "../../../src/facts.ts";
import { closedCircuit } from "../../../src/origin/circuit.ts";
import { poolStandings } from "../../../src/origin/merge.ts";
import { emptyOverrides } from "../../../src/origin/overrides.ts";
import { selectOrigin } from "../../../src/origin/select.ts";
import type { Ruleset } from "../../../src/ruleset.ts";
import { downDocument, healthDocument, origin, originHealth, override, overridesOf, pool, NOWHERE, TRUST } from "../origin/fixtures.ts";

const NOW = 10_000_000;
const plain = painter(false);
const NOTHING: OriginsKnown = { health: null, healthWhy: "no check has run yet", overrides: emptyOverrides() };
const CHECK = {} as HealthCheckSnapshot;
const ABC = [origin("a"), origin("b"), origin("c")];
const BY_USER = pool("web", ABC, { policy: { kind: "hash", by: "header", name: "x-user" }, health: CHECK });

function factsOf(headers: Record<string, string> = {}): Facts {
  const asked = { path: "/", query: "", rawUrl: "https://shop.test/", headers: new Headers(headers), client: { address: "192.0.2.9" } };
  return { ...asked, receivedAtMs: NOW } as unknown as Facts;
}

function explained(
  pools: readonly PoolSnapshot[],
  known: Partial<OriginsKnown> = {},
  headers: Record<string, string> = {},
): readonly ExplainedPool[] {
  const ruleset = { pools: new Map(pools.map((each) => [each.name, each])) } as unknown as Ruleset;
  return explainPools("web", { ...NOTHING, ...known, ruleset, facts: factsOf(headers) });
}

function web(...args: Parameters<typeof explained>): ExplainedPool {
  const [first] = explained(...args);
  if (first === undefined) throw new Error("there is a pool");
  return first;
}

test("the pool and its fallbacks come in the order in which they are used, and only those", () => {
  const pools = [pool("web", ABC, { fallbacks: ["spare", "static"] }), pool("static", ABC), pool("spare", ABC), pool("other", ABC)];
  expect(explained(pools).map(({ name, fallbacks }) => [name, fallbacks])).toEqual([
    ["web", ["spare", "static"]],
    ["spare", []],
    ["static", []],
  ]);
});

test.each(["round-robin", "random", "least-latency", "nearest"] as const)("with %s nothing of the request decides", (kind) => {
  expect(web([pool("web", ABC, { policy: { kind } })]).prefers).toBeNull();
});

test("a request without what is hashed prefers nobody", () => {
  expect(web([BY_USER]).prefers).toEqual({ by: "hash", key: null, origins: [] });
});

test("the origin that a request prefers is the one that the Worker takes, whatever it draws", () => {
  const known = fc.record({ down: fc.subarray(["a", "b", "c"]), drained: fc.subarray(["a", "b", "c"], { maxLength: 2 }) });
  fc.assert(
    fc.property(
      fc.stringMatching(/^[a-z]{1,8}$/),
      known,
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (user, { down, drained }, drawn) => {
        const health = downDocument(NOW, ...down.map((id) => `web/${id}`));
        const overrides = overridesOf(Object.fromEntries(drained.map((id) => [`web/${id}`, override({ state: "drain" })])));
        const local = () => ({ circuit: closedCircuit(), recent: [], healthProbeAtMs: null });
        const taken = selectOrigin({
          pools: new Map([["web", BY_USER]]),
          pool: "web",
          tried: new Set(),
          mayProbe: false,
          facts: factsOf({ "x-user": user }),
          pins: new Map(),
          load: () => ({ ewmaMs: null, inFlight: 0 }),
          standings: (of) => poolStandings({ pool: of, overrides, health, nowMs: NOW, local }),
          credits: () => new Map(),
          random: () => drawn,
        });
        const { prefers } = web([BY_USER], { health, overrides }, { "x-user": user });
        expect(prefers).toEqual({ by: "hash", key: user, origins: [taken?.standing.origin.id] });
      },
    ),
  );
});

test("geo prefers all that serve the visitor's country, whatever their weights, and the others when those are away", () => {
  const serving = (...countries: string[]) => ({ place: { ...NOWHERE, countries } });
  const origins = [origin("de-1", serving("DE")), origin("us", serving("US")), origin("de-2", { ...serving("DE"), weight: 1000 })];
  const geo = pool("web", origins, { policy: { kind: "geo" } });
  const facts = { ...factsOf(), client: { ...factsOf().client, country: "DE", colo: null, regionCode: null, continent: null } };
  const of = (overrides: OriginsKnown["overrides"]) =>
    explainPools("web", { ...NOTHING, overrides, ruleset: { pools: new Map([["web", geo]]) } as unknown as Ruleset, facts })[0]?.prefers;
  expect(of(emptyOverrides())).toEqual({ by: "geo", key: null, origins: ["de-1", "de-2"] });
  expect(of(overridesOf({ "web/de-1": override(), "web/de-2": override() }))?.origins).toEqual(["us"]);
});

test("where an operator took all away, a request prefers nobody, and its fallback pool is judged by itself", () => {
  const overrides = overridesOf({ "web/a": override() });
  const pools = [
    { ...BY_USER, origins: [origin("a")], fallbacks: ["spare"] },
    { ...BY_USER, name: "spare" },
  ];
  const [first, spare] = explained(pools, { overrides }, { "x-user": "kim" });
  expect(first?.prefers).toEqual({ by: "hash", key: "kim", origins: [] });
  expect(spare?.prefers?.origins).toEqual([expect.stringMatching(/^[abc]$/)]);
});

test.each([
  ["fresh", TRUST.freshMs, null],
  ["decaying", TRUST.freshMs + 1, "too old to be believed when they say down"],
  ["useless", TRUST.uselessMs + 1, "missing, or too old to be believed"],
])("checks that are %s", (checks, ageMs, said) => {
  const shown = web([BY_USER], { health: healthDocument(NOW - ageMs, {}) });
  expect(shown.checks).toBe(checks);
  const text = poolLines(shown, NOW, plain).join("\n");
  if (said === null) expect(text).not.toContain("its checks");
  else expect(text).toContain(`its checks are ${said}`);
});

test("for a person: policy, fallbacks, preference, and each origin with why it stands so", () => {
  const health = healthDocument(NOW - 1_000, {
    "web/a": originHealth({ sinceMs: NOW - 60_000 }),
    "web/b": originHealth({ state: "down", why: "timeout", detail: "no answer", passes: 0, failures: 3, sinceMs: NOW - 5_000 }),
  });
  const overrides = overridesOf({ "web/a": override({ state: "drain", untilMs: NOW + 60_000 }) });
  const sticky = { cookie: "lb", ttlSeconds: null, secret: "S" };
  const origins = [origin("a"), origin("b", { weight: 0.333333 }), origin("c", { backup: true })];
  const shown = web([{ ...BY_USER, sticky, origins, fallbacks: ["x", "y"] }], { health, overrides }, { "x-user": "kim" });
  expect(poolLines(shown, NOW, plain)).toEqual([
    "  hash by header x-user, a visitor stays by the cookie lb; then the pool x, then y",
    '  this request prefers c, by header x-user: "kim"',
    "  ORIGIN      USE       WHY             WEIGHT  CHECKS                                  OPERATOR",
    "  a           excluded  operator-drain       0  up since 1 min ago, ok: status 200      drain for 1 min more, by kim: disk",
    "  b           probing   health-probe      0.33  down since 5 s ago, timeout: no answer",
    "  c (backup)  serving   ok                   1",
  ]);
});

test("what is not known is said", () => {
  expect(stateLines(explainState({ ...NOTHING, overrides: null }, NOW))).toEqual([
    "  checks: none known (no check has run yet)",
    "  operators: not read",
    expect.stringContaining("circuits: known to the Worker's isolates only, so all count as closed here"),
  ]);
  const known = { health: healthDocument(NOW - 12_000, {}), healthWhy: null, overrides: emptyOverrides() };
  expect(stateLines(explainState(known, NOW)).slice(0, 2)).toEqual([
    "  checks: as of 12 s ago from FRA",
    "  operators: as the store has it",
  ]);
});
