// Attacks on rules and rate limits through the built Worker, byte by byte on the direct socket: ways around a rule, into another
// visitor's answer, into a header, a path or a log line. Each of these was a way in somewhere, here or in other firewalls.

import { connect, type Socket } from "node:net";

import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { eventually, startEdge, type Edge } from "./harness.ts";
import { sendRaw, statusesOf } from "./http-client.ts";
import { growthDuring } from "./memory.ts";
import { fieldOf, headOf, rawAnswer, startRawOrigin, targetOf, type RawOrigin } from "./raw-origin.ts";

const MIB = 1024 * 1024;

let edge: Edge;
let origin: RawOrigin;

beforeAll(async () => {
  origin = await startRawOrigin();
  edge = await startEdge({
    origins: 0,
    config: () => `
sites: [{ name: all, hosts: ["*"], routes: [{ path: /*, pool: web }] }]
pools:
  web: { origins: ["http://localhost:${origin.port}"], circuit: { failures: 1000, volume: 1000 } }
  canary: { origins: [{ url: "http://localhost:${origin.port}/canary" }], circuit: { failures: 1000, volume: 1000 } }
client: { trustedProxies: [10.0.0.0/8] }
lists:
  over: { kind: ip, entries: [{ value: 203.0.113.5, expires: "2020-01-01" }] }
firewall:
  - { id: staff, when: 'any(http.request.headers["x-staff"][*] eq "yes")', action: { skip: [guarded] } }
  - { id: was-bad, when: ip.src in $over, action: block }
  - { id: admin, when: 'starts_with(http.request.uri.path, "/admin")', action: block }
  - { id: cookie, when: 'any(http.request.cookies["evil"][*] eq "1")', action: block }
  - { id: argument, when: 'any(http.request.uri.args["q"][*] contains "evil")', action: block }
  - { id: raw, when: 'http.request.uri.path eq "/up" and http.request.body.raw contains "EVIL"', action: block }
  - { id: form, when: 'http.request.uri.path eq "/form" and any(http.request.body.form["role"][*] eq "admin")', action: block }
  - { id: part, when: 'http.request.uri.path eq "/form" and any(http.request.body.multipart["role"][*] eq "admin")', action: block }
  - { id: file, when: 'http.request.uri.path eq "/form" and any(lower(http.request.body.multipart.filenames[*][0])[*] matches r"\\.php$")', action: block }
  - { id: json, when: 'http.request.uri.path eq "/json" and lookup_json_string(http.request.body.raw, "role") eq "admin"', action: block }
  - { id: go, when: 'http.request.uri.path eq "/go"', action: { redirect: { expression: 'url_decode(http.request.uri.args["to"][0])', query: drop } } }
  - { id: away, when: 'starts_with(http.request.uri.path, "/away/")', action: { redirect: "https://www.example.com{path}" } }
  - { id: files, when: 'http.request.uri.path eq "/file"', action: { rewrite: { path: { expression: 'concat("/files/", http.request.uri.args["f"][0])' } } } }
  - { id: decoded, when: 'http.request.uri.path eq "/decoded"', action: { rewrite: { path: { expression: 'url_decode(http.request.uri.args["f"][0])' } } } }
  - { id: query, when: 'http.request.uri.path eq "/query"', action: { rewrite: { query: { set: { v: { expression: 'url_decode(http.request.uri.args["f"][0])' } }, remove: [f] } } } }
  - { id: header, when: 'has_key(http.request.uri.args, "h")', action: { rewrite: { headers: { set: { X-Told: { expression: 'url_decode(http.request.uri.args["h"][0])' } } } } } }
  - { id: beta, when: 'has_key(http.request.headers, "x-beta")', action: { rewrite: { headers: { set: { X-Told: beta } } } } }
  - { id: canary, when: 'any(http.request.headers["x-canary"][*] eq "1")', action: { set: { pool: canary } } }
  - { id: moved, when: 'starts_with(http.request.uri.path, "/old-")', action: { rewrite: { path: { expression: 'regex_replace(http.request.uri.path, "^/old-", "/new-")' }, headers: { remove: [X-Key] } } } }
  - { id: guarded, phase: origin, when: 'starts_with(http.request.uri.path, "/page/guarded") and any(http.request.headers["x-bad"][*] eq "1")', action: block }
  - { id: tidy, phase: response, when: http.response.code lt 600, action: { rewrite: { headers: { set: { X-Agent: { expression: http.user_agent } } } } } }
  - { id: denied, phase: response, when: 'has_key(http.request.headers, "x-deny")', action: { block: { status: 451, body: denied } } }
  - { id: told, phase: log, when: http.response.code gt 0, action: { log: { fields: { agent: http.user_agent } } } }
  - { id: by-address, when: 'http.request.uri.path eq "/address"', action: { rateLimit: { requests: 2, per: 300s } } }
  - { id: by-host, when: 'http.request.uri.path eq "/host"', action: { rateLimit: { by: [host, address], requests: 2, per: 300s } } }
  - { id: by-path, when: 'starts_with(http.request.uri.path, "/path")', action: { rateLimit: { by: [path, address], requests: 2, per: 300s } } }
  - { id: by-header, when: 'http.request.uri.path eq "/key"', action: { rateLimit: { by: [{ header: X-Key }], requests: 2, per: 300s } } }
  - { id: by-cookie, when: 'http.request.uri.path eq "/session"', action: { rateLimit: { by: [{ cookie: sid }], requests: 2, per: 300s } } }
  - { id: by-claim, when: 'http.request.uri.path eq "/claim"', action: { rateLimit: { by: [{ jwt: sub }], requests: 2, per: 300s } } }
  - { id: logins, when: 'http.request.uri.path eq "/old-login"', action: { rateLimit: { by: [path, address], requests: 2, per: 300s, count: http.response.code eq 401 } } }
  - { id: keys, when: 'http.request.uri.path eq "/old-key"', action: { rateLimit: { by: [{ header: X-Key }], requests: 2, per: 300s, count: http.response.code eq 401 } } }
`,
  });
});
beforeEach(() => {
  origin.seen.length = 0;
  origin.answer = (head) => {
    const [, target = ""] = head.split(" ", 2);
    const told = (/^x-told: *(.*)$/im.exec(head)?.[1] ?? "nothing").replaceAll(/[^ -~]/g, "?");
    const fields = /^\/(?:canary\/)?page/.test(target) ? ["Cache-Control: public, max-age=600", 'ETag: "1"'] : ["Cache-Control: no-store"];
    return rawAnswer(`${target} ${told}`, fields, target.startsWith("/new-") ? "401 Unauthorized" : "200 OK");
  };
});
afterAll(async () => {
  await edge?.stop();
  await origin?.stop();
});

