// The pages of the demo origin: a small site with something of everything that a proxy has to pass on. Each page is a function
// of the request; demo-origin.ts owns the server, counts requests and breaks on demand.

import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { brotliCompressSync, gzipSync } from "node:zlib";

export interface PageRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  /** Name of this origin, shown so that one can see who answered. */
  readonly origin: string;
}

type Page = (page: PageRequest) => void | Promise<void>;

const PUBLISHED = new Date("2026-09-01T08:00:00Z");
const HTML = "text/html; charset=utf-8";
const JSON_TYPE = "application/json";
const FILLER = Buffer.from(Array.from({ length: 65_536 }, (_, i) => (i * 31 + (i >> 8)) & 0xff));

export const PAGES: Readonly<Record<string, Page>> = {
  "/": (page) => sendText(page, 200, { "content-type": HTML, "cache-control": "no-cache" }, home(page.origin)),
  "/news": (page) => sendText(page, 200, { "content-type": HTML, "cache-control": "public, max-age=60" }, home(page.origin)),
  "/static/app.css": (page) => sendFile(page, "text/css; charset=utf-8", "body { font-family: sans-serif; margin: 2rem }\n".repeat(40)),
  "/static/app.js": (page) => sendFile(page, "text/javascript; charset=utf-8", "document.title += ' (loaded)';\n".repeat(60)),
  "/static/logo.svg": (page) =>
    sendFile(page, "image/svg+xml", '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 9h9L5 0z"/></svg>\n'),
  "/api/time": (page) => sendJson(page, { origin: page.origin, now: new Date().toISOString() }),
  "/api/echo": echo,
  "/account": (page) => sendText(page, 200, { "content-type": HTML, "cache-control": "private, max-age=60" }, "<h1>Your account</h1>\n"),
  "/cookies": (page) => {
    page.response.setHeader("set-cookie", [
      "sid=1; Path=/; HttpOnly",
      "theme=dark; Path=/",
      "lang=en; Expires=Wed, 01 Jan 2031 00:00:00 GMT",
    ]);
    sendText(page, 200, { "content-type": "text/plain" }, "three cookies\n");
  },
  "/redirect": (page) => {
    const own = `http://${page.request.headers.host ?? ""}`;
    page.response.writeHead(302, { location: `${own}/api/time?from=redirect`, "content-length": "0" }).end();
  },
  "/healthz": (page) => sendText(page, 200, { "content-type": "text/plain" }, "ok\n"),
  "/status": (page) => {
    const status = Number(page.url.searchParams.get("code") ?? "200");
    page.response.writeHead(status, { "x-origin": page.origin }).end(status === 204 || status === 304 ? undefined : `status ${status}\n`);
  },
  "/slow": async (page) => {
    await delay(Math.min(Number(page.url.searchParams.get("ms") ?? "1500"), 60_000));
    sendText(page, 200, { "content-type": "text/plain", "cache-control": "no-store" }, `slow but well, from ${page.origin}\n`);
  },
  "/stream": stream,
  "/sse": events,
  "/bytes": bytes,
  "/upload": upload,
};

function home(origin: string): string {
  const links = Object.keys(PAGES).map((path) => `<li><a href="${path}">${path}</a></li>`);
  return `<!doctype html>
<title>Demo origin</title>
<link rel="stylesheet" href="/static/app.css"><script defer src="/static/app.js"></script>
<h1>Hello from ${origin}</h1>
<ul>${links.join("")}</ul>
`;
}

export function sendText(page: PageRequest, status: number, headers: Readonly<Record<string, string>>, body: string): void {
  const content = Buffer.from(body);
  page.response
    .writeHead(status, { ...headers, "content-length": String(content.length) })
    .end(page.request.method === "HEAD" ? undefined : content);
}

function sendJson(page: PageRequest, value: unknown): void {
  sendText(page, 200, { "content-type": JSON_TYPE, "cache-control": "no-store" }, `${JSON.stringify(value, null, 2)}\n`);
}

/** What reached the origin: method, path, headers as received, body's size and hash. */
async function echo(page: PageRequest): Promise<void> {
  const { bytes: bodyBytes, sha256 } = await drain(page.request);
  const { method, url, headers, rawHeaders } = page.request;
  sendJson(page, { origin: page.origin, method, url, headers, rawHeaders, bodyBytes, bodySha256: sha256 });
}

