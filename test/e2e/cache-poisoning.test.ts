// Poisoning and deception of the cache in the built Worker, over the direct socket. The origin is as naive as origins get: it says
// `public` about everything and writes into its answer whatever it was sent. One visitor asks with something up his sleeve, the
// next one asks plainly, and must get what an origin says to a plain request. Goes on from attacks.test.ts.

import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { startEdge } from "./harness.ts";
import type { Edge } from "./harness.ts";
import { sendRaw, statusesOf } from "./http-client.ts";
import { headOf, rawAnswer, startRawOrigin, targetOf } from "./raw-origin.ts";
import type { RawOrigin } from "./raw-origin.ts";

let edge: Edge;
let origin: RawOrigin;

beforeAll(async () => {
  origin = await startRawOrigin();
  edge = await startEdge({
    origins: 0,
    config: () => `
sites:
  - name: all
    hosts: [edge.test]
    routes:
      - { path: /*, pool: web }
      - { path: /static/*, pool: web, cache: { edge: 1h } }
      - { path: /themes/*, pool: web, cache: { key: { header: [x-theme] } } }
pools:
  web: { origins: ["http://localhost:${origin.port}"], circuit: { failures: 1000, volume: 1000 } }
`,
  });
});
beforeEach(() => {
  origin.seen.length = 0;
  origin.answer = (head) => rawAnswer(reflected(head), [PUBLIC]);
});
afterAll(async () => {
  await edge?.stop();
  await origin?.stop();
});

const PUBLIC = "Cache-Control: public, max-age=600";

/** What the origin was sent, without what is different each time. */
function reflected(head: string): string {
  const own = /^(?:x-request-id|x-forwarded-for|forwarded|via|cdn-loop|host|connection|mf-)/i;
  const [line = "", ...fields] = head.split("\r\n");
  return [line, ...fields.filter((field) => !own.test(field)).map((field) => field.toLowerCase())].join("\n");
}

let pages = 0;
/** A path that no other test uses. */
function page(under = ""): string {
  return `${under}/page-${++pages}`;
}

interface Shot {
  readonly status: number;
  readonly state: string | null;
  readonly body: string;
}

async function shoot(lines: readonly string[], body = ""): Promise<Shot> {
  const raw = await sendRaw(edge.directUrl, Buffer.from(`${lines.join("\r\n")}\r\n\r\n${body}`, "latin1"));
  const text = raw.toString("latin1");
  const end = text.indexOf("\r\n\r\n");
  const state = /^x-cache: *(\w+)/im.exec(text.slice(0, end))?.[1] ?? null;
  return { status: statusesOf(raw)[0] ?? 0, state, body: text.slice(end + 4) };
}

/** @param fields - Beside Host and Connection, which are there unless given. */
function get(target: string, ...fields: string[]): Promise<Shot> {
  const has = (name: string): boolean => fields.some((field) => field.toLowerCase().startsWith(`${name}:`));
  const host = has("host") ? [] : ["Host: edge.test"];
  const connection = has("connection") ? [] : ["Connection: close"];
  return shoot([`GET ${target} HTTP/1.1`, ...host, ...connection, ...fields]);
}

/** A plain request gets what it would get where nobody has asked before. */
async function expectPlain(target: string, what: string): Promise<void> {
  const { status, body } = await get(target);
  expect([status, body.split("\n")[0]], what).toEqual([200, `GET ${target} HTTP/1.1`]);
  expect(body.toLowerCase(), what).not.toContain("evil");
}

// --- Headers that frameworks obey, and no key holds

const OBEYED = [
  "X-Forwarded-Host",
  "X-Forwarded-Server",
  "X-Forwarded-Scheme",
  "X-Forwarded-Proto",
  "X-Forwarded-Port",
  "X-Forwarded-Prefix",
  "X-Forwarded-Path",
  "X-Forwarded-Uri",
  "X-Forwarded-SSL",
  "X-Original-URL",
  "X-Original-Host",
  "X-Rewrite-URL",
  "X-Host",
  "X-HTTP-Host-Override",
  "X-HTTP-Method-Override",
  "X-HTTP-Method",
  "X-Method-Override",
  "X-Real-IP",
  "True-Client-IP",
];