interface Shot {
  readonly status: number;
  readonly statuses: readonly number[];
  readonly head: string;
  readonly body: string;
  header(name: string): string | null;
}

interface Bullet {
  readonly method?: string;
  readonly headers?: readonly string[];
  readonly body?: string | Buffer;
}

async function shoot(target: string, { method = "GET", headers = [], body }: Bullet = {}): Promise<Shot> {
  const has = (name: string): boolean => headers.some((line) => line.toLowerCase().startsWith(`${name}:`));
  const lines = [
    `${method} ${target} HTTP/1.1`,
    ...(has("host") ? [] : ["Host: edge.test"]),
    "Connection: close",
    ...headers,
    ...(body === undefined || has("transfer-encoding") || has("content-length") ? [] : [`Content-Length: ${body.length}`]),
  ];
  const bytes = typeof body === "string" ? Buffer.from(body, "latin1") : (body ?? Buffer.alloc(0));
  const raw = await sendRaw(edge.directUrl, Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), bytes]));
  const text = raw.toString("latin1");
  const end = text.indexOf("\r\n\r\n");
  const head = text.slice(0, end);
  const statuses = statusesOf(raw);
  const header = (name: string): string | null => new RegExp(`^${name}: *(.*)$`, "im").exec(head)?.[1]?.trim() ?? null;
  return { status: statuses[0] ?? 0, statuses, head, body: text.slice(end + 4), header };
}

let numbers = 0;
/** Something that no other test has: a page, a visitor, a key. */
function fresh(): number {
  return (numbers += 1);
}
const visitor = (): string => `CF-Connecting-IP: 198.18.${numbers >> 8}.${fresh() & 255}`;

// --- Ways around a rule.

