// Reading the beginning of a body and giving it back whole, on the streams of workerd.

import { expect, test } from "vitest";
import { INSPECTION_BYTES_MIN } from "../../src/limits.ts";
import { createReplayBody } from "../../src/origin/replay.ts";
import { platformClock } from "../../src/platform/clock.ts";
import { inspectBody, type Inspected } from "../../src/stages/inspect.ts";
import { countBody } from "../../src/stages/request-body.ts";

const LIMIT = INSPECTION_BYTES_MIN;
const ports = { clock: platformClock };

interface Visitor {
  readonly body: ReadableStream<Uint8Array>;
  /** Bytes that it has sent. */
  sent(): number;
  /** Why its body is not wanted any more; undefined while it is. */
  refusal(): unknown;
}

/** Sends chunks as they are asked for. */
function visitor(size: number, chunkBytes: number, breaksAt = Number.POSITIVE_INFINITY): Visitor {
  let sent = 0;
  let refusal: unknown;
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (sent >= breaksAt) return controller.error(new Error("the visitor left"));
        if (sent >= size) return controller.close();
        const chunk = bytesFrom(sent, Math.min(chunkBytes, size - sent));
        sent += chunk.byteLength;
        controller.enqueue(chunk);
      },
      cancel(reason) {
        refusal = reason;
      },
    },
    { highWaterMark: 0 },
  );
  return { body, sent: () => sent, refusal: () => refusal };
}

/** Bytes that differ by their place. */
function bytesFrom(start: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index += 1) bytes[index] = ((start + index) * 31 + ((start + index) >> 8)) & 0xff;
  return bytes;
}

const text = (bytes: Uint8Array): string => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");

/** As the runtime hands bodies of requests over: native, and failing when the declared length is not kept. */
function native(body: ReadableStream<Uint8Array>, length: number | null): ReadableStream<Uint8Array> {
  const pipe = length === null ? new IdentityTransformStream() : new FixedLengthStream(length);
  // Whoever breaks it learns so from the other end.
  body.pipeTo(pipe.writable).catch(() => undefined);
  return pipe.readable;
}

interface Options {
  readonly length?: number | null;
  readonly method?: string;
  readonly over?: "prefix" | "block" | "skip";
}

function inspect(
  body: ReadableStream<Uint8Array> | null,
  { length = null, method = "POST", over = "prefix" }: Options = {},
): Promise<Inspected> {
  return inspectBody({ body, facts: { method, contentLength: length }, policy: { bytesMax: LIMIT, over }, ports, grow: () => true });
}

async function read(body: ReadableStream<Uint8Array> | null): Promise<Uint8Array> {
  return new Uint8Array(await new Response(body).arrayBuffer());
}

function seen(inspected: Inspected): Extract<Inspected, { kind: "inspected" }> {
  if (inspected.kind === "refused") throw new Error(inspected.error.code);
  return inspected;
}

const SIZES = [0, 1, LIMIT - 1, LIMIT, LIMIT + 1, LIMIT * 3];
const CHUNKS = [1, 1000, 1_000_000];
const CASES = SIZES.flatMap((size) => CHUNKS.flatMap((chunk) => [true, false].map((declared) => [size, chunk, declared] as const)));

test.each(CASES)(
  "a body of %i bytes in chunks of %i (declared: %s) is seen up to the limit and passed on whole",
  async (size, chunk, declared) => {
    const length = declared ? size : null;
    const { facts, body } = seen(await inspect(native(visitor(size, chunk).body, length), { length }));
    const all = bytesFrom(0, size);
    expect([facts.bytes === text(all.subarray(0, LIMIT)), facts.truncated]).toEqual([true, size > LIMIT]);
    expect(text(await read(body))).toBe(text(all));
  },
);

test.each([
  ["a missing body", null, {}],
  ["a GET with a body", "body", { method: "GET" }],
  ["a HEAD with a body", "body", { method: "HEAD" }],
])("%s is empty to rules and not read", async (_, kind, options) => {
  const from = visitor(10, 1);
  const given = kind === null ? null : from.body;
  const { facts, body } = seen(await inspect(given, options));
  expect([facts, body === given, from.sent()]).toEqual([{ bytes: "", truncated: false }, true, 0]);
});

test("no more is read than the limit and what the last chunk brings beyond it", async () => {
  const from = visitor(LIMIT * 100, 1000);
  const { body } = seen(await inspect(from.body));
  expect(from.sent()).toBe(Math.ceil((LIMIT + 1) / 1000) * 1000);
  await body?.cancel();
});

