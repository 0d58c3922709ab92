// The stage that asks the counters: which, what, in which order, and what becomes of a request when none answers.

import { afterEach, expect, test, vi } from "vitest";
import type { RateLimitActionSnapshot } from "../../../src/config/rule-snapshot.ts";
import { parseExpression } from "../../../src/expression/parse.ts";
import { ruleContext, type RuleContext } from "../../../src/firewall/context.ts";
import { ruleScheme } from "../../../src/firewall/fields.ts";
import { loadRateLimit, type RateLimit } from "../../../src/firewall/rate-limit.ts";
import { createRateMemory } from "../../../src/firewall/rate-memory.ts";
import { createRateTable, type RateTable } from "../../../src/firewall/rate-table.ts";
import { RATE_ASK_MS_MAX, RATE_PAUSE_MS, RATE_UNREACHABLE_RETRY_MS } from "../../../src/limits.ts";
import type { RateCounter, RateRequest } from "../../../src/ports.ts";
import { countAnswer, limitRequest, type Limited, type LimitedRequest } from "../../../src/stages/limit.ts";
import { factsOf } from "../firewall/facts.ts";

afterEach(() => void vi.useRealTimers());

const ACTION: RateLimitActionSnapshot = {
  kind: "rateLimit",
  by: [{ kind: "address" }],
  requests: 1,
  periodSeconds: 60,
  counter: "object",
  count: null,
  countsAnswers: false,
  blockSeconds: null,
  unreachable: "allow",
  status: 429,
  contentType: null,
  body: null,
};

interface LimitOptions extends Partial<Omit<RateLimitActionSnapshot, "count">> {
  readonly id?: string;
  readonly mode?: "enforce" | "log";
  readonly count?: string;
}

function limitOf({ id = "api", mode = "enforce", count, ...over }: LimitOptions = {}): RateLimit {
  const parsed = count === undefined ? null : parseExpression(count, ruleScheme);
  if (parsed?.ok === false) throw new Error(`not an expression: ${count}`);
  return loadRateLimit({ id, mode, action: { ...ACTION, ...over, count: parsed?.value.expression ?? null } }, new Map());
}

/** A counter that counts, or does what it is told to instead. */
interface Counting extends RateCounter {
  readonly asked: RateRequest[];
  instead: (() => Promise<never>) | null;
}

function counting(clock: { nowMs(): number }): Counting {
  const tables = new Map<string, RateTable>();
  const made: Counting = {
    asked: [],
    instead: null,
    async ask(request) {
      made.asked.push(request);
      if (made.instead !== null) return await made.instead();
      const table = tables.get(request.name) ?? createRateTable();
      tables.set(request.name, table);
      return table.ask(request, clock.nowMs()).verdict;
    },
  };
  return made;
}

interface SendOptions {
  readonly path?: string;
  readonly status?: number;
}

interface Edge {
  readonly binding: Counting;
  readonly object: Counting;
  readonly log: Readonly<Record<string, unknown>>[];
  readonly pass: (ms: number) => void;
  readonly settle: () => Promise<unknown>;
  /** A limit alone is one whose rule matches. */
  readonly limit: (limits: readonly (RateLimit | readonly [RateLimit, boolean])[], options?: SendOptions) => Promise<Limited>;
  readonly answer: (limits: readonly RateLimit[], options: SendOptions) => void;
}

function edge({ hasBinding = true, hasObject = true } = {}): Edge {
  let nowMs = Date.UTC(2026, 0, 1);
  const clock = { nowMs: () => nowMs };
  const [binding, object] = [counting(clock), counting(clock)];
  const log: Readonly<Record<string, unknown>>[] = [];
  const deferred: Promise<unknown>[] = [];
  const ports = {
    rates: { binding: hasBinding ? binding : null, object: hasObject ? object : null },
    clock,
    log: { write: (line: Readonly<Record<string, unknown>>) => void log.push(line) },
    defer: (work: Promise<unknown>) => void deferred.push(work),
  };
  const memory = createRateMemory();
  const contextOf = ({ path = "/", status }: SendOptions): RuleContext =>
    ruleContext({
      facts: factsOf(`http://shop.test${path}`),
      response: status === undefined ? null : { status, headers: new Headers(), cacheStatus: null },
    });
  return {
    binding,
    object,
    log,
    pass: (ms) => void (nowMs += ms),
    settle: () => Promise.all(deferred.splice(0)),
    limit: (limits, options = {}) => {
      const context = contextOf(options);
      const asked = limits.map((each): LimitedRequest => {
        const [limit, matches] = "id" in each ? [each, true] : each;
        return { limit, context, matches };
      });
      return limitRequest({ limits: asked, ports, memory });
    },
    answer: (limits, options) => countAnswer({ limits, context: contextOf(options), ports, memory }),
  };
}

