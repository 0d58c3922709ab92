// What a route's policy makes of requests, through the real stages and the real Cache API: devices, languages, variants that are
// made alike, a visitor's own directives, and how much of the store one URL can take.

import { reset } from "cloudflare:test";
import { afterEach, describe, expect, test } from "vitest";
import { applyPurge } from "../../src/cache/purge.ts";
import type { CachePolicySnapshot } from "../../src/config/snapshot.ts";
import { CACHE_INLINE_BYTES_MAX, CACHE_VARIANTS_MAX } from "../../src/limits.ts";
import type { CacheStore } from "../../src/ports.ts";
import { policyOf } from "../support/cache-policy.ts";
import { edgeOf, type Edge, type Origin } from "./cache-edge.ts";

afterEach(() => reset());

const URL = "http://shop.test/a";
const IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Mobile/15E148";
const ANDROID = "Mozilla/5.0 (Linux; Android 10; K) Chrome/131.0.0.0 Mobile Safari/537.36";
const DESKTOP = "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0";

/** Answers with what it was sent in these fields. */
function echo(fields: readonly string[], headers: Record<string, string> = {}): Origin {
  return ({ headers: sent }) =>
    new Response(fields.map((name) => `${name}=${sent.get(name) ?? "-"}`).join(" "), {
      headers: { "cache-control": "max-age=60", ...headers },
    });
}

async function got(edge: Edge, headers: Record<string, string>, url = URL): Promise<readonly [status: string, text: string]> {
  const { cache, text } = await edge.get(url, { headers });
  return [cache.status, text];
}

const keyed = (key: Partial<CachePolicySnapshot["key"]>): Partial<CachePolicySnapshot> => ({ key: { ...policyOf().key, ...key } });
const varied = (vary: Partial<CachePolicySnapshot["vary"]>): Partial<CachePolicySnapshot> => ({ vary: { ...policyOf().vary, ...vary } });

describe("the class of device in the key", () => {
  test("is told to the origin, and one answer is stored for each class", async () => {
    const edge = edgeOf(echo(["x-device-class"], { vary: "X-Device-Class" }), { policy: keyed({ device: true }) });
    expect(await got(edge, { "user-agent": IPHONE })).toEqual(["MISS", "x-device-class=mobile"]);
    expect(await got(edge, { "user-agent": ANDROID })).toEqual(["HIT", "x-device-class=mobile"]);
    expect(await got(edge, { "user-agent": DESKTOP })).toEqual(["MISS", "x-device-class=desktop"]);
    expect(await got(edge, {})).toEqual(["HIT", "x-device-class=desktop"]);
  });

  test("is not a visitor's to say", async () => {
    const edge = edgeOf(echo(["x-device-class"]), { policy: keyed({ device: true }) });
    expect(await got(edge, { "user-agent": DESKTOP, "x-device-class": "mobile" })).toEqual(["MISS", "x-device-class=desktop"]);
    expect(await got(edge, { "user-agent": DESKTOP })).toEqual(["HIT", "x-device-class=desktop"]);
  });

  test("an unsafe request reaches the answers for all classes", async () => {
    const edge = edgeOf(echo(["x-device-class"]), { policy: keyed({ device: true }) });
    for (const agent of [IPHONE, DESKTOP]) await got(edge, { "user-agent": agent });
    await edge.get(URL, { method: "DELETE", headers: { "user-agent": DESKTOP } });
    for (const agent of [IPHONE, DESKTOP]) expect((await got(edge, { "user-agent": agent }))[0]).toBe("MISS");
  });
});

