// `health --watch` with a clock of its own: what is shown, when, and how it ends. The store is a list of what each read answers.

import { describe, expect, test } from "vitest";
import { watchHealth } from "../../../scripts/health/watch.ts";
import { HEALTH_STALE_MS, type HealthRead } from "../../../scripts/health/view.ts";
import { failure } from "../../../scripts/output/failure.ts";
import { painter } from "../../../scripts/output/paint.ts";
import type { TerminalSize } from "../../../scripts/output/redraw.ts";
import type { HealthCheckSnapshot } from "../../../src/config/pool-snapshot.ts";
import type { OriginHealth } from "../../../src/origin/health.ts";
import type { OriginOverride } from "../../../src/origin/overrides.ts";
import { healthDocument, origin, originHealth, override, overridesOf, pool } from "../origin/fixtures.ts";
import { virtualTime, type VirtualTime } from "../origin/virtual-time.ts";
import { emptySnapshot } from "../../support/snapshot.ts";

const START_MS = Date.UTC(2026, 10, 23, 20, 0, 0);
const CHECK = {} as HealthCheckSnapshot;
const WEB = pool("web", [origin("a")], { health: CHECK });

/** The documents of a store whose checks ran at that time; no document for null. */
function read(asOfMs: number | null, health: Partial<OriginHealth> = {}, words: Record<string, OriginOverride> = {}): HealthRead {
  const document = asOfMs === null ? null : healthDocument(asOfMs, { "web/a": originHealth({ sinceMs: START_MS, ...health }) });
  return {
    snapshot: emptySnapshot({ pools: [WEB] }),
    document,
    why: document === null ? "no check has run yet" : null,
    overrides: overridesOf(words),
  };
}

const DOWN: Partial<OriginHealth> = { state: "down", why: "timeout", detail: "no answer in 2000 ms", passes: 0, failures: 3, rttMs: null };

interface Given {
  readonly forMs?: number | null;
  readonly json?: boolean;
  readonly size?: TerminalSize | null;
  /** Answers one read after the other, at its time; the last one again and again. */
  readonly reads: readonly ((time: VirtualTime) => HealthRead | Promise<HealthRead>)[];
  /** Ctrl-C comes with the read of this index. */
  readonly interruptAt?: number;
}

interface Shown {
  readonly exit: number;
  /** One for each write. */
  readonly writes: readonly string[];
  readonly reads: number;
  readonly endedAtMs: number;
}

async function watched(given: Given): Promise<Shown> {
  const time = virtualTime(START_MS);
  const writes: string[] = [];
  const interrupt = new AbortController();
  let reads = 0;
  const exit = await time.run(
    watchHealth({
      everyMs: 5_000,
      forMs: given.forMs ?? null,
      json: given.json ?? false,
      paint: painter(false),
      interrupted: interrupt.signal,
      terminalSize: () => given.size ?? null,
      nowMs: () => time.clock.nowMs(),
      sleep: time.sleep,
      write: (text) => void writes.push(text),
      read: async () => {
        const answer = given.reads[Math.min(reads, given.reads.length - 1)];
        if (reads === given.interruptAt) interrupt.abort();
        reads += 1;
        if (answer === undefined) throw new Error("the test gave no read");
        return answer(time);
      },
    }),
  );
  return { exit, writes, reads, endedAtMs: time.clock.nowMs() };
}

function broken(why = "no answer"): () => never {
  return () => {
    throw failure({ what: 'reading "health" failed', why });
  };
}

/** When a block was written. */
function clock(text: string): string | undefined {
  return /\d\d:\d\d:\d\d/.exec(text)?.[0];
}

const never = (): Promise<HealthRead> => new Promise(() => undefined);
const up = (time: VirtualTime): HealthRead => read(time.clock.nowMs());

describe("in a pipe", () => {
  test("the table comes once, and again with its time when an origin's state changes", async () => {
    const { writes } = await watched({ reads: [up, up, () => read(START_MS, DOWN), up, up], forMs: 30_000 });
    expect(writes).toHaveLength(3);
    expect(writes[0]).toMatch(/^2026-11-23 20:00:00 UTC\nORIGIN .*\nweb\/a +up +0 s ago +ok: status 200 +5 ms +FRA\nAs of 0 s ago/);
    expect(writes[1]).toMatch(
      /^\n2026-11-23 20:00:10 UTC\nORIGIN .*\nweb\/a +down +10 s ago +timeout: no answer in 2000 ms +FRA\nAs of 10 s/,
    );
    expect(writes[2]).toMatch(/^\n2026-11-23 20:00:15 UTC\nORIGIN .*\nweb\/a +up +15 s ago/);
  });

  test("what only grows older, another round trip and another time of the check are no change", async () => {
    const checked = (rttMs: number) => (time: VirtualTime) =>
      read(time.clock.nowMs(), { rttMs, checkedAtMs: time.clock.nowMs(), passes: rttMs });
    const { writes, reads } = await watched({ reads: [checked(5), checked(6), checked(7)], forMs: 60_000 });
    expect([writes.length, reads]).toEqual([1, 13]);
  });

  test("failed checks of an origin that is still up are a change, each of them", async () => {
    const failing = (failures: number) => () => read(START_MS, { why: "timeout", detail: "no answer", passes: 0, failures });
    const { writes } = await watched({ reads: [up, failing(1), failing(2), failing(2)], forMs: 20_000 });
    expect(writes.map((text) => /timeout: no answer, (\d) failed in a row/.exec(text)?.[1] ?? "-")).toEqual(["-", "1", "2"]);
  });

  test("the operator's word shows when it is said and is gone when it lapses, even while the store is away", async () => {
    const word = override({ state: "drain", untilMs: START_MS + 12_000 });
    const { writes } = await watched({ reads: [() => read(START_MS, {}, { "web/a": word }), broken()], forMs: 20_000 });
    expect(writes.map((text) => [text.includes("drain for"), text.includes("warning:")])).toEqual([
      [true, false],
      [true, true],
      [false, true],
    ]);
  });

  test("a document that grows too old is told once, at the first look past the limit", async () => {
    const { writes } = await watched({ reads: [() => read(START_MS)], forMs: HEALTH_STALE_MS + 60_000 });
    expect(writes.map((text) => [clock(text), text.includes("older than 180 s")])).toEqual([
      ["20:00:00", false],
      ["20:03:05", true],
    ]);
  });

  test("a missing document is shown with the reason, and every origin as unknown", async () => {
    const { writes, exit } = await watched({ reads: [() => read(null)], forMs: 5_000 });
    expect(writes).toEqual([
      expect.stringMatching(/^web\/a {3}unknown$[^]*warning: there is no health of the origins: no check has run yet/m),
    ]);
    expect(exit).toBe(2);
  });
});

