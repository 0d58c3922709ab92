// Numbers that other proxies publish for the same questions, beside ours. Sources: Envoy's manual, "Outlier detection" (architecture
// overview and API reference) and its unit tests; Traefik's unit tests of retries and failover; the Gateway API's GEP-1731 (retries)
// and its conformance test of weights. Where our rule differs on purpose the table has both numbers, and the test's comment says why.

import { describe, expect, test } from "vitest";
import type { RetrySnapshot } from "../../../src/config/snapshot.ts";
import type { PoolSnapshot } from "../../../src/config/pool-snapshot.ts";
import { admits, beginAttempt, closedCircuit, observe } from "../../../src/origin/circuit.ts";
import type { Circuit, CircuitOutcome } from "../../../src/origin/circuit.ts";
import { classifyStatus } from "../../../src/origin/classify.ts";
import type { Failure } from "../../../src/origin/classify.ts";
import { poolStandings } from "../../../src/origin/merge.ts";
import type { LocalView } from "../../../src/origin/merge.ts";
import { emptyOverrides } from "../../../src/origin/overrides.ts";
import type { Overrides } from "../../../src/origin/overrides.ts";
import { decideRetry } from "../../../src/origin/retry.ts";
import { selectOrigin } from "../../../src/origin/select.ts";
import { rendezvous } from "../../../src/origin/policy.ts";
import type { Credits } from "../../../src/origin/policy.ts";
import { CIRCUIT, RETRY, downDocument, origin, override, overridesOf, pool } from "./fixtures.ts";

/** Envoy's defaults: 5 in a row, 30 s at first, 300 s at most. Its rate asks for 100 requests in 10 s. */
const ENVOY = { ...CIRCUIT, consecutiveFailures: 5, connectionFailures: 5, openMs: 30_000, openMsMax: 300_000, volume: 100, closeAfter: 1 };

function see(circuit: Circuit, outcome: CircuitOutcome, nowMs = 0): Circuit {
  const begun = beginAttempt(circuit, nowMs);
  const event = { outcome, admission: begun.admission, retryAfterMs: null, settings: ENVOY, beganAtMs: nowMs, nowMs, random: 0.5 };
  return observe(begun.circuit, event);
}

function seeAll(outcomes: readonly CircuitOutcome[], nowMs = 0): Circuit {
  return outcomes.reduce((state, outcome) => see(state, outcome, nowMs), closedCircuit());
}

function row(outcome: CircuitOutcome, count: number): CircuitOutcome[] {
  return Array.from({ length: count }, () => outcome);
}

