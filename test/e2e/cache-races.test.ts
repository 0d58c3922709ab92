// What happens at the same time in the cache of the built Worker: an answer that is on its way while its URL is changed or purged is
// not served afterwards, and stores that cross each other lose nothing and mix nothing. Origins hold their answers until they are
// told, so the order is the test's and not the machine's. All holds with request collapsing and without.

import type { IncomingMessage, ServerResponse } from "node:http";

import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { eventually, startEdge } from "./harness.ts";
import type { Edge } from "./harness.ts";
import type { Answer } from "./http-client.ts";
import { gate, startScriptedOrigin } from "./scripted-origin.ts";
import type { Gate, ScriptedOrigin } from "./scripted-origin.ts";

let edge: Edge;
let origin: ScriptedOrigin;
let path: string;
let pages = 0;

beforeAll(async () => {
  origin = await startScriptedOrigin();
  edge = await startEdge({
    origins: 0,
    config: () => `
sites:
  - { name: all, hosts: ["*"], routes: [{ path: /*, pool: web }] }
pools:
  web: { origins: ["${origin.url}"] }
`,
  });
});
beforeEach(() => {
  path = `/page-${++pages}`;
  origin.seen.length = 0;
});
afterAll(async () => {
  await edge?.stop();
  await origin?.stop();
});

const FRESH = "public, max-age=600";
/** Past its lifetime from the first moment. */
const STALE = { "Cache-Control": "public, max-age=60", Age: "61" } as const;

/** Stored in one entry with its metadata, and in an entry of its own. */
const SIZES = [
  { size: "small", bytes: 2_000 },
  { size: "large", bytes: 300_000 },
] as const;

/** A body that says which version it is, in every line: parts of two versions in one would show. */
function bodyOf(version: string, bytes = 2_000): string {
  const line = `version ${version}\n`;
  return line.repeat(Math.ceil(bytes / line.length));
}

function versionOf(answer: Answer): string {
  const lines = new Set(answer.text().trimEnd().split("\n"));
  return [...lines].join(" and ");
}

