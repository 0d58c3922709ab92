// Reading a small answer whole: what is kept in memory is the answer, however it comes.

import { expect, test } from "vitest";
import { holdBody } from "../../../src/origin/hold.ts";

/** One byte at a time, and then silence, as a connection gives them: into the reader's own buffer. */
function dripping(count: number): ReadableStream<Uint8Array> {
  let left = count;
  const source: UnderlyingByteSource = {
    type: "bytes",
    pull: ({ byobRequest }) => {
      const view = byobRequest?.view;
      if (left === 0 || view === null || view === undefined) return new Promise(() => undefined);
      new Uint8Array(view.buffer, view.byteOffset, 1)[0] = 65 + (count - left);
      left -= 1;
      byobRequest?.respond(1);
      return undefined;
    },
  };
  return new ReadableStream(source);
}

test("an answer that comes in many small pieces takes no more memory than it has bytes", async () => {
  const held = await holdBody(dripping(20), { length: 100, maxMs: 30 });
  if (held.kind !== "begun") throw new Error(held.kind);
  expect(new TextDecoder().decode(held.bytes)).toBe("ABCDEFGHIJKLMNOPQRST");
  expect(held.bytes.buffer.byteLength).toBe(100);
});

test.each([
  ["as declared", 3, "whole"],
  ["longer", 2, "broken"],
  ["shorter", 4, "broken"],
])("an answer that is %s: %#", async (_, length, kind) => {
  expect((await holdBody(new Blob(["abc"]).stream() as ReadableStream<Uint8Array>, { length, maxMs: 1000 })).kind).toBe(kind);
});
