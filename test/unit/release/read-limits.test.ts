// How long each read of the state may take: an answer at the limit is used, one after it counts as none. In virtual time.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { COPY_READ_MS_MAX, RELEASE_READ_MS_MAX, STATE_READ_MS_MAX } from "../../../src/limits.ts";
import type { Ports } from "../../../src/ports.ts";
import type { HolderStatus } from "../../../src/release/holder.ts";
import { createWorld, releaseNamed, useVirtualTime, type World } from "./world.ts";

beforeEach(() => useVirtualTime());
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** The same call, answered after `ms`. */
function late<A extends readonly unknown[], T>(call: (...args: A) => Promise<T>, ms: number): (...args: A) => Promise<T> {
  return async (...args) => {
    await new Promise((resolve) => void setTimeout(resolve, ms));
    return call(...args);
  };
}

/** A cold isolate refreshes once, while `ms` pass. Only the read that is tested takes any time. */
async function refreshedWithin(ms: number, change: (world: World) => Partial<Ports>): Promise<HolderStatus> {
  const world = createWorld();
  world.publish({ number: 1 }, await releaseNamed("shop"));
  const isolate = world.isolate();
  const work = isolate.holder.refreshNow({ ...world.ports, ...change(world) }, { pastCopies: false });
  await passTo(world, ms);
  return await work;
}

/** Up to the last millisecond, what is resumed there, and then that one: at one moment all timers fire before anything resumes. */
async function passTo(world: World, ms: number): Promise<void> {
  await world.pass(ms - 1);
  await world.pass(1);
}

test("the documents: an answer of KV one millisecond before the limit is used, at the limit it is a timeout", async () => {
  const slow = (ms: number) => (world: World) => ({
    config: { ...world.kv, getAll: late((keys: readonly string[]) => world.kv.getAll(keys), ms) },
  });
  expect(await refreshedWithin(STATE_READ_MS_MAX, slow(STATE_READ_MS_MAX - 1))).toMatchObject({ number: 1, problems: { store: null } });
  expect(await refreshedWithin(STATE_READ_MS_MAX, slow(STATE_READ_MS_MAX + 1))).toMatchObject({
    number: null,
    problems: { store: { reason: "store-timeout" } },
  });
});

test("a release: an answer of KV one millisecond before the limit is used, at the limit it is a timeout", async () => {
  const slow = (ms: number) => (world: World) => ({ config: { ...world.kv, get: late((key: string) => world.kv.get(key), ms) } });
  expect(await refreshedWithin(RELEASE_READ_MS_MAX, slow(RELEASE_READ_MS_MAX - 1))).toMatchObject({
    from: "store",
    problems: { release: null },
  });
  expect(await refreshedWithin(RELEASE_READ_MS_MAX, slow(RELEASE_READ_MS_MAX + 1))).toMatchObject({
    from: null,
    problems: { release: { reason: "store-timeout" } },
  });
});

test("a copy: an answer of the cache one millisecond before the limit is used, at the limit KV is asked", async () => {
  const readsOfKv = async (ms: number): Promise<number> => {
    const world = createWorld();
    world.publish({ number: 1 }, await releaseNamed("shop"));
    await world.isolate().request();
    world.kv.reads.length = 0;
    const match: Ports["cache"]["match"] = late((key) => world.ports.cache.match(key), ms);
    const ports = { ...world.ports, cache: { ...world.ports.cache, match } };
    const work = world.isolate().holder.refreshNow(ports, { pastCopies: false });
    // One read of the documents' copy, then one of the release's.
    for (let step = 0; step < 2 * COPY_READ_MS_MAX; step++) await world.pass(1);
    expect(await work).toMatchObject({ number: 1 });
    return world.kv.reads.length;
  };
  expect(await readsOfKv(COPY_READ_MS_MAX - 1)).toBe(0);
  expect(await readsOfKv(COPY_READ_MS_MAX + 1)).toBe(2);
});
