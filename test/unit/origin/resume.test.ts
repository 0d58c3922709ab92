import { randomBytes } from "node:crypto";
import { afterEach, expect, test } from "vitest";
import type { FetchOutcome } from "../../../src/stages/fetch-outcome.ts";
import { RETRY, TIMEOUTS } from "./fixtures.ts";
import { ask, ok, resetting, scene, shown, startOrigin } from "./origins.ts";
import type { Handler, Scene, TestOrigin } from "./origins.ts";

const started: TestOrigin[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((each) => each.kill()));
});

async function scenery(...handlers: Handler[]): Promise<{ given: Scene; all: TestOrigin[] }> {
  const all = await Promise.all(handlers.map((handler, index) => startOrigin("abcd"[index] ?? "?", handler)));
  started.push(...all);
  return { given: scene(all), all };
}

const PAGE = randomBytes(20_000);
const FILM = randomBytes(2_000_000);

interface Served {
  readonly body: Uint8Array;
  readonly etag?: string | null;
  readonly acceptRanges?: string | null;
  /** The connection is reset after so many bytes of what was asked for. */
  readonly cutAt?: number;
  readonly headers?: Record<string, string>;
  /** Ignores Range. */
  readonly whole?: boolean;
}

/** Serves like a static file server: Range and If-Range, Content-Length, a strong ETag. */
function serve({ body, etag = '"v1"', acceptRanges = "bytes", cutAt, headers = {}, whole = false }: Served): Handler {
  return (request, response) => {
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
    const condition = request.headers["if-range"];
    const partial = range !== null && !whole && (condition === undefined || condition === etag);
    const first = partial ? Number(range[1]) : 0;
    const last = partial && range[2] !== "" ? Number(range[2]) : body.length - 1;
    const bytes = body.subarray(first, last + 1);
    response.writeHead(partial ? 206 : 200, {
      "content-length": bytes.length,
      ...(etag === null ? {} : { etag }),
      ...(acceptRanges === null ? {} : { "accept-ranges": acceptRanges }),
      ...(partial ? { "content-range": `bytes ${first}-${last}/${body.length}` } : {}),
      ...headers,
    });
    if (cutAt === undefined) return response.end(bytes);
    return response.write(bytes.subarray(0, cutAt), () => request.socket.resetAndDestroy());
  };
}

/** What a reader of Node's sees of a body that breaks, or of one that is not as long as declared. */
const BROKEN = /terminated|ended its answer after/;

async function bytesOf(outcome: FetchOutcome): Promise<Buffer> {
  if (outcome.kind === "failed") throw new Error(outcome.reason);
  return Buffer.from(await outcome.response.arrayBuffer());
}

test("a small answer that breaks is asked for elsewhere, before the visitor gets a byte", async () => {
  const { given } = await scenery(serve({ body: PAGE, etag: null, cutAt: 10_000 }), serve({ body: PAGE }));
  const { outcome, attempts } = await ask(given);
  expect(attempts).toEqual(["a reset", "b 200"]);
  expect((await bytesOf(outcome)).equals(PAGE)).toBe(true);
});

test.each([
  ["of the limit", RETRY.holdBytesMax, true],
  ["one byte longer", RETRY.holdBytesMax + 1, false],
])("a body %s is held: %#", async (_, length, isHeld) => {
  const body = randomBytes(length);
  const { given } = await scenery(serve({ body, etag: null, cutAt: 1000 }), serve({ body }));
  const { outcome } = await ask(given);
  if (isHeld) expect((await bytesOf(outcome)).equals(body)).toBe(true);
  else await expect(bytesOf(outcome)).rejects.toThrow(BROKEN);
});

test("a small answer that breaks everywhere is a failed request, never half a page", async () => {
  const { given } = await scenery(serve({ body: PAGE, cutAt: 10 }), serve({ body: PAGE, cutAt: 10 }));
  expect(await shown((await ask(given)).outcome)).toBe("reset");
});

