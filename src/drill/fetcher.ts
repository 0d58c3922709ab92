// The Fetcher port of one drilled request: faults come as the platform brings them, thrown, late, or in the middle of a body. What
// no fault is for passes through. It keeps nothing and counts nothing.

import { bytePipe, byteReader, declaredLength, type BytePipe } from "../http/byte-stream.ts";
import type { Fetcher } from "../ports.ts";
import type { Fault } from "./faults.ts";

/** Everything that is to happen to one origin. */
export interface OriginFaults {
  readonly isDown: boolean;
  readonly slowMs: number;
  readonly status: number | null;
  readonly breaksOff: boolean;
}

export function faultyFetcher(inner: Fetcher, faults: readonly Fault[]): Fetcher {
  return {
    async fetch(url, init) {
      const { isDown, slowMs, status, breaksOff } = faultsFor(init.originKey, faults);
      if (slowMs > 0) await silence(slowMs, init.signal);
      if (isDown) throw connectionLost();
      if (status !== null) return failing(status, init.method);
      const response = await inner.fetch(url, init);
      return breaksOff ? broken(response) : response;
    },
  };
}

/** @param originKey - `pool/originId`. */
export function faultsFor(originKey: string, faults: readonly Fault[]): OriginFaults {
  const slash = originKey.indexOf("/");
  const [pool, origin] = [originKey.slice(0, slash), originKey.slice(slash + 1)];
  const poolDown = faults.some((fault) => fault.kind === "pool" && fault.pool === pool);
  const own = faults.flatMap((fault) =>
    fault.kind === "origin" && fault.origin === origin && (fault.pool ?? pool) === pool ? [fault.how] : [],
  );
  return {
    isDown: poolDown || own.some(({ kind }) => kind === "down"),
    slowMs: Math.max(0, ...own.map((how) => (how.kind === "slow" ? how.ms : 0))),
    status: own.map((how) => (how.kind === "status" ? how.status : null)).find((status) => status !== null) ?? null,
    breaksOff: own.some(({ kind }) => kind === "reset"),
  };
}

/** What workerd throws for a connection that is refused, reset or gone. */
function connectionLost(): Error {
  return new Error("Network connection lost.");
}

function silence(ms: number, signal: AbortSignal | null): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer);
      reject(new DOMException("The operation was aborted", "AbortError"));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, ms);
    if (signal?.aborted === true) abort();
    else signal?.addEventListener("abort", abort, { once: true });
  });
}

function failing(status: number, method: string): Response {
  const headers = { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" };
  return new Response(method === "HEAD" ? null : `drill: status ${status}\n`, { status, headers });
}

/** Ends with an error when half of the body is through; without a body, or with an empty one, before there is an answer. */
function broken(response: Response): Response {
  const { body, status, statusText, headers } = response;
  const length = declaredLength(headers);
  if (body === null || length === 0) throw connectionLost();
  const { readable, writable } = bytePipe(length);
  void breakOff(body, writable, length === null ? 0 : Math.floor(length / 2));
  // The bytes are as the origin encoded them.
  const init = { status, statusText, headers, encodeBody: "manual" };
  return new Response(readable, init as ResponseInit);
}

/** Never rejects: the reader sees the error. */
async function breakOff(body: ReadableStream<Uint8Array>, writable: BytePipe["writable"], afterBytes: number): Promise<void> {
  const reader = byteReader(body);
  const writer = writable.getWriter();
  let left = afterBytes;
  try {
    while (left > 0) {
      const chunk = await reader.read();
      if (chunk === null) break;
      await writer.write(chunk.subarray(0, left));
      left -= chunk.byteLength;
    }
  } catch {
    // Either side has broken off by itself.
  }
  const lost = connectionLost();
  await Promise.allSettled([writer.abort(lost), reader.cancel(lost)]);
}