test.each(["//admin", "/%61dmin", "/./admin", "/x/../admin", "/x\\..\\admin", "/%2e/admin", "http://other.test/admin", "/admin#x"])(
  "%s is /admin to rules",
  async (target) => {
    expect((await shoot(target)).status).toBe(403);
  },
);

test.each(["/x/..%2fadmin", "/x/..;/admin", "/admin%00", "/a%0d%0ab"])("%s is no path for anybody", async (target) => {
  expect((await shoot(target)).status).toBe(400);
});

test.each([
  ["in two lines", ["Cookie: a=b", "Cookie: evil=1"]],
  ["encoded", ["Cookie: %65vil=1"]],
  ["with spaces", ["cookie: evil = 1 "]],
  ["behind an innocent one", ["Cookie: evil=0; evil=1"]],
  ["behind empty ones", ["Cookie: ;;evil=1,"]],
])("a cookie %s is seen", async (_, headers) => {
  expect((await shoot("/x", { headers })).status).toBe(403);
});

test.each(["?%71=evil", "?q=1&q=evil", "?&&q=evil", "?+q=evil", "?q%00=evil", "?q=%00evil"])(
  "the argument of %s is seen",
  async (query) => {
    expect((await shoot(`/x${query}`)).status).toBe(403);
  },
);

const FORM = "Content-Type: application/x-www-form-urlencoded";
const MULTIPART = "Content-Type: multipart/form-data; boundary=b";
const CHUNKED = "Transfer-Encoding: chunked";
const ADMIN = '{"role":"admin"}';
const part = (disposition: string, value = "1"): string =>
  `--b\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${value}\r\n--b--\r\n`;

test.each<readonly [string, string, Bullet]>([
  [
    "chunks that cut the word, with extensions and a trailer",
    "/up",
    { headers: [CHUNKED], body: '2;a="b"\r\nEV\r\n2\r\nIL\r\n0\r\nX: 1\r\n\r\n' },
  ],
  ["chunks and a length that is wrong", "/up", { headers: [CHUNKED, "Content-Length: 2"], body: "4\r\nEVIL\r\n0\r\n\r\n" }],
  ["the upgrade of a POST", "/up", { headers: ["Upgrade: websocket", "Connection: Upgrade"], body: "EVIL" }],
  ["a method that mostly has no body", "/up", { method: "DELETE", body: "EVIL" }],
  ["a form of another case", "/form", { headers: [FORM.toUpperCase()], body: "role=admin" }],
  ["a form with two types", "/form", { headers: [FORM, "Content-Type: text/plain"], body: "role=admin" }],
  ["a form's name as PHP reads it", "/form", { headers: [FORM], body: "a=1&+role%00x=admin" }],
  ["a form behind 8,000 empty fields", "/form", { headers: [FORM], body: `${"&".repeat(8000)}role=admin` }],
  ["a part behind bare line feeds", "/form", { headers: [MULTIPART], body: part('name="role"', "admin").replaceAll("\r", "") }],
  [
    "a part of the second boundary",
    "/form",
    { headers: ["Content-Type: multipart/form-data; boundary=a; boundary=b"], body: part("name=role", "admin") },
  ],
  ["a file's second name", "/form", { headers: [MULTIPART], body: part('name="f"; filename="y.jpg"; filename="x.php"') }],
  [
    "a file's name behind an escaped quote",
    "/form",
    { headers: [MULTIPART], body: part('name="f"; filename="a\\".jpg"; filename="x.php"') },
  ],
  ["JSON behind a byte order mark", "/json", { body: `\xef\xbb\xbf${ADMIN}` }],
  ["JSON in UTF-16", "/json", { body: Buffer.from(ADMIN, "utf16le") }],
  ["JSON with a byte that is no UTF-8", "/json", { body: '{"x":"\xff","role":"admin"}' }],
  ["JSON with a name twice", "/json", { body: '{"role":"user","role":"admin"}' }],
])("a body is seen in %s, and the origin sees none of it", async (_, target, bullet) => {
  expect((await shoot(target, { method: "POST", ...bullet })).status).toBe(403);
  expect(origin.seen).toEqual([]);
});

