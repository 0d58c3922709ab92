// The active checks on the built Worker against servers that do everything wrong: what each is called, and that a run ends, reads
// no more than it should and follows nothing. One run of the cron for all of them.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";

import { CHECK_RUN_MS_MAX } from "../../src/limits.ts";
import { parseHealthDocument } from "../../src/origin/health.ts";
import type { HealthDocument } from "../../src/origin/health.ts";
import { flood } from "./flood.ts";
import type { Flood } from "./flood.ts";
import { startBlackHole } from "./black-hole.ts";
import type { BlackHole } from "./black-hole.ts";
import { eventually, startEdge } from "./harness.ts";
import type { Edge } from "./harness.ts";
import { fieldOf, rawAnswer, startRawOrigin, targetOf } from "./raw-origin.ts";
import type { RawOrigin } from "./raw-origin.ts";

let edge: Edge;
let origin: RawOrigin;
let hole: BlackHole;
let document: HealthDocument;
let startedAtMs: number;

/** What a server that sends without end could get rid of, by target, and whether it was cut off. */
const floods = new Map<string, Flood>();

/** Kernel and workerd buffer some megabytes between a server and a body that nobody reads. */
const BUFFERED_BYTES_MAX = 16 * 1024 * 1024;

/** Pools by name: the path, and what else the check says. Each has the same origin. */
const CHECKS: Readonly<Record<string, string>> = {
  good: "path: /ok",
  several: "path: /teapot, expect: [200, 204, 418]",
  silent: "path: /silent",
  "headers-only": "path: /headers-only",
  "headers-then-silence": "path: /headers-only, body: ready",
  "text-then-silence": "path: /text-then-silence, body: ready",
  endless: "path: /endless, body: never",
  "endless-unread": "path: /endless?unread",
  huge: "path: /huge",
  "huge-body": "path: /huge?body, body: never",
  loop: "path: /loop, expect: 200",
  "loop-expected": "path: /loop?expected",
  junk: "path: /junk",
  cut: "path: /cut, body: ready",
  head: "path: /ok, method: HEAD",
  "tcp-open": "type: tcp",
};

