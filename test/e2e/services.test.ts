// Origins that are other Workers, bound as services: what they get, what comes back, and what happens when one is not there or throws.
// The other Workers run beside the built one in the same workerd.

import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { afterAll, beforeAll, expect, test } from "vitest";

import { eventually, startEdge } from "./harness.ts";
import type { Edge } from "./harness.ts";
import { open } from "./http-client.ts";

/** Echoes what it gets; streams what it is sent; has no answer for /throw. */
const API = `
export default {
  async fetch(request) {
    const url = new URL(request.url);
    if (url.pathname.endsWith("/throw")) throw new TypeError("cannot connect to database timed out");
    if (url.pathname.endsWith("/redirect")) return Response.redirect("https://api.internal/next", 302);
    if (url.pathname.endsWith("/pipe")) return new Response(request.body, { headers: { "content-type": "application/octet-stream" } });
    if (url.pathname.endsWith("/swallow")) return new Response(String((await request.arrayBuffer()).byteLength));
    if (url.pathname.endsWith("/healthz")) return new Response("api is ready");
    return Response.json({ method: request.method, url: request.url, headers: Object.fromEntries(request.headers) });
  },
};`;

const SICK = `export default { fetch() { throw new Error("boom") } };`;

let edge: Edge;

beforeAll(async () => {
  const service = (name: string, url = "https://api.internal/v1"): string =>
    `{ url: "${url}", service: ${name}, name: ${name.toLowerCase()} }`;
  edge = await startEdge({
    services: { API, SICK },
    config: ([demo = ""]) => `
sites:
${["api", "sick", "missing", "alone", "lost", "twins"].map((pool) => `  - { name: ${pool}, hosts: [${pool}.test], routes: [{ path: /*, pool: ${pool}, cache: bypass }] }`).join("\n")}
pools:
  api: { origins: [${service("API")}], health: { path: /healthz, body: ready, interval: 60s } }
  sick: { origins: [${service("SICK")}, { url: "${demo}", backup: true }], health: { interval: 60s, rise: 1, fall: 1 } }
  missing: { origins: [${service("MISSING")}, { url: "${demo}", backup: true }], health: { interval: 60s, rise: 1, fall: 1 } }
  alone: { origins: [${service("SICK", "http://alone.test")}] }
  lost: { origins: [${service("MISSING")}] }
  twins: { origins: [${service("SICK")}, ${service("API")}] }
`,
  });
});
afterAll(() => edge?.stop());

function ask(pool: string, target: string, options: Parameters<Edge["get"]>[1] = {}): ReturnType<Edge["get"]> {
  return edge.get(target, { ...options, headers: [["Host", `${pool}.test`], ...(options.headers ?? [])] });
}

test("another Worker gets the request under the origin's URL, with the headers that any origin gets", async () => {
  const answer = await ask("api", "/a/b?c=1", { headers: [["X-Mine", "yes"]] });
  expect(answer.json()).toMatchObject({
    method: "GET",
    url: "https://api.internal/v1/a/b?c=1",
    headers: { "x-mine": "yes", "x-forwarded-for": "198.51.100.7", "x-forwarded-host": "api.test", via: expect.any(String) },
  });
});

test("a redirect of another Worker goes to the visitor and is not followed", async () => {
  const answer = await ask("api", "/redirect");
  expect([answer.status, answer.header("location")]).toEqual([302, expect.not.stringContaining("internal")]);
});

test("bodies stream both ways, byte for byte", async () => {
  const bytes = randomBytes(3 * 1024 * 1024);
  const chunks = Array.from({ length: 48 }, (_, index) => bytes.subarray(index * 65_536, (index + 1) * 65_536));
  const answer = await ask("api", "/pipe", { method: "POST", body: Readable.from(chunks) });
  const hash = (data: Buffer): string => createHash("sha256").update(data).digest("hex");
  expect([answer.status, hash(answer.body)]).toEqual([200, hash(bytes)]);
});

test("what is sent comes back while the rest is still to be sent", async () => {
  const upload = new Readable({ read: () => undefined });
  const opened = open(edge.directUrl, "/pipe", { method: "POST", body: upload, headers: [["Host", "api.test"]] });
  upload.push("first");
  const message = await opened;
  const first = await new Promise<string>((resolve) => message.once("data", (data: Buffer) => resolve(data.toString())));
  upload.push(null);
  message.resume();
  expect(first).toBe("first");
});

test("another Worker that throws has failed with a 500, and the next origin answers", async () => {
  const answer = await ask("sick", "/api/echo");
  expect([answer.status, answer.header("x-origin")]).toEqual([200, "origin-1"]);
  expect(lastAttempts()).toEqual(["sick 500", expect.stringMatching(/ 200$/)]);
  expect(event("service-threw")).toMatchObject({ service: "SICK", origin: "sick/sick", message: "Error: boom" });
});

test("two services under one URL are two servers: where one throws, the other is asked", async () => {
  const answers = [await ask("twins", "/a"), await ask("twins", "/a")];
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  const tried = lines().filter((line) => line["route"] === "twins * /*");
  expect(tried.map(attemptsOf)).toContainEqual(["sick 500", "api 200"]);
});

test("with no other origin the visitor gets the 500 of the Worker that threw, whatever its error says", async () => {
  expect((await ask("alone", "/x")).status).toBe(500);
  expect((await ask("api", "/throw", { method: "POST", body: "x" })).status).toBe(500);
  expect(lastAttempts()).toEqual(["api 500"]);
});

test("a binding that the Worker does not have is a connection that was not made: told, passed by, and soon not tried", async () => {
  for (let i = 0; i < 4; i += 1) expect((await ask("missing", "/api/echo")).status).toBe(200);
  expect(event("service-missing")).toMatchObject({ service: "MISSING", origin: "missing/missing" });
  expect(lastAttempts()).toEqual([expect.stringMatching(/^localhost:\d+ 200$/)]);
});

test("with no other origin a missing binding is an unreachable server, and the page names neither", async () => {
  const answer = await ask("lost", "/x", { headers: [["Accept", "text/html"]] });
  expect(answer.status).toBe(502);
  expect(answer.text()).not.toMatch(/MISSING|internal/);
});

test("health checks go through the binding", async () => {
  await edge.runCron();
  const { origins } = JSON.parse((await edge.kv.get("health")) ?? "") as { origins: Record<string, unknown> };
  expect(origins["api/api"]).toMatchObject({ state: "up", why: "ok" });
  expect(origins["sick/sick"]).toMatchObject({ state: "down", why: "status", detail: "status 500, expected 200-399" });
  expect(origins["missing/missing"]).toMatchObject({ state: "down", why: "connect-error" });
});

test("a visitor who leaves in the middle of an upload is no failure of the other Worker", async () => {
  const upload = new Readable({ read: () => undefined });
  const sent = open(edge.directUrl, "/swallow", { method: "POST", body: upload, headers: [["Host", "api.test"]] });
  upload.push("part of it");
  setTimeout(() => upload.destroy(new Error("gone")), 50);
  await expect(sent).rejects.toThrow("gone");
  await eventually("the request is logged", () => Promise.resolve(edge.log.some((line) => line.includes("/swallow"))));
  expect(edge.log.filter((line) => line.includes("service-threw") && line.includes('"API"') && !line.includes("database"))).toEqual([]);
});

function lines(): readonly Record<string, unknown>[] {
  return edge.log.flatMap((line) => {
    try {
      return [JSON.parse(line) as Record<string, unknown>];
    } catch {
      return [];
    }
  });
}

function event(name: string): Record<string, unknown> | undefined {
  return lines().findLast((line) => line["event"] === name);
}

/** `origin outcome` of the last request. */
function lastAttempts(): readonly string[] {
  return attemptsOf(lines().findLast((line) => Array.isArray(line["attempts"])) ?? {});
}

function attemptsOf(line: Readonly<Record<string, unknown>>): readonly string[] {
  const attempts = (line["attempts"] ?? []) as readonly Record<string, unknown>[];
  return attempts.map(({ origin, outcome }) => `${String(origin)} ${String(outcome)}`);
}