test.each(OBEYED)("%s, also shouted and with underscores, reaches neither the origin nor the next visitor", async (name) => {
  for (const spelling of [name, name.toUpperCase(), name.toLowerCase(), name.replaceAll("-", "_"), name.replace("-", "_")]) {
    const target = page();
    await get(target, `${spelling}: evil.test`);
    expect(origin.seen.map((request) => headOf(request)).join("\n"), spelling).not.toContain("evil");
    await expectPlain(target, spelling);
    expect((await get(target)).state).toBe("HIT");
  }
});

test("a header that the origin varies on, or that the key holds, is answered to those who send it only", async () => {
  origin.answer = (head) => rawAnswer(reflected(head), [PUBLIC, "Vary: X-Theme"]);
  for (const target of [page(), page("/themes")]) {
    await get(target, "X-Theme: evil");
    await expectPlain(target, target);
    const again = await get(target, "X-THEME: evil");
    expect([again.state, again.body.includes("evil")]).toEqual(["HIT", true]);
  }
});

test.each(["Cookie", "Authorization", "Accept-Language", "Accept-Encoding", "X-Theme"])(
  "naming %s in Connection does not store the answer without it for those who send it",
  async (name) => {
    const field = `${name}: en`;
    origin.answer = (head) => rawAnswer(reflected(head), [PUBLIC, `Vary: ${name}`]);
    const target = page();
    await get(target, field, `Connection: close, ${name}`);
    expect((await get(target, field)).body).toContain(field.toLowerCase());
    expect((await get(target)).body).not.toContain(field.toLowerCase());
  },
);

test.each([
  ["with a length", ["Content-Length: 9"], "q=evil&a=1"],
  ["in chunks", ["Transfer-Encoding: chunked"], "6\r\nq=evil\r\n0\r\n\r\n"],
])("the body of a GET, %s, reaches neither the origin nor the next visitor", async (_, fields, body) => {
  const target = page();
  origin.answer = (head) => rawAnswer(`${reflected(head)}\n${origin.seen.at(-1)?.text.split("\r\n\r\n")[1] ?? ""}`, [PUBLIC]);
  await shoot([`GET ${target} HTTP/1.1`, "Host: edge.test", "Connection: close", ...fields], body);
  expect(origin.seen.map(({ text }) => text).join("\n")).not.toContain("evil");
  await expectPlain(target, "the next visitor");
});

test.each(["http://evil.test", "http://edge.test@evil.test", "//evil.test"])(
  "a whole URL of %s as the target reaches no other site's page",
  async (before) => {
    const target = page();
    origin.answer = (head) => rawAnswer(`${reflected(head)}\n${/^x-forwarded-host:.*/im.exec(head)?.[0] ?? ""}`, [PUBLIC]);
    await get(`${before}${target}`);
    await expectPlain(target, before);
  },
);

// --- Queries

const CLEAN_QUERY = "?q=1";

test.each([
  "?q=1&utm_source=<script>evil</script>",
  "?utm_source=evil&q=1",
  "?q=1&%75tm_source=evil",
  "?q=1&utm%5Fsource=evil",
  "?q=1&fbclid=evil&gclid=evil",
  "?q=1&utm_content=x;q=evil",
  "?q=1&utm_content=x%26q=evil",
  "?utm_content=;q=evil&q=1",
  "?q=1&UTM_SOURCE=evil",
  "?q=1&utm_source[]=evil",
  "?q=1&utm_source=1&q=evil",
  "?q=1;utm_source=evil",
  "?q=1?utm_source=evil",
  "?q=1&&utm_source=evil",
  "?q=1#utm_source=evil",
])("after %s the page without it is as it was", async (query) => {
  const path = page();
  await get(path + query);
  await expectPlain(path + CLEAN_QUERY, query);
  await expectPlain(path, query);
});

// --- Paths that can be read in two ways

