// What one isolate tells of its origins: the same standings that its requests are decided with, and beside them why.

import { expect, test } from "vitest";
import { originsReport, type OriginsReportInput, type PoolReport } from "../../../src/admin/origins.ts";
import type { HealthCheckSnapshot, PoolSnapshot } from "../../../src/config/pool-snapshot.ts";
import { RETRY_BUDGET_WINDOW_MS } from "../../../src/limits.ts";
import { poolStandings } from "../../../src/origin/merge.ts";
import { emptyOverrides } from "../../../src/origin/overrides.ts";
import { createOriginTable, type OriginTable } from "../../../src/origin/table.ts";
import { CIRCUIT, TRUST, downDocument, healthDocument, origin, originHealth, override, overridesOf, pool } from "../origin/fixtures.ts";

const NOW = 10_000_000;
const WEB = pool("web", [origin("a"), origin("b", { weight: 3 }), origin("spare", { backup: true })], {
  fallbacks: ["archive"],
  health: {} as HealthCheckSnapshot,
});
const ARCHIVE = pool("archive", [origin("old")], { policy: { kind: "hash", by: "header", name: "x-user" } });

interface Given {
  readonly table?: OriginTable;
  readonly health?: OriginsReportInput["state"]["health"];
  readonly overrides?: OriginsReportInput["state"]["overrides"];
  readonly nowMs?: number;
}

function inputOf({ table = createOriginTable(), health = null, overrides = emptyOverrides(), nowMs = NOW }: Given): OriginsReportInput {
  const pools = new Map([WEB, ARCHIVE].map((each) => [each.name, each]));
  const ruleset = { release: "r1", pools } as unknown as OriginsReportInput["state"]["ruleset"];
  return { state: { ruleset, health, overrides }, table, markers: { view: () => null }, colo: "FRA", nowMs };
}

function web(given: Given): PoolReport {
  const [first] = originsReport(inputOf(given)).pools;
  if (first === undefined) throw new Error("there is a pool");
  return first;
}

/** The attempts of one origin, one after the other. */
function attempts(table: OriginTable, id: string, outcomes: readonly ("success" | "connection-failure")[], nowMs = NOW): void {
  const [standing] = standingsOf(table, WEB, nowMs).filter(({ origin: { id: other } }) => other === id);
  if (standing === undefined) throw new Error(`there is no ${id}`);
  for (const outcome of outcomes) {
    const ticket = table.begin(standing, nowMs, null);
    table.report(ticket, { outcome, retryAfterMs: null, settings: CIRCUIT, nowMs, random: 0.5 });
    table.countOutcome(standing.key, outcome === "success", nowMs);
  }
}

function standingsOf(table: OriginTable, of: PoolSnapshot, nowMs: number): ReturnType<typeof poolStandings> {
  return poolStandings({ pool: of, overrides: emptyOverrides(), health: null, nowMs, local: (key) => table.local(key) });
}

test("an isolate that has seen nothing tells of every pool and origin, in the order of the release", () => {
  const report = originsReport(inputOf({}));
  expect(report).toMatchObject({ nowMs: NOW, release: "r1", colo: "FRA", health: null });
  expect(report.pools.map(({ name, policy, fallbacks }) => [name, policy.kind, fallbacks])).toEqual([
    ["web", "round-robin", ["archive"]],
    ["archive", "hash", []],
  ]);
  expect(report.pools[0]?.origins.map(({ id, backup, standing: { weight } }) => [id, backup, weight])).toEqual([
    ["a", false, 1],
    ["b", false, 3],
    ["spare", true, 1],
  ]);
  expect(report.pools[0]?.origins[0]).toEqual({
    id: "a",
    backup: false,
    standing: { use: "serving", reason: "ok", weight: 1 },
    circuit: { phase: "closed", openUntilMs: null, openedBy: null },
    inFlight: 0,
    recent: { seen: 0, good: 0 },
    check: null,
    override: null,
  });
});

test("asking changes nothing: neither origins nor pools come into the isolate's memory by it", () => {
  const table = createOriginTable();
  originsReport(inputOf({ table }));
  expect(table.describe(NOW)).toEqual([]);
});