test("a body whose length is declared is not waited for beyond its last byte", async () => {
  const { readable, writable } = new FixedLengthStream(3);
  const writer = writable.getWriter();
  void writer.write(new Uint8Array([1, 2, 3]));
  const { facts } = seen(await inspect(readable, { length: 3 }));
  expect(facts).toEqual({ bytes: "\x01\x02\x03", truncated: false });
});

test("the rest is read as the origin takes it, and not before", async () => {
  const from = visitor(LIMIT * 10, 1000);
  const { body } = seen(await inspect(from.body));
  const reader = (body ?? new ReadableStream<Uint8Array>()).getReader();
  const before = from.sent();
  await reader.read();
  expect(from.sent()).toBe(before);
  await reader.read();
  expect(from.sent()).toBe(before + 1000);
  await reader.cancel();
});

test("an origin that stops reading stops the visitor, and says why", async () => {
  const from = visitor(LIMIT * 10, 1000);
  const { body } = seen(await inspect(from.body));
  await body?.cancel("enough");
  expect(from.refusal()).toBe("enough");
});

test.each([
  ["before the first byte", 0],
  ["before the limit", LIMIT / 2],
])("a visitor who leaves %s: nothing is decided on what it began to say", async (_, at) => {
  for (const over of ["prefix", "block", "skip"] as const) {
    expect(await inspect(visitor(LIMIT * 2, 100, at).body, { over })).toEqual({ kind: "refused", error: { code: "body-incomplete" } });
  }
});

test("a visitor who leaves beyond the limit breaks the body: it does not end in good order", async () => {
  const { body } = seen(await inspect(visitor(LIMIT * 4, 1000, LIMIT * 2).body));
  await expect(read(body)).rejects.toThrow("the visitor left");
});

test("a body that ends before its declared length is one that broke", async () => {
  expect(await inspect(visitor(100, 10).body, { length: 200 })).toMatchObject({ kind: "refused", error: { code: "body-incomplete" } });
});

test.each([
  ["prefix", true],
  ["prefix", false],
] as const)("over: %s (declared: %s) shows rules the beginning", async (over, declared) => {
  const size = LIMIT + 1;
  const { facts } = seen(await inspect(visitor(size, 1000).body, { over, length: declared ? size : null }));
  expect([facts.bytes.length, facts.truncated, facts.passedOver]).toEqual([LIMIT, true, undefined]);
});

test.each([true, false])("over: block refuses a longer body (declared: %s), and one of the limit passes", async (declared) => {
  const of = (size: number): Promise<Inspected> => inspect(visitor(size, 1000).body, { over: "block", length: declared ? size : null });
  expect(await of(LIMIT + 1)).toEqual({ kind: "refused", error: { code: "body-too-large" } });
  expect(await of(LIMIT)).toMatchObject({ kind: "inspected", facts: { truncated: false } });
});

test.each([true, false])("over: skip shows rules nothing of a longer body (declared: %s), and passes it on whole", async (declared) => {
  const size = LIMIT + 1;
  const from = visitor(size, 1000);
  const { facts, body } = seen(await inspect(from.body, { over: "skip", length: declared ? size : null }));
  expect(facts).toEqual({ bytes: "", truncated: true, passedOver: true });
  expect(declared ? from.sent() : 0).toBe(0);
  expect(text(await read(body))).toBe(text(bytesFrom(0, size)));
});

const LARGE = 100 * 1024 * 1024;

test.each([true, false])("100 MiB (declared: %s) reach the origin unchanged, and hardly any of it is held", async (declared) => {
  const length = declared ? LARGE : null;
  const block = bytesFrom(0, 256 * 1024);
  let sent = 0;
  let taken = 0;
  let mostHeld = 0;
  const source = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (sent >= LARGE) return controller.close();
        controller.enqueue(block.slice());
        sent += block.byteLength;
        mostHeld = Math.max(mostHeld, sent - taken);
      },
    },
    { highWaterMark: 0 },
  );
  const { body } = seen(await inspect(native(source, length), { length }));
  if (body === null) throw new Error("there is no body");
  // As the fetch stage sends it.
  const counted = declared ? body : countBody(body, LARGE).stream;
  const replay = createReplayBody(counted, { bytesMax: 64 * 1024, length, clock: platformClock });
  const got = new crypto.DigestStream("SHA-256");
  const writer = got.getWriter();
  for await (const chunk of replay.open()) {
    await writer.write(chunk);
    taken += chunk.byteLength;
  }
  await writer.close();
  const wanted = new crypto.DigestStream("SHA-256");
  const other = wanted.getWriter();
  for (let at = 0; at < LARGE; at += block.byteLength) await other.write(block);
  await other.close();
  expect(taken).toBe(LARGE);
  expect(new Uint8Array(await got.digest)).toEqual(new Uint8Array(await wanted.digest));
  expect(mostHeld).toBeLessThanOrEqual(1024 * 1024);
});