test("the language in the key is all that the origin sees of Accept-Language, whether it says Vary or not", async () => {
  for (const headers of [{}, { vary: "Accept-Language" }]) {
    await reset();
    const edge = edgeOf(echo(["accept-language"], headers), { policy: keyed({ languages: ["en", "de", "pt-BR"] }) });
    expect(await got(edge, { "accept-language": "de-CH, fr;q=0.9" })).toEqual(["MISS", "accept-language=de"]);
    expect(await got(edge, { "accept-language": "de;q=0.1" })).toEqual(["HIT", "accept-language=de"]);
    expect(await got(edge, { "accept-language": "fr" })).toEqual(["MISS", "accept-language=en"]);
    expect(await got(edge, {})).toEqual(["HIT", "accept-language=en"]);
    expect(await got(edge, { "accept-language": "pt-br" })).toEqual(["MISS", "accept-language=pt-BR"]);
  }
});

describe("variants that are made alike", () => {
  test("an ignored field does not reach the origin and makes no variants", async () => {
    const origin = echo(["user-agent", "origin"], { vary: "User-Agent, Origin" });
    const edge = edgeOf(origin, { policy: varied({ ignore: ["origin", "user-agent"] }) });
    expect(await got(edge, { "user-agent": IPHONE, origin: "https://a.test" })).toEqual(["MISS", "user-agent=- origin=-"]);
    expect(await got(edge, { "user-agent": DESKTOP })).toEqual(["HIT", "user-agent=- origin=-"]);
  });

  test("a request that passes by the cache keeps its fields", async () => {
    const edge = edgeOf(echo(["user-agent", "accept-language"]), {
      policy: { ...varied({ ignore: ["user-agent"], languages: ["en"] }), bypassCookies: ["session"] },
    });
    const headers = { "user-agent": "curl", "accept-language": "fr", cookie: "session=1" };
    expect(await got(edge, headers)).toEqual(["BYPASS", "user-agent=curl accept-language=fr"]);
  });

  test("two media types make at most four variants, and a wildcard names none", async () => {
    const edge = edgeOf(echo(["accept"], { vary: "Accept" }), { policy: varied({ accept: ["image/avif", "image/webp"] }) });
    const both = "accept=image/avif, image/webp, */*";
    expect(await got(edge, { accept: "image/avif,image/webp,image/apng,*/*;q=0.8" })).toEqual(["MISS", both]);
    expect(await got(edge, { accept: "image/webp;q=0.5, image/avif, text/html" })).toEqual(["HIT", both]);
    expect(await got(edge, { accept: "image/png,image/*;q=0.8,*/*;q=0.5" })).toEqual(["MISS", "accept=*/*"]);
    expect(await got(edge, {})).toEqual(["HIT", "accept=*/*"]);
    expect(await got(edge, { accept: "image/webp,*/*" })).toEqual(["MISS", "accept=image/webp, */*"]);
    expect(await got(edge, { accept: "image/avif" })).toEqual(["MISS", "accept=image/avif, */*"]);
  });

  test("languages make variants only where the origin says so", async () => {
    const policy = varied({ languages: ["en", "de"] });
    const varying = edgeOf(echo(["accept-language"], { vary: "Accept-Language" }), { policy });
    expect(await got(varying, { "accept-language": "de-AT" })).toEqual(["MISS", "accept-language=de"]);
    expect(await got(varying, { "accept-language": "fr, de;q=0.5" })).toEqual(["HIT", "accept-language=de"]);
    expect(await got(varying, { "accept-language": "fr" })).toEqual(["MISS", "accept-language=en"]);
    const other = "http://shop.test/b";
    const plain = edgeOf(() => new Response("one", { headers: { "cache-control": "max-age=60" } }), { policy });
    expect(await got(plain, { "accept-language": "de" }, other)).toEqual(["MISS", "one"]);
    expect(await got(plain, { "accept-language": "en" }, other)).toEqual(["HIT", "one"]);
  });
});