const PATHS: readonly ((name: string) => string)[] = [
  (name) => `//${name}`,
  (name) => `/.//${name}`,
  (name) => `/./${name}`,
  (name) => `/%2e/${name}`,
  (name) => `/evil/../${name}`,
  (name) => `/evil/%2e%2e/${name}`,
  (name) => `/evil/.%2E/${name}`,
  (name) => `/evil%2f..%2f${name}`,
  (name) => `/evil/..%2f${name}`,
  (name) => `/evil/..%5c${name}`,
  (name) => `/evil/..\\${name}`,
  (name) => `\\${name}`,
  (name) => `/%5c${name}`,
  (name) => `/${name}%2f`,
  (name) => `/${name}%2Fevil`,
  (name) => `/${name}/%2e%2e/${name}`,
  (name) => `/${name};evil`,
  (name) => `/${name}%3bevil`,
  (name) => `/${name}%3fevil`,
  (name) => `/${name}%23evil`,
  (name) => `/${name}#evil`,
  (name) => `/${name}%00evil`,
  (name) => `/${name}%20`,
  (name) => `/${name}%0d%0aevil:1`,
  (name) => `/evil;/../${name}`,
  (name) => `/..;/${name}`,
  (name) => `/${name.toUpperCase()}`,
  (name) => `/%70${name.slice(1)}`,
  (name) => `/%50${name.slice(1)}`,
  (name) => `/%2570${name.slice(1)}`,
];

test.each(PATHS.map((spell) => ({ spell, shown: spell("page") })))("after $shown the plain page is as it was", async ({ spell, shown }) => {
  const target = page();
  const { status } = await get(spell(target.slice(1)));
  expect([200, 400], shown).toContain(status);
  await expectPlain(target, shown);
  await expectPlain(`${target}/`, shown);
  // And the other way round: what it gets from the store was asked for as it asks, up to the spelling of letters.
  const after = await get(spell(target.slice(1)));
  if (after.state === "HIT")
    expect(decodeURIComponent(after.body.split(" ")[1] ?? "")).toBe(decodeURIComponent(spell(target.slice(1)).replace(/#.*/, "")));
});

// --- Deception: a page of one's own under the name of a file for all

const DISGUISES = [
  "/x.css",
  "/x.CSS",
  "/x.js?v=1",
  ";x.css",
  "%3bx.css",
  "%3Bx.png",
  "%2fx.css",
  "%2Fx.js",
  "%5cx.css",
  "%3fx.css",
  "%23x.css",
  "%0ax.css",
  "%00.css",
  ".css",
  "/..%2fx.css",
  "/%2e%2e/x.css",
  "/.%2e/static/x.css",
  "/x/..;/x.css",
  "/static/x.woff2",
];

test.each(DISGUISES.flatMap((suffix) => ["text/html; charset=utf-8", "application/json"].map((type) => ({ suffix, type }))))(
  "/account$suffix, answered with $type, gives nobody another's page",
  async ({ suffix, type }) => {
    // Takes everything for the account page, as frameworks with loose routes do.
    origin.answer = (head) =>
      rawAnswer(`account of ${/^cookie: *sid=(\w+)/im.exec(head)?.[1] ?? "nobody"}`, [PUBLIC, `Content-Type: ${type}`]);
    for (const under of ["", "/static"]) {
      const target = `${page(under)}/account${suffix}`;
      const victim = await get(target, "Cookie: sid=victim");
      const attacker = await get(target);
      expect(attacker.body).not.toContain("victim");
      // Where it reached an origin at all, the victim was not refused his own page.
      if (victim.status === 200) expect([victim.body, attacker.body]).toEqual(["account of victim", "account of nobody"]);
    }
  },
);

test.each([
  "/static/..%2faccount",
  "/static/%2e%2e/account",
  "/static/../account",
  "/static//../account",
  "/static/..;/account",
  "/static%2f../account",
  "/static/%252e%252e/account",
])("%s does not bring the account under the policy of the static files", async (target) => {
  origin.answer = (head) => rawAnswer(`account of ${/^cookie: *sid=(\w+)/im.exec(head)?.[1] ?? "nobody"}`, ["Content-Type: text/html"]);
  const path = `${target}-${++pages}`;
  await get(path, "Cookie: sid=victim");
  expect((await get(path)).body).not.toContain("victim");
  expect((await get(`/account-${pages}`)).body).toBe("account of nobody");
  for (const asked of origin.seen.map(targetOf)) expect(asked).not.toMatch(/%2f|\.\.|%252e/i);
});

test("after all of this nothing crashed", async () => {
  expect((await get(page())).body).toContain("GET /page-");
  expect(edge.log.filter((line) => line.includes('"event":"crash"'))).toEqual([]);
});
