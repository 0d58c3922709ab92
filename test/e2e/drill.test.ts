// Drills on the built Worker: one signed request lives through faults, nobody else notices, nothing is learned, and whoever has no key
// sees no trace of all this. Then the command line's walk through a config.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import type { Fault } from "../../src/drill/faults.ts";
import { parseFault } from "../../src/drill/faults.ts";
import { signDrill } from "../../src/drill/signature.ts";
import { eventually, SIGNING_KEY, startEdge } from "./harness.ts";
import type { Edge } from "./harness.ts";
import type { Answer, SendOptions } from "./http-client.ts";

let edge: Edge;

const config = ([a = "", b = "", c = ""]: readonly string[]): string => `
sites:
  - name: all
    hosts: [edge.test]
    routes:
      - { path: /*, pool: web }
      - { path: /impatient/*, pool: web, timeout: { attempt: 300ms } }
      - { path: /stored/*, pool: web, cache: { stale: { error: 1d } } }
      - { path: /pair, pool: pair }
      - { path: /alone, pool: solo, failure: { redirect: "https://status.example.com/" } }
      - { path: "/items/:id", pool: solo }
      - { path: /beta, pool: web, when: { header: { x-beta: true } } }
  - { name: secure, hosts: [secure.test], https: redirect, routes: [{ path: /pair, pool: pair }] }
pools:
  web: { origins: [{ url: ${a}, name: one }, { url: ${b}, name: two }], fallback: archive }
  pair: { origins: [{ url: ${a}, name: one }, { url: ${b}, name: two }] }
  archive: { origins: [{ url: ${c}, name: last }] }
  solo: { origins: [{ url: ${c}, name: only }] }
`;

const MINUTE_MS = 60_000;

beforeAll(async () => {
  edge = await startEdge({ origins: 3, config });
  for (const origin of edge.origins) {
    await origin.answer("/pair", { headers: [["Cache-Control", "no-store"]], body: "pair" });
    await origin.answer("/alone", { headers: [["Cache-Control", "no-store"]], body: "alone" });
    await origin.answer("/page", { headers: [["Cache-Control", "no-store"]], body: `${origin.name} and some more text` });
  }
});
beforeEach(() => Promise.all(edge.origins.map((origin) => origin.forget())));
afterAll(() => edge?.stop());

async function header(...faults: string[]): Promise<readonly [string, string]> {
  return ["X-Breakwater-Drill", await signed(faults)];
}

function signed(faults: readonly string[], untilMs = Date.now() + MINUTE_MS, key = SIGNING_KEY): Promise<string> {
  const parsed = faults.map((text): Fault => {
    const fault = parseFault(text);
    if (!fault.ok) throw new Error(fault.error.message);
    return fault.value;
  });
  return signDrill({ faults: parsed, untilMs }, key);
}

async function drill(path: string, faults: readonly string[], options: SendOptions = {}): Promise<Answer> {
  return await edge.get(path, { ...options, headers: [...(options.headers ?? []), await header(...faults)] });
}

const attemptsOf = (answer: Answer): string | null => answer.header("x-breakwater-drill-attempts");
const ladderOf = (answer: Answer): string | null => answer.header("x-breakwater-drill-ladder");

async function asked(): Promise<number> {
  return (await Promise.all(edge.origins.map((origin) => origin.seen()))).flat().length;
}

