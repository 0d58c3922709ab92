// Bodies on their way into the store of the built Worker and out of it: they stream while they are stored, and nothing that is not
// whole is ever stored. Origins and visitors that stop half-way are told when to, so nothing here depends on time.

import { createHash } from "node:crypto";
import { readdir, rm, stat } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { eventually, startEdge } from "./harness.ts";
import type { Edge } from "./harness.ts";
import { open } from "./http-client.ts";
import type { Answer } from "./http-client.ts";
import { headOf, rawAnswer, startRawOrigin } from "./raw-origin.ts";
import type { RawOrigin } from "./raw-origin.ts";
import { gate, startScriptedOrigin } from "./scripted-origin.ts";
import type { ScriptedOrigin } from "./scripted-origin.ts";

const MIB = 1024 * 1024;
const BODY_BYTES = 50 * MIB;

let edge: Edge;
let origin: ScriptedOrigin;
let raw: RawOrigin;

beforeAll(async () => {
  [origin, raw] = await Promise.all([startScriptedOrigin(), startRawOrigin()]);
  edge = await startEdge({
    origins: 0,
    config: () => `
sites:
  - name: all
    hosts: ["*"]
    routes:
      - { path: /*, pool: web }
      - { path: /raw/*, pool: raw }
pools:
  web: { origins: ["${origin.url}"] }
  raw: { origins: ["http://localhost:${raw.port}"], circuit: { failures: 1000, volume: 1000 } }
`,
  });
});
beforeEach(() => {
  raw.seen.length = 0;
});
afterAll(async () => {
  await edge?.stop();
  await Promise.all([origin?.stop(), raw?.stop()]);
});

const BLOCK_BYTES = 16_384;

/** Bytes of which no two places look alike: each block begins with its number. @param from - A multiple of the block. */
function* patterned(size: number, from = 0): Generator<Buffer> {
  for (let sent = from; sent < size; sent += BLOCK_BYTES) {
    const number = sent / BLOCK_BYTES;
    const bytes = Buffer.alloc(Math.min(BLOCK_BYTES, size - sent), number + 1);
    if (bytes.length >= 4) bytes.writeUInt32BE(number, 0);
    yield bytes;
  }
}

function hashOf(chunks: Iterable<Buffer>): string {
  const hash = createHash("sha256");
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest("hex");
}

const FIELDS = { "Cache-Control": "public, max-age=600", ETag: '"large-1"', "Accept-Ranges": "bytes" } as const;

let pages = 0;
/** A path that no other test uses. */
function page(under = ""): string {
  return `${under}/page-${++pages}`;
}

/** An origin's answer of patterned bytes that stops after `sent` bytes until it is told to go on. */
function sendInTwo(response: ServerResponse, size: number, { sent, until }: { readonly sent: number; readonly until: Promise<void> }) {
  async function* both(): AsyncGenerator<Buffer> {
    yield* patterned(sent);
    await until;
    yield* patterned(size, sent);
  }
  return pipeline(Readable.from(both()), response);
}

function download(path: string): Promise<IncomingMessage> {
  return open(edge.directUrl, path, { headers: [["Host", "edge.test"]] });
}

/** Reads to the end, and says how it ended. */
async function drained(message: IncomingMessage): Promise<{ bytes: number; sha256: string; whole: boolean }> {
  const hash = createHash("sha256");
  let bytes = 0;
  try {
    for await (const chunk of message) {
      hash.update(chunk as Buffer);
      bytes += (chunk as Buffer).length;
    }
  } catch {
    return { bytes, sha256: hash.digest("hex"), whole: false };
  }
  return { bytes, sha256: hash.digest("hex"), whole: message.complete };
}

function get(path: string, ...headers: (readonly [string, string])[]): Promise<Answer> {
  return edge.get(path, { headers });
}

/** What the store has, without asking the origin. */
function stored(path: string): Promise<Answer> {
  return get(path, ["Cache-Control", "only-if-cached"]);
}

/** A store is finished behind the answer: asks until the store has it. */
async function untilStored(path: string): Promise<void> {
  await eventually("the object is in the store", async () => {
    const head = await edge.get(path, { method: "HEAD", headers: [["Cache-Control", "only-if-cached"]] });
    return head.header("x-cache") === "HIT";
  });
}

