// One range out of a stream that can only be read from its start. Knows streams, nothing of HTTP.

import type { ByteRange } from "../http/range.ts";

/** Copies the range and leaves the rest unread. Never rejects: a reader who leaves ends it, a source that breaks breaks the copy. */
export async function copyRange(source: ReadableStream<Uint8Array>, range: ByteRange, target: WritableStream<Uint8Array>): Promise<void> {
  const reader = source.getReader();
  const writer = target.getWriter();
  writer.closed.catch(() => undefined);
  let offset = 0;
  try {
    while (offset <= range.end) {
      const { done, value } = await reader.read();
      if (done) throw new Error("the stored body is shorter than its metadata says");
      const chunk = value.subarray(Math.max(0, range.start - offset), Math.max(0, range.end + 1 - offset));
      offset += value.byteLength;
      if (chunk.byteLength > 0) await writer.write(chunk);
    }
    await writer.close();
  } catch (cause) {
    await writer.abort(cause).catch(() => undefined);
  }
  await reader.cancel().catch(() => undefined);
}