describe("Envoy, outlier detection", () => {
  /** Its test of the basic flow: one 500, one 200, four 500s do not eject; the fifth in a row does. */
  test.each<[string, readonly CircuitOutcome[], boolean]>([
    ["four failures in a row", row("failure", 4), false],
    ["five", row("failure", 5), true],
    ["one, a success, then four", ["failure", "success", ...row("failure", 4)], false],
    ["one, a success, then five", ["failure", "success", ...row("failure", 5)], true],
    ["five failed connections", row("connection-failure", 5), true],
    ["four failed connections", row("connection-failure", 4), false],
  ])("consecutive failures: %s", (_, outcomes, ejected) => {
    expect(seeAll(outcomes).state === "open").toBe(ejected);
  });

  test("a success cancels a failed connection, however often they take turns", () => {
    let circuit = closedCircuit();
    // Envoy's rate would compare with other hosts; ours would judge half as too little, so the turns are spread beyond its window.
    for (let turn = 0; turn < 100; turn += 1) {
      circuit = see(see(circuit, "connection-failure", turn * 1000), "success", turn * 1000);
    }
    expect(circuit.state).toBe("closed");
  });

  /** Envoy gives all traffic back at its first look after 30 s; ours lets one request try at that moment. */
  test.each([
    [9999, "no"],
    [29_999, "no"],
    [30_000, "probe"],
    [30_001, "probe"],
  ])("after %i ms of an ejection of 30 s", (nowMs, expected) => {
    expect(admits(seeAll(row("failure", 5)), nowMs)).toBe(expected);
  });

  /** Envoy multiplies by the number of ejections, ours doubles: a server that stays away is asked less, one that restarts is asked soon. */
  test.each([
    [1, 30_000, 30_000],
    [2, 60_000, 60_000],
    [3, 90_000, 120_000],
    [4, 120_000, 240_000],
    [5, 150_000, 300_000],
    [10, 300_000, 300_000],
    [11, 300_000, 300_000],
  ])("ejection %i in a row lasts: Envoy %i ms, ours %i ms", (times, envoyMs, oursMs) => {
    let circuit = seeAll(row("failure", 5));
    for (let ejection = 1; ejection < times; ejection += 1) circuit = see(circuit, "failure", circuit.openUntilMs);
    expect(Math.min(ENVOY.openMsMax, ENVOY.openMs * times)).toBe(envoyMs);
    expect(circuit.openUntilMs - circuit.openedAtMs).toBe(oursMs);
  });

  /**
   * Its test of success rates: five hosts with 200 requests, four of them with 100 %, one with 50 %: mean 90, threshold
   * 90 - 1.9 x 20 = 52, so 50 is out. With four at 100 % any fifth below it is out there, at 99 % too. Ours compares with the pool's
   * fixed rate: pools of two or three have no deviation to speak of, and an origin that fails one request of a hundred is of use.
   */
  test.each([
    [200, 50, true, true],
    [200, 51, true, false],
    [200, 99, true, false],
    [200, 100, false, false],
    [99, 50, false, false],
    [100, 50, true, true],
  ])("of %i requests %i %% succeed: Envoy ejects %s, ours %s", (requests, percent, envoy, ours) => {
    const rates = [100, 100, 100, 100, percent];
    const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
    const deviation = Math.sqrt(rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / rates.length);
    expect(requests >= 100 && percent < mean - 1.9 * deviation).toBe(envoy);
    const good = Math.floor((requests * percent) / 100);
    // Spread evenly, so that no row of five decides.
    const outcomes = Array.from({ length: requests }, (_, index): CircuitOutcome => {
      const before = Math.ceil((index * good) / requests);
      return Math.ceil(((index + 1) * good) / requests) > before ? "success" : "failure";
    });
    let circuit = closedCircuit();
    for (const outcome of outcomes) if (circuit.state === "closed") circuit = see(circuit, outcome);
    expect(circuit.state === "open").toBe(ours);
  });

  test("the test's own mean and threshold: 90 and 52", () => {
    const rates = [100, 100, 100, 100, 50];
    const mean = rates.reduce((sum, rate) => sum + rate, 0) / 5;
    expect([mean, mean - 1.9 * Math.sqrt(rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / 5)]).toEqual([90, 52]);
  });

  /** Of so many hosts, all failing, how many are out. Envoy ejects at least one, even the only one, and relies on panic; ours keeps one in. */
  test.each([
    [10, 0.1, 1, 1],
    [10, 0.5, 5, 5],
    [4, 0.5, 2, 2],
    [5, 0.1, 1, 1],
    [100, 0.1, 10, 10],
    [2, 0.5, 1, 1],
    [1, 0.1, 1, 0],
    [3, 1, 3, 2],
  ])("of %i hosts at most the share %f: Envoy ejects %i, ours %i", (hosts, ejectedShareMax, envoy, ours) => {
    const web = pool(
      "web",
      Array.from({ length: hosts }, (_, index) => origin(`o${index}`)),
      { circuit: { ...CIRCUIT, ejectedShareMax } },
    );
    const local: LocalView = { circuit: seeAll(row("failure", 5)), recent: [], healthProbeAtMs: null };
    const standings = poolStandings({ pool: web, overrides: emptyOverrides(), health: null, nowMs: 1, local: () => local });
    expect(Math.max(1, Math.floor(ejectedShareMax * hosts))).toBe(envoy);
    expect(standings.filter(({ use }) => use === "avoided")).toHaveLength(ours);
  });

  /** Panic threshold 50 %: below it all hosts are used. Both at exactly half: no panic. */
  test.each([
    [10, 6, true],
    [10, 5, false],
    [4, 2, false],
    [4, 3, true],
    [3, 2, true],
    [3, 1, false],
  ])("of %i hosts %i unhealthy by the checks: panic %s", (hosts, unhealthy, panic) => {
    const web = pool(
      "web",
      Array.from({ length: hosts }, (_, index) => origin(`o${index}`)),
    );
    const health = downDocument(1000, ...Array.from({ length: unhealthy }, (_, index) => `web/o${index}`));
    const local: LocalView = { circuit: closedCircuit(), recent: [], healthProbeAtMs: 1000 };
    const standings = poolStandings({ pool: web, overrides: emptyOverrides(), health, nowMs: 1000, local: () => local });
    expect(standings.some(({ reason }) => reason === "panic")).toBe(panic);
    expect((hosts - unhealthy) / hosts < 0.5).toBe(panic);
  });
});

interface Asked {
  readonly retries: number;
  readonly last: number | "connection";
}

