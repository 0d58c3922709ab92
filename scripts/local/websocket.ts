// The server's half of a WebSocket (RFC 6455) on Node built-ins: accepts the upgrade and echoes every message. Just enough to
// show that a proxy passes frames both ways; no extensions, messages up to 1 MiB. Called by demo-origin.ts.

import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

const MESSAGE_BYTES_MAX = 1024 * 1024;
const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

interface Frame {
  readonly final: boolean;
  readonly opcode: number;
  readonly payload: Buffer;
  /** Bytes of the frame on the wire. */
  readonly length: number;
}

/** Takes over an upgrade request and echoes until either side closes. */
export function echoWebSocket(request: IncomingMessage, socket: Duplex, headers: readonly string[]): void {
  const key = request.headers["sec-websocket-key"];
  if (request.headers.upgrade?.toLowerCase() !== "websocket" || key === undefined) {
    socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    return;
  }
  const answer = [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${acceptOf(key)}`,
  ];
  socket.write([...answer, ...headers, "", ""].join("\r\n"));
  let pending: Buffer = Buffer.alloc(0);
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    for (let frame = readFrame(pending); frame !== null; frame = readFrame(pending)) {
      pending = pending.subarray(frame.length);
      answerFrame(socket, frame);
    }
    if (pending.length > MESSAGE_BYTES_MAX) socket.destroy();
  });
}

/** Sec-WebSocket-Accept for a key (RFC 6455 4.2.2). */
function acceptOf(key: string): string {
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}

function answerFrame(socket: Duplex, frame: Frame): void {
  if (frame.opcode === OPCODE.ping) socket.write(encodeFrame(true, OPCODE.pong, frame.payload));
  else if (frame.opcode === OPCODE.close) socket.end(encodeFrame(true, OPCODE.close, frame.payload));
  else if (frame.opcode <= OPCODE.binary) socket.write(encodeFrame(frame.final, frame.opcode, frame.payload));
}

/** The first frame of the bytes received so far, unmasked, or null while it is not complete (RFC 6455 5.2). */
function readFrame(bytes: Buffer): Frame | null {
  if (bytes.length < 2) return null;
  const first = bytes.readUInt8(0);
  const second = bytes.readUInt8(1);
  const short = second & 0x7f;
  const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
  const masked = (second & 0x80) !== 0;
  const start = 2 + extended + (masked ? 4 : 0);
  if (bytes.length < start) return null;
  const size = extended === 0 ? short : extended === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (bytes.length < start + size) return null;
  const payload = Buffer.from(bytes.subarray(start, start + size));
  if (masked) for (let i = 0; i < size; i++) payload[i] = (payload[i] ?? 0) ^ (bytes[start - 4 + (i % 4)] ?? 0);
  return { final: (first & 0x80) !== 0, opcode: first & 0x0f, payload, length: start + size };
}

/** An unmasked frame, as a server sends it. */
function encodeFrame(final: boolean, opcode: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(payload.length < 126 ? 2 : payload.length < 65_536 ? 4 : 10);
  head.writeUInt8((final ? 0x80 : 0) | opcode, 0);
  if (head.length === 2) head.writeUInt8(payload.length, 1);
  else if (head.length === 4) head.writeUInt16BE(payload.length, head.writeUInt8(126, 1));
  else head.writeBigUInt64BE(BigInt(payload.length), head.writeUInt8(127, 1));
  return Buffer.concat([head, payload]);
}
