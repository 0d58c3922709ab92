// Request collapsing in workerd: of the requests that would ask an origin for the same thing at the same moment, one does. The edge is
// one isolate; its origin answers when the test says so.

import { reset } from "cloudflare:test";
import { afterEach, expect, test } from "vitest";
import { CACHE_COLLAPSE_BYTES_MAX } from "../../src/limits.ts";
import { edgeOf, type Edge, type Sent } from "./cache-edge.ts";

const URL = "http://shop.test/page";
const COLLAPSE = { policy: { collapseMs: 5000 } };

afterEach(async () => {
  await reset();
});

/** An origin that holds every request back until it is told what to answer. */
function heldOrigin(): { readonly origin: Parameters<typeof edgeOf>[0]; release(answer: () => Response): void } {
  const gate = Promise.withResolvers<() => Response>();
  return { origin: async () => (await gate.promise)(), release: gate.resolve };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

async function askedTimes(edge: Edge, count: number): Promise<void> {
  await until(() => edge.asked.length >= count);
}

function plain(count: number): readonly RequestInit[] {
  return Array.from({ length: count }, () => ({}));
}

/** So many requests at once, the origin's answer given when the first has reached it. */
async function together(
  edge: Edge,
  held: ReturnType<typeof heldOrigin>,
  requests: readonly RequestInit[],
  answer: () => Response,
): Promise<readonly (Sent & { readonly text: string })[]> {
  const before = edge.boarded;
  const sent = requests.map((init) => edge.send(URL, init));
  // One asks, and every other request has found the store empty and taken its place.
  await until(() => edge.asked.length >= 1 && edge.boarded >= before + requests.length);
  held.release(answer);
  const all = await Promise.all(sent.map(async (one) => ({ ...(await one), text: await (await one).response.text() })));
  await edge.settle();
  return all;
}

function statuses(sent: readonly Sent[]): readonly string[] {
  return sent.map(({ cache }) => cache.status).toSorted();
}

test("a hundred misses at once cost one request, and everybody gets the bytes", async () => {
  const held = heldOrigin();
  const edge = edgeOf(held.origin, COLLAPSE);
  const sent = await together(edge, held, plain(100), () => new Response("hello", { headers: { "cache-control": "max-age=60" } }));
  expect(edge.asked.length).toBe(1);
  expect(new Set(sent.map(({ text }) => text))).toEqual(new Set(["hello"]));
  expect(sent.filter(({ cache }) => cache.status === "MISS").length).toBe(1);
  const waited = sent.filter(({ cache }) => cache.collapsed);
  expect(waited.length).toBe(99);
  expect(waited[0]?.response.headers.get("cache-status")).toContain("breakwater; fwd=uri-miss; ttl=");
  expect(waited[0]?.response.headers.get("cache-status")).toContain("collapsed");
});

test("an answer that is not stored sends those who waited to the origin, and nobody waits for the next one", async () => {
  const held = heldOrigin();
  const edge = edgeOf(held.origin, COLLAPSE);
  const sent = await together(edge, held, plain(5), () => new Response("mine", { headers: { "cache-control": "private" } }));
  expect(edge.asked.length).toBe(5);
  expect(statuses(sent)).toEqual(Array(5).fill("DYNAMIC"));
  const next = heldOrigin();
  edge.origin = next.origin;
  const sentNext = [edge.send(URL), edge.send(URL)];
  await askedTimes(edge, 7);
  next.release(() => new Response("mine", { headers: { "cache-control": "private" } }));
  await Promise.all(sentNext);
});

test("when the one that asks fails, the others ask", async () => {
  const held = heldOrigin();
  const edge = edgeOf(held.origin, COLLAPSE);
  let answers = 0;
  const sent = await together(edge, held, [{}, {}, {}], () =>
    answers++ === 0 ? new Response("no", { status: 503 }) : new Response("yes", { headers: { "cache-control": "max-age=60" } }),
  );
  expect(sent.map(({ text }) => text).toSorted()).toEqual(["no", "yes", "yes"]);
  expect(edge.asked.length).toBe(3);
});

test("requests for different variants do not wait for each other's, those for one variant do", async () => {
  const gate = Promise.withResolvers<undefined>();
  const edge = edgeOf(async ({ headers }) => {
    await gate.promise;
    return new Response(headers.get("x-v") ?? "", { headers: { "cache-control": "max-age=60", vary: "x-v" } });
  }, COLLAPSE);
  const sent = ["a", "a", "b", "b", "b"].map((value) => edge.send(URL, { headers: { "x-v": value } }));
  await until(() => edge.asked.length === 1 && edge.boarded === 5);
  gate.resolve(undefined);
  expect(await Promise.all(sent.map(async (one) => await (await one).response.text()))).toEqual(["a", "a", "b", "b", "b"]);
  await edge.settle();
  expect(edge.asked.map(({ headers }) => headers.get("x-v") ?? "").toSorted()).toEqual(["a", "b"]);
});

test("a stale response is asked about once, whoever finds it", async () => {
  const edge = edgeOf(() => new Response("old", { headers: { "cache-control": "max-age=10", etag: '"1"' } }), COLLAPSE);
  await edge.get(URL);
  edge.nowMs += 11_000;
  edge.asked.length = 0;
  const held = heldOrigin();
  edge.origin = held.origin;
  const sent = await together(edge, held, plain(20), () => new Response(null, { status: 304, headers: { etag: '"1"' } }));
  expect(edge.asked.length).toBe(1);
  expect(new Set(sent.map(({ text }) => text))).toEqual(new Set(["old"]));
  expect(sent.filter(({ cache }) => cache.status === "REVALIDATED").length).toBe(1);
});

test("one refresh in the background is under way, however many are served the stale response", async () => {
  const fields = { "cache-control": "max-age=10, stale-while-revalidate=100" };
  const edge = edgeOf(() => new Response("old", { headers: fields }), COLLAPSE);
  await edge.get(URL);
  edge.nowMs += 11_000;
  edge.asked.length = 0;
  const held = heldOrigin();
  edge.origin = held.origin;
  const sent = await together(edge, held, plain(20), () => new Response("new", { headers: fields }));
  expect(edge.asked.length).toBe(1);
  expect(statuses(sent)).toEqual(Array(20).fill("UPDATING"));
  expect((await edge.get(URL)).text).toBe("new");
});

test.each([
  ["Authorization", { authorization: "Bearer x" }],
  ["no-store", { "cache-control": "no-store" }],
] as const)("requests with %s neither wait nor are waited for", async (_, headers) => {
  const held = heldOrigin();
  const edge = edgeOf(held.origin, COLLAPSE);
  const sent = [edge.send(URL, { headers }), edge.send(URL, { headers }), edge.send(URL)];
  await askedTimes(edge, 3);
  held.release(() => new Response("hello", { headers: { "cache-control": "max-age=60" } }));
  expect(await Promise.all(sent.map(async (one) => await (await one).response.text()))).toEqual(["hello", "hello", "hello"]);
  await edge.settle();
  expect(edge.asked.length).toBe(3);
});

test("visitors with a cookie whose answers are not stored do not keep others from waiting", async () => {
  const held = heldOrigin();
  const edge = edgeOf(held.origin, COLLAPSE);
  const cookie = { headers: { cookie: "session=1" } };
  const answer = (): Response => new Response("hello", { headers: { "cache-control": "max-age=60" } });
  await together(edge, held, [cookie, cookie], answer);
  edge.asked.length = 0;
  const next = heldOrigin();
  edge.origin = next.origin;
  await together(edge, next, [{}, {}, {}], answer);
  expect(edge.asked.length).toBe(1);
});

test("nobody waits for longer than the route says", async () => {
  const edge = edgeOf(() => new Promise<Response>(() => undefined), { policy: { collapseMs: 30 } });
  void edge.send(URL);
  await askedTimes(edge, 1);
  edge.origin = () => new Response("late");
  expect(await (await edge.send(URL)).response.text()).toBe("late");
});

test("one refresh is under way where nobody waits, too", async () => {
  const fields = { "cache-control": "max-age=10, stale-while-revalidate=100" };
  const edge = edgeOf(() => new Response("old", { headers: fields }), { policy: { collapseMs: 0 } });
  await edge.get(URL);
  edge.nowMs += 11_000;
  edge.asked.length = 0;
  const held = heldOrigin();
  edge.origin = held.origin;
  await together(edge, held, plain(5), () => new Response("new", { headers: fields }));
  expect(edge.asked.length).toBe(1);
});

test("nobody waits for a body of unknown length once it is larger than the limit", async () => {
  const edge = edgeOf(
    () =>
      new Response(
        new ReadableStream<Uint8Array>({
          start(controller) {
            // It never ends.
            for (let chunk = 0; chunk < 5; chunk++) controller.enqueue(new Uint8Array(256 * 1024));
          },
        }),
        { headers: { "cache-control": "max-age=60" } },
      ),
    COLLAPSE,
  );
  const first = await edge.send(URL);
  void first.response.body?.pipeTo(new WritableStream());
  edge.origin = () => new Response("mine");
  expect(await (await edge.send(URL)).response.text()).toBe("mine");
});

test("a small answer is there for the others however slowly its visitor reads it", async () => {
  const edge = edgeOf(() => new Response("hello", { headers: { "cache-control": "max-age=60" } }), COLLAPSE);
  const [first, second] = await Promise.all([edge.send(URL), edge.send(URL)]);
  const waited = first.cache.collapsed ? first : second;
  expect(await waited.response.text()).toBe("hello");
  expect(edge.asked.length).toBe(1);
});

test("nobody waits where the route says 0", async () => {
  const edge = edgeOf(() => new Promise<Response>(() => undefined), { policy: { collapseMs: 0 } });
  void edge.send(URL);
  void edge.send(URL);
  await askedTimes(edge, 2);
  expect(edge.boarded).toBe(0);
});

test.each([
  [CACHE_COLLAPSE_BYTES_MAX, 1],
  [CACHE_COLLAPSE_BYTES_MAX + 1, 2],
])("a body of %i bytes costs two visitors at once %i requests: one larger than the limit is not waited for", async (size, requests) => {
  const held = heldOrigin();
  const edge = edgeOf(held.origin, COLLAPSE);
  const headers = { "cache-control": "max-age=60", "content-length": String(size) };
  const sent = [edge.send(URL), edge.send(URL)];
  await until(() => edge.asked.length === 1 && edge.boarded === 2);
  held.release(() => new Response(new Uint8Array(size), { headers }));
  const sizes = await Promise.all(sent.map(async (one) => (await (await one).response.arrayBuffer()).byteLength));
  expect(sizes).toEqual([size, size]);
  await edge.settle();
  expect(edge.asked.length).toBe(requests);
});

test.each(["max-age=0", "max-age=60, no-cache"])(
  "an answer that must be asked about each time (%s) is waited for by nobody",
  async (control) => {
    const held = heldOrigin();
    const edge = edgeOf(held.origin, COLLAPSE);
    const answer = (): Response => new Response("hello", { headers: { "cache-control": control, etag: '"1"' } });
    await together(edge, held, [{}, {}, {}], answer);
    expect(edge.asked.length).toBe(3);
  },
);
