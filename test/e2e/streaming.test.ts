// Bodies and protocols that a proxy can break: long transfers in flat memory both ways, WebSocket, server-sent events, and the
// methods and statuses with rules of their own. On the direct socket, with a real origin.

import { createHash } from "node:crypto";
import { connect } from "node:net";
import { Readable } from "node:stream";

import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import type { SeenRequest } from "../../scripts/local/demo-origin.ts";
import { filler } from "../../scripts/local/demo-pages.ts";
import { eventually, startEdge } from "./harness.ts";
import type { Edge } from "./harness.ts";
import { open, sendRaw, statusesOf } from "./http-client.ts";
import { growthDuring } from "./memory.ts";

const MIB = 1024 * 1024;

/** Twice what has to pass: workerd's memory may grow by buffers and its heap, never by the body. */
const BODY_BYTES = 200 * MIB;
const GROWTH_BYTES_MAX = 100 * MIB;

let edge: Edge;

beforeAll(async () => {
  edge = await startEdge({
    config: ([web]) => `
sites:
  - { name: all, hosts: ["*"], routes: [{ path: /*, pool: web, maxBody: 300MiB }, { path: /small/*, pool: web, strip: /small, maxBody: 1KiB }] }
pools:
  web: { origins: [${web}] }
`,
  });
});
beforeEach(() => edge.origins[0]?.forget());
afterAll(() => edge?.stop());

function hashOfFiller(size: number): string {
  const hash = createHash("sha256");
  for (const chunk of filler(size)) hash.update(chunk);
  return hash.digest("hex");
}

async function download(target: string): Promise<{ bytes: number; sha256: string }> {
  const message = await open(edge.directUrl, target, { headers: [["Host", "edge.test"]] });
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of message) {
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  return { bytes, sha256: hash.digest("hex") };
}

test.each([
  { what: "with a length", query: "" },
  { what: "chunked", query: "&length=0" },
])("200 MiB come down byte-exact in flat memory, $what", async ({ query }) => {
  const size = BODY_BYTES;
  await download("/bytes?size=1000000");
  const growth = await growthDuring(async () => {
    expect(await download(`/bytes?size=${size}${query}`)).toEqual({ bytes: size, sha256: hashOfFiller(size) });
  });
  expect(growth).toBeLessThan(GROWTH_BYTES_MAX);
});

test.each([
  { what: "with a length", headers: [["Content-Length", String(BODY_BYTES)]] },
  { what: "chunked", headers: [["Transfer-Encoding", "chunked"]] },
] as const)("200 MiB go up byte-exact in flat memory, $what", async ({ headers }) => {
  const size = BODY_BYTES;
  await edge.get("/upload", { method: "POST", body: Readable.from(filler(1_000_000)), headers: [["Transfer-Encoding", "chunked"]] });
  const growth = await growthDuring(async () => {
    const answer = await edge.get("/upload", { method: "POST", body: Readable.from(filler(size)), headers });
    expect(answer.json()).toEqual({ bytes: size, sha256: hashOfFiller(size) });
  });
  expect(growth).toBeLessThan(GROWTH_BYTES_MAX);
});

test("a request body at the route's limit passes, one byte more gets 413", async () => {
  const post = async (bytes: number) => (await edge.get("/small/upload", { method: "POST", body: Buffer.alloc(bytes) })).status;
  expect([await post(1_024), await post(1_025)]).toEqual([200, 413]);
  // Of the second one the origin has heard nothing: its length was declared.
  expect(await uploadArrivals()).toEqual(["complete"]);
});

test.each([
  { bytes: 1_024, status: 200, arrival: "complete" },
  { bytes: 1_025, status: 413, arrival: "cut" },
])("of a body without a length, $bytes bytes against a limit of 1,024: $status, and $arrival at the origin", async (of) => {
  async function* inTwoParts(): AsyncGenerator<Buffer> {
    yield Buffer.alloc(600);
    await eventually("the origin has the beginning", async () => (await edge.origins[0]?.seen())?.length === 1);
    yield Buffer.alloc(of.bytes - 600);
  }
  const body = Readable.from(inTwoParts());
  const answer = await edge.get("/small/upload", { method: "POST", body, headers: [["Transfer-Encoding", "chunked"]] });
  expect(answer.status).toBe(of.status);
  await eventually("the origin has seen the end", async () => !(await uploadArrivals()).includes(null));
  expect(await uploadArrivals()).toEqual([of.arrival]);
});

