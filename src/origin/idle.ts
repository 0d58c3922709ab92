// A response body that may not stall: when the origin sends nothing for too long, the body ends with an error and never as if
// it were complete. A slow visitor is no stall, since only the time spent waiting for the origin counts. Called by the fetch
// stage for every answer but event streams and upgrades, which may be silent for hours.

import { startStallWatch } from "../http/stall-watch.ts";
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
  const watch = startStallWatch({ ms: options.idleMs, clock: options.clock }, () => {
    void breakOff(new Error(`the origin sent nothing for ${options.idleMs} ms`));
  });
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
