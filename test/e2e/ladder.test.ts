// The ladder of a request whose origins fail, rung by rung, on the built Worker: the next pool, a stored answer, what the route's
// `failure` says, the error page. The access log names each rung that was taken.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { eventually, startEdge } from "./harness.ts";
import type { Edge } from "./harness.ts";
import type { Answer } from "./http-client.ts";

let edge: Edge;

const config = ([web = "", spare = "", archive = ""]: readonly string[]): string => `
sites:
  - name: all
    hosts: [edge.test]
    errors: { 502: ./sorry.html }
    headers: { response: { set: { X-Site: ladder } } }
    routes:
      - { path: /*, pool: web }
      - { path: /pools/*, pool: tiered }
      - { path: /stored/*, pool: web, cache: { stale: { error: 1d } } }
      - { path: /redirect/*, pool: web, failure: { redirect: "https://status.example.com/{rest}?id={request.id}" } }
      - { path: /moved/*, pool: web, failure: { redirect: { to: /elsewhere, status: 308, query: drop } } }
      - path: /page/*
        pool: web
        failure: { respond: { status: 503, body: "back soon", contentType: text/plain } }
        headers: { response: { set: { X-Route: page, Cache-Control: "public, max-age=60" } } }
      - { path: /status/*, pool: web, retry: off, cache: { stale: { error: 1d } }, failure: { on: [503], respond: { status: 503, body: sorry } } }
pools:
  web: { origins: [${web}], circuit: { failures: 1000, connectionFailures: 1000, volume: 10000 } }
  tiered: { origins: [{ url: ${web}, name: one }, { url: ${spare}, name: two }], fallback: archive }
  archive: { origins: [{ url: ${archive}, name: last }] }
`;

beforeAll(async () => {
  edge = await startEdge({ origins: 3, config, publish: false });
  const { writeFile } = await import("node:fs/promises");
  await writeFile(`${edge.folder}/sorry.html`, "<h1>our own page</h1>");
  await edge.publish(config(edge.origins.map(({ port }) => `http://localhost:${port}`)));
});
beforeEach(() => Promise.all(edge.origins.map((origin) => origin.fail("off"))));
afterAll(() => edge?.stop());

interface Line {
  readonly id: string;
  readonly ladder?: readonly string[];
  readonly error?: string;
  readonly status: number;
}

async function lineOf(answer: Answer): Promise<Line> {
  const id = answer.header("x-request-id") ?? "";
  const find = (): string | undefined => edge.log.find((line) => line.includes(`"id":"${id}"`) && line.includes('"method"'));
  await eventually("the request is in the log", () => Promise.resolve(find() !== undefined));
  return JSON.parse(find() ?? "{}") as Line;
}

const failAll = (mode: "reset" | "503" | "500"): Promise<unknown> => Promise.all(edge.origins.map((origin) => origin.fail(mode)));

/** Older than its lifetime from the first moment. */
async function store(path: string, window: number): Promise<void> {
  const headers = [
    ["Cache-Control", `public, max-age=60, stale-if-error=${window}`],
    ["Age", "61"],
    // Something to ask about makes it worth storing.
    ["ETag", '"kept"'],
  ] as const;
  await edge.origins[0]?.answer(path, { headers, body: "kept" });
  expect((await edge.get(path)).text()).toBe("kept");
}

test("a request that its first origin answers has no ladder, whatever the answer is", async () => {
  for (const path of ["/api/echo", "/nothing-here", "/pools/nothing-here"]) {
    const answer = await edge.get(path);
    expect(await lineOf(answer)).not.toHaveProperty("ladder");
  }
});

test("another origin of the pool, then the next pool, each named", async () => {
  await edge.origins[0]?.fail("reset");
  const answers = [await edge.get("/pools/api/echo"), await edge.get("/pools/api/echo")];
  const lines = await Promise.all(answers.map(lineOf));
  expect(answers.map(({ status }) => status)).toEqual([404, 404]);
  expect(lines.map(({ ladder }) => ladder)).toContainEqual(["pool:tiered"]);
  await edge.origins[1]?.fail("reset");
  const answer = await edge.get("/pools/api/echo");
  expect((await lineOf(answer)).ladder).toEqual(["pool:tiered", "pool:archive"]);
});

test("a pool of which an operator took every origin away is named as passed over", async () => {
  for (const id of ["one", "two"]) expect((await edge.cli("origin", "drain", `tiered/${id}`, "--for", "1m")).code).toBe(0);
  const seen: (readonly string[] | undefined)[] = [];
  await eventually("the Worker knows it", async () => {
    const { ladder } = await lineOf(await edge.get("/pools/x"));
    seen.push(ladder);
    return ladder !== undefined;
  });
  expect(seen.at(-1)).toEqual(["pool-skipped:tiered", "pool:archive"]);
  for (const id of ["one", "two"]) await edge.cli("origin", "restore", `tiered/${id}`);
});

test("a stored answer stands in while its window lasts, and not after", async () => {
  await store("/stored/in-window", 600);
  await store("/stored/past", 0);
  await failAll("reset");
  const stale = await edge.get("/stored/in-window");
  expect([stale.status, stale.text()]).toEqual([200, "kept"]);
  expect((await lineOf(stale)).ladder).toEqual(["pool:web", "stale:served"]);
  const past = await edge.get("/stored/past");
  expect([past.status, past.header("retry-after")]).toEqual([502, expect.stringMatching(/^\d+$/)]);
  expect((await lineOf(past)).ladder).toEqual(["pool:web", "stale:expired", "error:page"]);
});