test("one request passes and is told what is left, the next is answered", async () => {
  const { limit } = edge();
  expect(await limit([limitOf()])).toMatchObject({ answer: null, matched: [] });
  const over = await limit([limitOf()]);
  expect(over.answer).toMatchObject({ kind: "error", error: { code: "rate-limited", status: 429 } });
  expect(over.matched).toEqual([{ id: "api", did: "rate-limit" }]);
  expect(Object.fromEntries(over.headers)).toMatchObject({ ratelimit: expect.stringMatching(/^"api";r=0;t=6\d$/) });
});

test("a request without limits asks nobody and is told nothing", async () => {
  const { limit, object } = edge();
  expect(await limit([])).toEqual({ answer: null, headers: [], matched: [] });
  expect(object.asked).toEqual([]);
});

test("the first limit that is passed answers, and those behind it do not count the request", async () => {
  const { limit, object } = edge();
  const limits = [limitOf({ id: "first" }), limitOf({ id: "second", requests: 5 })];
  await limit(limits);
  expect((await limit(limits)).matched).toEqual([{ id: "first", did: "rate-limit" }]);
  expect(object.asked.filter(({ name }) => name.startsWith("second"))).toHaveLength(1);
});

test("a limit in log mode counts and says what it would have done, and the visitor sees nothing of it", async () => {
  const { limit, object } = edge();
  const watched = limitOf({ mode: "log" });
  expect(await limit([watched])).toEqual({ answer: null, headers: [], matched: [] });
  expect(await limit([watched])).toEqual({ answer: null, headers: [], matched: [{ id: "api", did: "would-rate-limit" }] });
  expect(object.asked[0]).toMatchObject({ does: "take" });
  expect(await limit([watched, limitOf({ id: "next", requests: 9 })])).toMatchObject({
    answer: null,
    headers: [["ratelimit-policy", '"next";q=9;w=60'], expect.anything()],
  });
});

test("who is out is answered without asking until he may come again", async () => {
  const { limit, object, pass } = edge();
  const limits = [limitOf({ blockSeconds: 600 })];
  for (let count = 0; count < 10; count += 1) await limit(limits);
  expect(object.asked).toHaveLength(2);
  pass(599_999);
  expect((await limit(limits)).headers).toContainEqual(["retry-after", "1"]);
  expect(object.asked).toHaveLength(2);
  pass(1);
  expect((await limit(limits)).answer).toBeNull();
});

test("the platform's limiter is asked for what it can count, and each time, since it names no time", async () => {
  const { limit, binding, object } = edge();
  binding.instead = () => Promise.resolve({ limited: true, remaining: 0, waitMs: null } as never);
  const limits = [limitOf({ counter: "binding" })];
  const [over] = [await limit(limits), await limit(limits)];
  expect(over.headers).toContainEqual(["retry-after", "60"]);
  expect([binding.asked.length, object.asked.length]).toEqual([2, 0]);
});

test("where the platform's limiter is not deployed, the object counts", async () => {
  const { limit, object, log } = edge({ hasBinding: false });
  await limit([limitOf({ counter: "binding" })]);
  expect((await limit([limitOf({ counter: "binding" })])).answer).not.toBeNull();
  expect([object.asked.length, log.length]).toEqual([2, 0]);
});

test("of requests that `count` does not hold for the limit is checked, and they are not counted", async () => {
  const { limit, object } = edge();
  const limits = [limitOf({ count: 'http.request.uri.path eq "/login"' })];
  await limit(limits, { path: "/login" });
  expect((await limit(limits, { path: "/" })).answer).not.toBeNull();
  expect(object.asked.map(({ does }) => does)).toEqual(["take", "check"]);
});

test("a request that `when` does not match is counted where `count` holds, and passes", async () => {
  const { limit, object, settle } = edge();
  const counted = limitOf({ count: 'http.request.uri.path eq "/search"' });
  for (let count = 0; count < 3; count += 1) expect((await limit([[counted, false]], { path: "/search" })).answer).toBeNull();
  await limit([[counted, false]], { path: "/" });
  await limit([[limitOf({ id: "plain" }), false]]);
  await settle();
  expect(object.asked.map(({ does }) => does)).toEqual(["count", "count", "count"]);
  expect((await limit([counted], { path: "/" })).answer).not.toBeNull();
});

