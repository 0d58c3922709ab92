// One origin, a process of its own, so that SIGKILL and SIGSTOP are real. `node origin.ts PORT JOURNAL`, started with an IPC channel:
// it says there which port it has, and takes how it is to behave. Each request is a line in the journal, which survives the process:
// `MILLISECONDS ID`. Ends with its parent.

import { openSync, writeSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

import { contentOf, etagOf } from "./content.ts";
import { ID_HEADER } from "./traffic.ts";

export type Behaviour =
  | { readonly kind: "well" }
  /** `share`: of the requests that get this status; the others are answered well. */
  | { readonly kind: "status"; readonly status: number; readonly share: number; readonly retryAfterSeconds?: number }
  | { readonly kind: "slow"; readonly ms: number }
  /** Resets the connection once a request has come. */
  | { readonly kind: "reset" }
  /** Resets connections and requests for this long, is well for as long, and so on. */
  | { readonly kind: "flap"; readonly everyMs: number }
  /** Kills its own process once the next request was carried out and before it is answered. */
  | { readonly kind: "die" }
  /** Closes the connection in the middle of a body. */
  | { readonly kind: "cut"; readonly at: "half" | "random" };

export type OriginMessage = { readonly port: number } | { readonly behaves: true };

/** Stored pages are past their lifetime from the first moment. */
const STORED_HEADERS = { "Cache-Control": "public, max-age=60, stale-if-error=600", Age: "61" };

const [port = "0", journalFile = ""] = process.argv.slice(2);
const journal = openSync(journalFile, "a");
let behaviour: Behaviour = { kind: "well" };
let since = Date.now();

const server = createServer((request, response) => {
  request.resume().on("end", () => void answer(request, response));
});
server.on("connection", (socket: Socket) => {
  if (resets()) socket.resetAndDestroy();
});
// Longer than any proxy keeps an idle connection: otherwise one is closed under a request that is just being sent.
server.keepAliveTimeout = 120_000;
process.on("message", (next: Behaviour) => {
  behaviour = next;
  since = Date.now();
  tell({ behaves: true });
});
process.on("disconnect", () => process.exit(0));
server.listen(Number(port), "127.0.0.1", () => tell({ port: (server.address() as AddressInfo).port }));

function tell(message: OriginMessage): void {
  process.send?.(message);
}

function resets(): boolean {
  return behaviour.kind === "flap" && Math.floor((Date.now() - since) / behaviour.everyMs) % 2 === 0;
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const id = request.headers[ID_HEADER];
  if (typeof id === "string") writeSync(journal, `${Date.now()} ${id}\n`);
  if (behaviour.kind === "die") process.kill(process.pid, "SIGKILL");
  if (behaviour.kind === "reset" || resets()) {
    request.socket.resetAndDestroy();
    return;
  }
  if (behaviour.kind === "status" && Math.random() < behaviour.share) {
    const { status, retryAfterSeconds } = behaviour;
    if (retryAfterSeconds !== undefined) response.setHeader("Retry-After", retryAfterSeconds);
    response.writeHead(status, { "Content-Length": 6 }).end("broken");
    return;
  }
  if (behaviour.kind === "slow") await new Promise((resolve) => setTimeout(resolve, behaviour.kind === "slow" ? behaviour.ms : 0));
  sendContent(request, response);
}

function sendContent(request: IncomingMessage, response: ServerResponse): void {
  const path = request.url ?? "";
  const [, kind = "", size = ""] = path.split("/");
  const bytes = Number(size) || 0;
  const whole = bytes === 0 ? Buffer.from("ok") : contentOf(path, bytes);
  const etag = etagOf(path, bytes);
  const headers = kind === "stored" ? STORED_HEADERS : { "Cache-Control": "no-store" };
  const common = { ...headers, "Content-Type": "application/octet-stream", ETag: etag, "Accept-Ranges": "bytes" };
  const from = rangeStart(request, etag, whole.length);
  const body = from === null ? whole : whole.subarray(from);
  const range = from === null ? {} : { "Content-Range": `bytes ${from}-${whole.length - 1}/${whole.length}` };
  response.writeHead(from === null ? 200 : 206, { ...common, ...range, "Content-Length": body.length });
  if (behaviour.kind !== "cut") {
    response.end(body);
    return;
  }
  const kept = Math.floor(body.length * (behaviour.at === "half" ? 0.5 : Math.random()));
  response.write(body.subarray(0, Math.max(1, kept)), () => request.socket.destroy());
}

/** Where an open-ended range begins (RFC 9110 14.2) while If-Range holds (13.1.5); null sends the whole. */
function rangeStart(request: IncomingMessage, etag: string, length: number): number | null {
  const from = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
  const condition = request.headers["if-range"];
  if (from === null || (condition !== undefined && condition !== etag)) return null;
  const [start, end] = [Number(from[1]), from[2] === "" ? length - 1 : Number(from[2])];
  return start < length && end === length - 1 ? start : null;
}
