// Between fetch and admit: the rest of a stored part has been asked for. When it came, part and rest become one answer that admit
// takes for a whole one (RFC 9111 3.4); when something came that cannot be joined, the whole is asked for after all.

import { completes } from "../cache/part.ts";
import { mergedHeaders } from "../cache/revalidate.ts";
import type { Ports } from "../ports.ts";
import type { Answered } from "./admission.ts";
import type { AnsweredLookup } from "./admit.ts";
import type { FetchOutcome } from "./fetch-outcome.ts";
import { discard, type Found } from "./found.ts";
import type { Lookup } from "./lookup.ts";

/** The request for the whole, without what the visitor wanted for itself. */
const WHOLE: Lookup = { kind: "miss", pass: false, variant: "", fill: false };

/** @param ask - Asks the origin; called a second time at most once. */
export async function askAndComplete(
  lookup: Lookup,
  ports: Pick<Ports, "clock" | "defer">,
  ask: (lookup: Lookup) => Promise<FetchOutcome>,
): Promise<Omit<AnsweredLookup, "flight">> {
  const outcome = await ask(lookup);
  if (lookup.kind !== "complete") return { lookup, outcome };
  const { found } = lookup;
  if (outcome.kind === "response" && completes(found.stored, outcome.response, ports.clock.nowMs())) {
    return { lookup: WHOLE, outcome: await joined(found, outcome, ports) };
  }
  discard(found.body);
  const isUseless = outcome.kind === "response" && (outcome.response.status === 206 || outcome.response.status === 416);
  if (!isUseless) return { lookup: WHOLE, outcome };
  discard(outcome.response);
  return { lookup: WHOLE, outcome: await ask(WHOLE) };
}

async function joined(found: Found, outcome: Answered, ports: Pick<Ports, "defer">): Promise<Answered> {
  const { stored } = found;
  const headers = mergedHeaders(stored, outcome.response.headers);
  const size = stored.part?.size ?? stored.bodyBytes;
  headers.set("content-length", String(size));
  // The route may have stored cookies once; those of this answer are this visitor's.
  headers.delete("set-cookie");
  for (const cookie of outcome.response.headers.getSetCookie()) headers.append("set-cookie", cookie);
  const beginning = new Uint8Array(await found.body.arrayBuffer());
  const { readable, writable } = new FixedLengthStream(size);
  ports.defer(join(beginning, outcome.response.body, writable));
  return { ...outcome, response: new Response(readable, { status: 200, statusText: "OK", headers, encodeBody: "manual" }) };
}

/** Never rejects: a rest that breaks off breaks the whole. By hand, since the platform pipes no transform stream into another. */
async function join(beginning: Uint8Array, rest: ReadableStream<Uint8Array> | null, target: WritableStream<Uint8Array>): Promise<void> {
  const writer = target.getWriter();
  writer.closed.catch(() => undefined);
  const reader = (rest ?? new Blob([]).stream()).getReader();
  try {
    await writer.write(beginning);
    for (let read = await reader.read(); !read.done; read = await reader.read()) await writer.write(read.value);
    await writer.close();
  } catch (cause) {
    // One side has broken off; the other is told.
    await Promise.allSettled([writer.abort(cause), reader.cancel(cause)]);
  }
}
