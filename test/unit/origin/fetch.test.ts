import { afterEach, expect, test } from "vitest";
import type { PoolSnapshot } from "../../../src/config/pool-snapshot.ts";
import { RETRY, TIMEOUTS, downDocument, origin, override, overridesOf, pool } from "./fixtures.ts";
import { ask, frozen, nodeFetcher, ok, resetting, scene, shown, startOrigin, status } from "./origins.ts";
import type { Handler, Scene, TestOrigin } from "./origins.ts";

const started: TestOrigin[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((each) => each.kill()));
});

async function origins(...handlers: Handler[]): Promise<TestOrigin[]> {
  const all = await Promise.all(handlers.map((handler, index) => startOrigin("abc"[index] ?? "?", handler)));
  started.push(...all);
  return all;
}

/** A pool that always prefers its first origin while that one is fit: the others are backups of each other. */
async function preferring(...handlers: Handler[]): Promise<{ given: Scene; all: TestOrigin[] }> {
  const all = await origins(...handlers);
  const given = scene(all.map((each, index) => ({ ...each, origin: { ...each.origin, backup: index > 0 } })));
  return { given, all };
}

function circuits(given: Scene): string[] {
  return given.table.describe(Date.now()).map(({ key, circuit }) => `${key} ${circuit}`);
}

const SHORT: Scene["action"] = { timeouts: { ...TIMEOUTS, headersMs: 60, headersWithBodyMs: 60 } };

test("a killed origin costs a retry, then its circuit opens and it is asked no more", async () => {
  const { given, all } = await preferring(ok, ok);
  await all[0]?.kill();
  const first = await ask(given);
  expect(await shown(first.outcome)).toBe("b 200 fine");
  expect(first.attempts).toEqual(["a reset", "b 200"]);
  await ask(given);
  expect(circuits(given)).toEqual(["web/a open", "web/b closed"]);
  expect((await ask(given)).attempts).toEqual(["b 200"]);
});

test("an origin that resets every connection costs no request", async () => {
  const { given } = await preferring(resetting, ok);
  for (let n = 0; n < 5; n += 1) expect(await shown((await ask(given)).outcome)).toBe("b 200 fine");
});

test("a POST that may have been carried out is not sent twice", async () => {
  const { given, all } = await preferring(resetting, ok);
  const { outcome } = await ask(given, { method: "POST", body: "order" });
  expect(await shown(outcome)).toBe("reset");
  expect(all.map(({ seen }) => seen.length)).toEqual([1, 0]);
});

test("a POST with an idempotency key is sent again, with its whole body", async () => {
  const { given, all } = await preferring(resetting, ok);
  const body = "x".repeat(RETRY.replayBytesMax);
  const { outcome } = await ask(given, { method: "POST", body, headers: { "idempotency-key": "k1" } });
  expect(await shown(outcome)).toBe("b 200 fine");
  expect(all.map(({ seen }) => seen[0]?.body === body)).toEqual([true, true]);
});

test("a body past the replay limit goes out whole, once", async () => {
  const { given, all } = await preferring(resetting, ok);
  const body = "x".repeat(RETRY.replayBytesMax + 1);
  const { outcome, attempts } = await ask(given, { method: "PUT", body });
  expect(await shown(outcome)).toBe("reset");
  expect(attempts).toEqual(["a reset"]);
  expect(all[0]?.seen[0]?.body.length).toBe(body.length);
});

test("a large body of which little was taken is sent whole to another origin", async () => {
  const { given, all } = await preferring(ok, ok);
  await all[0]?.kill();
  let left = 200;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      left -= 1;
      if (left < 0) controller.close();
      else controller.enqueue(new TextEncoder().encode("x".repeat(1000)));
    },
  });
  expect(await shown((await ask(given, { method: "PUT", body })).outcome)).toBe("b 200 fine");
  expect(all[1]?.seen[0]?.body).toBe("x".repeat(200_000));
});

test("a frozen origin is left after the header timeout, and counts because another one answered", async () => {
  const { given } = await preferring(frozen, ok);
  given.action = SHORT;
  for (let n = 0; n < 3; n += 1) expect((await ask(given)).attempts).toEqual(["a timeout", "b 200"]);
  expect(circuits(given)[0]).toBe("web/a open");
});

test("a route that is slow everywhere opens no circuit", async () => {
  const { given } = await preferring(frozen, frozen);
  given.action = SHORT;
  for (let n = 0; n < 4; n += 1) expect(await shown((await ask(given)).outcome)).toBe("timeout");
  expect(circuits(given)).toEqual(["web/a closed", "web/b closed"]);
});

