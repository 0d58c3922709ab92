// A small answer, read whole before its visitor gets the first byte: one that breaks in the middle can then be asked for elsewhere.
// What comes too slowly is handed over as far as it came. Called by the fetch stage; it never judges and never asks anybody.

import { byteReader } from "../http/byte-stream.ts";
import type { ByteReader } from "../http/byte-stream.ts";
import { HELD_BYTES_ISOLATE_MAX } from "../limits.ts";
import type { Leases } from "./leases.ts";

export type Held =
  | { readonly kind: "whole"; readonly bytes: Uint8Array }
  /** Time is over: this came, and the reader has the rest. */
  | { readonly kind: "begun"; readonly bytes: Uint8Array; readonly reader: ByteReader }
  /** It broke, or was not as long as declared. */
  | { readonly kind: "broken" };

export interface HoldOptions {
  /** As declared. */
  readonly length: number;
  /** From now on, in milliseconds. */
  readonly maxMs: number;
}

export async function holdBody(body: ReadableStream<Uint8Array>, { length, maxMs }: HoldOptions): Promise<Held> {
  const reader = byteReader(body);
  // One buffer from the start: what is read has one of its own for each chunk, mostly empty when an origin sends little at a time.
  const bytes = new Uint8Array(length);
  let filled = 0;
  let handedOver = false;
  let timer: ReturnType<typeof setTimeout> | null = null;
  const timeIsOver = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), maxMs);
  });
  let pending: Promise<Uint8Array | null> | null = null;
  const read = async (): Promise<"whole" | "broken"> => {
    try {
      for (;;) {
        pending = reader.read();
        const chunk = await pending;
        if (handedOver) return "broken";
        pending = null;
        if (chunk === null) return filled === length ? "whole" : "broken";
        if (filled + chunk.byteLength > length) return "broken";
        bytes.set(chunk, filled);
        filled += chunk.byteLength;
      }
    } catch {
      return "broken";
    }
  };
  const end = await Promise.race([read(), timeIsOver]);
  if (timer !== null) clearTimeout(timer);
  if (end === "whole") return { kind: "whole", bytes };
  if (end === "late") {
    handedOver = true;
    return { kind: "begun", bytes: bytes.subarray(0, filled), reader: resumedReader(reader, pending) };
  }
  reader.cancel("not as declared").catch(() => undefined);
  return { kind: "broken" };
}

/** A share of what the isolate keeps of answers; null where it has no more, and the answer is passed on as it comes. */
export function takeHoldRoom(inUse: Leases, bytes: number, nowMs: number): (() => void) | null {
  return inUse.inUse(nowMs) + bytes > HELD_BYTES_ISOLATE_MAX ? null : inUse.take(bytes, nowMs);
}

/** Begins with the read that was under way. */
function resumedReader(reader: ByteReader, pending: Promise<Uint8Array | null> | null): ByteReader {
  let first = pending;
  return {
    read() {
      if (first === null) return reader.read();
      const chunk = first;
      first = null;
      return chunk;
    },
    cancel: (reason) => reader.cancel(reason),
  };
}
