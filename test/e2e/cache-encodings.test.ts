// Compressed bodies in the cache of the built Worker, with an origin that really compresses: bytes, length and validators are the
// origin's on the first answer and on every later one, and a stored coding reaches only who takes it.

import { brotliCompressSync, brotliDecompressSync, constants, gunzipSync, gzipSync, zstdCompressSync } from "node:zlib";

import { afterAll, beforeAll, expect, test } from "vitest";

import { startEdge } from "./harness.ts";
import type { Edge } from "./harness.ts";
import { send, sha256 } from "./http-client.ts";
import type { Answer } from "./http-client.ts";
import { startScriptedOrigin } from "./scripted-origin.ts";
import type { Script, ScriptedOrigin } from "./scripted-origin.ts";

let edge: Edge;
let origin: ScriptedOrigin;

beforeAll(async () => {
  origin = await startScriptedOrigin();
  edge = await startEdge({
    origins: 0,
    config: () => `
sites:
  - { name: all, hosts: ["*"], routes: [{ path: /*, pool: web }] }
pools:
  web: { origins: ["${origin.url}"] }
`,
  });
});
afterAll(async () => {
  await edge?.stop();
  await origin?.stop();
});

const FRESH = "public, max-age=600";

type Coding = "br" | "gzip" | "zstd" | "identity";

const ENCODE: Readonly<Record<Coding, (plain: Buffer) => Buffer>> = {
  // As servers compress while they answer; the best quality takes seconds.
  br: (plain) => brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }),
  gzip: (plain) => gzipSync(plain),
  zstd: (plain) => zstdCompressSync(plain),
  identity: (plain) => plain,
};

/** Text that compresses to about half, so that the compressed body has nearly the size that is asked for. */
function textOf(name: string, bytes: number): Buffer {
  const lines: string[] = [];
  for (let state = 1, size = 0; size < bytes; size += 16) {
    state = (state * 48_271) % 2_147_483_647;
    lines.push(`${name} ${state.toString(16).padStart(8, "0")}`.slice(0, 15));
  }
  return Buffer.from(lines.join("\n"));
}

/** Stored in one entry with its metadata, and in an entry of its own: 300 KB stay more than 128 KiB when compressed. */
const SIZES = [
  { size: "small", plain: textOf("small", 5_000) },
  { size: "large", plain: textOf("large", 600_000) },
] as const;

/** The coding that an origin with these chooses; like most servers it looks for the name. */
function chosen(acceptEncoding: unknown, offered: readonly Coding[]): Coding {
  const accepted = typeof acceptEncoding === "string" ? acceptEncoding : "";
  return offered.find((coding) => accepted.includes(coding)) ?? "identity";
}

interface Page {
  readonly plain: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  readonly chunked?: boolean;
}

function compressing({ plain, headers = {}, chunked = false }: Page): Script {
  return (request, response) => {
    const coding = chosen(request.headers["accept-encoding"], ["br", "gzip", "zstd"]);
    const body = ENCODE[coding](plain);
    if (coding !== "identity") response.setHeader("Content-Encoding", coding);
    if (!chunked) response.setHeader("Content-Length", body.length);
    const fields = { "Cache-Control": FRESH, Vary: "Accept-Encoding", ETag: `"${coding}-1"`, "Content-Type": "text/plain; charset=utf-8" };
    response.writeHead(200, { ...fields, ...headers }).end(body);
  };
}

let pages = 0;
/** A path that no other test uses. */
function page(script: Script): string {
  const path = `/page-${++pages}`;
  origin.at(path, script);
  return path;
}

function get(path: string, acceptEncoding: string | null, ...more: (readonly [string, string])[]): Promise<Answer> {
  return edge.get(path, { headers: [...(acceptEncoding === null ? [] : [["Accept-Encoding", acceptEncoding] as const]), ...more] });
}

/** What identifies an answer's bytes, in a form that shows in a failure. */
function shape(answer: Answer) {
  return {
    status: answer.status,
    coding: answer.header("content-encoding"),
    length: answer.header("content-length"),
    etag: answer.header("etag"),
    sha256: sha256(answer.body),
  };
}

function expected(coding: Coding, plain: Buffer) {
  const body = ENCODE[coding](plain);
  const name = coding === "identity" ? null : coding;
  return { status: 200, coding: name, length: String(body.length), etag: `"${coding}-1"`, sha256: sha256(body) };
}

const CASES = SIZES.flatMap(({ size, plain }) => (["br", "gzip", "zstd"] as const).map((coding) => ({ size, plain, coding })));

