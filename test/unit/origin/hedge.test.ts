import { SLOW_LOSSES_MAX } from "../../../src/limits.ts";
import { afterEach, expect, test } from "vitest";
import { override, overridesOf, pool, RETRY, TIMEOUTS } from "./fixtures.ts";
import { ask, frozen, ok, scene, shown, startOrigin, status } from "./origins.ts";
import type { Ask, Handler, Scene, TestOrigin } from "./origins.ts";

const started: TestOrigin[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((each) => each.kill()));
});

/** Origins a, b, c; all have answered the route before, in a moment. */
async function warm(
  handlers: readonly Handler[],
  { action = {}, more = {} }: { action?: Scene["action"]; more?: Parameters<typeof scene>[1] } = {},
) {
  const all = await Promise.all(handlers.map((_, index) => startOrigin("abc"[index] ?? "?", ok)));
  started.push(...all);
  const given = scene(all, more);
  given.action = action;
  // Three turns each: the first answers are slow, while connections are made.
  for (let n = 0; n < 6 * all.length; n += 1) await ask(given);
  for (const [index, handle] of handlers.entries()) {
    const origin = all[index];
    if (origin === undefined) continue;
    origin.handle = handle;
    origin.seen.length = 0;
  }
  return { given, all };
}

const counts = (all: readonly TestOrigin[]): number[] => all.map(({ seen }) => seen.length);

test("while an origin is silent another one is asked the same, and its answer is the visitor's", async () => {
  const { given, all } = await warm([frozen, ok]);
  const { outcome, attempts } = await ask(given);
  expect(await shown(outcome)).toBe("b 200 fine");
  expect(attempts).toEqual(["a slow", "b 200"]);
  expect(counts(all)).toEqual([1, 1]);
});

test("the loser is told: its connection ends", async () => {
  let ended: () => void = () => undefined;
  const gone = new Promise<void>((resolve) => (ended = resolve));
  const { given } = await warm([(request) => request.on("close", () => ended()), ok]);
  await ask(given);
  await expect(gone).resolves.toBeUndefined();
});

test("a frozen origin is left out after some requests", async () => {
  const { given, all } = await warm([frozen, ok]);
  for (let n = 0; n < 3 * SLOW_LOSSES_MAX; n += 1) expect(await shown((await ask(given)).outcome)).toBe("b 200 fine");
  expect(counts(all)[0]).toBeLessThanOrEqual(SLOW_LOSSES_MAX);
  expect(given.table.describe(Date.now()).find(({ key }) => key === "web/a")?.circuit).toBe("open");
});

test("two frozen origins of three: the third answers", async () => {
  const { given } = await warm([frozen, frozen, ok]);
  const { outcome, attempts } = await ask(given);
  expect(await shown(outcome)).toBe("c 200 fine");
  expect(attempts).toEqual(["a slow", "b slow", "c 200"]);
});

test("an origin that answers after all, before the other does, is heard and not blamed", async () => {
  let release = (): void => undefined;
  const late: Handler = (_, response) => (release = () => void response.end("late"));
  const { given, all } = await warm([late, () => release()]);
  const { outcome, attempts } = await ask(given);
  expect(await shown(outcome)).toBe("a 200 late");
  expect(attempts).toEqual(["a 200", "b not-needed"]);
  expect(counts(all)).toEqual([1, 1]);
  expect(given.table.describe(Date.now()).map(({ seen, good }) => seen - good)).toEqual([0, 0]);
});

test("a second origin that fails leaves the first one to be waited for", async () => {
  let release = (): void => undefined;
  const late: Handler = (_, response) => (release = () => void response.end("late"));
  const failing: Handler = (request, response) => {
    status(503)(request, response, "");
    response.on("finish", () => release());
  };
  const { given } = await warm([late, failing], { action: { retry: { ...RETRY, attempts: 2 } } });
  const { outcome, attempts } = await ask(given);
  expect(await shown(outcome)).toBe("a 200 late");
  expect(attempts).toEqual(["b 503", "a 200"]);
});

const REFUSED: readonly (readonly [string, Ask, Scene["action"], Parameters<typeof scene>[1]])[] = [
  ["a POST", { method: "POST", body: "x" }, {}, {}],
  ["a PUT", { method: "PUT", body: "x" }, {}, {}],
  ["OPTIONS", { method: "OPTIONS" }, {}, {}],
  ["a route with hedging off", {}, { retry: { ...RETRY, hedge: null } }, {}],
  ["a route of one attempt", {}, { retry: { ...RETRY, attempts: 1 } }, {}],
  ["a pool without a budget", {}, {}, { budget: { ratio: 0, perSecond: 0 } }],
];

test.each(REFUSED)("%s is not hedged", async (_, asked, action, more) => {
  const short = { timeouts: { ...TIMEOUTS, headersMs: 300, headersWithBodyMs: 300 }, ...action };
  const { given, all } = await warm([frozen, ok], { action: { ...short, retry: { ...RETRY, ...action.retry, onTimeout: false } }, more });
  const { outcome } = await ask(given, asked);
  expect(await shown(outcome)).toBe("timeout");
  expect(counts(all)).toEqual([1, 0]);
});

