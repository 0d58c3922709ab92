import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { applyPurge, emptyPurgeGenerations, encodePurgeGenerations, purgedAt } from "../../../src/cache/purge.ts";
import { REFRESH_OLD_COPY_WAIT_MS_MAX } from "../../../src/limits.ts";
import { createWorld, HOUR, MINUTE, pointerTo, releaseNamed, SECOND, useVirtualTime, type Release, type World } from "./world.ts";

beforeEach(() => useVirtualTime());
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const outages: readonly (readonly [string, (world: World) => void])[] = [
  ["fails", (world) => void (world.kv.down = true)],
  ["hangs", (world) => void (world.kv.latencyMs = Number.POSITIVE_INFINITY)],
];

test.each(outages)("when KV %s, a cold isolate starts from the copies of its data centre, however old", async (_how, breakKv) => {
  const { world, release } = await published();
  await world.isolate().request();
  await world.pass(200 * 24 * HOUR);
  breakKv(world);
  const cold = await world.isolate().request();
  expect(cold.state).toMatchObject({ pointer: { number: 1 }, ruleset: { release: release.hash } });
  expect(cold.waitedMs).toBeLessThanOrEqual(REFRESH_OLD_COPY_WAIT_MS_MAX);
});

test("a slow KV is waited for by a cold isolate whose data centre has only an old copy, and by all its requests", async () => {
  const { world } = await published();
  await world.isolate().request();
  await world.pass(200 * 24 * HOUR);
  const next = await releaseNamed("next");
  world.publish({ number: 2 }, next);
  world.kv.latencyMs = 400;
  const isolate = world.isolate();
  const answers = await Promise.all([isolate.request(), isolate.request(), isolate.request()]);
  expect(answers.map(({ state }) => state?.ruleset.release)).toEqual([next.hash, next.hash, next.hash]);
});

test.each(outages)("when KV %s and the data centre has no copies, a cold isolate starts from its bundle", async (_how, breakKv) => {
  const { world, release } = await published();
  breakKv(world);
  const isolate = world.isolate({ baked: { pointer: pointerTo(release, { number: 1 }), snapshot: release.text } });
  expect((await isolate.request()).state?.ruleset.release).toBe(release.hash);
  expect(isolate.holder.status(Date.now())).toMatchObject({ from: "baked", number: 1 });
  expect((await isolate.request()).waitedMs).toBe(0);
});

test("in a KV outage of hours no request of an isolate in use waits", async () => {
  const { world } = await published();
  const isolate = world.isolate();
  await isolate.request();
  world.kv.latencyMs = Number.POSITIVE_INFINITY;
  const waits: number[] = [];
  for (let minute = 0; minute < 120; minute++) {
    await world.pass(MINUTE / 2);
    waits.push((await isolate.request()).waitedMs);
  }
  expect(waits.reduce((sum, waitedMs) => sum + waitedMs)).toBe(0);
});

test("after an outage the newest release is taken at the next poll", async () => {
  const { world } = await published();
  const isolate = world.isolate();
  world.kv.down = true;
  await isolate.request();
  await world.pass(HOUR);
  world.kv.down = false;
  const next = await releaseNamed("next");
  world.publish({ number: 2 }, next);
  await isolate.request();
  await world.pass(10 * SECOND);
  expect((await isolate.request()).state?.ruleset.release).toBe(next.hash);
});

test("any release of KV replaces the one of the bundle, whatever its number", async () => {
  const { world, release } = await published();
  const old = await releaseNamed("baked");
  const isolate = world.isolate({ baked: { pointer: pointerTo(old, { number: 9 }), snapshot: old.text } });
  world.kv.down = true;
  await isolate.request();
  world.kv.down = false;
  await world.pass(10 * SECOND);
  await isolate.request();
  expect((await isolate.request()).state).toMatchObject({ pointer: { number: 1 }, ruleset: { release: release.hash } });
});

test("a release of the bundle that is not what its name says is not used", async () => {
  const { world, release } = await published();
  world.kv.down = true;
  const isolate = world.isolate({ baked: { pointer: pointerTo(release, { number: 1 }), snapshot: `${release.text} ` } });
  expect((await isolate.request()).state).toBeNull();
  expect(isolate.holder.status(Date.now()).problems.release).toMatchObject({ reason: "release-corrupt" });
});

test("a copy of a release is verified, and a broken one is read again from KV and replaced", async () => {
  const { world, release } = await published();
  await world.isolate().request();
  const key = [...world.cache.keys()].find((name) => name.endsWith(`release/${release.hash}`)) ?? "";
  world.cache.set(key, release.text.slice(0, -1));
  const isolate = world.isolate();
  expect((await isolate.request()).state?.ruleset.release).toBe(release.hash);
  expect(isolate.holder.status(Date.now()).from).toBe("store");
  expect(world.cache.get(key)).toBe(release.text);
});

test.each([["junk"], ["{}"], ['{"readAtMs":-1,"texts":{}}'], ['{"readAtMs":1,"texts":{"pointer":7}}'], ["null"]])(
  "a copy of the documents that reads %s counts as none",
  async (junk) => {
    const { world, release } = await published();
    await world.isolate().request();
    const key = [...world.cache.keys()].find((name) => name.endsWith("/polled")) ?? "";
    world.cache.set(key, junk);
    expect((await world.isolate().request()).state?.ruleset.release).toBe(release.hash);
  },
);