test("an open circuit is told with what opened it and until when, then as half-open", () => {
  const table = createOriginTable();
  attempts(table, "a", ["success", "connection-failure", "connection-failure"]);
  const openUntilMs = NOW + CIRCUIT.openMs;
  expect(web({ table }).origins[0]).toMatchObject({
    standing: { use: "avoided", reason: "circuit-open" },
    circuit: { phase: "open", openUntilMs, openedBy: "connection" },
    recent: { seen: 3, good: 1 },
  });
  expect(web({ table, nowMs: openUntilMs }).origins[0]).toMatchObject({
    standing: { use: "probing", reason: "circuit-half-open" },
    circuit: { phase: "half-open", openedBy: "connection" },
  });
});

test("checks that saw the origin up since bring the time forward here as they do for requests", () => {
  const table = createOriginTable();
  attempts(table, "a", ["connection-failure", "connection-failure"]);
  const half = NOW + CIRCUIT.openMs / 2;
  const health = healthDocument(NOW + 1, { "web/a": originHealth({ checkedAtMs: NOW + 1 }) });
  expect(web({ table, health, nowMs: half - 1 }).origins[0]?.circuit).toEqual({ phase: "open", openUntilMs: half, openedBy: "connection" });
  expect(web({ table, health, nowMs: half }).origins[0]).toMatchObject({ standing: { use: "probing" }, circuit: { phase: "half-open" } });
});

test("requests in flight are counted until they are reported", () => {
  const table = createOriginTable();
  const [standing] = standingsOf(table, WEB, NOW);
  if (standing === undefined) throw new Error("there is an origin");
  const ticket = table.begin(standing, NOW, null);
  table.begin(standing, NOW, null);
  expect(web({ table }).origins[0]?.inFlight).toBe(2);
  table.report(ticket, { outcome: "success", retryAfterMs: null, settings: CIRCUIT, nowMs: NOW, random: 0 });
  expect(web({ table }).origins[0]?.inFlight).toBe(1);
});

test("the checks' verdict and the operator's word stand beside the standing that follows from them", () => {
  const word = override({ state: "drain", untilMs: NOW + 1 });
  const given = { health: downDocument(NOW, "web/a"), overrides: overridesOf({ "web/b": word }) };
  const [a, b] = web(given).origins;
  expect(a).toMatchObject({ check: { state: "down", why: "timeout" }, override: null });
  expect(b).toMatchObject({ standing: { use: "excluded", reason: "operator-drain" }, check: null, override: word });
  expect(web({ ...given, nowMs: NOW + 1 }).origins[1]).toMatchObject({ standing: { use: "serving" }, override: null });
});

test.each([
  [TRUST.freshMs, "fresh"],
  [TRUST.freshMs + 1, "decaying"],
  [TRUST.uselessMs + 1, "useless"],
])("checks of %d ms ago are %s", (ageMs, believed) => {
  const health = healthDocument(NOW - ageMs, {});
  const report = originsReport(inputOf({ health }));
  expect(report.health).toEqual({ asOfMs: NOW - ageMs, region: "FRA" });
  expect(report.pools.map(({ checks }) => checks)).toEqual([believed, null]);
});

test("the retry budget is told with whether one more retry is allowed, at the limit and one below", () => {
  const table = createOriginTable();
  const free = (WEB.budget.perSecond * RETRY_BUDGET_WINDOW_MS) / 1000;
  table.countRequest("web", NOW);
  for (let n = 0; n < free - 1; n += 1) table.countExtra("web", NOW);
  const windowMs = RETRY_BUDGET_WINDOW_MS;
  expect(web({ table }).retryBudget).toEqual({ windowMs, requests: 1, retries: free - 1, mayRetry: true });
  table.countExtra("web", NOW);
  expect(web({ table }).retryBudget).toEqual({ windowMs, requests: 1, retries: free, mayRetry: false });
  expect(web({ table, nowMs: NOW + windowMs }).retryBudget).toEqual({ windowMs, requests: 0, retries: 0, mayRetry: true });
});

test("no address of an origin is in it", () => {
  const table = createOriginTable();
  attempts(table, "a", ["connection-failure"]);
  expect(JSON.stringify(originsReport(inputOf({ table, health: downDocument(NOW, "web/a") })))).not.toMatch(/https?:|\.example/);
});

test("an origin that another isolate of the data centre holds open is shown as such", () => {
  const entry = { state: "open", atMs: NOW, untilMs: NOW + 5000, by: "connection" } as const;
  const markers = { view: (key: string) => (key === "web/a" ? entry : null) };
  const report = originsReport({ ...inputOf({}), markers });
  expect(report.pools[0]?.origins[0]?.standing).toMatchObject({ use: "avoided", reason: "circuit-elsewhere" });
});
