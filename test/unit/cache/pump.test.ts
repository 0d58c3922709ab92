// One reader, two writers: neither the visitor nor the store can hurt the other.

import { afterEach, expect, test, vi } from "vitest";
import { pump, type PumpEnd, type StoreSink } from "../../../src/cache/pump.ts";
import {
  CACHE_CLIENT_LAG_BYTES_MAX,
  CACHE_CLIENT_STALL_MS_MAX,
  CACHE_STORE_LAG_BYTES_MAX,
  CACHE_STORE_STALL_MS_MAX,
} from "../../../src/limits.ts";

afterEach(() => void vi.useRealTimers());

interface Recorded {
  readonly sink: StoreSink;
  readonly events: string[];
}

function sinkOf(write: (chunk: Uint8Array) => Promise<void> = async () => undefined): Recorded {
  const events: string[] = [];
  const sink: StoreSink = {
    write: (chunk) => {
      events.push(`write ${chunk.byteLength}`);
      return write(chunk);
    },
    close: async () => {
      events.push("close");
      return true;
    },
    abort: async () => void events.push("abort"),
  };
  return { sink, events };
}

function source(chunks: readonly number[], end: "close" | "error" = "close"): { body: ReadableStream<Uint8Array>; pulled: () => number } {
  let index = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const length = chunks[index++];
        if (length !== undefined) controller.enqueue(new Uint8Array(length));
        else if (end === "close") controller.close();
        else controller.error(new Error("reset"));
      },
    },
    { highWaterMark: 0 },
  );
  return { body, pulled: () => index };
}

interface Case {
  readonly body: ReadableStream<Uint8Array>;
  readonly sink: StoreSink;
  readonly client?: WritableStream<Uint8Array> | null;
  readonly clientGone?: AbortSignal;
  readonly expectedBytes?: number | null;
  readonly bytesMax?: number;
  readonly onStoreEnd?: (end: PumpEnd) => void;
}

async function run(input: Case): Promise<PumpEnd> {
  return await pump({
    body: input.body,
    client: input.client ?? null,
    clientGone: input.clientGone ?? null,
    store: input.sink,
    expectedBytes: input.expectedBytes ?? null,
    bytesMax: input.bytesMax ?? 1e9,
    clock: { nowMs: () => Date.now() },
    ...(input.onStoreEnd === undefined ? {} : { onStoreEnd: input.onStoreEnd }),
  });
}

function visitor(received: number[], write: () => Promise<void> | undefined = () => undefined): WritableStream<Uint8Array> {
  return new WritableStream({
    async write(chunk) {
      await write();
      received.push(chunk.byteLength);
    },
    close: () => void received.push(-1),
    abort: () => void received.push(-2),
  });
}

test("both get every byte, and the store is told that it is whole", async () => {
  const received: number[] = [];
  const { sink, events } = sinkOf();
  expect(await run({ body: source([3, 4]).body, sink, client: visitor(received), expectedBytes: 7 })).toBe("stored");
  expect(received).toEqual([3, 4, -1]);
  expect(events).toEqual(["write 3", "write 4", "close"]);
});

test.each([
  ["fewer bytes than declared", [3, 3], 7, "length-mismatch"],
  ["more bytes than declared", [3, 5], 7, "length-mismatch"],
])("%s: the visitor's body is broken off and nothing is stored", async (_, chunks, expectedBytes, end) => {
  const received: number[] = [];
  const { sink, events } = sinkOf();
  expect(await run({ body: source(chunks).body, sink, client: visitor(received), expectedBytes })).toBe(end);
  expect(received.at(-1)).toBe(-2);
  expect(events.at(-1)).toBe("abort");
});

test("an origin that breaks off breaks off both", async () => {
  const received: number[] = [];
  const { sink, events } = sinkOf();
  expect(await run({ body: source([3], "error").body, sink, client: visitor(received) })).toBe("origin-error");
  expect(received).toEqual([3, -2]);
  expect(events).toEqual(["write 3", "abort"]);
});

test("as many bytes as the limit are stored, one more is not, and the visitor gets all", async () => {
  for (const [bytesMax, end] of [
    [7, "stored"],
    [6, "too-large"],
  ] as const) {
    const received: number[] = [];
    const { sink, events } = sinkOf();
    expect(await run({ body: source([3, 4]).body, sink, client: visitor(received), bytesMax })).toBe(end);
    expect(received).toEqual([3, 4, -1]);
    expect(events.at(-1)).toBe(end === "stored" ? "close" : "abort");
  }
});

test("a visitor who leaves does not end the store", async () => {
  const broken = new WritableStream<Uint8Array>({
    write() {
      throw new Error("left");
    },
  });
  const { sink, events } = sinkOf();
  expect(await run({ body: source([3, 4, 5]).body, sink, client: broken })).toBe("stored");
  expect(events).toEqual(["write 3", "write 4", "write 5", "close"]);
});