test("a route that fails everywhere opens no circuit, one that another origin answers does", async () => {
  const broken: Handler = (request, response) =>
    request.url === "/broken" ? status(500)(request, response, "") : ok(request, response, "");
  const { given, all } = await preferring(broken, broken);
  for (let n = 0; n < 4; n += 1) expect((await ask(given, { target: "/broken", routeId: "broken" })).attempts).toEqual(["a 500", "b 500"]);
  expect(circuits(given)).toEqual(["web/a closed", "web/b closed"]);
  if (all[1] !== undefined) all[1].handle = ok;
  for (let n = 0; n < 3; n += 1) expect((await ask(given, { target: "/broken", routeId: "broken" })).attempts).toEqual(["a 500", "b 200"]);
  expect(circuits(given)[0]).toBe("web/a open");
});

test("when every origin answers 503 the visitor gets the last real answer, with its Retry-After", async () => {
  const given = scene(await origins(status(503), status(503), status(503, { "retry-after": "7" })));
  const { outcome, attempts } = await ask(given);
  expect(attempts).toEqual(["a 503", "b 503", "c 503"]);
  expect(outcome.kind === "response" && outcome.response.headers.get("retry-after")).toBe("7");
  expect(await shown(outcome)).toBe("c 503 status 503");
});

test("a real answer is kept when the next origin gives none", async () => {
  const { given } = await preferring(status(503), resetting);
  const { outcome, attempts } = await ask(given);
  expect(attempts).toEqual(["a 503", "b reset"]);
  expect(await shown(outcome)).toBe("a 503 status 503");
});

test("an origin that is done is not asked again in the same request, whatever the number of attempts", async () => {
  const given = scene(await origins(status(503), status(503)));
  given.action = { retry: { ...RETRY, attempts: 9 } };
  expect((await ask(given)).attempts).toEqual(["a 503", "b 503"]);
});

test("what the platform made up in an origin's place never reaches the visitor", async () => {
  const { given } = await preferring(status(521), status(526));
  const { outcome, attempts } = await ask(given, { method: "POST", body: "order" });
  expect(attempts).toEqual(["a connect-error 521", "b tls 526"]);
  expect(await shown(outcome)).toBe("tls");
});

test("an error says when it is worth trying again", async () => {
  const { given, all } = await preferring(ok);
  await all[0]?.kill();
  await ask(given);
  const { outcome } = await ask(given);
  expect(outcome).toEqual({ kind: "failed", reason: "reset", retryAfterSeconds: 1 });
});

test("without any origin that the operator left, there is none", async () => {
  const given = scene(await origins(ok));
  given.overrides = overridesOf({ "web/a": override({ state: "drain" }) });
  expect((await ask(given)).outcome).toEqual({ kind: "failed", reason: "no-origin", retryAfterSeconds: null });
});

test("a pool that died as a whole does not use up all attempts: the fallback pool has one more", async () => {
  const all = await origins(ok, ok, ok);
  const archive = await startOrigin("archive", ok);
  started.push(archive);
  await Promise.all(all.map((each) => each.kill()));
  const given = scene(all, { fallbacks: ["archive"] });
  given.pools.push(pool("archive", [archive.origin]));
  const { outcome, attempts } = await ask(given);
  expect(await shown(outcome)).toBe("archive 200 fine");
  expect(attempts).toEqual(["a reset", "b reset", "c reset", "archive 200"]);
});

test("a retry of two goes to an equal, not to the fallback pool", async () => {
  const all = await origins(ok, ok, ok);
  const archive = await startOrigin("archive", ok);
  started.push(archive);
  await all[0]?.kill();
  const given = scene(all, { fallbacks: ["archive"] });
  given.pools.push(pool("archive", [archive.origin]));
  given.action = { retry: { ...RETRY, attempts: 2 } };
  expect((await ask(given)).attempts).toEqual(["a reset", "b 200"]);
});

test("the fallback pool takes over from a pool that is down", async () => {
  const [a, b] = await origins(ok, ok);
  if (a === undefined || b === undefined) throw new Error("two origins were started");
  const given = scene([a], { fallbacks: ["archive"] });
  given.pools.push(pool("archive", [b.origin]));
  await a.kill();
  const { outcome } = await ask(given);
  expect(outcome.kind === "response" && outcome.origin).toEqual({ pool: "archive", id: "b", base: b.origin.base, basePath: "" });
});