const brute = limitOf({ id: "brute", requests: 3, count: "http.response.code eq 401", countsAnswers: true, blockSeconds: 600 });

test("answers are counted when they are there: three wrong passwords, and the fourth try is out", async () => {
  const { limit, answer, object, settle, pass } = edge();
  const attempt = async (status: number): Promise<boolean> => {
    const { answer: refused } = await limit([brute], { path: "/login" });
    if (refused !== null) return false;
    answer([brute, limitOf({ id: "plain" })], { path: "/login", status });
    await settle();
    return true;
  };
  expect([await attempt(401), await attempt(200), await attempt(401), await attempt(401)]).toEqual([true, true, true, true]);
  expect([await attempt(200), await attempt(401)]).toEqual([false, false]);
  expect(object.asked.map(({ does }) => does)).toEqual(["check", "count", "check", "check", "count", "check", "count", "check"]);
  pass(600_000);
  expect(await attempt(200)).toBe(true);
});

const failures: readonly (readonly [string, () => Promise<never>])[] = [
  ["fails", () => Promise.reject(new Error("overloaded"))],
  ["throws", () => Promise.reject(new TypeError("no such method"))],
];

test.each(failures)("a counter that %s: the rule says what becomes of the request, and the log tells it once", async (_, instead) => {
  const { limit, object, log } = edge();
  object.instead = instead;
  expect(await limit([limitOf()])).toEqual({ answer: null, headers: [], matched: [] });
  expect((await limit([limitOf({ id: "closed", unreachable: "block" })])).answer).toMatchObject({
    error: { status: 429, retryAfterSeconds: RATE_UNREACHABLE_RETRY_MS / 1000 },
  });
  await limit([limitOf()]);
  expect(log.map(({ event, rule, meanwhile }) => ({ event, rule, meanwhile }))).toEqual([
    { event: "rate-counter-unreachable", rule: "api", meanwhile: "allow" },
    { event: "rate-counter-unreachable", rule: "closed", meanwhile: "block" },
  ]);
  object.instead = null;
  await limit([limitOf()]);
  object.instead = instead;
  await limit([limitOf()]);
  expect(log).toHaveLength(3);
});

test.each([
  ["allow", true],
  ["block", false],
] as const)("where no counter is deployed, `unreachable: %s` decides", async (unreachable, passes) => {
  const { limit, log } = edge({ hasObject: false });
  const { answer } = await limit([limitOf({ unreachable })]);
  expect(answer === null).toBe(passes);
  expect(log).toHaveLength(1);
});

test("a limit in log mode blocks nobody while its counter is not there", async () => {
  const { limit } = edge({ hasObject: false });
  expect(await limit([limitOf({ mode: "log", unreachable: "block" })])).toEqual({ answer: null, headers: [], matched: [] });
});

test("a counter that is silent is waited for once, up to the limit, and then left alone for a moment", async () => {
  vi.useFakeTimers();
  const { limit, object, log, pass } = edge();
  object.instead = () => new Promise(() => undefined);
  let passed = 0;
  const waiting = limit([limitOf()]).then(() => (passed += 1));
  await vi.advanceTimersByTimeAsync(RATE_ASK_MS_MAX - 1);
  expect(passed).toBe(0);
  await vi.advanceTimersByTimeAsync(1);
  await waiting;
  expect((await limit([limitOf()])).answer).toBeNull();
  expect([object.asked.length, log.length]).toEqual([1, 1]);
  object.instead = null;
  pass(RATE_PAUSE_MS - 1);
  await limit([limitOf()]);
  expect(object.asked).toHaveLength(1);
  pass(1);
  await limit([limitOf()]);
  expect(object.asked).toHaveLength(2);
});

test("who is known to be out stays out while the counter is not there", async () => {
  const { limit, object } = edge();
  const limits = [limitOf({ blockSeconds: 600 })];
  await limit(limits);
  await limit(limits);
  object.instead = () => Promise.reject(new Error("gone"));
  expect((await limit(limits)).answer).not.toBeNull();
});

test("an answer that cannot be counted harms nobody", async () => {
  const { answer, object, settle, log } = edge();
  object.instead = () => Promise.reject(new Error("gone"));
  answer([brute], { status: 401 });
  await settle();
  expect(log).toHaveLength(1);
});