/** One request against origins that answer in turn as they are told; a connection that fails is `connection`. */
function ask(
  answers: readonly (number | "connection")[],
  settings: Partial<RetrySnapshot>,
  more: { method?: string; replayable?: boolean } = {},
): Asked {
  const retry: RetrySnapshot = { ...RETRY, ...settings };
  for (let attempts = 1; ; attempts += 1) {
    const answer = answers[attempts - 1] ?? "connection";
    const failure: Failure | null =
      answer === "connection"
        ? { kind: "connect-error", status: null, mayHaveExecuted: false }
        : classifyStatus(answer, new Set(retry.onStatus));
    if (failure === null) return { retries: attempts - 1, last: answer };
    const decision = decideRetry({
      failure,
      settings: retry,
      method: more.method ?? "GET",
      hasIdempotencyKey: false,
      isUpgrade: false,
      attemptsMade: attempts,
      hasOtherOrigin: true,
      bodyReplayable: more.replayable ?? true,
      remainingMs: null,
      nextIsFailing: false,
      budgetLeft: true,
    });
    if (!decision.retry) return { retries: attempts - 1, last: answer };
  }
}

describe("Traefik", () => {
  /** Its `attempts` counts the first one too, as ours does. */
  test.each<[string, number, number, Asked]>([
    ["no faulty server", 5, 0, { retries: 0, last: 200 }],
    ["one faulty server and a single attempt", 1, 1, { retries: 0, last: "connection" }],
    ["one faulty server", 2, 1, { retries: 1, last: 200 }],
    ["two faulty servers", 3, 2, { retries: 2, last: 200 }],
    ["three faulty servers, three attempts", 3, 3, { retries: 2, last: "connection" }],
  ])("retries: %s", (_, attempts, faulty, expected) => {
    expect(ask([...Array.from({ length: faulty }, () => "connection" as const), 200], { attempts })).toEqual(expected);
  });

  test.each<[string, readonly (number | "connection")[], number, number[], Asked]>([
    ["a single 503", [503, 200], 3, [503], { retries: 1, last: 200 }],
    ["a range", [500, 502, 503, 200], 4, [500, 502, 503, 504], { retries: 3, last: 200 }],
    ["one of several", [502, 200], 3, [502, 503, 504], { retries: 1, last: 200 }],
    ["one that is not named", [500, 200], 3, [503], { retries: 0, last: 500 }],
    ["all attempts", [503, 503, 503], 3, [503], { retries: 2, last: 503 }],
    ["a failed connection, then a 503", ["connection", 503, 200], 3, [503], { retries: 2, last: 200 }],
  ])("retries on status: %s", (_, answers, attempts, onStatus, expected) => {
    expect(ask(answers, { attempts, onStatus })).toEqual(expected);
  });

  test.each<[string, boolean, Asked]>([
    ["is not repeated", false, { retries: 0, last: 503 }],
    ["is, where the route says that it may be", true, { retries: 1, last: 200 }],
  ])("a POST that was answered with 503 %s", (_, unsafeMethods, expected) => {
    expect(ask([503, 200], { onStatus: [503], unsafeMethods }, { method: "POST" })).toEqual(expected);
  });

  /** Traefik answers 413 when the body is larger than what it keeps; ours sends it once and passes the answer on. */
  test("a body that is not kept is not repeated", () => {
    expect(ask([502, 200], { onStatus: [502] }, { replayable: false })).toEqual({ retries: 0, last: 502 });
  });

  /** Traefik answers 503 when both are down by their checks; ours still asks the least bad one, which may have come back. */
  test.each<[string, readonly string[], string, string]>([
    ["the main service is up", [], "main", "main"],
    ["the main service is down", ["main"], "fallback", "fallback"],
    ["both are down", ["main", "fallback"], "503", "main"],
    ["both are down and there is a third", ["main", "fallback", "chained"], "third", "third"],
  ])("failover: %s", (_, down, _traefik, ours) => {
    const chained = down.includes("chained");
    const pools = [
      pool("main", [origin("m")], { fallbacks: ["fallback"] }),
      pool("fallback", [origin("f")], { fallbacks: chained ? ["third"] : [] }),
      ...(chained ? [pool("third", [origin("t")])] : []),
    ];
    const always = pools.map((each): PoolSnapshot => ({ ...each, trust: { ...each.trust, panicShare: 0 } }));
    const keys = pools.filter(({ name }) => down.includes(name)).map(({ name, origins }) => `${name}/${origins[0]?.id}`);
    expect(chosen(always, { downKeys: keys })?.pool).toBe(ours);
  });
});

