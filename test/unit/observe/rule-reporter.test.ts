// When an isolate sends what it counted, and what becomes of it when nobody takes it. Time and sleep are the test's own.

import { expect, test, vi } from "vitest";
import { RULE_FLUSH_DEFER_MS_MAX, RULE_FLUSH_KEEP_MS_MAX, RULE_FLUSH_RETRY_MS_MAX, RULE_FLUSH_WAIT_MS_MAX } from "../../../src/limits.ts";
import type { MatchedRequest, RuleBatch } from "../../../src/observe/rule-counts.ts";
import { createRuleReporter, type ReporterPorts } from "../../../src/observe/rule-reporter.ts";
import { DEFAULT_INTERVALS, readIntervals } from "../../../src/release/intervals.ts";
import { factsOf } from "../../support/facts.ts";

const EVERY_MS = 20_000;
const MATCHED: MatchedRequest = {
  exchange: {
    id: "r",
    facts: factsOf(),
    request: { url: "http://shop.test/wp", headers: new Headers() },
    digest: { rules: [{ id: "wp", did: "would-block" }] },
  },
  status: 200,
};
const UNMATCHED: MatchedRequest = { ...MATCHED, exchange: { ...MATCHED.exchange, digest: { rules: [] } } };

interface Sleeper {
  readonly untilMs: number;
  readonly wake: () => void;
}

/** One isolate and what it sends to. */
function isolate(options: { readonly everyMs?: number; readonly binding?: boolean } = {}) {
  const sleepers: Sleeper[] = [];
  const sent: RuleBatch[] = [];
  const log: Readonly<Record<string, unknown>>[] = [];
  const pending: Promise<unknown>[] = [];
  const world = {
    nowMs: 1_000_000,
    sent,
    log,
    pending,
    /** What the object does with a batch, once it has it. */
    takes: (): Promise<void> => Promise.resolve(),
    matches: () => sent.flatMap(({ counts }) => counts).reduce((sum, { count }) => sum + count, 0),
    request: (one: MatchedRequest) => reporter.note(one, ports),
    /** Lets time pass, with everything that is due in it. */
    async pass(ms: number) {
      const endMs = world.nowMs + ms;
      for (;;) {
        await settle();
        const next = sleepers.toSorted((a, b) => a.untilMs - b.untilMs)[0];
        if (next === undefined || next.untilMs > endMs) break;
        sleepers.splice(sleepers.indexOf(next), 1);
        world.nowMs = Math.max(world.nowMs, next.untilMs);
        next.wake();
      }
      world.nowMs = endMs;
      await settle();
    },
    /** The platform ends the requests that wait, without a word. */
    kill: () => void sleepers.splice(0),
  };
  const ports: ReporterPorts = {
    clock: { nowMs: () => world.nowMs },
    random: { next: () => 0, id: () => `batch-${world.nowMs}-${sent.length}` },
    log: { write: (line) => void log.push(line) },
    defer: (work) => void pending.push(work),
    ruleStats:
      options.binding === false
        ? null
        : { add: (batch) => (sent.push(batch), world.takes()), read: () => Promise.reject(new Error("nobody reads")) },
  };
  const sleep = (ms: number): Promise<void> => new Promise((resolve) => void sleepers.push({ untilMs: world.nowMs + ms, wake: resolve }));
  const reporter = createRuleReporter({ everyMs: options.everyMs ?? EVERY_MS, sleep });
  return world;
}

