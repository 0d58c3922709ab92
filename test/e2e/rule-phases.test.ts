// Rules of all phases on the built Worker: what they change before the cache, before an origin, on answers and in the log.

import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually, startEdge, type Edge } from "./harness.ts";
import { startScriptedOrigin, type ScriptedOrigin } from "./scripted-origin.ts";

let edge: Edge;
let origin: ScriptedOrigin;
let canary: ScriptedOrigin;

beforeAll(async () => {
  [origin, canary] = await Promise.all([startScriptedOrigin(), startScriptedOrigin()]);
  for (const [server, name] of [
    [origin, "web"],
    [canary, "canary"],
  ] as const) {
    for (const path of ["/page", "/new/page", "/private", "/news", "/guarded", "/broken", "/upload"]) {
      server.at(path, async (request, response) => {
        let bytes = 0;
        for await (const chunk of request) bytes += (chunk as Buffer).length;
        const isBroken = path === "/broken";
        const headers = {
          "Cache-Control": path === "/upload" ? "no-store" : "max-age=60",
          Server: "secret/1.0",
          "X-Told": request.headers["x-variant"] ?? "nothing",
        };
        response.writeHead(isBroken ? 500 : 200, headers).end(`${name} ${request.url ?? ""} ${bytes}`);
      });
    }
  }
  edge = await startEdge({
    origins: 0,
    config: () => `
sites: [{ name: all, hosts: ["*"], routes: [{ path: /*, pool: web }] }]
pools: { web: { origins: ["${origin.url}"] }, canary: { origins: ["${canary.url}"] } }
firewall:
  - id: old-paths
    when: starts_with(http.request.uri.path, "/old/")
    action: { rewrite: { path: { expression: 'regex_replace(http.request.uri.path, "^/old/", "/new/")' }, query: { remove: ["utm_*"] } } }
  - { id: canary, when: 'http.cookie contains "canary=1"', action: { set: { pool: canary } } }
  - { id: logged-in, when: 'http.cookie contains "session="', action: { set: { cache: bypass } } }
  - { id: beta, when: 'has_key(http.request.headers, "x-beta")', action: { rewrite: { headers: { set: { X-Variant: beta } } } } }
  - { id: suspicious, when: 'http.user_agent eq ""', action: { score: 3 } }
  - { id: evil-upload, when: 'http.request.uri.path eq "/upload" and http.request.body.raw contains "evil"', action: block }
  - { id: no-guard, when: 'http.request.uri.query contains "trusted"', action: { skip: [guarded] } }
  - { id: guarded, phase: origin, when: 'http.request.uri.path eq "/guarded"', action: block }
  - { id: tell, phase: origin, when: 'http.request.uri.path eq "/news"', action: { rewrite: { headers: { set: { X-Variant: "{hostname}" } } } } }
  - { id: tidy, phase: response, when: http.response.code lt 600, action: { rewrite: { headers: { remove: [Server], set: { X-Frame-Options: DENY, X-Seen: { expression: "bw.cache.status" } } } } } }
  - { id: hide-errors, phase: response, when: http.response.code ge 500, action: { block: { status: 503, body: "later" } } }
  - { id: told, phase: log, when: http.response.code eq 200, action: { log: { fields: { agent: http.user_agent, status: http.response.code } } } }
`,
  });
});
afterAll(async () => {
  await edge?.stop();
  await Promise.all([origin?.stop(), canary?.stop()]);
});

const logOf = async (id: string | null): Promise<Record<string, unknown>> => {
  let found: string | undefined;
  await eventually("the request is logged", async () => (found = edge.log.find((line) => line.includes(id ?? "none"))) !== undefined);
  return JSON.parse((found ?? "").slice((found ?? "").indexOf("{"))) as Record<string, unknown>;
};

test("a rewritten path is what is asked for and what is cached", async () => {
  const first = await edge.get("/old/page?utm_source=mail&a=1");
  expect(first.text()).toBe("web /new/page?a=1 0");
  const second = await edge.get("/new/page?a=1");
  expect([second.header("x-cache"), second.text()]).toEqual(["HIT", "web /new/page?a=1 0"]);
});

test("what goes to another pool is stored apart", async () => {
  expect((await edge.get("/page")).text()).toBe("web /page 0");
  const visitor = { headers: [["Cookie", "canary=1"]] } as const;
  expect((await edge.get("/page", visitor)).text()).toBe("canary /page 0");
  expect((await edge.get("/page")).text()).toBe("web /page 0");
});

test("a header that a rule sets by the visitor does not reach those without it", async () => {
  const beta = await edge.get("/private", { headers: [["X-Beta", "1"]] });
  expect(beta.header("x-told")).toBe("beta");
  const plain = await edge.get("/private");
  expect([plain.header("x-told"), plain.header("x-cache")]).toEqual(["nothing", "MISS"]);
  expect((await edge.get("/private", { headers: [["X-Beta", "1"]] })).header("x-cache")).toBe("HIT");
});

test("a rule takes a request past the cache", async () => {
  await edge.get("/page");
  expect((await edge.get("/page", { headers: [["Cookie", "session=1"]] })).header("x-cache")).toBe("DYNAMIC");
});

test("rules before the origin act on what the cache has not", async () => {
  expect((await edge.get("/guarded")).status).toBe(403);
  expect(origin.asked("/guarded")).toBe(0);
  expect((await edge.get("/guarded?trusted")).status).toBe(200);
  // The stored answer needs no origin, so no rule of that phase runs.
  expect((await edge.get("/guarded?trusted")).header("x-cache")).toBe("HIT");
  expect((await edge.get("/news")).header("x-told")).toBe("edge.test");
});

test("rules on the answer run for stored answers too, and what they change is not stored", async () => {
  const first = await edge.get("/page?r=1");
  const second = await edge.get("/page?r=1");
  expect([first.header("x-seen"), second.header("x-seen")]).toEqual(["MISS", "HIT"]);
  for (const answer of [first, second]) expect([answer.header("server"), answer.header("x-frame-options")]).toEqual([null, "DENY"]);
});

test("a rule puts an error in the place of an answer", async () => {
  const answer = await edge.get("/broken");
  expect([answer.status, answer.text()]).toEqual([503, "later"]);
  expect(answer.header("x-told")).toBeNull();
});

test("the log line has what rules of the phase log say, the rules that matched, and the score", async () => {
  const answer = await edge.get("/page?logged", { headers: [["User-Agent", ""]] });
  const line = await logOf(answer.header("x-request-id"));
  expect(line).toMatchObject({ logged: { agent: "", status: "200" }, score: 3 });
  expect(line["rules"]).toEqual([
    { id: "suspicious", did: "score" },
    { id: "tidy", did: "rewrite" },
    { id: "told", did: "log" },
  ]);
});

test("a body is looked at where a rule wants it, and reaches the origin whole where none objects", async () => {
  const sent = async (body: string) =>
    await edge.get("/upload", {
      method: "POST",
      body,
      headers: [
        ["Content-Type", "text/plain"],
        ["Content-Length", String(body.length)],
      ],
    });
  const good = "x".repeat(200_000);
  expect((await sent(good)).text()).toBe("web /upload 200000");
  expect((await sent(`${"x".repeat(1000)}evil`)).status).toBe(403);
  expect(origin.asked("/upload", "POST")).toBe(1);
});

test("rules on the answer have nothing to say about what a rule before the origin has refused", async () => {
  const answer = await edge.get("/guarded?again");
  expect([answer.status, answer.header("x-frame-options")]).toEqual([403, null]);
});