function firstBytes(message: IncomingMessage): Promise<void> {
  return new Promise((resolve) => message.once("readable", resolve));
}

// --- 50 MiB

test("50 MiB reach the visitor while the origin is still sending, are stored, and every part of them comes from the store", async () => {
  const path = page();
  const rest = gate();
  origin.at(path, (_request, response) => {
    response.writeHead(200, { ...FIELDS, "Content-Length": BODY_BYTES });
    return sendInTwo(response, BODY_BYTES, { sent: MIB, until: rest.opened });
  });
  const message = await download(path);
  expect(message.headers["x-cache"]).toBe("MISS");
  // The origin waits for this: were the body held back until it is whole, neither would go on.
  await firstBytes(message);
  rest.open();
  const whole = { bytes: BODY_BYTES, sha256: hashOf(patterned(BODY_BYTES)), whole: true };
  expect(await drained(message)).toEqual(whole);

  await untilStored(path);
  const again = await download(path);
  expect([again.headers["x-cache"], again.headers["content-length"]]).toEqual(["HIT", String(BODY_BYTES)]);
  expect(await drained(again)).toEqual(whole);

  const bytes = Buffer.concat([...patterned(BODY_BYTES)]);
  for (const [range, start, end] of [
    ["bytes=0-99", 0, 99],
    ["bytes=0-0", 0, 0],
    [`bytes=${25 * MIB - 5}-${25 * MIB + 199_999}`, 25 * MIB - 5, 25 * MIB + 199_999],
    [`bytes=${BODY_BYTES - 1}-`, BODY_BYTES - 1, BODY_BYTES - 1],
    ["bytes=-100000", BODY_BYTES - 100_000, BODY_BYTES - 1],
    [`bytes=${BODY_BYTES - 10}-${BODY_BYTES + 10}`, BODY_BYTES - 10, BODY_BYTES - 1],
  ] as const) {
    const part = await get(path, ["Range", range]);
    expect([range, part.status, part.header("x-cache")]).toEqual([range, 206, "HIT"]);
    expect([part.header("content-range"), part.header("content-length")]).toEqual([
      `bytes ${start}-${end}/${BODY_BYTES}`,
      String(end - start + 1),
    ]);
    expect(part.body.equals(bytes.subarray(start, end + 1)), range).toBe(true);
  }
  const beyond = await get(path, ["Range", `bytes=${BODY_BYTES}-`]);
  expect([beyond.status, beyond.header("content-range")]).toEqual([416, `bytes */${BODY_BYTES}`]);
  expect(origin.asked(path)).toBe(1);
});

test("50 MiB without a length are stored as well, and have one from the store", async () => {
  const path = page();
  origin.at(path, (_request, response) => {
    response.writeHead(200, FIELDS);
    return pipeline(Readable.from(patterned(BODY_BYTES)), response);
  });
  const whole = { bytes: BODY_BYTES, sha256: hashOf(patterned(BODY_BYTES)), whole: true };
  const miss = await download(path);
  expect([miss.headers["x-cache"], miss.headers["content-length"]]).toEqual(["MISS", undefined]);
  expect(await drained(miss)).toEqual(whole);
  await untilStored(path);
  const again = await download(path);
  expect([again.headers["x-cache"], again.headers["content-length"]]).toEqual(["HIT", String(BODY_BYTES)]);
  expect(await drained(again)).toEqual(whole);
  const part = await get(path, ["Range", `bytes=${BLOCK_BYTES}-${BLOCK_BYTES + 7}`]);
  expect([part.status, part.body.readUInt32BE(0)]).toEqual([206, 1]);
  expect(origin.asked(path)).toBe(1);
});

// --- Visitors who leave

const LEAVING = [
  { size: "small", bytes: 60_000, length: "with a length" },
  { size: "small", bytes: 60_000, length: "chunked" },
  { size: "large", bytes: 8 * MIB, length: "with a length" },
  { size: "large", bytes: 8 * MIB, length: "chunked" },
] as const;

