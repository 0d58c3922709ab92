// What the pump hands on keeps no more memory than its bytes: the store may hold it back, and counts bytes.

import { expect, test } from "vitest";
import { pump, type PumpInput } from "../../../src/cache/pump.ts";

/** Pieces as reads into large buffers bring them. */
function source(pieces: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
}

async function stored(pieces: readonly Uint8Array[]): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  const store = { write: async (chunk: Uint8Array) => void chunks.push(chunk), close: async () => true, abort: async () => undefined };
  const limits = { expectedBytes: null, bytesMax: 1e9, clock: { nowMs: () => 0 } };
  const input: PumpInput = { body: source(pieces), client: null, clientGone: null, store, ...limits };
  expect(await pump(input)).toBe("stored");
  return chunks;
}

test.each([
  { bytes: 1, held: 1 },
  { bytes: 512, held: 512 },
  { bytes: 513, held: 1_024 },
  { bytes: 1_024, held: 1_024 },
])("$bytes bytes in a buffer of 1,024 keep $held in memory", async ({ bytes, held }) => {
  const piece = new Uint8Array(1_024).fill(7).subarray(0, bytes);
  const [chunk] = await stored([piece]);
  expect([chunk?.buffer.byteLength, chunk?.byteLength, chunk?.every((byte) => byte === 7)]).toEqual([held, bytes, true]);
});
