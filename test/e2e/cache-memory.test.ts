// Memory of the built Worker while a body is stored and served that is many times larger than what it may keep of it, with a visitor
// who takes the bytes more slowly than the origin sends them and the store stores them.

import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import { afterAll, beforeAll, expect, test } from "vitest";

import { filler } from "../../scripts/local/demo-pages.ts";
import { eventually, startEdge } from "./harness.ts";
import type { Edge } from "./harness.ts";
import { open } from "./http-client.ts";
import { growthDuring } from "./memory.ts";
import { startScriptedOrigin } from "./scripted-origin.ts";
import type { ScriptedOrigin } from "./scripted-origin.ts";

const MIB = 1024 * 1024;
const BODY_BYTES = 250 * MIB;
/** Memory may grow by buffers and workerd's heap, never by the body: a body that is kept shows as more than 250 MiB. */
const GROWTH_BYTES_MAX = 150 * MIB;

let edge: Edge;
let origin: ScriptedOrigin;

beforeAll(async () => {
  origin = await startScriptedOrigin();
  for (const [path, size] of [
    ["/small", 4 * MIB],
    ["/large", BODY_BYTES],
  ] as const) {
    origin.at(path, (_request, response) => {
      response.writeHead(200, { "Cache-Control": "public, max-age=600", "Content-Length": size });
      return pipeline(Readable.from(filler(size)), response);
    });
  }
  edge = await startEdge({
    origins: 0,
    config: () => `
sites:
  - { name: all, hosts: ["*"], routes: [{ path: /*, pool: web, cache: { maxObject: 300MiB } }] }
pools:
  web: { origins: ["${origin.url}"] }
`,
  });
  // Twice, so that what the first hit and the first miss need once is there before anything is measured.
  await fetched("/small");
  await fetched("/small");
});
afterAll(async () => {
  await edge?.stop();
  await origin?.stop();
});

/** Pauses after each MiB for longer than origin and store need for it. The pauses are the load; nothing is waited for. */
const PAUSE_MS = 10;

interface Download {
  readonly state: IncomingMessage["headers"][string];
  readonly bytes: number;
  readonly sha256: string;
}

async function fetched(path: string): Promise<Download> {
  const message = await open(edge.directUrl, path, { headers: [["Host", "edge.test"]] });
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of message) {
    const before = bytes;
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    if (Math.floor(bytes / MIB) > Math.floor(before / MIB)) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return { state: message.headers["x-cache"], bytes, sha256: hash.digest("hex") };
}

function sha256OfBody(): string {
  const hash = createHash("sha256");
  for (const chunk of filler(BODY_BYTES)) hash.update(chunk);
  return hash.digest("hex");
}

test("250 MiB are stored, and served from the store, in flat memory to a slow visitor", async () => {
  const whole = { bytes: BODY_BYTES, sha256: sha256OfBody() };
  const storing = await growthDuring(async () => {
    expect(await fetched("/large")).toEqual({ state: "MISS", ...whole });
  });
  await eventually("it is in the store", async () => {
    const head = await edge.get("/large", { method: "HEAD", headers: [["Cache-Control", "only-if-cached"]] });
    return head.header("x-cache") === "HIT";
  });
  const serving = await growthDuring(async () => {
    expect(await fetched("/large")).toEqual({ state: "HIT", ...whole });
  });
  expect(storing, "growth while it was stored").toBeLessThan(GROWTH_BYTES_MAX);
  expect(serving, "growth while it was served").toBeLessThan(GROWTH_BYTES_MAX);
  expect(origin.asked("/large")).toBe(1);
});