test("the answer to a POST is not stored for GET where the origin saw what a GET would not have shown", async () => {
  const fields = { "content-location": "/a" };
  const origin = echo(["accept-language"], fields);
  const edge = edgeOf(origin, { policy: keyed({ languages: ["en", "de"] }) });
  expect((await edge.get(URL, { method: "POST", body: "x", headers: { "accept-language": "de, fr" } })).cache.stored).toBe(false);
  expect(await got(edge, { "accept-language": "de, fr" })).toEqual(["MISS", "accept-language=de"]);
  expect((await edge.get(URL, { method: "POST", body: "x", headers: { "accept-language": "de" } })).cache.stored).toBe(true);
});

describe("a visitor's directives", () => {
  const origin = (): Origin => {
    let version = 0;
    return () => new Response(`v${(version += 1)}`, { headers: { "cache-control": "max-age=10" } });
  };

  test("are not heard unless the route says so", async () => {
    const edge = edgeOf(origin());
    await edge.get(URL);
    for (const headers of [{ "cache-control": "no-cache" }, { "cache-control": "max-age=0" }, { pragma: "no-cache" }]) {
      expect(await got(edge, headers)).toEqual(["HIT", "v1"]);
    }
    edge.nowMs += 11_000;
    expect(await got(edge, { "cache-control": "max-stale" })).toEqual(["EXPIRED", "v2"]);
  });

  test("are obeyed where it does", async () => {
    const edge = edgeOf(origin(), { policy: { requestDirectives: "obey" } });
    await edge.get(URL);
    const checked = await edge.get(URL, { headers: { "cache-control": "no-cache" } });
    expect(checked.cache).toMatchObject({ status: "EXPIRED", fwd: "request", stored: true });
    expect(checked.text).toBe("v2");
    expect(await got(edge, { pragma: "no-cache" })).toEqual(["EXPIRED", "v3"]);
    expect(await got(edge, { pragma: "no-cache", "cache-control": "max-age=60" })).toEqual(["HIT", "v3"]);
    edge.nowMs += 5_000;
    expect(await got(edge, { "cache-control": "max-age=6" })).toEqual(["HIT", "v3"]);
    expect(await got(edge, { "cache-control": "min-fresh=3" })).toEqual(["HIT", "v3"]);
    expect(await got(edge, { "cache-control": "min-fresh=9" })).toEqual(["EXPIRED", "v4"]);
  });

  test("max-stale gets a stale answer that says why, without asking, and not past a purge", async () => {
    const edge = edgeOf(origin(), { policy: { requestDirectives: "obey" } });
    await edge.get(URL);
    edge.nowMs += 15_000;
    const stale = await edge.get(URL, { headers: { "cache-control": "max-stale=10" } });
    expect(stale.text).toBe("v1");
    expect(stale.cache).toMatchObject({ status: "STALE", fwd: null, detail: "max-stale" });
    expect(stale.cache.ttlSeconds).toBeLessThan(0);
    expect(edge.asked.length).toBe(1);
    edge.purges = applyPurge(edge.purges, { kind: "url", value: URL, soft: true }, edge.nowMs);
    edge.nowMs += 1;
    expect(await got(edge, { "cache-control": "max-stale" })).toEqual(["EXPIRED", "v2"]);
    edge.nowMs += 15_000;
    expect(await got(edge, { "cache-control": "max-stale=1" })).toEqual(["EXPIRED", "v3"]);
  });

  test("no-store and only-if-cached are obeyed always", async () => {
    const edge = edgeOf(origin());
    expect((await edge.get(URL, { headers: { "cache-control": "no-store" } })).cache.stored).toBe(false);
    expect((await edge.get(URL, { headers: { "cache-control": "only-if-cached" } })).response.status).toBe(504);
  });
});

