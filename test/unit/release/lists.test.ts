import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { hashText } from "../../../src/config/encode.ts";
import type { ListReference } from "../../../src/config/snapshot.ts";
import { ruleContext } from "../../../src/firewall/context.ts";
import { packList } from "../../../src/firewall/list-arrays.ts";
import { compileList } from "../../../src/firewall/list-compile.ts";
import { encodeList } from "../../../src/firewall/list-document.ts";
import { createListTable, type ListTable } from "../../../src/firewall/list-table.ts";
import type { Facts } from "../../../src/facts.ts";
import {
  LIST_DOCUMENT_CHARS_MAX,
  LIST_FAILURES_MAX,
  LIST_READ_MS_MAX,
  LIST_RETRY_MS,
  LIST_RUN_MS_MAX,
  LIST_WAIT_MS_MAX,
} from "../../../src/limits.ts";
import { createCopies } from "../../../src/release/copies.ts";
import { listKey } from "../../../src/release/keys.ts";
import { createListMemory, loadWantedLists } from "../../../src/release/lists.ts";
import { createWorld, HOUR, MINUTE, releaseNamed, SECOND, useVirtualTime, type Isolate, type World } from "./world.ts";

beforeEach(() => useVirtualTime());
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

interface Stored {
  readonly reference: ListReference;
  readonly text: string;
}

async function storedList(...entries: readonly string[]): Promise<Stored> {
  const text = encodeList(packList(compileList("asn", entries).list));
  return { text, reference: { kind: "asn", hash: await hashText(text), count: entries.length } };
}

function seed(world: World, { reference, text }: Stored): void {
  world.kv.seed({ [listKey(reference.hash)]: text });
}

function readsOf(world: World, { reference }: Stored): number {
  return world.kv.reads.filter(([key]) => key === listKey(reference.hash)).length;
}

const context = ruleContext({ facts: { receivedAtMs: 0 } as Facts });

function has(table: ListTable, number: number, name = "bad"): boolean {
  return table.memberships.get(name)?.(number, context) ?? false;
}

/** The virtual time that the work took. */
async function taken(world: World, work: Promise<unknown>): Promise<number> {
  const startedAtMs = Date.now();
  const outcome = { done: false };
  const watched = work.then(() => (outcome.done = true));
  await world.pass(0);
  for (let step = 0; step < 2_000 && !outcome.done; step++) await world.pass(10);
  const ms = Date.now() - startedAtMs;
  await watched;
  return ms;
}

/** A request whose rules look into the list: the table that it was decided with, and how long it waited for it. */
async function wanting(
  world: World,
  isolate: Isolate,
  names: readonly string[] = ["bad"],
): Promise<{ readonly table: ListTable; readonly waitedMs: number }> {
  const { state } = await isolate.request();
  if (state === null) throw new Error("no release");
  const { lists } = state.ruleset;
  return { table: lists, waitedMs: await taken(world, isolate.holder.loadLists(lists, names, world.ports)) };
}

const listEvents = (world: World): readonly unknown[] =>
  world.log.filter(({ event }) => event === "list-problem").map(({ list, reason }) => [list, reason]);

describe("a list that is a document of its own", () => {
  test("is not read with the release, and answers true until it is loaded", async () => {
    const { world, isolate, list } = await publishedWith("1", "2");
    const { state } = await isolate.request();
    const table = state?.ruleset.lists ?? expect.fail("no release");
    expect(readsOf(world, list)).toBe(0);
    expect([table.isLoaded("bad"), has(table, 1), has(table, 3)]).toEqual([false, true, true]);
    await wanting(world, isolate);
    expect([table.isLoaded("bad"), has(table, 1), has(table, 3)]).toEqual([true, true, false]);
  });

  test("is read from KV once, however many requests want it at the same time", async () => {
    const { world, isolate, list } = await publishedWith("1");
    await isolate.request();
    world.kv.latencyMs = 400;
    const all = await Promise.all([wanting(world, isolate), wanting(world, isolate), wanting(world, isolate)]);
    expect(all.map(({ table }) => [table.isLoaded("bad"), has(table, 2)])).toEqual(Array.from({ length: 3 }, () => [true, false]));
    expect(readsOf(world, list)).toBe(1);
    expect((await wanting(world, isolate)).waitedMs).toBe(0);
    expect(readsOf(world, list)).toBe(1);
  });

  test("comes from the data centre's copy in another isolate, also when KV is down", async () => {
    const { world, isolate, list } = await publishedWith("1");
    await wanting(world, isolate);
    world.kv.down = true;
    const { table } = await wanting(world, world.isolate());
    expect([table.isLoaded("bad"), has(table, 2)]).toEqual([true, false]);
    expect(readsOf(world, list)).toBe(1);
  });

  test("is read from KV when the copy is damaged, and the copy is made anew", async () => {
    const { world, isolate, list } = await publishedWith("1");
    await wanting(world, isolate);
    const [key] = [...world.cache.keys()].filter((name) => name.endsWith(listKey(list.reference.hash)));
    world.cache.set(key ?? "", "junk");
    const { table } = await wanting(world, world.isolate());
    expect(has(table, 2)).toBe(false);
    expect(readsOf(world, list)).toBe(2);
    await world.pass(0);
    expect(world.cache.get(key ?? "")).toBe(list.text);
  });
});