test.each(LEAVING)("a $size body, $length, is stored whole though its visitor leaves in the middle", async ({ bytes, length }) => {
  const path = page();
  const rest = gate();
  origin.at(path, (_request, response) => {
    response.writeHead(200, { ...FIELDS, ...(length === "chunked" ? {} : { "Content-Length": bytes }) });
    return sendInTwo(response, bytes, { sent: BLOCK_BYTES, until: rest.opened });
  });
  const message = await download(path);
  await firstBytes(message);
  const gone = new Promise((resolve) => message.socket.once("close", resolve));
  message.on("error", () => undefined).socket.resetAndDestroy();
  await gone;
  rest.open();
  await untilStored(path);
  const hit = await download(path);
  expect([hit.headers["x-cache"], hit.headers["content-length"]]).toEqual(["HIT", String(bytes)]);
  expect(await drained(hit)).toEqual({ bytes, sha256: hashOf(patterned(bytes)), whole: true });
  expect(origin.asked(path)).toBe(1);
});

test("a visitor who leaves before the origin has answered spoils nothing for the next one", async () => {
  const path = page();
  const held = gate();
  const arrived = gate();
  const bytes = 300_000;
  origin.at(path, async (_request, response) => {
    arrived.open();
    await held.opened;
    response.writeHead(200, { ...FIELDS, "Content-Length": bytes });
    await pipeline(Readable.from(patterned(bytes)), response);
  });
  const { hostname, port } = new URL(edge.directUrl);
  const leaver = connect({ host: hostname, port: Number(port) });
  leaver.write(`GET ${path} HTTP/1.1\r\nHost: edge.test\r\n\r\n`);
  await arrived.opened;
  const gone = new Promise((resolve) => leaver.once("close", resolve));
  leaver.resetAndDestroy();
  await gone;
  held.open();
  expect(await drained(await download(path))).toEqual({ bytes, sha256: hashOf(patterned(bytes)), whole: true });
  await untilStored(path);
  const hit = await download(path);
  expect(hit.headers["x-cache"]).toBe("HIT");
  expect(await drained(hit)).toEqual({ bytes, sha256: hashOf(patterned(bytes)), whole: true });
  expect(origin.asked(path)).toBeLessThanOrEqual(2);
});

// --- Origins that break off, or do not keep to the length that they declare

const CHUNK = Buffer.alloc(1_000, "x").toString("latin1");

function chunked(count: number): string {
  return `3e8\r\n${CHUNK}\r\n`.repeat(count);
}

type Ending = (socket: Socket) => void;
const fin: Ending = (socket) => void socket.end();
const reset: Ending = (socket) => void socket.resetAndDestroy();
const junk: Ending = (socket) => void socket.end("no chunk size\r\n\r\n");

/** Small ones are kept in memory until they are whole, large ones stream into the store. */
const BREAKING = [
  ["a small body, shorter than its length, and FIN", "Content-Length: 30000", CHUNK.repeat(20), fin],
  ["a small body, shorter than its length, and RST", "Content-Length: 30000", CHUNK.repeat(20), reset],
  ["a body that lacks its last byte", "Content-Length: 20001", CHUNK.repeat(20), fin],
  ["a large body, shorter than its length, and FIN", "Content-Length: 500000", CHUNK.repeat(400), fin],
  ["a large body, shorter than its length, and RST", "Content-Length: 500000", CHUNK.repeat(400), reset],
  ["small chunks without the last one, and FIN", "Transfer-Encoding: chunked", chunked(20), fin],
  ["small chunks without the last one, and RST", "Transfer-Encoding: chunked", chunked(20), reset],
  ["large chunks without the last one, and FIN", "Transfer-Encoding: chunked", chunked(400), fin],
  ["large chunks without the last one, and RST", "Transfer-Encoding: chunked", chunked(400), reset],
  ["chunks, and then something that is no chunk", "Transfer-Encoding: chunked", chunked(400), junk],
] as const;

