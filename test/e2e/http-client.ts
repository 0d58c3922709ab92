// Requests as the end-to-end tests send them: through node:http, which neither decodes bodies nor follows redirects nor touches
// Host, and through a bare socket for requests that no client library would send. Nothing is pooled between requests.

import { createHash } from "node:crypto";
import { request as httpRequest } from "node:http";
import type { IncomingMessage } from "node:http";
import { connect } from "node:net";
import type { Readable } from "node:stream";

export interface SendOptions {
  readonly method?: string;
  /** Names and values; a name may come more than once. `host` replaces the Host header. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: string | Buffer | Readable;
}

export interface Answer {
  readonly status: number;
  /** By lower-case name, in the order received. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: Buffer;
  /** The first value of a header, or null. */
  header(name: string): string | null;
  text(): string;
  json(): unknown;
}

/** An answer that is too slow for any of these tests is a failure, not a wait. */
const SEND_MS_MAX = 30_000;

/** Sends one request to `base + target` and reads the whole answer. `target` is sent exactly as given. */
export async function send(base: string, target: string, options: SendOptions = {}): Promise<Answer> {
  const message = await open(base, target, options);
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return answerOf(message, Buffer.concat(chunks));
}

/** Like `send`, but resolves at the headers; the body is the message's stream. */
export function open(base: string, target: string, options: SendOptions = {}): Promise<IncomingMessage> {
  const { hostname, port } = new URL(base);
  const headers: string[] = [];
  const given = options.headers ?? [];
  if (!given.some(([name]) => name.toLowerCase() === "host")) headers.push("Host", `${hostname}:${port}`);
  for (const [name, value] of given) headers.push(name, value);
  const method = options.method ?? "GET";
  const body = options.body;
  if ((typeof body === "string" || Buffer.isBuffer(body)) && !given.some(([name]) => name.toLowerCase() === "content-length")) {
    headers.push("Content-Length", String(Buffer.byteLength(body)));
  }
  return new Promise((resolve, reject) => {
    const request = httpRequest({ hostname, port, path: target, method, headers, agent: false, setHost: false });
    request.setTimeout(SEND_MS_MAX, () => request.destroy(new Error(`no answer to ${method} ${target} within ${SEND_MS_MAX} ms`)));
    request.once("error", reject).once("response", resolve);
    if (body === undefined || typeof body === "string" || Buffer.isBuffer(body)) request.end(body);
    else body.on("error", (error) => request.destroy(error)).pipe(request);
  });
}

function answerOf(message: IncomingMessage, body: Buffer): Answer {
  const headers = new Map<string, string[]>();
  for (let i = 0; i + 1 < message.rawHeaders.length; i += 2) {
    const name = (message.rawHeaders[i] ?? "").toLowerCase();
    headers.set(name, [...(headers.get(name) ?? []), message.rawHeaders[i + 1] ?? ""]);
  }
  return makeAnswer(message.statusCode ?? 0, headers, body);
}

function makeAnswer(status: number, headers: ReadonlyMap<string, readonly string[]>, body: Buffer): Answer {
  return {
    status,
    headers,
    body,
    header: (name) => headers.get(name.toLowerCase())?.[0] ?? null,
    text: () => body.toString("utf8"),
    json: () => JSON.parse(body.toString("utf8")) as unknown,
  };
}

/**
 * Sends bytes as they are and reads until the other side closes. Say `Connection: close` in the request.
 *
 * @returns every byte received; empty when the connection was closed without an answer.
 */
export function sendRaw(base: string, bytes: string | Buffer): Promise<Buffer> {
  const { hostname, port } = new URL(base);
  return new Promise((resolve, reject) => {
    const received: Buffer[] = [];
    const socket = connect({ host: hostname, port: Number(port) }, () => socket.write(bytes));
    socket.setTimeout(SEND_MS_MAX, () => socket.destroy(new Error("no answer on the raw socket")));
    socket.on("data", (chunk: Buffer) => received.push(chunk));
    socket.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNRESET" || error.code === "EPIPE") resolve(Buffer.concat(received));
      else reject(error);
    });
    socket.once("close", () => resolve(Buffer.concat(received)));
  });
}

/** Statuses of all answers in a raw stream of responses: more than one means that one request was taken for several. */
export function statusesOf(raw: Buffer): number[] {
  return [...raw.toString("latin1").matchAll(/(?:^|\n)HTTP\/1\.[01] (\d{3})/g)].map((match) => Number(match[1]));
}

export function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