/** A cacheable file with validators, ranges and, where the client takes it, compression. */
function sendFile(page: PageRequest, contentType: string, text: string): void {
  const accepted = page.request.headers["accept-encoding"]?.toString() ?? "";
  const encoding = /\bbr\b/.test(accepted) ? "br" : /\bgzip\b/.test(accepted) ? "gzip" : null;
  const plain = Buffer.from(text);
  const body = encoding === "br" ? brotliCompressSync(plain) : encoding === "gzip" ? gzipSync(plain) : plain;
  const etag = `"${createHash("sha256").update(body).digest("hex").slice(0, 16)}"`;
  const headers = {
    "content-type": contentType,
    "cache-control": "public, max-age=3600",
    etag,
    "last-modified": PUBLISHED.toUTCString(),
    vary: "Accept-Encoding",
    "accept-ranges": "bytes",
    ...(encoding === null ? {} : { "content-encoding": encoding }),
  };
  if (notModified(page.request, etag)) page.response.writeHead(304, headers).end();
  else sendRange(page, headers, body);
}

function notModified(request: IncomingMessage, etag: string): boolean {
  const match = request.headers["if-none-match"];
  if (match !== undefined) return match.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag || tag.trim() === "*");
  const since = request.headers["if-modified-since"];
  return since !== undefined && Date.parse(since) >= PUBLISHED.getTime();
}

/** The whole body, or the one range that is asked for. */
function sendRange(page: PageRequest, headers: Readonly<Record<string, string>>, body: Buffer): void {
  const { request, response } = page;
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
  const from = Number(range?.[1] ?? 0);
  const to = Math.min(range?.[2] ? Number(range[2]) : body.length - 1, body.length - 1);
  const usable = range !== null && from <= to && (request.headers["if-range"] ?? headers["etag"]) === headers["etag"];
  const part = usable ? body.subarray(from, to + 1) : body;
  const extra = usable ? { "content-range": `bytes ${from}-${to}/${body.length}` } : {};
  response.writeHead(usable ? 206 : 200, { ...headers, ...extra, "content-length": String(part.length) });
  response.end(request.method === "HEAD" ? undefined : part);
}

/** Lines that come one by one, without a length. */
async function stream({ response, url, origin }: PageRequest): Promise<void> {
  const lines = Math.min(Number(url.searchParams.get("lines") ?? "10"), 1000);
  const gapMs = Math.min(Number(url.searchParams.get("ms") ?? "100"), 10_000);
  response.writeHead(200, { "content-type": "text/plain", "cache-control": "no-store" });
  for (let line = 1; line <= lines && !response.destroyed; line++) {
    response.write(`line ${line} from ${origin}\n`);
    if (line < lines) await delay(gapMs);
  }
  response.end();
}

/** Server-sent events. */
async function events({ response, url }: PageRequest): Promise<void> {
  const count = Math.min(Number(url.searchParams.get("count") ?? "5"), 1000);
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  for (let id = 1; id <= count && !response.destroyed; id++) {
    response.write(`id: ${id}\ndata: tick ${id}\n\n`);
    await delay(100);
  }
  response.end();
}

/** `size` deterministic bytes, streamed with backpressure; `length=0` leaves Content-Length out. */
function bytes({ request, response, url }: PageRequest): void {
  const size = Number(url.searchParams.get("size") ?? "1024");
  const headers = { "content-type": "application/octet-stream", "cache-control": url.searchParams.get("cc") ?? "no-store" };
  const length = url.searchParams.get("length") === "0" ? {} : { "content-length": String(size) };
  response.writeHead(200, { ...headers, ...length });
  if (request.method === "HEAD") response.end();
  else
    Readable.from(filler(size))
      .on("error", () => response.destroy())
      .pipe(response);
}

/** The bytes of `/bytes?size=N`, in chunks. */
export function* filler(size: number): Generator<Buffer> {
  for (let sent = 0; sent < size; sent += FILLER.length) yield FILLER.subarray(0, Math.min(FILLER.length, size - sent));
}

async function upload(page: PageRequest): Promise<void> {
  sendJson(page, await drain(page.request));
}

/** Reads a body to its end without keeping it. */
async function drain(body: AsyncIterable<Buffer>): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  let total = 0;
  for await (const chunk of body) {
    hash.update(chunk);
    total += chunk.length;
  }
  return { bytes: total, sha256: hash.digest("hex") };
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