describe("a store that fails for a while", () => {
  test("is told once with its reason, above the last table and its age; then the table comes again", async () => {
    const { writes } = await watched({ reads: [up, broken(), broken(), up], forMs: 20_000 });
    expect(writes).toHaveLength(3);
    expect(writes[1]).toContain('\nwarning: last read 5 s ago; reading "health" failed: no answer\nORIGIN ');
    expect(writes[1]).toContain("As of 5 s ago");
    expect(writes[2]).not.toContain("warning");
  });

  test("from the beginning on is survived, too", async () => {
    const { writes, exit } = await watched({ reads: [broken(), up], forMs: 10_000 });
    expect(writes[0]).toContain('warning: nothing was read yet; reading "health" failed: no answer\n');
    expect(writes[1]).toContain("web/a   up");
    expect(exit).toBe(0);
  });

  test("that is silent is said to be slow after 10 s, asked only once, and shown when it answers", async () => {
    const late = async (time: VirtualTime): Promise<HealthRead> => {
      await time.sleep(14_000);
      return read(time.clock.nowMs());
    };
    const { writes, reads } = await watched({ reads: [late, up], forMs: 16_000 });
    expect(writes.map((text) => [clock(text), text.includes("takes more than 10 s")])).toEqual([
      ["20:00:10", true],
      ["20:00:14", false],
    ]);
    expect(reads).toBe(2);
  });

  test("a mistake in the program is not taken for one", async () => {
    const bug = (): never => {
      throw new TypeError("undefined is not a function");
    };
    await expect(watched({ reads: [bug], forMs: 60_000 })).rejects.toThrow(TypeError);
  });
});

describe("the end", () => {
  const AGED = HEALTH_STALE_MS - 10_000;
  test.each<readonly [string, Given["reads"], number]>([
    ["fresh health", [up], 0],
    ["health of exactly 180 s", [() => read(START_MS - AGED)], 0],
    ["health of 1 ms more", [() => read(START_MS - AGED - 1)], 2],
    ["no health", [() => read(null)], 2],
    ["a store that fails", [up, broken()], 1],
    ["a store that was back in time", [broken(), up], 0],
    ["a store that never answers", [never], 1],
  ])("--for ends with the exit code of health: %s", async (_name, reads, code) => {
    const { exit, endedAtMs } = await watched({ reads, forMs: 10_000 });
    expect([exit, endedAtMs]).toEqual([code, START_MS + 10_000]);
  });

  test.each([
    ["while the store is asked", [up, never], 1],
    ["while it fails", [broken()], 2],
    ["with health that is too old", [() => read(0)], 1],
  ] as const)("Ctrl-C ends with 0 %s", async (_name, reads, interruptAt) => {
    expect((await watched({ reads, interruptAt })).exit).toBe(0);
  });

  test("the last look is at the very end, however long the interval", async () => {
    const { reads, endedAtMs } = await watched({ reads: [up], forMs: 7_000 });
    expect([reads, endedAtMs]).toEqual([3, START_MS + 7_000]);
  });
});

test("--json is one document on one line for each change, and says what is wrong with the store", async () => {
  const { writes } = await watched({ reads: [up, up, broken(), () => read(START_MS, DOWN), () => read(null)], json: true, forMs: 20_000 });
  expect(writes.every((text) => text.endsWith("}\n") && text.indexOf("\n") === text.length - 1)).toBe(true);
  expect(writes.map((text) => JSON.parse(text) as unknown)).toMatchObject([
    { ok: true, atMs: START_MS, ageMs: 0, stale: false, origins: [{ origin: "web/a" }], store: { readAtMs: START_MS, problem: null } },
    {
      ok: false,
      ageMs: 5_000,
      origins: [{ health: { state: "up" } }],
      store: { readAtMs: START_MS + 5_000, problem: { why: "no answer" } },
    },
    { ok: true, region: "FRA", origins: [{ health: { state: "down" } }], store: { problem: null } },
    { ok: false, asOfMs: null, ageMs: null, stale: true, origins: [{ health: null }] },
  ]);
});

test("on a terminal the table is drawn over itself at each look, so that ages are true", async () => {
  const { writes } = await watched({ reads: [() => read(START_MS)], size: { columns: 80, rows: 24 }, forMs: 10_000 });
  expect(writes.map((text) => [text.startsWith("\u001b[4F\u001b[0J"), /As of (\d+) s ago/.exec(text)?.[1]])).toEqual([
    [false, "0"],
    [true, "5"],
    [true, "10"],
  ]);
  expect(writes[0]).toMatch(/^\u001b\[0J2026-11-23 20:00:00 UTC, again every 5 s; Ctrl-C ends\nORIGIN /);
});