test.each(["before", "during"])(
  "a visitor who leaves %s the answer without a word from the stream does not end the store",
  async (when) => {
    const leaving = new AbortController();
    if (when === "before") leaving.abort();
    const silent = new WritableStream<Uint8Array>({
      write() {
        leaving.abort();
        return new Promise(() => undefined);
      },
    });
    const { sink, events } = sinkOf();
    expect(await run({ body: source([3, 4]).body, sink, client: silent, clientGone: leaving.signal })).toBe("stored");
    expect(events).toEqual(["write 3", "write 4", "close"]);
  },
);

test("with neither visitor nor store the origin is read no further", async () => {
  const { sink } = sinkOf();
  const { body, pulled } = source(Array.from({ length: 100 }, () => 10));
  expect(await run({ body, sink, bytesMax: 15 })).toBe("too-large");
  expect(pulled()).toBeLessThan(5);
});

test("a store that fails does not end the answer", async () => {
  const received: number[] = [];
  const { sink, events } = sinkOf(async () => {
    throw new Error("full");
  });
  expect(await run({ body: source([3, 4, 5]).body, sink, client: visitor(received) })).toBe("store-failed");
  expect(received).toEqual([3, 4, 5, -1]);
  expect(events.at(-1)).toBe("abort");
});

test("a store that lags by the limit is waited for, so that the origin is read no faster", async () => {
  const gate = Promise.withResolvers<void>();
  const { sink } = sinkOf(() => gate.promise);
  const { body, pulled } = source([CACHE_STORE_LAG_BYTES_MAX, 1, 1, 1]);
  const done = run({ body, sink });
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  expect(pulled()).toBe(2);
  gate.resolve();
  expect(await done).toBe("stored");
});

test.each([
  ["in the middle", [CACHE_STORE_LAG_BYTES_MAX, 1]],
  ["at the end", [3]],
])("a store that takes nothing for the limit %s is given up, one that takes it just before is not", async (_, chunks) => {
  for (const [ms, end] of [
    [CACHE_STORE_STALL_MS_MAX - 1, "stored"],
    [CACHE_STORE_STALL_MS_MAX + 1, "stalled"],
  ] as const) {
    vi.useFakeTimers();
    const received: number[] = [];
    const { sink, events } = sinkOf(() => new Promise((resolve) => void setTimeout(resolve, ms)));
    const done = run({ body: source(chunks).body, sink, client: visitor(received) });
    await vi.advanceTimersByTimeAsync(3 * CACHE_STORE_STALL_MS_MAX);
    expect(await done).toBe(end);
    expect(received).toEqual([...chunks, -1]);
    expect(events.at(-1)).toBe(end === "stored" ? "close" : "abort");
  }
});

/** More than a visitor may lag behind. */
const LARGE = CACHE_CLIENT_LAG_BYTES_MAX + 1;

test("as many bytes as a visitor may lag are stored however slowly they are read, and it is said at once", async () => {
  const ends: string[] = [];
  const { sink } = sinkOf();
  const body = source([CACHE_CLIENT_LAG_BYTES_MAX - 4, 4]).body;
  void run({ body, sink, client: visitor([], () => new Promise(() => undefined)), onStoreEnd: (end) => ends.push(end) });
  await vi.waitFor(() => expect(ends).toEqual(["stored"]));
});

test.each([
  ["too large", { bytesMax: 3 }, "too-large"],
  ["refused by the store", {}, "store-failed"],
  ["shorter than declared", { expectedBytes: 9 }, "length-mismatch"],
] as const)("what became of the store is said once: %s", async (what, limits, end) => {
  const ends: string[] = [];
  const { sink } = sinkOf(what === "refused by the store" ? () => Promise.reject(new Error("no")) : undefined);
  await run({ body: source([3, 4]).body, sink, client: visitor([]), ...limits, onStoreEnd: (each) => ends.push(each) });
  expect(ends).toEqual([end]);
});

test("a visitor who takes longer than the limit for a chunk loses the store, not the answer", async () => {
  for (const [ms, end] of [
    [CACHE_CLIENT_STALL_MS_MAX - 1, "stored"],
    [CACHE_CLIENT_STALL_MS_MAX + 1, "stalled"],
  ] as const) {
    vi.useFakeTimers();
    const received: number[] = [];
    const client = visitor(received, () => new Promise((resolve) => void setTimeout(resolve, ms)));
    const done = run({ body: source([LARGE, 4]).body, sink: sinkOf().sink, client });
    await vi.advanceTimersByTimeAsync(3 * CACHE_CLIENT_STALL_MS_MAX);
    expect(await done).toBe(end);
    expect(received).toEqual([LARGE, 4, -1]);
  }
});

test("a visitor who never takes anything again loses the store at the limit", async () => {
  vi.useFakeTimers();
  const { sink, events } = sinkOf();
  void run({ body: source([LARGE, 4]).body, sink, client: visitor([], () => new Promise(() => undefined)) });
  await vi.advanceTimersByTimeAsync(CACHE_CLIENT_STALL_MS_MAX - 1);
  expect(events).not.toContain("abort");
  await vi.advanceTimersByTimeAsync(1);
  expect(events.at(-1)).toBe("abort");
});