describe("a list that cannot be had", () => {
  const faults: readonly (readonly [reason: string, (world: World, list: Stored) => void])[] = [
    ["store-failed", (world) => void (world.kv.down = true)],
    ["list-missing", (world, list) => void world.kv.missing.add(listKey(list.reference.hash))],
    ["list-corrupt", (world, list) => world.kv.seed({ [listKey(list.reference.hash)]: `${list.text} ` })],
    ["list-corrupt", (world, list) => world.kv.seed({ [listKey(list.reference.hash)]: " ".repeat(LIST_DOCUMENT_CHARS_MAX + 1) })],
  ];
  test.each(faults)("%s: is told once, costs later requests nothing, and is had when it can be", async (reason, spoil) => {
    const { world, isolate, list } = await publishedWith("1");
    await isolate.request();
    spoil(world, list);
    const first = await wanting(world, isolate);
    expect([first.table.isLoaded("bad"), has(first.table, 1)]).toEqual([false, true]);
    for (let request = 0; request < 5; request++) expect((await wanting(world, isolate)).waitedMs).toBe(0);
    expect(readsOf(world, list)).toBe(1);
    expect(listEvents(world)).toEqual([["bad", reason]]);
    expect(isolate.holder.status(Date.now()).problems.lists).toMatchObject([{ list: "bad", reason }]);

    await world.pass(LIST_RETRY_MS);
    expect((await wanting(world, isolate)).waitedMs).toBe(0);
    expect(readsOf(world, list)).toBe(2);
    expect(listEvents(world)).toHaveLength(1);

    Object.assign(world.kv, { down: false });
    world.kv.missing.clear();
    seed(world, list);
    await world.pass(LIST_RETRY_MS);
    await wanting(world, isolate);
    const after = await wanting(world, isolate);
    expect([after.table.isLoaded("bad"), has(after.table, 1), has(after.table, 2)]).toEqual([true, true, false]);
    expect(listEvents(world)).toEqual([
      ["bad", reason],
      ["bad", "none"],
    ]);
    expect(isolate.holder.status(Date.now()).problems.lists).toEqual([]);
  });

  test.each([
    ["of a newer format", (list: Stored): string => list.text.replace('"format":1', '"format":2')],
    ["of another kind", (): string => encodeList(packList(compileList("country", ["DE"]).list))],
    ["not JSON", (): string => "<html>"],
  ])("one %s is not used", async (_name, write) => {
    const world = createWorld();
    const text = write(await storedList("1"));
    const reference: ListReference = { kind: "asn", hash: await hashText(text), count: 1 };
    seed(world, { reference, text });
    world.publish({ number: 1 }, await releaseNamed("shop", { bad: reference }));
    const { table } = await wanting(world, world.isolate());
    expect(table.isLoaded("bad")).toBe(false);
    expect(listEvents(world)).toEqual([["bad", "list-unreadable"]]);
  });

  test("a request waits for a silent KV up to the cap; those that come later wait for what is left of it", async () => {
    const { world, isolate, list } = await publishedWith("1");
    await isolate.request();
    world.kv.latencyMs = Number.POSITIVE_INFINITY;
    const { lists } = (await isolate.request()).state?.ruleset ?? expect.fail("no release");
    const early = isolate.holder.loadLists(lists, ["bad"], world.ports);
    await world.pass(LIST_WAIT_MS_MAX / 2);
    const late = isolate.holder.loadLists(lists, ["bad"], world.ports);
    expect(await taken(world, Promise.all([early, late]))).toBe(LIST_WAIT_MS_MAX / 2);
    expect((await wanting(world, isolate)).waitedMs).toBe(0);
    await world.pass(LIST_READ_MS_MAX);
    expect(listEvents(world)).toEqual([["bad", "store-timeout"]]);
    expect(readsOf(world, list)).toBe(1);
  });

  test("a refresh of the operator makes the next request try again", async () => {
    const { world, isolate, list } = await publishedWith("1");
    await isolate.request();
    world.kv.missing.add(listKey(list.reference.hash));
    await wanting(world, isolate);
    world.kv.missing.clear();
    await isolate.holder.refreshNow(world.ports, { pastCopies: true });
    await wanting(world, isolate);
    expect((await wanting(world, isolate)).table.isLoaded("bad")).toBe(true);
  });

  test("a load that went away with its request is begun again", async () => {
    const { world, list } = await publishedWith("1");
    const table = createListTable({ bad: list.reference });
    const memory = createListMemory();
    const copies = createCopies("test");
    const lost = { ...copies, readList: () => new Promise<string | null>(() => {}) };
    expect(await taken(world, loadWantedLists(table, ["bad"], { ports: world.ports, copies: lost, memory }))).toBe(LIST_WAIT_MS_MAX);
    expect(await taken(world, loadWantedLists(table, ["bad"], { ports: world.ports, copies, memory }))).toBe(0);
    expect(table.isLoaded("bad")).toBe(false);
    await world.pass(LIST_RUN_MS_MAX);
    await taken(world, loadWantedLists(table, ["bad"], { ports: world.ports, copies, memory }));
    expect(table.isLoaded("bad")).toBe(true);
  });

  test("failures that are remembered have a bound", async () => {
    const world = createWorld();
    const memory = createListMemory();
    for (let number = 0; number <= LIST_FAILURES_MAX; number++) {
      const table = createListTable({ bad: { kind: "asn", hash: String(number).padStart(64, "0"), count: 1 } });
      await taken(world, loadWantedLists(table, ["bad"], { ports: world.ports, copies: createCopies("test"), memory }));
      expect(memory.failed.size).toBe(Math.min(number + 1, LIST_FAILURES_MAX));
    }
    expect(memory.failed.has("0".repeat(64))).toBe(false);
    expect(memory.running.size).toBe(0);
  });

  test("names without a document are nothing to load", async () => {
    const { world, isolate } = await publishedWith("1");
    await wanting(world, isolate, ["inline", "nowhere"]);
    expect(world.kv.reads.flat().filter((key) => key.startsWith("list/"))).toEqual([]);
  });
});

