// Attacks on the way of a request through the built Worker, byte by byte on the direct socket: what the origin was asked, and what
// the visitor got. Each of these was a way in somewhere, here or in other proxies.

import { createHash, randomInt } from "node:crypto";
import { createServer } from "node:http";
import type { Server } from "node:http";
import { connect } from "node:net";
import type { AddressInfo, Socket } from "node:net";

import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { ADMIN_TOKEN, eventually, startEdge } from "./harness.ts";
import type { Edge } from "./harness.ts";
import { sendRaw, statusesOf } from "./http-client.ts";
import { fieldOf, headOf, rawAnswer, startRawOrigin, targetOf } from "./raw-origin.ts";
import type { RawOrigin } from "./raw-origin.ts";

let edge: Edge;
let origin: RawOrigin;
let slow: Server;
/** What the second origin of the pool `two` got, in full. */
let received: { readonly bytes: number; readonly sha256: string } | null = null;

const NAME = "app-1.internal.example";

beforeAll(async () => {
  origin = await startRawOrigin();
  slow = await startSlowOrigin();
  edge = await startEdge({
    origins: 0,
    config: () => `
sites:
  - name: all
    hosts: [edge.test, other.test]
    routes:
      - { path: /*, pool: web }
      - { path: /static/*, pool: web, strip: /static, prefix: /assets }
      - { path: "/items/:id", pool: web, rewrite: "/i/{id}/x" }
      - { path: /small/*, pool: web, maxBody: 1KiB }
      - { path: /money/*, pool: web, cache: { key: { cookie: [currency] } } }
      - { path: /templates/*, pool: web, query: { set: { q: "{query}" } }, headers: { request: { set: { X-Query: "{query}" } } } }
      - { path: /errors/*, pool: web, cache: { statuses: { 4xx: 1m } } }
      - { path: /go/*, redirect: { to: "/new/{rest}" } }
      - { path: /away/*, redirect: { to: "https://elsewhere.test{path}" } }
      - { path: /two/*, pool: two }
      - { path: /once/*, pool: once }
  - { name: moved, hosts: [www.moved.test, moved.test], canonical: www.moved.test, routes: [{ path: /*, pool: web }] }
  - { name: secure, hosts: [secure.test], https: redirect, routes: [{ path: /*, pool: web }] }
pools:
  web: { origins: [{ url: "http://localhost:${origin.port}" }], circuit: { failures: 1000, volume: 1000 } }
  two:
    origins: [{ url: "http://localhost:${origin.port}" }, { url: "http://localhost:${(slow.address() as AddressInfo).port}", backup: true }]
    circuit: { failures: 1000, volume: 1000 }
  once:
    origins: [{ url: "http://localhost:${origin.port}" }, { url: "http://localhost:${(slow.address() as AddressInfo).port}", backup: true }]
  named: { origins: [{ url: "https://${NAME}" }] }
firewall:
  - { id: no-admin, when: 'starts_with(http.request.uri.path, "/admin")', action: block }
  - { id: by-cookie, when: 'any(http.request.cookies["evil"][*] eq "1")', action: block }
  - { id: by-address, when: 'ip.src eq 203.0.113.66', action: block }
client: { trustedProxies: [10.0.0.0/8] }
`,
  });
});
beforeEach(() => {
  origin.seen.length = 0;
  origin.answer = () => rawAnswer();
});
afterAll(async () => {
  await edge?.stop();
  await origin?.stop();
  slow?.closeAllConnections();
  await new Promise((resolve) => slow?.close(resolve));
});