test.each(BREAKING)("%s: broken for the visitor, not stored, and asked for again", async (_, length, sent, ending) => {
  const path = page("/raw");
  const seenByVisitor = gate();
  raw.answer = (_head, socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nCache-Control: public, max-age=600\r\nETag: "1"\r\n${length}\r\n\r\n${sent}`);
    void seenByVisitor.opened.then(() => ending(socket));
    return null;
  };
  const message = await download(path);
  expect([message.statusCode, message.headers["x-cache"]]).toEqual([200, "MISS"]);
  await firstBytes(message);
  seenByVisitor.open();
  expect((await drained(message)).whole).toBe(false);
  expect((await stored(path)).status).toBe(504);

  const whole = "w".repeat(300_000);
  raw.answer = () => rawAnswer(whole, ["Cache-Control: public, max-age=600"]);
  const second = await get(path);
  expect([second.header("x-cache"), second.text() === whole]).toEqual(["MISS", true]);
  await untilStored(path);
  const third = await get(path);
  expect([third.header("x-cache"), third.text() === whole]).toEqual(["HIT", true]);
  expect(raw.seen.length).toBe(2);
});

test.each([5, 200_000])("of a body of %i bytes that goes on beyond its length nobody gets more than was declared", async (bytes) => {
  const path = page("/raw");
  const poison = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nCache-Control: public, max-age=600\r\n\r\npoison";
  raw.answer = (_head, socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nCache-Control: public, max-age=600\r\nContent-Length: ${bytes}\r\n\r\n${"x".repeat(bytes)}${poison}`);
    return null;
  };
  const first = await get(path);
  expect([first.status, first.text() === "x".repeat(bytes)]).toEqual([200, true]);
  await untilStored(path);
  expect((await get(path)).text() === "x".repeat(bytes)).toBe(true);
  // The connection stays open with bytes that look like the answer to the next request: the next ones must not get them.
  raw.answer = (head) => rawAnswer(`asked ${head.split(" ", 2)[1]}`);
  for (let count = 0; count < 3; count++) {
    const other = page("/raw");
    expect((await get(other)).text()).toBe(`asked ${other}`);
  }
  expect(raw.seen.map((request) => headOf(request).split(" ", 2)[1]).filter((target) => target === path)).toEqual([path]);
});

// --- A store that has lost a body

/** The simulated store keeps each body in a file of its own; this takes away the one of that size, as an eviction would. */
async function evict(bytes: number): Promise<void> {
  const root = join(edge.folder, "state/cache");
  const paths = (await readdir(root, { recursive: true })).map((name) => join(root, name));
  const sizes = await Promise.all(paths.map(async (at) => (await stat(at)).size));
  const found = paths.filter((_, index) => sizes[index] === bytes);
  expect(found.length, "files of the stored body").toBe(1);
  await Promise.all(found.map((at) => rm(at)));
}

test.each([
  { what: "the whole", bytes: 300_001, headers: [], status: 200 },
  { what: "a range", bytes: 300_003, headers: [["Range", "bytes=16384-16391"]], status: 206 },
] as const)("a body that is gone under its metadata is a miss for $what, and is stored anew", async ({ bytes, headers, status }) => {
  const path = page();
  const whole = Buffer.concat([...patterned(bytes)]);
  const part = whole.subarray(BLOCK_BYTES, BLOCK_BYTES + 8);
  origin.at(path, (request, response) => {
    const isPart = request.headers.range !== undefined;
    const range = isPart ? { "Content-Range": `bytes 16384-16391/${bytes}` } : {};
    const body = isPart ? part : whole;
    response.writeHead(isPart ? 206 : 200, { ...FIELDS, ...range, "Content-Length": body.length }).end(body);
  });
  await get(path);
  await untilStored(path);
  await evict(bytes);
  const missed = await get(path, ...headers);
  expect([missed.status, missed.header("x-cache"), missed.body.equals(status === 206 ? part : whole)]).toEqual([status, "MISS", true]);
  const again = await get(path);
  expect([again.status, again.body.equals(whole)]).toEqual([200, true]);
  await untilStored(path);
  const hit = await get(path);
  expect([hit.header("x-cache"), hit.body.equals(whole)]).toEqual(["HIT", true]);
  // The first fill, the one after the eviction, and after a range another one for the whole.
  expect(origin.asked(path)).toBe(status === 206 ? 3 : 2);
});
