// The visitor's request body, sendable more than once while it is small: it streams to the first origin at once, and what has
// passed is kept up to a limit, so that a second attempt begins with the kept part and goes on with the rest. Past the limit
// it is a plain stream, sendable once. Never reads ahead of the origin. Made by the fetch stage, one per request.

import type { Clock } from "../ports.ts";

export interface ReplayBody {
  /** The whole body from its first byte. Only the latest stream may be read; ask `replayable` before a second one. */
  open(): ReadableStream<Uint8Array>;
  /** False once bytes went out that were not kept, or the visitor's side broke. */
  replayable(): boolean;
  /** The origin is ready and the visitor has not sent the next bytes: such a wait is never the origin's fault. */
  waitsForVisitor(): boolean;
  /** When bytes last went to an origin; null before the first. */
  lastSentAtMs(): number | null;
  /** The visitor's side ended with an error: it left, or sent more than it may. */
  broken(): boolean;
}

/** `bytesMax`: what may be kept. At most one chunk more is held, the one that passed the limit. */
export function createReplayBody(source: ReadableStream<Uint8Array>, bytesMax: number, clock: Clock): ReplayBody {
  let reader: ReadableStreamDefaultReader<Uint8Array> | null = null;
  let reading: Promise<Uint8Array | null> | null = null;
  let sentAtMs: number | null = null;
  let state: "whole" | "overflowed" | "broken" = "whole";
  let ended = false;
  const kept: Uint8Array[] = [];
  let keptBytes = 0;

  /** The next bytes from the visitor, null at the end. Shared, so that a stream given up in mid-read loses nothing. */
  const next = (): Promise<Uint8Array | null> => {
    reader ??= source.getReader();
    reading ??= take(reader).finally(() => (reading = null));
    return reading;
  };
  const take = async (from: ReadableStreamDefaultReader<Uint8Array>): Promise<Uint8Array | null> => {
    try {
      const { done, value } = await from.read();
      if (done) ended = true;
      else keep(value);
      return done ? null : value;
    } catch (error) {
      state = "broken";
      throw error;
    }
  };
  const keep = (chunk: Uint8Array): void => {
    if (state !== "whole") return;
    kept.push(chunk);
    keptBytes += chunk.byteLength;
    if (keptBytes > bytesMax) state = "overflowed";
  };
  const open = (): ReadableStream<Uint8Array> => {
    let position = 0;
    const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
      const old = kept[position];
      const chunk = old ?? (ended ? null : await next());
      position += 1;
      // The end counts as sent too: from here on the origin is the one to be waited for.
      sentAtMs = clock.nowMs();
      if (chunk === null) return controller.close();
      controller.enqueue(chunk);
    };
    // A mark of 0: nothing is taken from the visitor before the origin asks for it.
    return new ReadableStream({ pull }, { highWaterMark: 0 });
  };

  return {
    open,
    replayable: () => state === "whole",
    waitsForVisitor: () => reading !== null,
    lastSentAtMs: () => sentAtMs,
    broken: () => state === "broken",
  };
}
