// The content of a 206 with several ranges: multipart/byteranges (RFC 9110 14.6). Pure: it says what is sent in which order, and how
// much that is; whoever has the bytes puts them in.

import { formatContentRange, rangeLength, type ByteRange } from "../http/range.ts";

/** Bytes of our own, or some of the stored ones. */
export type Piece = Uint8Array | ByteRange;

export interface Multipart {
  readonly contentType: string;
  readonly pieces: readonly Piece[];
}

/**
 * @param size - Bytes of the whole.
 * @param content - Its type, and a random boundary, which occurs nowhere in the bytes, or a part would end early.
 */
export function multipart(ranges: readonly ByteRange[], size: number, content: { type: string | null; boundary: string }): Multipart {
  const encoder = new TextEncoder();
  const type = content.type === null ? "" : `Content-Type: ${content.type}\r\n`;
  const pieces: Piece[] = ranges.flatMap((range) => [
    encoder.encode(`\r\n--${content.boundary}\r\n${type}Content-Range: ${formatContentRange(range, size)}\r\n\r\n`),
    range,
  ]);
  pieces.push(encoder.encode(`\r\n--${content.boundary}--\r\n`));
  return { contentType: `multipart/byteranges; boundary=${content.boundary}`, pieces };
}

export function lengthOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, piece) => sum + (piece instanceof Uint8Array ? piece.byteLength : rangeLength(piece)), 0);
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