/** Runs everything that waits for nothing but its turn. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

const refuses = (): Promise<never> => Promise.reject(new Error("overloaded"));

test("without a binding nothing is counted, kept or deferred", async () => {
  const world = isolate({ binding: false });
  world.request(MATCHED);
  await world.pass(10 * EVERY_MS);
  expect(world.pending).toEqual([]);
});

test("requests that no rule matches defer nothing", async () => {
  const world = isolate();
  for (let i = 0; i < 3; i += 1) world.request(UNMATCHED);
  await world.pass(EVERY_MS);
  expect(world.pending).toEqual([]);
});

test("the first match is sent at once, those that follow in one batch after the interval, without a further request", async () => {
  const world = isolate();
  world.request(MATCHED);
  await world.pass(0);
  expect(world.matches()).toBe(1);
  for (let i = 0; i < 100; i += 1) world.request(MATCHED);
  await world.pass(EVERY_MS - 1);
  expect(world.sent).toHaveLength(1);
  await world.pass(1);
  expect(world.sent).toHaveLength(2);
  expect(world.matches()).toBe(101);
});

test("a million matches cost one batch in an interval", async () => {
  const world = isolate();
  for (let second = 0; second < 100; second += 1) {
    for (let i = 0; i < 50; i += 1) world.request(MATCHED);
    await world.pass(1000);
  }
  expect(world.sent.length).toBeLessThanOrEqual(100_000 / EVERY_MS + 1);
  await world.pass(EVERY_MS);
  expect(world.matches()).toBe(5000);
});

test("what comes while a batch is on its way goes with the next one", async () => {
  const world = isolate();
  let answer = (): void => {};
  world.takes = () => new Promise((resolve) => void (answer = resolve));
  world.request(MATCHED);
  await world.pass(0);
  world.request(MATCHED);
  answer();
  world.takes = () => Promise.resolve();
  await world.pass(EVERY_MS);
  expect(world.sent.map(({ counts }) => counts[0]?.count)).toEqual([1, 1]);
  expect(world.log).toEqual([]);
});

test("a batch that was refused is sent again as it was, with its own id, and the log has one line", async () => {
  const world = isolate();
  world.takes = refuses;
  world.request(MATCHED);
  await world.pass(0);
  for (let i = 0; i < 5; i += 1) {
    await world.pass(RULE_FLUSH_RETRY_MS_MAX);
    world.request(MATCHED);
    await world.pass(0);
  }
  expect(world.sent).toHaveLength(6);
  expect(new Set(world.sent.map(({ id }) => id)).size).toBe(1);
  expect(world.log).toEqual([{ event: "rule-stats-failed", message: "overloaded" }]);
  world.takes = () => Promise.resolve();
  world.sent.length = 0;
  await world.pass(RULE_FLUSH_RETRY_MS_MAX);
  world.request(UNMATCHED);
  await world.pass(0);
  world.request(UNMATCHED);
  await world.pass(EVERY_MS);
  expect(world.matches()).toBe(6);
  expect(world.pending).toHaveLength(8);
});

test("who waited for a turn while another attempt failed leaves it at that", async () => {
  const world = isolate();
  let refuse = (): void => {};
  world.takes = () => new Promise((_resolve, reject) => void (refuse = () => reject(new Error("overloaded"))));
  world.request(MATCHED);
  await world.pass(0);
  world.request(MATCHED);
  refuse();
  await world.pass(EVERY_MS);
  expect(world.pending).toHaveLength(2);
  expect(world.sent).toHaveLength(1);
});

test("an answer that comes late is for its own batch, not for the one that is on its way meanwhile", async () => {
  const world = isolate();
  const answers: { readonly take: () => void; readonly refuse: () => void }[] = [];
  world.takes = () => new Promise((resolve, reject) => void answers.push({ take: resolve, refuse: () => reject(new Error("overloaded")) }));
  for (let round = 0; round < 3; round += 1) {
    world.request(MATCHED);
    await world.pass(round === 0 ? 0 : EVERY_MS);
    if (round === 1) answers[0]?.take();
  }
  const [first, again, second] = world.sent.map(({ id }) => id);
  expect(again).toBe(first);
  expect(second).not.toBe(first);
  answers[1]?.take();
  await world.pass(0);
  answers[2]?.refuse();
  await world.pass(2 * EVERY_MS);
  world.request(UNMATCHED);
  await world.pass(0);
  expect(world.sent.map(({ id }) => id)).toEqual([first, first, second, second]);
});

test("after a batch was taken a failure is a new one: told again, and tried again soon", async () => {
  const world = isolate();
  for (let round = 1; round <= 3; round += 1) {
    world.takes = refuses;
    world.request(MATCHED);
    await world.pass(EVERY_MS);
    expect(world.log).toHaveLength(round);
    world.takes = () => Promise.resolve();
    await world.pass(2 * EVERY_MS);
    world.request(UNMATCHED);
    await world.pass(EVERY_MS);
  }
  expect(world.sent).toHaveLength(6);
});

test("attempts become rarer while they fail", async () => {
  const world = isolate();
  world.takes = refuses;
  for (let second = 0; second < 2_000; second += 1) {
    world.request(MATCHED);
    await world.pass(1000);
  }
  // At 0, then after 40, 80, 160, 320 and 600 s each.
  expect(world.sent).toHaveLength(7);
});

test("a batch that nobody takes for an hour is given up with one line that says how much it was", async () => {
  const world = isolate();
  world.takes = refuses;
  world.request(MATCHED);
  await world.pass(RULE_FLUSH_KEEP_MS_MAX - 1);
  world.request(MATCHED);
  await world.pass(0);
  const dropped = () => world.log.filter(({ event }) => event === "rule-stats-dropped");
  expect(dropped()).toEqual([]);
  await world.pass(RULE_FLUSH_RETRY_MS_MAX);
  world.request(MATCHED);
  await world.pass(0);
  expect(dropped()).toEqual([{ event: "rule-stats-dropped", matches: 1, message: "overloaded" }]);
  world.takes = () => Promise.resolve();
  world.sent.length = 0;
  await world.pass(RULE_FLUSH_RETRY_MS_MAX);
  world.request(UNMATCHED);
  await world.pass(0);
  expect(world.matches()).toBe(2);
});

test("an answer that does not come counts as a failure after its time", async () => {
  vi.useFakeTimers();
  try {
    const world = isolate();
    world.takes = () => new Promise(() => {});
    world.request(MATCHED);
    await world.pass(0);
    await vi.advanceTimersByTimeAsync(RULE_FLUSH_WAIT_MS_MAX - 1);
    expect(world.log).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(world.log).toEqual([{ event: "rule-stats-failed", message: `no answer in ${RULE_FLUSH_WAIT_MS_MAX} ms` }]);
    await Promise.all(world.pending);
  } finally {
    vi.useRealTimers();
  }
});

test("a request that the platform ended while it waited is followed by another one", async () => {
  const world = isolate();
  world.request(MATCHED);
  await world.pass(0);
  world.request(MATCHED);
  await world.pass(0);
  world.kill();
  await world.pass(EVERY_MS + RULE_FLUSH_WAIT_MS_MAX - 1);
  world.request(UNMATCHED);
  await world.pass(0);
  expect(world.matches()).toBe(1);
  await world.pass(1);
  world.request(UNMATCHED);
  await world.pass(0);
  expect(world.matches()).toBe(2);
});

test("no request sleeps for longer than the platform lets it", async () => {
  const everyMs = 2 * RULE_FLUSH_DEFER_MS_MAX;
  const world = isolate({ everyMs });
  world.request(MATCHED);
  await world.pass(0);
  const tooEarly = everyMs - RULE_FLUSH_DEFER_MS_MAX - 1;
  await world.pass(tooEarly);
  world.request(MATCHED);
  expect(world.pending).toHaveLength(1);
  await world.pass(1);
  world.request(MATCHED);
  expect(world.pending).toHaveLength(2);
  await world.pass(RULE_FLUSH_DEFER_MS_MAX);
  expect(world.matches()).toBe(3);
});

test.each([
  [undefined, 20_000],
  ["1000", 1000],
  ["soon", 20_000],
])("RULE_STATS_MS of %s is an interval of %i ms", (value, everyMs) => {
  expect(readIntervals({ RULE_STATS_MS: value }).ruleStatsMs).toBe(everyMs);
});

test("by default the last match of an isolate that goes quiet is sent by the very request that had it", () => {
  expect(DEFAULT_INTERVALS.ruleStatsMs).toBeLessThanOrEqual(RULE_FLUSH_DEFER_MS_MAX);
});

test("matches beyond the table are told in the log, once for a batch", async () => {
  const world = isolate();
  const rules = Array.from({ length: 600 }, (_, index) => ({ id: `r${index}`, did: "log" as const }));
  world.request({ ...MATCHED, exchange: { ...MATCHED.exchange, digest: { rules } } });
  await world.pass(0);
  expect(world.log).toEqual([{ event: "rule-stats-full", uncounted: 100 }]);
});
