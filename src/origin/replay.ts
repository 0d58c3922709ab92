// The visitor's request body, sendable more than once while it is small: it streams to the first origin at once, and what has
// passed is kept up to a limit, so that a second attempt begins with the kept part and goes on with the rest. Past the limit
// it is a plain stream, sendable once. Reads one chunk ahead of the origin at most. Made by the fetch stage, one per request.

import { REPLAY_BYTES_ISOLATE_MAX } from "../limits.ts";
import type { Clock } from "../ports.ts";
import { bytePipe, byteReader } from "../http/byte-stream.ts";
import type { ByteReader } from "../http/byte-stream.ts";
import type { Leases } from "./leases.ts";

export interface ReplayBody {
  /** The whole body from its first byte. Only the latest stream may be read; ask `replayable` before a second one. */
  open(): ReadableStream<Uint8Array>;
  /** False once bytes were read that were not kept, or the visitor's side broke. */
  replayable(): boolean;
  /** The visitor has not sent the next bytes yet: such a wait is never the origin's fault. */
  waitsForVisitor(): boolean;
  /** When an origin last took bytes, or the end; null before. */
  lastSentAtMs(): number | null;
  /** The visitor's side ended with an error: it left, or sent more than it may. */
  broken(): boolean;
  /**
   * Called when the visitor's side breaks, before the stream fails. The request must then be cut off as a whole: of a stream that
   * fails workerd makes a chunked body that ends in good order, and the origin would take what it has for all. One listener, the
   * latest.
   */
  onBroken(listener: () => void): void;
}

export interface ReplayOptions {
  /** What may be kept. At most one chunk more is held, the one that passed the limit. */
  readonly bytesMax: number;
  /** As declared; null when unknown. */
  readonly length: number | null;
  readonly clock: Clock;
}

export function createReplayBody(source: ReadableStream<Uint8Array>, { bytesMax, length, clock }: ReplayOptions): ReplayBody {
  let reader: ByteReader | null = null;
  let reading: Promise<Uint8Array | null> | null = null;
  let sentAtMs: number | null = null;
  let state: "whole" | "overflowed" | "broken" = "whole";
  const kept: Uint8Array[] = [];
  let keptBytes = 0;
  let latest: WritableStreamDefaultWriter<Uint8Array> | null = null;
  let tellBroken = (): void => undefined;

  const take = async (from: ByteReader): Promise<Uint8Array | null> => {
    try {
      const chunk = await from.read();
      if (chunk !== null && state === "whole") {
        kept.push(compact(chunk));
        keptBytes += chunk.byteLength;
        if (keptBytes > bytesMax) state = "overflowed";
      }
      return chunk;
    } catch (error) {
      state = "broken";
      tellBroken();
      throw error;
    } finally {
      reading = null;
    }
  };
  /** The next bytes from the visitor. Shared, so that a stream given up in mid-read loses nothing. */
  const next = (): Promise<Uint8Array | null> => {
    reader ??= byteReader(source);
    reading ??= take(reader);
    return reading;
  };
  const send = async (writer: WritableStreamDefaultWriter<Uint8Array>): Promise<void> => {
    for (let position = 0; ; position += 1) {
      const chunk = kept[position] ?? (await next());
      // An origin that failed early may go on reading: bytes that are not kept belong to the latest stream alone. This one is left
      // open, since an end would make what it has look like the whole.
      if (writer !== latest) return;
      if (chunk === null) break;
      await writer.write(chunk);
      if (writer !== latest) return;
      // The end counts as sent too: from the last byte on the origin is the one to be waited for.
      sentAtMs = clock.nowMs();
    }
    await writer.close();
    sentAtMs = clock.nowMs();
  };
  const open = (): ReadableStream<Uint8Array> => {
    const { readable, writable } = bytePipe(length);
    const writer = writable.getWriter();
    latest = writer;
    // An origin that ends the request early breaks the pipe; the attempt learns that from fetch.
    send(writer).catch((error: unknown) => writer.abort(error).catch(() => undefined));
    return readable;
  };

  return {
    open,
    replayable: () => state === "whole",
    waitsForVisitor: () => reading !== null,
    lastSentAtMs: () => sentAtMs,
    broken: () => state === "broken",
    onBroken: (listener) => {
      tellBroken = listener;
    },
  };
}

/** A read of one byte would keep its whole buffer alive: a body that drips in would hold a thousand times its size. */
function compact(chunk: Uint8Array): Uint8Array {
  return chunk.byteLength * 2 < chunk.buffer.byteLength ? chunk.slice() : chunk;
}

/** A share of what the isolate keeps of request bodies, all requests together. */
export interface ReplayRoom {
  readonly bytesMax: number;
  giveBack(): void;
}

export const NO_ROOM: ReplayRoom = { bytesMax: 0, giveBack: () => undefined };

/** The room that was asked for, or none where the isolate has no more: the body is then sendable once. */
export function takeReplayRoom(inUse: Leases, bytes: number, nowMs: number): ReplayRoom {
  if (inUse.inUse(nowMs) + bytes > REPLAY_BYTES_ISOLATE_MAX) return NO_ROOM;
  return { bytesMax: bytes, giveBack: inUse.take(bytes, nowMs) };
}