test("a wrong verdict of the checks costs nothing: the origin is tried, and used again", async () => {
  const given = scene(await origins(ok, ok, ok));
  given.health = downDocument(Date.now(), "web/a");
  const who = new Set<string>();
  for (let n = 0; n < 6; n += 1) who.add(await shown((await ask(given)).outcome));
  expect(who).toContain("a 200 fine");
  expect(who.size).toBe(3);
});

test("a right verdict of the checks costs at most one retried request", async () => {
  const [a, b] = await origins(ok, ok);
  if (a === undefined || b === undefined) throw new Error("two origins were started");
  await a.kill();
  const given = scene([a, b]);
  given.health = downDocument(Date.now(), "web/a");
  const all = [];
  for (let n = 0; n < 6; n += 1) all.push(...(await ask(given)).attempts);
  expect(all.filter((each) => each.startsWith("a"))).toEqual(["a reset"]);
  expect(all.filter((each) => each === "b 200")).toHaveLength(6);
});

test("a visitor who leaves ends the attempt and blames nobody", async () => {
  const [a] = await origins(frozen);
  if (a === undefined) throw new Error("an origin was started");
  const given = scene([a]);
  const visitor = new AbortController();
  let originSawTheEnd: Promise<void> = Promise.resolve();
  a.handle = (request) => {
    originSawTheEnd = new Promise((resolve) => request.socket.on("close", () => resolve()));
    visitor.abort();
  };
  const { outcome } = await ask(given, { signal: visitor.signal });
  expect(outcome).toEqual({ kind: "failed", reason: "client-gone", retryAfterSeconds: null });
  await originSawTheEnd;
  expect(circuits(given)).toEqual(["web/a closed"]);
});

test("work that goes on without the visitor is not aborted with it", async () => {
  const visitor = new AbortController();
  const [a] = await origins((_, response) => {
    visitor.abort();
    response.end("fine");
  });
  if (a === undefined) throw new Error("an origin was started");
  expect(await shown((await ask(scene([a]), { signal: visitor.signal, abortWithVisitor: false })).outcome)).toBe("a 200 fine");
});

test("the header timeout does not cut off a body that takes longer", async () => {
  const [a] = await origins((_, response) => {
    response.write("one ");
    setTimeout(() => response.end("two"), 120);
  });
  if (a === undefined) throw new Error("an origin was started");
  const given = scene([a]);
  given.action = SHORT;
  expect(await shown((await ask(given)).outcome)).toBe("a 200 one two");
});

test("a body that stalls ends with an error and never as if it were complete", async () => {
  const { given } = await preferring((_, response) => response.write("half"));
  given.action = { timeouts: { ...TIMEOUTS, idleMs: 40 } };
  await expect(shown((await ask(given)).outcome)).rejects.toThrow("sent nothing for 40 ms");
});

test("an event stream may be silent for longer than the idle timeout", async () => {
  const { given } = await preferring((_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
    response.write("data: 1\n\n");
    setTimeout(() => response.end("data: 2\n\n"), 120);
  });
  given.action = { timeouts: { ...TIMEOUTS, idleMs: 30 } };
  expect(await shown((await ask(given)).outcome)).toBe("a 200 data: 1\n\ndata: 2\n\n");
});

test("a visitor who uploads slowly is no timeout of the origin", async () => {
  const { given, all } = await preferring((_, response, body) => response.end(body));
  given.action = SHORT;
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      // Longer than the header timeout, between any two chunks.
      await new Promise((resolve) => setTimeout(resolve, 90));
      sent += 1;
      if (sent > 3) controller.close();
      else controller.enqueue(new TextEncoder().encode(String(sent)));
    },
  });
  expect(await shown((await ask(given, { method: "POST", body })).outcome)).toBe("a 200 123");
  expect(all[0]?.seen).toHaveLength(1);
});

test("the route's total time ends the attempts", async () => {
  const given = scene(await origins(frozen, frozen, frozen));
  given.action = { timeouts: { ...TIMEOUTS, totalMs: 60 } };
  const { outcome, attempts } = await ask(given);
  expect(await shown(outcome)).toBe("timeout");
  expect(attempts).toEqual(["a timeout"]);
});

test.each(["GET", "HEAD"])("the body of a %s is dropped before it is sent", async (method) => {
  const { given, all } = await preferring(ok);
  const { outcome } = await ask(given, { method, body: "no" });
  expect(outcome.kind).toBe("response");
  expect(all[0]?.seen[0]).toMatchObject({ method, body: "" });
  expect(all[0]?.seen[0]?.headers["content-length"]).toBeUndefined();
});

