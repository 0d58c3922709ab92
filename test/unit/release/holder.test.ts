import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { RELEASE_RETRY_MS } from "../../../src/limits.ts";
import { releaseKey } from "../../../src/release/keys.ts";
import { createWorld, HOUR, pointerTo, releaseNamed, SECOND, useVirtualTime } from "./world.ts";

beforeEach(() => useVirtualTime());
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

test("a Worker that never had a release has no state, and says so", async () => {
  const world = createWorld();
  const isolate = world.isolate();
  expect((await isolate.request()).state).toBeNull();
  expect(isolate.holder.status(Date.now())).toMatchObject({ release: null, wanted: null, number: null });
});

test("the first release reaches a waiting Worker within two seconds", async () => {
  const world = createWorld();
  const isolate = world.isolate();
  await isolate.request();
  const release = await releaseNamed("shop");
  world.publish({ number: 1 }, release);
  await world.pass(2 * SECOND);
  expect((await isolate.request()).state?.ruleset.release).toBe(release.hash);
});

test("in an isolate in use nobody waits for a new release", async () => {
  const world = createWorld();
  const [first, second] = [await releaseNamed("one"), await releaseNamed("two")];
  world.publish({ number: 1 }, first);
  const isolate = world.isolate({ intervals: { copyMs: 0 } });
  await isolate.request();
  world.publish({ number: 2, predecessor: first.hash }, second);
  world.kv.latencyMs = 80;
  await world.pass(10 * SECOND);
  const during = await isolate.request();
  expect(during).toMatchObject({ waitedMs: 0, state: { ruleset: { release: first.hash } } });
  await world.pass(SECOND);
  await world.pass(SECOND);
  expect((await isolate.request()).state).toMatchObject({ pointer: { number: 2 }, ruleset: { release: second.hash } });
});

test("an isolate quiet for hours plans its next request with the newest release", async () => {
  const world = createWorld();
  const [first, second] = [await releaseNamed("one"), await releaseNamed("two")];
  world.publish({ number: 1 }, first);
  const isolate = world.isolate();
  await isolate.request();
  world.publish({ number: 2 }, second);
  world.kv.latencyMs = 40;
  await world.pass(3 * HOUR);
  expect((await isolate.request()).state?.ruleset.release).toBe(second.hash);
});

test("a quiet isolate waits for a hanging KV up to the cap, and once only", async () => {
  const world = createWorld();
  world.publish({ number: 1 }, await releaseNamed("one"));
  const isolate = world.isolate();
  await isolate.request();
  world.kv.latencyMs = Number.POSITIVE_INFINITY;
  await world.pass(3 * HOUR);
  expect(await isolate.request()).toMatchObject({ waitedMs: 150, state: { pointer: { number: 1 } } });
  expect((await isolate.request()).waitedMs).toBe(0);
  await world.pass(30 * SECOND);
  expect((await isolate.request()).waitedMs).toBe(0);
});

test("what a quiet isolate could not wait for is there for the request after", async () => {
  const world = createWorld();
  const [first, second] = [await releaseNamed("one"), await releaseNamed("two")];
  world.publish({ number: 1 }, first);
  const isolate = world.isolate();
  await isolate.request();
  world.publish({ number: 2 }, second);
  world.kv.latencyMs = 400;
  await world.pass(HOUR);
  expect(await isolate.request()).toMatchObject({ waitedMs: 150, state: { ruleset: { release: first.hash } } });
  await world.pass(SECOND);
  await world.pass(SECOND);
  expect((await isolate.request()).state?.ruleset.release).toBe(second.hash);
});

test("a number that goes backwards is ignored", async () => {
  const world = createWorld();
  const [first, second] = [await releaseNamed("one"), await releaseNamed("two")];
  world.publish({ number: 1 }, first);
  await world.pass(20 * SECOND);
  world.publish({ number: 2 }, second);
  const isolate = world.isolate({ intervals: { copyMs: 0 } });
  await isolate.request();
  world.kv.behindMs = 15 * SECOND;
  await world.pass(10 * SECOND);
  await isolate.request();
  expect((await isolate.request()).state).toMatchObject({ pointer: { number: 2 }, ruleset: { release: second.hash } });
  expect(isolate.holder.status(Date.now()).documents.pointer.problem).toMatchObject({ reason: "went-backwards" });
});

test("a rollback is a higher number to an earlier release", async () => {
  const world = createWorld();
  const [first, second] = [await releaseNamed("one"), await releaseNamed("two")];
  world.publish({ number: 1 }, first);
  world.publish({ number: 2 }, second);
  const isolate = world.isolate();
  await isolate.request();
  world.publish({ number: 3, predecessor: second.hash }, first);
  await world.pass(60 * SECOND);
  expect((await isolate.request()).state).toMatchObject({ pointer: { number: 3 }, ruleset: { release: first.hash } });
});

test("a corrupt release never replaces one that loaded, and is not read again at every poll", async () => {
  const world = createWorld();
  const [good, bad] = [await releaseNamed("good"), await releaseNamed("bad")];
  world.publish({ number: 1 }, good);
  const isolate = world.isolate({ intervals: { copyMs: 0 } });
  await isolate.request();
  world.publish({ number: 2, predecessor: good.hash }, { hash: bad.hash, text: bad.text.replace("bad", "BAD") });
  for (let poll = 0; poll < 3; poll++) {
    await world.pass(10 * SECOND);
    await isolate.request();
  }
  expect((await isolate.request()).state?.ruleset.release).toBe(good.hash);
  expect(isolate.holder.status(Date.now())).toMatchObject({
    release: good.hash,
    wanted: bad.hash,
    problems: { release: { reason: "release-corrupt" } },
  });
  expect(world.kv.reads.filter(([key]) => key === releaseKey(bad.hash))).toHaveLength(1);

  world.kv.seed({ [releaseKey(bad.hash)]: bad.text });
  await world.pass(RELEASE_RETRY_MS);
  await isolate.request();
  expect((await isolate.request()).state?.ruleset.release).toBe(bad.hash);
  expect(isolate.holder.status(Date.now()).problems.release).toBeNull();
});