/** Takes its time before it reads a body, so that a proxy has to hold it back. */
async function startSlowOrigin(): Promise<Server> {
  const server = createServer((request, response) => {
    const hash = createHash("sha256");
    let bytes = 0;
    request.pause();
    setTimeout(() => request.resume(), 500);
    request.on("data", (piece: Buffer) => {
      hash.update(piece);
      bytes += piece.length;
    });
    request.on("end", () => {
      received = { bytes, sha256: hash.digest("hex") };
      response.end("stored");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

interface Shot {
  readonly status: number;
  /** Status line and headers. */
  readonly head: string;
  readonly body: string;
  /** The value of a header, or null. */
  header(name: string): string | null;
}

async function shoot(lines: readonly string[], body = ""): Promise<Shot> {
  const raw = await sendRaw(edge.directUrl, Buffer.from(`${lines.join("\r\n")}\r\n\r\n${body}`, "latin1"));
  const text = raw.toString("latin1");
  const end = text.indexOf("\r\n\r\n");
  const head = text.slice(0, end);
  const header = (name: string): string | null => new RegExp(`^${name}: *(.*)$`, "im").exec(head)?.[1]?.trim() ?? null;
  return { status: statusesOf(raw)[0] ?? 0, head, body: text.slice(end + 4), header };
}

function get(target: string, ...headers: string[]): Promise<Shot> {
  const host = headers.some((line) => /^host:/i.test(line)) ? [] : ["Host: edge.test"];
  return shoot([`GET ${target} HTTP/1.1`, ...host, "Connection: close", ...headers]);
}

function asked(): string[] {
  return origin.seen.map(targetOf);
}

let pages = 0;
/** A path that no other test uses. */
function page(under = ""): string {
  return `${under}/page-${++pages}`;
}

const PUBLIC = "Cache-Control: public, max-age=600";

// --- Paths: what rules saw is what the origin is asked.

const PIECES = [
  "/",
  "//",
  "/./",
  "/../",
  "/%2e%2e/",
  "/.%2E/",
  "%2f",
  "%5c",
  "\\",
  ";x",
  "..;/",
  "admin",
  "%61dmin",
  "x",
  "%252e%252e",
  "%",
];

test("no spelling of a blocked path reaches the origin as that path", async () => {
  const path = fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 6 }).map((pieces) => `/${pieces.join("")}`);
  await fc.assert(
    fc.asyncProperty(path, async (target) => {
      origin.seen.length = 0;
      await get(target);
      for (const sent of asked()) {
        expect(sent).not.toMatch(/\/\.{1,2}(?:\/|$)/);
        expect(new URL(`http://origin${sent}`).pathname.replaceAll(/\/+/g, "/")).not.toMatch(/^\/admin/);
      }
    }),
    { numRuns: 150 },
  );
});

test.each([
  ["/static/x", "/assets/x"],
  ["//static/x", "/assets/x"],
  ["/%73tatic/x", "/assets/x"],
  ["/static/../y", "/y"],
  ["/static/%2e%2e/y", "/y"],
  ["/static//..//y", "/y"],
  ["/items/a%2fb", "/i/a%2Fb/x"],
  ["/items/a%3fb", "/i/a%3Fb/x"],
  ["/items/%2e%2e", "/"],
  ["/a?b?c", "/a?b?c"],
  ["/a#b?c", "/a"],
])("%s is asked of the origin as %s", async (target, expected) => {
  expect((await get(target)).status).toBe(200);
  expect(asked()).toEqual([expected]);
});

test.each(["*", "@evil.test/x", ".evil.test/x", "?x", "/a/..;/b", "/a%00", "/..%2fb", "/%2e%2e%2fb", "/..%5cb"])(
  "%s as a target reaches no origin",
  async (target) => {
    expect((await get(target)).status).toBe(400);
    expect(asked()).toEqual([]);
  },
);

test.each([
  "/_breakwater/status",
  "//_breakwater/status",
  "/%5Fbreakwater/status",
  "/x/../_breakwater/c/p/0",
  "/_BREAKWATER/",
  "/_breakwater;/x",
])("%s stays here, with the operator's token and without", async (target) => {
  expect((await get(target)).status).toBe(404);
  await get(target, `Authorization: Bearer ${ADMIN_TOKEN}`);
  expect(asked()).toEqual([]);
});

test.each(["PURGE", "TRACE"])("%s without a token reaches no origin", async (method) => {
  const { status } = await shoot([`${method} /page HTTP/1.1`, "Host: edge.test", "Connection: close"]);
  expect([404, 405]).toContain(status);
  expect(asked()).toEqual([]);
});

// --- Requests: one message, and nothing in it that is ours to say.

test.each(["POST", "HEAD", "DELETE"])("Upgrade does not turn a %s into a GET", async (method) => {
  await shoot([`${method} /w HTTP/1.1`, "Host: edge.test", "Connection: close", "Upgrade: websocket", "Content-Length: 0"]);
  expect(origin.seen.map((request) => headOf(request).split(" ", 1)[0])).toEqual([method]);
});

test("no header of the visitor speaks for the proxy, in any spelling", async () => {
  const names = [
    "Client-IP",
    "Forwarded",
    "Proxy",
    "True-Client-IP",
    "X-Client-IP",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Server",
  ];
  const more = [
    "X-Forwarded-Uri",
    "X-Forwarded-User",
    "X-HTTP-Host-Override",
    "X-HTTP-Method-Override",
    "X-Host",
    "X-Original-URL",
    "X-Real-IP",
  ];
  const all = [...names, ...more, ...more.map((name) => name.replaceAll("-", "_")), "Transfer_Encoding", "X_Forwarded_For"];
  await get(page(), ...all.map((name) => `${name}: evil.test`), "Connection: X-Dropped", "X-Dropped: 1", "TE: trailers", "Keep-Alive: 5");
  const [request] = origin.seen;
  expect(request === undefined ? "evil" : headOf(request)).not.toMatch(/evil|X-Dropped|^TE:|Keep-Alive/im);
});

test("an address is believed from a trusted proxy only", async () => {
  const claim = "X-Forwarded-For: 203.0.113.66, 10.0.0.2";
  expect((await get("/a", "CF-Connecting-IP: 198.51.100.1", claim)).status).toBe(200);
  expect((await get("/a", "CF-Connecting-IP: 10.0.0.1", claim)).status).toBe(403);
  expect((await get("/a", "CF-Connecting-IP: 10.0.0.1", "X-Forwarded-For: 203.0.113.66, 198.51.100.2")).status).toBe(200);
  expect(origin.seen.map((request) => fieldOf(request, "x-forwarded-for"))).toEqual(["198.51.100.1", "198.51.100.2"]);
});

test("a cookie in a second Cookie line does not pass the rules", async () => {
  expect((await get("/a", "Cookie: a=1", "Cookie: evil=1")).status).toBe(403);
});

// --- Uploads: what breaks off is never whole, and nothing is lost on the way to a second origin.

function upload(target: string, method = "POST"): Socket {
  const url = new URL(edge.directUrl);
  const socket = connect({ host: url.hostname, port: Number(url.port) });
  socket.on("error", () => undefined);
  socket.write(`${method} ${target} HTTP/1.1\r\nHost: edge.test\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n`);
  return socket;
}

function chunk(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]);
}

async function answerOn(socket: Socket): Promise<string> {
  let text = "";
  socket.on("data", (bytes: Buffer) => (text += bytes.toString("latin1")));
  await new Promise((resolve) => socket.once("close", resolve));
  return text;
}

const LAST_CHUNK = /\r\n0\r\n\r\n$/;

test("a body that passes the limit in mid-way gets 413, and the origin never sees an end of it", async () => {
  origin.answer = () => null;
  const socket = upload("/small/x");
  const answer = answerOn(socket);
  socket.write(chunk(Buffer.alloc(600, "a")));
  await eventually("the first part is at the origin", async () => origin.seen[0]?.text.includes("aaaa") === true);
  socket.write(chunk(Buffer.alloc(600, "b")));
  expect(await answer).toMatch(/^HTTP\/1\.1 413 /);
  await eventually("the origin's connection is closed", async () => origin.seen[0]?.closed === true);
  expect(origin.seen[0]?.text).not.toMatch(LAST_CHUNK);
});

// An origin that answers before it has read the body is another matter: workerd then ends the upload in good order by itself.
test("an upload that its visitor breaks off has no end at the origin", async () => {
  origin.answer = () => null;
  const socket = upload(page());
  socket.write(chunk(Buffer.from("first")));
  await eventually("the first part is at the origin", async () => origin.seen[0]?.text.includes("first") === true);
  socket.resetAndDestroy();
  await eventually("the origin's connection is closed", async () => origin.seen[0]?.closed === true);
  expect(origin.seen[0]?.text).not.toMatch(LAST_CHUNK);
});

test("a PUT whose first origin fails early and goes on reading arrives byte-exact at the second one", async () => {
  origin.answer = (_head, socket) => {
    socket.write("HTTP/1.1 503 No\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
    return null;
  };
  const chunks = Array.from({ length: 300 }, (_, index) => Buffer.alloc(16_000, index));
  const socket = upload("/two/x", "PUT");
  const answer = answerOn(socket);
  socket.write(chunk(chunks[0] ?? Buffer.alloc(0)));
  await eventually("the first origin has been asked", async () => origin.seen.length === 1);
  for (const bytes of chunks.slice(1)) socket.write(chunk(bytes));
  socket.write("0\r\n\r\n");
  expect(await answer).toMatch(/^HTTP\/1\.1 200 /);
  const sha256 = createHash("sha256").update(Buffer.concat(chunks)).digest("hex");
  expect(received).toEqual({ bytes: 300 * 16_000, sha256 });
});

test("a POST whose origin closes the connection is not sent a second time", async () => {
  received = null;
  origin.answer = (_head, socket) => {
    socket.destroy();
    return null;
  };
  const { status } = await shoot(["POST /once/y HTTP/1.1", "Host: edge.test", "Connection: close", "Content-Length: 2"], "hi");
  expect([status, origin.seen.length, received]).toEqual([502, 1, null]);
});

// --- Cache: a key holds all that the origin's answer may depend on.

test("a parameter that the key leaves out reaches the origin in no template", async () => {
  origin.answer = () => rawAnswer("page", [PUBLIC]);
  const target = page("/templates");
  await get(`${target}?utm_source=evil&x=1`);
  expect(origin.seen.map((request) => [targetOf(request), fieldOf(request, "x-query")])).toEqual([[`${target}?x=1&q=x%3D1`, "x=1"]]);
  expect((await get(`${target}?x=1`)).header("x-cache")).toBe("HIT");
});

test("a cookie of the key in a second Cookie line stores nothing under the key without it", async () => {
  origin.answer = (head) => rawAnswer(/currency=EUR/.test(head) ? "EUR" : "USD", [PUBLIC]);
  const target = page("/money");
  await get(target, "Cookie: a=1", "Cookie: currency=EUR");
  expect((await get(target, "Cookie: a=1")).body).toBe("USD");
  expect((await get(target, "Cookie: currency=EUR")).body).toBe("EUR");
});

test("an encoded answer without Vary is not given to a visitor who does not take the encoding", async () => {
  origin.answer = (head) =>
    /^accept-encoding:.*gzip/im.test(head) ? rawAnswer("GZIP", [PUBLIC, "Content-Encoding: gzip"]) : rawAnswer("plain", [PUBLIC]);
  const target = page();
  expect((await get(target, "Accept-Encoding: gzip")).body).toBe("GZIP");
  const plain = await get(target);
  expect([plain.body, plain.header("content-encoding")]).toEqual(["plain", null]);
});

test.each(["400", "401", "403", "413", "429", "431"])(
  "a %s that one visitor provokes is not stored for a class of statuses",
  async (status) => {
    const target = page("/errors");
    origin.answer = () => rawAnswer("no", [], `${status} No`);
    expect((await get(target, "X-Provoke: 1")).status).toBe(Number(status));
    origin.answer = () => rawAnswer("fine");
    expect((await get(target)).body).toBe("fine");
  },
);

test.each([
  ["a GET with a body", ["Content-Length: 4"], "evil"],
  ["a range", ["Range: bytes=0-1"], ""],
  ["a condition", ['If-Match: "x"'], ""],
  ["another method by header", ["X-HTTP-Method-Override: DELETE"], ""],
  ["another host by header", ["X-Forwarded-Host: evil.test"], ""],
  ["credentials", ["Authorization: Basic eA=="], ""],
  ["a cookie", ["Cookie: user=1"], ""],
])("%s stores nothing that the next visitor gets", async (_, headers, body) => {
  const target = page();
  origin.answer = (head) => {
    const partial = /^range:/im.test(head);
    const poison = /^(?:content-length|range|if-match|x-http-method|authorization|cookie):|evil/im.test(head);
    return rawAnswer(
      poison ? "poison" : "clean",
      ["Cache-Control: max-age=600"],
      partial ? "206 Partial\r\nContent-Range: bytes 0-5/9" : "200 OK",
    );
  };
  await shoot([`GET ${target} HTTP/1.1`, "Host: edge.test", "Connection: close", ...headers], body);
  expect((await get(target)).body).toBe("clean");
});

test("HEAD fills what GET gets, and two spellings of one host share one answer of their own site only", async () => {
  origin.answer = (head) => rawAnswer(fieldOf({ text: head, closed: false }, "x-forwarded-host") ?? "", [PUBLIC]);
  const target = page();
  await shoot([`HEAD ${target} HTTP/1.1`, "Host: edge.test", "Connection: close"]);
  await eventually("the answer is in the store", async () => (await get(target)).header("x-cache") === "HIT");
  expect((await get(target)).body).toBe("edge.test");
  for (const host of ["EDGE.test", "edge.test:80", "edge.test."]) {
    const { body } = await get(target, `Host: ${host}`);
    expect(body).toBe("edge.test");
  }
  expect((await get(target, "Host: other.test")).body).toBe("other.test");
  expect((await get(target, "Host: edge.test:8080")).body).toBe("edge.test:8080");
});

test("a page answered to the name of a style sheet is not stored", async () => {
  origin.answer = (head) =>
    rawAnswer(`account of ${/^cookie: (.*)$/im.exec(head)?.[1]?.trim() ?? "nobody"}`, [PUBLIC, "Content-Type: text/html"]);
  const target = `${page()}/x.css`;
  await get(target, "Cookie: alice");
  expect((await get(target)).body).toBe("account of nobody");
});

test("no visitor gets another one's bytes, whatever origins say about storing", { timeout: 120_000 }, async () => {
  const controls = [
    "no-store",
    "private, max-age=60",
    "max-age=60",
    "",
    "no-cache",
    "max-age=60, stale-while-revalidate=60",
    "max-age=0, must-revalidate",
  ];
  const personal = ["Vary: Cookie, Authorization", "Set-Cookie: s=1", "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT", "X-Nothing: 1"];
  origin.answer = (head) => {
    // A personal page unless the visitor is unknown; sometimes a shared one that says so and holds no name.
    const who = /^(?:cookie: u=|authorization: bearer )(\w+)/im.exec(head)?.[1] ?? "nobody";
    const shared = randomInt(4) === 0;
    const control = shared ? "public, max-age=60" : (controls[randomInt(controls.length)] ?? "");
    const whole = `<${shared ? "shared" : who}>`;
    const fields = [`Cache-Control: ${control}`, personal[randomInt(personal.length)] ?? "", `ETag: "${whole}"`, `X-Who: ${whole}`];
    const from = /^range: bytes=(\d+)-/im.exec(head)?.[1];
    const condition = /^if-range: "(.*)"/im.exec(head)?.[1] ?? whole;
    if (from === undefined || condition !== whole || head.startsWith("POST"))
      return rawAnswer(whole, [...fields, `Content-Location: ${head.split(" ", 2)[1]}`]);
    const range = `Content-Range: bytes ${from}-${whole.length - 1}/${whole.length}`;
    return rawAnswer(whole.slice(Number(from)), [...fields, range], "206 Partial Content");
  };
  const paths = Array.from({ length: 6 }, () => page());
  const visit = async (): Promise<void> => {
    const user = `user${randomInt(5)}`;
    const identity = [[], [`Cookie: u=${user}`], [`Authorization: Bearer ${user}`]][randomInt(3)] ?? [];
    const extra =
      [[], ['If-None-Match: "<shared>"'], ["Cache-Control: no-cache"], ["Range: bytes=0-"], ["Range: bytes=2-"]][randomInt(5)] ?? [];
    const method = ["GET", "GET", "GET", "GET", "POST"][randomInt(5)] ?? "GET";
    const lines = [`${method} ${paths[randomInt(paths.length)]} HTTP/1.1`, "Host: edge.test", "Connection: close", ...identity, ...extra];
    const answer = await shoot(method === "POST" ? [...lines, "Content-Length: 0"] : lines);
    const allowed = [identity.length === 0 ? "<nobody>" : `<${user}>`, "<nobody>", "<shared>"];
    expect(allowed.some((text) => text.endsWith(answer.body))).toBe(true);
    expect([...allowed, null]).toContain(answer.header("x-who"));
  };
  for (let round = 0; round < 60; round++) await Promise.all(Array.from({ length: 8 }, visit));
});

// --- Responses: no name of an origin, nothing of one connection, nothing that ends a line.

test("no header of an answer names an origin", async () => {
  const url = `https://${NAME}/x`;
  const lines = [
    `Location: ${url}`,
    `Content-Location: //${NAME}/x`,
    `Refresh: 5; url=${url}`,
    `Link: <${url}>; rel=next`,
    `Alt-Svc: h3="${NAME}:443"`,
  ];
  const more = [
    `Via: 1.1 ${NAME}`,
    `Server-Timing: a;desc="${NAME}"`,
    `X-Served-By: ${NAME}`,
    `Access-Control-Allow-Origin: https://${NAME}`,
  ];
  const cookie = `Set-Cookie: a=1; Domain=${NAME}; Path=/`;
  origin.answer = () => rawAnswer("ok", [...lines, ...more, cookie, PUBLIC], "201 Created");
  const target = page();
  expect((await get(target)).head).not.toContain(NAME.split(".")[1]);
  expect((await get(target)).head).not.toContain(NAME.split(".")[1]);
});

test.each([
  ["/go//evil.test", "/new/evil.test"],
  ["/go/%2fevil.test", "/new/%2Fevil.test"],
  ["/go/\\evil.test", "/new/evil.test"],
  ["/go/x?a=%0d%0ab", "/new/x?a=%0d%0ab"],
  ["/away/@evil.test", "https://elsewhere.test/away/@evil.test"],
])("a redirect from %s leads to %s", async (target, location) => {
  expect((await get(target)).header("location")).toBe(location);
});

test("redirects of a site never leave it", async () => {
  expect((await get("//evil.test/..%2f", "Host: moved.test")).status).toBe(400);
  expect((await get("//evil.test/", "Host: moved.test")).header("location")).toBe("http://www.moved.test//evil.test/");
  expect((await get("//evil.test/", "Host: secure.test")).header("location")).toBe("https://secure.test//evil.test/");
  expect((await get("/a", "Host: SECURE.test.")).header("location")).toBe("https://secure.test/a");
});

test.each(["600 Odd", "999 Denied", "101 Switching Protocols\r\nUpgrade: x"])(
  "an answer of status %s is a bad gateway, and no crash",
  async (status) => {
    origin.answer = () => rawAnswer("odd", [], status);
    expect((await get(page())).status).toBe(502);
  },
);

test.each([
  ["chunked", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"],
  ["with a length", "Content-Length: 100\r\n\r\nhello"],
])("an answer that breaks off, %s, is neither whole for the visitor nor stored", async (_, text) => {
  origin.answer = () => `HTTP/1.1 200 OK\r\n${PUBLIC}\r\n${text}`;
  const target = page();
  expect((await get(target)).body).not.toMatch(LAST_CHUNK);
  origin.answer = () => rawAnswer("whole");
  expect((await get(target)).body).toBe("whole");
});

test("a part that breaks off before the end that it declares is not stored as the end", async () => {
  const target = page();
  origin.answer = () => `HTTP/1.1 206 Partial Content\r\n${PUBLIC}\r\nETag: "1"\r\nContent-Range: bytes 4-9/10\r\n\r\n45`;
  await get(target, "Range: bytes=4-");
  origin.answer = () => rawAnswer("456789", [PUBLIC, 'ETag: "1"', "Content-Range: bytes 4-9/10"], "206 Partial Content");
  const again = await get(target, "Range: bytes=4-");
  expect([again.header("content-range"), again.body]).toEqual(["bytes 4-9/10", "456789"]);
});

test("fields of one connection end here, also those that Connection names", async () => {
  origin.answer = () =>
    rawAnswer("ok", ["Connection: X-Internal", "X-Internal: 1", "Keep-Alive: timeout=5", "Proxy-Authenticate: Basic", "Trailer: X"]);
  expect((await get(page())).head).not.toMatch(/x-internal|keep-alive|proxy-authenticate|trailer/i);
});

// --- Cost: the largest request that is let in stays cheap.

test.each([
  ["escaped quotes", `"${'\\"'.repeat(25_000)}`],
  ["commas", ",".repeat(50_000)],
  ["weights", "a;q=0.1,".repeat(6_000)],
  ["cookies", "a=1;".repeat(12_000)],
])("50,000 characters of %s in every parsed header are answered like any others", async (_, value) => {
  for (const name of [
    "Accept",
    "Accept-Encoding",
    "Accept-Language",
    "Cache-Control",
    "CDN-Loop",
    "Cookie",
    "Forwarded",
    "If-None-Match",
    "Range",
    "Upgrade",
  ]) {
    expect((await get(page(), `${name}: ${value}`)).status).toBeLessThan(500);
  }
});

test("after all of this nothing crashed", async () => {
  expect((await get(page())).status).toBe(200);
  expect(edge.log.filter((line) => line.includes('"event":"crash"'))).toEqual([]);
});
