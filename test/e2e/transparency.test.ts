// Transparency on real input: more than a thousand real files, served by nginx, fetched directly and through Breakwater, cold and
// warm. Status, body and every end-to-end header must be equal; each header that may differ is named here with its reason.

import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { gzipSync } from "node:zlib";

import { afterAll, beforeAll, expect, test } from "vitest";

import { PROJECT_ROOT } from "../../scripts/build.ts";
import { startEdge } from "./harness.ts";
import type { Edge } from "./harness.ts";
import { send, sha256 } from "./http-client.ts";
import type { Answer } from "./http-client.ts";
import { hasNginx, startNginx } from "./nginx.ts";
import type { Nginx } from "./nginx.ts";

/** Headers that may differ, and why. Everything else must be equal, byte by byte, value by value. */
const MAY_DIFFER: Readonly<Record<string, string>> = {
  connection: "hop-by-hop (RFC 9110 7.6.1)",
  "keep-alive": "hop-by-hop",
  "transfer-encoding": "hop-by-hop",
  date: "two answers are two messages; a stored one keeps the time at which it was made",
  age: "added to stored answers (RFC 9111 5.1)",
  via: "added by every intermediary (RFC 9110 7.6.3)",
  "cache-status": "ours (RFC 9211)",
  "x-cache": "ours",
  "x-request-id": "ours",
  "server-timing": "ours",
};

const FILES_PER_TREE = 550;
const FILE_BYTES_MAX = 3_000_000;
const AT_ONCE = 6;

let folder: string;
let nginx: Nginx;
let edge: Edge;
let targets: string[];

beforeAll(async () => {
  if (!hasNginx()) throw new Error("nginx is not installed; on Debian: apt-get install nginx-light");
  folder = await mkdtemp(join(tmpdir(), "breakwater-nginx-"));
  await writePrecompressed(join(folder, "pre"));
  const trees = { "/doc/": "/usr/share/doc/", "/npm/": `${PROJECT_ROOT}/node_modules/`, "/pre/": `${folder}/pre/` };
  nginx = await startNginx(folder, trees);
  edge = await startEdge({
    origins: 0,
    config: () => `
sites: [{ name: all, hosts: ["*"], routes: [{ path: /*, pool: files }] }]
pools: { files: { origins: ["${nginx.url}"] } }
`,
  });
  const listed = await Promise.all(Object.entries(trees).map(([path, root]) => sampleOf(path, root)));
  targets = [...listed.flat(), "/doc/", "/doc", "/doc/no-such-file", "/npm/typescript", "/pre/%70age.css"];
});
afterAll(async () => {
  await edge?.stop();
  await nginx?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

/** Files with a `.gz` beside them, which nginx sends to those who accept it. */
async function writePrecompressed(root: string): Promise<void> {
  await mkdir(root, { recursive: true });
  for (const [name, size] of [
    ["page.css", 5_000],
    ["app.js", 200_000],
    ["tiny.html", 20],
  ] as const) {
    const content = Buffer.from("a line of text that compresses well\n".repeat(size).slice(0, size));
    await writeFile(join(root, name), content);
    await writeFile(join(root, `${name}.gz`), gzipSync(content));
  }
}

/** Addresses of files spread evenly over a tree, so that many types and sizes are among them. */
async function sampleOf(path: string, root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && !entry.parentPath.includes("/."))
    .map((entry) => join(entry.parentPath, entry.name));
  const step = Math.max(1, Math.floor(files.length / FILES_PER_TREE));
  const sample = files.sort().filter((_, i) => i % step === 0);
  const sized = await Promise.all(
    sample.map(async (file) => ({ file, size: (await stat(file).catch(() => null))?.size ?? FILE_BYTES_MAX })),
  );
  const readable = sized.filter(({ size }) => size < FILE_BYTES_MAX);
  return readable.map(({ file }) => path + file.slice(root.length).split("/").map(encodeURIComponent).join("/"));
}

async function forEachTarget(visit: (target: string) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (next < targets.length) await visit(targets[next++] ?? "/");
    }),
  );
}

/** How an answer differs from the direct one, in words; empty when it does not. */
function differences(direct: Answer, through: Answer): string[] {
  const found: string[] = [];
  if (direct.status !== through.status) found.push(`status ${direct.status} became ${through.status}`);
  if (sha256(direct.body) !== sha256(through.body)) found.push(`body of ${direct.body.length} bytes became ${through.body.length} bytes`);
  for (const name of new Set([...direct.headers.keys(), ...through.headers.keys()])) {
    const values = [direct, through].map(({ headers }) => JSON.stringify(headers.get(name) ?? null));
    // nginx names the host that it was asked for, and so does Breakwater.
    if (name === "location")
      for (const [i, value] of values.entries()) values[i] = value.replace(/http:\/\/(127\.0\.0\.1:\d+|edge\.test)\//, "http://HOST/");
    if (!Object.hasOwn(MAY_DIFFER, name) && values[0] !== values[1]) found.push(`${name}: ${values[0]} became ${values[1]}`);
  }
  return found;
}

test("the sample has more than a thousand files of several types", () => {
  expect(targets.length).toBeGreaterThan(1_000);
  expect(new Set(targets.map((target) => extname(target))).size).toBeGreaterThan(10);
});

test.each(["identity", "gzip"])(
  "status, body and end-to-end headers are equal, cold and warm, with Accept-Encoding: %s",
  async (encoding) => {
    const found: string[] = [];
    const states = new Map<string, number>();
    await forEachTarget(async (target) => {
      const headers = [["Accept-Encoding", encoding]] as const;
      const direct = await send(nginx.url.replace("localhost", "127.0.0.1"), target, { headers });
      for (const when of ["cold", "warm"]) {
        const through = await edge.get(target, { headers });
        found.push(...differences(direct, through).map((difference) => `${when} ${target}: ${difference}`));
        const state = `${when} ${through.header("x-cache")}`;
        states.set(state, (states.get(state) ?? 0) + 1);
      }
    });
    expect(found).toEqual([]);
    expect(states.get("warm HIT") ?? 0, JSON.stringify([...states])).toBeGreaterThan(1_000);
  },
  300_000,
);

test("a conditional request and a range get what nginx gives", async () => {
  const target = targets.find((candidate) => candidate.startsWith("/npm/")) ?? "/";
  const direct = await send(nginx.url.replace("localhost", "127.0.0.1"), target, { headers: [["Accept-Encoding", "identity"]] });
  const etag = direct.header("etag") ?? "";
  for (const extra of [
    ["If-None-Match", etag],
    ["If-Modified-Since", direct.header("last-modified") ?? ""],
    ["Range", "bytes=0-9"],
    ["Range", "bytes=-5"],
    ["Range", "bytes=99999999-"],
  ] as const) {
    const headers = [["Accept-Encoding", "identity"], extra] as const;
    const wanted = await send(nginx.url.replace("localhost", "127.0.0.1"), target, { headers });
    const got = await edge.get(target, { headers });
    expect([extra, got.status, got.header("content-range"), got.status === 416 ? "" : sha256(got.body)]).toEqual([
      extra,
      wanted.status,
      wanted.header("content-range"),
      wanted.status === 416 ? "" : sha256(wanted.body),
    ]);
  }
});

test("a file comes through as it is on disk", async () => {
  const file = join(PROJECT_ROOT, "node_modules/hono/package.json");
  const answer = await edge.get("/npm/hono/package.json", { headers: [["Accept-Encoding", "identity"]] });
  expect(answer.body.equals(await readFile(file))).toBe(true);
});