describe("an origin that varies on a field with endless values", () => {
  const origin = (body = ""): Origin => {
    return ({ headers }) =>
      new Response(`${headers.get("user-agent") ?? ""}${body}`, { headers: { "cache-control": "max-age=600", vary: "User-Agent" } });
  };

  /** What the store holds, by URL, so that it can be counted: the platform's own cannot be listed. */
  function memoryStore(): {
    readonly entries: Map<string, { readonly headers: Headers; readonly bytes: ArrayBuffer }>;
    readonly store: CacheStore;
  } {
    const entries = new Map<string, { readonly headers: Headers; readonly bytes: ArrayBuffer }>();
    const store: CacheStore = {
      async match(key) {
        const held = entries.get(key);
        return held === undefined ? undefined : new Response(held.bytes, { headers: held.headers });
      },
      async put(key, response) {
        entries.set(key, { headers: response.headers, bytes: await response.arrayBuffer() });
        return true;
      },
      async delete(key) {
        return entries.delete(key);
      },
    };
    return { entries, store };
  }

  test("fills a fixed number of places, and a variant in the place of another is never served for it", { timeout: 120_000 }, async () => {
    const { entries, store } = memoryStore();
    const edge = edgeOf(origin(), { cache: store });
    const count = 10_000;
    for (let index = 0; index < count; index++)
      expect((await edge.get(URL, { headers: { "user-agent": `ua-${index}` } })).text).toBe(`ua-${index}`);
    const variants = [...entries.keys()].filter((url) => url.includes("/_breakwater/c/v/"));
    expect(variants.length).toBeLessThanOrEqual(CACHE_VARIANTS_MAX);
    expect(entries.size).toBe(variants.length + 1);
    let hits = 0;
    for (let index = count - 1; index >= count - 200; index--) {
      const [status, text] = await got(edge, { "user-agent": `ua-${index}` });
      expect(text).toBe(`ua-${index}`);
      if (status === "HIT") hits += 1;
    }
    // The last 200 of 4096 places are still theirs, but for those that share one.
    expect(hits).toBeGreaterThan(150);
  });

  test("two variants of one place take turns, in the platform's store too, and leave no body behind", async () => {
    const { store } = memoryStore();
    const urls: string[] = [];
    const { bodies, cache } = countedBodies();
    const probe = edgeOf(origin(), {
      cache: { ...store, put: async (key, response) => urls.push(key) > 0 && (await store.put(key, response)) },
    });
    const [one, other] = await meeting(probe, urls);
    const large = "x".repeat(CACHE_INLINE_BYTES_MAX + 1);
    const edge = edgeOf(origin(large), { cache });
    for (const [agent, status] of [
      [one, "MISS"],
      [one, "HIT"],
      [other, "MISS"],
      [other, "HIT"],
      [one, "MISS"],
    ] as const) {
      const sent = await edge.get(URL, { headers: { "user-agent": agent } });
      expect([sent.cache.status, sent.text === `${agent}${large}`]).toEqual([status, true]);
      expect(bodies.size).toBe(1);
    }
  });

  /** Two User-Agents whose variants have the same place. */
  async function meeting(edge: Edge, urls: string[]): Promise<readonly [string, string]> {
    const seen = new Map<string, string>();
    for (let index = 0; index < 1000; index++) {
      urls.length = 0;
      const agent = `ua-${index}`;
      await edge.get(URL, { headers: { "user-agent": agent } });
      const place = urls.find((url) => url.includes("/_breakwater/c/v/")) ?? "";
      const first = seen.get(place);
      if (first !== undefined) return [first, agent];
      seen.set(place, agent);
    }
    throw new Error("no two variants meet");
  }

  /** The platform's store, with the URLs of the bodies that it holds. */
  function countedBodies(): { readonly bodies: Set<string>; readonly cache: Partial<CacheStore> } {
    const bodies = new Set<string>();
    const platform = caches.default;
    const cache: Partial<CacheStore> = {
      async put(key, response) {
        if (key.includes("/_breakwater/c/b/")) bodies.add(key);
        await platform.put(key, response);
        return true;
      },
      async delete(key) {
        bodies.delete(key);
        return await platform.delete(key);
      },
    };
    return { bodies, cache };
  }
});
