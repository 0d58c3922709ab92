import fc from "fast-check";
import { expect, test } from "vitest";
import { createLeases } from "../../../src/origin/leases.ts";
import { createReplayBody, takeReplayRoom } from "../../../src/origin/replay.ts";
import { LEASE_MS, REPLAY_BYTES_ISOLATE_MAX } from "../../../src/limits.ts";

const CLOCK = { nowMs: () => 7 };

function source(chunks: readonly Uint8Array[]): { stream: ReadableStream<Uint8Array>; taken: () => number } {
  let taken = 0;
  const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    const chunk = chunks[taken];
    if (chunk === undefined) return controller.close();
    taken += 1;
    controller.enqueue(chunk);
  };
  return { stream: new ReadableStream({ pull }, { highWaterMark: 0 }), taken: () => taken };
}

async function bytesOf(stream: ReadableStream<Uint8Array>): Promise<number[]> {
  return [...new Uint8Array(await new Response(stream).arrayBuffer())];
}

test("one chunk is read ahead of the origin, and not two", async () => {
  const { stream, taken } = source([new Uint8Array(1), new Uint8Array(1), new Uint8Array(1)]);
  createReplayBody(stream, { bytesMax: 10, length: null, clock: CLOCK }).open();
  await new Promise((resolve) => setImmediate(resolve));
  expect(taken()).toBe(1);
});

test("a body up to the limit can be sent again, one byte more cannot", async () => {
  for (const [length, again] of [
    [10, true],
    [11, false],
  ] as const) {
    const body = createReplayBody(source([new Uint8Array(length)]).stream, { bytesMax: 10, length: null, clock: CLOCK });
    expect(await bytesOf(body.open())).toHaveLength(length);
    expect(body.replayable()).toBe(again);
  }
});

test("a second attempt gets the whole body, wherever the first one stopped", async () => {
  const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 5 }), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(chunks, fc.nat(12), fc.boolean(), async (all, stopAfter, inMidRead) => {
      const body = createReplayBody(source(all).stream, { bytesMax: 1000, length: null, clock: CLOCK });
      const first = body.open().getReader();
      for (let n = 0; n < stopAfter; n += 1) await first.read();
      if (inMidRead) first.read().catch(() => undefined);
      first.cancel().catch(() => undefined);
      expect(body.replayable()).toBe(true);
      expect(await bytesOf(body.open())).toEqual(all.flatMap((chunk) => [...chunk]));
    }),
  );
});

test("a stream that was given up takes no bytes from the next one, however eagerly its origin goes on reading", async () => {
  const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 5 }), { minLength: 3, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(chunks, fc.nat(3), async (all, stopAfter) => {
      const body = createReplayBody(source(all).stream, { bytesMax: 8, length: null, clock: CLOCK });
      const first = body.open().getReader();
      for (let n = 0; n < stopAfter && body.replayable(); n += 1) await first.read();
      if (!body.replayable()) return;
      const second = body.open();
      let ended = false;
      const abandoned = (async () => {
        while (!(await first.read()).done);
        ended = true;
      })();
      abandoned.catch(() => undefined);
      expect(await bytesOf(second)).toEqual(all.flatMap((chunk) => [...chunk]));
      expect(ended).toBe(false);
    }),
  );
});

test("whoever sends the body hears that the visitor's side broke before the stream ends", async () => {
  const stream = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error("gone")) }, { highWaterMark: 0 });
  const body = createReplayBody(stream, { bytesMax: 10, length: null, clock: CLOCK });
  const order: string[] = [];
  body.onBroken(() => order.push("told"));
  await bytesOf(body.open()).catch(() => order.push("ended"));
  expect(order).toEqual(["told", "ended"]);
});

test("a visitor's side that breaks is the visitor's fault, and the body cannot be sent again", async () => {
  const stream = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error("gone")) }, { highWaterMark: 0 });
  const body = createReplayBody(stream, { bytesMax: 10, length: null, clock: CLOCK });
  await expect(bytesOf(body.open())).rejects.toThrow("gone");
  expect([body.broken(), body.replayable()]).toEqual([true, false]);
});

test("what is in flight is forgotten when it is given back, or after the longest time", () => {
  const leases = createLeases();
  const giveBack = leases.take(5, 0);
  leases.take(3, 10);
  expect(leases.inUse(10)).toBe(8);
  giveBack();
  giveBack();
  expect(leases.inUse(10)).toBe(3);
  expect(leases.inUse(10 + LEASE_MS - 1)).toBe(3);
  expect(leases.inUse(10 + LEASE_MS)).toBe(0);
});

test("an isolate keeps so many bytes of bodies and not one more; what is given back can be taken again", () => {
  const leases = createLeases();
  const first = takeReplayRoom(leases, REPLAY_BYTES_ISOLATE_MAX - 10, 0);
  expect(takeReplayRoom(leases, 11, 0).bytesMax).toBe(0);
  expect(takeReplayRoom(leases, 10, 0).bytesMax).toBe(10);
  first.giveBack();
  expect(takeReplayRoom(leases, 11, 0).bytesMax).toBe(11);
});

test("a body that drips in holds its own bytes, not the buffers that they were read into", async () => {
  const drops = Array.from({ length: 8 }, (_, index) => new Uint8Array(65_536).subarray(index, index + 1));
  const body = createReplayBody(source(drops).stream, { bytesMax: 10, length: null, clock: CLOCK });
  await bytesOf(body.open());
  const again = body.open().getReader();
  const buffers: number[] = [];
  for (let read = await again.read(); !read.done; read = await again.read()) buffers.push(read.value.buffer.byteLength);
  expect(buffers).toEqual(drops.map(() => 1));
});
