// An origin that speaks bytes: it keeps what arrives exactly as it came and answers with whatever text a test gives, valid HTTP or not.
// One connection is one request.

import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";

export interface RawRequest {
  /** All bytes so far, one character each. */
  text: string;
  /** The other side closed the connection in either way. */
  closed: boolean;
}

export interface RawOrigin {
  readonly port: number;
  readonly seen: RawRequest[];
  /** What to answer once the head of a request has come; null leaves it to `socket`. Tests replace it. */
  answer: (head: string, socket: Socket) => string | null;
  stop(): Promise<void>;
}

export async function startRawOrigin(answer: RawOrigin["answer"] = () => rawAnswer()): Promise<RawOrigin> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const request: RawRequest = { text: "", closed: false };
    let answered = false;
    socket.on("data", (bytes) => {
      if (request.text === "") origin.seen.push(request);
      request.text += bytes.toString("latin1");
      if (answered || !request.text.includes("\r\n\r\n")) return;
      answered = true;
      const text = origin.answer(headOf(request), socket);
      if (text !== null) socket.end(Buffer.from(text, "latin1"));
    });
    for (const event of ["end", "close", "error"]) socket.on(event, () => (request.closed = true));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin: RawOrigin = {
    port: (server.address() as AddressInfo).port,
    seen: [],
    answer,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return origin;
}

/** A whole answer. Header lines may be anything. */
export function rawAnswer(body = "ok", headers: readonly string[] = [], status = "200 OK"): string {
  return [`HTTP/1.1 ${status}`, `Content-Length: ${Buffer.byteLength(body)}`, "Connection: close", ...headers, "", body].join("\r\n");
}

/** Request line and header lines. */
export function headOf(request: RawRequest): string {
  return request.text.split("\r\n\r\n", 1)[0] ?? "";
}

export function targetOf(request: RawRequest): string {
  return request.text.split(" ", 2)[1] ?? "";
}

/** The value of a request header, or null. */
export function fieldOf(request: RawRequest, name: string): string | null {
  const line = headOf(request)
    .split("\r\n")
    .find((text) => text.toLowerCase().startsWith(`${name.toLowerCase()}:`));
  return line === undefined ? null : line.slice(name.length + 1).trim();
}
