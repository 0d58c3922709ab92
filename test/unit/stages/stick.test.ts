// When a visitor gets a sticky cookie, and when not: the stage between the request, the answer and the operator's word.

import { describe, expect, test } from "vitest";
import type { PoolSnapshot, StickySnapshot } from "../../../src/config/pool-snapshot.ts";
import type { Exchange } from "../../../src/exchange.ts";
import { emptyOverrides, type Overrides } from "../../../src/origin/overrides.ts";
import { createStickyKeys, type StickyKeys } from "../../../src/origin/sticky-keys.ts";
import type { Plan } from "../../../src/plan.ts";
import type { FetchOutcome } from "../../../src/stages/fetch-outcome.ts";
import type { Run } from "../../../src/stages/run.ts";
import { pinnedOrigins, readPins, stickyCookie } from "../../../src/stages/stick.ts";
import { origin, override, overridesOf, pool } from "../origin/fixtures.ts";

const NOW = Date.UTC(2026, 10, 25);
const TTL_SECONDS = 3600;
const STICKY: StickySnapshot = { cookie: "stay", ttlSeconds: TTL_SECONDS, secret: "SIGNING_KEY" };

const WEB = pool("web", [origin("a"), origin("b")], { sticky: STICKY, fallbacks: ["archive"] });
const ARCHIVE = pool("archive", [origin("x")], { sticky: { ...STICKY, cookie: "stay-archive" } });
const PLAIN = pool("plain", [origin("p")]);

interface World {
  readonly cookie?: string;
  readonly secret?: string | null;
  readonly nowMs?: number;
  readonly overrides?: Overrides;
  readonly pools?: readonly PoolSnapshot[];
  readonly log?: unknown[];
  readonly sticky?: StickyKeys;
}

type StickRun = Pick<Run, "exchange" | "plan" | "ports" | "sticky">;

function runOf(world: World): StickRun {
  const { cookie, secret = "a secret", nowMs = NOW, overrides = emptyOverrides(), pools = [WEB, ARCHIVE, PLAIN], log = [] } = world;
  const headers = cookie === undefined ? {} : { cookie };
  const exchange = {
    facts: { scheme: "https" },
    request: new Request("https://shop.test/", { headers }),
    state: { overrides, ruleset: { pools: new Map(pools.map((each) => [each.name, each])) } },
  } as unknown as Exchange;
  const ports = {
    clock: { nowMs: () => nowMs },
    secrets: { get: () => secret },
    log: { write: (line: unknown) => void log.push(line) },
  } as unknown as Run["ports"];
  return { exchange, plan: { pool: pools[0]?.name } as Plan, ports, sticky: world.sticky ?? createStickyKeys() };
}

function answerOf(poolName: string, id: string, status = 200): FetchOutcome {
  return {
    kind: "response",
    response: new Response(null, { status }),
    origin: { pool: poolName, id, base: "", basePath: "" },
    requestedAtMs: NOW,
    respondedAtMs: NOW,
  };
}

/** The cookie that a visitor comes away with, and whom it names from then on. */
async function visit(
  world: World,
  outcome: FetchOutcome,
): Promise<{ readonly line: string | null; readonly pins: Record<string, string> }> {
  const run = runOf(world);
  const pins = await readPins(run);
  return { line: await stickyCookie(run, pins, outcome), pins: Object.fromEntries(pinnedOrigins(pins)) };
}

async function cookieFor(id: string): Promise<string> {
  const { line } = await visit({}, answerOf("web", id));
  return line?.split(";")[0] ?? "";
}

describe("a cookie is set", () => {
  test("for a new visitor, and names the origin that answered", async () => {
    const { line, pins } = await visit({}, answerOf("web", "b"));
    expect(pins).toEqual({});
    expect(line).toMatch(/^stay=.*; Secure$/);
    expect((await visit({ cookie: line?.split(";")[0] ?? "" }, answerOf("web", "b"))).pins).toEqual({ web: "b" });
  });

  test("when another origin answered, which is the one from then on", async () => {
    const { line, pins } = await visit({ cookie: await cookieFor("a") }, answerOf("web", "b"));
    expect(pins).toEqual({ web: "a" });
    expect((await visit({ cookie: line?.split(";")[0] ?? "" }, answerOf("web", "b"))).pins).toEqual({ web: "b" });
  });

  test.each([
    [TTL_SECONDS / 2, false],
    [TTL_SECONDS / 2 + 1, true],
  ])("%i s after it was: renewed %s", async (seconds, isRenewed) => {
    const { line } = await visit({ cookie: await cookieFor("a"), nowMs: NOW + seconds * 1000 }, answerOf("web", "a"));
    expect(line !== null).toBe(isRenewed);
  });

  test("by the fallback pool under its own name, beside the first pool's", async () => {
    const { line } = await visit({ cookie: await cookieFor("a") }, answerOf("archive", "x"));
    expect(line).toMatch(/^stay-archive=/);
    const both = `${await cookieFor("a")}; ${line?.split(";")[0]}`;
    expect((await visit({ cookie: both }, answerOf("web", "a"))).pins).toEqual({ web: "a", archive: "x" });
  });
});

describe("no cookie is set", () => {
  test.each<[string, FetchOutcome]>([
    ["by a pool without `sticky`", answerOf("plain", "p")],
    ["for an origin that fails", answerOf("web", "a", 500)],
    ["when no origin answered", { kind: "failed", reason: "timeout", retryAfterSeconds: null }],
    ["for a pool that the release does not have", answerOf("gone", "a")],
  ])("%s", async (_, outcome) => {
    expect((await visit({}, outcome)).line).toBeNull();
  });

  test("for a visitor of a drained origin, whose cookie ends when it ends", async () => {
    const overrides = overridesOf({ "web/a": override({ state: "drain" }) });
    const late = { cookie: await cookieFor("a"), nowMs: NOW + (TTL_SECONDS - 1) * 1000 };
    expect(await visit({ ...late, overrides }, answerOf("web", "a"))).toEqual({ line: null, pins: { web: "a" } });
    expect((await visit(late, answerOf("web", "a"))).line).not.toBeNull();
    expect((await visit({ ...late, overrides, nowMs: NOW + TTL_SECONDS * 1000 }, answerOf("web", "b"))).pins).toEqual({});
  });

  test("where the secret is missing: nobody stays, and the log says so once", async () => {
    const log: unknown[] = [];
    const world: World = { cookie: await cookieFor("a"), secret: null, log, sticky: createStickyKeys() };
    for (let time = 0; time < 3; time += 1) expect(await visit(world, answerOf("web", "a"))).toEqual({ line: null, pins: {} });
    expect(log).toHaveLength(1);
  });
});

test("a cookie of another pool, or a changed one, names nobody and is replaced", async () => {
  const good = await cookieFor("a");
  for (const cookie of [`${good}0`, good.replace("stay=1", "stay=2"), good.replace("stay=", "stay-archive="), "stay="]) {
    const { line, pins } = await visit({ cookie }, answerOf("web", "b"));
    expect(pins).toEqual({});
    expect(line).toMatch(/^stay=/);
  }
});
