// Origins that let in only what came through Breakwater, on the built Worker: the servers of docs/origin-auth.md as they stand there, in
// Node, Hono and nginx, with visitors who forge the header and go past the front door.

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { codeOf, moduleOf } from "./doc-code.ts";
import { eventually, startEdge } from "./harness.ts";
import type { Edge } from "./harness.ts";
import { send } from "./http-client.ts";
import type { Answer, SendOptions } from "./http-client.ts";
import { hasNginx } from "./nginx.ts";
import { startScriptedOrigin } from "./scripted-origin.ts";
import type { ScriptedOrigin } from "./scripted-origin.ts";

const SECRET = "e2e-origin-secret";
/** The one of the page's nginx example: it is the second, which is to be accepted as well. */
const SHARED = "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100";
const HEADER = "X-Breakwater-Auth";

interface Page {
  startServer(secrets: readonly string[]): Server;
  createApp(secrets: readonly string[]): { request(target: string, init: RequestInit): Promise<Response> };
}

let edge: Edge;
let page: Page;
let server: Server;
let scripted: ScriptedOrigin;
let nginx: ChildProcess | null = null;
let nginxPort = 1;

beforeAll(async () => {
  page = (await moduleOf("origin-auth.md")) as unknown as Page;
  server = page.startServer(["the one before", SECRET]);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  scripted = await startScriptedOrigin();
  nginxPort = await freePort();
  const { port } = server.address() as AddressInfo;
  const auth = "auth: ORIGIN_SECRET";
  edge = await startEdge({
    secrets: { ORIGIN_SECRET: SECRET, SHARED_SECRET: SHARED },
    config: ([demo = ""]) => `
sites:
${["node", "based", "seen", "nginx", "lost", "last"].map((pool) => `  - { name: ${pool}, hosts: [${pool}.test], routes: [{ path: /*, pool: ${pool} }] }`).join("\n")}
pools:
  node: { origins: [{ url: "http://localhost:${port}", name: node }], ${auth}, health: { path: "/healthz?deep=1", expect: 200, interval: 60s, rise: 1, fall: 1 } }
  based: { origins: ["http://localhost:${port}/base"], ${auth} }
  seen: { origins: ["${scripted.url}"], ${auth} }
  nginx: { origins: [{ url: "http://localhost:${nginxPort}", name: nginx }], auth: { secret: SHARED_SECRET, kind: shared }, health: { interval: 60s, rise: 1, fall: 1, expect: 200 } }
  lost: { origins: ["http://localhost:${port}"], auth: NOT_THERE }
  last: { origins: ["http://localhost:1"], ${auth}, fallback: open }
  open: { origins: ["${demo}"] }
`,
  });
  if (hasNginx()) nginx = await startPageNginx(edge.folder, nginxPort);
});
beforeEach(() => void scripted.seen.splice(0));
afterAll(async () => {
  nginx?.kill("SIGTERM");
  await edge?.stop();
  await scripted?.stop();
  server?.closeAllConnections();
  server?.close();
});

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** The page's nginx, with nothing changed but its port and its folder. */
async function startPageNginx(folder: string, port: number): Promise<ChildProcess> {
  const root = join(folder, "www");
  await mkdir(root, { recursive: true });
  await writeFile(join(root, "index.html"), "hello\n");
  const [block = ""] = await codeOf("origin-auth.md", "nginx");
  const http = block.replace("127.0.0.1:8080", `127.0.0.1:${port}`).replace("/srv/www", root);
  const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${folder}/${name};`).join(" ");
  const user = process.getuid?.() === 0 ? "user root;\n" : "";
  const file = join(folder, "nginx.conf");
  await writeFile(file, `${user}pid ${folder}/nginx.pid;\nevents {}\nhttp {\naccess_log off;\n${temp}\n${http}\n}\n`);
  const child = spawn("nginx", ["-p", folder, "-c", file, "-e", join(folder, "error.log"), "-g", "daemon off;"], { stdio: "inherit" });
  await eventually("nginx answers", async () => (await fetch(`http://localhost:${port}`).catch(() => null)) !== null);
  return child;
}

function ask(pool: string, target: string, options: SendOptions = {}): Promise<Answer> {
  return edge.get(target, { ...options, headers: [["Host", `${pool}.test`], ...(options.headers ?? [])] });
}

test.each([
  ["GET", "/"],
  ["GET", "/a?"],
  ["GET", "/a?b=1&c=%20d"],
  ["GET", "//a//b"],
  ["GET", "/a;x/%61?x|y^z='&q=[]"],
  ["GET", "/%C3%A4/b'(c)/~!"],
  ["GET", "/a%5cb"],
  ["HEAD", "/a"],
  ["OPTIONS", "/a"],
  ["DELETE", "/a"],
  ["POST", "/a?b"],
  ["PUT", "/a"],
])("%s %s is known by the Node server of the page", async (method, target) => {
  const body = method === "POST" || method === "PUT" ? { body: "x" } : {};
  expect((await ask("node", target, { method, ...body })).status).toBe(200);
  expect((await ask("based", target, { method, ...body })).status).toBe(200);
});

test("who goes past the front door is refused, with a header that was seen elsewhere too", async () => {
  scripted.at("/a", (_, response) => void response.writeHead(204).end());
  await ask("seen", "/a");
  const seen = String(scripted.seen[0]?.headers["x-breakwater-auth"]);
  const direct = `http://localhost:${(server.address() as AddressInfo).port}`;
  const status = async (target: string, headers: SendOptions["headers"] = []): Promise<number> =>
    (await send(direct, target, { headers })).status;
  expect(await status("/a")).toBe(403);
  expect(await status("/a", [[HEADER, "t=1,v1=forged"]])).toBe(403);
  expect(await status("/b", [[HEADER, seen]])).toBe(403);
  expect(await status("/a", [[HEADER, seen.replace(/t=\d+/, `t=${Math.floor(Date.now() / 1000) + 30}`)]])).toBe(403);
  expect(await status("/a", [[HEADER, seen]])).toBe(200);
});

test("the Hono app of the page knows the same requests", async () => {
  scripted.at("/a", (_, response) => void response.writeHead(204).end());
  await ask("seen", "/a?b=%20c");
  const header = String(scripted.seen[0]?.headers["x-breakwater-auth"]);
  const app = page.createApp([SECRET]);
  const status = async (target: string, sent: string): Promise<number> =>
    (await app.request(`http://origin.test${target}`, { headers: { [HEADER]: sent } })).status;
  expect([await status("/a?b=%20c", header), await status("/a?b=c", header), await status("/a?b=%20c", "t=1,v1=x")]).toEqual([
    200, 403, 403,
  ]);
});

test.skipIf(!hasNginx())("the nginx of the page lets in what came through, and nothing else", async () => {
  expect((await ask("nginx", "/")).text()).toBe("hello\n");
  const direct = `http://localhost:${nginxPort}`;
  expect((await send(direct, "/")).status).toBe(403);
  expect((await send(direct, "/", { headers: [[HEADER, "guess"]] })).status).toBe(403);
});

test("health checks carry it", async () => {
  await edge.runCron();
  const { origins } = JSON.parse((await edge.kv.get("health")) ?? "") as { origins: Record<string, { state: string; detail: string }> };
  expect(origins["node/node"]).toMatchObject({ state: "up", detail: "status 200" });
  if (hasNginx()) expect(origins["nginx/nginx"]).toMatchObject({ state: "up", detail: "status 200" });
});

test("what a visitor sends under that name, in any spelling, is not sent on", async () => {
  scripted.at("/a", (_, response) => void response.writeHead(204, { "Cache-Control": "no-store" }).end());
  await ask("seen", "/a", { headers: [["x-BREAKWATER-auth", "forged"], ["X_Breakwater_Auth", "forged"]] }); // prettier-ignore
  expect(scripted.seen[0]?.headers["x-breakwater-auth"]).toMatch(/^t=\d+,v1=[0-9a-f]{64}$/);
  expect(scripted.seen[0]?.headers["x_breakwater_auth"]).toBeUndefined();
});

test("it does not reach a fallback that has no such secret, and neither does what a visitor claims", async () => {
  const answer = await ask("last", "/api/echo", { headers: [[HEADER, "forged"]] });
  expect((answer.json() as { headers: Record<string, string> }).headers).not.toHaveProperty("x-breakwater-auth");
});

test("it makes no variants: an answer that varies by it is stored once, for forgers too", async () => {
  scripted.at("/page", (_, response) => void response.writeHead(200, { "Cache-Control": "max-age=60", Vary: HEADER }).end("page"));
  expect((await ask("seen", "/page")).header("x-cache")).toBe("MISS");
  await eventually("it is stored", async () => (await ask("seen", "/page")).header("x-cache") === "HIT");
  expect((await ask("seen", "/page", { headers: [[HEADER, "forged"]] })).header("x-cache")).toBe("HIT");
  expect(scripted.asked("/page")).toBe(1);
});

test("without the secret no header is sent, which the log says once", async () => {
  for (let i = 0; i < 3; i += 1) expect((await ask("lost", `/${i}`, { headers: [[HEADER, "forged"]] })).status).toBe(403);
  const told = edge.log.filter((line) => line.includes('"secret-missing"') && line.includes('"auth"'));
  expect(told).toEqual([expect.stringContaining('"NOT_THERE"')]);
});

test("neither secret nor signature is in the log", () => {
  const log = edge.log.join("\n");
  expect(log).toContain("/page");
  expect(log).not.toMatch(/v1=|forged/);
  expect(log.includes(SECRET) || log.includes(SHARED)).toBe(false);
});
