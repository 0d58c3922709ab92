// Ranges out of streams that can only be read from their start, one after the other into one stream. Knows streams, nothing of HTTP.

import { byteReader } from "../http/byte-stream.ts";
import type { ByteRange } from "../http/range.ts";
import type { Piece } from "./multipart.ts";

/** A stream, and what of it is meant. */
export interface RangeSource {
  readonly stream: ReadableStream<Uint8Array>;
  readonly range: ByteRange;
}

/**
 * Writes the pieces in their order and ends the target. Never rejects: a reader who leaves ends it, a source that breaks or is too short
 * breaks the target.
 *
 * @param open - Called when a range's turn has come.
 */
export async function writeAll(
  pieces: readonly Piece[],
  target: WritableStream<Uint8Array>,
  open: (range: ByteRange) => Promise<RangeSource>,
): Promise<void> {
  const writer = target.getWriter();
  writer.closed.catch(() => undefined);
  try {
    for (const piece of pieces) {
      if (piece instanceof Uint8Array) await writer.write(piece);
      else await writeRange(await open(piece), writer);
    }
    await writer.close();
  } catch (cause) {
    await writer.abort(cause).catch(() => undefined);
  }
}

/** Leaves the rest of the stream unread. */
async function writeRange({ stream, range }: RangeSource, writer: WritableStreamDefaultWriter<Uint8Array>): Promise<void> {
  const reader = byteReader(stream);
  let offset = 0;
  try {
    while (offset <= range.end) {
      const value = await reader.read();
      if (value === null) throw new Error("the stored body is shorter than its metadata says");
      const chunk = value.subarray(Math.max(0, range.start - offset), Math.max(0, range.end + 1 - offset));
      offset += value.byteLength;
      if (chunk.byteLength > 0) await writer.write(chunk);
    }
  } finally {
    await reader.cancel("the range is read").catch(() => undefined);
  }
}
