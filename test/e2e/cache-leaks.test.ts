// Nobody gets what belongs to another: five users and strangers ask the built Worker at random and at once for pages that are personal,
// under every kind of caching header and route policy. Each answer of the origin says for whom it was made, and a rule of this file's
// own, which knows nothing of the code's, says who may see it.

import { randomInt } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

import { afterAll, beforeAll, expect, test } from "vitest";

import { startEdge } from "./harness.ts";
import type { Edge } from "./harness.ts";
import type { Answer, SendOptions } from "./http-client.ts";
import { startScriptedOrigin } from "./scripted-origin.ts";
import type { ScriptedOrigin } from "./scripted-origin.ts";

/** `SEED=... npx vitest run ...` asks for the same again; how requests meet differs from run to run. */
const SEED = Number(process.env["SEED"] ?? randomInt(2 ** 31));
const REQUESTS = 2_000;
const AT_ONCE = 16;

const USERS = ["alice", "bob", "carol", "dave", "erin"] as const;
const NOBODY = "nobody";

/**
 * What the origin says, and whom that allows to see an answer that was made for another.
 *
 * all: it declared the answer shared, by `public`, `s-maxage` or a field for CDNs. bearer: RFC 9111 3.5 lets a shared cache keep the
 * answer to a request with Authorization under `must-revalidate`; with cookies it is as personal as any. none: never.
 */
interface Kind {
  readonly name: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly sharedWith: "none" | "bearer" | "all";
  /** The same for a route with an `edge` lifetime, where it differs. */
  readonly whereOverridden?: "all";
}

const MODIFIED = "Thu, 01 Jan 2026 00:00:00 GMT";

const KINDS: readonly Kind[] = [
  { name: "silent", fields: {}, sharedWith: "none" },
  { name: "max-age", fields: { "Cache-Control": "max-age=60" }, sharedWith: "none" },
  { name: "immutable", fields: { "Cache-Control": "max-age=60, immutable" }, sharedWith: "none" },
  { name: "expires", fields: { Expires: "Fri, 01 Jan 2100 00:00:00 GMT" }, sharedWith: "none" },
  { name: "heuristic", fields: { "Last-Modified": MODIFIED }, sharedWith: "none" },
  { name: "private", fields: { "Cache-Control": "private, max-age=60" }, sharedWith: "none" },
  { name: "private-shouted", fields: { "Cache-Control": "MAX-AGE=60,PRIVATE" }, sharedWith: "none" },
  { name: "private-fields", fields: { "Cache-Control": 'public, private="set-cookie", max-age=60' }, sharedWith: "all" },
  { name: "no-store", fields: { "Cache-Control": "public, No-Store, max-age=60" }, sharedWith: "none" },
  { name: "no-cache", fields: { "Cache-Control": "no-cache" }, sharedWith: "none" },
  // Shared, but only if the origin says each time that it still holds: which this origin says to nobody about another's. The routes
  // that override its lifetimes do not ask it.
  { name: "public-no-cache", fields: { "Cache-Control": "public, no-cache" }, sharedWith: "none", whereOverridden: "all" },
  { name: "swr", fields: { "Cache-Control": "max-age=0, stale-while-revalidate=60, stale-if-error=60" }, sharedWith: "none" },
  { name: "public", fields: { "Cache-Control": "public, max-age=60" }, sharedWith: "all" },
  { name: "s-maxage", fields: { "Cache-Control": "s-maxage=60" }, sharedWith: "all" },
  { name: "must-revalidate", fields: { "Cache-Control": "max-age=60, must-revalidate" }, sharedWith: "bearer" },
  { name: "proxy-revalidate", fields: { "Cache-Control": "max-age=60, proxy-revalidate" }, sharedWith: "none" },
  { name: "cdn", fields: { "Cache-Control": "no-store", "CDN-Cache-Control": "max-age=60" }, sharedWith: "all" },
  { name: "cdn-private", fields: { "Cache-Control": "public, max-age=60", "CDN-Cache-Control": "private" }, sharedWith: "none" },
  { name: "cdn-no-store", fields: { "Cache-Control": "public, max-age=60", "CDN-Cache-Control": "no-store" }, sharedWith: "none" },
  { name: "surrogate", fields: { "Cache-Control": "private", "Surrogate-Control": "max-age=60" }, sharedWith: "all" },
  { name: "vary-cookie", fields: { "Cache-Control": "max-age=60", Vary: "Cookie, Authorization" }, sharedWith: "none" },
  { name: "vary-public", fields: { "Cache-Control": "public, max-age=60", Vary: "authorization,COOKIE" }, sharedWith: "none" },
  { name: "vary-star", fields: { "Cache-Control": "public, max-age=60", Vary: "*" }, sharedWith: "none" },
  { name: "set-cookie", fields: { "Cache-Control": "max-age=60", "Set-Cookie": "" }, sharedWith: "none" },
  { name: "set-cookie-public", fields: { "Cache-Control": "public, max-age=60", "Set-Cookie": "" }, sharedWith: "all" },
];

