// Drills on the command line without a Worker: which URLs and faults a walk takes, what it makes of answers, and where the key comes
// from. Against the real Worker they are in test/e2e/drill.test.ts.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { answeredBy, hasOtherServer, isGood, judge } from "../../../scripts/drill/judge.ts";
import type { Seen } from "../../../scripts/drill/probe.ts";
import { findSubjects, type SubjectsInput } from "../../../scripts/drill/subjects.ts";
import { walk } from "../../../scripts/drill/walk.ts";
import { loadRuleset } from "../../../src/config/load.ts";
import { parseFault, printFault, type Fault } from "../../../src/drill/faults.ts";
import { verifyDrill } from "../../../src/drill/signature.ts";
import { buildText, NOW_MS } from "../config/build-helper.ts";
import { bench, config } from "./harness.ts";

const POLICY = `
sites:
  - name: www
    hosts: ["*.example.com", www.example.com, example.com]
    canonical: www
    https: redirect
    routes:
      - { path: /*, pool: web }
      - { path: /exact, pool: web }
      - { path: /api/*, pool: api }
      - { path: /items/:id, pool: web }
      - { path: /img/*.png, pool: web }
      - { path: /post, methods: [POST], pool: web }
      - { path: /beta, pool: web, when: { header: { x-beta: true } } }
      - { path: /old, redirect: /new }
  - { name: wild, hosts: ["*.example.net"], routes: [{ path: /wild, pool: api }] }
  - { name: any, hosts: ["*"], routes: [{ path: /any, pool: web }] }
pools:
  web: { origins: [{ url: https://a.origin.example, name: a }, { url: https://b.origin.example, name: b }], fallback: spare }
  spare: { origins: [{ url: https://a.origin.example, name: same-as-a }] }
  api: { origins: [{ url: https://c.origin.example, name: c }] }
`;

async function policy(more: Partial<SubjectsInput> = {}): Promise<SubjectsInput> {
  const { snapshot, diagnostics } = await buildText(POLICY);
  if (snapshot === null) throw new Error(JSON.stringify(diagnostics));
  return { snapshot, ruleset: loadRuleset(snapshot, "r"), urls: [], anyHost: "127.0.0.1:8787", isRemote: false, nowMs: NOW_MS, ...more };
}

describe("the URLs of a walk", () => {
  test("a route with a literal path has one; others are named with what helps", async () => {
    const { subjects, skipped } = findSubjects(await policy());
    expect(subjects.map(({ url }) => url).toSorted()).toEqual([
      "http://127.0.0.1:8787/any",
      "http://www.example.net/wild",
      "https://www.example.com/",
      "https://www.example.com/api",
      "https://www.example.com/exact",
    ]);
    const why = Object.fromEntries(skipped.map((each) => [each.route, each.why]));
    expect(why).toEqual({
      "www * /items/:id": expect.stringContaining("parameters; name a URL of it with --url"),
      "www * /img/*.png": expect.stringContaining("parameters"),
      "www POST /post": "it takes no GET",
      "www * /beta [header x-beta]": expect.stringContaining("conditions"),
    });
  });

  test("each comes to the route that it stands for, with all pools that may serve it", async () => {
    const { subjects } = findSubjects(await policy());
    const of = (path: string) => subjects.find(({ url }) => new URL(url).pathname === path);
    expect(of("/")).toMatchObject({ route: "www * /*", chains: [[{ name: "web" }, { name: "spare" }]] });
    expect(of("/exact")?.route).toBe("www * /exact");
    expect(of("/api")).toMatchObject({ route: "www * /api/*", chains: [[{ name: "api" }]] });
  });

  test("a URL that is given stands for its route, one that comes to no pool is named", async () => {
    const urls = ["https://www.example.com/items/7?x=1", "https://www.example.com/api/deep", "https://www.example.com/old"];
    const { subjects, skipped } = findSubjects(await policy({ urls }));
    const found = subjects.map(({ url }) => url);
    expect(found.slice(0, 2)).toEqual(urls.slice(0, 2));
    expect(found).not.toContain("https://www.example.com/api");
    expect(skipped).toContainEqual({ route: "https://www.example.com/old", why: "this URL comes to no route with a pool" });
  });

  test("a deployed Worker is asked by https only, and by names that it has", async () => {
    const { subjects, skipped } = findSubjects(await policy({ isRemote: true, anyHost: null }));
    expect(subjects.every(({ url }) => url.startsWith("https://"))).toBe(true);
    expect(skipped).toContainEqual({ route: "any * /any", why: expect.stringContaining("any host") });
  });
});