test("an upload that its client breaks off is never whole at the origin", async () => {
  const url = new URL(edge.directUrl);
  const socket = connect({ host: url.hostname, port: Number(url.port) });
  socket.write("POST /upload HTTP/1.1\r\nHost: edge.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
  await eventually("the origin has the beginning", async () => (await edge.origins[0]?.seen())?.length === 1);
  socket.resetAndDestroy();
  await eventually("the origin has seen the end", async () => !(await uploadArrivals()).includes(null));
  expect(await uploadArrivals()).toEqual(["cut"]);
});

/** How each upload's arrival at the origin ended. */
async function uploadArrivals(): Promise<SeenRequest["arrival"][]> {
  return ((await edge.origins[0]?.seen()) ?? []).filter(({ url }) => url.endsWith("/upload")).map(({ arrival }) => arrival);
}

test("server-sent events arrive one by one, not at the end", async () => {
  const message = await open(edge.directUrl, "/sse?count=3", { headers: [["Host", "edge.test"]] });
  const parts: string[] = [];
  for await (const chunk of message) parts.push(String(chunk));
  expect(message.headers["content-type"]).toBe("text/event-stream");
  expect(parts.join("")).toBe("id: 1\ndata: tick 1\n\nid: 2\ndata: tick 2\n\nid: 3\ndata: tick 3\n\n");
  expect(parts.length).toBeGreaterThan(1);
});

test("the first bytes of a slow response arrive while the origin is still sending", async () => {
  const message = await open(edge.directUrl, "/stream?lines=100&ms=50", { headers: [["Host", "edge.test"]] });
  const first = await new Promise<string>((resolve) => message.once("data", (chunk: Buffer) => resolve(chunk.toString())));
  expect(first).toContain("line 1 ");
  expect(first).not.toContain("line 100 ");
  message.destroy();
});

test("a WebSocket echoes text, bytes and large messages, and closes cleanly", async () => {
  const socket = new WebSocket(`${edge.directUrl.replace("http", "ws")}/ws`);
  socket.binaryType = "arraybuffer";
  const received: unknown[] = [];
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve);
    socket.addEventListener("error", reject);
  });
  const large = "x".repeat(100_000);
  await new Promise<void>((resolve) => {
    socket.addEventListener("message", ({ data }) => {
      received.push(data instanceof ArrayBuffer ? [...new Uint8Array(data)] : data);
      if (received.length === 3) resolve();
    });
    socket.send("hello");
    socket.send(new Uint8Array([0, 255, 7]));
    socket.send(large);
  });
  expect(received).toEqual(["hello", [0, 255, 7], large]);
  const closed = new Promise<number>((resolve) => socket.addEventListener("close", ({ code }) => resolve(code)));
  socket.close(1000, "done");
  expect(await closed).toBe(1000);
});

test("HEAD has the headers of GET and no body", async () => {
  const head = await edge.get("/bytes?size=5000", { method: "HEAD" });
  expect([head.status, head.header("content-length"), head.body.length]).toEqual([200, "5000", 0]);
});

test("OPTIONS reaches the origin and its answer comes back", async () => {
  await edge.origins[0]?.answer("/cors", {
    status: 204,
    headers: [
      ["Access-Control-Allow-Origin", "*"],
      ["Allow", "GET, POST"],
    ],
  });
  const answer = await edge.get("/cors", { method: "OPTIONS", headers: [["Origin", "https://a.test"]] });
  expect([answer.status, answer.header("access-control-allow-origin"), answer.header("allow")]).toEqual([204, "*", "GET, POST"]);
  expect((await edge.origins[0]?.seen())?.map(({ method }) => method)).toEqual(["OPTIONS"]);
});

test("a range of an uncached file is answered with 206 and the right bytes", async () => {
  const identity = ["Accept-Encoding", "identity"] as const;
  const whole = await edge.get("/static/app.js?range", { headers: [identity] });
  const part = await edge.get("/static/app.js?range2", { headers: [identity, ["Range", "bytes=10-19"]] });
  expect([part.status, part.header("content-range")]).toEqual([206, `bytes 10-19/${whole.body.length}`]);
  expect(part.body.equals(whole.body.subarray(10, 20))).toBe(true);
});

test("Expect: 100-continue does not hold the request up", async () => {
  const text = "POST /upload HTTP/1.1\r\nHost: edge.test\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello";
  const statuses = statusesOf(await sendRaw(edge.directUrl, text));
  expect(statuses.at(-1)).toBe(200);
  expect(statuses.slice(0, -1).every((status) => status === 100)).toBe(true);
});

test("every Set-Cookie of a response arrives, in order", async () => {
  const answer = await edge.get("/cookies");
  expect(answer.headers.get("set-cookie")).toEqual([
    "sid=1; Path=/; HttpOnly",
    "theme=dark; Path=/",
    "lang=en; Expires=Wed, 01 Jan 2031 00:00:00 GMT",
  ]);
});

test.each(["br", "gzip"])("a body in %s passes as the origin's bytes, first and again", async (encoding) => {
  const headers = [["Accept-Encoding", encoding]] as const;
  const direct = await open(edge.origins[0]?.url ?? "", "/static/logo.svg", { headers });
  const chunks: Buffer[] = [];
  for await (const chunk of direct) chunks.push(chunk as Buffer);
  for (const answer of [await edge.get("/static/logo.svg", { headers }), await edge.get("/static/logo.svg", { headers })]) {
    expect(answer.header("content-encoding")).toBe(encoding);
    expect(answer.body.equals(Buffer.concat(chunks))).toBe(true);
    expect(answer.header("etag")).toBe(direct.headers.etag);
  }
});

test.each([205, 404, 410, 418, 500, 599])("status %i of the origin comes back as it is", async (status) => {
  expect((await edge.get(`/status?code=${status}`)).status).toBe(status);
});

test.each([204, 304])("status %i comes back without a body and without a transfer coding", async (status) => {
  const answer = await edge.get(`/status?code=${status}`);
  expect([answer.status, answer.body.length, answer.header("transfer-encoding")]).toEqual([status, 0, null]);
});

test("a POST with an empty body stays a POST with an empty body", async () => {
  const answer = await edge.get("/upload", { method: "POST", headers: [["Content-Length", "0"]] });
  expect(answer.json()).toMatchObject({ bytes: 0 });
});

test("a client that leaves takes its download at the origin with it", async () => {
  const url = new URL(edge.directUrl);
  const socket = connect({ host: url.hostname, port: Number(url.port) });
  socket.write("GET /stream?lines=1000&ms=10 HTTP/1.1\r\nHost: edge.test\r\n\r\n");
  await new Promise((resolve) => socket.once("data", resolve));
  socket.resetAndDestroy();
  await eventually("the origin has seen it leave", async () => (await edge.origins[0]?.seen())?.[0]?.answer === "cut");
  expect((await edge.origins[0]?.seen())?.map(({ answer }) => answer)).toEqual(["cut"]);
});
