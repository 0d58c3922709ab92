// A response body that may not stall: when the origin sends nothing for too long, the body ends with an error and never as if
// it were complete. A slow visitor is no stall, since only the time spent waiting for the origin counts. Called by the fetch
// stage for every answer but event streams and upgrades, which may be silent for hours.

import type { Clock } from "../ports.ts";
import { bytePipe, byteReader, declaredLength } from "../http/byte-stream.ts";
import type { BytePipe } from "../http/byte-stream.ts";

export interface IdleOptions {
  readonly idleMs: number;
  readonly clock: Clock;
}

/** The response with its body guarded, or the response itself where there is nothing to guard. */
export function guardIdle(response: Response, options: IdleOptions): Response {
  const { body, status } = response;
  if (body === null || status < 200 || status > 599) return response;
  if (/^text\/event-stream\b/i.test(response.headers.get("content-type") ?? "")) return response;
  const { readable, writable } = bytePipe(declaredLength(response.headers));
  void pump(body, writable, options);
  // The bytes are as the origin encoded them; without this the platform would encode them once more.
  const init = { status, statusText: response.statusText, headers: response.headers, encodeBody: "manual" };
  return new Response(readable, init as ResponseInit);
}

/** Carries the body over, chunk by chunk. Never rejects: an end with an error reaches the reader as one. */
async function pump(body: ReadableStream<Uint8Array>, writable: BytePipe["writable"], options: IdleOptions): Promise<void> {
  const reader = byteReader(body);
  const writer = writable.getWriter();
  const breakOff = (reason: unknown): Promise<unknown> => Promise.allSettled([reader.cancel(reason), writer.abort(reason)]);
  const watch = startWatch(options, (reason) => void breakOff(reason));
  try {
    for (;;) {
      watch.waiting();
      const chunk = await reader.read();
      watch.received();
      if (watch.stalled()) return;
      if (chunk === null) break;
      await writer.write(chunk);
    }
    await writer.close();
  } catch (error) {
    // Either side may have broken; the other one is told.
    await breakOff(error);
  } finally {
    watch.stop();
  }
}

interface Watch {
  waiting(): void;
  received(): void;
  stalled(): boolean;
  stop(): void;
}

/** One timer that looks at the last wait, not one timer per chunk: a large body has many thousand chunks. */
function startWatch({ idleMs, clock }: IdleOptions, onStall: (error: Error) => void): Watch {
  let timer: ReturnType<typeof setTimeout> | null = null;
  let sinceMs: number | null = null;
  let stalled = false;
  const check = (): void => {
    timer = null;
    if (sinceMs === null) return;
    const leftMs = idleMs - (clock.nowMs() - sinceMs);
    if (leftMs > 0) {
      timer = setTimeout(check, leftMs);
      return;
    }
    stalled = true;
    onStall(new Error(`the origin sent nothing for ${idleMs} ms`));
  };
  const waiting = (): void => {
    sinceMs = clock.nowMs();
    timer ??= setTimeout(check, idleMs);
  };
  const stop = (): void => {
    sinceMs = null;
    if (timer !== null) clearTimeout(timer);
    timer = null;
  };
  return { waiting, received: () => void (sinceMs = null), stalled: () => stalled, stop };
}
