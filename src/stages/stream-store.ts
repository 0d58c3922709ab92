// Part of the stage admit: stores an answer while it streams to the visitor, or without one. Whether it may be stored was decided
// before; what did not arrive whole is not stored.

import { bytePipe, declaredLength } from "../http/byte-stream.ts";
import type { Flight } from "../cache/flights.ts";
import { pump, type PumpEnd, type StoreSink } from "../cache/pump.ts";
import type { DeclaredPart } from "../cache/part.ts";
import type { Storable } from "../cache/storable.ts";
import { variantKey } from "../cache/variant.ts";
import { CACHE_COLLAPSE_BYTES_MAX } from "../limits.ts";
import { announce, datable, shown, type Admission, type Answered } from "./admission.ts";
import { storeResponse, type Unplaced } from "./store-response.ts";

export interface StreamStoreInput {
  readonly outcome: Answered;
  readonly verdict: Extract<Storable, { store: true }>;
  /** Null for a whole answer. */
  readonly part?: DeclaredPart;
  /** When this answer's own request invalidated the URL. */
  readonly ownMarkAtMs?: number;
  /** False when nobody waits for the bytes. */
  readonly isAwaited: boolean;
}

/** Begins to store; the response that it returns carries the same bytes to the visitor, or none when nobody waits. */
export function streamAndStore(admission: Admission, input: StreamStoreInput): Response {
  const { exchange, ports, plan, cached, flight } = admission;
  const { outcome, isAwaited } = input;
  const { body, status, statusText } = outcome.response;
  const expectedBytes = declaredLength(outcome.response.headers);
  const response = unplaced(admission, input);
  const sink = storeResponse(response, expectedBytes, ports);
  announce(admission, datable(admission, outcome), { ...response, bytes: expectedBytes });
  const headers = new Headers(outcome.response.headers);
  if (cached.policy.setCookie === "strip") headers.delete("set-cookie");
  if (body === null) {
    // A body that was announced and is not there was never whole.
    if ((expectedBytes ?? 0) > 0) {
      flight?.end(false);
      return shown(new Response(null, { status, statusText, headers }), plan);
    }
    ports.defer(sink.close().then((isStored) => flight?.end(isStored)));
    return shown(new Response(null, { status, statusText, headers }), plan);
  }
  const through = bytePipe(expectedBytes);
  const client = isAwaited ? through.writable : null;
  const { objectBytesMax } = cached.policy;
  const clientGone = exchange.request.signal;
  const store = flight === null ? sink : untilTooLarge(sink, flight);
  const work = pump({
    body,
    client,
    clientGone,
    store,
    expectedBytes,
    bytesMax: objectBytesMax,
    clock: ports.clock,
    // The visitor may take the answer for long after it is stored.
    onStoreEnd: (end) => flight?.end(end === "stored"),
  });
  ports.defer(logged(work, admission));
  return shown(new Response(isAwaited ? through.readable : null, { status, statusText, headers, encodeBody: "manual" }), plan);
}

/** A body of unknown length shows only while it comes that it is too large to be waited for. */
function untilTooLarge(sink: StoreSink, flight: Flight): StoreSink {
  let bytes = 0;
  return {
    ...sink,
    async write(chunk) {
      bytes += chunk.byteLength;
      if (bytes > CACHE_COLLAPSE_BYTES_MAX) flight.end(false);
      await sink.write(chunk);
    },
  };
}

async function logged(work: Promise<PumpEnd>, { exchange, ports }: Admission): Promise<void> {
  const end = await work;
  if (end !== "stored") ports.log.write({ event: "cache-not-stored", id: exchange.id, reason: end });
}

/** A part is stored with the status of the whole that it is of. */
function unplaced(admission: Admission, { outcome, verdict, part, ownMarkAtMs }: StreamStoreInput): Unplaced {
  const { response, requestedAtMs, respondedAtMs } = outcome;
  return {
    key: admission.cached.key,
    vary: verdict.vary,
    variant: variantKey(verdict.vary, admission.plan.originRequest.headers),
    status: part === undefined ? response.status : 200,
    statusText: part === undefined ? response.statusText : "OK",
    headers: verdict.headers,
    requestedAtMs,
    respondedAtMs,
    tags: verdict.tags,
    guessable: datable(admission, outcome).guessable,
    ownMarkAtMs: ownMarkAtMs ?? 0,
    part: part ?? null,
  };
}