test("a small answer that comes slowly is passed on as it comes", async () => {
  const { given } = await scenery((_, response) => {
    response.writeHead(200, { "content-length": "8" });
    response.write("one ");
    setTimeout(() => response.end("two!"), 1300);
  });
  const { outcome } = await ask(given);
  if (outcome.kind === "failed") throw new Error(outcome.reason);
  const reader = outcome.response.body?.getReader();
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe("one ");
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe("two!");
});

test("a large answer that breaks goes on from another origin, byte by byte the same", async () => {
  const { given, all } = await scenery(serve({ body: FILM, cutAt: 700_000 }), serve({ body: FILM }));
  const { outcome } = await ask(given);
  expect((await bytesOf(outcome)).equals(FILM)).toBe(true);
  const { headers } = all[1]?.seen[0] ?? {};
  expect(headers?.["if-range"]).toBe('"v1"');
  expect(headers?.range).toMatch(/^bytes=\d+-1999999$/);
});

test("also from a third and a fourth, and then no more", async () => {
  const cut = serve({ body: FILM, cutAt: 300_000 });
  const { given, all } = await scenery(cut, cut, cut, serve({ body: FILM }));
  expect((await bytesOf((await ask(given)).outcome)).equals(FILM)).toBe(true);
  expect(all.map(({ seen }) => seen.length)).toEqual([1, 1, 1, 1]);
  const few = await scenery(cut, cut, cut, cut);
  await expect(bytesOf((await ask(few.given)).outcome)).rejects.toThrow(BROKEN);
  expect(few.all.map(({ seen }) => seen.length)).toEqual([1, 1, 1, 1]);
});

test("a part that was asked for goes on too, from its own place", async () => {
  const { given, all } = await scenery(serve({ body: FILM, cutAt: 100_000 }), serve({ body: FILM }));
  const { outcome } = await ask(given, { headers: { range: "bytes=500000-1499999" } });
  expect((await bytesOf(outcome)).equals(FILM.subarray(500_000, 1_500_000))).toBe(true);
  const first = Number(/^bytes=(\d+)-1499999$/.exec(all[1]?.seen[0]?.headers.range ?? "")?.[1]);
  expect(first).toBeGreaterThanOrEqual(500_000);
  expect(first).toBeLessThanOrEqual(600_000);
});

test("with one origin the same one is asked for the rest", async () => {
  let cut = true;
  const { given } = await scenery((request, response, body) => {
    const handler = serve({ body: FILM, ...(cut ? { cutAt: 700_000 } : {}) });
    cut = false;
    return handler(request, response, body);
  });
  expect((await bytesOf((await ask(given)).outcome)).equals(FILM)).toBe(true);
});

test("an origin that does not have the rest is passed over for one that does", async () => {
  const cut = serve({ body: FILM, cutAt: 700_000 });
  const { given, all } = await scenery(cut, serve({ body: FILM, etag: '"v2"' }), serve({ body: FILM }));
  expect((await bytesOf((await ask(given)).outcome)).equals(FILM)).toBe(true);
  expect(all.map(({ seen }) => seen.length)).toEqual([1, 1, 1]);
});

test("the one that broke is asked again before one that is out", async () => {
  let cut = false;
  const { given, all } = await scenery((request, response, body) => {
    const handler = serve({ body: FILM, ...(cut ? { cutAt: 700_000 } : {}) });
    cut = false;
    return handler(request, response, body);
  }, resetting);
  for (let n = 0; n < 4; n += 1) await ask(given);
  const asked = all[1]?.seen.length;
  cut = true;
  expect((await bytesOf((await ask(given)).outcome)).equals(FILM)).toBe(true);
  expect(all[1]?.seen.length).toBe(asked);
});

/** Breaks off when the test says so. */
function cutLater(): { handler: Handler; cut: () => void } {
  let cut = (): void => undefined;
  const handler: Handler = (request, response) => {
    cut = () => request.socket.resetAndDestroy();
    response.writeHead(200, { "content-length": FILM.length, etag: '"v1"', "accept-ranges": "bytes" });
    response.write(FILM.subarray(0, 500_000));
  };
  return { handler, cut: () => cut() };
}

