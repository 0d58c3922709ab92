// Waiting for a visitor who does not send: with timers of our own.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { INSPECTION_IDLE_MS_MAX, INSPECTION_MS_MAX, LEASE_MS } from "../../../src/limits.ts";
import { inspectBody, judgeBody } from "../../../src/stages/inspect.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const ports = { clock: { nowMs: () => Date.now() } };
const policy = { bytesMax: 100, over: "prefix" } as const;

function slowBody(): { readonly body: ReadableStream<Uint8Array>; send(): void; readonly cancelled: Promise<unknown> } {
  let controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const body = new ReadableStream<Uint8Array>({
    start: (given) => void (controller = given),
    cancel: resolve,
  });
  return { body, send: () => controller?.enqueue(new Uint8Array([65])), cancelled: promise };
}

test("a visitor who sends nothing for too long is not waited for any more, and its body is not wanted", async () => {
  const slow = slowBody();
  const inspected = inspectBody({ body: slow.body, facts: { method: "POST", contentLength: null }, policy, ports, grow: () => true });
  await vi.advanceTimersByTimeAsync(INSPECTION_IDLE_MS_MAX);
  expect(await inspected).toEqual({ kind: "refused", error: { code: "body-incomplete" } });
  await expect(slow.cancelled).resolves.toBeInstanceOf(Error);
});

test("a slow visitor is waited for while something comes", async () => {
  const slow = slowBody();
  const inspected = inspectBody({ body: slow.body, facts: { method: "POST", contentLength: 4 }, policy, ports, grow: () => true });
  for (let byte = 0; byte < 4; byte += 1) {
    await vi.advanceTimersByTimeAsync(INSPECTION_IDLE_MS_MAX - 1);
    slow.send();
  }
  expect(await inspected).toMatchObject({ kind: "inspected", facts: { bytes: "AAAA", truncated: false } });
});

test.each([
  { everyMs: INSPECTION_IDLE_MS_MAX / 2, what: "a byte now and then" },
  { everyMs: 1000, what: "a byte a second" },
])("one who sends $what is not waited for without end, and before the room that it takes is forgotten", async ({ everyMs }) => {
  const slow = slowBody();
  const inspected = inspectBody({
    body: slow.body,
    facts: { method: "POST", contentLength: null },
    policy: { ...policy, bytesMax: 1e6 },
    ports,
    grow: () => true,
  });
  for (let ms = 0; ms < INSPECTION_MS_MAX; ms += everyMs) {
    slow.send();
    await vi.advanceTimersByTimeAsync(everyMs);
  }
  expect(await inspected).toEqual({ kind: "refused", error: { code: "body-incomplete" } });
  expect(INSPECTION_MS_MAX).toBeLessThan(LEASE_MS);
});

test.each([
  ["prefix", { ok: true, value: { bytes: "a", truncated: true } }],
  ["skip", { ok: true, value: { bytes: "", truncated: true, passedOver: true } }],
  ["block", { ok: false, error: { code: "body-too-large" } }],
] as const)("of a body that is too long, over: %s", (over, judged) => {
  expect(judgeBody(over, { bytes: "a", truncated: true })).toEqual(judged);
  expect(judgeBody(over, { bytes: "a", truncated: false })).toEqual({ ok: true, value: { bytes: "a", truncated: false } });
});