test.each(CASES)(
  "a $size body in $coding has the origin's bytes, length and ETag on the miss and on the hit",
  async ({ plain, coding }) => {
    const path = page(compressing({ plain }));
    const answers = [await get(path, coding), await get(path, coding)];
    expect(answers.map((answer) => answer.header("x-cache"))).toEqual(["MISS", "HIT"]);
    for (const answer of answers) {
      expect(shape(answer)).toEqual(expected(coding, plain));
      expect(answer.header("vary")?.toLowerCase()).toBe("accept-encoding");
      expect(answer.headers.get("content-encoding")?.length).toBe(1);
    }
    expect(origin.asked(path)).toBe(1);
  },
);

test.each(SIZES)("a $size body that comes in chunks is stored in its coding, and the hit has a length", async ({ plain }) => {
  const path = page(compressing({ plain, chunked: true }));
  const miss = await get(path, "gzip");
  expect(shape(miss)).toEqual({ ...expected("gzip", plain), length: null });
  const hit = await get(path, "gzip");
  expect([hit.header("x-cache"), shape(hit)]).toEqual(["HIT", expected("gzip", plain)]);
  expect(origin.asked(path)).toBe(1);
});

test.each(SIZES)("a $size body that is stored compressed reaches nobody who did not ask for it compressed", async ({ plain }) => {
  const path = page(compressing({ plain }));
  await get(path, "br");
  await get(path, "gzip");
  for (const accepted of [null, "identity"]) {
    expect(shape(await get(path, accepted))).toEqual(expected("identity", plain));
  }
  const before = origin.asked(path);
  for (const [accepted, coding] of [
    [null, "identity"],
    ["identity", "identity"],
    ["br", "br"],
    ["gzip", "gzip"],
  ] as const) {
    const hit = await get(path, accepted);
    expect([hit.header("x-cache"), shape(hit)]).toEqual(["HIT", expected(coding, plain)]);
  }
  expect(origin.asked(path)).toBe(before);
});

test("order, case and weights of the codings that a visitor takes make no variant of their own", async () => {
  const { plain } = SIZES[0];
  const path = page(compressing({ plain }));
  await get(path, "gzip, br");
  for (const accepted of ["br, gzip", "BR,GZIP", "br;q=0.5,gzip;q=0.9"]) {
    const hit = await get(path, accepted);
    expect([hit.header("x-cache"), shape(hit)]).toEqual(["HIT", expected("br", plain)]);
  }
  expect(origin.asked(path)).toBe(1);
});

test.each(CASES.filter(({ coding }) => coding !== "zstd"))(
  "a 304 keeps a $size body in the $coding that it was stored in, whatever the 304 says about its own content",
  async ({ plain, coding }) => {
    const whole = compressing({ plain, headers: { "Cache-Control": "public, max-age=60", Age: "61" } });
    const path = page((request, response) => {
      if (request.headers["if-none-match"] === undefined) return whole(request, response);
      const contradictions = { "Content-Encoding": "identity", "Content-Type": "text/html", "Content-Range": "bytes 0-1/2" };
      response.writeHead(304, { ...contradictions, "Cache-Control": FRESH, ETag: `"${coding}-1"`, "X-Confirmed": "yes" }).end();
    });
    await get(path, coding);
    const confirmed = await get(path, coding);
    const hit = await get(path, coding);
    expect([confirmed.header("x-cache"), hit.header("x-cache")]).toEqual(["REVALIDATED", "HIT"]);
    for (const answer of [confirmed, hit]) {
      expect(shape(answer)).toEqual(expected(coding, plain));
      expect([answer.header("x-confirmed"), answer.header("content-range")]).toEqual(["yes", null]);
    }
    expect(origin.seen.filter(({ url }) => url === path).map(({ headers }) => headers["if-none-match"])).toEqual([
      undefined,
      `"${coding}-1"`,
    ]);
  },
);

test("each coding is asked about with the ETag of its own bytes", async () => {
  const { plain } = SIZES[0];
  const path = page(compressing({ plain, headers: { "Cache-Control": "public, max-age=60", Age: "61" } }));
  for (const coding of ["br", "gzip", "br", "gzip"] as const) expect(shape(await get(path, coding))).toEqual(expected(coding, plain));
  const asked = origin.seen.filter(({ url }) => url === path);
  expect(asked.map(({ headers }) => headers["if-none-match"])).toEqual([undefined, undefined, '"br-1"', '"gzip-1"']);
});