const SEEN: Seen = {
  status: 200,
  faults: "none",
  attempts: ["web/a 200"],
  ladder: [],
  cache: "MISS",
  location: null,
  retryAfter: null,
  ms: 3,
  broken: null,
};

function fault(text: string): Fault {
  const parsed = parseFault(text);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

test("a walk takes every pool, and every origin of pools with several", async () => {
  const { subjects } = findSubjects(await policy());
  const subject = subjects.find(({ route }) => route === "www * /*");
  if (subject === undefined) throw new Error("the route has no URL");
  const sent: string[] = [];
  const send = (_url: string, faults: readonly Fault[]): Promise<Seen> => {
    sent.push(faults.map(printFault).join(" "));
    return Promise.resolve(SEEN);
  };
  await walk(subject, { always: [], pools: null, send });
  expect(sent).toEqual(["", "pool=web:down", "origin=web/a:down", "origin=web/b:down", "pool=spare:down"]);
  sent.length = 0;
  await walk(subject, { always: [fault("cache=off")], pools: ["spare"], send });
  expect(sent).toEqual(["cache=off", "cache=off pool=spare:down"]);
});

test("where a request fails without a fault, nothing is drilled", async () => {
  const { subjects } = findSubjects(await policy());
  const [subject] = subjects;
  if (subject === undefined) throw new Error("there is no URL");
  const walked = await walk(subject, { always: [], pools: null, send: () => Promise.resolve({ ...SEEN, status: 503 }) });
  expect(walked.drills).toEqual([]);
  expect(isGood(walked.before)).toBe(false);
});

test("a redirect that stands in for dead origins is no good answer to compare with", () => {
  expect(isGood({ ...SEEN, status: 302 })).toBe(true);
  expect(isGood({ ...SEEN, status: 302, ladder: ["pool:web", "stale:none", "failure:redirect"] })).toBe(false);
});

test("another server is one with another address, in whatever pool", async () => {
  const { subjects } = findSubjects(await policy());
  const of = (route: string) => subjects.find((each) => each.route === route) ?? expect.unreachable();
  const others = (route: string, text: string): boolean => hasOtherServer(of(route), [fault(text)]);
  expect(others("www * /*", "origin=web/a:down")).toBe(true);
  expect(others("www * /*", "pool=web:down")).toBe(false);
  expect(others("www * /*", "pool=spare:down")).toBe(true);
  expect(others("www * /api/*", "origin=api/c:down")).toBe(false);
  expect(others("www * /api/*", "origin=web/a:down")).toBe(false);
});

test.each<readonly [name: string, seen: Partial<Seen>, hasOther: boolean, verdict: string]>([
  ["another origin answers the same", { attempts: ["web/a reset", "web/b 200"] }, true, "ok"],
  ["a stored answer stands in", { ladder: ["pool:web", "stale:served"] }, true, "ok"],
  ["an error page, though another could have", { status: 502, ladder: ["error:page"] }, true, "failed"],
  ["an error page, and there is no other", { status: 502, ladder: ["error:page"] }, false, "alone"],
  ["a redirect for failures, though another could have", { status: 302, ladder: ["failure:redirect"] }, true, "failed"],
  ["a friendly page for failures is a failure too", { status: 200, ladder: ["failure:page"] }, true, "failed"],
  ["another origin lacks the page", { status: 404, attempts: ["web/b 404"] }, true, "failed"],
  ["an origin's own error", { status: 503, ladder: ["origin:answer"] }, true, "failed"],
  ["the answer breaks off", { broken: "broke off after 3 bytes" }, true, "failed"],
  ["no answer at all", { status: null, broken: "ECONNRESET" }, false, "alone"],
])("%s", (_name, seen, hasOther, verdict) => {
  expect(judge({ ...SEEN, ...seen }, SEEN, hasOther)).toBe(verdict);
});

test("404 without a fault is no failure with one", () => {
  expect(judge({ ...SEEN, status: 404 }, { ...SEEN, status: 404 }, true)).toBe("ok");
});

test.each<readonly [seen: Partial<Seen>, by: ReturnType<typeof answeredBy>]>([
  [{ attempts: ["web/a reset", "web/b 200"] }, { kind: "origin", origin: "web/b" }],
  // A hedge: the one that answered is not the last in the list.
  [{ attempts: ["web/b 200", "web/a aborted"] }, { kind: "origin", origin: "web/b" }],
  [{ attempts: [], cache: "HIT" }, { kind: "stored" }],
  [{ attempts: [], cache: "UPDATING" }, { kind: "stale" }],
  [{ ladder: ["pool:web", "stale:served"] }, { kind: "stale" }],
  [{ ladder: ["failure:redirect"] }, { kind: "failure-redirect" }],
  [{ ladder: ["failure:page"] }, { kind: "failure-page" }],
  [{ ladder: ["error:page"] }, { kind: "error-page" }],
  [{ attempts: [], cache: null }, { kind: "edge" }],
  [{ status: null }, { kind: "nothing" }],
])("%j is answered by %j", (seen, by) => {
  expect(answeredBy({ ...SEEN, ...seen })).toEqual(by);
});

describe("the key", () => {
  const { folder, write, published, run, runRemote } = bench();
  const header = (stdout: string): string => stdout.trim().replace("X-Breakwater-Drill: ", "");
  const verified = async (stdout: string, key: string): Promise<boolean> => (await verifyDrill(header(stdout), key, Date.now())) !== null;

  test("comes from the environment, else from where npm start keeps it, else from .dev.vars", async () => {
    const sign = ["drill", "sign", "--fault", "kv=down"];
    write(".dev.vars", 'ADMIN_TOKEN=x\nSIGNING_KEY="from-dev-vars"\n');
    expect(await verified((await run(sign)).stdout, "from-dev-vars")).toBe(true);
    mkdirSync(join(folder(), ".breakwater"));
    writeFileSync(join(folder(), ".breakwater", "signing-key"), "from-start\n");
    expect(await verified((await run(sign)).stdout, "from-start")).toBe(true);
    const given = { BREAKWATER_SIGNING_KEY: "from-env" };
    expect(await verified((await run(sign, given)).stdout, "from-env")).toBe(true);
    // The key of this machine's Worker is none of a deployed one.
    const remote = await run([...sign, "--remote"]);
    expect(remote).toMatchObject({ code: 1, stdout: "" });
    expect(remote.stderr).toContain("npx wrangler secret put SIGNING_KEY");
  });

  test("is missing: what to do is said, and nothing is printed", async () => {
    const ran = await run(["drill", "sign", "--fault", "kv=down"]);
    expect(ran).toMatchObject({ code: 1, stdout: "" });
    expect(ran.stderr).toContain("npm start");
  });

  test("is never printed, and the document says until when the header is good", async () => {
    const before = Date.now();
    const ran = await run(["drill", "sign", "--fault", "pool=eu:down", "--for", "1h", "--json"], { BREAKWATER_SIGNING_KEY: "secret-key" });
    expect(ran.stdout + ran.stderr).not.toContain("secret-key");
    const { untilMs, faults } = ran.json() as { untilMs: number; faults: unknown };
    expect(untilMs - before).toBeGreaterThanOrEqual(3_600_000);
    expect(faults).toEqual(["pool=eu:down"]);
  });

  test("is not the Worker's: that its answers show no drill is an error, not a result", async () => {
    write("breakwater.yaml", config());
    await published();
    const ran = await run(["drill", "http://www.example.com/", "--fault", "pool=web:down"], { BREAKWATER_SIGNING_KEY: "another" });
    expect(ran).toMatchObject({ code: 1, stdout: "" });
    expect(ran.stderr).toMatch(/did not take the drill\n.*SIGNING_KEY is missing or another one.*\n.*BREAKWATER_SIGNING_KEY/);
  });

  test("is used against a deployed Worker by https only", async () => {
    write("breakwater.yaml", config());
    await published();
    const ran = await runRemote(["drill", "http://www.example.com/", "--fault", "pool=web:down"], { BREAKWATER_SIGNING_KEY: "key" });
    expect(ran).toMatchObject({ code: 1, stdout: "" });
    expect(ran.stderr).toContain("unencrypted");
  });
});
