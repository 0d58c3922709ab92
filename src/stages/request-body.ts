// Counts a request body of unknown length while it streams to the origin, and cuts the request off when it passes the route's
// limit: a declared length was checked before. Holds nothing back and keeps backpressure.

export interface CountedBody {
  readonly stream: ReadableStream<Uint8Array>;
  /** True once more than the limit has arrived: the answer is then 413, whatever became of the request. */
  exceeded(): boolean;
}

export function countBody(body: ReadableStream<Uint8Array>, bytesMax: number): CountedBody {
  let bytes = 0;
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      if (bytes > bytesMax) controller.error(new RangeError(`the request body is larger than ${bytesMax} bytes`));
      else controller.enqueue(chunk);
    },
  });
  return { stream: body.pipeThrough(counter), exceeded: () => bytes > bytesMax };
}