test("a visitor's condition is met by the ETag of the coding that it takes, and by no other", async () => {
  const { plain } = SIZES[0];
  const path = page(compressing({ plain }));
  await get(path, "br");
  await get(path, "gzip");
  const same = await get(path, "gzip", ["If-None-Match", '"gzip-1"']);
  expect([same.status, same.body.length, same.header("etag")]).toEqual([304, 0, '"gzip-1"']);
  expect(shape(await get(path, "gzip", ["If-None-Match", '"br-1"']))).toEqual(expected("gzip", plain));
  expect(origin.asked(path)).toBe(2);
});

test.each(SIZES)("a range of a $size stored body is one of its compressed bytes", async ({ plain }) => {
  const path = page(compressing({ plain }));
  await get(path, "gzip");
  const bytes = gzipSync(plain);
  const part = await get(path, "gzip", ["Range", "bytes=100-299"], ["If-Range", '"gzip-1"']);
  expect([part.status, part.header("content-encoding"), part.header("content-range"), part.header("etag")]).toEqual([
    206,
    "gzip",
    `bytes 100-299/${bytes.length}`,
    '"gzip-1"',
  ]);
  expect(part.body.equals(bytes.subarray(100, 300))).toBe(true);
  expect(origin.asked(path)).toBe(1);
});

test("HEAD of a stored compressed body has its length and coding", async () => {
  const { plain } = SIZES[1];
  const path = page(compressing({ plain }));
  await get(path, "br");
  const head = await edge.get(path, { method: "HEAD", headers: [["Accept-Encoding", "br"]] });
  expect(shape(head)).toEqual({ ...expected("br", plain), sha256: sha256(Buffer.alloc(0)) });
  expect([head.header("x-cache"), origin.asked(path, "HEAD")]).toEqual(["HIT", 0]);
});

test("bytes that are not what Content-Encoding calls them are nobody's to repair", async () => {
  const junk = Buffer.from("no gzip at all");
  const fields = { "Cache-Control": FRESH, "Content-Encoding": "gzip", "Content-Length": junk.length };
  const path = page((_request, response) => void response.writeHead(200, fields).end(junk));
  for (const answer of [await get(path, "gzip"), await get(path, "gzip")]) {
    expect([answer.status, answer.header("content-encoding"), answer.text()]).toEqual([200, "gzip", "no gzip at all"]);
  }
  expect(origin.asked(path)).toBe(1);
});

/** The bytes as a browser reads them. */
function decoded(answer: Answer): Buffer {
  const coding = answer.header("content-encoding");
  if (coding === "br") return brotliDecompressSync(answer.body);
  return coding === "gzip" ? gunzipSync(answer.body) : answer.body;
}

// The entry port stands for Cloudflare's edge, which says `br, gzip` to the Worker whatever the visitor takes, and may compress.
test.each(SIZES.flatMap((of) => [null, "identity", "gzip", "br", "gzip, deflate, br, zstd"].map((accepted) => ({ ...of, accepted }))))(
  "through the edge's entry port a $size body is readable with Accept-Encoding $accepted, first and again",
  async ({ plain, accepted }) => {
    const path = page(compressing({ plain }));
    const headers = accepted === null ? [] : [["Accept-Encoding", accepted] as const];
    const answers = [await send(edge.url, path, { headers }), await send(edge.url, path, { headers })];
    expect(answers.map((answer) => answer.header("x-cache"))).toEqual(["MISS", "HIT"]);
    for (const answer of answers) {
      expect((accepted ?? "").includes(answer.header("content-encoding") ?? "")).toBe(true);
      expect(decoded(answer).equals(plain)).toBe(true);
    }
    const [request] = origin.seen.filter(({ url }) => url === path);
    expect(request?.headers["accept-encoding"] ?? null).toBe(accepted);
    expect(origin.asked(path)).toBe(1);
  },
);

test("what one visitor took compressed through the edge's entry port is plain for the next one who takes nothing", async () => {
  const { plain } = SIZES[1];
  const path = page(compressing({ plain }));
  await send(edge.url, path, { headers: [["Accept-Encoding", "br"]] });
  const answer = await send(edge.url, path);
  expect([answer.header("content-encoding"), answer.body.equals(plain)]).toEqual([null, true]);
  const hit = await send(edge.url, path, { headers: [["Accept-Encoding", "br"]] });
  expect([hit.header("x-cache"), decoded(hit).equals(plain)]).toEqual(["HIT", true]);
});