test.each(["Content-Length: +4", "Content-Length: 4\r\nContent-Length: 2", "Transfer-Encoding: xchunked"])(
  "a body whose end is open to doubt (%s) goes nowhere",
  async (line) => {
    expect((await shoot("/up", { method: "POST", headers: [line], body: "good" })).status).toBe(400);
    expect(origin.seen).toEqual([]);
  },
);

test("the body of a GET reaches neither rules nor the origin", async () => {
  expect((await shoot("/up", { headers: ["X-HTTP-Method-Override: POST"], body: "EVIL" })).status).toBe(200);
  expect(origin.seen.map(({ text }) => text.endsWith("\r\n\r\n"))).toEqual([true]);
});

test("a request in the body of an inspected one stays a body, and one behind it is judged by itself", async () => {
  const inner = "GET /admin HTTP/1.1\r\nHost: edge.test\r\n\r\n";
  const outer = `POST /up HTTP/1.1\r\nHost: edge.test\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`;
  const last = "GET /admin HTTP/1.1\r\nHost: edge.test\r\nConnection: close\r\n\r\n";
  // A status line is looked for where a line begins.
  origin.answer = () => rawAnswer("ok\n");
  expect(statusesOf(await sendRaw(edge.directUrl, outer + last))).toEqual([200, 403]);
  expect(origin.seen.map(targetOf)).toEqual(["/up"]);
});

test("Expect: 100-continue does not let the body past rules", async () => {
  const shot = await shoot("/up", { method: "POST", headers: ["Expect: 100-continue"], body: "EVIL" });
  expect(shot.statuses.at(-1)).toBe(403);
  expect(origin.seen).toEqual([]);
});

test("an entry of a list that is over is none", async () => {
  expect((await shoot("/x", { headers: ["CF-Connecting-IP: 203.0.113.5"] })).status).toBe(200);
});

// --- What a visitor says, in targets, headers and lines.

test.each([
  ["//evil.test", "/evil.test"],
  ["%5c%5cevil.test", "/evil.test"],
  ["/%0d%0aSet-Cookie:%20a=b", "/%0D%0ASet-Cookie:%20a=b"],
  ["/%09/evil.test", "/%09/evil.test"],
  ["javascript:alert(1)", null],
  ["%0d%0aX:1", null],
  ["https:evil.test", null],
])("a redirect that is made of %s leads to %s", async (to, location) => {
  expect((await shoot(`/go?to=${to}`)).header("location")).toBe(location);
});

test("a redirect with a host of its own keeps it", async () => {
  expect((await shoot("/away/@evil.test")).header("location")).toBe("https://www.example.com/away/@evil.test");
});

test.each([
  ["/file?f=a.txt", "/files/a.txt"],
  ["/file?f=../../admin", "/file"],
  ["/file?f=%2e%2e/admin", "/file"],
  ["/file?f=..%2f..%2fadmin", "/file"],
  ["/file?f=..;/admin", "/file"],
  ["/file?f=a%00.png", "/file"],
  ["/decoded?f=%2f%2fevil.test/x", "/evil.test/x"],
  ["/decoded?f=%0d%0aX:1", "/decoded"],
  ["/decoded?f=%2e%2e%2fadmin", "/decoded"],
  ["/query?f=a%26admin=1%23%0d%0a", "/query?v=a%26admin%3D1%23%0D%0A"],
])("%s is rewritten to %s", async (target, asked) => {
  expect((await shoot(target)).status).toBe(200);
  const [path = "", query = ""] = targetOf(origin.seen[0] ?? { text: "", closed: true }).split("?");
  expect(target.startsWith("/query") ? `${path}?${query}` : path).toBe(asked);
});

test.each(["a%0d%0aX-Evil:%201", "a%0aX-Evil: 1", "a%00b", "%E2%80%A8"])("a header made of %s is one line", async (value) => {
  expect((await shoot(`/x?h=${value.replace(" ", "%20")}`)).status).toBe(200);
  const [request] = origin.seen;
  expect(request && fieldOf(request, "x-evil")).toBeNull();
  expect(request && headOf(request)).not.toMatch(/\0|[^\r]\n/);
});

