// Waiting for a visitor who does not send: with timers of our own.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { INSPECTION_IDLE_MS_MAX } from "../../../src/limits.ts";
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
  const inspected = inspectBody({ body: slow.body, facts: { method: "POST", contentLength: null }, policy, ports });
  await vi.advanceTimersByTimeAsync(INSPECTION_IDLE_MS_MAX);
  expect(await inspected).toEqual({ kind: "refused", error: { code: "body-incomplete" } });
  await expect(slow.cancelled).resolves.toBeInstanceOf(Error);
});

test("a slow visitor is waited for as long as something comes", async () => {
  const slow = slowBody();
  const inspected = inspectBody({ body: slow.body, facts: { method: "POST", contentLength: 5 }, policy, ports });
  for (let byte = 0; byte < 5; byte += 1) {
    await vi.advanceTimersByTimeAsync(INSPECTION_IDLE_MS_MAX - 1);
    slow.send();
  }
  expect(await inspected).toMatchObject({ kind: "inspected", facts: { bytes: "AAAAA", truncated: false } });
});

test.each([
  ["prefix", { ok: true, value: { bytes: "a", truncated: true } }],
  ["skip", { ok: true, value: { bytes: "", truncated: true, passedOver: true } }],
  ["block", { ok: false, error: { code: "body-too-large" } }],
] as const)("of a body that is too long, over: %s", (over, judged) => {
  expect(judgeBody(over, { bytes: "a", truncated: true })).toEqual(judged);
  expect(judgeBody(over, { bytes: "a", truncated: false })).toEqual({ ok: true, value: { bytes: "a", truncated: false } });
});
