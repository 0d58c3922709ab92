// The store's side of a pump: a small body is kept in memory until it is whole, then written in one entry with its metadata; a
// large one streams into an entry of its own. Nothing is found under a key before its body is whole, and what was not finished
// is deleted: the store itself would take a body that was cut short for a complete one.

import { CACHE_INLINE_BYTES_MAX } from "../limits.ts";
import type { CacheStore } from "../ports.ts";
import { joined } from "./multipart.ts";
import type { StoreSink } from "./pump.ts";
import { envelopeHeaders } from "./stored.ts";

export interface FillInput {
  readonly cache: CacheStore;
  /** Where a large body goes. */
  readonly bodyUrl: string;
  /** Content-Length; null when the origin gave none. */
  readonly expectedBytes: number | null;
  /** Writes the metadata, with the body itself when it is small. False: nothing was stored. */
  commit(body: FilledBody): Promise<boolean>;
}

export type FilledBody =
  | { readonly kind: "inline"; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: "separate"; readonly bodyUrl: string; readonly bodyBytes: number };

export function cacheFill(input: FillInput): StoreSink {
  const small: Uint8Array[] = [];
  let bodyBytes = 0;
  let large: LargeBody | null = null;
  return {
    // Never waits between two writes of one call: the next call may come before this one is done, and order is everything.
    async write(chunk) {
      bodyBytes += chunk.byteLength;
      if (large === null && bodyBytes <= CACHE_INLINE_BYTES_MAX) {
        small.push(chunk);
        return;
      }
      large ??= openLargeBody(input);
      const sink = large;
      await Promise.all([...small.splice(0), chunk].map((piece) => sink.write(piece)));
    },
    async close() {
      if (large === null) return await input.commit({ kind: "inline", bytes: joined(small) });
      if (!(await large.close())) return false;
      return await input.commit({ kind: "separate", bodyUrl: input.bodyUrl, bodyBytes });
    },
    async abort() {
      small.length = 0;
      await large?.abort();
    },
  };
}

interface LargeBody {
  write(chunk: Uint8Array): Promise<void>;
  close(): Promise<boolean>;
  abort(): Promise<void>;
}

function openLargeBody({ cache, bodyUrl, expectedBytes }: FillInput): LargeBody {
  // With a known length the store can serve ranges, and takes several bodies at once.
  const { readable, writable } = expectedBytes === null ? new IdentityTransformStream() : new FixedLengthStream(expectedBytes);
  const writer = writable.getWriter();
  writer.closed.catch(() => undefined);
  const put = cache.put(bodyUrl, new Response(readable, { headers: envelopeHeaders() }));
  // A store that ends before it was given everything takes nothing more: waiting for it would be for ever.
  let writtenBytes = 0;
  let closing = false;
  const untilStored = async (): Promise<void> => {
    const stored = await put;
    if (!stored || !(closing || writtenBytes === expectedBytes)) throw new Error("the store ended early");
  };
  const ended = untilStored();
  ended.catch(() => undefined);
  const remove = async (): Promise<void> => {
    await put;
    await cache.delete(bodyUrl);
  };
  return {
    async write(chunk) {
      writtenBytes += chunk.byteLength;
      await Promise.race([writer.write(chunk), ended]);
    },
    async close() {
      closing = true;
      await Promise.race([writer.close(), ended]).catch(() => undefined);
      const stored = await ended.then(
        () => true,
        () => false,
      );
      if (!stored) await remove();
      return stored;
    },
    async abort() {
      await writer.abort(new Error("the store was given up")).catch(() => undefined);
      await remove();
    },
  };
}
