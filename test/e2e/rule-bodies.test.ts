// Rules that look at bodies, on the built Worker: what they see, what the origin gets, and that neither is more or less than it
// should be.

import { createHash } from "node:crypto";
import { connect } from "node:net";
import { Readable } from "node:stream";

import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import type { SeenRequest } from "../../scripts/local/demo-origin.ts";
import { filler } from "../../scripts/local/demo-pages.ts";
import { eventually, startEdge } from "./harness.ts";
import type { Edge } from "./harness.ts";
import type { Answer } from "./http-client.ts";
import { growthDuring } from "./memory.ts";

const MIB = 1024 * 1024;
const LIMIT = 8 * 1024;

let edge: Edge;

const config = (web: string, over: string): string => `
sites:
  - { name: all, hosts: ["*"], routes: [{ path: /*, pool: web, maxBody: 300MiB }] }
pools:
  web: { origins: [${web}] }
inspection: { bytes: 8KiB, over: ${over} }
firewall:
  - { id: raw, when: 'http.request.uri.path eq "/upload" and http.request.body.raw contains "EVIL"', action: block }
  - { id: form, when: 'any(http.request.body.form["role"][*] eq "admin")', action: block }
  - { id: file, when: 'any(lower(http.request.body.multipart.filenames[*][0])[*] matches r"\\.php$")', action: block }
  - { id: json, when: 'lookup_json_string(http.request.body.raw, "user", "role") eq "admin"', action: block }
`;

beforeAll(async () => {
  edge = await startEdge({ config: ([web]) => config(web ?? "", "prefix") });
});
beforeEach(() => edge.origins[0]?.forget());
afterAll(() => edge?.stop());

const CHUNKED = [["Transfer-Encoding", "chunked"]] as const;

function post(body: string | Buffer | Readable, headers: readonly (readonly [string, string])[] = [], path = "/upload"): Promise<Answer> {
  return edge.get(path, { method: "POST", body, headers });
}

async function uploads(): Promise<readonly SeenRequest[]> {
  return ((await edge.origins[0]?.seen()) ?? []).filter(({ url }) => url === "/upload");
}

function lengthSeen({ rawHeaders }: SeenRequest): string | null {
  const at = rawHeaders.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === "content-length");
  return at === -1 ? null : (rawHeaders[at + 1] ?? null);
}

const FORM = ["Content-Type", "application/x-www-form-urlencoded"] as const;
const MULTIPART = ["Content-Type", "multipart/form-data; boundary=b"] as const;

test.each([
  ["a word", "xxEVILxx", []],
  ["a form field that comes twice", "role=user&role=admin", [FORM]],
  ["a form field whose name is encoded", "r%6fle=admin", [FORM]],
  ["a file name", '--b\r\nContent-Disposition: form-data; name="f"; filename="X.PHP"\r\n\r\n1\r\n--b--\r\n', [MULTIPART]],
  ["a member of JSON", '{"user":{"role":"admin"}}', [["Content-Type", "application/json"]]],
] as const)("a rule blocks by %s in the body, with a length and without, and the origin sees nothing", async (_, body, headers) => {
  for (const framing of [[], CHUNKED]) {
    expect(
      (
        await post(Readable.from([Buffer.from(body)]), [
          ...headers,
          ...framing,
          ...(framing.length === 0 ? [["Content-Length", String(body.length)] as const] : []),
        ])
      ).status,
    ).toBe(403);
  }
  expect(await uploads()).toEqual([]);
});

test.each([0, 1, LIMIT - 1, LIMIT, LIMIT + 1, LIMIT * 20])(
  "a body of %i bytes reaches the origin unchanged, its length declared as it was",
  async (size) => {
    const bytes = Buffer.concat([...filler(size)]);
    const wanted = { bytes: size, sha256: createHash("sha256").update(bytes).digest("hex") };
    expect((await post(bytes)).json()).toEqual(wanted);
    expect((await post(Readable.from([bytes]), CHUNKED)).json()).toEqual(wanted);
    const [declared, chunked] = await uploads();
    expect([declared && lengthSeen(declared), chunked && lengthSeen(chunked)]).toEqual([String(size), null]);
  },
);

test("what stands at the limit's end is seen, and what stands behind it is not", async () => {
  const at = (place: number): Buffer => Buffer.from(`${"x".repeat(place - 4)}EVIL${"x".repeat(100)}`);
  expect([(await post(at(LIMIT))).status, (await post(at(LIMIT + 1))).status]).toEqual([403, 200]);
});

test.each([
  { what: "with a length", headers: [["Content-Length", String(100 * MIB)]] },
  { what: "chunked", headers: CHUNKED },
] as const)("100 MiB go up byte-exact in flat memory past a rule that looks at them, $what", async ({ headers }) => {
  const size = 100 * MIB;
  await post(Readable.from(filler(1_000_000)), CHUNKED);
  const hash = createHash("sha256");
  for (const chunk of filler(size)) hash.update(chunk);
  const growth = await growthDuring(async () => {
    expect((await post(Readable.from(filler(size)), headers)).json()).toEqual({ bytes: size, sha256: hash.digest("hex") });
  });
  expect(growth).toBeLessThan(70 * MIB);
});

test("an upload that breaks off before rules have seen its beginning never gets to the origin", async () => {
  const url = new URL(edge.directUrl);
  const socket = connect({ host: url.hostname, port: Number(url.port) });
  socket.write("POST /upload HTTP/1.1\r\nHost: edge.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
  // Others come and go meanwhile, and after it.
  expect((await post("one")).status).toBe(200);
  socket.resetAndDestroy();
  expect((await post("two")).status).toBe(200);
  expect((await uploads()).map(({ arrival }) => arrival)).toEqual(["complete", "complete"]);
});

test("one that breaks off later is never whole at the origin", async () => {
  const url = new URL(edge.directUrl);
  const socket = connect({ host: url.hostname, port: Number(url.port) });
  const size = LIMIT * 2;
  socket.write(
    `POST /upload HTTP/1.1\r\nHost: edge.test\r\nTransfer-Encoding: chunked\r\n\r\n${size.toString(16)}\r\n${"x".repeat(size)}\r\n`,
  );
  await eventually("the origin has the beginning", async () => (await uploads()).length === 1);
  socket.resetAndDestroy();
  await eventually("the origin has seen the end", async () => (await uploads())[0]?.arrival !== null);
  expect((await uploads()).map(({ arrival }) => arrival)).toEqual(["cut"]);
});

test.each([
  { over: "block", status: 413 },
  { over: "skip", status: 200 },
])("over: $over answers a longer body with $status, whether its length is declared or not", async ({ over, status }) => {
  await edge.publish(config(`http://localhost:${edge.origins[0]?.port}`, over));
  const body = Buffer.from(`EVIL${"x".repeat(LIMIT)}`);
  await eventually("the config is in force", async () => (await post(body)).status === status);
  expect((await post(Readable.from([body]), CHUNKED)).status).toBe(status);
  expect((await post(body.subarray(0, LIMIT))).status).toBe(403);
});