describe("when another release comes into force", () => {
  test("the same list is taken over without being read", async () => {
    const { world, isolate, list } = await publishedWith("1");
    await wanting(world, isolate);
    world.publish({ number: 2 }, await releaseNamed("next", { bad: list.reference, twin: list.reference }));
    await world.pass(60 * SECOND);
    await isolate.request();
    const { state } = await isolate.request();
    expect(state?.pointer.number).toBe(2);
    const table = state?.ruleset.lists ?? expect.fail("no release");
    expect([table.isLoaded("bad"), has(table, 2), table.isLoaded("twin"), has(table, 2, "twin")]).toEqual([true, false, true, false]);
    expect(readsOf(world, list)).toBe(1);
  });

  test("a changed list that is in use is loaded first, so that nobody waits for it", async () => {
    const { world, isolate } = await publishedWith("1");
    await wanting(world, isolate);
    const next = await storedList("1", "2");
    seed(world, next);
    world.publish({ number: 2 }, await releaseNamed("next", { bad: next.reference }));
    await world.pass(60 * SECOND);
    await isolate.request();
    const { table, waitedMs } = await wanting(world, isolate);
    expect([waitedMs, has(table, 2), table.wanted("bad")]).toEqual([0, true, null]);
    expect(readsOf(world, next)).toBe(1);
  });

  test("a list that nobody has looked into is not loaded", async () => {
    const { world, isolate } = await publishedWith("1");
    await isolate.request();
    const next = await storedList("1", "2");
    seed(world, next);
    world.publish({ number: 2 }, await releaseNamed("next", { bad: next.reference }));
    await world.pass(60 * SECOND);
    await isolate.request();
    const { state } = await isolate.request();
    expect([state?.pointer.number, state?.ruleset.lists.isLoaded("bad"), readsOf(world, next)]).toEqual([2, false, 0]);
  });

  test("the older edition stands in for a changed list as long as that cannot be had", async () => {
    const { world, isolate } = await publishedWith("1");
    await wanting(world, isolate);
    const next = await storedList("1", "2");
    world.publish({ number: 2 }, await releaseNamed("next", { bad: next.reference }));
    await world.pass(60 * SECOND);
    await isolate.request();
    await world.pass(SECOND);
    const during = await wanting(world, isolate);
    expect([during.waitedMs, during.table.isLoaded("bad"), has(during.table, 1), has(during.table, 2)]).toEqual([0, true, true, false]);
    expect(listEvents(world)).toEqual([["bad", "list-missing"]]);
    seed(world, next);
    await world.pass(MINUTE);
    await isolate.request();
    await world.pass(SECOND);
    const { state } = await isolate.request();
    expect(has(state?.ruleset.lists ?? expect.fail("no release"), 2)).toBe(true);
    expect(listEvents(world).at(-1)).toEqual(["bad", "none"]);
  });

  test("a list that could not be had is no problem any more when the release does without it", async () => {
    const { world, isolate, list } = await publishedWith("1");
    await isolate.request();
    world.kv.missing.add(listKey(list.reference.hash));
    await wanting(world, isolate);
    expect(isolate.holder.status(Date.now()).problems.lists).toHaveLength(1);
    world.publish({ number: 2 }, await releaseNamed("next"));
    await world.pass(60 * SECOND);
    await isolate.request();
    expect(isolate.holder.status(Date.now())).toMatchObject({ number: 2, problems: { lists: [] } });
  });

  test("a list of another kind does not stand in", async () => {
    const { world, isolate, list } = await publishedWith("1");
    await wanting(world, isolate);
    world.publish({ number: 2 }, await releaseNamed("next", { bad: { ...list.reference, kind: "host", hash: "0".repeat(64) } }));
    await world.pass(60 * SECOND);
    await isolate.request();
    expect((await isolate.request()).state?.ruleset.lists.isLoaded("bad")).toBe(false);
  });

  test("a release that holds the list itself needs no document, and the other way round the list in it stands in", async () => {
    const { world, isolate, list } = await publishedWith("1");
    await wanting(world, isolate);
    world.publish({ number: 2 }, await releaseNamed("inline", { bad: compileList("asn", ["3"]).list }));
    await world.pass(60 * SECOND);
    await isolate.request();
    const inline = (await isolate.request()).state?.ruleset.lists ?? expect.fail("no release");
    expect([has(inline, 1), has(inline, 3), inline.wanted("bad")]).toEqual([false, true, null]);
    world.publish({ number: 3 }, await releaseNamed("again", { bad: list.reference }));
    world.cache.clear();
    world.kv.missing.add(listKey(list.reference.hash));
    await world.pass(HOUR);
    await isolate.request();
    await world.pass(SECOND);
    const again = (await isolate.request()).state?.ruleset.lists ?? expect.fail("no release");
    expect([again.isLoaded("bad"), has(again, 3), again.outdated()]).toEqual([true, true, ["bad"]]);
  });

  test("requests of two releases that wait for one load both get the list", async () => {
    const { world, list } = await publishedWith("1");
    const tables = [createListTable({ bad: list.reference }), createListTable({ worse: list.reference })] as const;
    const sources = { ports: world.ports, copies: createCopies("test"), memory: createListMemory() };
    world.kv.latencyMs = 100;
    const loads = [loadWantedLists(tables[0], ["bad"], sources), loadWantedLists(tables[1], ["worse"], sources)];
    await taken(world, Promise.all(loads));
    expect([tables[0].isLoaded("bad"), tables[1].isLoaded("worse"), readsOf(world, list)]).toEqual([true, true, 1]);
  });
});

async function publishedWith(
  ...entries: readonly string[]
): Promise<{ readonly world: World; readonly isolate: Isolate; readonly list: Stored }> {
  const world = createWorld();
  const list = await storedList(...entries);
  seed(world, list);
  const inline = compileList("ip", ["10.0.0.0/8"]).list;
  world.publish({ number: 1 }, await releaseNamed("shop", { bad: list.reference, inline }));
  return { world, list, isolate: world.isolate() };
}
