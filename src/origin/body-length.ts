// Keeps the declared length of a body that passes through a stream of ours: the runtime sends Content-Length only for a body
// whose length it knows, and such a stream also fails when more or fewer bytes come than were declared. Does nothing where the
// runtime has no such stream (Node, in tests). Called for request bodies and response bodies alike.

type LengthStream = new (length: number) => TransformStream<Uint8Array, Uint8Array>;

export function withLength(stream: ReadableStream<Uint8Array>, length: number | null): ReadableStream<Uint8Array> {
  const { FixedLengthStream: Stream } = globalThis as unknown as { readonly FixedLengthStream?: LengthStream };
  return length === null || Stream === undefined ? stream : stream.pipeThrough(new Stream(length));
}

/** Content-Length as a number; null when absent or not a plain number (RFC 9110 8.6). */
export function declaredLength(headers: Headers): number | null {
  const value = headers.get("content-length");
  return value !== null && /^\d{1,15}$/.test(value) ? Number(value) : null;
}