describe("Gateway API", () => {
  /** GEP-1731: `attempts` there are retries; ours count the first attempt too. */
  test.each<[string, number, Asked]>([
    ["attempts: 1", 1, { retries: 1, last: 503 }],
    ["attempts: 2", 2, { retries: 2, last: 503 }],
    ["attempts: 3", 3, { retries: 3, last: 200 }],
  ])("retry with %s against three 503s and a good one", (_, attempts, expected) => {
    expect(ask([503, 503, 503, 200], { attempts: attempts + 1, onStatus: [500, 503, 504] })).toEqual(expected);
  });

  test("a code that is not listed is not retried, a failed connection is", () => {
    expect(ask([502, 200], { onStatus: [500, 503, 504] })).toEqual({ retries: 0, last: 502 });
    expect(ask(["connection", 200], { onStatus: [500, 503, 504] })).toEqual({ retries: 1, last: 200 });
  });

  /** Its conformance test: 500 requests over weights 0.7, 0.3 and 0, each share within 0.05, and nothing for the third. */
  test.each(["round-robin", "random"] as const)("weights of 70, 30 and 0 by %s", (kind) => {
    const web = pool("main", [origin("v1", { weight: 70 }), origin("v2", { weight: 30 }), origin("v3", { weight: 0 })], {
      policy: { kind },
    });
    const seen = new Map<string, number>();
    let credits: Credits = new Map();
    for (let request = 0; request < 500; request += 1) {
      // A sequence that covers the unit interval evenly: the golden ratio's multiples.
      const selection = chosen([web], { credits, random: (request * 0.618_033_988_75) % 1 });
      credits = selection?.credits ?? credits;
      const id = selection?.id ?? "";
      seen.set(id, (seen.get(id) ?? 0) + 1);
    }
    expect(Math.abs((seen.get("v1") ?? 0) / 500 - 0.7)).toBeLessThanOrEqual(0.05);
    expect(Math.abs((seen.get("v2") ?? 0) / 500 - 0.3)).toBeLessThanOrEqual(0.05);
    expect(seen.has("v3")).toBe(false);
  });

  /** There: 500 when all weights are 0. Here: nobody is asked, and visitors get the error page. */
  test("with all weights at 0 nobody is asked", () => {
    expect(chosen([pool("main", [origin("v1", { weight: 0 }), origin("v2", { weight: 0 })])], {})).toBeNull();
    const none = overridesOf({ "main/v1": override({ state: "weight", weight: 0 }) });
    expect(chosen([pool("main", [origin("v1")])], { overrides: none })).toBeNull();
  });
});

interface Choice {
  readonly pool: string;
  readonly id: string;
  readonly credits: Credits | null;
}

function chosen(
  pools: readonly PoolSnapshot[],
  given: { downKeys?: readonly string[]; overrides?: Overrides; credits?: Credits; random?: number },
): Choice | null {
  const nowMs = 1000;
  const local: LocalView = { circuit: closedCircuit(), recent: [], healthProbeAtMs: nowMs };
  const health = downDocument(nowMs, ...(given.downKeys ?? []));
  const selection = selectOrigin({
    pools: new Map(pools.map((each) => [each.name, each])),
    pool: "main",
    tried: new Set(),
    mayProbe: false,
    facts: { path: "/", query: "", rawUrl: "/", headers: new Headers(), client: {} } as never,
    pins: new Map(),
    load: () => ({ ewmaMs: null, inFlight: 0 }),
    standings: (each) => poolStandings({ pool: each, overrides: given.overrides ?? emptyOverrides(), health, nowMs, local: () => local }),
    credits: () => given.credits ?? new Map(),
    random: () => given.random ?? 0,
  });
  return selection === null ? null : { pool: selection.standing.pool, id: selection.standing.origin.id, credits: selection.credits };
}

/**
 * Envoy's Maglev tests (test/extensions/load_balancing_policies/maglev) count table entries per host: 6 and 11 of 17 with weights 1 and
 * 2; 1 or 2 of 7 for six hosts of equal weight. Ours is no table: rendezvous hashing gives the same shares of keys, without the
 * table's rounding and its memory.
 */
describe("Envoy, Maglev", () => {
  const KEYS = Array.from({ length: 17_000 }, (_, index) => `198.51.100.${index % 256}:${index}`);
  const sharesOf = (weights: readonly number[]): number[] => {
    const candidates = weights.map((weight, index) => ({ id: `127.0.0.1:${90 + index}`, weight }));
    const counts = new Map<string, number>();
    for (const key of KEYS) {
      const { id } = rendezvous(candidates, key);
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    return candidates.map(({ id }) => (counts.get(id) ?? 0) / KEYS.length);
  };

  test.each([
    { weights: [1, 2], of: 17, entries: [6, 11] },
    { weights: [1, 1, 1, 1, 1, 1], of: 7, entries: [2, 1, 1, 1, 1, 1] },
    { weights: [1, 127], of: 128, entries: [1, 127] },
  ])("weights $weights: $entries of $of entries", ({ weights, of, entries }) => {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (const [index, share] of sharesOf(weights).entries()) {
      // Within four standard errors of the weight's share, and as near to the table's as its size allows.
      const wanted = (weights[index] ?? 0) / total;
      expect(Math.abs(share - wanted)).toBeLessThanOrEqual(4 * Math.sqrt((wanted * (1 - wanted)) / KEYS.length));
      expect(Math.abs(share - (entries[index] ?? 0) / of)).toBeLessThanOrEqual(1 / of);
    }
  });
});