test("a data centre reads KV once per 30 s, however many isolates it has", async () => {
  const { world } = await published();
  for (let count = 0; count < 20; count++) await world.isolate().request();
  await world.pass(29 * SECOND);
  for (let count = 0; count < 20; count++) await world.isolate().request();
  expect(world.kv.reads.filter((keys) => keys.length > 1)).toHaveLength(1);
  await world.pass(SECOND);
  for (let count = 0; count < 20; count++) await world.isolate().request();
  expect(world.kv.reads.filter((keys) => keys.length > 1)).toHaveLength(2);
});

test("an operator's refresh goes past the copy and leaves a new one for the other isolates", async () => {
  const { world } = await published();
  const [one, other] = [world.isolate(), world.isolate()];
  await one.request();
  await other.request();
  const next = await releaseNamed("next");
  world.publish({ number: 2 }, next);
  await world.pass(10 * SECOND);
  expect(await one.holder.refreshNow(world.ports, { pastCopies: true })).toMatchObject({ release: next.hash, number: 2 });
  await other.request();
  expect((await other.request()).state?.ruleset.release).toBe(next.hash);
});

test("a rush of requests to a cold isolate reads KV once, and all get the release", async () => {
  const { world, release } = await published();
  world.kv.latencyMs = 30;
  const isolate = world.isolate();
  const answers = await Promise.all(Array.from({ length: 20 }, () => isolate.request()));
  expect(answers.map(({ state }) => state?.ruleset.release)).toEqual(Array(20).fill(release.hash));
  expect(world.kv.reads).toHaveLength(2);
});

test("two deployments that share a data centre's cache do not see each other's state", async () => {
  const { world, release } = await published();
  await world.isolate({ scope: "production" }).request();
  world.kv.down = true;
  expect((await world.isolate({ scope: "staging" }).request()).state).toBeNull();
  expect((await world.isolate({ scope: "production" }).request()).state?.ruleset.release).toBe(release.hash);
});

test("copies are on a host that cannot exist and name nothing of the deployment", async () => {
  const { world } = await published();
  await world.isolate({ scope: "secret-token" }).request();
  expect(world.cache.size).toBe(3);
  for (const key of world.cache.keys()) {
    expect(key).toMatch(/^https:\/\/breakwater\.invalid\/_breakwater\/s\/1\/[0-9a-f]{32}\/(polled|last-good|release\/[0-9a-f]{64})$/);
  }
});

test("a data centre that has once seen a document does not lose it to a cached miss", async () => {
  const { world, release } = await published();
  await world.isolate().request();
  await world.pass(MINUTE);
  world.kv.missing.add("current");
  expect((await world.isolate().request()).state?.ruleset.release).toBe(release.hash);
  await world.pass(MINUTE);
  expect((await world.isolate().request()).state?.ruleset.release).toBe(release.hash);
});

test("a namespace that was made anew is not kept out by old copies", async () => {
  const world = createWorld();
  world.publish({ number: 90 }, await releaseNamed("before"));
  await world.isolate().request();
  await world.pass(HOUR);
  const anew = await releaseNamed("anew");
  world.publish({ number: 1 }, anew);
  const isolate = world.isolate();
  await isolate.request();
  expect((await isolate.request()).state).toMatchObject({ pointer: { number: 1 }, ruleset: { release: anew.hash } });
});

test("a purge that the ledger answered with holds at once, and an older read from KV does not undo it", async () => {
  const { world } = await published();
  const isolate = world.isolate({ intervals: { copyMs: 0 } });
  const one = applyPurge(emptyPurgeGenerations(), { kind: "host", value: "one.test", soft: false }, 1000);
  const both = applyPurge(one, { kind: "host", value: "two.test", soft: false }, 2000);
  world.kv.seed({ purges: encodePurgeGenerations(one) });
  await isolate.request();
  isolate.holder.takePurges(encodePurgeGenerations(both), world.ports);
  await world.pass(10 * SECOND);
  await isolate.request();
  const { state } = await isolate.request();
  if (state === null) throw new Error("there is a release");
  expect(purgedAt(state.purges, { url: "https://one.test/", tags: [] }).hardMs).toBe(1000);
  expect(purgedAt(state.purges, { url: "https://two.test/", tags: [] }).hardMs).toBe(2000);
});

test("a broken cache is no worse than an empty one", async () => {
  const { world, release } = await published();
  const ports = {
    ...world.ports,
    cache: { match: () => new Promise<undefined>(() => {}), put: () => Promise.resolve(false), delete: () => Promise.resolve(false) },
  };
  const isolate = world.isolate();
  const work = isolate.holder.refreshNow(ports, { pastCopies: true });
  for (let step = 0; step < 4; step++) await world.pass(500);
  expect(await work).toMatchObject({ release: release.hash });
});

test("a copy from a clock that is ahead is not taken for young", async () => {
  const { world } = await published();
  await world.isolate().request();
  vi.setSystemTime(Date.now() - HOUR);
  world.kv.reads.length = 0;
  await world.isolate().request();
  expect(world.kv.reads.filter((keys) => keys.length > 1)).toHaveLength(1);
});

async function published(): Promise<{ readonly world: World; readonly release: Release }> {
  const world = createWorld();
  const release = await releaseNamed("shop");
  world.publish({ number: 1 }, release);
  return { world, release };
}
