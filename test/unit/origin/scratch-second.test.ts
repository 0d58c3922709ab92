import { randomBytes } from "node:crypto";
import { afterEach, expect, test } from "vitest";
import { RETRY, TIMEOUTS, pool } from "./fixtures.ts";
import { ask, frozen, ok, scene, shown, startOrigin, status } from "./origins.ts";
import type { Handler, TestOrigin } from "./origins.ts";

const started: TestOrigin[] = [];
afterEach(async () => { await Promise.all(started.splice(0).map((each) => each.kill())); });
async function scenery(...handlers: Handler[]) {
  const all = await Promise.all(handlers.map((handler, index) => startOrigin("abcdef"[index] ?? "?", handler)));
  started.push(...all);
  return { given: scene(all), all };
}
const circuits = (given: any) => given.table.describe(Date.now()).map(({ key, circuit, openedBy, seen, good }: any) => `${key} ${circuit} ${openedBy} ${good}/${seen}`);

test("hedge in fallback pool is within the budget", async () => {
  const a = await startOrigin("a", ok); const b = await startOrigin("b", ok); const c = await startOrigin("c", ok);
  started.push(a, b, c);
  const given = scene([a], { budget: { ratio: 0.1, perSecond: 0 }, fallbacks: ["spare"] });
  given.pools.push(pool("spare", [b.origin, c.origin], { budget: { ratio: 0.1, perSecond: 0.5 } }));
  given.overrides = { format: 1, version: 1, origins: { "web/a": { state: "down", weight: null, untilMs: null, atMs: 0, by: "k", reason: "x" } } } as any;
  given.action = { retry: { ...RETRY, hedge: { afterMs: 1 } } };
  b.handle = c.handle = (_, r) => setTimeout(() => r.end("x"), 30);
  for (let n = 0; n < 30; n += 1) await ask(given);
  expect(b.seen.length + c.seen.length).toBeLessThanOrEqual(33);
});

test("poison page: two thirds good", async () => {
  const h: Handler = (q, r, body) => (q.url === "/poison" ? status(500)(q, r, body) : r.end("fine"));
  const { given } = await scenery(h, h, h);
  for (let n = 0; n < 20; n += 1) { await ask(given); await ask(given, { target: "/poison" }); }
  console.log(circuits(given));
});

test("wrong content-length on one page", async () => {
  const h: Handler = (q, r) => {
    if (q.url !== "/bad") return r.end("fine");
    r.writeHead(200, { "content-length": "10" });
    return r.write("short", () => q.socket.destroySoon());
  };
  const { given } = await scenery(h, h, h);
  for (let n = 0; n < 3; n += 1) { await ask(given); await ask(given, { target: "/bad" }); }
  console.log(circuits(given));
});

test("silent chunked", async () => {
  const h: Handler = (q, r) => { r.write("one\n"); };
  const { given } = await scenery(h, h);
  given.action = { timeouts: { ...TIMEOUTS, idleMs: 40 } };
  for (let n = 0; n < 24; n += 1) { const { outcome } = await ask(given); if (outcome.kind === "response") await outcome.response.text().catch((e) => String(e)); }
  console.log(circuits(given));
});

const FILM = randomBytes(2_000_000);
const film = (cutAt: number | null, lateMs = 0, etag = '"v1"'): Handler => (q, r) => {
  const m = /^bytes=(\d+)-(\d*)$/.exec(q.headers.range ?? "");
  const partial = m !== null && (q.headers["if-range"] === undefined || q.headers["if-range"] === etag);
  const first = partial ? Number(m[1]) : 0; const bytes = FILM.subarray(first);
  r.writeHead(partial ? 206 : 200, { "content-length": bytes.length, etag, "accept-ranges": "bytes", ...(partial ? { "content-range": `bytes ${first}-${FILM.length - 1}/${FILM.length}` } : {}) });
  if (cutAt === null) return r.end(bytes);
  return r.write(bytes.subarray(0, cutAt), () => setTimeout(() => q.socket.resetAndDestroy(), lateMs));
};
const got = async (outcome: any) => Buffer.from(await outcome.response.arrayBuffer()).equals(FILM);

test("resume after total time", async () => {
  const { given } = await scenery(film(700_000, 300), film(null));
  given.action = { timeouts: { ...TIMEOUTS, totalMs: 150 } };
  expect(await got((await ask(given)).outcome)).toBe(true);
});
test("resume: one other version, third has it", async () => {
  const { given } = await scenery(film(700_000), film(null, 0, '"v2"'), film(null));
  expect(await got((await ask(given)).outcome)).toBe(true);
});
test("resume: other avoided and dead, the same has it", async () => {
  const { given, all } = await scenery(film(700_000), (q) => q.socket.resetAndDestroy());
  all[0]!.handle = ok; 
  for (let n = 0; n < 6; n += 1) await ask(given);
  console.log(circuits(given));
  let cut = true;
  all[0]!.handle = (q, r, b) => { const h = film(cut ? 700_000 : null); cut = false; return h(q, r, b); };
  expect(await got((await ask(given)).outcome)).toBe(true);
});
test("resume for fill when visitor has left", async () => {
  const { given } = await scenery(film(700_000, 200), film(null));
  const c = new AbortController();
  const { outcome } = await ask(given, { signal: c.signal, abortWithVisitor: false });
  c.abort();
  expect(await got(outcome)).toBe(true);
});
test.each([0.1, 0.2, 0.3])("bimodal %s", async (p) => {
  let seed = 1; const rnd = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const h: Handler = (_, r) => { if (rnd() < p) setTimeout(() => r.end("x"), 400); else setTimeout(() => r.end("x"), 3); };
  const { given } = await scenery(h, h);
  let opened = 0; let was = 0; let hedges = 0; let slow = 0;
  const one = async () => { const { attempts } = await ask(given); if (attempts.length > 1) hedges++; if (attempts.some((a) => a.includes("slow"))) slow++; const now = given.table.describe(Date.now()).filter((x) => x.circuit !== "closed").length; if (now > was) opened++; was = now; };
  const end = Date.now() + 8000;
  let n = 0;
  await Promise.all(Array.from({ length: 4 }, async () => { while (Date.now() < end) { await one(); n++; await new Promise((r) => setTimeout(r, 20)); } }));
  console.log(p, { n, opened, hedges, slow }, circuits(given), given.table.describeBudget(given.pools[0]!, Date.now()));
}, 20_000);