test("a visitor's escape sequences are escaped in the log, which has one line for a request", async () => {
  const agent = "a\x1b]0;owned\x07\xc2\x9b31m";
  const id = (await shoot("/x", { headers: [`User-Agent: ${agent}`] })).header("x-request-id") ?? "none";
  await eventually("the request is logged", async () => edge.log.some((line) => line.includes(id)));
  const lines = edge.log.filter((line) => line.includes(id));
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toMatch(/[\0-\x1f]/);
});

test.each(["/_breakwater/rule-stats", "//_breakwater/rule-stats", "/%5fbreakwater/rule-stats?samples=10"])(
  "%s tells nobody anything without the token",
  async (target) => {
    for (const headers of [[], ["Authorization: Bearer null"]]) expect((await shoot(target, { headers })).status).toBe(404);
    expect(origin.seen).toEqual([]);
  },
);

// --- Ways into another visitor's answer.

test("what a rule makes of one request at once with others is in nobody else's answer", async () => {
  const page = `/page/${fresh()}`;
  const kinds: readonly (readonly [header: string[], body: string])[] = [
    [[], `${page} nothing`],
    [["X-Beta: 1"], `${page} beta`],
    [["X-Canary: 1"], `/canary${page} nothing`],
    [["X-Beta: 1", "X-Canary: 1"], `/canary${page} beta`],
  ];
  for (let round = 0; round < 2; round += 1) {
    const asked = Array.from({ length: 3 }, () => kinds).flat();
    const shots = await Promise.all(asked.map(([headers]) => shoot(page, { headers })));
    // A body that streams has its lengths around it.
    expect(shots.map(({ body }, index) => body.includes(asked[index]?.[1] ?? "none"))).toEqual(asked.map(() => true));
    expect(shots.map(({ body }) => body.includes("beta"))).toEqual(asked.map(([headers]) => headers.includes("X-Beta: 1")));
  }
  expect(origin.seen).toHaveLength(kinds.length);
});

test("one who is refused before the origin refuses nobody who waits for the same, nor is that stored", async () => {
  const page = `/page/guarded/${fresh()}`;
  expect((await shoot(page, { headers: ["X-Bad: 1"] })).status).toBe(403);
  const shots = await Promise.all([["X-Bad: 1"], [], ["X-Bad: 1"], []].map((headers) => shoot(page, { headers })));
  expect([shots[1]?.status, shots[3]?.status]).toEqual([200, 200]);
  // One of them may come late enough to find the page stored, and rules of that phase do not run for it.
  for (const shot of [shots[0], shots[2]])
    expect([shot?.status, shot?.header("x-cache")]).toEqual(shot?.status === 200 ? [200, "HIT"] : [403, null]);
});

test("a rule on the answer holds for parts, for unchanged pages and for HEAD, for the visitor whom it is about alone", async () => {
  const page = `/page/${fresh()}`;
  await shoot(page);
  for (const [more, status] of [
    [["Range: bytes=0-3"], 206],
    [['If-None-Match: "1"'], 304],
  ] as const) {
    const shot = await shoot(page, { headers: [...more, "User-Agent: me"] });
    expect([shot.status, shot.header("x-agent")]).toEqual([status, "me"]);
    const denied = await shoot(page, { headers: [...more, "X-Deny: 1"] });
    expect([denied.status, denied.body, denied.header("content-range"), denied.header("etag")]).toEqual([451, "denied", null, null]);
  }
  const head = await shoot(page, { method: "HEAD", headers: ["X-Deny: 1"] });
  expect([head.status, head.body]).toEqual([451, ""]);
  expect((await shoot(page, { headers: ["User-Agent: other"] })).header("x-agent")).toBe("other");
});

// --- Ways around a limit. Of three requests the third is refused, however they are written.

const claim = (json: string): string => `Authorization: Bearer e30.${Buffer.from(json).toString("base64url")}.x`;
const pick = (texts: readonly string[], at: number): string => texts[at] ?? "";