test("an operator's refresh tries a rejected release again at once", async () => {
  const world = createWorld();
  const release = await releaseNamed("shop");
  world.publish({ number: 1 }, { hash: release.hash, text: "junk" });
  const isolate = world.isolate();
  await isolate.request();
  world.kv.seed({ [releaseKey(release.hash)]: release.text });
  const status = await isolate.holder.refreshNow(world.ports, { pastCopies: true });
  expect(status).toMatchObject({ release: release.hash, problems: { release: null } });
});

test("a pointer to nothing leaves a warm isolate where it is", async () => {
  const world = createWorld();
  const [first, lost] = [await releaseNamed("one"), await releaseNamed("lost")];
  world.publish({ number: 1 }, first);
  const isolate = world.isolate();
  await isolate.request();
  world.publish({ number: 2, predecessor: first.hash }, lost);
  world.kv.missing.add(releaseKey(lost.hash));
  await world.pass(60 * SECOND);
  expect((await isolate.request()).state?.ruleset.release).toBe(first.hash);
  expect(isolate.holder.status(Date.now()).problems.release).toMatchObject({ reason: "release-missing" });
});

test("a cold isolate uses the predecessor until the new release arrives", async () => {
  const world = createWorld();
  const [first, second] = [await releaseNamed("one"), await releaseNamed("two")];
  world.publish({ number: 1 }, first);
  world.publish({ number: 2, predecessor: first.hash }, second);
  world.kv.missing.add(releaseKey(second.hash));
  const isolate = world.isolate();
  expect((await isolate.request()).state?.ruleset.release).toBe(first.hash);
  expect(isolate.holder.status(Date.now())).toMatchObject({ release: first.hash, wanted: second.hash });
  world.kv.missing.clear();
  await world.pass(10 * SECOND);
  await isolate.request();
  expect((await isolate.request()).state?.ruleset.release).toBe(second.hash);
});

test("a cold isolate whose pointer names nothing that can be had uses the release that was last in force in its data centre", async () => {
  const world = createWorld();
  const [first, lost] = [await releaseNamed("one"), await releaseNamed("lost")];
  world.publish({ number: 1 }, first);
  await world.isolate().request();
  world.publish({ number: 2, predecessor: null }, lost);
  world.kv.missing.add(releaseKey(lost.hash));
  await world.pass(60 * SECOND);
  const cold = world.isolate();
  expect((await cold.request()).state?.ruleset.release).toBe(first.hash);
  expect(cold.holder.status(Date.now())).toMatchObject({ release: first.hash, wanted: lost.hash });
});

test("an unknown format of the pointer keeps the last good state", async () => {
  const world = createWorld();
  const release = await releaseNamed("shop");
  world.publish({ number: 1 }, release);
  const isolate = world.isolate();
  await isolate.request();
  world.kv.seed({ current: JSON.stringify({ ...pointerTo(release, { number: 2 }), format: 7 }) });
  await world.pass(HOUR);
  expect((await isolate.request()).state?.pointer.number).toBe(1);
  expect(isolate.holder.status(Date.now()).documents.pointer.problem).toMatchObject({ reason: "unknown-format" });
});

test("a health document of garbage costs neither the release nor the health that was known", async () => {
  const world = createWorld();
  const health = { format: 1, generation: 4, asOfMs: Date.now(), region: "FRA", origins: {} };
  world.kv.seed({ health: JSON.stringify(health) });
  world.publish({ number: 1 }, await releaseNamed("one"));
  const isolate = world.isolate();
  await isolate.request();
  world.kv.seed({ health: "<html>502</html>" });
  world.publish({ number: 2 }, await releaseNamed("two"));
  await world.pass(60 * SECOND);
  expect((await isolate.request()).state).toMatchObject({ pointer: { number: 2 }, health });
});

test("a request keeps the state that it began with", async () => {
  const world = createWorld();
  world.publish({ number: 1 }, await releaseNamed("one"));
  const isolate = world.isolate();
  const { state } = await isolate.request();
  world.publish({ number: 2 }, await releaseNamed("two"));
  await isolate.holder.refreshNow(world.ports, { pastCopies: true });
  expect(state?.pointer.number).toBe(1);
  expect(Object.isFrozen(state)).toBe(true);
});

test("a release and a problem are logged when they begin, not at every poll", async () => {
  const world = createWorld();
  world.publish({ number: 1 }, await releaseNamed("one"));
  const isolate = world.isolate({ intervals: { copyMs: 0 } });
  await isolate.request();
  world.kv.down = true;
  for (let poll = 0; poll < 3; poll++) {
    await world.pass(10 * SECOND);
    await isolate.request();
  }
  world.kv.down = false;
  await world.pass(10 * SECOND);
  await isolate.request();
  expect(world.log.map(({ event, reason }) => [event, reason])).toEqual([
    ["release", undefined],
    ["state-problem", "store-failed"],
    ["state-problem", "none"],
  ]);
});