test("the route's total time does not end what may be continued", async () => {
  const { handler, cut } = cutLater();
  const { given } = await scenery(handler, serve({ body: FILM }));
  const totalMs = 100;
  given.action = { timeouts: { ...TIMEOUTS, totalMs } };
  const { outcome } = await ask(given);
  setTimeout(cut, 2 * totalMs);
  expect((await bytesOf(outcome)).equals(FILM)).toBe(true);
});

test.each([
  ["what others wait for goes on without its visitor", false, 1],
  ["for one who left nobody is asked", true, 0],
])("%s", async (_, abortWithVisitor, asked) => {
  const { handler, cut } = cutLater();
  const { given, all } = await scenery(handler, serve({ body: FILM }));
  const visitor = new AbortController();
  const { outcome } = await ask(given, { signal: visitor.signal, abortWithVisitor });
  visitor.abort();
  cut();
  const bytes = await bytesOf(outcome).catch(() => null);
  expect(bytes?.equals(FILM) ?? false).toBe(asked === 1);
  expect(all[1]?.seen.length).toBe(asked);
});

test("an origin that goes silent in the middle is left like one that breaks", async () => {
  const stalling: Handler = (_, response) => {
    response.writeHead(200, { "content-length": FILM.length, etag: '"v1"', "accept-ranges": "bytes" });
    response.write(FILM.subarray(0, 500_000));
  };
  const { given } = await scenery(stalling, serve({ body: FILM }));
  given.action = { timeouts: { ...TIMEOUTS, idleMs: 60 } };
  expect((await bytesOf((await ask(given)).outcome)).equals(FILM)).toBe(true);
});

const OTHER = randomBytes(FILM.length);
const CUT = { body: FILM, cutAt: 700_000 };

test.each<readonly [string, Served, Served]>([
  ["without an ETag", { ...CUT, etag: null }, { body: FILM, etag: null }],
  ["with a weak ETag", { ...CUT, etag: 'W/"v1"' }, { body: FILM, etag: 'W/"v1"' }],
  ["without Accept-Ranges", { ...CUT, acceptRanges: null }, { body: FILM }],
  ["whose other origin has another version", CUT, { body: OTHER, etag: '"v2"' }],
  ["whose other origin has another encoding", CUT, { body: FILM, headers: { "content-encoding": "x-other" } }],
  ["whose other origin knows no ranges", CUT, { body: FILM, whole: true }],
  [
    "whose other origin lies about the place",
    CUT,
    { body: FILM, headers: { "content-range": `bytes 0-${FILM.length - 1}/${FILM.length}` } },
  ],
])("an answer %s ends with an error, never with other bytes", async (_, first, second) => {
  const { given } = await scenery(serve(first), serve(second));
  await expect(bytesOf((await ask(given)).outcome)).rejects.toThrow(BROKEN);
});

test("a route may go without: nothing is held, nothing is continued", async () => {
  const { given } = await scenery(serve(CUT), serve({ body: FILM }));
  given.action = { retry: { ...RETRY, resume: false } };
  await expect(bytesOf((await ask(given)).outcome)).rejects.toThrow(BROKEN);
  const small = await scenery(serve({ body: PAGE, cutAt: 10 }), serve({ body: PAGE }));
  small.given.action = { retry: { ...RETRY, holdBytesMax: 0, resume: false } };
  await expect(bytesOf((await ask(small.given)).outcome)).rejects.toThrow(BROKEN);
});

test("an origin whose answers keep breaking is left out", async () => {
  const { given, all } = await scenery(serve({ body: PAGE, cutAt: 10 }), ok);
  for (let n = 0; n < 10; n += 1) await ask(given);
  expect(all[0]?.seen.length).toBeLessThanOrEqual(3);
});