describe("each fault comes to this one request", () => {
  test("without any, it shows where it was answered", async () => {
    const answer = await drill("/page", []);
    expect([answer.status, answer.header("x-breakwater-drill")]).toEqual([200, "none"]);
    expect(attemptsOf(answer)).toMatch(/^web\/(one|two) 200$/);
    expect([ladderOf(answer), answer.header("cache-control")]).toEqual(["none", "no-store"]);
  });

  test("an origin that is down: another one answers", async () => {
    for (let i = 0; i < 4; i++) {
      const answer = await drill("/page", ["origin=web/one:down"]);
      expect([answer.status, answer.text()]).toEqual([200, "origin-2 and some more text"]);
      expect(attemptsOf(answer)).toMatch(/^(web\/one reset, )?web\/two 200$/);
    }
  });

  test("a pool that is down: the next one answers", async () => {
    const answer = await drill("/page", ["pool=web:down"]);
    expect([answer.status, answer.text(), answer.header("x-breakwater-drill")]).toEqual([
      200,
      "origin-3 and some more text",
      "pool=web:down",
    ]);
    expect(ladderOf(answer)).toBe("pool:web, pool:archive");
  });

  test("everything down: the route's failure answer, or an error page", async () => {
    const failure = await drill("/alone", ["pool=solo:down"]);
    expect([failure.status, failure.header("location"), ladderOf(failure)]).toEqual([
      302,
      "https://status.example.com/",
      "pool:solo, stale:none, failure:redirect",
    ]);
    const page = await drill("/page", ["pool=web:down", "pool=archive:down"]);
    expect([page.status, ladderOf(page)]).toEqual([502, "pool:web, pool:archive, stale:none, error:page"]);
  });

  test("an origin that answers with a status", async () => {
    const retried = await drill("/pair", ["origin=pair/one:status=503", "origin=pair/two:down"]);
    expect([retried.status, retried.text()]).toEqual([503, "drill: status 503\n"]);
    const edgeStatus = await drill("/alone", ["origin=only:status=521"]);
    expect(attemptsOf(edgeStatus)).toBe("solo/only connect-error 521");
    expect(await asked()).toBe(0);
  });

  test("an origin that is slow is given up after the route's time, and heeds it", async () => {
    const answer = await drill("/impatient/x", ["origin=web/one:slow=60s", "origin=web/two:slow=60s"]);
    expect(answer.status).toBe(404);
    expect(attemptsOf(answer)).toContain("web/one timeout");
    expect(attemptsOf(answer)).toMatch(/archive\/last 404$/);
  });

  test("an origin that breaks off in mid-body never ends as if it were whole", async () => {
    const body = "0123456789".repeat(20_000);
    const headers = [["Cache-Control", "no-store"]] as const;
    await edge.origins[2]?.answer("/items/long", { headers, body });
    await edge.origins[2]?.answer("/items/short", { headers, body: "short" });
    expect((await drill("/items/long", [])).body.length).toBe(body.length);
    // Whether it is seen before the first byte or in the middle is a matter of its length.
    const long = await drill("/items/long", ["origin=solo/only:reset"]).then(
      (answer) => ({ whole: answer.status === 200, status: answer.status }),
      () => ({ whole: false, status: null }),
    );
    expect(long.whole).toBe(false);
    const short = await drill("/items/short", ["origin=solo/only:reset"]).then(
      (answer) => answer.status,
      () => null,
    );
    expect(short).not.toBe(200);
  });

  test("KV down: a cold isolate works with the copies of the data centre", async () => {
    const answer = await drill("/page", ["kv=down"]);
    expect([answer.status, answer.header("x-breakwater-drill")]).toEqual([200, "kv=down"]);
    const events = edge.log
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ drill: which }) => which === "kv=down");
    expect(events).toContainEqual(expect.objectContaining({ event: "state-problem", reason: "store-failed" }));
    expect(events).toContainEqual(expect.objectContaining({ event: "release", from: "copy" }));
    expect((await edge.admin("GET", "status")).json()).toMatchObject({ problems: { store: null } });
  });

  test("KV down and no copies: nobody knows a release", async () => {
    const answer = await drill("/page", ["kv=down", "cache=off"]);
    expect([answer.status, answer.header("x-breakwater-drill")]).toEqual([503, "kv=down, cache=off"]);
    expect((await edge.get("/page")).status).toBe(200);
  });

  test("the cache off: what is stored is not found, and stays", async () => {
    await edge.origins[0]?.answer("/stored/a", { headers: [["Cache-Control", "max-age=600"]], body: "a" });
    await edge.origins[1]?.answer("/stored/a", { headers: [["Cache-Control", "max-age=600"]], body: "a" });
    await edge.get("/stored/a");
    await eventually("it is stored", async () => (await edge.get("/stored/a")).header("x-cache") === "HIT");
    const hit = await drill("/stored/a", ["pool=web:down"]);
    expect([hit.header("x-cache"), attemptsOf(hit)]).toEqual(["HIT", "none"]);
    const miss = await drill("/stored/a", ["cache=off"]);
    expect([miss.header("x-cache"), attemptsOf(miss)]).toEqual(["MISS", expect.stringMatching(/^web\//)]);
    const lost = await drill("/stored/a", ["cache=off", "pool=web:down", "pool=archive:down"]);
    expect(lost.status).toBe(502);
    expect((await edge.get("/stored/a")).header("x-cache")).toBe("HIT");
  });

  test("a stored answer stands in for origins that are down", async () => {
    const headers = [
      ["Cache-Control", "max-age=60, stale-if-error=600"],
      ["Age", "61"],
      ["ETag", '"s"'],
    ] as const;
    for (const origin of edge.origins) await origin.answer("/stored/old", { headers, body: "old" });
    await edge.get("/stored/old");
    await eventually("it is stored", async () => (await edge.get("/stored/old")).header("x-cache") === "EXPIRED");
    const answer = await drill("/stored/old", ["pool=web:down", "pool=archive:down"]);
    expect([answer.text(), answer.header("x-cache"), ladderOf(answer)]).toEqual(["old", "STALE", "pool:web, pool:archive, stale:served"]);
  });

  test("HEAD and OPTIONS are drilled too", async () => {
    expect((await drill("/page", ["pool=web:down"], { method: "HEAD" })).header("x-breakwater-drill")).toBe("pool=web:down");
    expect(attemptsOf(await drill("/page", ["pool=web:down"], { method: "OPTIONS" }))).toContain("archive/last");
  });
});

describe("nothing is learned and nothing is kept", () => {
  test("an origin that was down for twenty drills has no open circuit, and ordinary requests go to it", async () => {
    const before = await known();
    for (let i = 0; i < 20; i++) await drill("/page", ["origin=web/one:down", "origin=web/two:status=500"]);
    expect(await known()).toEqual(before);
    expect(before.map(([, phase]) => phase)).toEqual(before.map(() => "closed"));
    await Promise.all(edge.origins.map((origin) => origin.forget()));
    for (let i = 0; i < 10; i++) expect((await edge.get("/page")).status).toBe(200);
    const seen = await Promise.all(edge.origins.map(async (origin) => (await origin.seen()).length));
    expect(seen).toEqual([5, 5, 0]);
  });

  test("what a drill gets is not stored", async () => {
    for (const origin of edge.origins) await origin.answer("/stored/new", { headers: [["Cache-Control", "max-age=600"]], body: "new" });
    for (let i = 0; i < 3; i++) {
      const answer = await drill("/stored/new", ["origin=web/one:down"]);
      expect([answer.text(), answer.header("x-cache")]).toEqual(["new", "MISS"]);
    }
    expect((await edge.get("/stored/new")).header("x-cache")).toBe("MISS");
  });

  test("a drill that finds an answer gone does not take it out of the store", async () => {
    const path = "/stored/kept";
    const stored = [
      ["Cache-Control", "max-age=60"],
      ["Age", "61"],
      ["ETag", '"k"'],
    ] as const;
    for (const origin of edge.origins) await origin.answer(path, { headers: stored, body: "kept" });
    await edge.get(path);
    await eventually("it is stored", async () => (await edge.get(path)).header("x-cache") === "EXPIRED");
    for (const origin of edge.origins) await origin.answer(path, { status: 410, headers: [["Cache-Control", "no-store"]], body: "gone" });
    expect((await drill(path, ["origin=web/one:down"])).status).toBe(410);
    // Still there to stand in: only an ordinary request would have removed it.
    expect((await drill(path, ["pool=web:down", "pool=archive:down"])).text()).toBe("kept");
  });
});

interface OriginShown {
  readonly id: string;
  readonly circuit: { readonly phase: string };
  readonly recent: { readonly seen: number };
}

/** Of every origin its circuit, and how many of its last requests the isolate remembers. */
async function known(): Promise<readonly (readonly [id: string, phase: string, seen: number])[]> {
  const { pools } = (await edge.admin("GET", "origins")).json() as { pools: { name: string; origins: OriginShown[] }[] };
  return pools.flatMap(({ name, origins }) =>
    origins.map(({ id, circuit, recent }) => [`${name}/${id}`, circuit.phase, recent.seen] as const),
  );
}

describe("for everybody else there are no drills", () => {
  const payload = async (): Promise<string> => await signed(["pool=web:down"]);
  const FOREIGN = "another-key-0123456789abcdef0123456789abcdef";

  test.each<readonly [name: string, value: () => Promise<string>]>([
    ["not signed", async () => (await payload()).split(".")[0] ?? ""],
    ["signed with another key", () => signed(["pool=web:down"], Date.now() + MINUTE_MS, FOREIGN)],
    ["expired", () => signed(["pool=web:down"], Date.now() - 1)],
    ["good for too long", () => signed(["pool=web:down"], Date.now() + 70 * MINUTE_MS)],
    ["with its signature changed", async () => `${await payload()}x`],
    ["garbage", () => Promise.resolve("pool=web:down")],
    ["empty", () => Promise.resolve("")],
  ])("%s: the request is an ordinary one, and its origin sees no trace of it", async (_name, value) => {
    const answer = await edge.get("/page", { headers: [["X-Breakwater-Drill", await value()]] });
    expect([answer.status, answer.header("x-breakwater-drill"), attemptsOf(answer)]).toEqual([200, null, null]);
    expect(await headerNames()).not.toContainEqual(expect.stringMatching(/drill/i));
  });

  test.each(["X-Breakwater-Drill", "x_breakwater_drill", "X-Breakwater_Drill", "X_Breakwater-Drill"])(
    "the header as %s reaches no origin, signed or not",
    async (name) => {
      await edge.get("/page", { headers: [[name, "x"]] });
      await edge.get("/page", { headers: [[name, await payload()]] });
      expect(await headerNames()).not.toContainEqual(expect.stringMatching(/drill/i));
    },
  );

  test("it makes no variants of what is stored", async () => {
    const headers = [
      ["Cache-Control", "max-age=600"],
      ["Vary", "X-Breakwater-Drill"],
    ] as const;
    for (const origin of edge.origins) await origin.answer("/stored/vary", { headers, body: "v" });
    await edge.get("/stored/vary");
    await eventually("it is stored", async () => (await edge.get("/stored/vary")).header("x-cache") === "HIT");
    expect((await edge.get("/stored/vary", { headers: [["X-Breakwater-Drill", "x"]] })).header("x-cache")).toBe("HIT");
  });

  test("whoever has the key is told that other methods are not drilled, and no origin is asked", async () => {
    const answer = await drill("/page", ["pool=web:down"], { method: "POST", body: "x", headers: [["Accept", "application/json"]] });
    expect([answer.status, answer.header("x-breakwater-drill")]).toEqual([400, "pool=web:down"]);
    expect(answer.text()).toContain("drill-method");
    expect(await asked()).toBe(0);
  });
});

async function headerNames(): Promise<string[]> {
  const seen = (await Promise.all(edge.origins.map((origin) => origin.seen()))).flat();
  expect(seen.length).toBeGreaterThan(0);
  return seen.flatMap(({ rawHeaders }) => rawHeaders.filter((_, i) => i % 2 === 0));
}

test("the log says which requests were drills", async () => {
  const answer = await drill("/page", ["pool=web:down"]);
  const id = answer.header("x-request-id") ?? "?";
  await eventually("it is in the log", () => Promise.resolve(edge.log.some((line) => line.includes(id))));
  const line = JSON.parse(edge.log.find((each) => each.includes(id)) ?? "{}") as unknown;
  expect(line).toMatchObject({ id, drill: "pool=web:down", ladder: ["pool:web", "pool:archive"] });
  const ordinary = await edge.get("/page");
  const other = ordinary.header("x-request-id") ?? "?";
  await eventually("it is in the log", () => Promise.resolve(edge.log.some((each) => each.includes(other))));
  expect(JSON.parse(edge.log.find((each) => each.includes(other)) ?? "{}")).not.toHaveProperty("drill");
});

describe("the command line", () => {
  const json = async (...args: string[]): Promise<Record<string, unknown>> => {
    const result = await edge.cli("drill", ...args, "--json");
    return { code: result.code, ...(JSON.parse(result.stdout) as Record<string, unknown>) };
  };

  test("one URL with faults, beside the same without", async () => {
    const answer = await json("http://edge.test/page", "--fault", "pool=web:down");
    expect(answer).toMatchObject({
      code: 0,
      faults: ["pool=web:down"],
      before: { status: 200, faults: "none", attempts: [expect.stringMatching(/^web\//)] },
      seen: { status: 200, ladder: ["pool:web", "pool:archive"], broken: null },
    });
    const text = await edge.cli("drill", "http://edge.test/page", "--fault", "pool=web:down");
    expect(text.stdout).toMatch(/without a fault +200 +web\/(one|two) .*\n +pool=web:down +200 +archive\/last/);
  });

  test("the walk: every pool and every origin, per route; what a URL alone does not reach is named", async () => {
    const answer = await json();
    const walked = answer["walked"] as { url: string; drills: { fault: string; verdict: string }[] }[];
    const of = (url: string): Record<string, string> =>
      Object.fromEntries((walked.find((each) => each.url === url)?.drills ?? []).map(({ fault, verdict }) => [fault, verdict]));
    expect(of("http://edge.test/pair")).toEqual({ "pool=pair:down": "alone", "origin=pair/one:down": "ok", "origin=pair/two:down": "ok" });
    // A site that wants https is asked by https, on this machine too.
    expect(of("https://secure.test/pair")).toEqual(of("http://edge.test/pair"));
    expect(of("http://edge.test/alone")).toEqual({ "pool=solo:down": "alone" });
    expect(of("http://edge.test/")).toEqual({
      "pool=web:down": "ok",
      "origin=web/one:down": "ok",
      "origin=web/two:down": "ok",
      "pool=archive:down": "ok",
    });
    expect(answer).toMatchObject({ code: 0, summary: { failed: 0, failsAlready: 0 } });
    const skipped = (answer["skipped"] as { route: string; why: string }[]).map(({ route, why }) => `${route}: ${why}`);
    expect(skipped.toSorted()).toEqual([expect.stringMatching(/beta.*conditions/), expect.stringMatching(/items.*parameters/)]);
  });

  test("--url stands for a route, --pool narrows the walk", async () => {
    const answer = await json("--url", "http://edge.test/items/7", "--pool", "solo");
    const walked = answer["walked"] as { url: string }[];
    expect(walked.map(({ url }) => url).toSorted()).toEqual(["http://edge.test/alone", "http://edge.test/items/7"]);
  });

  test("a visitor who gets an error where another server could have answered is a failure", async () => {
    // The second server has no such page: it is no help when the first one is gone.
    await edge.origins[1]?.answer("/pair", { status: 404, headers: [["Cache-Control", "no-store"]], body: "" });
    await edge.cli("origin", "weight", "pair/two", "0.0001", "--for", "5m");
    let text = "";
    await eventually(
      "the walk sees the first server first",
      async () => {
        const result = await edge.cli("drill", "--pool", "pair");
        text = result.stdout;
        return result.code === 1;
      },
      20_000,
    );
    expect(text).toMatch(/origin=pair\/one:down +404 .*FAILED/);
    await edge.origins[1]?.answer("/pair", { headers: [["Cache-Control", "no-store"]], body: "pair" });
    await edge.cli("origin", "restore", "pair/two");
  }, 60_000);

  test("a header to send by oneself", async () => {
    const { stdout, code } = await edge.cli("drill", "sign", "--fault", "pool=web:down", "--for", "10m");
    expect(code).toBe(0);
    const [name = "", value = ""] = stdout.trim().split(": ");
    expect(attemptsOf(await edge.get("/page", { headers: [[name, value]] }))).toContain("archive/last 200");
  });

  test.each<readonly [args: readonly string[], says: RegExp]>([
    [["http://edge.test/page", "--fault", "pool=nowhere:down"], /no pool "nowhere".*\n.*the pools are: .*web/],
    [["http://edge.test/page", "--fault", "origin=web/three:down"], /no origin "three" in the pool web.*\n.*web\/one, web\/two/],
    [["http://edge.test/page", "--fault", "pool=web:slow=3s"], /a pool can only be down/],
    [["http://edge.test/page"], /no fault is named/],
    [["/page", "--fault", "kv=down"], /not an absolute URL/],
    [["--fault", "kv=down"], /--fault is for one URL/],
    [["--pool", "nowhere"], /no pool "nowhere"/],
    [["sign", "--fault", "kv=down", "--for", "2h"], /too long/],
    [["sign"], /no fault is named/],
  ])("%j is refused with what to do", async (args, says) => {
    const result = await edge.cli("drill", ...args);
    expect(result).toMatchObject({ code: 2, stdout: "" });
    expect(result.stderr).toMatch(says);
  });
});
