// An origin's answer on its way to whoever reads it. When the origin sends nothing for too long, or its connection breaks, the body is
// continued from another origin where that is possible, and otherwise ends with an error: never as if it were complete. A slow
// visitor is no stall, since only the time spent waiting for the origin counts. Called by the fetch stage for every answer but
// event streams and upgrades, which may be silent for hours.

import { startStallWatch } from "../http/stall-watch.ts";
import type { Clock } from "../ports.ts";
import { bytePipe, byteReader, declaredLength } from "../http/byte-stream.ts";
import type { BytePipe, ByteReader } from "../http/byte-stream.ts";

export interface BodyOptions {
  readonly idleMs: number;
  readonly clock: Clock;
  /** What was read of the body already, and who reads on; null when nobody has begun. */
  readonly begun: BegunBody | null;
  /** The body from this byte on, from another origin; null when nobody has it. Absent: it cannot be continued. */
  readonly resume: Resume | null;
}

export interface BegunBody {
  readonly bytes: Uint8Array;
  readonly reader: ByteReader;
}

/** Called each time the body ends too early, until it answers null. */
export type Resume = (offset: number, end: BodyEnd) => Promise<ReadableStream<Uint8Array> | null>;

/** silent: nothing came for too long. */
export type BodyEnd = "broken" | "silent";

/** The response with its body guarded, or the response itself where there is nothing to guard. */
export function guardBody(response: Response, options: BodyOptions): Response {
  const { body, status } = response;
  const { begun } = options;
  if (body === null || status < 200 || status > 599) return response;
  if (begun === null && /^text\/event-stream\b/i.test(response.headers.get("content-type") ?? "")) return response;
  const length = declaredLength(response.headers);
  const { readable, writable } = bytePipe(length);
  void pump(begun ?? { bytes: new Uint8Array(), reader: byteReader(body) }, writable, { ...options, length });
  return withBody(response, readable);
}

/** The bytes are as the origin encoded them; without `manual` the platform would encode them once more. */
export function withBody({ status, statusText, headers }: Response, body: ReadableStream<Uint8Array> | Uint8Array): Response {
  const init = { status, statusText, headers, encodeBody: "manual" };
  return new Response(body as BodyInit, init as ResponseInit);
}

interface PumpOptions extends BodyOptions {
  /** As declared; null when unknown. */
  readonly length: number | null;
}

/** Carries the body over, chunk by chunk. Never rejects: an end with an error reaches the reader as one. */
async function pump(body: BegunBody, writable: BytePipe["writable"], options: PumpOptions): Promise<void> {
  const writer = writable.getWriter();
  let source = sourceOf(body.reader, options);
  let sent = 0;
  try {
    if (body.bytes.byteLength > 0) await writer.write(body.bytes);
    sent = body.bytes.byteLength;
    for (;;) {
      const end = await carry(source, { sent, length: options.length, write: (chunk) => writer.write(chunk) });
      sent = end.sent;
      if (end.kind === "complete") break;
      const next = options.resume === null ? null : await options.resume(sent, end.how);
      if (next === null) throw end.reason;
      source = sourceOf(byteReader(next), options);
    }
    await writer.close();
  } catch (error) {
    // Either side may have broken; the other one is told.
    await Promise.allSettled([source.cancel(error), writer.abort(error)]);
  }
}

type CarryEnd =
  | { readonly kind: "complete"; readonly sent: number }
  | { readonly kind: "broken"; readonly sent: number; readonly how: BodyEnd; readonly reason: unknown };

interface Carriage {
  readonly sent: number;
  readonly length: number | null;
  readonly write: (chunk: Uint8Array) => Promise<void>;
}

/** Until the end of the source. Throws when the writing side breaks: then nobody is left to continue for. */
async function carry(source: Source, { sent: before, length, write }: Carriage): Promise<CarryEnd> {
  let sent = before;
  for (;;) {
    const next = await source.next();
    if (next.kind === "broken") return { ...next, sent };
    if (next.chunk === null) {
      if (length === null || sent >= length) return { kind: "complete", sent };
      const reason = new Error(`the origin ended its answer after ${sent} of ${length} bytes`);
      return { kind: "broken", sent, how: "broken", reason };
    }
    await write(next.chunk);
    sent += next.chunk.byteLength;
  }
}

interface SourceBroken {
  readonly kind: "broken";
  readonly how: BodyEnd;
  readonly reason: unknown;
}

interface Source {
  next(): Promise<{ readonly kind: "chunk"; readonly chunk: Uint8Array | null } | SourceBroken>;
  cancel(reason: unknown): Promise<void>;
}

/** A reader whose waits are watched. */
function sourceOf(reader: ByteReader, { idleMs, clock }: BodyOptions): Source {
  const stall = new Error(`the origin sent nothing for ${idleMs} ms`);
  const watch = startStallWatch({ ms: idleMs, clock }, () => {
    reader.cancel(stall).catch(() => undefined);
  });
  const broken = (reason: unknown): SourceBroken => {
    watch.stop();
    return watch.stalled() ? { kind: "broken", how: "silent", reason: stall } : { kind: "broken", how: "broken", reason };
  };
  return {
    async next() {
      watch.waiting();
      try {
        const chunk = await reader.read();
        watch.received();
        if (watch.stalled()) return broken(stall);
        if (chunk === null) watch.stop();
        return { kind: "chunk", chunk };
      } catch (error) {
        return broken(error);
      }
    },
    async cancel(reason) {
      watch.stop();
      await reader.cancel(reason);
    },
  };
}
