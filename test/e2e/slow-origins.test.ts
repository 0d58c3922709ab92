// A healthy origin that is merely slow is never harmed: routes that take their time and an upload that takes its own, all at once,
// beside other traffic, with the default settings. SLOW_UPLOAD_SECONDS=60 SLOW_UPLOAD_MB=100 makes the upload what a slow visitor's is.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";

import { afterAll, beforeAll, expect, test } from "vitest";
import { startEdge, type Edge } from "./harness.ts";
import { open } from "./http-client.ts";

const UPLOAD_SECONDS = Number(process.env["SLOW_UPLOAD_SECONDS"] ?? 20);
const UPLOAD_BYTES = Number(process.env["SLOW_UPLOAD_MB"] ?? 20) * 1024 * 1024;
const UPLOAD_CHUNKS = 10 * UPLOAD_SECONDS;

const servers: Server[] = [];
const uploads: number[] = [];
let edge: Edge;

/** Answers `/wait/MS` after that time, and an upload with its length. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  const ms = Number(/^\/wait\/(\d+)/.exec(request.url ?? "")?.[1] ?? 0);
  let bytes = 0;
  request.on("data", (chunk: Buffer) => (bytes += chunk.length));
  request.on("end", () => {
    if (request.method === "PUT") uploads.push(bytes);
    setTimeout(() => response.end(String(bytes)), ms);
  });
}

beforeAll(async () => {
  const ports = await Promise.all(
    [0, 1, 2].map(async () => {
      const server = createServer(answer);
      servers.push(server);
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return (server.address() as AddressInfo).port;
    }),
  );
  const origins = ports.map((port) => `http://localhost:${port}`).join(", ");
  edge = await startEdge({
    origins: 0,
    config: () => `sites: [{ name: all, hosts: ["*"], routes: [{ path: /*, pool: web }, { path: /wait/*, pool: web }] }]
pools: { web: { origins: [${origins}] } }`,
  });
});

afterAll(async () => {
  await edge?.stop();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

/** Statuses of requests sent one after the other, until told otherwise. */
async function keepAsking(target: string, until: () => boolean): Promise<number[]> {
  const statuses: number[] = [];
  for (let n = 0; !until(); n += 1) {
    statuses.push((await edge.get(`${target}?n=${n}`)).status);
    await wait(20);
  }
  return statuses;
}

function slowUpload(): Readable {
  const chunk = Buffer.alloc(Math.floor(UPLOAD_BYTES / UPLOAD_CHUNKS), "x");
  return Readable.from(
    (async function* () {
      for (let n = 0; n < UPLOAD_CHUNKS; n += 1) {
        yield chunk;
        await wait((1000 * UPLOAD_SECONDS) / UPLOAD_CHUNKS);
      }
    })(),
  );
}

test(
  "routes of 1.5 s and 20 s, a slow upload, and pages beside them: no failure, nothing sent twice, no open circuit",
  { timeout: 1000 * (UPLOAD_SECONDS + 90) },
  async () => {
    let over = false;
    const until = (): boolean => over;
    const pages = Promise.all(Array.from({ length: 4 }, () => keepAsking("/page", until)));
    const reports = Promise.all(Array.from({ length: 3 }, () => keepAsking("/wait/1500", until)));
    const headers = [
      ["Host", "edge.test"],
      ["CF-Connecting-IP", "198.51.100.7"],
      ["Content-Length", String(Math.floor(UPLOAD_BYTES / UPLOAD_CHUNKS) * UPLOAD_CHUNKS)],
    ] as const;
    const upload = open(edge.directUrl, "/upload", { method: "PUT", headers, body: slowUpload() });
    const slowest = await Promise.all(Array.from({ length: 3 }, () => edge.get("/wait/20000")));
    const uploaded = await upload;
    uploaded.resume();
    over = true;
    const statuses = [...(await pages), ...(await reports)].flat();
    expect(slowest.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(uploaded.statusCode).toBe(200);
    expect(uploads).toEqual([Math.floor(UPLOAD_BYTES / UPLOAD_CHUNKS) * UPLOAD_CHUNKS]);
    expect(statuses.length).toBeGreaterThan(100);
    expect(new Set(statuses)).toEqual(new Set([200]));
    const { pools } = (await edge.admin("GET", "origins")).json() as { pools: { origins: { circuit: { phase: string } }[] }[] };
    expect(pools[0]?.origins.map(({ circuit }) => circuit.phase)).toEqual(["closed", "closed", "closed"]);
  },
);