beforeAll(async () => {
  [origin, hole] = await Promise.all([startRawOrigin(), startBlackHole()]);
  origin.answer = (head, socket) => {
    const target = head.split(" ", 2)[1] ?? "";
    switch (target.split("?")[0]) {
      case "/ok":
        return rawAnswer(head.startsWith("HEAD") ? "" : "all ready");
      case "/teapot":
        return rawAnswer("", [], "418 I'm a teapot");
      case "/headers-only":
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
        return null;
      case "/text-then-silence":
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nit is re");
        setTimeout(() => socket.write("ady"), 50);
        return null;
      case "/endless":
        socket.write("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
        floods.set(target, flood(socket));
        return null;
      case "/huge":
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n");
        floods.set(target, flood(socket));
        return null;
      case "/loop":
        return rawAnswer("", [`Location: ${target}`], "302 Found");
      case "/junk":
        return "\u0000\u0001 this is no HTTP\r\n\r\n";
      case "/cut":
        return "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nnearly";
      default:
        return null;
    }
  };
  const closed = await closedPort();
  const at = (port: number): string => `http://localhost:${port}`;
  const once = "interval: 60s, timeout: 1500ms, rise: 1, fall: 1";
  const pools = Object.entries(CHECKS).map(
    ([name, health]) => `  ${name}: { origins: ["${at(origin.port)}"], health: { ${health}, ${once} } }`,
  );
  edge = await startEdge({
    config: ([demo = ""]) => `
sites: [{ name: all, hosts: ["*"], routes: [{ path: /*, pool: web }] }]
pools:
  web: { origins: ["${demo}"] }
${pools.join("\n")}
  closed: { origins: ["${at(closed)}"], health: { ${once} } }
  tls: { origins: ["${demo.replace("http:", "https:")}"], health: { path: /healthz, ${once} } }
  tcp-closed: { origins: ["${at(closed)}"], health: { type: tcp, ${once} } }
  tcp-hole: { origins: ["${at(hole.port)}"], health: { type: tcp, ${once} } }
  hole: { origins: ["${at(hole.port)}"], health: { ${once} } }
`,
  });
  startedAtMs = Date.now();
  await edge.runCron();
  document = await healthNow();
});
afterAll(async () => {
  await edge?.stop();
  await origin?.stop();
  hole?.stop();
});

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function healthNow(): Promise<HealthDocument> {
  const parsed = parseHealthDocument((await edge.kv.get("health")) ?? "");
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

function verdict(pool: string): unknown {
  return Object.entries(document.origins).find(([key]) => key.startsWith(`${pool}/`))?.[1];
}

test("a run with origins that never answer ends within its time", () => {
  expect(document.asOfMs - startedAtMs).toBeLessThanOrEqual(CHECK_RUN_MS_MAX);
  expect(Object.keys(document.origins)).toHaveLength(Object.keys(CHECKS).length + 5);
});

test.each([
  ["good", "up", "ok", "status 200"],
  ["several", "up", "ok", "status 418"],
  ["head", "up", "ok", "status 200"],
  ["headers-only", "up", "ok", "status 200"],
  ["text-then-silence", "up", "ok", "status 200"],
  ["endless-unread", "up", "ok", "status 200"],
  ["huge", "up", "ok", "status 200"],
  ["loop-expected", "up", "ok", "status 302"],
  ["tcp-open", "up", "ok", "connection accepted"],
  ["silent", "down", "timeout", "no answer in 1500 ms"],
  ["headers-then-silence", "down", "timeout", "no answer in 1500 ms"],
  ["hole", "down", "timeout", "no answer in 1500 ms"],
  ["tcp-hole", "down", "timeout", "no answer in 1500 ms"],
  ["endless", "down", "body", "status 200, the expected text is not in the first 65536 bytes of the body"],
  ["huge-body", "down", "body", "status 200, the expected text is not in the first 65536 bytes of the body"],
  ["loop", "down", "status", "status 302, expected 200"],
  ["junk", "down", "reset", "the connection broke or was refused"],
  ["cut", "down", "reset", "the connection broke or was refused"],
  ["closed", "down", "reset", "the connection broke or was refused"],
  ["tcp-closed", "down", "connect-error", "no connection"],
  // A server without TLS: workerd does not say what was wrong with the handshake.
  ["tls", "down", "connect-error", "no connection"],
])("%s is %s: %s, %s", (pool, state, why, detail) => {
  expect(verdict(pool)).toMatchObject({ state, why, detail });
});

test.each(["/endless", "/endless?unread", "/huge", "/huge?body"])("%s is cut off, whatever is still to come", async (target) => {
  await eventually("the server sees its connection closed", () => Promise.resolve(floods.get(target)?.closed === true));
  expect(floods.get(target)?.bytes).toBeLessThan(BUFFERED_BYTES_MAX);
});

test("a redirect is an answer and never followed", () => {
  expect(origin.seen.filter((request) => targetOf(request) === "/loop")).toHaveLength(1);
  expect(origin.seen.filter((request) => targetOf(request) === "/loop?expected")).toHaveLength(1);
});

test("a check says who it is, passes the zone's cache by and asks for plain bytes", () => {
  const request = origin.seen.find((seen) => targetOf(seen) === "/ok");
  if (request === undefined) throw new Error("nobody asked for /ok");
  expect(fieldOf(request, "user-agent")).toBe("breakwater-health-check");
  expect(fieldOf(request, "cache-control")).toBe("no-cache");
  expect(fieldOf(request, "accept-encoding")).toBe("identity");
});

test("a TCP check sends nothing", () => {
  expect(origin.seen.every(({ text }) => text !== "")).toBe(true);
  expect(new Set(origin.seen.map(targetOf))).not.toContain("/");
});

test.each([
  ["a newer version", (format: number) => JSON.stringify({ format: format + 1, verdicts: [] })],
  ["garbage", () => "\u0000{"],
])("a health document of %s is told, replaced, and costs no visitor anything", async (_, textOf) => {
  await edge.kv.put("health", textOf(document.format));
  await edge.admin("POST", "refresh");
  expect((await edge.get("/api/echo")).status).toBe(200);
  await edge.runCron();
  expect((await healthNow()).origins[`good/localhost:${origin.port}`]).toMatchObject({ state: "up" });
  expect(edge.log.some((line) => line.includes('"health-run"') && line.includes('"discarded"'))).toBe(true);
});

test("a word of an operator on an origin that is not there changes nothing", async () => {
  const word = { state: "down", weight: null, untilMs: null, atMs: Date.now(), by: "kim", reason: "" };
  const origins = { "web/elsewhere": word, "gone/x": word, __proto__: word };
  await edge.kv.put("overrides", JSON.stringify({ format: 1, version: 1, origins }));
  await edge.admin("POST", "refresh");
  expect((await edge.get("/api/echo")).status).toBe(200);
  await edge.runCron();
  expect(Object.keys((await healthNow()).origins)).toEqual(Object.keys(document.origins));
});