test("the answer to a handshake is returned as it came", async () => {
  const { given } = await preferring(ok);
  const original = new Response("switching");
  given.fetcher = { fetch: () => Promise.resolve(original) };
  const { outcome } = await ask(given, { headers: { upgrade: "websocket" } });
  expect(outcome.kind === "response" && outcome.response).toBe(original);
});

test.each([
  ["origin", "https://a.example/x", null],
  ["visitor", "https://shop.example/x", "a.example"],
] as const)("with host: %s the platform is asked for %s, resolved as %s", async (host, url, resolveOverride) => {
  const given = scene([]);
  given.pools[0] = pool("web", [origin("a")]);
  given.action = { host };
  const asked: unknown[] = [];
  given.fetcher = {
    fetch: (to, init) => {
      asked.push([to, init.resolveOverride]);
      return Promise.resolve(new Response("fine"));
    },
  };
  await ask(given, { target: "/x" });
  expect(asked).toEqual([[url, resolveOverride]]);
});

test("a discarded answer's body is cancelled", async () => {
  const { given } = await preferring(status(503), ok);
  let cancelled = false;
  given.fetcher = {
    async fetch(url, init) {
      const response = await nodeFetcher.fetch(url, init);
      if (response.status !== 503) return response;
      const body = new ReadableStream({ cancel: () => void (cancelled = true) });
      return new Response(body, { status: 503 });
    },
  };
  expect(await shown((await ask(given)).outcome)).toBe("b 200 fine");
  expect(cancelled).toBe(true);
});

test("round-robin, random and hash reach the pool's origins", async () => {
  const all = await origins(ok, ok, ok);
  const policies: PoolSnapshot["policy"][] = [{ kind: "round-robin" }, { kind: "random" }, { kind: "hash", by: "client", name: "" }];
  const counts: number[] = [];
  for (const policy of policies) {
    const given = scene(all, { policy });
    const who = new Set<string>();
    for (let n = 0; n < 6; n += 1) who.add(await shown((await ask(given)).outcome));
    counts.push(who.size);
  }
  // The test's randomness is constant, and one client always hashes to one origin.
  expect(counts).toEqual([3, 1, 1]);
});

test("origins that left the release are forgotten, those that stayed are remembered", async () => {
  const { given, all } = await preferring(ok, ok);
  await all[0]?.kill();
  await ask(given);
  await ask(given);
  const [web] = given.pools;
  if (web === undefined) throw new Error("there is a pool");
  given.table.keepOnly("r2", new Map([["web", web]]));
  expect(circuits(given)).toEqual(["web/a open", "web/b closed"]);
  given.table.keepOnly("r3", new Map([["web", { ...web, origins: web.origins.slice(1) }]]));
  expect(circuits(given)).toEqual(["web/b closed"]);
});

test("a hundred requests at once while an origin dies: none fails", async () => {
  const all = await origins(ok, ok, ok);
  const given = scene(all);
  const before = Promise.all(Array.from({ length: 50 }, () => ask(given)));
  await all[1]?.kill();
  const after = Promise.all(Array.from({ length: 50 }, () => ask(given)));
  const answers = await Promise.all([...(await before), ...(await after)].map(({ outcome }) => shown(outcome)));
  expect(answers.filter((answer) => !answer.endsWith(" 200 fine"))).toEqual([]);
});

test.each<[string, Handler]>([
  ["answers 500 to everything", status(500)],
  [
    "answers 500 to every other request",
    (() => {
      let count = 0;
      const half: Handler = (request, response, body) => ((count += 1) % 2 === 0 ? status(500) : ok)(request, response, body);
      return half;
    })(),
  ],
  ["resets every connection", resetting],
])("under load, an origin of three that %s costs no request, and little extra load", async (_, bad) => {
  const all = await origins(ok, bad, ok);
  const given = scene(all);
  // On a busy machine answers are late, and another origin would be asked for that.
  given.action = { retry: { ...RETRY, hedge: null } };
  const answers: string[] = [];
  const visitor = async (): Promise<void> => {
    for (let n = 0; n < 40; n += 1) answers.push(await shown((await ask(given)).outcome));
  };
  await Promise.all(Array.from({ length: 8 }, visitor));
  expect(answers.filter((answer) => !answer.endsWith(" 200 fine"))).toEqual([]);
  const load = all.reduce((sum, { seen }) => sum + seen.length, 0);
  expect(load / answers.length).toBeLessThanOrEqual(1.1);
});
