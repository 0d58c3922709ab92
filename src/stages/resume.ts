// Part of the stage fetch: an answer that breaks in the middle is continued from another origin, which is asked for the rest of
// the same representation (RFC 9110 13.1.5, 14.2): only under a strong entity tag, and only where the place of every byte is known. The
// visitor notices nothing. What was sent so far is never sent again.

import { parseEntityTag } from "../http/etag.ts";
import { parseContentRange, type ByteRange } from "../http/range.ts";
import { declaredLength } from "../http/byte-stream.ts";
import type { Resume } from "../origin/body.ts";
import type { Standing } from "../origin/merge.ts";
import { serverOf } from "../origin/select.ts";
import type { Selection } from "../origin/select.ts";
import { RESUMES_MAX } from "../limits.ts";
import { routePool, select, type Asking } from "./asking.ts";
import type { FetchedResponse } from "./fetch-outcome.ts";
import { discard, launch, type Landing, type Launched } from "./launch.ts";
import { reportBroken, reportOutcome } from "./testimony.ts";

/** What has to be the same in the continuation. */
interface Continued {
  readonly etag: string;
  readonly encoding: string | null;
  /** Of the representation, both ends inclusive: which bytes of it the visitor was promised. */
  readonly range: ByteRange;
}

/** Also tells of an answer that cannot be continued. */
export function resumeFor(asking: Asking, answer: FetchedResponse, standing: Standing): Resume {
  const { input, ports, exchange } = asking;
  const continued = input.plan.action.retry.resume && input.method === "GET" ? continuedOf(answer.response) : null;
  // Whose length nobody knows is made as it goes: its silence may be what it has to say.
  const mayBeSilent = declaredLength(answer.response.headers) === null;
  let from = standing;
  let asksLeft = RESUMES_MAX;
  const findRest = async (of: Continued, offset: number): Promise<Rest | null> => {
    const inVain = new Set<string>();
    while (asksLeft > 0) {
      const selection = selectForRest(asking, from, inVain);
      if (selection === null) return null;
      asksLeft -= 1;
      const rest = await askForRest(asking, { selection, continued: of, offset });
      if (rest !== null) return rest;
      inVain.add(serverOf(selection.standing));
    }
    return null;
  };
  return async (offset, end) => {
    if (end === "broken" || !mayBeSilent) reportBroken(asking, from);
    const rest = continued === null ? null : await findRest(continued, offset);
    ports.log.write({ event: "body-broken", id: exchange.id, origin: from.key, offset, resumedFrom: rest?.standing.key ?? null });
    from = rest?.standing ?? from;
    return rest?.body ?? null;
  };
}

function continuedOf({ status, headers }: Response): Continued | null {
  const length = declaredLength(headers);
  const etag = headers.get("etag");
  const tag = etag === null ? null : parseEntityTag(etag);
  if (etag === null || tag === null || tag.weak || length === null || length === 0) return null;
  const encoding = headers.get("content-encoding");
  if (status === 200) {
    return headers.get("accept-ranges")?.trim().toLowerCase() === "bytes" ? { etag, encoding, range: { start: 0, end: length - 1 } } : null;
  }
  if (status !== 206) return null;
  const declared = parseContentRange(headers.get("content-range"));
  if (declared?.kind !== "range" || declared.range.end - declared.range.start + 1 !== length) return null;
  return { etag, encoding, range: declared.range };
}

interface Rest {
  readonly standing: Standing;
  readonly body: ReadableStream<Uint8Array>;
}

/**
 * Null when nobody waits for the rest, nobody may be asked, or the budget is spent.
 *
 * @param inVain - Servers that do not have this rest.
 */
function selectForRest(asking: Asking, broken: Standing, inVain: ReadonlySet<string>): Selection | null {
  const { ports, table, exchange, input } = asking;
  if (!table.mayRetry(routePool(asking), ports.clock.nowMs())) return null;
  if (input.abortWithVisitor !== false && exchange.request.signal.aborted) return null;
  // One that was asked before may well have the rest; the one that broke is the last of those that are fit.
  const orders = [asking.tried, new Set([...inVain, serverOf(broken)]), inVain];
  const selections = orders.map((tried) => select(asking, { tried })).filter((selection) => selection !== null);
  return selections.find(({ standing }) => standing.use !== "avoided") ?? selections[0] ?? null;
}

interface Asked {
  readonly selection: Selection;
  readonly continued: Continued;
  readonly offset: number;
}

async function askForRest(asking: Asking, { selection, continued, offset }: Asked): Promise<Rest | null> {
  const { ports, table, input } = asking;
  table.countExtra(input.plan.pool, ports.clock.nowMs());
  const headers = restHeaders(input.headers, continued, offset);
  // The route's total time ended with the answer's headers: a body has none.
  const launched = launch({ ...asking, hold: false, deadlineMs: null, input: { ...input, headers } }, selection);
  return judged(asking, { launched, landing: await launched.landing, continued, offset });
}

function restHeaders(visitors: Headers, { etag, range }: Continued, offset: number): Headers {
  const headers = new Headers(visitors);
  for (const name of ["if-match", "if-none-match", "if-modified-since", "if-unmodified-since"]) headers.delete(name);
  headers.set("range", `bytes=${range.start + offset}-${range.end}`);
  headers.set("if-range", etag);
  return headers;
}

interface Answer {
  readonly launched: Launched;
  readonly landing: Landing;
  readonly continued: Continued;
  readonly offset: number;
}

/** Null for anything but the very bytes that are missing. */
function judged(asking: Asking, { launched, landing, continued, offset }: Answer): Rest | null {
  const { standing, ticket } = launched;
  const isGood = landing.kind === "good";
  reportOutcome(asking, { ticket, standing, retryAfterMs: null }, isGood ? "success" : "neutral");
  if (landing.answer === null) return null;
  const { response } = landing.answer;
  if (isGood && response.body !== null && isRest(response, continued, offset)) return { standing, body: response.body };
  discard(response);
  return null;
}

function isRest({ status, headers }: Response, { etag, encoding, range }: Continued, offset: number): boolean {
  if (status !== 206 || headers.get("etag") !== etag || headers.get("content-encoding") !== encoding) return false;
  const declared = parseContentRange(headers.get("content-range"));
  return declared?.kind === "range" && declared.range.start === range.start + offset && declared.range.end === range.end;
}