/** Policies that store more than the default does, one route each. */
const ROUTES = {
  plain: "{}",
  default: "{ default: 10m }",
  edge: "{ edge: 10m }",
  strip: "{ setCookie: strip, edge: 10m }",
  stale: "{ default: 1s, stale: { revalidate: 1h, error: 1h } }",
  keyed: "{ default: 10m, key: { cookie: [sid] } }",
  cookieless: "{ default: 10m, requestCookies: ignore }",
} as const;

let edge: Edge;
let origin: ScriptedOrigin;
const random = prng(SEED);
/** Of the answers' kinds, which come in any order. */
const originRandom = prng(SEED + 1);

beforeAll(async () => {
  origin = await startScriptedOrigin();
  const routes = Object.entries(ROUTES).map(([name, cache]) => `      - { path: /${name}/*, pool: web, cache: ${cache} }`);
  edge = await startEdge({
    origins: 0,
    config: () => `
sites:
  - name: all
    hosts: ["*"]
    routes:
${routes.join("\n")}
pools:
  web: { origins: ["${origin.url}"] }
`,
  });
});
afterAll(async () => {
  await edge?.stop();
  await origin?.stop();
});

/** Mulberry32: a whole number from 0 to `below` - 1. */
function prng(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function pick<T>(list: readonly T[], choose = random): T {
  const chosen = list[choose(list.length)];
  if (chosen === undefined) throw new Error("an empty list");
  return chosen;
}

// --- The origin: every answer is for whoever asked, and says so in its body and in its header.

interface Made {
  /** A user, or nobody. */
  readonly asker: string;
  /** How the origin knew. */
  readonly by: "cookie" | "bearer" | "token" | "nothing";
  readonly kind: string;
}

function askerOf({ headers, url = "" }: IncomingMessage): Pick<Made, "asker" | "by"> {
  const cookie = /(?:^|; ?)sid=(\w+)/.exec(headers.cookie ?? "")?.[1];
  if (cookie !== undefined) return { asker: cookie, by: "cookie" };
  const bearer = /^Bearer (\w+)$/.exec(headers.authorization ?? "")?.[1];
  if (bearer !== undefined) return { asker: bearer, by: "bearer" };
  const token = /[?&]token=(\w+)/.exec(url)?.[1];
  return token === undefined ? { asker: NOBODY, by: "nothing" } : { asker: token, by: "token" };
}

let answers = 0;

function answerPersonally(kindOf: () => Kind): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const kind = kindOf();
    const made: Made = { ...askerOf(request), kind: kind.name };
    const etag = `"${made.asker}"`;
    const fields: Record<string, string> = { ...kind.fields, ETag: etag, "X-Made": JSON.stringify(made) };
    // Each is given out once: a second visitor with the same one has got the first one's.
    if (fields["Set-Cookie"] !== undefined) fields["Set-Cookie"] = `session=${++answers}`;
    if (request.method === "POST") fields["Content-Location"] = request.url ?? "";
    if (request.method !== "POST" && request.headers["if-none-match"] === etag) return void response.writeHead(304, fields).end();
    const body = JSON.stringify(made);
    response.writeHead(200, { ...fields, "Content-Type": "application/json", "Content-Length": body.length });
    response.end(request.method === "HEAD" ? undefined : body);
  };
}

// --- The visitors

interface Visit {
  readonly user: string;
  readonly target: string;
  readonly options: SendOptions;
}

function randomVisit(paths: readonly string[]): Visit {
  const user = random(6) === 0 ? NOBODY : pick(USERS);
  const path = pick(paths);
  const by = user === NOBODY ? "nothing" : pick(["cookie", "cookie", "bearer", "bearer", "both", "token"] as const);
  const headers: [string, string][] = [];
  if (by === "cookie" || by === "both") headers.push(["Cookie", pick([`sid=${user}`, `theme=dark; sid=${user}`, `sid=${user}; lang=de`])]);
  else if (random(4) === 0) headers.push(["Cookie", "theme=dark"]);
  if (by === "bearer" || by === "both") headers.push(["Authorization", `Bearer ${user}`]);
  const extra = random(12);
  if (extra === 0) headers.push(["If-None-Match", `"${user}"`]);
  if (extra === 1) headers.push(["Cache-Control", pick(["no-cache", "max-age=0", "max-stale"])]);
  if (extra === 2) headers.push(["Range", "bytes=0-"]);
  const query = by === "token" ? `?token=${user}` : pick(["", "", "", "?utm_source=mail"]);
  const method = pick(["GET", "GET", "GET", "GET", "GET", "GET", "GET", "GET", "HEAD", "POST"]);
  const target = `${path}${query}`;
  return { user, target, options: { method, headers, ...(method === "POST" ? { body: "" } : {}) } };
}