test("a backup is not asked besides: it may have other things to say", async () => {
  const all = await Promise.all([startOrigin("a", ok), startOrigin("b", ok)]);
  started.push(...all);
  const given = scene(all.map((each, index) => ({ ...each, origin: { ...each.origin, backup: index === 1 } })));
  given.action = { timeouts: { ...TIMEOUTS, headersMs: 300 }, retry: { ...RETRY, onTimeout: false } };
  for (let n = 0; n < 6; n += 1) await ask(given);
  if (all[0] !== undefined) all[0].handle = frozen;
  expect(await shown((await ask(given)).outcome)).toBe("timeout");
  expect(counts(all)).toEqual([7, 0]);
});

test("hedges of a pool that has taken over are within the budget of the route's pool", async () => {
  const late: Handler = (_, response) => setTimeout(() => response.end("fine"), 20);
  const [a, b, c] = await Promise.all([startOrigin("a", ok), startOrigin("b", late), startOrigin("c", late)]);
  started.push(a, b, c);
  const given = scene([a], { budget: { ratio: 0.5, perSecond: 0 }, fallbacks: ["spare"] });
  given.pools.push(pool("spare", [b.origin, c.origin]));
  given.overrides = overridesOf({ "web/a": override() });
  given.action = { retry: { ...RETRY, hedge: { afterMs: 1 } } };
  for (let n = 0; n < 20; n += 1) await ask(given);
  // Hedges may be half of what the budget allows: a quarter of the requests.
  expect(b.seen.length + c.seen.length).toBe(25);
});

test("a route with a time of its own is hedged after that, however fast it is", async () => {
  const { given, all } = await warm([(_, response) => setTimeout(() => response.end("fine"), 120), ok], {
    action: { retry: { ...RETRY, hedge: { afterMs: 5000 } } },
  });
  expect(await shown((await ask(given)).outcome)).toBe("a 200 fine");
  expect(counts(all)).toEqual([1, 0]);
});

test("a healthy route that takes its time everywhere: nobody is asked twice, no circuit opens", async () => {
  const slow: Handler = (_, response) => setTimeout(() => response.end("fine"), 120);
  const all = await Promise.all([startOrigin("a", slow), startOrigin("b", slow)]);
  started.push(...all);
  const given = scene(all);
  for (let n = 0; n < 6; n += 1) expect((await ask(given)).outcome.kind).toBe("response");
  expect(counts(all)).toEqual([3, 3]);
  expect(given.table.describe(Date.now()).map(({ circuit, seen, good }) => [circuit, seen - good])).toEqual([
    ["closed", 0],
    ["closed", 0],
  ]);
});

test("a report that is slow everywhere is soon asked for once: hedges in vain make the next one wait", async () => {
  const report: Handler = (request, response) =>
    void (request.url === "/report" ? setTimeout(() => response.end("report"), 400) : response.end("fine"));
  const { given, all } = await warm([report, report]);
  const asked: number[] = [];
  for (let n = 0; n < 6; n += 1) {
    for (const each of all) each.seen.length = 0;
    expect((await ask(given, { target: "/report" })).outcome.kind).toBe("response");
    asked.push(counts(all).reduce((sum, count) => sum + count, 0));
    await ask(given);
  }
  expect(asked[0]).toBe(2);
  expect(asked.at(-1)).toBe(1);
});

test("a tier that has gone silent as a whole is left for the next one, and a few slow reports are no such thing", async () => {
  const all = await Promise.all([startOrigin("a", ok), startOrigin("b", ok), startOrigin("spare", ok)]);
  started.push(...all);
  const given = scene(all.map((each, index) => ({ ...each, origin: { ...each.origin, backup: index === 2 } })));
  for (let n = 0; n < 12; n += 1) await ask(given);
  const late: (() => void)[] = [];
  for (const each of all.slice(0, 2)) each.handle = (_, response) => void late.push(() => response.end("late"));
  const few = Array.from({ length: 3 }, () => ask(given));
  await new Promise((resolve) => setTimeout(resolve, 1200));
  expect(all[2]?.seen).toHaveLength(0);
  for (const answer of late.splice(0)) answer();
  for (const { outcome } of await Promise.all(few)) expect(outcome.kind).toBe("response");
  const many = await Promise.all(Array.from({ length: 30 }, () => ask(given)));
  for (const { outcome } of many) expect(await shown(outcome)).toBe("spare 200 fine");
});

test("where there is nobody else to ask, no clock runs for it", async () => {
  const origin = await startOrigin("a", (_, response) => setTimeout(() => response.end("fine"), 400));
  started.push(origin);
  for (const others of [0, 1]) {
    let looks = 0;
    const spare = origin.origin;
    const given = scene(others === 0 ? [origin] : [origin, { ...origin, origin: { ...spare, id: "b", backup: true } }]);
    const { routes } = given.table;
    Object.assign(given.table, {
      routes: { ...routes, patience: (...asked: Parameters<typeof routes.patience>) => ((looks += 1), routes.patience(...asked)) },
    });
    await ask(given);
    expect(looks > 0).toBe(others > 0);
  }
});
