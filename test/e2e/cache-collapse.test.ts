// Request collapsing on the built Worker: requests on sockets of their own, each in a context of its own, that wait for what another
// one gets. What holds in one isolate's table of names must hold across requests that come and go.

import { connect } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { eventually, startEdge, type Edge } from "./harness.ts";
import type { Answer } from "./http-client.ts";
import { gate, startScriptedOrigin, type Gate, type ScriptedOrigin } from "./scripted-origin.ts";

let edge: Edge;
let origin: ScriptedOrigin;
let path: string;
let paths = 0;

beforeAll(async () => {
  origin = await startScriptedOrigin();
  edge = await startEdge({
    origins: 0,
    config: () =>
      [
        'sites: [{ name: all, hosts: ["*"], routes: [',
        "    { path: /*, pool: one },",
        "    { path: /short/*, pool: one, cache: { collapse: 100ms } }",
        "  ] }]",
        `pools: { one: { origins: ["${origin.url}"] } }`,
        "",
      ].join("\n"),
  });
});
afterAll(async () => {
  await edge.stop();
  await origin.stop();
});
beforeEach(() => {
  path = `/page-${++paths}`;
});

/** Answers at `path` once the gate is open. */
function held(fields: Record<string, string>, body = "hello"): Gate {
  const opening = gate();
  origin.at(path, async (_, response) => {
    await opening.opened;
    response.writeHead(200, { "Content-Length": String(body.length), ...fields }).end(body);
  });
  return opening;
}

/** So many requests; resolves when the origin has the first and the Worker has had time to read the others. */
async function started(count: number): Promise<readonly Promise<Answer>[]> {
  const sent = Array.from({ length: count }, () => edge.get(path));
  await eventually("the origin is asked", async () => origin.asked(path) > 0);
  // Another page, asked for after all of them on the same Worker, has come back.
  origin.at("/after", (_, response) => void response.end("after"));
  await edge.get("/after");
  return sent;
}

test("a hundred requests at once for a page that is not stored cost the origin one", async () => {
  const opening = held({ "Cache-Control": "max-age=60" });
  const sent = await started(100);
  opening.open();
  const answers = await Promise.all(sent);
  expect(new Set(answers.map((answer) => answer.text()))).toEqual(new Set(["hello"]));
  expect(origin.asked(path)).toBe(1);
  expect(answers.filter((answer) => answer.header("x-cache") === "MISS").length).toBe(1);
  const collapsed = answers.filter((answer) => answer.header("cache-status")?.includes("; collapsed") === true);
  expect(collapsed.length).toBeGreaterThan(0);
});

test("the visitor whose request asks leaves: those who wait get the answer all the same", async () => {
  const opening = held({ "Cache-Control": "max-age=60" });
  const { hostname, port } = new URL(edge.directUrl);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.write(`GET ${path} HTTP/1.1\r\nHost: edge.test\r\nCF-Connecting-IP: 198.51.100.7\r\n\r\n`);
  await eventually("the origin is asked", async () => origin.asked(path) > 0);
  const sent = await started(10);
  socket.resetAndDestroy();
  opening.open();
  expect(new Set((await Promise.all(sent)).map((answer) => answer.text()))).toEqual(new Set(["hello"]));
  expect(origin.asked(path)).toBe(1);
});

test("a body that is stored while its visitor has left is whole", async () => {
  const size = 3_000_000;
  const half = gate();
  origin.at(path, async (_, response) => {
    response.writeHead(200, { "Content-Length": String(size), "Cache-Control": "max-age=60" });
    response.write(Buffer.alloc(size / 2, "a"));
    await half.opened;
    response.end(Buffer.alloc(size / 2, "b"));
  });
  const { hostname, port } = new URL(edge.directUrl);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.write(`GET ${path} HTTP/1.1\r\nHost: edge.test\r\nCF-Connecting-IP: 198.51.100.7\r\n\r\n`);
  await new Promise((resolve) => socket.once("data", resolve));
  socket.resetAndDestroy();
  half.open();
  await eventually("it is in the store", async () => (await edge.get(path, { method: "HEAD" })).header("x-cache") === "HIT");
  const { body } = await edge.get(path);
  expect([body.length, body.at(0), body.at(-1)]).toEqual([size, 97, 98]);
  expect(origin.asked(path)).toBeLessThanOrEqual(2);
});

test("an origin that dies under the one that asks does not take those who wait with it", async () => {
  const opening = gate();
  let first = true;
  origin.at(path, async (_, response) => {
    await opening.opened;
    if (first) {
      first = false;
      response.destroy();
      return;
    }
    response.writeHead(200, { "Cache-Control": "max-age=60" }).end("hello");
  });
  const sent = await started(10);
  opening.open();
  const answers = await Promise.all(sent);
  expect(answers.filter((answer) => answer.status === 200).length).toBeGreaterThanOrEqual(9);
});

test("nobody waits for longer than the route says", async () => {
  path = `/short${path}`;
  const opening = held({ "Cache-Control": "max-age=60" });
  const sent = [edge.get(path), edge.get(path), edge.get(path)];
  await eventually("all have reached the origin", async () => origin.asked(path) === 3);
  opening.open();
  expect((await Promise.all(sent)).map((answer) => answer.text())).toEqual(["hello", "hello", "hello"]);
});

test("a page that is not stored is not waited for again, and each visitor gets an answer of one's own", async () => {
  let count = 0;
  origin.at(path, (_, response) => void response.writeHead(200, { "Cache-Control": "private" }).end(String(++count)));
  await edge.get(path);
  const opening = gate();
  origin.at(path, async (_, response) => {
    await opening.opened;
    response.writeHead(200, { "Cache-Control": "private" }).end(String(++count));
  });
  const before = origin.asked(path);
  const sent = Array.from({ length: 10 }, () => edge.get(path));
  await eventually("all have reached the origin", async () => origin.asked(path) === before + 10);
  opening.open();
  expect(new Set((await Promise.all(sent)).map((answer) => answer.text())).size).toBe(10);
});