interface Page {
  readonly version: string;
  readonly bytes?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

function answerWith(response: ServerResponse, { version, bytes, headers = {} }: Page): void {
  const body = bodyOf(version, bytes);
  response.writeHead(200, { "Cache-Control": FRESH, ETag: `"${version}"`, "Content-Length": body.length, ...headers }).end(body);
}

/** One request that an origin holds: `begun` when it has arrived, answered once `released`. */
interface Held {
  readonly begun: Gate;
  readonly released: Gate;
}

/**
 * The first request that `holds` says is held back; everything else is answered with version 2 at once, a POST with 200.
 *
 * @param first - Answers the held request, once or in two parts around `released`.
 */
function holdFirst(
  holds: (request: IncomingMessage) => boolean,
  first: (response: ServerResponse, held: Held) => Promise<void>,
  page: Omit<Page, "version"> = {},
): Held {
  const held: Held = { begun: gate(), released: gate() };
  let isFirst = true;
  origin.at(path, (request, response) => {
    if (request.method !== "GET") return void response.writeHead(200, { "Content-Length": 2 }).end("ok");
    if (!isFirst || !holds(request)) return answerWith(response, { version: "2", ...page });
    isFirst = false;
    return first(response, held);
  });
  return held;
}

const always = (): boolean => true;
const conditional = ({ headers }: IncomingMessage): boolean => headers["if-none-match"] !== undefined;

function post(): Promise<Answer> {
  return edge.get(path, { method: "POST", body: "change" });
}

async function posted(): Promise<void> {
  expect((await post()).status).toBe(200);
}

async function purge(purged: { readonly kind: string; readonly value?: string; readonly soft?: boolean }): Promise<void> {
  const receipt = await edge.admin("POST", "purge", purged);
  expect([receipt.status, receipt.text()]).toEqual([200, expect.stringContaining('"everywhereByMs"')]);
}

/** Asks until the new version comes from the store; an old one on the way is what must not happen. */
async function expectOnlyNew(): Promise<void> {
  await eventually("version 2 is a hit", async () => {
    const answer = await edge.get(path);
    expect(versionOf(answer)).toBe("version 2");
    return answer.header("x-cache") === "HIT";
  });
  // A late store of the old one would show now.
  const after = await Promise.all(Array.from({ length: 5 }, () => edge.get(path)));
  expect(after.map((answer) => [answer.header("x-cache"), versionOf(answer)])).toEqual(after.map(() => ["HIT", "version 2"]));
}

/** What makes that which is on its way unusable. */
const CHANGES = [
  { change: "a POST to its URL", make: posted },
  { change: "a purge of its URL", make: () => purge({ kind: "url", value: `http://edge.test${path}` }) },
  { change: "a purge of a tag of its answer", make: () => purge({ kind: "tag", value: `tag-of-${path}` }) },
  { change: "a purge of a prefix", make: () => purge({ kind: "prefix", value: `edge.test${path}` }) },
  { change: "a purge of everything", make: () => purge({ kind: "everything" }) },
  { change: "a soft purge of its URL", make: () => purge({ kind: "url", value: `http://edge.test${path}`, soft: true }) },
] as const;

const CASES = CHANGES.flatMap((change) => SIZES.map((size) => ({ ...change, ...size })));

test.each(CASES)("an answer of a $size body that the origin gives after $change is not served afterwards", async ({ make, bytes }) => {
  const held = holdFirst(
    always,
    async (response, { begun, released }) => {
      begun.open();
      await released.opened;
      answerWith(response, { version: "1", bytes, headers: { "Cache-Tag": `tag-of-${path}` } });
    },
    { bytes },
  );
  const old = edge.get(path);
  await held.begun.opened;
  await make();
  held.released.open();
  expect(versionOf(await old)).toBe("version 1");
  await expectOnlyNew();
});

test.each(CASES)("an answer of a $size body that is in its middle during $change is not served afterwards", async ({ make, bytes }) => {
  const held = holdFirst(
    always,
    async (response, { begun, released }) => {
      const body = bodyOf("1", bytes);
      const fields = { "Cache-Control": FRESH, ETag: '"1"', "Content-Length": body.length, "Cache-Tag": `tag-of-${path}` };
      response.writeHead(200, fields).write(body.slice(0, body.length / 2), () => begun.open());
      await released.opened;
      response.end(body.slice(body.length / 2));
    },
    { bytes },
  );
  const old = edge.get(path);
  await held.begun.opened;
  await make();
  held.released.open();
  expect(versionOf(await old)).toBe("version 1");
  await expectOnlyNew();
});

test.each(CHANGES)(
  "whoever asks after $change does not get the answer that was asked for before it, even while it is on its way",
  async ({ make }) => {
    const held = holdFirst(always, async (response, { begun, released }) => {
      begun.open();
      await released.opened;
      answerWith(response, { version: "1", headers: { "Cache-Tag": `tag-of-${path}` } });
    });
    const old = edge.get(path);
    await held.begun.opened;
    await make();
    const later = [edge.get(path), edge.get(path)];
    // By the time that an answer comes back for this one, the two before it are under way.
    await edge.get("/elsewhere");
    held.released.open();
    expect(versionOf(await old)).toBe("version 1");
    for (const answer of await Promise.all(later)) expect(versionOf(answer)).toBe("version 2");
    await expectOnlyNew();
  },
);

test.each(CASES.filter(({ change }) => !change.includes("tag")))(
  "a 304 that confirms a $size body after $change does not bring it back",
  async ({ make, bytes }) => {
    origin.at(path, (_request, response) => answerWith(response, { version: "1", bytes, headers: STALE }));
    await edge.get(path);
    const held = holdFirst(
      conditional,
      async (response, { begun, released }) => {
        begun.open();
        await released.opened;
        response.writeHead(304, { "Cache-Control": FRESH, ETag: '"1"' }).end();
      },
      { bytes },
    );
    const old = edge.get(path);
    await held.begun.opened;
    await make();
    held.released.open();
    expect(versionOf(await old)).toBe("version 1");
    await expectOnlyNew();
  },
);

test.each(CASES.filter(({ change }) => !change.includes("tag")))(
  "a refresh in the background of a $size body that ends after $change does not bring the old version back",
  async ({ make, bytes }) => {
    const window = { ...STALE, "Cache-Control": "public, max-age=60, stale-while-revalidate=600" };
    origin.at(path, (_request, response) => answerWith(response, { version: "1", bytes, headers: window }));
    await edge.get(path);
    const held = holdFirst(
      conditional,
      async (response, { begun, released }) => {
        begun.open();
        await released.opened;
        answerWith(response, { version: "1", bytes });
      },
      { bytes },
    );
    const stale = await edge.get(path);
    expect([stale.header("x-cache"), versionOf(stale)]).toEqual(["UPDATING", "version 1"]);
    await held.begun.opened;
    await make();
    held.released.open();
    await expectOnlyNewOnceRefreshed();
  },
);

/** After a soft purge the old one may be served within its stale window while it is refreshed; never as fresh. */
async function expectOnlyNewOnceRefreshed(): Promise<void> {
  await eventually("version 2 is a hit", async () => {
    const answer = await edge.get(path);
    const [state, version] = [answer.header("x-cache"), versionOf(answer)];
    expect([state, version]).not.toEqual(["HIT", "version 1"]);
    return state === "HIT" && version === "version 2";
  });
}

// --- Stores that cross each other

const VARIANTS = Array.from({ length: 20 }, (_, index) => `kind-${index}`);

function asKind(kind: string): Promise<Answer> {
  return edge.get(path, { headers: [["X-Kind", kind]] });
}

test.each(SIZES)("twenty variants of a $size body that are stored at once are all hits afterwards", async ({ bytes }) => {
  origin.at(path, (request, response) => {
    answerWith(response, { version: String(request.headers["x-kind"]), bytes, headers: { Vary: "X-Kind" } });
  });
  const first = await Promise.all(VARIANTS.map(asKind));
  expect(first.map(versionOf)).toEqual(VARIANTS.map((kind) => `version ${kind}`));
  await eventually("all are stored", async () =>
    (await Promise.all(VARIANTS.map(asKind))).every((answer) => answer.header("x-cache") === "HIT"),
  );
  const before = origin.asked(path);
  const second = await Promise.all(VARIANTS.toReversed().map(asKind));
  expect(second.map((answer) => [answer.header("x-cache"), versionOf(answer), answer.header("etag")])).toEqual(
    VARIANTS.toReversed().map((kind) => ["HIT", `version ${kind}`, `"${kind}"`]),
  );
  expect(origin.asked(path)).toBe(before);
});

test("an invalidation among twenty variants that are being stored reaches every one of them", async () => {
  let version = 1;
  origin.at(path, (request, response) => {
    if (request.method === "GET")
      return answerWith(response, { version: `${version} ${request.headers["x-kind"] as string}`, headers: { Vary: "X-Kind" } });
    version++;
    response.writeHead(204).end();
  });
  for (let round = 0; round < 5; round++) {
    const stores = VARIANTS.map(asKind);
    // Somewhere among them: when some have been answered and others have not.
    await Promise.race(stores);
    expect((await post()).status).toBe(204);
    await Promise.all(stores);
    // One after the other: the first ones that are stored anew must not bring back those that were stored before.
    for (const kind of VARIANTS) expect(versionOf(await asKind(kind))).toBe(`version ${version} ${kind}`);
  }
});

test.each(SIZES)(
  "of many different answers of a $size body to one URL at once each is whole, and so is the one that stays",
  async ({ bytes }) => {
    let version = 0;
    origin.at(path, (_request, response) => answerWith(response, { version: String(++version), bytes }));
    const answers = await Promise.all(Array.from({ length: 20 }, () => edge.get(path)));
    await eventually("one is stored", async () => (await edge.get(path)).header("x-cache") === "HIT");
    for (const answer of [...answers, ...(await Promise.all(Array.from({ length: 5 }, () => edge.get(path))))]) {
      expect(versionOf(answer)).toBe(`version ${answer.header("etag")?.replaceAll('"', "")}`);
      expect(answer.body.length).toBe(Number(answer.header("content-length")));
    }
  },
);

test("a reader of a large body gets all of it, though it is replaced and its URL purged while it is read", async () => {
  let version = 1;
  const bytes = 3_000_000;
  origin.at(path, (_request, response) => answerWith(response, { version: String(version), bytes }));
  await edge.get(path);
  await eventually("it is stored", async () => (await edge.get(path)).header("x-cache") === "HIT");
  const readers = Array.from({ length: 10 }, () => edge.get(path));
  await Promise.race(readers);
  version = 2;
  await purge({ kind: "url", value: `http://edge.test${path}` });
  const renewed = await edge.get(path);
  for (const answer of await Promise.all(readers)) {
    expect(versionOf(answer)).toMatch(/^version [12]$/);
    expect(answer.body.length).toBe(bodyOf("1", bytes).length);
  }
  expect(versionOf(renewed)).toBe("version 2");
  await expectOnlyNew();
});