describe("the route's failure answer", () => {
  test("a redirect with placeholders, that nobody may keep", async () => {
    await failAll("reset");
    const answer = await edge.get("/redirect/shop/a?b=1", { headers: [["Accept", "text/html"]] });
    const id = answer.header("x-request-id") ?? "?";
    expect([answer.status, answer.header("location")]).toEqual([302, `https://status.example.com/shop/a?id=${id}&b=1`]);
    expect(answer.header("cache-control")).toBe("no-store");
    const line = await lineOf(answer);
    expect(line.ladder).toEqual(["pool:web", "stale:none", "failure:redirect"]);
    expect(line).not.toHaveProperty("error");
  });

  test("a redirect that would be permanent is not to be kept either", async () => {
    await failAll("reset");
    const answer = await edge.get("/moved/x?y=1");
    expect([answer.status, answer.header("location"), answer.header("cache-control")]).toEqual([308, "/elsewhere", "no-store"]);
  });

  test("a page with Retry-After and the route's response rules, though not its lifetime", async () => {
    await failAll("reset");
    const answer = await edge.get("/page/x");
    expect([answer.status, answer.text(), answer.header("content-type")]).toEqual([503, "back soon", "text/plain"]);
    expect([answer.header("x-route"), answer.header("x-site"), answer.header("cache-control")]).toEqual(["page", "ladder", "no-store"]);
    expect(answer.header("retry-after")).toMatch(/^\d+$/);
    expect((await lineOf(answer)).ladder).toEqual(["pool:web", "stale:none", "failure:page"]);
    const head = await edge.get("/page/x", { method: "HEAD" });
    expect([head.status, head.body.length, head.header("content-length")]).toEqual([503, 0, "9"]);
    const post = await edge.get("/page/x", { method: "POST", body: "x" });
    expect([post.status, post.text()]).toEqual([503, "back soon"]);
  });

  test("it is not stored: with the origin back, the next visitor gets the origin's answer", async () => {
    await edge.origins[0]?.answer("/page/back", { headers: [["Cache-Control", "max-age=60"]], body: "fine" });
    await failAll("reset");
    expect((await edge.get("/page/back")).status).toBe(503);
    await edge.origins[0]?.fail("off");
    expect((await edge.get("/page/back")).text()).toBe("fine");
  });

  test("an origin's own status is passed on, unless the route calls it no answer", async () => {
    await failAll("503");
    const own = await edge.get("/page/x");
    expect([own.status, own.text()]).toEqual([503, "origin-1 fails on purpose\n"]);
    expect((await lineOf(own)).ladder).toEqual(["pool:web", "stale:none", "origin:answer"]);
    const ours = await edge.get("/status/x");
    // The origin's own word on when to come back is kept.
    expect([ours.status, ours.text(), ours.header("retry-after")]).toEqual([503, "sorry", "5"]);
    expect((await lineOf(ours)).ladder).toEqual(["pool:web", "stale:none", "failure:page"]);
    await failAll("500");
    expect((await edge.get("/status/x")).text()).toContain("fails on purpose");
  });

  test("a stored answer goes before it", async () => {
    await store("/status/kept", 600);
    await failAll("503");
    const answer = await edge.get("/status/kept");
    expect([answer.status, answer.text()]).toEqual([200, "kept"]);
    expect((await lineOf(answer)).ladder).toEqual(["pool:web", "stale:served"]);
  });
});

test("without any of them the site's error page comes, with Retry-After", async () => {
  await failAll("reset");
  const answer = await edge.get("/api/echo");
  expect([answer.status, answer.text(), answer.header("cache-control")]).toEqual([502, "<h1>our own page</h1>", "no-store"]);
  expect(answer.header("retry-after")).toMatch(/^\d+$/);
  const line = await lineOf(answer);
  expect([line.ladder, line.error]).toEqual([["pool:web", "stale:none", "error:page"], "origin-unreachable"]);
});

test("explain says what would come", async () => {
  const explained = async (url: string): Promise<unknown> =>
    (JSON.parse((await edge.cli("explain", "GET", url, "--json")).stdout) as { whenAllFail: unknown }).whenAllFail;
  expect(await explained("http://edge.test/redirect/a?b=1")).toMatchObject({
    pools: ["web"],
    failure: { status: 302, location: `https://status.example.com/a?id=${"0".repeat(32)}&b=1`, onStatus: [] },
  });
  expect(await explained("http://edge.test/status/a")).toMatchObject({
    staleSeconds: 86_400,
    failure: { status: 503, onStatus: [503], bodyBytes: 5 },
  });
  expect(await explained("http://edge.test/pools/a")).toMatchObject({
    pools: ["tiered", "archive"],
    failure: null,
    errorPages: { 502: "own", 503: "built-in", 504: "built-in" },
  });
  const text = (await edge.cli("explain", "GET", "http://edge.test/status/a")).stdout;
  expect(text).toMatch(
    /When origins fail\n {2}pools: web\n {2}then a stored answer, up to 1 d .*\n {2}then the route's failure answer: 503 text\/plain.* own 503/,
  );
});
