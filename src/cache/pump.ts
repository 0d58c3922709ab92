// One reader, two writers: a response goes to the visitor while it is stored. The origin is read only as fast as the slower of
// the two takes it, so memory stays bounded; `tee` would keep what the slower has not read. Neither can hurt the other: a visitor
// who leaves does not end the store, a store that fails or stalls does not end the answer. Knows streams, nothing of HTTP.

import { CACHE_CLIENT_LAG_BYTES_MAX, CACHE_CLIENT_STALL_MS_MAX, CACHE_STORE_LAG_BYTES_MAX, CACHE_STORE_STALL_MS_MAX } from "../limits.ts";
import { byteReader } from "../http/byte-stream.ts";
import { startStallWatch } from "../http/stall-watch.ts";
import type { Clock } from "../ports.ts";

/** Where the bytes go besides the visitor. */
export interface StoreSink {
  /** Resolves when the chunk is taken. Rejects when the store has failed. */
  write(chunk: Uint8Array): Promise<void>;
  /** The whole body was written. Resolves to false when the store could not be completed. */
  close(): Promise<boolean>;
  /** Nothing of it may stay. */
  abort(): Promise<void>;
}

export interface PumpInput {
  readonly body: ReadableStream<Uint8Array>;
  /** Null when nobody waits for the bytes: a refresh, or an answer without a body. */
  readonly client: WritableStream<Uint8Array> | null;
  /** Fires when the visitor leaves: a stream that nobody will ever read takes no chunk and reports nothing. */
  readonly clientGone: AbortSignal | null;
  readonly store: StoreSink;
  /** Content-Length; null when the origin gave none. */
  readonly expectedBytes: number | null;
  readonly bytesMax: number;
  readonly clock: Clock;
  /** Called once, when it is settled what became of the store: the answer itself may go on for long after that. */
  readonly onStoreEnd?: (end: PumpEnd) => void;
}

/** too-large, stalled and store-failed end the store only; incomplete and failed are the origin's doing. */
export type PumpEnd = "stored" | "too-large" | "stalled" | "store-failed" | "length-mismatch" | "origin-error";

/** Never rejects. What the visitor gets ends as the origin ended it: cleanly, or broken off. */
export async function pump(input: PumpInput): Promise<PumpEnd> {
  const reader = byteReader(input.body);
  const store = storeSide(input.store, input.onStoreEnd ?? (() => undefined));
  const client = clientSide(input, () => void store.drop("stalled"));
  let bytes = 0;
  try {
    for (;;) {
      const read = await reader.read();
      if (read === null) break;
      const chunk = withoutSlack(read);
      bytes += chunk.byteLength;
      if (bytes > input.bytesMax) await store.drop("too-large");
      await store.write(chunk);
      await client.write(chunk);
      if (client.isGone() && store.dropped() !== null) {
        await reader.cancel("nobody wants it").catch(() => undefined);
        return store.dropped() ?? "store-failed";
      }
    }
  } catch (error) {
    await Promise.all([client.abort(error), store.drop("origin-error")]);
    return store.dropped() ?? "origin-error";
  }
  if (input.expectedBytes !== null && bytes !== input.expectedBytes) {
    await Promise.all([client.abort(new Error("the origin's body ended early")), store.drop("length-mismatch")]);
    return store.dropped() ?? "length-mismatch";
  }
  const [end] = await Promise.all([store.finish(), client.close()]);
  return end;
}

/** What waits for the store is counted by its bytes: a few of them must not keep a whole buffer of a read in memory. */
function withoutSlack(chunk: Uint8Array): Uint8Array {
  return chunk.byteLength * 2 <= chunk.buffer.byteLength ? chunk.slice() : chunk;
}

interface ClientSide {
  write(chunk: Uint8Array): Promise<void>;
  close(): Promise<void>;
  abort(reason: unknown): Promise<void>;
  /** The visitor has left, or there never was one. */
  isGone(): boolean;
}

/**
 * A little is handed over without waiting, so that a small answer is stored however slowly its visitor reads.
 *
 * @param onStall - Called when one chunk takes longer than a visitor who reads at all needs; the answer goes on.
 */
function clientSide({ client, clientGone, clock }: PumpInput, onStall: () => void): ClientSide {
  const writer = client?.getWriter() ?? null;
  // Every use of a broken stream rejects; one handler here, so that none is unhandled.
  writer?.closed.catch(() => undefined);
  let gone = writer === null || clientGone?.aborted === true;
  let waitingBytes = 0;
  const leave = (): void => {
    gone = true;
  };
  const watch = startStallWatch({ ms: CACHE_CLIENT_STALL_MS_MAX, clock }, () => (gone ? undefined : onStall()));
  const left = new Promise<void>((resolve) => {
    clientGone?.addEventListener("abort", () => resolve(leave()), { once: true });
  });
  return {
    isGone: () => gone,
    async write(chunk) {
      if (gone || writer === null) return;
      waitingBytes += chunk.byteLength;
      const taken = writer.write(chunk).then(() => void (waitingBytes -= chunk.byteLength), leave);
      if (waitingBytes <= CACHE_CLIENT_LAG_BYTES_MAX) return;
      watch.waiting();
      await Promise.race([taken, left]);
      watch.received();
    },
    async close() {
      watch.stop();
      if (!gone) await Promise.race([writer?.close().catch(leave), left]);
    },
    async abort(reason) {
      watch.stop();
      if (!gone) await writer?.abort(reason).catch(leave);
    },
  };
}

interface StoreSide {
  write(chunk: Uint8Array): Promise<void>;
  finish(): Promise<PumpEnd>;
  /** Ends the store for this reason, unless it has ended already. */
  drop(reason: Exclude<PumpEnd, "stored">): Promise<void>;
  dropped(): Exclude<PumpEnd, "stored"> | null;
}

function storeSide(sink: StoreSink, onEnd: (end: PumpEnd) => void): StoreSide {
  let dropped: Exclude<PumpEnd, "stored"> | null = null;
  let waitingBytes = 0;
  let lastWrite: Promise<void> = Promise.resolve();
  let failed = false;
  const drop = async (reason: Exclude<PumpEnd, "stored">): Promise<void> => {
    if (dropped !== null) return;
    dropped = reason;
    onEnd(reason);
    await sink.abort().catch(() => undefined);
  };
  const taken = async (chunk: Uint8Array): Promise<void> => {
    try {
      await sink.write(chunk);
      waitingBytes -= chunk.byteLength;
    } catch {
      failed = true;
    }
  };
  return {
    drop,
    dropped: () => dropped,
    async write(chunk) {
      if (dropped !== null) return;
      waitingBytes += chunk.byteLength;
      lastWrite = taken(chunk);
      if (waitingBytes > CACHE_STORE_LAG_BYTES_MAX && !(await settlesInTime(lastWrite))) await drop("stalled");
      if (failed) await drop("store-failed");
    },
    async finish() {
      if (dropped === null && !(await settlesInTime(lastWrite))) await drop("stalled");
      if (failed) await drop("store-failed");
      if (dropped !== null) return dropped;
      const end = (await sink.close().catch(() => false)) ? "stored" : "store-failed";
      onEnd(end);
      return end;
    },
  };
}

async function settlesInTime(work: Promise<void>): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), CACHE_STORE_STALL_MS_MAX);
  });
  const settled = await Promise.race([work.then(() => true), late]);
  if (timer !== undefined) clearTimeout(timer);
  return settled;
}