/** All of them, so that a seed means the same requests however they meet. Few paths at a time, so that they meet in the store. */
function randomVisits(paths: readonly string[]): Visit[] {
  const visits: Visit[] = [];
  while (visits.length < REQUESTS) {
    const near = Array.from({ length: 5 }, () => pick(paths));
    for (let count = 0; count < 40; count++) visits.push(randomVisit(near));
  }
  return visits;
}

// --- The rule

/** Whether a visitor may see what was made for this asker. */
function maySee({ user, target }: Visit, { asker, by, kind }: Made): boolean {
  if (asker === user || asker === NOBODY) return true;
  // Its URL is as personal as the token in it.
  if (by === "token") return false;
  const isOverridden = target.startsWith("/edge/") || target.startsWith("/strip/");
  const said = KINDS.find(({ name }) => name === kind);
  const sharedWith = isOverridden ? (said?.whereOverridden ?? said?.sharedWith) : said?.sharedWith;
  return sharedWith === "all" || (sharedWith === "bearer" && by === "bearer");
}

function madeFor(answer: Answer, text: string): Made {
  expect(text, `status ${answer.status}`).toMatch(/^\{.*\}$/);
  return JSON.parse(text) as Made;
}

test(`no user gets another's bytes, fields or cookies (seed ${SEED})`, async () => {
  const paths: string[] = [];
  for (const route of Object.keys(ROUTES)) {
    for (const kind of KINDS) paths.push(`/${route}/${kind.name}`);
    for (const kind of KINDS)
      origin.at(
        `/${route}/${kind.name}`,
        answerPersonally(() => kind),
      );
    paths.push(`/${route}/any`);
    origin.at(
      `/${route}/any`,
      answerPersonally(() => pick(KINDS, originRandom)),
    );
  }
  const cookies = new Map<string, string>();
  const counts = { fromStore: 0, ofOthers: 0 };
  const check = async (visit: Visit): Promise<void> => {
    const answer = await edge.get(visit.target, visit.options);
    const about = `seed ${SEED}: ${visit.options.method} ${visit.target} by ${visit.user} ${JSON.stringify(visit.options.headers)}`;
    expect([200, 206, 304], about).toContain(answer.status);
    const texts = [answer.header("x-made") ?? "", ...(answer.body.length > 0 ? [answer.text()] : [])];
    const said = texts.map((text) => madeFor(answer, text));
    for (const made of said) {
      expect(maySee(visit, made), `${about} got ${JSON.stringify(made)}`).toBe(true);
      if (made.asker !== visit.user && made.asker !== NOBODY) counts.ofOthers++;
    }
    // Body and fields are of one answer, or of one that confirmed it.
    expect(new Set(said.map(({ asker }) => asker)).size, about).toBe(1);
    for (const cookie of answer.headers.get("set-cookie") ?? []) {
      expect(cookies.get(cookie), `${about} got a cookie that was another visit's`).toBeUndefined();
      cookies.set(cookie, about);
    }
    if (answer.header("x-cache") === "HIT") counts.fromStore++;
  };
  const visits = randomVisits(paths);
  const visitor = async (): Promise<void> => {
    for (let visit = visits.pop(); visit !== undefined; visit = visits.pop()) await check(visit);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, visitor));
  // Were nothing stored, or nothing shared, the rule above could not fail.
  expect(counts.fromStore).toBeGreaterThan(REQUESTS / 50);
  expect(counts.ofOthers).toBeGreaterThan(0);
  expect(edge.log.filter((line) => line.includes('"event":"crash"'))).toEqual([]);
  console.log(`seed ${SEED}: ${REQUESTS} requests, ${counts.fromStore} from the store, ${counts.ofOthers} times what another was shared`);
});

test.each([
  { route: "cookieless", header: ["Cookie", "sid=alice"] },
  { route: "plain", header: ["Cookie", "sid=alice"] },
  { route: "strip", header: ["Cookie", "sid=alice"] },
  { route: "cookieless", header: ["Authorization", "Bearer alice"] },
  { route: "plain", header: ["Authorization", "Bearer alice"] },
] as const)("what the origin answers to a POST with $header.0 on the route $route is given to nobody else", async ({ route, header }) => {
  const kind = KINDS.find(({ name }) => name === "max-age");
  if (kind === undefined) throw new Error("no such kind");
  const path = `/${route}/posted-${header[0]}`;
  origin.at(
    path,
    answerPersonally(() => kind),
  );
  // It says of itself that it is what a GET would now bring (RFC 9110 9.3.3), which it is for alice.
  const posted = await edge.get(path, { method: "POST", body: "", headers: [header] });
  expect([posted.status, madeFor(posted, posted.text()).asker]).toEqual([200, "alice"]);
  for (const headers of [[], [["Cookie", "sid=bob"]], [["Authorization", "Bearer bob"]]] as const) {
    expect((await edge.get(path, { headers })).text()).not.toContain("alice");
  }
});
