// The visitor's answer from a stored response, with its bytes: all of them, one range, several, or none. Of a large body no more is
// read than the answer needs. Which of these it is, `cache/serve.ts` decides.

import { clientCacheControl } from "../cache/client-headers.ts";
import { joined, lengthOf, multipart, type Piece } from "../cache/multipart.ts";
import { answerFromStore, storedFacts, type AnswerPart, type StoredFacts, type VisitorRequest } from "../cache/serve.ts";
import { writeAll, type RangeSource } from "../cache/slice.ts";
import type { CachePolicySnapshot } from "../config/snapshot.ts";
import { rangeLength, type ByteRange } from "../http/range.ts";
import type { Ports } from "../ports.ts";
import { discard, type Found } from "./found.ts";

/** The visitor's answer from what was found. Uses up its body. */
export async function respondFrom({ found, request, policy, ports, facts = storedFacts(found.stored) }: RespondInput): Promise<Response> {
  const { status, statusText, part, headers: shared, ageSeconds } = answerFromStore(found.stored, request, ports.clock.nowMs(), facts);
  const { body, headers } = await contentOf(found, part, shared, ports);
  // The response has a copy of the headers, which is changed in place: this is what a hit costs most.
  const response = new Response(body, { status, statusText, headers, encodeBody: "manual" });
  response.headers.set("age", String(ageSeconds));
  // The route may have stored it once and not say so any more.
  if (facts.hasCookies && policy.setCookie !== "store") response.headers.delete("set-cookie");
  return withBrowserLifetime(response, policy);
}

export interface RespondInput {
  readonly found: Found;
  readonly request: VisitorRequest;
  readonly policy: CachePolicySnapshot;
  readonly ports: Ports;
  /** Of what was found, where they are at hand. */
  readonly facts?: StoredFacts;
}

function withBrowserLifetime(response: Response, policy: CachePolicySnapshot): Response {
  const { status, statusText, body } = response;
  const headers = clientCacheControl(response.headers, status, policy);
  return headers === response.headers ? response : new Response(body, { status, statusText, headers, encodeBody: "manual" });
}

interface Content {
  readonly body: ReadableStream<Uint8Array> | Uint8Array | null;
  readonly headers: Headers;
}

async function contentOf(found: Found, part: AnswerPart, headers: Headers, ports: Ports): Promise<Content> {
  switch (part.kind) {
    case "none":
      discard(found.body);
      return { body: null, headers };
    case "whole":
      return { body: found.body.body, headers };
    case "range":
      return { body: await rangeOf(found, part.range, ports), headers };
    case "multiple":
      return await multipleOf(found, part.ranges, headers, ports);
    default:
      return part satisfies never;
  }
}

/** The platform hands one range of a large body through by itself; all else is put together here. */
async function rangeOf(found: Found, range: ByteRange, ports: Ports): Promise<Content["body"]> {
  const { bodyKey } = found.stored;
  const part = bodyKey === null ? undefined : await ports.cache.match(bodyKey, rangeHeader(range));
  if (part === undefined || !isExactly(part, range)) {
    if (part !== undefined) discard(part);
    return await assembled(found, [range], ports);
  }
  discard(found.body);
  return part.body;
}

async function multipleOf(found: Found, ranges: readonly ByteRange[], headers: Headers, ports: Ports): Promise<Content> {
  const { bodyBytes } = found.stored;
  const { contentType, pieces } = multipart(ranges, bodyBytes, { type: headers.get("content-type"), boundary: ports.random.id() });
  const changed = new Headers(headers);
  changed.set("content-type", contentType);
  changed.set("content-length", String(lengthOf(pieces)));
  return { body: await assembled(found, pieces, ports), headers: changed };
}

/** Uses up the body that was found: a small one is cut up in memory, of a large one each range is read from the store in its turn. */
async function assembled(found: Found, pieces: readonly Piece[], ports: Ports): Promise<Content["body"]> {
  const { bodyKey } = found.stored;
  if (bodyKey === null) {
    const whole = new Uint8Array(await found.body.arrayBuffer());
    return joined(pieces.map((piece) => (piece instanceof Uint8Array ? piece : whole.subarray(piece.start, piece.end + 1))));
  }
  discard(found.body);
  const { readable, writable } = new FixedLengthStream(lengthOf(pieces));
  ports.defer(writeAll(pieces, writable, (range) => openRange(bodyKey, range, ports)));
  return readable;
}

/** The stored bytes in which the range lies, and where. @throws when the body is not there any more. */
async function openRange(bodyKey: string, range: ByteRange, { cache }: Ports): Promise<RangeSource> {
  const part = await cache.match(bodyKey, rangeHeader(range));
  if (part?.body === undefined || part.body === null) throw new Error("the stored body has gone");
  return { stream: part.body, range: isExactly(part, range) ? { start: 0, end: rangeLength(range) - 1 } : range };
}

function rangeHeader({ start, end }: ByteRange): string {
  return `bytes=${start}-${end}`;
}

/** A store that knows no ranges, or not the length, answers 200 with the whole. */
function isExactly({ status, headers }: Response, range: ByteRange): boolean {
  return status === 206 && headers.get("content-length") === String(rangeLength(range));
}
