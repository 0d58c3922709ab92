import { expect, test } from "vitest";
import { deadConfigStore, unchangedCache } from "../../../src/drill/stores.ts";
import type { CacheStore } from "../../../src/ports.ts";

/** A cache that says what was done to it. */
function recorded(): { cache: CacheStore; done: string[] } {
  const done: string[] = [];
  const cache: CacheStore = {
    match(key, range) {
      done.push(`match ${key} ${range ?? ""}`.trim());
      return Promise.resolve(new Response("kept"));
    },
    put(key) {
      done.push(`put ${key}`);
      return Promise.resolve(true);
    },
    delete(key) {
      done.push(`delete ${key}`);
      return Promise.resolve(true);
    },
  };
  return { cache, done };
}

test("it is read, and never changed", async () => {
  const { cache, done } = recorded();
  const drilled = unchangedCache(cache, false);
  expect(await (await drilled.match("a", "bytes=0-1"))?.text()).toBe("kept");
  expect(await drilled.put("b", new Response("x"))).toBe(true);
  expect(await drilled.delete("c")).toBe(true);
  expect(done).toEqual(["match a bytes=0-1"]);
});

test("off, it is not even read", async () => {
  const { cache, done } = recorded();
  expect(await unchangedCache(cache, true).match("a")).toBeUndefined();
  expect(done).toEqual([]);
});

test("what would have been stored is taken in to its end, or else was not stored", async () => {
  const drilled = unchangedCache(recorded().cache, false);
  let pulled = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulled += 1;
      if (pulled > 20) controller.close();
      else controller.enqueue(new Uint8Array(1000));
    },
  });
  expect(await drilled.put("a", new Response(body))).toBe(true);
  expect(pulled).toBe(21);
  const broken = new ReadableStream({ pull: (controller) => controller.error(new Error("lost")) });
  expect(await drilled.put("a", new Response(broken))).toBe(false);
  expect(await drilled.put("a", new Response(null))).toBe(true);
});

test("KV that is down fails every read and write, as a rejection", async () => {
  await expect(deadConfigStore.get("current")).rejects.toThrow("KV cannot be reached");
  await expect(deadConfigStore.getAll(["current"])).rejects.toThrow("KV cannot be reached");
  await expect(deadConfigStore.put("health", "")).rejects.toThrow("KV cannot be reached");
});
