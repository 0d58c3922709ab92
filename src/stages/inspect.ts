// Reads the beginning of a request's body for rules that look at it, and gives the body back whole: what was read, followed by the
// rest as it comes. Holds no more than the limit and one read beyond it. Called by `judge.ts`, and only when a rule that can still
// match needs it.

import type { InspectionSnapshot } from "../config/rule-snapshot.ts";
import type { EdgeError } from "../errors.ts";
import type { Facts } from "../facts.ts";
import type { BodyFacts } from "../firewall/context.ts";
import { byteReader, type ByteReader } from "../http/byte-stream.ts";
import { startStallWatch } from "../http/stall-watch.ts";
import { BODY_FIRST_READ_BYTES, INSPECTION_IDLE_MS_MAX, INSPECTION_MS_MAX } from "../limits.ts";
import type { Ports } from "../ports.ts";
import { fail, ok, type Result } from "../result.ts";

export interface InspectInput {
  readonly body: ReadableStream<Uint8Array> | null;
  readonly facts: Pick<Facts, "method" | "contentLength">;
  readonly policy: InspectionSnapshot;
  readonly ports: Pick<Ports, "clock">;
  /** Room for so many bytes in all, in place of what was given before; false where there is none. */
  readonly grow: (bytes: number) => boolean;
}

export type Inspected =
  | {
      readonly kind: "inspected";
      readonly facts: BodyFacts;
      /** In place of the one that was handed in. Its length is not declared: whoever sends it does that. */
      readonly body: ReadableStream<Uint8Array> | null;
    }
  | { readonly kind: "refused"; readonly error: EdgeError };

/** Never throws. A body that breaks off, or does not come, is refused: nothing is decided on what a visitor only began to say. */
export async function inspectBody({ body, facts, policy, ports, grow }: InspectInput): Promise<Inspected> {
  // No origin gets the body of a GET or HEAD.
  if (body === null || facts.method === "GET" || facts.method === "HEAD") return { kind: "inspected", facts: EMPTY, body };
  const { contentLength: length } = facts;
  const { bytesMax, over } = policy;
  const isLong = length !== null && length > bytesMax;
  if (isLong && over !== "prefix") return inspected(judgeBody(over, { bytes: "", truncated: true }), body);
  const reader = byteReader(body);
  const prefix = await readPrefix(reader, { bytesMax, length, clock: ports.clock, grow });
  if (prefix === "no-room") return { kind: "refused", error: NO_ROOM };
  if (prefix === null) return { kind: "refused", error: { code: "body-incomplete" } };
  const seen = { bytes: byteString(prefix.bytes.subarray(0, bytesMax)), truncated: prefix.bytes.byteLength > bytesMax };
  return inspected(judgeBody(over, seen), followedBy(prefix.bytes, prefix.ended ? null : reader));
}

function inspected(seen: Result<BodyFacts, EdgeError>, body: ReadableStream<Uint8Array>): Inspected {
  return seen.ok ? { kind: "inspected", facts: seen.value, body } : { kind: "refused", error: seen.error };
}

/** What is not looked at must not pass either, or many uploads at once would open a way around the rules. */
const NO_ROOM: EdgeError = { code: "busy", retryAfterSeconds: 2 };

const EMPTY: BodyFacts = { bytes: "", truncated: false };

/** What rules see of a body that may be longer than they may look at, as the config says. */
export function judgeBody(over: InspectionSnapshot["over"], seen: BodyFacts): Result<BodyFacts, EdgeError> {
  if (!seen.truncated) return ok(seen);
  switch (over) {
    case "prefix":
      return ok(seen);
    case "skip":
      return ok({ bytes: "", truncated: true, passedOver: true });
    case "block":
      return fail({ code: "body-too-large" });
    default:
      return over satisfies never;
  }
}

interface PrefixOptions {
  readonly bytesMax: number;
  /** As declared; null when unknown. */
  readonly length: number | null;
  readonly clock: Ports["clock"];
  readonly grow: InspectInput["grow"];
}

interface Prefix {
  /** More than the limit where there is more. */
  readonly bytes: Uint8Array;
  readonly ended: boolean;
}

/** Null when the visitor left, or sent nothing for too long. */
async function readPrefix(reader: ByteReader, { bytesMax, length, clock, grow }: PrefixOptions): Promise<Prefix | "no-room" | null> {
  const stop = (): void => void reader.cancel(new Error("the visitor sent nothing, or not enough")).catch(() => undefined);
  const watch = startStallWatch({ ms: INSPECTION_IDLE_MS_MAX, clock }, stop);
  // Waits for the whole, whatever comes meanwhile.
  const whole = startStallWatch({ ms: INSPECTION_MS_MAX, clock }, stop);
  whole.waiting();
  // Copied together: a read of one byte would keep its whole buffer alive.
  // Only for what came: a visitor who announces much and sends little holds no room.
  let buffer = new Uint8Array(Math.min(length ?? BODY_FIRST_READ_BYTES, BODY_FIRST_READ_BYTES, bytesMax));
  let size = 0;
  try {
    while (size <= bytesMax) {
      if (length !== null && size >= length) return { bytes: buffer.subarray(0, size), ended: true };
      watch.waiting();
      const chunk = await reader.read();
      watch.received();
      if (watch.stalled() || whole.stalled()) return null;
      // An end before the declared one is a visitor who left.
      if (chunk === null) return length !== null ? null : { bytes: buffer.subarray(0, size), ended: true };
      const wanted = roomFor(buffer.byteLength, size + chunk.byteLength);
      if (!grow(wanted)) {
        stop();
        return "no-room";
      }
      if (wanted > buffer.byteLength) buffer = copyOf(buffer, size, wanted);
      buffer.set(chunk, size);
      size += chunk.byteLength;
    }
    return { bytes: buffer.subarray(0, size), ended: false };
  } catch {
    return null;
  } finally {
    watch.stop();
    whole.stop();
  }
}

/** The buffer doubles, so that all copies together cost as much as one. */
function roomFor(have: number, need: number): number {
  return need <= have ? have : Math.max(need, have * 2);
}

function copyOf(buffer: Uint8Array, size: number, length: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(length);
  larger.set(buffer.subarray(0, size));
  return larger;
}

/** Nothing is read before somebody asks; an end with an error, and a reader who leaves, are passed on. */
function followedBy(prefix: Uint8Array, rest: ByteReader | null): ReadableStream<Uint8Array> {
  let pending: Uint8Array | null = prefix.byteLength === 0 ? null : prefix;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller): Promise<void> {
        const chunk = pending ?? (await rest?.read()) ?? null;
        pending = null;
        if (chunk === null) controller.close();
        else controller.enqueue(chunk);
      },
      async cancel(reason): Promise<void> {
        await rest?.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

/** One character for each byte. */
function byteString(bytes: Uint8Array): string {
  let text = "";
  // As many arguments as any engine takes in one call.
  for (let start = 0; start < bytes.byteLength; start += BYTES_AT_ONCE) {
    text += String.fromCharCode(...bytes.subarray(start, start + BYTES_AT_ONCE));
  }
  return text;
}

const BYTES_AT_ONCE = 8_192;
