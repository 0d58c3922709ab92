// The content of a 206 with several ranges: multipart/byteranges (RFC 9110 14.6). Pure: bytes in, bytes out.

import { formatContentRange, type ByteRange } from "../http/range.ts";

export interface Multipart {
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

/** @param boundary - Random; occurs nowhere in the bytes, or a part would end early. */
export function multipartRanges(
  whole: Uint8Array,
  ranges: readonly ByteRange[],
  content: { type: string | null; boundary: string },
): Multipart {
  const encoder = new TextEncoder();
  const pieces: Uint8Array[] = [];
  for (const range of ranges) {
    const type = content.type === null ? "" : `Content-Type: ${content.type}\r\n`;
    const head = `\r\n--${content.boundary}\r\n${type}Content-Range: ${formatContentRange(range, whole.byteLength)}\r\n\r\n`;
    pieces.push(encoder.encode(head), whole.subarray(range.start, range.end + 1));
  }
  pieces.push(encoder.encode(`\r\n--${content.boundary}--\r\n`));
  return { contentType: `multipart/byteranges; boundary=${content.boundary}`, bytes: joined(pieces) };
}

export function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.byteLength, 0));
  let offset = 0;
  for (const piece of pieces) {
    bytes.set(piece, offset);
    offset += piece.byteLength;
  }
  return bytes;
}