test.each<readonly [string, string | readonly string[], (at: number, own: string) => readonly string[]]>([
  [
    "forwarded addresses",
    "/address",
    (at, own) => [own, `X-Forwarded-For: 1.2.3.${at}`, `Forwarded: for=1.2.3.${at}`, `X-Real-IP: 1.2.3.${at}`],
  ],
  ["addresses in front of the proxy's own", "/address", (at) => ["CF-Connecting-IP: 10.0.0.1", `X-Forwarded-For: 9.9.9.${at}, 77.1.2.3`]],
  ["ports of an address", "/address", (at) => ["CF-Connecting-IP: 10.0.0.2", `X-Forwarded-For: 77.1.2.4:${1000 + at}`]],
  ["addresses that are none", "/address", (at) => ["CF-Connecting-IP: 10.0.0.3", `X-Forwarded-For: junk${at}`]],
  ["addresses of one IPv6 network", "/address", (at) => [`CF-Connecting-IP: 2001:db8:7:1:${at}::1`]],
  [
    "both families of one address",
    "/address",
    (at) => [`CF-Connecting-IP: ${pick(["66.1.1.1", "::ffff:66.1.1.1", "::FFFF:4201:101"], at)}`],
  ],
  ["spellings of a path", ["/path", "//p%61th", "/x/../path"], (_, own) => [own]],
  ["spellings of an escape", ["/path%2fx", "/path%2Fx", "/./path%2fx"], (_, own) => [own]],
  ["ports of a host", "/host", (at, own) => [own, `Host: edge.test:${8000 + at}`]],
  ["spellings of a host", "/host", (at, own) => [own, `Host: ${pick(["edge.test", "EDGE.test", "edge.test."], at)}`]],
  ["spellings of a header", "/key", (at) => [`${pick(["X-Key", "x-key", "X-KEY"], at)}:${" ".repeat(at)}k${"\t".repeat(at)}`]],
  ["long keys", "/key", () => [`X-Key: ${"x".repeat(10_000)}`]],
  ["no key at all", "/key", (at) => [`CF-Connecting-IP: 198.19.0.${at}`]],
  ["spellings of a cookie", "/session", (at) => [`Cookie: sid=${pick(["jkl", '"jkl"', "%6akl"], at)}`]],
  ["a cookie in a line of its own", "/session", (at) => [`Cookie: a=${at}`, "Cookie: sid=own"]],
  ["claims beside the one that counts", "/claim", (at) => [claim(`{"n":${at},"sub":"a"}`)]],
  ["a claim twice", "/claim", (at) => [claim(`{"sub":"r${at}","sub":"dd"}`)]],
])("%s are no way around a limit", async (_, target, headers) => {
  const own = visitor();
  const statuses: number[] = [];
  for (let at = 0; at < 3; at += 1)
    statuses.push((await shoot(typeof target === "string" ? target : pick(target, at), { headers: headers(at, own) })).status);
  expect(statuses).toEqual([200, 200, 429]);
});

test.each<readonly [string, string, (own: string) => readonly string[]]>([
  ["whose path a rule changes", "/old-login", (own) => [own]],
  ["whose key a rule takes away", "/old-key", () => ["X-Key: q"]],
])("a request %s is counted by its answer under what it came with", async (_, target, headers) => {
  const given = headers(visitor());
  const login = async (): Promise<number> => (await shoot(target, { method: "POST", headers: given, body: "x" })).status;
  expect([await login(), await login()]).toEqual([401, 401]);
  // What an answer counts is counted behind it.
  await eventually("the visitor is out", async () => (await login()) === 429);
});

// --- Cost.

test("200 uploads that stop before their end take bounded memory, and no room from others", async () => {
  const { hostname, port } = new URL(edge.directUrl);
  const sockets: Socket[] = [];
  const growth = await growthDuring(async () => {
    for (let each = 0; each < 200; each += 1) {
      const socket = connect({ host: hostname, port: Number(port) });
      socket.on("error", () => undefined);
      socket.write(`POST /up HTTP/1.1\r\nHost: edge.test\r\nContent-Length: 60000\r\n\r\n${"x".repeat(50_000)}`);
      sockets.push(socket);
    }
    for (let each = 0; each < 10; each += 1) expect((await shoot("/up", { method: "POST", body: "good" })).status).toBe(200);
  });
  for (const socket of sockets) socket.resetAndDestroy();
  // Twice what is held: buffers of reads, and what the runtime keeps of connections.
  expect(growth).toBeLessThan(100 * MIB);
  expect(origin.seen).toHaveLength(10);
});

test("after all of this nothing crashed", async () => {
  expect((await shoot("/x")).status).toBe(200);
  expect(edge.log.filter((line) => line.includes('"event":"crash"'))).toEqual([]);
});
