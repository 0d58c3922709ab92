// A response body that may not stall: when the origin sends nothing for too long, the body ends with an error and never as if
// it were complete. A slow visitor is no stall, since only the time spent waiting for the origin counts. Called by the fetch
// stage for every answer but event streams and upgrades, which may be silent for hours.

import type { Clock } from "../ports.ts";
import { declaredLength, withLength } from "./body-length.ts";

export interface IdleOptions {
  readonly idleMs: number;
  readonly clock: Clock;
}

/** The response with its body guarded, or the response itself where there is nothing to guard. */
export function guardIdle(response: Response, options: IdleOptions): Response {
  const { body, status } = response;
  if (body === null || status < 200 || status > 599) return response;
  if (/^text\/event-stream\b/i.test(response.headers.get("content-type") ?? "")) return response;
  const guarded = withLength(guardedStream(body, options), declaredLength(response.headers));
  // The bytes are as the origin encoded them; without this the platform would encode them once more.
  const init = { status, statusText: response.statusText, headers: response.headers, encodeBody: "manual" };
  return new Response(guarded, init as ResponseInit);
}

export function guardedStream(body: ReadableStream<Uint8Array>, { idleMs, clock }: IdleOptions): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let timer: ReturnType<typeof setTimeout> | null = null;
  let waitingSinceMs: number | null = null;
  let stop: ((error: Error) => void) | null = null;

  const arm = (delayMs: number): void => {
    timer = setTimeout(check, delayMs);
  };
  // One timer that looks at the last wait, not one timer per chunk: a large body has many thousand chunks.
  const check = (): void => {
    timer = null;
    if (waitingSinceMs === null) return;
    const leftMs = idleMs - (clock.nowMs() - waitingSinceMs);
    if (leftMs > 0) return arm(leftMs);
    const error = new Error(`the origin sent nothing for ${idleMs} ms`);
    stop?.(error);
    reader.cancel(error).catch(() => undefined);
  };
  const disarm = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    waitingSinceMs = null;
  };
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    let stalled = false;
    stop = (error) => {
      stalled = true;
      controller.error(error);
    };
    waitingSinceMs = clock.nowMs();
    if (timer === null) arm(idleMs);
    try {
      const { done, value } = await reader.read();
      waitingSinceMs = null;
      if (stalled) return;
      if (!done) return controller.enqueue(value);
      disarm();
      controller.close();
    } catch (error) {
      disarm();
      if (!stalled) controller.error(error);
    }
  };
  const cancel = async (reason: unknown): Promise<void> => {
    disarm();
    await reader.cancel(reason);
  };
  return new ReadableStream({ pull, cancel }, { highWaterMark: 0 });
}
